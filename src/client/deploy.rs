//! Sending a task out: the submission that each unit owes under a deployment.

use uuid::Uuid;

use super::error::ClientError;
use super::ids;
use super::records::not_allowed;
use super::state::Inner;
use super::{Client, edit::Edit};
use crate::domain::access::Office;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::deployment::{Deployment, DeploymentStatus};
use crate::domain::org::submission::Submission;
use crate::domain::org::unit::{Unit, UnitType};
use crate::domain::record::{Fields, Issue, Value};
use crate::domain::rules::registry::Registry;
use crate::field;
use crate::sync::Record;

/// What became of sending a deployment out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployed {
    /// Submissions that were made: the unit and the record.
    pub made: Vec<(RecordId, RecordId)>,
    /// Submissions of the same name and year that were there and now name the deployment.
    pub joined: Vec<(RecordId, RecordId)>,
    /// Units that had theirs.
    pub had: usize,
    /// Codes in the deployment that no unit directly under the university has.
    pub unknown: Vec<String>,
}

impl Client {
    /// Makes the submission that each unit owes under a deployment, where it has none yet: all are on the disk when this returns, none if
    /// it fails. Called again it makes what is missing since, so it may be called by two persons of headquarters who do not know of each other:
    /// the id of a submission follows from task and unit.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::NotAllowed`] for anybody but headquarters, [`ClientError::StepClosed`] for a task that is
    /// over, [`ClientError::Store`].
    pub fn deploy(&self, deployment: RecordId) -> Result<Deployed, ClientError> {
        let mut inner = self.lock();
        inner.live(deployment, Kind::Deployment)?;
        if !inner.profile.role.acts_for(Office::Headquarters) {
            return Err(not_allowed("deploy"));
        }
        let task = inner.typed::<Deployment>(&inner.record(deployment)?)?;
        if task.status == Some(DeploymentStatus::Closed) {
            let field = field!(Deployment: "status");
            let reason = Issue::error(field, "step-wrong-state").with("state", "closed");
            return Err(ClientError::StepClosed {
                action: "deploy".to_owned(),
                reason: Box::new(reason),
            });
        }
        let (deployed, groups) = inner.deployment(deployment, &task)?;
        if !groups.is_empty() {
            inner.commit_groups(groups, None)?;
        }
        Ok(deployed)
    }
}

impl Inner {
    /// Reads a record as its kind.
    fn typed<T: crate::domain::record::Record>(&self, record: &Record) -> Result<T, ClientError> {
        T::hydrate(&self.view(record)?.fields).map_err(|issues| ClientError::Invalid { issues })
    }

    /// Returns what is to be made for each unit, and its edits.
    fn deployment(
        &self,
        id: RecordId,
        task: &Deployment,
    ) -> Result<(Deployed, Vec<Vec<Edit>>), ClientError> {
        let (mut deployed, mut groups) = (Deployed::default(), Vec::new());
        let mut codes: Vec<&str> = task.for_units.0.iter().map(|code| code.0.as_str()).collect();
        for (unit, code) in self.secondary_units()? {
            codes.retain(|wanted| *wanted != code);
            if !task.is_for(&code) {
                continue;
            }
            match self.owed(id, task, unit) {
                Owed::Named => deployed.had += 1,
                Owed::SameName(found) => {
                    let change = (field!(Submission: "deployment").number(), Value::Ref(id));
                    groups.push(self.change(found, Fields::from([change]))?.0);
                    deployed.joined.push((unit, found));
                }
                Owed::Missing => {
                    let made = self.submission_id(id, unit);
                    let fields = owed_fields(id, task, unit);
                    groups.push(self.creation(Kind::Submission, made, None, fields)?);
                    deployed.made.push((unit, made));
                }
            }
        }
        deployed.unknown = codes.into_iter().map(str::to_owned).collect();
        Ok((deployed, groups))
    }

    /// Returns the units directly under the university with their codes, in the order of these.
    fn secondary_units(&self) -> Result<Vec<(RecordId, String)>, ClientError> {
        let mut units = Vec::new();
        let ids = self.live.get(&Kind::Unit.number()).into_iter().flatten();
        let is_university = |unit: RecordId| {
            let r#type = self.field(unit, field!(Unit: "type").number());
            r#type.as_ref().and_then(Value::as_text) == Some(UnitType::University.key())
        };
        for id in ids.copied().filter(|id| !is_university(*id)) {
            let unit = self.typed::<Unit>(&self.record(id)?)?;
            let above = unit.parent.map(|parent| parent.0);
            if above.is_none_or(|above| is_university(above) || !self.rows.contains_key(&above)) {
                units.push((id, unit.code.0));
            }
        }
        units.sort_by(|a, b| a.1.cmp(&b.1));
        Ok(units)
    }

    /// Looks for what a unit owes under a task.
    fn owed(&self, id: RecordId, task: &Deployment, unit: RecordId) -> Owed {
        let of_unit = |found: &RecordId| {
            self.field(*found, field!(Submission: "unit").number()) == Some(Value::Ref(unit))
        };
        let by = |no, value| {
            let found = self.find(Kind::Submission, no, &value).into_iter();
            found.filter(of_unit).collect::<Vec<_>>()
        };
        if !by(field!(Submission: "deployment").number(), Value::Ref(id)).is_empty() {
            return Owed::Named;
        }
        let name = Value::Text(task.name.0.clone());
        let of_year = |found: &RecordId| {
            let year = self.field(*found, field!(Submission: "year").number());
            let named = self.field(*found, field!(Submission: "deployment").number());
            year == Some(Value::Int(task.year.0)) && named.is_none_or(|value| value.is_blank())
        };
        let same = by(field!(Submission: "name").number(), name).into_iter().find(of_year);
        same.map_or(Owed::Missing, Owed::SameName)
    }

    /// Returns the id of the submission of a unit under a task: the same on every device, unless such a record was deleted here.
    fn submission_id(&self, task: RecordId, unit: RecordId) -> RecordId {
        let id = RecordId(Uuid::new_v5(&task.0, unit.0.as_bytes()));
        if self.rows.contains_key(&id) { ids::record(&*self.env) } else { id }
    }
}

/// What there is of a unit's submission under a task.
enum Owed {
    /// One that names the task.
    Named,
    /// One of the same name and year that names no task.
    SameName(RecordId),
    /// None.
    Missing,
}

fn owed_fields(id: RecordId, task: &Deployment, unit: RecordId) -> Fields {
    Fields::from([
        (field!(Submission: "unit").number(), Value::Ref(unit)),
        (field!(Submission: "name").number(), Value::Text(task.name.0.clone())),
        (field!(Submission: "year").number(), Value::Int(task.year.0)),
        (field!(Submission: "due_on").number(), Value::Date(task.due_on.0)),
        (field!(Submission: "deployment").number(), Value::Ref(id)),
    ])
}
