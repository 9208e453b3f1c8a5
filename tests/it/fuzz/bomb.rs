//! Small bytes that claim to be large: refused, in little memory. Memory is measured in a child of its own.
//!
//! `cargo test --test it fuzz::bomb -- --nocapture` says how much and how long.

use std::time::Instant;

use ejia::domain::kinds::Kind;
use ejia::domain::record::ParseContext;
use ejia::transfer::import::{ImportError, SheetRequest, read_sheet};
use ejia::wire::codec::CodecError;
use ejia::wire::frame::{self, Blob};
use ejia::wire::packet::{Message, envelope};
use ejia::wire::{CONTENT_TYPE, Page, Problem, PushRequest, encode, unpack};

use super::seeds::compressed;
use super::sheets;
use crate::proc::child::{self, Running, say};
use crate::server::harness::{Server, http};

/// Most memory that refusing may take beyond what the process had.
const MOST_KIB: u64 = 32 << 10;

/// A packet whose body decompresses to so many zeros: blocks of 128 KiB in four bytes each.
fn zeros(bytes: u64) -> Vec<u8> {
    let mut body = b"\x28\xb5\x2f\xfd\x00\x38".to_vec();
    let blocks = bytes / (128 << 10);
    for block in 1..=blocks {
        let header: u32 = u32::from(block == blocks) | 1 << 1 | (128 << 10) << 3;
        body.extend(&header.to_le_bytes()[..3]);
        body.push(0);
    }
    envelope(1, &body)
}

/// A packet of frames that hold nothing.
fn skippable(count: usize) -> Vec<u8> {
    let frame = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
    envelope(1, &frame.repeat(count))
}

/// A frame that says how long its content is, or how far back it looks.
fn claiming(header: &[u8]) -> Vec<u8> {
    envelope(1, &[b"\x28\xb5\x2f\xfd".as_slice(), header, &[1, 0, 0]].concat())
}

/// A push whose decompressed frame has `extra` bytes more, all zero: so many operations of no bytes.
fn empty_operations() -> Vec<u8> {
    let push = PushRequest {
        generation: 1,
        from_n: 1,
        prev: [0; 16],
        ops: Vec::new(),
        receipts: Vec::new(),
    };
    let mut bytes = encode(&push).unwrap();
    // The length of the list: 7 million, as bincode writes it.
    bytes.pop();
    bytes.push(252);
    bytes.extend(7_000_000_u32.to_le_bytes());
    bytes.resize(bytes.len() + 7_000_000, 0);
    compressed(&frame::seal(PushRequest::TAG, &bytes))
}

/// A stream of spaces for an archive: one literal, then copies of 258 bytes in 13 bits each.
fn spaces(count: usize) -> Vec<u8> {
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    let mut put = |value: u32, len: u32| {
        bits |= value << held;
        held += len;
        while held >= 8 {
            out.push(u8::try_from(bits & 0xff).unwrap());
            bits >>= 8;
            held -= 8;
        }
    };
    let code = |value: u32, len: u32| {
        (0..len).fold(0, |sum, bit| sum | (value >> bit & 1) << (len - 1 - bit))
    };
    put(0b011, 3);
    put(code(0x30 + 32, 8), 8);
    for _copy in 0..count / 258 {
        put(code(0b1100_0101, 8), 8);
        put(0, 5);
    }
    put(0, 7);
    put(0, 7);
    out
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Says what refusing took.
fn measured<T>(name: &str, act: impl FnOnce() -> T) -> T {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak_kib();
    let begun = Instant::now();
    let result = act();
    let time = begun.elapsed();
    // What was freed in between is not what it took.
    let more = peak_kib().saturating_sub(before);
    say(&format!("took {more} KiB and {} ms: {name}", time.as_millis()));
    result
}

#[test]
fn bombs_are_refused_in_little_memory() {
    const TEST: &str = "fuzz::bomb::bombs_are_refused_in_little_memory";
    if child::order().is_some() {
        wire_bombs();
        server_bombs();
        return sheet_bombs();
    }
    let mut command = child::command(TEST, &["bombs"]);
    let errors = tempfile::NamedTempFile::new().unwrap();
    let mut running = Running::start({
        command.stderr(errors.reopen().unwrap());
        command
    });
    let mut count = 0;
    while let Some(line) = running.line(std::time::Duration::from_mins(2)) {
        let Some(took) = line.strip_prefix("took ") else { continue };
        println!("{line}");
        let kib: u64 = took.split(' ').next().unwrap().parse().unwrap();
        assert!(kib <= MOST_KIB, "{line}");
        count += 1;
    }
    let ended = running.child.wait().unwrap();
    assert!(ended.success(), "{}", std::fs::read_to_string(errors.path()).unwrap());
    assert!(count >= 9);
}

fn wire_bombs() {
    let bomb = zeros(10 << 30);
    assert!(bomb.len() < 1 << 20);
    let refused = measured("10 GiB of zeros in 320 KiB", || unpack::<PushRequest>(&bomb));
    assert!(matches!(refused, Err(CodecError::TooLarge { .. })), "{refused:?}");
    let inner = [b"\x28\xb5\x2f\xfd".as_slice(), &bomb].concat();
    let nested = compressed(&inner);
    assert!(measured("the same inside another", || unpack::<PushRequest>(&nested)).is_err());
    let skipped = skippable(131_072);
    assert!(measured("1 MiB of skipped frames", || unpack::<PushRequest>(&skipped)).is_err());
    // The largest window, 2 TiB; a single segment of 2^60 bytes.
    for claim in [&[0x00, 0xff][..], &[0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10]] {
        let claim = claiming(claim);
        assert!(measured("a claim of terabytes", || unpack::<Page>(&claim)).is_err());
    }
    let many = empty_operations();
    assert!(many.len() < 1 << 20);
    let refused = measured("7 million operations of no bytes", || unpack::<PushRequest>(&many));
    assert!(matches!(refused, Err(CodecError::Malformed { .. })), "{refused:?}");
}

fn server_bombs() {
    let server = Server::start();
    let hq = server.hq();
    let http = http();
    let post = |name: &str, kind: &str, body: Vec<u8>| {
        let answer = measured(name, || {
            http.post(format!("{}/v1/sync/push", server.url))
                .header("content-type", kind)
                .header("accept", CONTENT_TYPE)
                .header("authorization", format!("Bearer {}", hq.token))
                .body(body)
                .send()
                .unwrap()
        });
        let status = answer.status().as_u16();
        let problem: Problem = unpack(&answer.bytes().unwrap()).unwrap();
        (status, problem.code)
    };
    let large = (413, "too_large".to_owned());
    let malformed = (400, "malformed".to_owned());
    assert_eq!(post("to the server: 10 GiB of zeros", CONTENT_TYPE, zeros(10 << 30)), large);
    assert_eq!(post("to the server: skipped frames", CONTENT_TYPE, skippable(131_072)), malformed);
    assert_eq!(
        post("to the server: empty operations", CONTENT_TYPE, empty_operations()),
        malformed
    );
    let push = PushRequest {
        generation: 1,
        from_n: 1,
        prev: [0; 16],
        ops: vec![Blob(Vec::new()); 1_000_000],
        receipts: Vec::new(),
    };
    let json = serde_json::to_vec(&push).unwrap();
    assert_eq!(
        post("to the server: a million empty operations in JSON", "application/json", json),
        malformed
    );
}

fn sheet_bombs() {
    let cx = ParseContext::sheet(jiff::civil::date(2026, 11, 23));
    let request = SheetRequest { file: "f.xlsx", sheet: None, kind: Some(Kind::Person) };
    let content = spaces(1 << 30);
    assert!(content.len() < 8 << 20);
    for part in ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"] {
        for claimed in [u32::MAX, 1_000] {
            let mut parts = sheets::parts().to_vec();
            for (name, bytes) in &mut parts {
                if name == part {
                    bytes.clone_from(&content);
                }
            }
            let book = sheets::archive(&parts, Some((part, claimed)));
            let name = format!("a workbook whose {part} says {claimed} and is 1 GiB");
            let refused = measured(&name, || read_sheet(&request, &book, &cx));
            let told = match &refused {
                Err(ImportError::TooLarge { .. }) => claimed == u32::MAX,
                Err(ImportError::Corrupt { .. }) => claimed == 1_000,
                _ => false,
            };
            assert!(told, "{name}: {refused:?}");
        }
    }
}
