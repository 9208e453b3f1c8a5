//! Valid bytes to begin with: what the first release wrote (tests/it/data), and messages made from it.

use std::io::Read as _;
use std::path::Path;
use std::sync::OnceLock;

use ejia::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use ejia::sync::open::Open;
use ejia::sync::{Cursor, Outcome, Witness};
use ejia::wire::frame::{Blob, unhex};
use ejia::wire::packet::envelope;
use ejia::wire::{
    Page, Problem, PullRequest, PushAnswer, PushRequest, RecordBytes, SyncRequest, pack,
};
use uuid::Uuid;

type Bytes = Vec<Vec<u8>>;

/// Reads the kept files whose names begin so.
fn kept(prefix: &str) -> Bytes {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/wire");
    let mut paths: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix))
        .map(|path| {
            let text: String = std::fs::read_to_string(path).unwrap().split_whitespace().collect();
            unhex(&text).unwrap()
        })
        .collect()
}

pub(super) fn ops() -> &'static Bytes {
    static OPS: OnceLock<Bytes> = OnceLock::new();
    OPS.get_or_init(|| kept("op-"))
}

pub(super) fn records() -> &'static Bytes {
    static RECORDS: OnceLock<Bytes> = OnceLock::new();
    RECORDS.get_or_init(|| [kept("record"), kept("conflict")].concat())
}

pub(super) fn packets() -> &'static Bytes {
    static PACKETS: OnceLock<Bytes> = OnceLock::new();
    PACKETS.get_or_init(|| [kept("packet-"), made()].concat())
}

fn made() -> Bytes {
    let push = PushRequest {
        generation: 3,
        from_n: 9,
        prev: [4; 16],
        ops: ops().iter().cloned().map(Blob).collect(),
        receipts: Vec::new(),
    };
    let cursor = Cursor { epoch: Uuid::from_u128(3), seq: 70, chain: [6; 16] };
    let pull = PullRequest {
        cursor,
        scope_token: 5,
        min_seq: 4,
        limit: 1_000,
        backfill: vec![(UnitId(Uuid::from_u128(8)), 3)],
        floor: 2,
        head: cursor,
    };
    let page = Page {
        puts: records().iter().cloned().map(RecordBytes).collect(),
        removes: vec![(RecordId(Uuid::from_u128(2)), "moved".into(), 9)],
        cursor,
        complete: true,
        backfill: Vec::new(),
        names: vec![(UserId(Uuid::from_u128(5)), "王小明".into())],
        seal: [9; 16],
        head: Witness { at: cursor, seal: [8; 16] },
    };
    let answer = PushAnswer {
        last_n: 3,
        results: vec![
            (1, Outcome::Applied { seq: 4 }),
            (2, Outcome::Blocked { seq: 5, by: 1 }),
            (3, Outcome::Held { seq: 6, why: "base".into() }),
        ],
        receipts: Vec::new(),
    };
    let problem = Problem {
        code: "gap".into(),
        message: "operation 3 is expected next".into(),
        expected: Some(3),
        request_id: "0123456789abcdef".into(),
    };
    vec![
        pack(&push).unwrap(),
        pack(&pull).unwrap(),
        pack(&page).unwrap(),
        pack(&answer).unwrap(),
        pack(&problem).unwrap(),
        pack(&open(push, pull)).unwrap(),
    ]
}

fn open(push: PushRequest, pull: PullRequest) -> SyncRequest {
    let open = Open {
        device: DeviceId(1),
        generation: 3,
        last_n: 9,
        last_hash: [4; 16],
        acked_n: 8,
        cursor: pull.cursor,
        scope_token: 5,
        schema: 1,
        app: "0.1.0".into(),
        device_time: 1_795_000_000_000,
        outbox_depth: 1,
        oldest_age_ms: 60_000,
        earlier: vec![(2, 40)],
        seal: [9; 16],
        floor: 2,
        head: Witness { at: pull.head, seal: [8; 16] },
    };
    SyncRequest { open, push: Some(push), pull: Some(pull) }
}

/// Returns what a packet holds once decompressed: its frame.
pub(super) fn plain(packet: &[u8]) -> Vec<u8> {
    let (head, body) = packet.split_at(envelope(0, &[]).len());
    if head[4] & 1 == 0 {
        return body.to_vec();
    }
    let mut plain = Vec::new();
    zstd::stream::read::Decoder::new(body).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

/// Makes a compressed packet of anything.
pub(super) fn compressed(plain: &[u8]) -> Vec<u8> {
    envelope(1, &zstd::bulk::compress(plain, 3).unwrap())
}
