//! Workflow steps: which are open to whom, and whether a change of state is one.
//!
//! A record may be created in any state of its kind: offices bring ledgers in which people are already recognised or have left,
//! and those rows must not pass through steps that happened on paper. After that, states change by steps only. The import of
//! such a ledger is open to organizers too; what it says is in the history with their name.

use crate::domain::access::{Office, Role};
use crate::domain::kinds::Kind;
use crate::domain::org::post::PostRole;
use crate::domain::record::{FieldSpec, Fields, Issue, Step, Value, ValueKind};
use crate::domain::staff::staff_file::StaffStatus;
use crate::domain::training::attendance::AttendanceState;

/// A step of a kind as one person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The step.
    pub step: &'static Step,
    /// Why it is not open; `None` if it is. Codes: `step-wrong-state`, `step-other-office`, `step-needs-field`.
    pub blocked: Option<Issue>,
}

impl Offer {
    /// True if the person may take the step now.
    pub const fn is_open(&self) -> bool {
        self.blocked.is_none()
    }
}

impl Office {
    /// Returns the name used in messages: `organizer`, `unit-lead`, `headquarters`, `server`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Organizer => "organizer",
            Self::UnitLead => "unit-lead",
            Self::Headquarters => "headquarters",
            Self::Server => "server",
        }
    }
}

/// Returns the state a record is in: what its workflow field says, else the initial one; `None` for a kind without workflow.
pub fn state(kind: Kind, fields: &Fields) -> Option<String> {
    let field = kind.spec().state_field()?;
    match fields.get(&field.number) {
        Some(Value::Code(code)) => Some(code.clone()),
        _ => initial(kind, fields).map(str::to_owned),
    }
}

/// Returns the state of a record that names none.
///
/// An organizer's file without a status says it by its dates: left if there is a day of leaving, else in post.
pub fn initial(kind: Kind, fields: &Fields) -> Option<&'static str> {
    let field = kind.spec().state_field()?;
    if kind != Kind::StaffFile {
        return field.choices.first().copied();
    }
    let filled = |key| is_filled(kind, fields, key);
    let status = match (filled("person"), filled("left_on")) {
        (_, true) => StaffStatus::Left,
        (true, false) => StaffStatus::InPost,
        (false, false) => StaffStatus::Vacant,
    };
    field.choices.iter().copied().find(|choice| *choice == status.key())
}

/// Fills what a new record may leave out: the initial state, a member's role, presence on a sign-in sheet.
pub fn fill_defaults(kind: Kind, fields: &mut Fields) {
    if let (Some(field), Some(state)) = (kind.spec().state_field(), initial(kind, fields)) {
        fill(fields, field, state);
    }
    let spec = kind.spec();
    match kind {
        Kind::Post => fill_key(fields, spec.field("role"), PostRole::Member.key()),
        Kind::Attendance => fill_key(fields, spec.field("state"), AttendanceState::Present.key()),
        _ => {}
    }
}

fn fill_key(fields: &mut Fields, field: Option<&FieldSpec>, code: &str) {
    if let Some(field) = field {
        fill(fields, field, code);
    }
}

fn fill(fields: &mut Fields, field: &FieldSpec, code: &str) {
    if fields.get(&field.number).is_none_or(Value::is_blank) {
        fields.insert(field.number, Value::Code(code.to_owned()));
    }
}

/// Returns every step of a kind, open or not, in the order of the kind's table.
pub fn offers(kind: Kind, fields: &Fields, role: Role) -> Vec<Offer> {
    let Some(state) = state(kind, fields) else { return Vec::new() };
    let steps = kind.spec().steps.iter();
    steps.map(|step| Offer { step, blocked: blocked(kind, fields, role, &state, step) }).collect()
}

/// Returns the step of that name; `None` if the kind has none.
pub fn step(kind: Kind, action: &str) -> Option<&'static Step> {
    kind.spec().steps.iter().find(|step| step.action == action)
}

/// Returns the field that keeps the reason of a step that asks for one.
pub fn reason_field(kind: Kind) -> Option<&'static FieldSpec> {
    kind.spec().field("status_reason")
}

fn blocked(kind: Kind, fields: &Fields, role: Role, state: &str, step: &Step) -> Option<Issue> {
    let field = kind.spec().state_field()?.key;
    if !step.from.contains(&state) {
        return Some(Issue::error(field, "step-wrong-state").with("state", state));
    }
    if !role.acts_for(step.office) {
        let issue = Issue::error(field, "step-other-office");
        return Some(issue.with("office", step.office.key()));
    }
    let missing = step.needs.iter().find(|key| !is_filled(kind, fields, key))?;
    Some(Issue::error(*missing, "step-needs-field").with("field", missing))
}

fn is_filled(kind: Kind, fields: &Fields, key: &str) -> bool {
    let value = kind.spec().field(key).and_then(|field| fields.get(&field.number));
    value.is_some_and(|value| !value.is_blank())
}

/// Says whether a record may go from one state to another by a step of that role; staying is always legal.
///
/// `from` is `None` for a new record, which may be in any state of the kind. It looks at the states only: what a step needs is
/// a matter of [`offers`], because fields may arrive in another change.
///
/// # Errors
/// `step-unknown-state` if the kind has no such state, `step-wrong-state` if no step leads there, `step-other-office` if one does
/// but belongs to another office.
pub fn check_change(kind: Kind, from: Option<&str>, to: &str, role: Role) -> Result<(), Issue> {
    let Some(field) = kind.spec().state_field() else { return Ok(()) };
    if !field.choices.contains(&to) {
        return Err(Issue::error(field.key, "step-unknown-state").with("state", to));
    }
    let Some(from) = from.filter(|from| *from != to) else { return Ok(()) };
    let leading = || kind.spec().steps.iter().filter(|s| s.to == to && s.from.contains(&from));
    if leading().any(|step| role.acts_for(step.office)) {
        return Ok(());
    }
    match leading().next() {
        None => Err(Issue::error(field.key, "step-wrong-state").with("state", from)),
        Some(step) => {
            Err(Issue::error(field.key, "step-other-office").with("office", step.office.key()))
        }
    }
}

/// True if every state, needed field and office of a kind's steps makes sense; what the registry test asks.
///
/// # Errors
/// The name of the first step that does not, and why.
pub fn check_steps(kind: Kind) -> Result<(), String> {
    let spec = kind.spec();
    let Some(field) = spec.state_field() else {
        return if spec.steps.is_empty() {
            Ok(())
        } else {
            Err("steps without a state".to_owned())
        };
    };
    if field.kind != ValueKind::Choice {
        return Err(format!("{} is no choice", field.key));
    }
    for step in spec.steps {
        let unknown = step.from.iter().chain([&step.to]).find(|s| !field.choices.contains(s));
        if let Some(state) = unknown {
            return Err(format!("{}: no state {state}", step.action));
        }
        if let Some(key) = step.needs.iter().find(|key| spec.field(key).is_none()) {
            return Err(format!("{}: no field {key}", step.action));
        }
        if spec.steps.iter().filter(|other| other.action == step.action).count() > 1 {
            return Err(format!("{} is there twice", step.action));
        }
        if step.reason && reason_field(kind).is_none() {
            return Err(format!("{} has no field for its reason", step.action));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::RecordId;
    use uuid::Uuid;

    fn enrolment(status: &str) -> Fields {
        let spec = Kind::Enrolment.spec();
        let number = |key: &str| spec.field(key).unwrap().number;
        let id = Value::Ref(RecordId(Uuid::from_u128(1)));
        Fields::from([
            (number("class"), id.clone()),
            (number("person"), id),
            (number("status"), Value::Code(status.to_owned())),
        ])
    }

    fn offer(fields: &Fields, role: Role, action: &str) -> Offer {
        let offers = offers(Kind::Enrolment, fields, role);
        offers.into_iter().find(|offer| offer.step.action == action).unwrap()
    }

    #[test]
    fn an_organizer_submits_and_headquarters_confirms() {
        let draft = enrolment("draft");
        assert!(offer(&draft, Role::Organizer, "submit").is_open());
        assert_eq!(
            offer(&draft, Role::Organizer, "confirm").blocked.unwrap().code,
            "step-wrong-state"
        );
        let reviewed = enrolment("unit_reviewed");
        let refused = offer(&reviewed, Role::Organizer, "confirm").blocked.unwrap();
        assert_eq!(refused.code, "step-other-office");
        assert_eq!(refused.args, [("office", "headquarters".to_owned())]);
        assert!(offer(&reviewed, Role::Hq, "confirm").is_open());
    }

    /// 院系審核、組織部審核 (報名審核): the unit's lead and headquarters decide one after the other; each gives back with a reason.
    #[test]
    fn a_unit_and_headquarters_approve_and_each_returns_with_a_reason() {
        let submitted = enrolment("submitted");
        let refused = offer(&submitted, Role::Organizer, "review").blocked.unwrap();
        assert_eq!(refused.args, [("office", "unit-lead".to_owned())]);
        assert!(offer(&submitted, Role::UnitLead, "review").is_open());
        let reviewed = enrolment("unit_reviewed");
        assert!(!offer(&reviewed, Role::UnitLead, "confirm").is_open());
        assert!(offer(&reviewed, Role::Hq, "confirm").is_open());
        for (fields, role) in [(&submitted, Role::UnitLead), (&reviewed, Role::Hq)] {
            let back = offer(fields, role, "return");
            assert!(back.is_open() && back.step.reason && back.step.to == "returned");
        }
        assert!(offer(&enrolment("returned"), Role::Organizer, "submit").is_open());
        let class = |role, from, to| check_change(Kind::TrainingClass, Some(from), to, role);
        assert_eq!(class(Role::Hq, "submitted", "returned"), Ok(()));
        assert!(class(Role::UnitLead, "submitted", "approved").is_err());
    }

    /// 補錄 goes the same two offices and needs its reason and hours; it takes no place.
    #[test]
    fn a_late_entry_has_a_path_of_its_own() {
        let mut late = enrolment("unit_reviewed");
        let number = |key: &str| Kind::Enrolment.spec().field(key).unwrap().number;
        let missing = |fields: &Fields| {
            offer(fields, Role::Hq, "admit_late").blocked.map(|issue| issue.field)
        };
        assert_eq!(missing(&late).as_deref(), Some("late_record"));
        late.insert(number("late_record"), Value::Flag(true));
        assert_eq!(missing(&late).as_deref(), Some("late_reason"));
        late.insert(number("late_reason"), Value::Text("證書遲到".to_owned()));
        assert_eq!(missing(&late).as_deref(), Some("hours"));
        late.insert(number("hours"), Value::Int(80));
        assert_eq!(missing(&late), None);
        assert!(!offer(&late, Role::UnitLead, "admit_late").is_open());
        late.insert(number("status"), Value::Code("submitted".to_owned()));
        assert!(!offer(&late, Role::Hq, "admit_late").is_open(), "the unit reviews it first");
    }

    /// 出庫: who leaves the pool leaves it with a reason; the record stays.
    #[test]
    fn suspending_and_removing_a_double_leader_ask_for_a_reason() {
        let steps = Kind::Cultivation.spec().steps;
        let asks = |action: &str| steps.iter().find(|step| step.action == action).unwrap();
        assert!(asks("suspend").reason && asks("remove").reason && asks("return").reason);
        assert_eq!(asks("remove").needs, ["removal_reason"]);
        for from in ["cultivating", "recognised", "suspended"] {
            assert_eq!(
                check_change(Kind::Cultivation, Some(from), "removed", Role::Hq),
                Ok(()),
                "{from}"
            );
        }
        let to = |to| check_change(Kind::Cultivation, Some("removed"), to, Role::Hq);
        assert_eq!(to("archived"), Ok(()));
        assert!(to("cultivating").is_err() && to("recognised").is_err());
    }

    #[test]
    fn an_organizer_leaves_with_day_and_reason_and_comes_back_by_a_step() {
        let steps = Kind::StaffFile.spec().steps;
        let leave = steps.iter().find(|step| step.action == "leave").unwrap();
        assert!(leave.reason && leave.needs == ["left_on"]);
        for from in ["left", "former"] {
            assert_eq!(check_change(Kind::StaffFile, Some(from), "in_post", Role::Hq), Ok(()));
            assert!(check_change(Kind::StaffFile, Some(from), "in_post", Role::Organizer).is_err());
        }
    }

    #[test]
    fn a_step_names_the_field_it_needs() {
        let blocked = offer(&enrolment("attending"), Role::Hq, "complete").blocked.unwrap();
        assert_eq!((blocked.code, blocked.field.as_str()), ("step-needs-field", "hours"));
    }

    #[test]
    fn an_auditor_takes_no_step() {
        for kind in Kind::ALL {
            for offer in offers(*kind, &Fields::new(), Role::Auditor) {
                assert!(!offer.is_open(), "{} {}", kind.key(), offer.step.action);
            }
        }
    }

    #[test]
    fn new_records_start_anywhere_and_then_move_by_steps() {
        let change = |from, to, role| check_change(Kind::Cultivation, from, to, role);
        assert_eq!(change(None, "recognised", Role::Organizer), Ok(()));
        assert_eq!(change(Some("cultivating"), "recognised", Role::Hq), Ok(()));
        assert_eq!(change(Some("recognised"), "recognised", Role::Organizer), Ok(()));
        let code = |result: Result<(), Issue>| result.unwrap_err().code;
        let (from, to) = (Some("cultivating"), "recognised");
        assert_eq!(code(change(from, to, Role::Organizer)), "step-other-office");
        assert_eq!(code(change(Some("nominated"), to, Role::Hq)), "step-wrong-state");
        assert_eq!(code(change(None, "champion", Role::Hq)), "step-unknown-state");
    }

    #[test]
    fn a_file_without_a_status_speaks_by_its_dates() {
        let spec = Kind::StaffFile.spec();
        let number = |key: &str| spec.field(key).unwrap().number;
        let mut fields = Fields::new();
        assert_eq!(initial(Kind::StaffFile, &fields), Some("vacant"));
        fields.insert(number("person"), Value::Ref(RecordId(Uuid::from_u128(1))));
        assert_eq!(initial(Kind::StaffFile, &fields), Some("in_post"));
        let day = crate::domain::record::PartialDate::year(2020).unwrap();
        fields.insert(number("left_on"), Value::Date(day));
        fill_defaults(Kind::StaffFile, &mut fields);
        assert_eq!(state(Kind::StaffFile, &fields).as_deref(), Some("left"));
    }

    #[test]
    fn every_kinds_steps_make_sense() {
        for kind in Kind::ALL {
            assert_eq!(check_steps(*kind), Ok(()), "{}", kind.key());
        }
    }
}
