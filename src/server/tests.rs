//! Any history, pushed in batches of any size, is what its replay gives: what a batch loads beforehand is enough.

use proptest::prelude::*;
use uuid::Uuid;

use super::admin;
use super::db::{Database, Db, Tx};
use super::push::{Batch, take};
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};
use crate::sync::command::{
    Arguments, EnrolCancel, EnrolRequest, LEASE_KIND, NumberLease, PersonMerge, enrolment_id,
};
use crate::sync::{Author, Base, Limits, Op, OpBody, OpId, digest};
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
    ends_batch: bool,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = (0..3_u8, 0..4_u8, 0..22_u8, 0..3_u8, 0..4_u8, any::<u8>(), any::<bool>());
    let act = act.prop_map(|(device, record, what, field, value, seen, ends_batch)| Act {
        device,
        record,
        what,
        field,
        value,
        seen,
        ends_batch,
    });
    prop::collection::vec(act, 1..60)
}

const COLLEGE: UnitId = UnitId(Uuid::from_u128(0xc0));

/// A device and what it has written into its batch.
struct Pen {
    author: Author,
    id: DeviceId,
    n: u64,
    first: (u64, [u8; 16]),
    prev: [u8; 16],
    ops: Vec<Blob>,
}

impl Pen {
    fn write(&mut self, kind: u16, record: RecordId, body: OpBody) -> OpId {
        self.n += 1;
        let id = OpId { device: self.id, generation: 1, n: self.n };
        let op = Op {
            id,
            prev: self.prev,
            salt: 0,
            hlc: self.n << 16,
            clock_off_ms: 0,
            clock_conf: 0,
            actor: self.author.user,
            schema: 1,
            group: None,
            kind,
            record,
            body,
            was: None,
        };
        let bytes = encode_op(&op).unwrap();
        self.prev = digest(&bytes);
        self.ops.push(Blob(bytes));
        id
    }

    async fn push(&mut self, db: &Database) {
        if self.ops.is_empty() {
            return;
        }
        let (from_n, prev) = std::mem::replace(&mut self.first, (self.n + 1, self.prev));
        let ops = std::mem::take(&mut self.ops);
        let request = PushRequest { generation: 1, from_n, prev, ops, receipts: Vec::new() };
        let mut tx = db.begin().await.unwrap();
        take(&mut tx, &mut None, Batch::new(self.id, self.author, request, 5, Limits::default()))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

fn body(act: &Act, written: &[OpId], conflicts: &[RecordId], root: UnitId) -> OpBody {
    let pick = usize::from(act.seen);
    let seen = written.get(pick % written.len().max(1)).copied();
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
            seen: written.iter().skip(pick % 7).copied().collect(),
            values: vec![(field, text)],
        },
        _ => OpBody::Set { sets: vec![(field, base, text)] },
    }
}

const CLASS: RecordId = RecordId(Uuid::from_u128(0x200));

fn person(n: u8) -> RecordId {
    RecordId(Uuid::from_u128(0x100 + u128::from(n)))
}

/// What only the server decides, and edits that change what it has decided.
fn command(act: &Act, at: usize, written: &[OpId], root: UnitId) -> (u16, RecordId, OpBody) {
    fn of<A: Arguments>(args: &A) -> OpBody {
        OpBody::Command { name: A::NAME.to_owned(), args: args.seal() }
    }
    let who = person(act.record);
    let enrolment = enrolment_id(CLASS, who);
    let base = written.get(usize::from(act.seen) % written.len().max(1)).copied();
    let base = base.map_or(Base::Absent, Base::Seen);
    let kind = Kind::Enrolment.number();
    match act.what {
        12..=14 => {
            let args = EnrolRequest { class: CLASS, person: who, request: Uuid::nil() };
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

fn pens(roles: [(Role, UnitId); 3]) -> Vec<Pen> {
    (1_u64..)
        .zip(roles)
        .map(|(id, (role, home))| Pen {
            author: Author { user: UserId(Uuid::from_u128(id.into())), role, home },
            id: DeviceId(id),
            n: 0,
            first: (1, [0; 16]),
            prev: [0; 16],
            ops: Vec::new(),
        })
        .collect()
}

/// The college, and a class with one place.
fn set_up(first: &mut Pen, root: UnitId) {
    let unit = OpBody::Create {
        unit: COLLEGE,
        fields: vec![
            (FieldNo(1), Value::Text("A".into())),
            (FieldNo(2), Value::Text("學院".into())),
            (FieldNo(4), Value::Code("committee".into())),
            (FieldNo(5), Value::Ref(root.record())),
        ],
    };
    first.write(Kind::Unit.number(), COLLEGE.record(), unit);
    let fields = vec![
        (FieldNo(1), Value::Int(2026)),
        (FieldNo(2), Value::Text("論壇".into())),
        (FieldNo(9), Value::Int(1)),
        (FieldNo(11), Value::Code("published".into())),
    ];
    let class = OpBody::Create { unit: root, fields };
    first.write(Kind::TrainingClass.number(), CLASS, class);
}

async fn live(acts: Vec<Act>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.sqlite");
    let made = admin::init(&file, "同舟大學", "admin").await.unwrap();
    let db = Database::open(&file, false).await.unwrap();
    let roles = [(Role::Hq, made.root), (Role::Organizer, COLLEGE), (Role::UnitLead, made.root)];
    let mut pens = pens(roles);
    set_up(pens.first_mut().unwrap(), made.root);
    let mut written = Vec::new();
    for (at, act) in acts.iter().enumerate() {
        let conflicts: Vec<RecordId> = if act.what == 5 || act.what == 6 {
            let rows = db.records_after(None, 1_000).await.unwrap();
            rows.iter().filter(|row| row.kind == 1_000).map(|row| row.id).collect()
        } else {
            Vec::new()
        };
        let pen = pens.get_mut(usize::from(act.device)).unwrap();
        let (kind, record, body) = if act.what < 12 {
            let body = body(act, &written, &conflicts, made.root);
            (Kind::Person.number(), person(act.record), body)
        } else {
            command(act, at, &written, made.root)
        };
        written.push(pen.write(kind, record, body));
        if act.ends_batch {
            pen.push(&db).await;
        }
    }
    for pen in &mut pens {
        pen.push(&db).await;
    }
    db.close().await;
    let verified = admin::verify_file(&file).await.unwrap();
    assert_eq!(verified.difference, None, "{acts:#?}");
}

#[test]
fn one_record_made_twice_in_one_batch_replays_to_the_same_conflict() {
    let create =
        |value| Act { device: 0, record: 3, what: 0, field: 0, value, seen: 0, ends_batch: false };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(live(vec![create(1), create(0)]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn batches_of_any_size_give_what_a_replay_gives(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(acts));
    }
}
