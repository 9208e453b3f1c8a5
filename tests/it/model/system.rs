//! The real thing driven by a transcript: devices with a store of their own, one server, the real protocol between them.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use ejia::client::transport::{Counters, Transport, TransportError};
use ejia::client::{Query, Resolution};
use ejia::domain::access::Role;
use ejia::domain::ids::{RecordId, UnitId};
use ejia::domain::kinds::Kind;
use ejia::domain::record::{FieldNo, Value as Real};
use ejia::sync::Outcome;
use ejia::sync::conflict::{DELETED_FIELD, UNIT_FIELD};
use ejia::wire::{
    ChallengeAnswer, ChallengeRequest, CheckAnswer, CheckRequest, EnrolAnswer, EnrolRequest, Hello,
    HistoryAnswer, Page, PullRequest, PushAnswer, PushRequest, QuarantineAnswer, QuarantineRequest,
    ReadmitAnswer, ReadmitRequest, SessionAnswer, SessionRequest, SyncAnswer, SyncRequest,
};

use super::act::{Act, Choice};
use super::host::Host;
use super::model::{Part, Seen, Value};
use super::seat::{Keeping, Seat};
use crate::sync::{fields, text};

/// A server with five devices, as the model has them.
pub(crate) struct System {
    host: Box<dyn Host>,
    devices: Vec<Option<Seat>>,
    units: Vec<RecordId>,
    records: Vec<RecordId>,
    /// What became of each device's operations, in their order.
    pub(crate) outcomes: Vec<Vec<&'static str>>,
}

impl System {
    pub(crate) fn new(host: Box<dyn Host>, keeping: Keeping) -> Self {
        let first = joined(&*host, keeping, "admin", &host.first_code());
        let units: Vec<RecordId> = ["A", "B"].map(|code| unit(&first, code)).into();
        sync_over(&first, &*host);
        let join = |name: &str, role, unit: Option<(&str, RecordId)>| {
            Some(joined(&*host, keeping, name, &host.account(name, role, unit)))
        };
        let devices = vec![
            Some(first),
            join("second", Role::Hq, None),
            join("third", Role::Organizer, Some(("A", units[0]))),
            join("fourth", Role::Organizer, Some(("A", units[0]))),
            join("fifth", Role::Organizer, Some(("B", units[1]))),
        ];
        let outcomes = vec![Vec::new(); devices.len()];
        Self { host, devices, units, records: Vec::new(), outcomes }
    }

    fn device(&self, device: usize) -> &Seat {
        self.devices[device].as_ref().unwrap()
    }

    /// Does what the model found possible.
    pub(crate) fn act(&mut self, act: &Act) {
        match *act {
            Act::Create { device, unit } => {
                let home = [None, None, Some(0), Some(0), Some(1)][device].unwrap_or(unit);
                let number = format!("1{:05}", self.records.len());
                let values =
                    fields(Kind::Person, &[("staff_no", text(&number)), ("name", text("甲"))]);
                let client = self.device(device).client();
                let unit = Some(self.units[home].unit());
                self.records.push(client.create_record(Kind::Person, unit, values).unwrap().id);
            }
            Act::Set { device, record, part, value } => {
                let changes = fields(Kind::Person, &[(key(part), text(&spelled(value)))]);
                self.device(device).client().set_fields(self.records[record], changes).unwrap();
            }
            Act::Move { device, record, to } => {
                let client = self.device(device).client();
                client.move_record(self.records[record], self.units[to].unit()).unwrap();
            }
            Act::Delete { device, record } => {
                let client = self.device(device).client();
                client.delete(self.records[record], "調離").unwrap();
            }
            Act::Resolve { device, nth, choice } => self.resolve(device, nth, choice),
            Act::Sync { device } => self.sync(device),
            Act::Reopen { device } => {
                let closed = self.devices[device].take().map(Seat::reopen);
                self.devices[device] = closed;
            }
            Act::Restart => {
                self.host.restart();
            }
        }
    }

    fn resolve(&self, device: usize, nth: usize, choice: Choice) {
        let open = self.conflicts(device);
        let (record, parts) = &open[nth % open.len()];
        let client = self.device(device).client();
        let view = client.conflicts().into_iter().find(|conflict| {
            conflict.record == self.records[*record]
                && conflict.fields.iter().map(|field| part(field.field)).eq(parts.iter().copied())
        });
        let decision = match choice {
            Choice::Current => Resolution::Current,
            Choice::First => Resolution::Candidate(1),
        };
        client.resolve(view.unwrap().id, &decision).unwrap();
    }

    fn sync(&mut self, device: usize) {
        let heard = sync_over(self.device(device), &*self.host);
        self.outcomes[device].extend(heard);
    }

    /// The open conflicts a device shows, as the model sorts them.
    pub(crate) fn conflicts(&self, device: usize) -> Vec<(usize, Vec<Part>)> {
        let place = |id: RecordId| self.records.iter().position(|record| *record == id).unwrap();
        let mut open: Vec<_> = self
            .device(device)
            .client()
            .conflicts()
            .into_iter()
            .map(|c| (place(c.record), c.fields.iter().map(|f| part(f.field)).collect()))
            .collect();
        open.sort();
        open
    }

    /// What a device shows of a record.
    pub(crate) fn view(&self, device: usize, record: usize) -> Option<Seen> {
        let view = self.device(device).client().view(self.records[record]).ok()?;
        if view.deleted {
            return Some(None);
        }
        let unit = |id: UnitId| self.units.iter().position(|u| u.unit() == id).unwrap();
        let value = |p: Part| {
            let number = view.kind.spec().field(key(p)).unwrap().number;
            view.fields.get(&number).map(|value| (p, Value::Text(read(value))))
        };
        let values = [Part::Post, Part::Research].into_iter().filter_map(value).collect();
        Some(Some((unit(view.unit), values)))
    }

    /// Returns how many changes of a device wait, and how many were refused.
    pub(crate) fn left(&self, device: usize) -> (usize, usize) {
        let client = self.device(device).client();
        let all = client.list(&Query::all(Kind::Person)).unwrap().len();
        assert!(all <= self.records.len());
        (client.status().pending, client.attention().len())
    }
}

fn unit(device: &Seat, code: &str) -> RecordId {
    let pairs =
        [("code", text(code)), ("name", text(code)), ("type", Real::Code("committee".into()))];
    device.client().create_record(Kind::Unit, None, fields(Kind::Unit, &pairs)).unwrap().id
}

/// A device that has joined.
fn joined(host: &dyn Host, keeping: Keeping, name: &str, code: &str) -> Seat {
    let device = Seat::new(keeping, name);
    let mut way = host.connect("");
    device.client().enrol_over(&mut *way, "http://127.0.0.1", code, name).unwrap();
    sync_over(&device, host);
    device
}

/// Syncs, and returns what became of the operations that were sent.
fn sync_over(device: &Seat, host: &dyn Host) -> Vec<&'static str> {
    let token = device.client().profile().server.unwrap().token;
    let mut way = Listener { inner: host.connect(&token), heard: BTreeMap::new() };
    device.client().sync_over(&mut way, &|_| {}, &AtomicBool::new(false)).unwrap();
    way.heard.into_values().collect()
}

fn key(part: Part) -> &'static str {
    match part {
        Part::Post => "admin_post",
        Part::Research => "research_field",
        Part::Unit | Part::Deleted => panic!("no field of its own"),
    }
}

fn part(field: FieldNo) -> Part {
    let number = |part| Kind::Person.spec().field(key(part)).unwrap().number;
    match field {
        UNIT_FIELD => Part::Unit,
        DELETED_FIELD => Part::Deleted,
        field if field == number(Part::Post) => Part::Post,
        field if field == number(Part::Research) => Part::Research,
        other => panic!("nobody wrote field {}", other.0),
    }
}

fn spelled(value: u8) -> String {
    format!("值{value}")
}

fn read(value: &Real) -> u8 {
    (0..u8::MAX).find(|number| text(&spelled(*number)) == *value).unwrap()
}

/// A transport that hears what became of each operation.
struct Listener {
    inner: Box<dyn Transport>,
    heard: BTreeMap<u64, &'static str>,
}

impl Listener {
    fn hear(&mut self, results: &[(u64, Outcome)]) {
        self.heard.extend(results.iter().map(|(n, outcome)| (*n, outcome.key())));
    }
}

impl Transport for Listener {
    fn hello(&mut self) -> Result<Hello, TransportError> {
        self.inner.hello()
    }

    fn enrol(&mut self, request: &EnrolRequest) -> Result<EnrolAnswer, TransportError> {
        self.inner.enrol(request)
    }

    fn sync(&mut self, request: &SyncRequest) -> Result<SyncAnswer, TransportError> {
        let answer = self.inner.sync(request)?;
        answer.push.iter().for_each(|push| self.hear(&push.results));
        Ok(answer)
    }

    fn push(&mut self, request: &PushRequest) -> Result<PushAnswer, TransportError> {
        let answer = self.inner.push(request)?;
        self.hear(&answer.results);
        Ok(answer)
    }

    fn pull(&mut self, request: &PullRequest) -> Result<Page, TransportError> {
        self.inner.pull(request)
    }

    fn history(&mut self, record: RecordId) -> Result<HistoryAnswer, TransportError> {
        self.inner.history(record)
    }

    fn challenge(&mut self, request: &ChallengeRequest) -> Result<ChallengeAnswer, TransportError> {
        self.inner.challenge(request)
    }

    fn session(&mut self, request: &SessionRequest) -> Result<SessionAnswer, TransportError> {
        self.inner.session(request)
    }

    fn set_token(&mut self, token: &str) {
        self.inner.set_token(token);
    }

    fn readmit(&mut self, request: &ReadmitRequest) -> Result<ReadmitAnswer, TransportError> {
        self.inner.readmit(request)
    }

    fn quarantine(
        &mut self,
        request: &QuarantineRequest,
    ) -> Result<QuarantineAnswer, TransportError> {
        self.inner.quarantine(request)
    }

    fn check(&mut self, request: &CheckRequest) -> Result<CheckAnswer, TransportError> {
        self.inner.check(request)
    }

    fn counters(&self) -> Counters {
        self.inner.counters()
    }
}
