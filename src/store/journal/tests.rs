use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::super::seal::Key;
use super::*;
use crate::store::FindingCode;

fn sealer() -> Sealer {
    Sealer::new(&Key::new([3; 32]))
}

fn entry(n: u64) -> Entry {
    let len = usize::try_from(n * 37 % 400).unwrap();
    Entry { generation: 1, n, bytes: format!("entry {n} {}", "x".repeat(len)).into_bytes() }
}

fn entries(range: Range<u64>) -> Vec<Entry> {
    range.map(entry).collect()
}

fn open(dir: &TempDir) -> (FileJournal, Vec<Finding>) {
    FileJournal::open(dir.path(), sealer(), None).unwrap()
}

fn all(journal: &dyn Journal) -> Vec<u64> {
    let mut seen = Vec::new();
    journal
        .read(&mut |read| {
            assert_eq!(read, entry(read.n));
            seen.push(read.n);
        })
        .unwrap();
    seen
}

/// A directory whose syncs cost nothing, where there is one.
fn fast_dir() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_none| TempDir::new()).unwrap()
}

fn segment(dir: &TempDir, number: u32) -> PathBuf {
    dir.path().join(format!("{number:08}.seg"))
}

#[test]
fn the_contract_holds() {
    let dir = TempDir::new().unwrap();
    crate::store::contract::a_journal_keeps_entries_in_order(true, &|| Box::new(open(&dir).0));
}

#[test]
fn entries_survive_reopening_in_order() {
    let dir = TempDir::new().unwrap();
    let mut journal = open(&dir).0;
    assert_eq!(journal.last(), None);
    journal.append(&entries(1..4)).unwrap();
    journal.append(&[]).unwrap();
    drop(journal);
    let (mut journal, findings) = open(&dir);
    assert_eq!(findings, []);
    assert_eq!(journal.last(), Some((1, 3)));
    journal.append(&entries(4..6)).unwrap();
    assert_eq!(all(&journal), [1, 2, 3, 4, 5]);
    assert_eq!(all(&open(&dir).0), [1, 2, 3, 4, 5]);
}

#[test]
fn a_large_batch_gets_a_segment_of_its_own_and_small_ones_fill_theirs() {
    let dir = TempDir::new().unwrap();
    let mut journal = open(&dir).0;
    journal.append(&entries(1..3)).unwrap();
    journal.append(&entries(3..1_003)).unwrap();
    for n in 1_003..2_000 {
        journal.append(&[entry(n)]).unwrap();
    }
    assert!(journal.segments.len() > 3);
    let (journal, findings) = open(&dir);
    assert_eq!(findings, []);
    assert_eq!(all(&journal), (1..2_000).collect::<Vec<_>>());
}

#[test]
fn an_entry_too_long_is_refused_and_harms_nothing() {
    let dir = TempDir::new().unwrap();
    let mut journal = open(&dir).0;
    let long = Entry { generation: 1, n: 1, bytes: vec![0; MAX_VALUE + 1] };
    assert!(matches!(journal.append(&[long]), Err(StoreError::TooLong { .. })));
    journal.append(&entries(1..2)).unwrap();
    assert_eq!(all(&journal), [1]);
}

#[test]
fn a_tail_cut_at_any_byte_leaves_what_was_before_and_says_so() {
    let dir = TempDir::new().unwrap();
    let mut journal = open(&dir).0;
    journal.append(&entries(1..6)).unwrap();
    let frames = journal.segments[0].frames.clone();
    drop(journal);
    let whole = fs::read(segment(&dir, 1)).unwrap();
    for at in (frames[2].start..frames[4].end).step_by(13) {
        let mut torn = whole.clone();
        torn[at..].fill(0);
        let kept = u64::try_from(
            frames.iter().filter(|frame| torn[(*frame).clone()] == whole[(*frame).clone()]).count(),
        )
        .unwrap();
        let dir = TempDir::new().unwrap();
        fs::write(segment(&dir, 1), &torn).unwrap();
        let (mut journal, findings) = open(&dir);
        assert_eq!(all(&journal), (1..=kept).collect::<Vec<_>>(), "cut at {at}");
        let cut_inside = !frames.iter().any(|frame| frame.start == at);
        assert_eq!(
            findings.len(),
            usize::from(
                cut_inside
                    && torn[frames[usize::try_from(kept).unwrap()].clone()].iter().any(|b| *b != 0)
            ),
            "cut at {at}"
        );
        assert!(
            findings
                .iter()
                .all(|found| found.code == FindingCode::JournalTorn && found.path.exists())
        );
        journal.append(&[entry(kept + 1)]).unwrap();
        let (journal, findings) = open(&dir);
        assert_eq!(findings, []);
        assert_eq!(all(&journal), (1..=kept + 1).collect::<Vec<_>>());
    }
}

#[test]
fn a_last_frame_cut_or_garbled_at_every_byte_costs_only_itself() {
    let dir = TempDir::new().unwrap();
    let mut journal = open(&dir).0;
    journal.append(&entries(9..12)).unwrap();
    let last = journal.segments[0].frames[2].clone();
    drop(journal);
    let whole = fs::read(segment(&dir, 1)).unwrap();
    let mut noise = 1_u32;
    for at in last.clone() {
        // What came before may be there and what came after not, or the other way round, or anything at all.
        for kind in 0..if at % 3 == 0 { 4 } else { 2 } {
            let mut torn = whole.clone();
            match kind {
                0 => torn[at..].fill(0),
                1 => torn.truncate(at),
                2 => torn[last.start..=at].fill(0),
                _ => torn[at..last.end].iter_mut().for_each(|byte| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *byte = noise.to_be_bytes()[0];
                }),
            }
            if torn.get(last.clone()) == Some(&whole[last.clone()]) {
                continue;
            }
            let dir = fast_dir();
            fs::write(segment(&dir, 1), &torn).unwrap();
            let (mut journal, _) = open(&dir);
            assert_eq!(all(&journal), [9, 10], "kind {kind} at {at}");
            journal.append(&[entry(11)]).unwrap();
            let (journal, findings) = open(&dir);
            assert_eq!((all(&journal), findings), (vec![9, 10, 11], vec![]), "kind {kind} at {at}");
        }
    }
}

#[test]
fn damage_anywhere_costs_only_the_entries_it_touches() {
    let dir = TempDir::new().unwrap();
    let mut journal = open(&dir).0;
    journal.append(&entries(1..40)).unwrap();
    let frames = journal.segments[0].frames.clone();
    let end = journal.segments[0].end;
    drop(journal);
    let whole = fs::read(segment(&dir, 1)).unwrap();
    for (at, len, flip) in
        (0..end).step_by(97).flat_map(|at| [(at, 1, 0x40), (at, 700, 0xff), (at, 700, 0)])
    {
        let mut bad = whole.clone();
        let range = at..(at + len).min(end);
        bad[range.clone()]
            .iter_mut()
            .for_each(|byte| *byte = if flip == 0 { 0 } else { *byte ^ flip });
        let dir = TempDir::new().unwrap();
        fs::write(segment(&dir, 1), &bad).unwrap();
        let touched = |frame: &Range<usize>| whole[frame.clone()] != bad[frame.clone()];
        let want: Vec<u64> =
            (1..).zip(&frames).filter(|(_, frame)| !touched(frame)).map(|(n, _)| n).collect();
        let (mut journal, findings) = open(&dir);
        assert_eq!(all(&journal), want, "{len} bytes at {at}");
        assert!(!findings.is_empty(), "{len} bytes at {at} unnoticed");
        assert!(findings.iter().all(|found| found.path.exists() && found.number("at").is_some()));
        journal.append(&[entry(99)]).unwrap();
        let (journal, findings) = open(&dir);
        assert_eq!(findings, []);
        assert_eq!(all(&journal), [want, vec![99]].concat());
    }
}

#[test]
fn a_file_cut_to_any_length_opens() {
    let dir = TempDir::new().unwrap();
    let mut journal = open(&dir).0;
    journal.append(&entries(1..10)).unwrap();
    let (frames, end) = (journal.segments[0].frames.clone(), journal.segments[0].end);
    drop(journal);
    let whole = fs::read(segment(&dir, 1)).unwrap();
    for len in (0..=end).step_by(31) {
        let dir = TempDir::new().unwrap();
        fs::write(segment(&dir, 1), &whole[..len]).unwrap();
        let want: Vec<u64> =
            (1..).zip(&frames).filter(|(_, frame)| frame.end <= len).map(|(n, _)| n).collect();
        let (mut journal, _) = open(&dir);
        assert_eq!(all(&journal), want, "length {len}");
        journal.append(&[entry(50)]).unwrap();
        assert_eq!(all(&open(&dir).0), [want, vec![50]].concat());
    }
}

#[test]
fn checking_finds_damage_and_gaps_and_changes_nothing() {
    let dir = TempDir::new().unwrap();
    let mut journal = open(&dir).0;
    journal.append(&entries(1..4)).unwrap();
    journal.append(&entries(7..9)).unwrap();
    let second = journal.segments[0].frames[1].clone();
    let found = FileJournal::check(dir.path(), &sealer()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].code, found[0].number("from"), found[0].number("to")),
        (FindingCode::JournalGap, Some(4), Some(6))
    );
    let mut bytes = fs::read(segment(&dir, 1)).unwrap();
    bytes[second.start + 30] ^= 1;
    fs::write(segment(&dir, 1), &bytes).unwrap();
    let found = FileJournal::check(dir.path(), &sealer()).unwrap();
    assert_eq!(found[0].code, FindingCode::JournalDamaged);
    assert_eq!(found[0].number("after"), Some(3));
    assert_eq!(fs::read(segment(&dir, 1)).unwrap(), bytes);
}

#[test]
fn a_newer_journal_is_refused_untouched() {
    let dir = TempDir::new().unwrap();
    fs::write(segment(&dir, 1), b"ejia journal v2\nwhatever").unwrap();
    let refused = FileJournal::open(dir.path(), sealer(), None).err();
    assert!(matches!(refused, Some(StoreError::TooNew { version: 2 })));
}

/// Fails the k-th operation and, while `stuck`, all after it; a failing write leaves half of its bytes.
struct Failing {
    left: Arc<AtomicU32>,
    stuck: bool,
    kind: io::ErrorKind,
}

impl Failing {
    fn fails(&mut self) -> io::Result<()> {
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 {
            return Ok(());
        }
        if !(self.stuck && left == 1) {
            self.left.store(left - 1, Ordering::SeqCst);
        }
        if left == 1 { Err(self.kind.into()) } else { Ok(()) }
    }
}

impl Disk for Failing {
    fn write(&mut self, file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        let failed = self.fails();
        let len = if failed.is_err() { bytes.len() / 2 } else { bytes.len() };
        Real.write(file, at, &bytes[..len]).and(failed)
    }
    fn sync(&mut self, file: &File) -> io::Result<()> {
        self.fails()?;
        Real.sync(file)
    }
    fn publish(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        Real.publish(from, to).and_then(|()| self.fails())
    }
    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.fails()?;
        Real.remove(path)
    }
}

#[test]
fn after_any_failing_operation_the_journal_goes_on_without_the_failed_entries() {
    for (stuck, batch) in [(false, 3_u64), (true, 3), (false, 400), (true, 400)] {
        for k in 1..=5 {
            let dir = TempDir::new().unwrap();
            let left = Arc::new(AtomicU32::new(0));
            let disk = Failing { left: left.clone(), stuck, kind: io::ErrorKind::StorageFull };
            let mut journal =
                FileJournal::open_on(dir.path(), sealer(), None, Box::new(disk)).unwrap().0;
            journal.append(&entries(1..3)).unwrap();
            left.store(k, Ordering::SeqCst);
            let mut next = 3;
            let mut failures = 0;
            while left.load(Ordering::SeqCst) > 0 && failures < 3 {
                match journal.append(&entries(next..next + batch)) {
                    Ok(()) => next += batch,
                    Err(error) => {
                        assert!(
                            matches!(error, StoreError::DiskFull { .. }) && error.is_retryable()
                        );
                        failures += 1;
                    }
                }
                assert_eq!(all(&journal), (1..next).collect::<Vec<_>>());
                assert_eq!(journal.last(), Some((1, next - 1)));
            }
            left.store(0, Ordering::SeqCst);
            // A shorter entry under the same number, so that leftovers of the longer batch would show.
            journal.append(&[entry(next)]).unwrap();
            drop(journal);
            let (journal, findings) = open(&dir);
            assert_eq!(findings, [], "stuck {stuck}, batch {batch}, operation {k}");
            assert_eq!(all(&journal), (1..=next).collect::<Vec<_>>());
        }
    }
}

/// Knows whether anything was written that was not synced.
struct Watching(Arc<AtomicU32>);

impl Disk for Watching {
    fn write(&mut self, file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.store(1, Ordering::SeqCst);
        Real.write(file, at, bytes)
    }
    fn sync(&mut self, file: &File) -> io::Result<()> {
        self.0.store(0, Ordering::SeqCst);
        Real.sync(file)
    }
}

#[test]
fn an_append_returns_only_when_nothing_waits_for_a_sync() {
    let dir = TempDir::new().unwrap();
    let unsynced = Arc::new(AtomicU32::new(0));
    let disk = Box::new(Watching(unsynced.clone()));
    let mut journal = FileJournal::open_on(dir.path(), sealer(), None, disk).unwrap().0;
    for (from, to) in [(1, 3), (3, 4), (4, 900), (900, 901)] {
        journal.append(&entries(from..to)).unwrap();
        assert_eq!(unsynced.load(Ordering::SeqCst), 0, "after entry {to}");
    }
}

mod damage {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn scanning_any_bytes_ends_and_finds_no_frame_by_chance(bytes in proptest::collection::vec(any::<u8>(), 0..3_000)) {
            prop_assert!(frame::scan(&bytes).frames.is_empty());
        }
    }
}
