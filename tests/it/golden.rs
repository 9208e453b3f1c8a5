//! Bytes written by the first release, kept for ever: what this build encodes must equal them, and it must read them.

use std::collections::BTreeMap;
use std::path::Path;

use ejia::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use ejia::domain::record::{FieldNo, PartialDate, Value};
use ejia::sync::command::{
    Arguments, EnrolCancel, EnrolClose, EnrolRequest, Erase, EventNote, NumberLease, PersonMerge,
};
use ejia::sync::{
    Base, Candidate, Conflict, ConflictKind, ConflictState, ElementState, FieldState, Group, Op,
    OpBody, OpId, Outcome, Record, Standing, Tombstone,
};
use ejia::wire::frame::{Blob, hex, unhex};
use ejia::wire::{
    ChallengeAnswer, ChallengeRequest, CheckAnswer, CheckRequest, PushAnswer, PushRequest,
    QuarantineAnswer, QuarantineRequest, ReadmitAnswer, ReadmitRequest, Receipt, SessionAnswer,
    SessionRequest, decode, decode_op, decode_record, encode, encode_op, encode_record, pack,
    proof, unpack,
};
use uuid::Uuid;

/// Compares with the kept file; a missing file is an error that shows what it would hold.
fn golden(name: &str, bytes: &[u8]) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/wire").join(name);
    let kept = std::fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("{} is missing; new bytes: {}", path.display(), hex(bytes)));
    let kept: String = kept.split_whitespace().collect();
    assert_eq!(kept, hex(bytes), "{name} differs: a changed layout takes a new tag");
    unhex(&kept).unwrap()
}

fn id(n: u64) -> OpId {
    OpId { device: DeviceId(0x0123_4567_89ab_cdef), generation: 2, n }
}

fn record_id(n: u128) -> RecordId {
    RecordId(Uuid::from_u128(n))
}

fn values() -> Vec<(FieldNo, Value)> {
    let values = [
        Value::Null,
        Value::Text("歐陽若明".into()),
        Value::Int(-385),
        Value::Flag(true),
        Value::Date(PartialDate::month(2018, 6).unwrap()),
        Value::Instant(1_795_000_000_000),
        Value::Code("011".into()),
        Value::Ref(record_id(9)),
        Value::Unknown { tag: 900, bytes: vec![1, 2, 3] },
    ];
    (1..).map(FieldNo).zip(values).collect()
}

fn op(n: u64, body: OpBody) -> Op {
    Op {
        id: id(n),
        prev: [7; 16],
        salt: 0xfeed,
        hlc: 1_795_000_000_000 << 16 | 3,
        clock_off_ms: -1_500,
        clock_conf: 3,
        actor: UserId(Uuid::from_u128(5)),
        schema: 1,
        group: Some(Group { first: 1, index: 0, length: 2 }),
        kind: 2,
        record: record_id(7),
        body,
        was: Some((id(1), [9; 16])),
    }
}

#[test]
fn every_operation_encodes_as_the_first_release_did() {
    let field = FieldNo(4);
    let element = Uuid::from_u128(11);
    let seen = Base::Seen(id(3));
    let to = UnitId(Uuid::from_u128(8));
    let bodies = [
        ("create", OpBody::Create { unit: to, fields: values() }),
        (
            "set",
            OpBody::Set {
                sets: vec![(field, seen, Value::Null), (FieldNo(5), Base::Absent, Value::Int(1))],
            },
        ),
        ("element-add", OpBody::ElementAdd { field, element, value: Value::Code("x".into()) }),
        (
            "element-set",
            OpBody::ElementSet { field, element, base: seen, value: Value::Text("乙".into()) },
        ),
        ("element-delete", OpBody::ElementDelete { field, element, base: seen }),
        ("note", OpBody::Note { field, element, text: "註".into() }),
        ("move", OpBody::Move { base: seen, to }),
        ("delete", OpBody::Delete { saw: u64::MAX, reason: "離職".into() }),
        ("restore", OpBody::Restore { saw: 1 }),
        ("command", OpBody::Command { name: "enrol.request".into(), args: vec![1, 2] }),
        (
            "resolve",
            OpBody::Resolve {
                conflict: record_id(12),
                seen: vec![id(3), id(4)],
                values: vec![(field, Value::Text("丙".into()))],
            },
        ),
        ("unknown", OpBody::Unknown { tag: 77, bytes: vec![5, 6] }),
    ];
    for (name, body) in bodies {
        let op = op(6, body);
        let kept = golden(&format!("op-{name}.v1.hex"), &encode_op(&op).unwrap());
        assert_eq!(decode_op(&kept).unwrap(), op, "{name}");
    }
}

#[test]
fn every_outcome_encodes_as_the_first_release_did() {
    let outcomes = [
        Outcome::Applied { seq: 1 },
        Outcome::Converged { seq: 300 },
        Outcome::Conflict { seq: 3, id: record_id(1) },
        Outcome::WaitListed { seq: 4, position: 2 },
        Outcome::Held { seq: 5, why: "missing_base".into() },
        Outcome::Rejected {
            seq: 6,
            code: "invalid".into(),
            field: "name".into(),
            message: "q01-check-digit".into(),
        },
        Outcome::Blocked { seq: 7, by: 2 },
        Outcome::Unknown { tag: 99, bytes: vec![1] },
    ];
    for outcome in outcomes {
        let name = format!("outcome-{}.v1.hex", outcome.key());
        let kept = golden(&name, &encode(&outcome).unwrap());
        assert_eq!(decode::<Outcome>(&kept, "outcome").unwrap(), outcome);
    }
}

fn element(value: Option<Value>) -> ElementState {
    let by = UserId(Uuid::from_u128(5));
    ElementState { value, origin: id(1), seq: 40, by, hlc: 1_795_000_000_000 << 16 }
}

fn record() -> Record {
    let fields: BTreeMap<_, _> = values()
        .into_iter()
        .map(|(no, value)| (no, FieldState { value, origin: id(u64::from(no.0 % 3)), seq: 40 }))
        .collect();
    Record {
        id: record_id(7),
        kind: 2,
        unit: UnitId(Uuid::from_u128(8)),
        unit_origin: id(1),
        rev: 70_000,
        created: id(1),
        fields,
        elements: BTreeMap::from([
            ((FieldNo(30), Uuid::from_u128(11)), element(Some(Value::Text("乙".into())))),
            ((FieldNo(30), Uuid::from_u128(12)), element(None)),
        ]),
        tombstone: Some(Tombstone { by: id(9), reason: "離職".into(), seq: 41 }),
        open_conflicts: 2,
        conflict: None,
        held: None,
    }
}

#[test]
fn records_and_conflicts_encode_as_the_first_release_did() {
    let record = record();
    let kept = golden("record.v1.hex", &encode_record(&record).unwrap());
    let read = decode_record(&kept).unwrap();
    assert_eq!(read.values(), record.values());
    assert_eq!(read.tombstone, record.tombstone);
    assert_eq!(read.elements, record.elements);
    let conflict = Conflict {
        record: record.id,
        record_kind: 2,
        fields: vec![FieldNo(2)],
        base: vec![(FieldNo(2), Value::Text("甲".into()))],
        current: vec![Standing {
            field: FieldNo(2),
            op: Some(id(2)),
            actor: Some(UserId(Uuid::from_u128(4))),
            hlc: 8,
        }],
        candidates: vec![Candidate {
            op: id(6),
            values: vec![(FieldNo(2), Value::Text("乙".into()))],
            actor: UserId(Uuid::from_u128(5)),
            hlc: 9,
            recv_at: 10,
        }],
        kind: ConflictKind::Edit,
        state: ConflictState::Open,
        element: Some(Uuid::from_u128(11)),
    };
    let conflict = conflict.into_record(record_id(12), record.unit, id(6), 50);
    let kept = golden("conflict.v1.hex", &encode_record(&conflict).unwrap());
    assert_eq!(decode_record(&kept).unwrap(), conflict);
}

fn receipt() -> Receipt {
    Receipt {
        id: id(6),
        epoch: Uuid::from_u128(3),
        outcome: Outcome::WaitListed { seq: 9, position: 4 },
        mac: Blob(vec![5; 32]),
    }
}

#[test]
fn arguments_of_commands_are_read_as_the_first_release_wrote_them() {
    fn check<A: Arguments + PartialEq + std::fmt::Debug>(args: &A) {
        let kept = golden(&format!("args-{}.v1.hex", A::NAME), &args.seal());
        assert_eq!(A::open(&kept).as_ref(), Some(args));
        let coded = encode(args).unwrap();
        assert_eq!(kept.get(6..), Some(coded.as_slice()), "the bytes are those of any other frame");
        assert_eq!(A::open(&[kept.as_slice(), &[0]].concat()), None, "nothing may follow");
        assert_eq!(A::open(&kept[..kept.len() - 1]), None);
    }
    let (class, person) = (record_id(20), record_id(21));
    check(&EnrolRequest {
        class,
        person,
        request: Uuid::from_u128(22),
        post_then: "甲支部書記".into(),
    });
    check(&EnrolCancel { class, person, reason: "出差".into() });
    check(&EnrolClose { class });
    let unit = UnitId(Uuid::from_u128(8));
    check(&NumberLease { range: "certificate".into(), year: 2026, unit, count: 50 });
    check(&EventNote {
        word: "reveal".into(),
        record: Some(person),
        kind: 2,
        fields: vec![5, 9],
        count: 1,
        detail: "審核學歷".into(),
        at: 1_795_000_000_000,
    });
    check(&PersonMerge { keep: person, drop: record_id(23) });
    check(&Erase { fields: vec![30, 31], conflicts: vec![record_id(24)] });
}

#[test]
fn packets_are_read_as_the_first_release_wrote_them() {
    let request = PushRequest {
        generation: 2,
        from_n: 6,
        prev: [7; 16],
        ops: vec![Blob(vec![1, 2, 3])],
        receipts: vec![receipt()],
    };
    let kept = golden("packet-push-request.v1.hex", &pack(&request).unwrap());
    assert_eq!(unpack::<PushRequest>(&kept).unwrap(), request);
    let answer = PushAnswer {
        last_n: 6,
        results: vec![(6, Outcome::Applied { seq: 9 })],
        receipts: vec![receipt()],
    };
    let kept = golden("packet-push-answer.v1.hex", &pack(&answer).unwrap());
    assert_eq!(unpack::<PushAnswer>(&kept).unwrap(), answer);
}

#[test]
fn a_packet_with_any_byte_changed_is_refused() {
    let request = PushRequest {
        generation: 2,
        from_n: 6,
        prev: [7; 16],
        ops: vec![Blob(vec![1; 300])],
        receipts: Vec::new(),
    };
    let packet = pack(&request).unwrap();
    for at in 0..packet.len() {
        let mut other = packet.clone();
        other[at] ^= 0x10;
        assert!(unpack::<PushRequest>(&other).is_err(), "byte {at}");
    }
}

#[test]
fn the_calls_after_a_restore_are_read_as_they_were_first_written() {
    fn kept<M: ejia::wire::packet::Message + PartialEq + std::fmt::Debug>(name: &str, message: &M) {
        let bytes = encode(message).unwrap();
        let frame = ejia::wire::frame::seal(M::TAG, &bytes);
        let kept = golden(&format!("message-{name}.v1.hex"), &frame);
        let bytes = ejia::wire::frame::expect(&kept, M::TAG).unwrap();
        assert_eq!(decode::<M>(bytes, "message").unwrap(), *message);
    }
    let unit = |n: u128| UnitId(Uuid::from_u128(n));
    let (epoch, chain) = (Uuid::from_u128(3), [6; 16]);
    let certificate = Blob(vec![1, 2, 3]);
    let (name, app) = ("laptop".to_owned(), "0.1.0".to_owned());
    let (nonce, signature) = (Blob(vec![4; 40]), Blob(vec![5; 64]));
    let readmit = ReadmitRequest {
        certificate,
        nonce: nonce.clone(),
        signature: signature.clone(),
        name,
        app,
    };
    kept("readmit-request", &readmit);
    let device = id(1).device;
    kept("challenge-request", &ChallengeRequest { device });
    kept("challenge-answer", &ChallengeAnswer { nonce: nonce.clone() });
    kept("session-request", &SessionRequest { device, nonce: nonce.clone(), signature });
    kept("session-answer", &SessionAnswer { token: "ab".repeat(32), seconds: 3_600 });
    let signed = proof("session", Uuid::from_u128(3), device, &nonce.0);
    golden("proof.v1.hex", &signed);
    let role = ejia::domain::access::Role::Organizer;
    kept("readmit-answer", &ReadmitAnswer { role, unit: unit(8), epoch });
    let ops = vec![Blob(vec![1, 2]), Blob(vec![3])];
    kept("quarantine-request", &QuarantineRequest { generation: 2, from_n: 300, ops });
    kept("quarantine-answer", &QuarantineAnswer { kept: 2, wipe: true });
    let cursor = ejia::sync::Cursor { epoch, seq: 70, chain };
    let units = vec![(unit(8), u64::MAX), (unit(9), 1)];
    kept("check-request", &CheckRequest { cursor, scope_token: 5, units });
    let (differ, gone) = (vec![unit(8)], vec![unit(9)]);
    kept("check-answer", &CheckAnswer { compared: true, differ, gone });
}

#[test]
fn anything_else_is_refused_before_it_is_decoded() {
    for bytes in
        [&b""[..], b"EJ", b"<!DOCTYPE html><html>", b"EJ\x02\x00\x00x", b"EJ\x01\x00\x01notzstd"]
    {
        assert!(unpack::<PushAnswer>(bytes).is_err());
    }
}
