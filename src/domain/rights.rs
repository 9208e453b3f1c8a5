//! Who may do what, as one table: read by the merge, the server's calls, the client's menus and docs/rights.md.

use std::fmt::{Error, Write as _};

use super::access::{Office, Role};
use super::kinds::Kind;

/// What is done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It is shown.
    See,
    /// It is made.
    Create,
    /// A field is written that belongs to this office.
    Write(Office),
    /// It is given to another unit within reach.
    Move,
    /// It is deleted.
    Delete,
    /// It is brought back.
    Restore,
    /// A conflict about it is settled.
    Settle,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 10] = [
        Self::See,
        Self::Create,
        Self::Write(Office::Organizer),
        Self::Write(Office::UnitLead),
        Self::Write(Office::Headquarters),
        Self::Write(Office::Server),
        Self::Move,
        Self::Delete,
        Self::Restore,
        Self::Settle,
    ];

    /// Returns its name in docs/rights.md.
    pub const fn key(self) -> &'static str {
        match self {
            Self::See => "see",
            Self::Create => "create",
            Self::Write(Office::Organizer) => "write",
            Self::Write(Office::UnitLead) => "write a field of the unit's lead",
            Self::Write(Office::Headquarters) => "write a field of headquarters",
            Self::Write(Office::Server) => "write a field of the server",
            Self::Move => "move",
            Self::Delete => "delete",
            Self::Restore => "restore",
            Self::Settle => "settle a conflict",
        }
    }
}

/// Where a record is, seen from the user's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the user's unit or one below it.
    Own,
    /// In a unit above the user's.
    Above,
    /// Anywhere else.
    Other,
}

impl Place {
    /// Every place.
    pub const ALL: [Self; 3] = [Self::Own, Self::Above, Self::Other];

    /// Returns the place of what is within reach or not; of what is above is not asked.
    pub const fn of_reach(within: bool) -> Self {
        if within { Self::Own } else { Self::Other }
    }
}

/// Why something is not allowed; the client shows it beside a closed action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The role only reads.
    Reader,
    /// The record is another unit's.
    OtherUnit,
    /// It is for another office.
    Office(Office),
}

impl Why {
    /// Returns the key of the text that says so.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Reader => "why-reader",
            Self::OtherUnit => "why-other-unit",
            Self::Office(_) => "why-other-office",
        }
    }
}

/// Says whether a role may do something to a record of a kind at a place.
///
/// # Errors
/// Why it may not.
pub fn may(role: Role, kind: Kind, action: Action, place: Place) -> Result<(), Why> {
    let spec = kind.spec();
    let within = role.is_headquarters() || place == Place::Own;
    if action == Action::See {
        let seen = within || (place == Place::Above && spec.published);
        return if seen { Ok(()) } else { Err(Why::OtherUnit) };
    }
    if role == Role::Auditor {
        return Err(Why::Reader);
    }
    if !within {
        return Err(Why::OtherUnit);
    }
    let office = match action {
        // Units are made below one's own by whoever keeps that.
        Action::Create if kind == Kind::Unit => Office::Organizer,
        Action::Create | Action::Delete | Action::Restore => spec.office,
        Action::Write(office) => office,
        Action::See | Action::Move | Action::Settle => Office::Organizer,
    };
    if role.acts_for(office) { Ok(()) } else { Err(Why::Office(office)) }
}

/// Who may ask for what must hold across devices: the command's name, and the office; `None` for everybody, readers too. A command
/// that is not here is not decided.
pub const COMMANDS: [(&str, Option<Office>); 6] = [
    ("enrol.request", Some(Office::Organizer)),
    ("enrol.cancel", Some(Office::Organizer)),
    ("enrol.close", Some(Office::Headquarters)),
    ("number.lease", Some(Office::Headquarters)),
    ("person.merge", Some(Office::Organizer)),
    ("event.note", None),
];

/// Says whether a role may ask for a command; `None` if there is no such command.
pub fn may_ask(role: Role, command: &str) -> Option<Result<(), Why>> {
    let (_, office) = COMMANDS.into_iter().find(|(name, _)| *name == command)?;
    Some(match office {
        None => Ok(()),
        Some(_) if role == Role::Auditor => Err(Why::Reader),
        Some(office) if role.acts_for(office) => Ok(()),
        Some(office) => Err(Why::Office(office)),
    })
}

/// Who may make a call of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Anybody: what the server is.
    Anybody,
    /// Whoever has a one-time code or signs with a device's key; counted by address.
    Proof,
    /// A device with a session, also a revoked one or one of a closed account, to hand in what it has.
    Device,
    /// A device in good standing.
    Admitted,
    /// Headquarters' administrator, or an auditor of the whole university.
    Auditor,
}

impl Need {
    /// Says whether a role may; `root` if its unit is the university itself. Only [`Need::Auditor`] asks.
    pub const fn admits(self, role: Role, root: bool) -> bool {
        match self {
            Self::Anybody | Self::Proof | Self::Device | Self::Admitted => true,
            Self::Auditor => match role {
                Role::HqAdmin => true,
                Role::Auditor => root,
                Role::Organizer | Role::UnitLead | Role::Hq => false,
            },
        }
    }

    /// Returns its description in docs/rights.md.
    pub const fn doc(self) -> &'static str {
        match self {
            Self::Anybody => "anybody",
            Self::Proof => "who has a one-time code or signs with the device's key",
            Self::Device => "a device with a session, also a revoked one",
            Self::Admitted => "a device in good standing",
            Self::Auditor => "hq-admin, and an auditor of the root unit",
        }
    }
}

/// Every call of the server with who may make it. The router is built from this list: what is not in it is not served.
pub const CALLS: [(&str, &str, Need); 12] = [
    ("GET", "/v1/hello", Need::Anybody),
    ("POST", "/v1/enrol", Need::Proof),
    ("POST", "/v1/challenge", Need::Proof),
    ("POST", "/v1/session", Need::Proof),
    ("POST", "/v1/readmit", Need::Proof),
    ("POST", "/v1/quarantine", Need::Device),
    ("POST", "/v1/sync", Need::Device),
    ("POST", "/v1/sync/check", Need::Admitted),
    ("POST", "/v1/sync/push", Need::Admitted),
    ("POST", "/v1/sync/pull", Need::Admitted),
    ("GET", "/v1/record/{id}/history", Need::Admitted),
    ("GET", "/v1/audit", Need::Auditor),
];

const HEAD: &str = "# Rights

Generated from src/domain/rights.rs; do not edit by hand. When the table changes, run `cargo test --lib domain::rights`: it fails, and says
where the new text is. The merge, the server's calls and the client's menus read the same table, and
`tests/it/server/rights.rs` compares every combination with what a real server does.

Own: the user's unit and those below it. Above: the units above it. Headquarters' roles reach everything. A workflow step belongs to an office
(docs/data-dictionary.md), and a higher office may act for a lower one: organizer, unit's lead, headquarters. Fields of the server are written by nobody.
What an author may no longer do, but could when they wrote it, is kept as a conflict for headquarters.
";

/// Returns the text of docs/rights.md.
pub fn markdown() -> String {
    let mut out = String::from(HEAD);
    match records(&mut out).and_then(|()| rest(&mut out)) {
        Ok(()) => out,
        Err(error) => format!("{out}\n{error}\n"), // a String takes every write
    }
}

fn records(out: &mut String) -> Result<(), Error> {
    writeln!(out, "\n## Records\n\n| Kind | Action | Own unit | Units above | Other units |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    for kind in Kind::ALL.iter().copied() {
        for action in Action::ALL {
            let at = |place| {
                let allowed = |role: &Role| may(*role, kind, action, place).is_ok();
                let names: Vec<&str> =
                    Role::ALL.into_iter().filter(allowed).map(Role::key).collect();
                if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
            };
            let [own, above, other] = Place::ALL.map(at);
            writeln!(out, "| `{}` | {} | {own} | {above} | {other} |", kind.key(), action.key())?;
        }
    }
    Ok(())
}

fn rest(out: &mut String) -> Result<(), Error> {
    writeln!(out, "\n## Commands\n\n| Command | Who |\n|---|---|")?;
    for (name, _) in COMMANDS {
        let allowed = |role: &Role| may_ask(*role, name).is_some_and(|may| may.is_ok());
        let names: Vec<&str> = Role::ALL.into_iter().filter(allowed).map(Role::key).collect();
        writeln!(out, "| `{name}` | {} |", names.join(", "))?;
    }
    writeln!(out, "\n## Calls\n\n| Call | Who |\n|---|---|")?;
    for (method, path, need) in CALLS {
        writeln!(out, "| `{method} {path}` | {} |", need.doc())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_what_the_table_says() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rights.md");
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        let new = markdown();
        if kept != new {
            let to = std::env::temp_dir().join("rights.md");
            std::fs::write(&to, new).unwrap();
            panic!(
                "docs/rights.md is not what the table says; the new text is in {}",
                to.display()
            );
        }
    }

    #[test]
    fn a_reader_writes_nothing_and_a_higher_office_may_what_a_lower_one_may() {
        let order = [Role::Organizer, Role::UnitLead, Role::Hq, Role::HqAdmin];
        for kind in Kind::ALL.iter().copied() {
            for action in Action::ALL {
                for place in Place::ALL {
                    let allowed = |role| may(role, kind, action, place).is_ok();
                    if action != Action::See {
                        assert!(!allowed(Role::Auditor));
                    }
                    for pair in order.windows(2) {
                        assert!(!allowed(pair[0]) || allowed(pair[1]), "{kind:?} {action:?}");
                    }
                    assert!(!allowed(Role::HqAdmin) || action != Action::Write(Office::Server));
                }
            }
        }
    }
}
