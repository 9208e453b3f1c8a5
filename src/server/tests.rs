//! Any history, pushed in batches of any size, is what its replay gives: what a batch loads beforehand is enough.

#[path = "tests_restore.rs"]
mod restore;

use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use super::admin::{self, replay};
use super::clock::Ambient;
use super::db::memory::Memory;
use super::db::{Database, Db, Tx};
use super::push::{Batch, PushError, take};
use super::service::Service;
use super::writer::group;
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};
use crate::sync::command::{
    Arguments, EnrolCancel, EnrolRequest, LEASE_KIND, NumberLease, PersonMerge, enrolment_id,
};
use crate::sync::group::EXPIRE;
use crate::sync::{
    Author, Base, CONFLICT_KIND, Digest, Group, HELD_KIND, Limits, Op, OpBody, OpId, Outcome,
    digest,
};
use crate::wire::frame::Blob;
use crate::wire::{PushRequest, encode_op};

/// One edit by one of the devices.
#[derive(Clone, Debug)]
struct Act {
    device: u8,
    record: u8,
    what: u8,
    field: u8,
    value: u8,
    seen: u8,
    /// Operations that belong together with the next ones, from 1.
    group: u8,
    /// Takes the name of an earlier operation for its own former one.
    renamed: bool,
    ends_batch: bool,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let edit = (0..3_u8, 0..4_u8, 0..22_u8, 0..3_u8, 0..4_u8, any::<u8>());
    let around =
        (prop_oneof![4 => Just(1_u8), 1 => 2..4_u8], prop::bool::weighted(0.1), any::<bool>());
    let act = (edit, around).prop_map(|(edit, (group, renamed, ends_batch))| {
        let (device, record, what, field, value, seen) = edit;
        Act { device, record, what, field, value, seen, group, renamed, ends_batch }
    });
    prop::collection::vec(act, 1..60)
}

const COLLEGE: UnitId = UnitId(Uuid::from_u128(0xc0));
const DAY_MS: i64 = 86_400_000;

fn limits() -> Limits {
    Limits { held_ms: 2 * DAY_MS, ..Limits::default() }
}

/// A device and what it has written into its batch.
struct Pen {
    author: Author,
    id: DeviceId,
    n: u64,
    first: (u64, Digest),
    prev: Digest,
    ops: Vec<Blob>,
    /// Operations still to come of the group under way.
    group: Option<Group>,
}

impl Pen {
    fn new(id: u64, role: Role, home: UnitId) -> Self {
        Self {
            author: Author { user: UserId(Uuid::from_u128(id.into())), role, home },
            id: DeviceId(id),
            n: 0,
            first: (1, [0; 16]),
            prev: [0; 16],
            ops: Vec::new(),
            group: None,
        }
    }

    fn write(
        &mut self,
        kind: u16,
        record: RecordId,
        body: OpBody,
        was: Option<Written>,
    ) -> Written {
        self.n += 1;
        let id = OpId { device: self.id, generation: 1, n: self.n };
        let group = self.group;
        self.group = group
            .map(|group| Group { index: group.index + 1, ..group })
            .filter(|group| group.index < group.length);
        let op = Op {
            id,
            prev: self.prev,
            salt: 0,
            hlc: self.n << 16,
            clock_off_ms: 0,
            clock_conf: 0,
            actor: self.author.user,
            schema: 1,
            group,
            kind,
            record,
            body,
            was,
        };
        let bytes = encode_op(&op).unwrap();
        self.prev = digest(&bytes);
        self.ops.push(Blob(bytes));
        (id, self.prev)
    }

    /// Writes operations that say nothing until the group is whole.
    fn finish_group(&mut self) {
        while self.group.is_some() {
            let set = OpBody::Set { sets: Vec::new() };
            self.write(Kind::Person.number(), RecordId(Uuid::from_u128(0x100)), set, None);
        }
    }

    fn begin_group(&mut self, length: u8) {
        if self.group.is_none() && length > 1 {
            self.group = Some(Group { first: self.n + 1, index: 0, length: length.into() });
        }
    }

    /// Returns what was written since the last request.
    fn request(&mut self) -> Option<PushRequest> {
        if self.ops.is_empty() {
            return None;
        }
        let (from_n, prev) = std::mem::replace(&mut self.first, (self.n + 1, self.prev));
        let ops = std::mem::take(&mut self.ops);
        Some(PushRequest { generation: 1, from_n, prev, ops, receipts: Vec::new() })
    }

    async fn push<D: Db>(&mut self, db: &D, now: i64) -> Vec<Outcome> {
        match self.request() {
            Some(request) => self.send(db, request, now).await.unwrap(),
            None => Vec::new(),
        }
    }

    async fn send<D: Db>(
        &self,
        db: &D,
        request: PushRequest,
        now: i64,
    ) -> Result<Vec<Outcome>, PushError> {
        let mut tx = db.begin().await.unwrap();
        let batch = Batch::new(self.id, self.author, request, now, limits());
        let answer = take(&mut tx, &mut None, batch).await?;
        tx.commit().await.unwrap();
        Ok(answer.results.into_iter().map(|(_, outcome)| outcome).collect())
    }
}

/// Pushes what all devices have written, in one group.
async fn push_together<D: Db>(db: &D, pens: &mut [Pen], now: i64) -> Vec<Outcome> {
    let whole = pens.iter_mut().filter(|pen| pen.group.is_none());
    let batches =
        whole.filter_map(|pen| Some(Batch::new(pen.id, pen.author, pen.request()?, now, limits())));
    let answers = group(db, &mut None, batches.collect()).await.unwrap();
    let results = answers.into_iter().flat_map(|answer| answer.unwrap().results);
    results.map(|(_, outcome)| outcome).collect()
}

type Written = (OpId, Digest);

fn body(act: &Act, written: &[Written], conflicts: &[RecordId], root: UnitId) -> OpBody {
    let pick = usize::from(act.seen);
    let seen = written.get(pick % written.len().max(1)).map(|(id, _)| *id);
    let base = seen.map_or(Base::Absent, Base::Seen);
    let texts = ["06001", "06002", "王小明", "李大紅"];
    let text = Value::Text((*texts.get(usize::from(act.value)).unwrap()).to_owned());
    let field = FieldNo([1, 2, 13].get(usize::from(act.field)).copied().unwrap());
    let unit = if act.value.is_multiple_of(2) { COLLEGE } else { root };
    match act.what {
        0 | 1 => {
            OpBody::Create { unit, fields: vec![(FieldNo(1), text.clone()), (FieldNo(2), text)] }
        }
        2 => OpBody::Move { base, to: unit },
        3 => OpBody::Delete { saw: u64::from(act.seen), reason: String::new() },
        4 => OpBody::Restore { saw: 0 },
        5 | 6 if !conflicts.is_empty() => OpBody::Resolve {
            conflict: *conflicts.get(pick % conflicts.len()).unwrap(),
            seen: written.iter().skip(pick % 7).map(|(id, _)| *id).collect(),
            values: vec![(field, text)],
        },
        8 => OpBody::ElementAdd { field: FieldNo(200), element: element(act.value), value: text },
        9 => OpBody::ElementDelete { field: FieldNo(200), element: element(act.value), base },
        10 => OpBody::Note { field: FieldNo(201), element: element(act.seen), text: "x".into() },
        _ => OpBody::Set { sets: vec![(field, base, text)] },
    }
}

fn element(n: u8) -> Uuid {
    Uuid::from_u128(0x500 + u128::from(n))
}

const CLASS: RecordId = RecordId(Uuid::from_u128(0x200));

fn person(n: u8) -> RecordId {
    RecordId(Uuid::from_u128(0x100 + u128::from(n)))
}

/// What only the server decides, and edits that change what it has decided.
fn command(act: &Act, at: usize, written: &[Written], root: UnitId) -> (u16, RecordId, OpBody) {
    fn of<A: Arguments>(args: &A) -> OpBody {
        OpBody::Command { name: A::NAME.to_owned(), args: args.seal() }
    }
    let who = person(act.record);
    let enrolment = enrolment_id(CLASS, who);
    let base = written.get(usize::from(act.seen) % written.len().max(1)).copied();
    let base = base.map_or(Base::Absent, |(id, _)| Base::Seen(id));
    let kind = Kind::Enrolment.number();
    match act.what {
        12..=14 => {
            let args = EnrolRequest {
                class: CLASS,
                person: who,
                request: Uuid::nil(),
                post_then: String::new(),
            };
            (kind, enrolment, of(&args))
        }
        15 => {
            let args = EnrolCancel { class: CLASS, person: who, reason: String::new() };
            (kind, enrolment, of(&args))
        }
        16 => {
            let field = FieldNo([9, 11, 22].get(usize::from(act.field)).copied().unwrap());
            let value = match act.field {
                0 => Value::Int(act.value.into()),
                1 => Value::Code("closed".into()),
                _ => Value::Code("ranking".into()),
            };
            let sets = vec![(field, base, value)];
            (Kind::TrainingClass.number(), CLASS, OpBody::Set { sets })
        }
        17 => {
            let args = NumberLease { range: "x".into(), year: 2026, unit: root, count: 3 };
            let lease = RecordId(Uuid::from_u128(0x300 + u128::try_from(at).unwrap()));
            (LEASE_KIND, lease, of(&args))
        }
        18 | 19 => {
            let keep = person(act.value);
            (Kind::Person.number(), keep, of(&PersonMerge { keep, drop: who }))
        }
        20 => {
            let states = ["confirmed", "withdrawn", "waitlisted", "draft"];
            let state = states.get(usize::from(act.value)).copied().unwrap();
            let status = (FieldNo(5), Value::Code(state.into()));
            let fields =
                vec![(FieldNo(1), Value::Ref(CLASS)), (FieldNo(2), Value::Ref(who)), status];
            let own = RecordId(Uuid::from_u128(0x400 + u128::from(act.record)));
            (kind, own, OpBody::Create { unit: root, fields })
        }
        _ => {
            let sets = vec![(FieldNo(5), base, Value::Code("withdrawn".into()))];
            (kind, enrolment, OpBody::Set { sets })
        }
    }
}

/// A clock and randomness that are always the same.
#[derive(Debug)]
struct Still;

impl Ambient for Still {
    fn now_ms(&self) -> i64 {
        0
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// A server with a college and its three devices.
async fn set_up<D: Db>(db: &D) -> (UnitId, Vec<Pen>) {
    let root = admin::set_up(db, "同舟大學", "admin", &Still).await.unwrap().root;
    let roles = [(Role::Hq, root), (Role::Organizer, COLLEGE), (Role::UnitLead, root)];
    let mut pens: Vec<Pen> =
        (1_u64..).zip(roles).map(|(id, (role, home))| Pen::new(id, role, home)).collect();
    let unit = OpBody::Create {
        unit: COLLEGE,
        fields: vec![
            (FieldNo(1), Value::Text("A".into())),
            (FieldNo(2), Value::Text("學院".into())),
            (FieldNo(4), Value::Code("committee".into())),
            (FieldNo(5), Value::Ref(root.record())),
        ],
    };
    let first = pens.first_mut().unwrap();
    first.write(Kind::Unit.number(), COLLEGE.record(), unit, None);
    let fields = vec![
        (FieldNo(1), Value::Int(2026)),
        (FieldNo(2), Value::Text("論壇".into())),
        (FieldNo(9), Value::Int(1)),
        (FieldNo(11), Value::Code("published".into())),
    ];
    let class = OpBody::Create { unit: root, fields };
    first.write(Kind::TrainingClass.number(), CLASS, class, None);
    (root, pens)
}

async fn ids_of<D: Db>(db: &D, kind: u16) -> Vec<RecordId> {
    let rows = db.records_after(None, 1_000).await.unwrap();
    rows.iter().filter(|row| row.kind == kind).map(|row| row.id).collect()
}

/// Lives the acts and returns how often each outcome came, by its tag.
async fn live<D: Db>(db: &D, acts: &[Act]) -> [u32; 8] {
    let (root, mut pens) = set_up(db).await;
    let mut written = Vec::new();
    let mut outcomes = Vec::new();
    let mut now = 0;
    for (at, act) in acts.iter().enumerate() {
        let conflicts = ids_of(db, CONFLICT_KIND).await;
        let held = ids_of(db, HELD_KIND).await;
        let pen = pens.get_mut(usize::from(act.device)).unwrap();
        pen.begin_group(act.group);
        let was = written.get(usize::from(act.seen)).copied().filter(|_| act.renamed);
        let waiting = held.get(usize::from(act.seen) % held.len().max(1));
        let done = if let Some(held) = waiting.filter(|_| act.what == 7) {
            let expire = OpBody::Command { name: EXPIRE.to_owned(), args: Vec::new() };
            pen.write(HELD_KIND, *held, expire, None)
        } else {
            let (kind, record, body) = if act.what < 12 {
                let body = body(act, &written, &conflicts, root);
                (Kind::Person.number(), person(act.record), body)
            } else {
                command(act, at, &written, root)
            };
            pen.write(kind, record, body, was)
        };
        written.push(done);
        if act.ends_batch && pen.group.is_none() {
            now += DAY_MS / 4;
            outcomes.extend(if act.seen.is_multiple_of(2) {
                pen.push(db, now).await
            } else {
                push_together(db, &mut pens, now).await
            });
        }
    }
    pens.iter_mut().for_each(Pen::finish_group);
    outcomes.extend(push_together(db, &mut pens, now).await);
    let verified = replay(db, limits()).await.unwrap();
    assert_eq!(verified.difference, None, "{acts:#?}");
    let mut counts = [0; 8];
    for outcome in outcomes {
        *counts.get_mut(usize::from(outcome.tag())).unwrap() += 1;
    }
    counts
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

async fn live_on_a_file(acts: Vec<Act>) {
    let folder = tempfile::tempdir().unwrap();
    let db = Database::open(&folder.path().join("test.sqlite"), true).await.unwrap();
    let in_file = live(&db, &acts).await;
    db.close().await;
    assert_eq!(in_file, live(&Memory::default(), &acts).await);
}

#[test]
fn one_record_made_twice_in_one_batch_replays_to_the_same_conflict() {
    let create = |value| Act {
        device: 0,
        record: 3,
        what: 0,
        field: 0,
        value,
        seen: 0,
        group: 1,
        renamed: false,
        ends_batch: false,
    };
    run(live_on_a_file(vec![create(1), create(0)]));
}

#[test]
fn a_batch_that_ends_inside_a_group_is_not_taken() {
    run(async {
        let db = Memory::default();
        let (root, mut pens) = set_up(&db).await;
        let pen = pens.first_mut().unwrap();
        pen.push(&db, 0).await;
        pen.begin_group(2);
        for (at, name) in [(1_u128, "甲"), (2, "乙")] {
            let fields = vec![
                (FieldNo(1), Value::Text(format!("0600{at}"))),
                (FieldNo(2), Value::Text(name.into())),
            ];
            let body = OpBody::Create { unit: root, fields };
            pen.write(Kind::Person.number(), RecordId(Uuid::from_u128(at)), body, None);
        }
        let whole = PushRequest {
            generation: 1,
            from_n: pen.first.0,
            prev: pen.first.1,
            ops: pen.ops.clone(),
            receipts: Vec::new(),
        };
        let mut cut = whole.clone();
        cut.ops.truncate(1);
        assert!(matches!(pen.send(&db, cut, 0).await, Err(PushError::SplitGroup)));
        assert_eq!(db.tenant().await.unwrap().head_seq, 3, "nothing of it is stored");
        let taken = pen.send(&db, whole.clone(), 0).await.unwrap();
        assert_eq!(taken, [Outcome::Applied { seq: 4 }, Outcome::Applied { seq: 5 }]);
        assert_eq!(pen.send(&db, whole.clone(), 9).await.unwrap(), taken);
        let mut repeated = whole;
        repeated.ops.truncate(1);
        assert_eq!(pen.send(&db, repeated, 9).await.unwrap(), [Outcome::Applied { seq: 4 }]);
    });
}

#[test]
fn a_batch_that_cannot_be_taken_changes_nothing_for_the_others_of_its_group() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(&folder.path().join("test.sqlite"), true).await.unwrap();
        let (root, mut pens) = set_up(&db).await;
        push_together(&db, &mut pens, 0).await;
        let before = db.sizes().await.unwrap().records;
        for (pen, record) in pens.iter_mut().zip(0..) {
            let number = Value::Text(format!("0600{record}"));
            let fields = vec![(FieldNo(1), number), (FieldNo(2), Value::Text("王小明".into()))];
            let unit = if record == 0 { root } else { COLLEGE };
            let create = OpBody::Create { unit, fields };
            pen.write(Kind::Person.number(), person(record), create, None);
        }
        pens.get_mut(1).unwrap().first.0 = 7;
        let batches = pens
            .iter_mut()
            .filter_map(|pen| Some(Batch::new(pen.id, pen.author, pen.request()?, 0, limits())));
        let mut batches: Vec<Batch> = batches.collect();
        // The same device twice in a group: the second time it gets the stored outcome.
        let again = batches.first().cloned().unwrap();
        batches.push(again);
        let answers = group(&db, &mut None, batches).await.unwrap();
        let [first, gap, third, again] = answers.as_slice() else { panic!("{answers:?}") };
        assert!(matches!(gap, Err(PushError::Gap { expected: 1 })), "{gap:?}");
        assert_eq!(first.as_ref().unwrap(), again.as_ref().unwrap());
        assert_eq!(third.as_ref().unwrap().last_n, 1);
        assert_eq!(db.sizes().await.unwrap().records, before + 2, "two persons");
        assert_eq!(replay(&db, limits()).await.unwrap().difference, None);
    });
}

/// A clock that stands at one time.
#[derive(Debug)]
struct At(i64);

impl Ambient for At {
    fn now_ms(&self) -> i64 {
        self.0
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

#[test]
fn the_server_itself_ends_what_waits_too_long() {
    run(async {
        let db = Memory::default();
        let (_, mut pens) = set_up(&db).await;
        let pen = pens.first_mut().unwrap();
        let lost = Base::Seen(OpId { device: DeviceId(77), generation: 1, n: 1 });
        let sets = vec![(FieldNo(2), lost, Value::Text("甲".into()))];
        pen.write(Kind::Unit.number(), COLLEGE.record(), OpBody::Set { sets }, None);
        pen.push(&db, 0).await;
        let at = |ms| Service::alone(db.clone(), Arc::new(At(ms)), limits());
        assert_eq!(at(2 * DAY_MS - 1).tick().await.unwrap(), 0);
        assert_eq!(at(2 * DAY_MS).tick().await.unwrap(), 1);
        assert_eq!(at(3 * DAY_MS).tick().await.unwrap(), 0);
        assert_eq!(ids_of(&db, CONFLICT_KIND).await.len(), 1);
        assert_eq!(replay(&db, limits()).await.unwrap().difference, None);
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn batches_of_any_size_give_what_a_replay_gives(acts in acts()) {
        run(live(&Memory::default(), &acts));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_database_file_decides_what_memory_decides(acts in acts()) {
        run(live_on_a_file(acts));
    }
}

/// Where the two enrolments of the class stand: who had the place, who waited.
async fn places<D: Db>(db: &D) -> [Option<String>; 2] {
    let mut states = [None, None];
    for (state, n) in states.iter_mut().zip([0, 1]) {
        let row = db.record(enrolment_id(CLASS, person(n))).await.unwrap().unwrap();
        let record = crate::wire::decode_record(&row.body).unwrap();
        *state = record.fields.get(&FieldNo(5)).and_then(|s| s.value.as_text().map(str::to_owned));
    }
    states
}

/// A class with one place, which the first person has and the second waits for.
async fn one_waits(db: &Memory) -> (Vec<Pen>, OpBody) {
    let (_root, mut pens) = set_up(db).await;
    let hq = pens.first_mut().unwrap();
    for n in 0..2 {
        let text = |text: &str| Value::Text(text.to_owned());
        let fields = vec![(FieldNo(1), text(&format!("0600{n}"))), (FieldNo(2), text("王小明"))];
        let create = OpBody::Create { unit: COLLEGE, fields };
        hq.write(Kind::Person.number(), person(n), create, None);
        let args = EnrolRequest {
            class: CLASS,
            person: person(n),
            request: Uuid::nil(),
            post_then: String::new(),
        };
        let name = EnrolRequest::NAME.to_owned();
        let ask = OpBody::Command { name, args: args.seal() };
        hq.write(Kind::Enrolment.number(), enrolment_id(CLASS, person(n)), ask, None);
    }
    hq.push(db, 0).await;
    let args = EnrolCancel { class: CLASS, person: person(0), reason: String::new() };
    (pens, OpBody::Command { name: EnrolCancel::NAME.to_owned(), args: args.seal() })
}

#[test]
fn a_server_that_stops_anywhere_has_let_the_next_one_in_or_taken_nothing_back() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (before, after) = (["confirmed", "waitlisted"], ["withdrawn", "confirmed"]);
        let mut seen = [0, 0];
        for calls in 1..40 {
            let db = Memory::default();
            let (mut pens, cancel) = one_waits(&db).await;
            assert_eq!(places(&db).await, before.map(|state| Some(state.to_owned())));
            let hq = pens.first_mut().unwrap();
            hq.write(Kind::Enrolment.number(), enrolment_id(CLASS, person(0)), cancel, None);
            let request = hq.request().unwrap();
            db.stop_at(calls);
            let batch = Batch::new(hq.id, hq.author, request, 0, limits());
            let answer = super::push::alone(&db, &mut None, batch).await;
            let stopped = db.is_stopped();
            db.start();
            let now = places(&db).await.map(Option::unwrap_or_default);
            assert!(now == before || now == after, "{calls}: {now:?}");
            assert!(answer.is_err() || now == after);
            seen[usize::from(now == after)] += 1;
            if !stopped {
                break;
            }
        }
        assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    });
}
