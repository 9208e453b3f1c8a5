//! Asking for places in a class and giving them back: the server decides, so what is written here is a request.

use super::Client;
use super::edit::Edit;
use super::error::ClientError;
use super::ids;
use super::journal::Inverse;
use super::records::{Saved, frozen, not_allowed, refuse_errors};
use super::state::Inner;
use crate::domain::access::Office;
use crate::domain::archive;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Fields, Issue, Value};
use crate::domain::rules::registry::Registry;
use crate::domain::training::enrolment::Enrolment;
use crate::field;
use crate::sync::OpBody;
use crate::sync::command::{Arguments, EnrolCancel, EnrolClose, EnrolRequest, enrolment_id};

/// Wraps a command about a record into a change.
pub(super) fn command<A: Arguments>(record: RecordId, kind: u16, args: &A) -> Edit {
    let body = OpBody::Command { name: A::NAME.to_owned(), args: args.seal() };
    Edit { record, kind, body, inverse: Inverse::Never }
}

impl Client {
    /// Asks for places in a class. Until the server has answered, each stands as requested, never as given.
    ///
    /// A person who has asked before is not asked for again.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] for a class or person that is not here, [`ClientError::NotAllowed`],
    /// [`ClientError::Invalid`], [`ClientError::Store`]: nothing was written.
    pub fn request_places(
        &self,
        class: RecordId,
        persons: &[RecordId],
    ) -> Result<Vec<Saved>, ClientError> {
        let mut inner = self.lock();
        inner.live(class, Kind::TrainingClass)?;
        inner.not_archived(class)?;
        let mut edits = Vec::with_capacity(persons.len());
        let mut saved = Vec::with_capacity(persons.len());
        for person in persons {
            let id = enrolment_id(class, *person);
            let issues = inner.check_request(id, class, *person)?;
            let salt = ids::record(&*inner.env).0;
            let post_then = inner.posts_of(*person);
            let args = EnrolRequest { class, person: *person, request: salt, post_then };
            let edit = command(id, Kind::Enrolment.number(), &args);
            edits.push(Edit { inverse: Inverse::Request, ..edit });
            saved.push(Saved { id, issues });
        }
        inner.commit(edits, None)?;
        Ok(saved)
    }

    /// Gives a place back, or a place on the waiting list. Whoever waits moves up as soon as the server hears of it.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::NotAllowed`], [`ClientError::Store`].
    pub fn cancel_place(&self, enrolment: RecordId, reason: &str) -> Result<Saved, ClientError> {
        let mut inner = self.lock();
        let edit = inner.cancellation(enrolment, reason)?;
        inner.commit(vec![edit], None)?;
        Ok(Saved { id: enrolment, issues: Vec::new() })
    }

    /// Ends the enrolment in a class; who waited for that is ranked by the server.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::NotAllowed`], [`ClientError::Store`].
    pub fn close_class(&self, class: RecordId) -> Result<Saved, ClientError> {
        let mut inner = self.lock();
        inner.live(class, Kind::TrainingClass)?;
        if !inner.profile.role.acts_for(Office::Headquarters) {
            return Err(not_allowed("close"));
        }
        let edit = command(class, Kind::TrainingClass.number(), &EnrolClose { class });
        inner.commit(vec![edit], None)?;
        Ok(Saved { id: class, issues: Vec::new() })
    }
}

impl Inner {
    /// Makes sure that there is such a record of that kind.
    pub(super) fn live(&self, id: RecordId, kind: Kind) -> Result<(), ClientError> {
        let record = self.record(id)?;
        if record.kind == kind.number() && record.is_live() {
            return Ok(());
        }
        Err(ClientError::NotFound { what: kind.key(), id: id.to_string() })
    }

    fn check_request(
        &self,
        id: RecordId,
        class: RecordId,
        person: RecordId,
    ) -> Result<Vec<Issue>, ClientError> {
        self.live(person, Kind::Person)?;
        let unit = self.record(person)?.unit;
        if !self.profile.role.acts_for(Office::Organizer) || !self.reaches(unit) {
            return Err(not_allowed("request"));
        }
        let fields = Fields::from([
            (field!(Enrolment: "class").number(), Value::Ref(class)),
            (field!(Enrolment: "person").number(), Value::Ref(person)),
        ]);
        let issues = self.check(Kind::Enrolment, Some(id), &fields);
        // An earlier enrolment of the person in the class begins again.
        let issues = issues.into_iter().filter(|issue| issue.code != "q08-twice").collect();
        refuse_errors(issues)
    }

    /// Refuses what an archived class no longer takes.
    fn not_archived(&self, class: RecordId) -> Result<(), ClientError> {
        if archive::is_archived(class, &|id, no| self.field_of(id, no)) {
            return Err(frozen(Issue::error("class", archive::CODE)));
        }
        Ok(())
    }

    /// Builds the giving back of a place.
    pub(super) fn cancellation(
        &self,
        enrolment: RecordId,
        reason: &str,
    ) -> Result<Edit, ClientError> {
        self.live(enrolment, Kind::Enrolment)?;
        let record = self.record(enrolment)?;
        if !self.profile.role.acts_for(Office::Organizer) || !self.reaches(record.unit) {
            return Err(not_allowed("cancel"));
        }
        let reference = |no| {
            let value = record.fields.get(&no).and_then(|state| state.value.as_ref_id());
            value.ok_or_else(|| ClientError::NotFound { what: "record", id: enrolment.to_string() })
        };
        self.not_archived(reference(field!(Enrolment: "class").number())?)?;
        let args = EnrolCancel {
            class: reference(field!(Enrolment: "class").number())?,
            person: reference(field!(Enrolment: "person").number())?,
            reason: reason.trim().to_owned(),
        };
        Ok(command(enrolment, Kind::Enrolment.number(), &args))
    }
}
