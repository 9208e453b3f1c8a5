//! Numbers of certificates: taken from ranges that are this device's own, so that they can be given out offline and are never
//! given out twice.

use super::Client;
use super::error::ClientError;
use super::ids;
use super::places::command;
use super::records::{Saved, not_allowed};
use super::state::Inner;
use crate::domain::access::Office;
use crate::domain::codes::{self, CodeList};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Date, FieldNo, Fields, Value};
use crate::domain::training::enrolment::Enrolment;
use crate::domain::training::training_class::TrainingClass;
use crate::field;
use crate::sync::OpBody;
use crate::sync::command::{Arguments as _, LEASE_KIND, Lease, NumberLease};
use crate::wire::{decode, decode_op, decode_record, encode};

/// Word of the range that certificates are numbered from.
const CERTIFICATE: &str = "certificate";
/// Numbers asked for at once when nobody says how many.
pub const LEASE_SIZE: u32 = 50;

/// A range of numbers of this device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseView {
    /// The lease.
    pub lease: Lease,
    /// First number that is not taken; one past the last if none is left.
    pub next: u64,
}

impl LeaseView {
    /// Returns how many numbers are left.
    pub const fn left(&self) -> u64 {
        self.lease.hi.saturating_add(1).saturating_sub(self.next)
    }
}

/// A certificate that was made out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// The enrolment.
    pub enrolment: RecordId,
    /// Its number; `None` while the device has none left.
    pub number: Option<String>,
    /// The label that stands in for a number.
    pub label: Option<String>,
}

impl Client {
    /// Returns the ranges of numbers that are this device's own, by year and number.
    pub fn leases(&self) -> Vec<LeaseView> {
        self.lock().leases()
    }

    /// Asks the server for the next numbers of a year; they come with the next sync.
    ///
    /// # Errors
    /// [`ClientError::NotAllowed`], [`ClientError::Store`].
    pub fn lease_numbers(&self, year: u16, count: u32) -> Result<Saved, ClientError> {
        self.lock().ask_numbers(year, count)
    }

    /// Makes out the certificates of persons who have completed their class: with a number of this device's own, else with a
    /// label that the number replaces when this is called again after a sync.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::NotAllowed`], [`ClientError::StepClosed`] for an enrolment that is not completed,
    /// [`ClientError::Store`].
    pub fn certify(
        &self,
        enrolments: &[RecordId],
        day: Option<Date>,
    ) -> Result<Vec<Certified>, ClientError> {
        let mut done = Vec::with_capacity(enrolments.len());
        for id in enrolments {
            done.push(self.certify_one(*id, day)?);
        }
        Ok(done)
    }

    fn certify_one(&self, id: RecordId, day: Option<Date>) -> Result<Certified, ClientError> {
        let mut changes = Fields::new();
        let certified = {
            let mut inner = self.lock();
            inner.live(id, Kind::Enrolment)?;
            if !inner.profile.role.acts_for(Office::Headquarters) {
                return Err(not_allowed("certify"));
            }
            let held = inner.field(id, field!(Enrolment: "certificate_no").number());
            if let Some(number) = held.as_ref().and_then(Value::as_text) {
                let number = Some(number.to_owned());
                return Ok(Certified { enrolment: id, number, label: None });
            }
            inner.number_for(id)?
        };
        if let Some(number) = &certified.number {
            let number = Value::Text(number.clone());
            changes.insert(field!(Enrolment: "certificate_no").number(), number);
            let day = day.map(|day| Value::Date(day.0));
            changes.extend(day.map(|day| (field!(Enrolment: "certified_on").number(), day)));
            self.act(id, "certify", None, changes)?;
        } else if let Some(label) = &certified.label {
            let label = Value::Text(label.clone());
            changes.insert(field!(Enrolment: "certificate_label").number(), label);
            self.set_fields(id, changes)?;
        }
        Ok(certified)
    }
}

/// Returns the place of a code in its list, from 01: certificates carry digits (大類、身份類別), and lists only grow at the end.
/// A code that no list has stands for itself.
fn place(list: &str, code: &str) -> String {
    let entries = codes::list(list).map(CodeList::entries).unwrap_or_default();
    let found = (1..).zip(entries).find(|(_, entry)| entry.code == code);
    found.map_or_else(|| code.to_owned(), |(place, _): (usize, _)| format!("{place:02}"))
}

impl Inner {
    fn leases(&self) -> Vec<LeaseView> {
        let profile = &self.profile;
        let ids = self.live.get(&LEASE_KIND).into_iter().flatten();
        let records = ids.filter_map(|id| decode_record(&self.rows.get(id)?.bytes).ok());
        let own = |lease: &Lease| {
            lease.device == profile.device && lease.generation == profile.generation
        };
        let mut leases: Vec<LeaseView> = records
            .filter_map(|record| Lease::of(&record))
            .filter(own)
            .map(|lease| LeaseView { next: self.next_number(&lease), lease })
            .collect();
        leases.sort_by_key(|view| (view.lease.year, view.lease.lo));
        leases
    }

    /// The first number of a lease that was not taken: by the note written before a number is used, and by the records.
    fn next_number(&self, lease: &Lease) -> u64 {
        let noted = self.vault.store.note(&note_of(lease.id)).ok().flatten();
        let noted = noted.and_then(|bytes| decode::<u64>(&bytes, "number").ok()).unwrap_or(0);
        let no = field!(Enrolment: "certificate_no").number();
        let held = self.of_kind(Kind::Enrolment).filter_map(|id| self.field(id, no));
        let used = held
            .filter_map(|value| serial(value.as_text()?, lease.year))
            .filter(|number| (lease.lo..=lease.hi).contains(number))
            .max()
            .unwrap_or(0);
        noted.max(used.saturating_add(1)).max(lease.lo)
    }

    /// Takes a number for an enrolment, or makes up a label and asks for numbers.
    fn number_for(&mut self, id: RecordId) -> Result<Certified, ClientError> {
        let text = |inner: &Self, record: RecordId, no: FieldNo| {
            let value = inner.field(record, no);
            value.as_ref().and_then(Value::as_text).unwrap_or_default().to_owned()
        };
        let status = text(self, id, field!(Enrolment: "status").number());
        if status != "completed" {
            let issue = crate::domain::record::Issue::error("status", "step-wrong-state");
            let reason = Box::new(issue.with("state", status));
            return Err(ClientError::StepClosed { action: "certify".to_owned(), reason });
        }
        let class = self.field(id, field!(Enrolment: "class").number());
        let class = class.and_then(|value| value.as_ref_id());
        let missing = || ClientError::NotFound { what: "record", id: id.to_string() };
        let class = class.ok_or_else(missing)?;
        let year = self.field(class, field!(TrainingClass: "year").number());
        let year = year.and_then(|value| u16::try_from(value.as_int()?).ok());
        let year = year.ok_or_else(missing)?;
        let category = text(self, class, field!(TrainingClass: "category").number());
        let attends = text(self, id, field!(Enrolment: "attends_as").number());
        let own = self.leases().into_iter().find(|view| {
            view.lease.range == CERTIFICATE && view.lease.year == year && view.left() > 0
        });
        let Some(view) = own else {
            let label = text(self, id, field!(Enrolment: "certificate_label").number());
            let label = if label.is_empty() { self.new_label() } else { label };
            self.ask_once(year)?;
            return Ok(Certified { enrolment: id, number: None, label: Some(label) });
        };
        let next = encode(&view.next.saturating_add(1))?;
        self.note(vec![(note_of(view.lease.id), Some(next))])?;
        let category = place("class_category", &category);
        let attends = place("attendee", &attends);
        let number = format!("{category}{attends}-{year}-{:04}", view.next);
        Ok(Certified { enrolment: id, number: Some(number), label: None })
    }

    /// A label that no other device makes up: device and operation are in it.
    fn new_label(&self) -> String {
        let device = self.profile.device.0 & 0xffff_ffff;
        format!("T-{device:08X}-{}", self.outbox.last_n.saturating_add(1))
    }

    fn ask_once(&mut self, year: u16) -> Result<(), ClientError> {
        let waits = self.outbox.after(0).any(|(_, waiting)| {
            let op = decode_op(&waiting.bytes).ok();
            op.is_some_and(|op| match op.body {
                OpBody::Command { name, args } => {
                    name == NumberLease::NAME
                        && NumberLease::open(&args).is_some_and(|args| args.year == year)
                }
                _other => false,
            })
        });
        if waits {
            return Ok(());
        }
        self.ask_numbers(year, LEASE_SIZE).map(drop)
    }

    fn ask_numbers(&mut self, year: u16, count: u32) -> Result<Saved, ClientError> {
        if !self.profile.role.acts_for(Office::Headquarters) {
            return Err(not_allowed("lease"));
        }
        let id = ids::record(&*self.env);
        let unit = self.profile.unit;
        let args = NumberLease { range: CERTIFICATE.to_owned(), year, unit, count };
        self.commit(vec![command(id, LEASE_KIND, &args)], None)?;
        Ok(Saved { id, issues: Vec::new() })
    }
}

fn note_of(lease: RecordId) -> String {
    format!("numbers/{lease}")
}

/// Returns the serial number of a certificate of that year.
fn serial(number: &str, year: u16) -> Option<u64> {
    let mut parts = number.rsplit('-');
    let serial = parts.next()?;
    (parts.next()? == year.to_string()).then(|| serial.parse().ok())?
}
