//! Workflow steps: which are open, and taking one.

use super::Client;
use super::edit::Edit;
use super::error::ClientError;
use super::ids;
use super::records::Saved;
use super::state::Inner;
use crate::domain::archive;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Fields, Issue, Value};
use crate::domain::rules::registry::Registry;
use crate::domain::staff::appointment::Appointment;
use crate::domain::staff::staff_file::StaffFile;
use crate::domain::workflow;
use crate::field;

/// One step of a record's workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepView {
    /// Name, as in `ejia act`.
    pub action: &'static str,
    /// True if a reason must be given.
    pub needs_reason: bool,
    /// Why it is not open; `None` if it is.
    pub blocked: Option<Issue>,
}

impl Client {
    /// Returns every step of a record's kind, with why the closed ones are closed.
    ///
    /// # Errors
    /// [`ClientError::NotFound`].
    pub fn steps(&self, id: RecordId) -> Result<Vec<StepView>, ClientError> {
        let inner = self.lock();
        let view = inner.view(&inner.record(id)?)?;
        let role = inner.profile.role;
        let offers = workflow::offers(view.kind, &view.fields, role);
        let look = |id, no| inner.field_of(id, no);
        let frozen = archive::frozen(view.kind, &view.fields, role, &look);
        let step = |offer: workflow::Offer| StepView {
            action: offer.step.action,
            needs_reason: offer.step.reason,
            blocked: offer
                .blocked
                .or_else(|| frozen.and_then(|frozen| frozen.closes(offer.step.to))),
        };
        Ok(offers.into_iter().map(step).collect())
    }

    /// Takes a workflow step, with further values where the step asks for them.
    ///
    /// # Errors
    /// [`ClientError::StepClosed`] with the reason, [`ClientError::NotFound`] for an unknown step, otherwise as for
    /// [`Client::set_fields`].
    pub fn act(
        &self,
        id: RecordId,
        action: &str,
        reason: Option<&str>,
        changes: Fields,
    ) -> Result<Saved, ClientError> {
        let mut inner = self.lock();
        let (edits, issues) = inner.step(id, action, reason, changes)?;
        inner.commit(edits, None)?;
        Ok(Saved { id, issues })
    }
}

impl Inner {
    /// Builds the taking of a step, and says what a person should look at.
    ///
    /// # Errors
    /// As for [`Client::act`].
    pub(super) fn step(
        &self,
        id: RecordId,
        action: &str,
        reason: Option<&str>,
        changes: Fields,
    ) -> Result<(Vec<Edit>, Vec<Issue>), ClientError> {
        let view = self.view(&self.record(id)?)?;
        let before = view.fields;
        let mut fields = before.clone();
        fields.extend(changes.clone());
        let role = self.profile.role;
        let mut changes = step_changes(view.kind, &fields, role, action, reason, changes)?;
        self.judge(view.kind, &fields, &mut changes);
        if view.kind == Kind::Enrolment && action == "withdraw" {
            // A request: the server lets the next one in as it takes the place back.
            let edit = self.cancellation(id, reason.unwrap_or_default())?;
            return Ok((vec![edit], Vec::new()));
        }
        if view.kind == Kind::StaffFile && action == "reappoint" {
            let former = self.back_in_post(id, &before, &mut changes)?;
            let (mut edits, issues) = self.change(id, changes)?;
            edits.extend(former);
            return Ok((edits, issues));
        }
        self.change(id, changes)
    }

    /// An organizer comes back: what the file says of the leaving is cleared, and the time before stays as an appointment of its own, so that
    /// it counts and can be read (歷任).
    ///
    /// # Errors
    /// As for [`Client::create_record`].
    fn back_in_post(
        &self,
        file: RecordId,
        before: &Fields,
        changes: &mut Fields,
    ) -> Result<Vec<Edit>, ClientError> {
        for no in [
            field!(StaffFile: "left_on").number(),
            field!(StaffFile: "leave_reason").number(),
            field!(StaffFile: "leave_manner").number(),
            field!(StaffFile: "handed_over").number(),
        ] {
            changes.entry(no).or_insert(Value::Null);
        }
        let held = |no| before.get(&no).filter(|value| !value.is_blank()).cloned();
        let from = held(field!(StaffFile: "appointed_on").number());
        let Some((from, to)) = from.zip(held(field!(StaffFile: "left_on").number())) else {
            return Ok(Vec::new());
        };
        let no = field!(Appointment: "staff_file").number();
        let kept = self.find(Kind::Appointment, no, &Value::Ref(file));
        let begins = field!(Appointment: "from_on").number();
        if kept.into_iter().any(|id| self.field_of(id, begins).as_ref() == Some(&from)) {
            return Ok(Vec::new());
        }
        let mut fields = Fields::from([
            (no, Value::Ref(file)),
            (begins, from),
            (field!(Appointment: "to_on").number(), to),
        ]);
        for (of, into) in [
            (field!(StaffFile: "post_name").number(), field!(Appointment: "post").number()),
            (field!(StaffFile: "rank").number(), field!(Appointment: "rank").number()),
            (
                field!(StaffFile: "document_no").number(),
                field!(Appointment: "document_no").number(),
            ),
        ] {
            fields.extend(held(of).map(|value| (into, value)));
        }
        self.creation(Kind::Appointment, ids::record(&*self.env), None, fields)
    }
}

fn step_changes(
    kind: Kind,
    fields: &Fields,
    role: crate::domain::access::Role,
    action: &str,
    reason: Option<&str>,
    mut changes: Fields,
) -> Result<Fields, ClientError> {
    let offers = workflow::offers(kind, fields, role);
    let found = offers.into_iter().find(|offer| offer.step.action == action);
    let Some(offer) = found else {
        return Err(ClientError::NotFound { what: "action", id: action.to_owned() });
    };
    let closed = |reason: Issue| ClientError::StepClosed {
        action: action.to_owned(),
        reason: Box::new(reason),
    };
    if let Some(blocked) = offer.blocked {
        return Err(closed(blocked));
    }
    let reason = reason.map(str::trim).filter(|text| !text.is_empty());
    let reason_field = workflow::reason_field(kind);
    if offer.step.reason && reason.is_none() {
        let field = reason_field.map_or("", |field| field.key);
        return Err(closed(Issue::error(field, "step-needs-reason")));
    }
    if let (Some(field), Some(text)) = (reason_field, reason) {
        changes.insert(field.number, Value::Text(text.to_owned()));
    }
    if let Some(field) = kind.spec().state_field() {
        changes.insert(field.number, Value::Code(offer.step.to.to_owned()));
    }
    Ok(changes)
}
