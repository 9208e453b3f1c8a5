//! What is frozen: archived records, and what belongs to an archived class (歸檔).
//!
//! Asked by the device before a change is written and by the merge when it arrives. A correction of an archived class is a late
//! record (補錄) with its reason: it takes the path of its own, and headquarters admits it.

use crate::domain::access::{Office, Role};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Fields, Issue, Shape, Value};
use crate::domain::training::attendance::Attendance;
use crate::domain::training::class_quota::ClassQuota;
use crate::domain::training::enrolment::Enrolment;
use crate::domain::training::session::Session;
use crate::domain::training::training_class::TrainingClass;
use crate::field;

/// The state of a record that is frozen.
pub const ARCHIVED: &str = "archived";

/// Code of the issue and of the refusal.
pub const CODE: &str = "archived";

/// States of a late record on its way to headquarters: what units may write after the class is archived.
const ON_THE_WAY: &[&str] = &["draft", "submitted", "unit_reviewed", "returned"];

/// Reads one field of another live record.
pub type Look<'a> = &'a dyn Fn(RecordId, FieldNo) -> Option<Value>;

/// Why a record is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frozen {
    /// It is archived itself; the key of its state.
    Itself(&'static str),
    /// Its class is; the key of the field that leads there.
    Class(&'static str),
}

impl Frozen {
    /// Returns the key of the field that says so.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Itself(key) | Self::Class(key) => key,
        }
    }

    /// Says why a step to a state is closed: with its class a record goes into the archive only.
    pub fn closes(self, to: &str) -> Option<Issue> {
        (matches!(self, Self::Class(_)) && to != ARCHIVED).then(|| self.issue())
    }

    fn issue(self) -> Issue {
        Issue::error(self.field(), CODE)
    }
}

/// Returns the field by which a record hangs on its class, or on the session of one.
pub const fn link(kind: Kind) -> Option<FieldNo> {
    match kind {
        Kind::Enrolment => Some(field!(Enrolment: "class").number()),
        Kind::Session => Some(field!(Session: "class").number()),
        Kind::ClassQuota => Some(field!(ClassQuota: "class").number()),
        Kind::Attendance => Some(field!(Attendance: "session").number()),
        _ => None,
    }
}

/// Returns the class that a record belongs to.
pub fn class_of(kind: Kind, fields: &Fields, look: Look<'_>) -> Option<RecordId> {
    let linked = fields.get(&link(kind)?)?.as_ref_id()?;
    if kind == Kind::Attendance {
        return look(linked, field!(Session: "class").number())?.as_ref_id();
    }
    Some(linked)
}

/// True if the class is archived.
pub fn is_archived(class: RecordId, look: Look<'_>) -> bool {
    let status = look(class, field!(TrainingClass: "status").number());
    status.is_some_and(|status| status.as_text() == Some(ARCHIVED))
}

/// True for an enrolment that says it is entered late.
pub fn is_late(kind: Kind, fields: &Fields) -> bool {
    kind == Kind::Enrolment
        && fields.get(&field!(Enrolment: "late_record").number()) == Some(&Value::Flag(true))
}

/// Says whether a record is frozen for a role. A late record of an archived class is not while it is on its way, and for headquarters not
/// until it is archived itself: they admit it and give the certificate.
pub fn frozen(kind: Kind, fields: &Fields, role: Role, look: Look<'_>) -> Option<Frozen> {
    let state = kind.spec().state_field();
    let standing = state.and_then(|field| fields.get(&field.number)).and_then(Value::as_text);
    if let Some(field) = state.filter(|_| standing == Some(ARCHIVED)) {
        return Some(Frozen::Itself(field.key));
    }
    let class = class_of(kind, fields, look)?;
    if !is_archived(class, look) {
        return None;
    }
    let open = role.acts_for(Office::Headquarters)
        || standing.is_none_or(|state| ON_THE_WAY.contains(&state));
    if is_late(kind, fields) && open {
        return None;
    }
    let link = link(kind)?;
    kind.spec().field_no(link).map(|field| Frozen::Class(field.key))
}

/// Refuses to change what an archived record says. Notes may be added, and its state goes on by steps: of what belongs to an archived class
/// only into the archive.
///
/// `touched` holds the fields that get another value.
///
/// # Errors
/// `archived`, at the field that says so.
pub fn check_change(
    kind: Kind,
    before: &Fields,
    touched: &Fields,
    role: Role,
    look: Look<'_>,
) -> Result<(), Issue> {
    let spec = kind.spec();
    let is_note = |no| spec.field_no(no).is_some_and(|field| field.shape == Shape::Notes);
    if touched.keys().all(|no| is_note(*no)) {
        return Ok(());
    }
    let mut after = before.clone();
    after.extend(touched.clone());
    let Some(frozen) =
        frozen(kind, before, role, look).or_else(|| moved_in(kind, &after, role, look))
    else {
        return Ok(());
    };
    let Some(state) = spec.state_field() else { return Err(frozen.issue()) };
    let group = spec.group_of(state.number);
    let only_state = touched.keys().all(|no| group.contains(no) || is_note(*no));
    let into = touched.get(&state.number).and_then(Value::as_text);
    let walks = match frozen {
        Frozen::Itself(_) => into.is_some(),
        Frozen::Class(_) => into == Some(ARCHIVED),
    };
    if only_state && walks { Ok(()) } else { Err(frozen.issue()) }
}

/// What the change would put into an archived class.
fn moved_in(kind: Kind, after: &Fields, role: Role, look: Look<'_>) -> Option<Frozen> {
    let frozen = frozen(kind, after, role, look);
    frozen.filter(|frozen| matches!(frozen, Frozen::Class(_)))
}

/// Refuses to delete, move or bring back an archived record.
///
/// # Errors
/// `archived`, at the field that says so.
pub fn check_whole(kind: Kind, fields: &Fields, role: Role, look: Look<'_>) -> Result<(), Issue> {
    frozen(kind, fields, role, look).map_or(Ok(()), |frozen| Err(frozen.issue()))
}

/// Refuses a new record of an archived class, except a late record with its reason. A record may be made in the archive: ledgers of earlier
/// years are brought in so.
///
/// # Errors
/// `archived` at the field that leads to the class; `required` at the reason of a late record.
pub fn check_new(kind: Kind, fields: &Fields, role: Role, look: Look<'_>) -> Result<(), Issue> {
    let archived = class_of(kind, fields, look).is_some_and(|class| is_archived(class, look));
    if !archived {
        return Ok(());
    }
    if let Some(frozen) = moved_in(kind, fields, role, look) {
        return Err(frozen.issue());
    }
    let Some(frozen) = link(kind).and_then(|no| kind.spec().field_no(no)) else { return Ok(()) };
    if !is_late(kind, fields) {
        return Err(Frozen::Class(frozen.key).issue());
    }
    let reason = fields.get(&field!(Enrolment: "late_reason").number());
    if reason.is_none_or(Value::is_blank) {
        return Err(Issue::error("late_reason", "required"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const CLASS: RecordId = RecordId(Uuid::from_u128(1));
    const OPEN: RecordId = RecordId(Uuid::from_u128(2));
    const SESSION: RecordId = RecordId(Uuid::from_u128(3));

    fn look(id: RecordId, no: FieldNo) -> Option<Value> {
        match id {
            CLASS => Some(Value::Code(ARCHIVED.to_owned())),
            OPEN => Some(Value::Code("running".to_owned())),
            SESSION if no == field!(Session: "class").number() => Some(Value::Ref(CLASS)),
            _ => None,
        }
    }

    fn number(kind: Kind, key: &str) -> FieldNo {
        kind.spec().field(key).unwrap().number
    }

    fn enrolment(class: RecordId, status: &str) -> Fields {
        Fields::from([
            (number(Kind::Enrolment, "class"), Value::Ref(class)),
            (number(Kind::Enrolment, "status"), Value::Code(status.to_owned())),
        ])
    }

    fn touch(key: &str, value: Value) -> Fields {
        Fields::from([(number(Kind::Enrolment, key), value)])
    }

    fn late(mut fields: Fields) -> Fields {
        fields.insert(number(Kind::Enrolment, "late_record"), Value::Flag(true));
        let reason = Value::Text("證書遲到".to_owned());
        fields.insert(number(Kind::Enrolment, "late_reason"), reason);
        fields
    }

    fn changed(before: &Fields, touched: &Fields, role: Role) -> Option<(String, &'static str)> {
        let checked = check_change(Kind::Enrolment, before, touched, role, &look);
        checked.err().map(|issue| (issue.field, issue.code))
    }

    #[test]
    fn an_archived_record_keeps_what_it_says() {
        let hours = touch("hours", Value::Int(90));
        let archived = enrolment(OPEN, ARCHIVED);
        let at_its_state = Some(("status".to_owned(), CODE));
        assert_eq!(changed(&archived, &hours, Role::HqAdmin), at_its_state);
        assert_eq!(changed(&enrolment(OPEN, "completed"), &hours, Role::Organizer), None);
        assert_eq!(changed(&archived, &Fields::new(), Role::Organizer), None);
        let note = touch("log", Value::Text("寄出".to_owned()));
        assert_eq!(changed(&archived, &note, Role::Organizer), None, "a note changes nothing");
        let mut both = touch("status", Value::Code("completed".to_owned()));
        assert_eq!(changed(&archived, &both, Role::Hq), None, "steps judge states");
        both.extend(hours);
        assert_eq!(
            changed(&archived, &both, Role::Hq),
            at_its_state,
            "nothing hides behind a step"
        );
    }

    /// 已歸檔: frozen; so is everything that belongs to the class.
    #[test]
    fn what_belongs_to_an_archived_class_is_frozen_with_it() {
        let hours = touch("hours", Value::Int(90));
        let by_class = Some(("class".to_owned(), CODE));
        assert_eq!(changed(&enrolment(CLASS, "completed"), &hours, Role::HqAdmin), by_class);
        let step = |to: &str| touch("status", Value::Code(to.to_owned()));
        let completed = enrolment(CLASS, "completed");
        assert_eq!(changed(&completed, &step("archived"), Role::Hq), None, "goes with its class");
        assert_eq!(changed(&completed, &step("certified"), Role::Hq), by_class);
        let moved = touch("class", Value::Ref(CLASS));
        assert_eq!(changed(&enrolment(OPEN, "completed"), &moved, Role::Hq), by_class);
        let out = touch("class", Value::Ref(OPEN));
        assert_eq!(changed(&completed, &out, Role::Hq), by_class);
        let mark = Fields::from([(number(Kind::Attendance, "session"), Value::Ref(SESSION))]);
        let whole = check_whole(Kind::Attendance, &mark, Role::Hq, &look).unwrap_err();
        assert_eq!((whole.field.as_str(), whole.code), ("session", CODE));
        assert!(check_new(Kind::Attendance, &mark, Role::Hq, &look).is_err());
        for kind in [Kind::Session, Kind::ClassQuota] {
            let one = Fields::from([(number(kind, "class"), Value::Ref(CLASS))]);
            assert!(check_whole(kind, &one, Role::Hq, &look).is_err(), "{}", kind.key());
            assert!(check_new(kind, &one, Role::Hq, &look).is_err(), "{}", kind.key());
        }
    }

    /// 補錄: the one way into an archived class; headquarters admits it.
    #[test]
    fn a_late_record_comes_into_an_archived_class_by_its_own_path() {
        let new = |fields: &Fields, role| check_new(Kind::Enrolment, fields, role, &look);
        let code = |result: Result<(), Issue>| result.unwrap_err().code;
        assert_eq!(code(new(&enrolment(CLASS, "draft"), Role::HqAdmin)), CODE);
        assert_eq!(new(&enrolment(OPEN, "draft"), Role::Organizer), Ok(()));
        let draft = late(enrolment(CLASS, "draft"));
        assert_eq!(new(&draft, Role::Organizer), Ok(()));
        let finished = late(enrolment(CLASS, "completed"));
        assert_eq!(code(new(&finished, Role::Organizer)), CODE, "headquarters admits");
        assert_eq!(new(&finished, Role::Hq), Ok(()));
        let mut without = draft.clone();
        without.remove(&number(Kind::Enrolment, "late_reason"));
        assert_eq!(code(new(&without, Role::Hq)), "required");
        let hours = touch("hours", Value::Int(80));
        assert_eq!(changed(&draft, &hours, Role::Organizer), None);
        assert!(changed(&finished, &hours, Role::Organizer).is_some(), "admitted is admitted");
        assert_eq!(changed(&finished, &hours, Role::Hq), None);
        let unsaid = touch("late_record", Value::Flag(false));
        assert!(changed(&draft, &unsaid, Role::Hq).is_some(), "late it stays");
        let said = touch("late_record", Value::Flag(true));
        assert!(changed(&enrolment(CLASS, "completed"), &said, Role::Hq).is_some());
    }
}
