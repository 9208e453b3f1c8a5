//! What the store costs: an edit in the journal against the same bytes appended and synced, one commit, filling 100,000
//! records, and loading them.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark fails loudly, says what it measured and is nobody's library"
)]

use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use ejia::domain::ids::{RecordId, UnitId};
use ejia::store::{Change, Entry, KeyCost, Row, Vault};
use uuid::Uuid;

const ROWS: u32 = 100_000;
const PAGE: u32 = 2_000;
/// Bytes of a typical edit.
const EDIT: usize = 300;

/// A record of twenty fields, some 700 bytes, with what repeats and what does not in real ones.
fn row(n: u32, round: u64) -> Row {
    let id = Uuid::from_u128(u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
    let mut bytes = Vec::with_capacity(720);
    for field in 0..20_u16 {
        bytes.extend_from_slice(&field.to_be_bytes());
        bytes.extend_from_slice(&round.to_be_bytes());
        let text = match field % 4 {
            0 => format!(
                "{:016x}",
                u64::from(n).wrapping_mul(0x2545_f491_4f6c_dd1d) ^ u64::from(field)
            ),
            1 => format!("202{}-{:02}-{:02}", n % 7, n % 12 + 1, n % 28 + 1),
            2 => ["faculty of engineering committee", "second graduate branch", "library branch"]
                [usize::try_from(n % 3).unwrap_or(0)]
            .to_owned(),
            _ => format!("person number {n} of unit {}", n % 400),
        };
        bytes.extend_from_slice(text.as_bytes());
    }
    let unit = UnitId(Uuid::from_u128(u128::from(n % 400)));
    Row { id: RecordId(id), kind: 3, unit, rev: u64::from(n) + round, bytes: bytes.into() }
}

fn fill(vault: &mut Vault, round: u64) {
    for first in (0..ROWS).step_by(usize::try_from(PAGE).unwrap_or(1)) {
        let puts = (first..first + PAGE).map(|n| row(n, round)).collect();
        vault.store.stage(&Change { puts, ..Change::default() }).expect("staged");
    }
    vault.store.flip(true, &[]).expect("flipped");
}

fn size(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).expect("listed").flatten();
    entries
        .map(|entry| {
            entry
                .metadata()
                .map_or(0, |meta| if meta.is_dir() { size(&entry.path()) } else { meta.len() })
        })
        .sum()
}

fn journal(c: &mut Criterion) {
    let temp = tempfile::TempDir::new().expect("a directory");
    let mut group = c.benchmark_group("edit");
    let bytes = vec![7; EDIT + 64];
    let mut plain = File::create(temp.path().join("plain")).expect("a file");
    group.bench_function("append and fdatasync", |b| {
        b.iter(|| plain.write_all(&bytes).and_then(|()| plain.sync_data()).expect("written"));
    });
    let path = temp.path().join("zeros");
    std::fs::write(&path, vec![0; 8 << 20]).expect("written");
    let mut zeros = OpenOptions::new().write(true).open(&path).expect("a file");
    zeros.sync_all().expect("synced");
    let mut at = 0;
    group.bench_function("overwrite and fdatasync", |b| {
        b.iter(|| {
            at = (at + 364) % (7 << 20);
            zeros.seek(SeekFrom::Start(at)).expect("sought");
            zeros.write_all(&bytes).and_then(|()| zeros.sync_data()).expect("written");
        });
    });
    let (mut vault, _) = Vault::create(&temp.path().join("v"), "p", KeyCost::CHEAP).expect("made");
    let mut n = 0;
    group.bench_function("journal append", |b| {
        b.iter(|| {
            n += 1;
            let entry = Entry { generation: 1, n, bytes: vec![7; EDIT] };
            vault.journal.append(&[entry]).expect("appended");
        });
    });
    group.bench_function("store commit of one row", |b| {
        b.iter(|| {
            n += 1;
            let puts = vec![row(u32::try_from(n % 500).unwrap_or(0), n)];
            vault.store.commit(&Change { puts, ..Change::default() }).expect("committed");
        });
    });
    group.finish();
}

fn bulk(c: &mut Criterion) {
    let temp = tempfile::TempDir::new().expect("a directory");
    let dir = temp.path().join("v");
    let (mut vault, _) = Vault::create(&dir, "p", KeyCost::CHEAP).expect("made");
    let mut group = c.benchmark_group("100,000 rows");
    group.sample_size(10);
    let mut round = 0;
    group.bench_function("stage and flip", |b| {
        b.iter(|| {
            round += 1;
            fill(&mut vault, round);
        });
    });
    group.bench_function("import into the journal", |b| {
        let entries: Vec<Entry> = (1..=u64::from(ROWS))
            .map(|n| Entry { generation: 1, n, bytes: vec![7; EDIT] })
            .collect();
        b.iter(|| vault.journal.append(&entries).expect("appended"));
    });
    let (mut other, _) = Vault::create(&temp.path().join("w"), "p", KeyCost::CHEAP).expect("made");
    let entries: Vec<Entry> =
        (1..=u64::from(ROWS)).map(|n| Entry { generation: 1, n, bytes: vec![7; EDIT] }).collect();
    other.journal.append(&entries).expect("appended");
    drop(other);
    group.bench_function("open and read the journal", |b| {
        b.iter(|| {
            let vault = Vault::open(&temp.path().join("w"), "p").expect("opened");
            let mut bytes = 0;
            vault.journal.read(&mut |entry| bytes += entry.bytes.len()).expect("read");
            black_box(bytes)
        });
    });
    fill(&mut vault, round + 1);
    drop(vault);
    std::fs::remove_dir_all(dir.join("journal")).expect("removed");
    group.bench_function("open and load", |b| {
        b.iter(|| {
            let vault = Vault::open(&dir, "p").expect("opened");
            let mut bytes = 0;
            vault.store.rows(&mut |row| bytes += row.bytes.len()).expect("read");
            black_box(bytes)
        });
    });
    group.finish();
    let raw: usize = (0..ROWS).map(|n| row(n, 1).bytes.len()).sum();
    println!("raw {raw} bytes, on disk {} bytes", size(&dir.join("store")));
}

criterion_group! {
    name = store;
    config = Criterion::default().warm_up_time(std::time::Duration::from_millis(300)).measurement_time(std::time::Duration::from_secs(2));
    targets = journal, bulk
}
criterion_main!(store);
