//! One suite for every backend: what [`super::Store`] and [`super::Journal`] promise, checked the same way on each.

use uuid::Uuid;

use super::{Change, Entry, Journal, MemoryStore, Row, Store};
use crate::domain::ids::{RecordId, UnitId};

/// Opens the same backend again, as a new process would.
pub(super) trait Backend {
    fn open(&self) -> Box<dyn Store>;
    /// Tells whether what was written is still there after reopening.
    fn keeps(&self) -> bool;
}

struct InMemory;

impl Backend for InMemory {
    fn open(&self) -> Box<dyn Store> {
        Box::new(MemoryStore::default())
    }
    fn keeps(&self) -> bool {
        false
    }
}

pub(super) fn id(n: u32) -> RecordId {
    RecordId(Uuid::from_u128(u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)))
}

pub(super) fn row(n: u32, text: &str) -> Row {
    let unit = UnitId(Uuid::from_u128(u128::from(n % 7)));
    Row { id: id(n), kind: 3, unit, rev: u64::from(n), bytes: text.as_bytes().into() }
}

pub(super) fn put(rows: impl IntoIterator<Item = Row>) -> Change {
    Change { puts: rows.into_iter().collect(), ..Change::default() }
}

pub(super) fn seen(store: &dyn Store) -> Vec<Row> {
    let mut rows = Vec::new();
    store.rows(&mut |row| rows.push(row)).unwrap();
    rows.sort_by_key(|row| row.id);
    rows
}

fn sorted(rows: impl IntoIterator<Item = Row>) -> Vec<Row> {
    let mut rows: Vec<Row> = rows.into_iter().collect();
    rows.sort_by_key(|row| row.id);
    rows
}

fn note(key: &str, value: &str) -> (String, Option<Vec<u8>>) {
    (key.into(), Some(value.into()))
}

fn unnote(key: &str) -> (String, Option<Vec<u8>>) {
    (key.into(), None)
}

pub(super) fn a_commit_is_visible_and_later_values_win(backend: &dyn Backend) {
    let mut store = backend.open();
    store.commit(&put([row(1, "one"), row(2, "two"), row(2, "two again")])).unwrap();
    assert_eq!(seen(&*store), sorted([row(1, "one"), row(2, "two again")]));
    store.commit(&put([row(1, "uno")])).unwrap();
    let both =
        Change { puts: vec![row(3, "x")], removes: vec![id(3), id(2), id(99)], notes: vec![] };
    store.commit(&both).unwrap();
    assert_eq!(seen(&*store), [row(1, "uno")]);
    store.commit(&put([row(2, &"long ".repeat(60_000))])).unwrap();
    assert_eq!(seen(&*store), sorted([row(1, "uno"), row(2, &"long ".repeat(60_000))]));
    store.commit(&put([row(2, "back")])).unwrap();
    assert_eq!(seen(&*store), sorted([row(1, "uno"), row(2, "back")]));
}

pub(super) fn notes_are_set_listed_and_deleted(backend: &dyn Backend) {
    let mut store = backend.open();
    let big = "z".repeat(700_000);
    let notes =
        vec![note("draft/b", "2"), note("draft/a", "1"), note("drafu", "no"), note("big", &big)];
    store.commit(&Change { notes, ..Change::default() }).unwrap();
    assert_eq!(store.note("big").unwrap(), Some(big.into_bytes()));
    assert_eq!(store.note("nothing").unwrap(), None);
    let listed = store.notes("draft/").unwrap();
    assert_eq!(listed, [("draft/a".into(), b"1".to_vec()), ("draft/b".into(), b"2".to_vec())]);
    let notes = vec![unnote("draft/a"), note("big", "small"), unnote("never")];
    store.commit(&Change { notes, ..Change::default() }).unwrap();
    assert_eq!(store.note("draft/a").unwrap(), None);
    assert_eq!(store.note("big").unwrap(), Some(b"small".to_vec()));
    assert_eq!(store.notes("").unwrap().len(), 3);
}

pub(super) fn staging_is_invisible_until_the_flip(backend: &dyn Backend) {
    let mut store = backend.open();
    store.commit(&put([row(1, "old"), row(2, "stays"), row(3, "goes")])).unwrap();
    let first = Change {
        puts: vec![row(1, "new"), row(4, "x")],
        removes: vec![id(3)],
        notes: vec![note("cursor", "5")],
    };
    let second =
        Change { puts: vec![row(5, "y")], removes: vec![id(4)], notes: vec![note("cursor", "9")] };
    store.stage(&first).unwrap();
    store.stage(&second).unwrap();
    assert_eq!(seen(&*store), sorted([row(1, "old"), row(2, "stays"), row(3, "goes")]));
    assert_eq!(store.note("cursor").unwrap(), None);
    let mut pages = Vec::new();
    store.staged(&mut |page| pages.push(page)).unwrap();
    assert_eq!(pages, [first, second]);
    store.commit(&put([row(5, "overtaken"), row(6, "meanwhile")])).unwrap();
    store.flip(false, &[note("done", "1")]).unwrap();
    let want = sorted([row(1, "new"), row(2, "stays"), row(5, "y"), row(6, "meanwhile")]);
    assert_eq!(seen(&*store), want);
    assert_eq!(store.note("cursor").unwrap(), Some(b"9".to_vec()));
    assert_eq!(store.note("done").unwrap(), Some(b"1".to_vec()));
    store.staged(&mut |_| panic!("a page is left")).unwrap();
    store.commit(&put([row(5, "z")])).unwrap();
    assert!(seen(&*store).contains(&row(5, "z")));
}

pub(super) fn a_replacing_flip_leaves_only_the_pages(backend: &dyn Backend) {
    let mut store = backend.open();
    store.commit(&put((0..500).map(|n| row(n, "old")))).unwrap();
    store
        .commit(&Change {
            puts: vec![row(7, "single")],
            notes: vec![note("kept", "1")],
            ..Change::default()
        })
        .unwrap();
    store.stage(&put((400..600).map(|n| row(n, "new")))).unwrap();
    store.flip(true, &[]).unwrap();
    assert_eq!(seen(&*store), sorted((400..600).map(|n| row(n, "new"))));
    assert_eq!(store.note("kept").unwrap(), Some(b"1".to_vec()));
    store.flip(true, &[]).unwrap();
    assert_eq!(seen(&*store), []);
}

pub(super) fn unstaging_forgets_the_pages(backend: &dyn Backend) {
    let mut store = backend.open();
    store.commit(&put([row(1, "base")])).unwrap();
    store.stage(&put((0..300).map(|n| row(n, "page")))).unwrap();
    store.unstage().unwrap();
    store.staged(&mut |_| panic!("a page is left")).unwrap();
    store.flip(false, &[]).unwrap();
    assert_eq!(seen(&*store), [row(1, "base")]);
}

pub(super) fn many_rows_and_their_changes_read_back_the_same(backend: &dyn Backend) {
    let mut store = backend.open();
    let mut model: std::collections::BTreeMap<RecordId, Row> = std::collections::BTreeMap::new();
    for round in 0..6_u32 {
        let rows: Vec<Row> = (0..800)
            .map(|n| row(n * (round + 1), &format!("{round} {}", "text ".repeat(20))))
            .collect();
        let removes: Vec<RecordId> = (0..90).map(|n| id(n * 7 + round)).collect();
        let change = Change { puts: rows.clone(), removes: removes.clone(), notes: vec![] };
        if round % 2 == 0 {
            store.commit(&change).unwrap();
        } else {
            store.stage(&change).unwrap();
            store.flip(false, &[]).unwrap();
        }
        model.extend(rows.into_iter().map(|row| (row.id, row)));
        model.retain(|id, _| !removes.contains(id));
        for n in 0..60 {
            store.commit(&put([row(n, "single")])).unwrap();
            model.insert(id(n), row(n, "single"));
        }
        store.flush().unwrap();
        assert_eq!(seen(&*store), model.values().cloned().collect::<Vec<_>>());
    }
}

pub(super) fn reopening_gives_the_same(backend: &dyn Backend) {
    let mut store = backend.open();
    store.commit(&put((0..1_000).map(|n| row(n, "base")))).unwrap();
    store
        .commit(&Change {
            puts: vec![row(3, "edited")],
            removes: vec![id(4)],
            notes: vec![note("a", "b")],
        })
        .unwrap();
    store.stage(&put([row(5, "staged")])).unwrap();
    let (before, kept) = (seen(&*store), store.notes("").unwrap());
    drop(store);
    if !backend.keeps() {
        return;
    }
    let mut store = backend.open();
    assert_eq!(seen(&*store), before);
    assert_eq!(store.notes("").unwrap(), kept);
    store.stage(&put([row(6, "staged too")])).unwrap();
    drop(store);
    let mut store = backend.open();
    let mut pages = 0;
    store.staged(&mut |_| pages += 1).unwrap();
    assert_eq!(pages, 2);
    store.flip(true, &[]).unwrap();
    drop(store);
    assert_eq!(seen(&*backend.open()), sorted([row(5, "staged"), row(6, "staged too")]));
}

/// Every case, for one backend: `open` is called with a new place for each.
macro_rules! store_contract {
    ($new:expr) => {
        $crate::store::contract::store_contract!($new, [
            a_commit_is_visible_and_later_values_win,
            notes_are_set_listed_and_deleted,
            staging_is_invisible_until_the_flip,
            a_replacing_flip_leaves_only_the_pages,
            unstaging_forgets_the_pages,
            many_rows_and_their_changes_read_back_the_same,
            reopening_gives_the_same
        ]);
    };
    ($new:expr, [$($case:ident),*]) => { $(
        #[test]
        fn $case() {
            $crate::store::contract::$case(&$new);
        }
    )* };
}
pub(super) use store_contract;

pub(super) fn entries(journal: &dyn Journal) -> Vec<Entry> {
    let mut entries = Vec::new();
    journal.read(&mut |entry| entries.push(entry)).unwrap();
    entries
}

/// What every journal promises; `open` opens the same one again.
pub(super) fn a_journal_keeps_entries_in_order(keeps: bool, open: &dyn Fn() -> Box<dyn Journal>) {
    let entry = |generation, n: u64| Entry { generation, n, bytes: n.to_string().into_bytes() };
    let mut journal = open();
    assert_eq!((journal.last(), entries(&*journal)), (None, vec![]));
    journal.append(&[]).unwrap();
    assert_eq!(journal.last(), None);
    journal.append(&[entry(0, 1)]).unwrap();
    let many: Vec<Entry> = (2..3_000).map(|n| entry(0, n)).collect();
    journal.append(&many).unwrap();
    journal.append(&[entry(1, 1), Entry { bytes: vec![], ..entry(1, 2) }]).unwrap();
    let before = entries(&*journal);
    assert_eq!(before.len(), 3_001);
    assert_eq!((&before[0], &before[1..2_999], before[3_000].n), (&entry(0, 1), &many[..], 2));
    assert_eq!(journal.last(), Some((1, 2)));
    let mut some = Vec::new();
    let wanted = |generation, n| generation == 1 || n == 7 || n > 2_990;
    journal.read_some(&wanted, &mut |entry| some.push(entry)).unwrap();
    let expected = before.iter().filter(|entry| wanted(entry.generation, entry.n)).cloned();
    assert_eq!(some, expected.collect::<Vec<_>>());
    drop(journal);
    if keeps {
        let journal = open();
        assert_eq!(journal.last(), Some((1, 2)));
        assert_eq!(entries(&*journal), before);
    }
}

mod memory {
    use crate::store::MemoryJournal;

    super::store_contract!(super::InMemory);

    #[test]
    fn a_journal_keeps_entries_in_order() {
        super::a_journal_keeps_entries_in_order(false, &|| Box::new(MemoryJournal::default()));
    }
}
