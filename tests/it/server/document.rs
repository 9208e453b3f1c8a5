//! The worked example of docs/protocol.md is what the code writes.

use ejia::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use ejia::domain::kinds::Kind;
use ejia::domain::record::{FieldNo, Value};
use ejia::server::db::rows::{OpRow, Refused};
use ejia::sync::apply::{Stamp, apply};
use ejia::sync::{Author, Op, OpBody, OpId, World, digest};
use ejia::wire::frame::{Blob, hex};
use ejia::wire::{PushRequest, decode_op, encode, encode_op, encode_record, pack, unpack};
use uuid::Uuid;

const DOCUMENT: &str = include_str!("../../../docs/protocol.md");

fn example() -> Op {
    Op {
        id: OpId { device: DeviceId(0x0102_0304_0506_0708), generation: 1, n: 1 },
        prev: [0; 16],
        salt: 7,
        hlc: 1_790_000_000_000 << 16,
        clock_off_ms: -250,
        clock_conf: 3,
        actor: UserId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002)),
        schema: 1,
        group: None,
        kind: Kind::Person.number(),
        record: RecordId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001)),
        body: OpBody::Create {
            unit: UnitId::HOME,
            fields: vec![
                (FieldNo(1), Value::Text("06001".to_owned())),
                (FieldNo(2), Value::Text("王小明".to_owned())),
            ],
        },
        was: None,
    }
}

/// The document breaks hexadecimal over lines; white space does not count.
fn documented(what: &str, bytes: &[u8]) {
    let plain: String = DOCUMENT.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(plain.contains(&hex(bytes)), "docs/protocol.md lacks the {what}: {}", hex(bytes));
}

#[test]
fn the_worked_example_is_what_the_code_writes() {
    let op = example();
    let bytes = encode_op(&op).unwrap();
    documented("operation", &bytes);
    assert_eq!(decode_op(&bytes).unwrap(), op);
    documented("operation's hash", &digest(&bytes));

    let mut world = World::default();
    let home = UnitId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0003));
    world.units.insert(home, None);
    let role = ejia::domain::access::Role::Organizer;
    let author = Author { user: op.actor, role, home };
    let outcome = apply(&mut world, &op, &author, Stamp { seq: 1, recv_at: 0 });
    documented("outcome", &encode(&outcome).unwrap());
    documented("record", &encode_record(&world.records[&op.record]).unwrap());
    let row = OpRow {
        seq: 1,
        id: op.id,
        record: op.record,
        kind: op.kind,
        hash: digest(&bytes),
        bytes: bytes.clone(),
        chain: [0; 16],
        author,
        recv_at: 0,
        outcome: encode(&outcome).unwrap(),
        refused: Refused::No,
        was: None,
        outside: None,
    };
    documented("chain value", &row.link(&[0; 16], outcome.tag()));

    let push = PushRequest {
        generation: 1,
        from_n: 1,
        prev: [0; 16],
        ops: Vec::new(),
        receipts: Vec::new(),
    };
    let packet = pack(&push).unwrap();
    documented("packet", &packet);
    assert_eq!(unpack::<PushRequest>(&packet).unwrap(), push);
    let json = serde_json::to_string(&PushRequest { ops: vec![Blob(vec![0xab])], ..push }).unwrap();
    assert!(DOCUMENT.contains(&json), "docs/protocol.md lacks {json}");
    let json = serde_json::to_string(&outcome).unwrap();
    assert!(DOCUMENT.contains(&json), "docs/protocol.md lacks {json}");
}

#[test]
fn the_document_names_every_call_and_word() {
    let calls =
        ["/v1/hello", "/v1/enrol", "/v1/sync", "/v1/sync/push", "/v1/sync/pull", "/history"];
    let words = [
        "bad_code",
        "used_code",
        "expired_code",
        "device_taken",
        "unauthorized",
        "disabled",
        "revoked",
        "not_permitted",
        "gap",
        "fork",
        "behind",
        "epoch",
        "scope_changed",
        "too_large",
        "malformed",
        "unsupported",
        "protocol",
        "unknown_record",
        "unknown_call",
        "wrong_method",
        "too_many_requests",
        "busy",
        "internal",
        "unknown_body",
        "wrong_id",
        "wrong_kind",
        "missing_reference",
        "unknown_unit",
        "duplicate",
        "invalid",
        "illegal_step",
    ];
    for word in calls.iter().chain(&words) {
        assert!(DOCUMENT.contains(&format!("`{word}`")) || DOCUMENT.contains(word), "{word}");
    }
}
