//! The data dictionary: docs/data-dictionary.md, generated from the specs so that it cannot go stale.

use std::fmt::{Error, Write as _};

use crate::domain::codes;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldSpec, Merge, Owner, RecordSpec, Shape, Step, ValueKind};

const HEAD: &str = "# Data dictionary

Generated from the record kinds in src/domain; do not edit by hand. When a kind changes, run
`cargo test --lib domain::dictionary`: it fails, and says where the new text is.

Columns: No. is the number on the wire and on disk, never reused. **R** required, **P** personal, **S** sensitive (masked, shown
in full by a logged action), **U** unique among live records, **HQ** or **lead** the office that writes it. Group: fields that
conflict as one. Merge: how two edits meet; nothing means a person settles it. The last four columns: what the field is for, by what right it is kept
(PIPL Art. 13), for how long, who sees it.
";

/// Returns the text of docs/data-dictionary.md.
pub fn markdown() -> String {
    let mut out = String::from(HEAD);
    let written = Kind::ALL.iter().try_for_each(|kind| section(&mut out, *kind));
    match written.and_then(|()| lists(&mut out)) {
        Ok(()) => out,
        Err(error) => format!("{out}\n{error}\n"), // a String takes every write
    }
}

fn section(out: &mut String, kind: Kind) -> Result<(), Error> {
    let spec = kind.spec();
    writeln!(out, "\n## `{}` ({})\n\n{}\n", spec.key, spec.number, paragraph(spec.doc))?;
    writeln!(out, "- Belongs to: {}{}.", owner(spec.owner), published(spec))?;
    writeln!(out, "- Found again in a sheet by: {}.", names(spec.natural))?;
    writeln!(out, "- Shown as: {}.\n", names(spec.title))?;
    writeln!(
        out,
        "| No. | Key | Type | Marks | Group | Merge | Meaning | For | Ground | Kept | Seen by |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|")?;
    for field in spec.fields {
        writeln!(
            out,
            "| {} | `{}` | {} | {} | {} | {} | {} | {} |",
            field.number.0,
            field.key,
            type_of(field),
            marks(field),
            field.group.unwrap_or_default(),
            merge(field.merge),
            paragraph(field.doc),
            kept(spec, field)
        )?;
    }
    steps(out, spec.steps)
}

/// Says what a field is for, by what right, for how long and for whom.
fn kept(spec: &RecordSpec, field: &FieldSpec) -> String {
    let Some(care) = spec.care_of(field) else { return " | | |".to_owned() };
    let [ground, seen] = [care.ground.key(), care.seen_by.key()];
    format!("{} | {ground} | {} | {seen}", care.purpose, care.retention.text())
}

fn steps(out: &mut String, steps: &[Step]) -> Result<(), Error> {
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| Step | From | To | Office | Needs | Reason |\n|---|---|---|---|---|---|")?;
    for step in steps {
        writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | {} |",
            step.action,
            step.from.join(", "),
            step.to,
            step.office.key(),
            step.needs.join(", "),
            if step.reason { "yes" } else { "" }
        )?;
    }
    Ok(())
}

fn lists(out: &mut String) -> Result<(), Error> {
    writeln!(out, "\n## Code lists\n\n| List | Codes | Source |\n|---|---|---|")?;
    for name in codes::names() {
        if let Some(list) = codes::list(name) {
            writeln!(out, "| `{name}` | {} | {} |", list.entries().len(), list.source())?;
        }
    }
    Ok(())
}

fn paragraph(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn names(keys: &[&str]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

fn owner(owner: Owner) -> String {
    match owner {
        Owner::Itself => "itself".to_owned(),
        Owner::Field(key) => format!("the unit in `{key}`"),
        Owner::Of(key) => format!("the unit of its `{key}`"),
        Owner::Chosen => "the unit chosen when it is made".to_owned(),
    }
}

fn published(spec: &RecordSpec) -> String {
    let seen = if spec.published { "; units below see it" } else { "" };
    format!("{seen}; made by {}", spec.office.key())
}

fn type_of(field: &FieldSpec) -> String {
    match field.shape {
        Shape::One => type_of_one(field),
        Shape::Many => format!("several of: {}", type_of_one(field)),
        Shape::Notes => "notes".to_owned(),
    }
}

fn type_of_one(field: &FieldSpec) -> String {
    match field.kind {
        ValueKind::Reference(kind) => format!("-> `{kind}`"),
        ValueKind::Code => format!("code of `{}`", field.codes.unwrap_or_default()),
        ValueKind::Choice => field.choices.join(", "),
        ValueKind::Integer => format!("integer {} to {}", field.range.0, field.range.1),
        ValueKind::Tenths => "decimal, one place".to_owned(),
        ValueKind::Text | ValueKind::Name | ValueKind::Identifier => {
            format!("{} up to {}", format!("{:?}", field.kind).to_lowercase(), field.max_chars)
        }
        ValueKind::IdNumber => "identity number".to_owned(),
        ValueKind::Phone | ValueKind::Flag | ValueKind::Date | ValueKind::Instant => {
            format!("{:?}", field.kind).to_lowercase()
        }
    }
}

fn marks(field: &FieldSpec) -> String {
    use crate::domain::access::Office;
    let office = match field.office {
        Office::Organizer => None,
        Office::UnitLead => Some("lead"),
        Office::Headquarters => Some("HQ"),
        Office::Server => Some("server"),
    };
    [
        field.required.then_some("R"),
        (field.personal && !field.sensitive).then_some("P"),
        field.sensitive.then_some("S"),
        field.unique.then_some("U"),
        office,
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(" ")
}

const fn merge(merge: Merge) -> &'static str {
    match merge {
        Merge::Review => "",
        Merge::LastWriter => "last writer",
        Merge::Steps => "steps",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_dictionary_in_docs_is_the_one_of_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/data-dictionary.md");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        let wanted = super::markdown();
        if written != wanted {
            let fresh = std::env::temp_dir().join("ejia-data-dictionary.md");
            std::fs::write(&fresh, wanted).unwrap();
            panic!("record kinds changed: cp {} {path}", fresh.display());
        }
    }
}
