//! What every backend must do, as one suite: `contract!` runs it for each.
#![expect(clippy::cognitive_complexity, reason = "a contract is told in one piece")]

use std::sync::Arc;

use uuid::Uuid;

use super::location::Location;
use super::memory::Memory;
use super::rows::{
    Account, Changes, CodeUse, Mend, NewCode, NewDevice, NewSession, NewTenant, OpRow, PageQuery,
    PositionQuery, RecordRow, Refused, UniqueRow, Visible, Wanted,
};
use super::{Database, Db, DbError, Tx};
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};
use crate::server::push::record_row;
use crate::sync::{Author, Conflict, ConflictKind, ConflictState, FieldState, OpId, Record};
use crate::wire::{decode_record, encode};

#[path = "../../../tests/it/server/pg.rs"]
pub(super) mod pg;

/// Makes an empty database, and keeps its folder while it is used.
async fn sqlite() -> Option<(Database, Option<tempfile::TempDir>)> {
    let folder = tempfile::tempdir().unwrap();
    let db = Database::open(folder.path().join("test.sqlite"), true).await.unwrap();
    Some((db, Some(folder)))
}

pub(super) async fn postgres() -> Option<(Database, Option<tempfile::TempDir>)> {
    let location = Location::Postgres(pg::cluster()?.database());
    Some((Database::open(location, true).await.unwrap(), None))
}

async fn memory() -> Option<(Memory, ())> {
    Some((Memory::default(), ()))
}

macro_rules! contract {
    ($($backend:ident)+: $names:tt) => {
        $(contract! { @one $backend $names })+
    };
    (@one $backend:ident [$($name:ident),* $(,)?]) => {
        mod $backend {
            $(#[test]
            fn $name() {
                let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
                runtime.block_on(async {
                    let Some((db, _folder)) = super::$backend().await else { return };
                    super::set_up(&db).await;
                    super::$name(db).await;
                });
            })*
        }
    };
}
contract! { sqlite postgres memory: [
    a_tenant_is_made_once, a_dropped_transaction_changes_nothing, a_savepoint_takes_back_only_its_part,
    codes_are_used_once_and_in_time, a_device_changes_hands_within_one_account_only, what_is_stored_is_read_back,
    a_batch_finds_what_it_may_touch, a_class_is_found_with_its_enrolments, repeated_operations_are_found_by_number, pages_break_between_positions,
    scoped_pages_tell_what_left, concurrent_writers_lose_nothing,
] }

const ROOT: UnitId = UnitId(Uuid::from_u128(1));
const USER: UserId = UserId(Uuid::from_u128(2));
const DEVICE: DeviceId = DeviceId(u64::MAX - 3);

pub(super) async fn set_up<D: Db>(db: &D) {
    assert!(matches!(db.tenant().await, Err(DbError::NoTenant)));
    let mut tx = db.begin().await.unwrap();
    tx.insert_tenant(&tenant()).await.unwrap();
    let account =
        Account { id: USER, name: "user".into(), role: Role::Hq, unit: ROOT, disabled: false };
    tx.insert_account(&account).await.unwrap();
    tx.commit().await.unwrap();
}

fn tenant() -> NewTenant {
    NewTenant {
        id: Uuid::from_u128(9),
        name: "同舟大學".into(),
        root: ROOT,
        server_device: DeviceId(5),
        epoch: Uuid::from_u128(10),
    }
}

fn op_id(n: u64) -> OpId {
    OpId { device: DEVICE, generation: 1, n }
}

fn record(id: u128, unit: UnitId, seq: u64) -> Record {
    let name = FieldState { value: Value::Text("王小明".into()), origin: op_id(seq), seq };
    Record {
        id: RecordId(Uuid::from_u128(id)),
        kind: Kind::Person.number(),
        unit,
        unit_origin: op_id(seq),
        rev: seq,
        created: op_id(seq),
        fields: [(FieldNo(2), name)].into(),
        elements: std::collections::BTreeMap::new(),
        tombstone: None,
        open_conflicts: 0,
        conflict: None,
        held: None,
    }
}

pub(super) fn op_row(seq: u64, refused: Refused) -> OpRow {
    let byte = u8::try_from(seq % 251).unwrap();
    OpRow {
        seq,
        id: op_id(seq),
        record: RecordId(Uuid::from_u128(u128::from(seq))),
        kind: Kind::Person.number(),
        bytes: vec![byte; 3],
        hash: [byte; 16],
        chain: [byte; 16],
        author: Author { user: USER, role: Role::Hq, home: ROOT },
        recv_at: -1,
        outcome: vec![7],
        refused,
        was: None,
        outside: seq.is_multiple_of(2).then(|| vec![byte]),
    }
}

/// Positions `1..=records.len()`, one record each.
pub(super) fn changes(records: &[Record]) -> Changes {
    let last = u64::try_from(records.len()).unwrap();
    Changes {
        ops: (1..=last).map(|seq| op_row(seq, Refused::No)).collect(),
        records: records.iter().map(|record| record_row(record).unwrap()).collect(),
        devices: vec![(op_id(last), [1; 16])],
        head: (last, [u8::try_from(last % 251).unwrap(); 16]),
        ..Changes::default()
    }
}

async fn store<D: Db>(db: &D, changes: Changes) {
    let mut tx = db.begin().await.unwrap();
    tx.lock().await.unwrap();
    tx.store(changes).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_tenant_is_made_once<D: Db>(db: D) {
    let made = db.tenant().await.unwrap();
    assert_eq!((made.id, made.root, made.epoch_no, made.head_seq), (tenant().id, ROOT, 1, 0));
    let mut tx = db.begin().await.unwrap();
    assert!(matches!(tx.insert_tenant(&tenant()).await, Err(DbError::Exists { .. })));
}

async fn a_dropped_transaction_changes_nothing<D: Db>(db: D) {
    let mut tx = db.begin().await.unwrap();
    tx.store(changes(&[record(1, ROOT, 1)])).await.unwrap();
    drop(tx);
    assert_eq!(db.sizes().await.unwrap(), super::rows::Sizes::default());
    assert_eq!(db.tenant().await.unwrap().head_seq, 0);
}

async fn a_savepoint_takes_back_only_its_part<D: Db>(db: D) {
    let mut tx = db.begin().await.unwrap();
    tx.savepoint().await.unwrap();
    tx.store(changes(&[record(1, ROOT, 1)])).await.unwrap();
    tx.release().await.unwrap();
    tx.savepoint().await.unwrap();
    let second = changes(&[record(1, ROOT, 1), record(2, ROOT, 2)]);
    let second = Changes { ops: second.ops.into_iter().skip(1).collect(), ..second };
    tx.store(second).await.unwrap();
    tx.rollback().await.unwrap();
    tx.commit().await.unwrap();
    let sizes = db.sizes().await.unwrap();
    assert_eq!((sizes.ops, sizes.records, db.tenant().await.unwrap().head_seq), (1, 1, 1));
}

async fn codes_are_used_once_and_in_time<D: Db>(db: D) {
    let mut tx = db.begin().await.unwrap();
    for (hash, expires_at) in [([1; 32], 100), ([2; 32], 10)] {
        tx.insert_code(&NewCode { hash, account: USER, expires_at }).await.unwrap();
    }
    assert_eq!(tx.use_code(&[3; 32], 50).await.unwrap(), CodeUse::Wrong);
    assert_eq!(tx.use_code(&[2; 32], 10).await.unwrap(), CodeUse::Expired);
    assert_eq!(tx.use_code(&[1; 32], 99).await.unwrap(), CodeUse::Taken(USER));
    assert_eq!(tx.use_code(&[1; 32], 99).await.unwrap(), CodeUse::Used);
}

async fn a_device_changes_hands_within_one_account_only<D: Db>(db: D) {
    let other = UserId(Uuid::from_u128(3));
    let device = |account, key| NewDevice {
        id: DEVICE,
        account,
        key,
        name: "laptop".into(),
        app_version: "1".into(),
        now: 1,
    };
    let mut tx = db.begin().await.unwrap();
    let account = Account {
        id: other,
        name: "other".into(),
        role: Role::Auditor,
        unit: ROOT,
        disabled: false,
    };
    tx.insert_account(&account).await.unwrap();
    assert!(tx.insert_device(&device(USER, [1; 32])).await.unwrap());
    assert!(!tx.insert_device(&device(other, [2; 32])).await.unwrap());
    let session = |token, nonce, now| {
        let device = DEVICE;
        Mend::Session(NewSession { token, device, nonce, now, expires_at: now + 10 })
    };
    assert!(tx.mend(&session([1; 32], [1; 16], 0)).await.unwrap());
    assert!(tx.insert_device(&device(USER, [3; 32])).await.unwrap());
    assert!(tx.mend(&session([3; 32], [3; 16], 5)).await.unwrap());
    assert!(!tx.mend(&session([4; 32], [3; 16], 6)).await.unwrap(), "a nonce is good once");
    tx.commit().await.unwrap();
    assert_eq!(db.device_key(DEVICE).await.unwrap(), Some([3; 32]));
    assert_eq!(db.device_key(DeviceId(1)).await.unwrap(), None);
    assert!(db.session(&[1; 32]).await.unwrap().is_none(), "the old token is dead");
    assert!(db.session(&[4; 32]).await.unwrap().is_none());
    let session = db.session(&[3; 32]).await.unwrap().unwrap();
    assert_eq!((session.device.id, session.author().role), (DEVICE, Role::Hq));
    let mut tx = db.begin().await.unwrap();
    assert!(tx.set_device_state(DEVICE, "revoked").await.unwrap());
    assert!(!tx.insert_device(&device(USER, [4; 32])).await.unwrap());
    assert!(tx.set_disabled("user", true).await.unwrap());
    assert!(!tx.set_disabled("nobody", true).await.unwrap());
    tx.commit().await.unwrap();
    assert!(db.session(&[3; 32]).await.unwrap().unwrap().account.disabled);
}

async fn what_is_stored_is_read_back<D: Db>(db: D) {
    let records: Vec<Record> = (1..=251).map(|n| record(u128::from(n), ROOT, n)).collect();
    let unique = UniqueRow { kind: 2, field: 1, key: vec![1, 2], record: records[0].id };
    let first = Changes {
        unique_taken: vec![unique.clone()],
        units_put: vec![(ROOT, None), (UnitId(Uuid::from_u128(4)), Some(ROOT))],
        reparent_seq: 3,
        ..changes(&records)
    };
    let ops = first.ops.clone();
    store(&db, first).await;
    assert_eq!(db.ops_after(0, 1_000).await.unwrap(), ops);
    assert_eq!(db.ops_after(250, 1_000).await.unwrap().len(), 1);
    let stored = db.record(records[0].id).await.unwrap().unwrap();
    assert_eq!(decode_record(&stored.body).unwrap(), records[0]);
    assert_eq!(db.records_after(Some(records[249].id), 9).await.unwrap().len(), 1);
    assert_eq!(db.unique_holder(2, 1, &[1, 2]).await.unwrap(), Some(records[0].id));
    assert_eq!(db.tenant().await.unwrap().reparent_seq, 3);
    let units = db.units().await.unwrap();
    assert_eq!(units.root(), Some(ROOT));
    let again = Changes {
        records: vec![RecordRow { tomb_seq: Some(252), last_seq: 252, ..stored }],
        unique_dropped: vec![unique],
        units_dropped: vec![UnitId(Uuid::from_u128(4))],
        head: (252, [0; 16]),
        ..Changes::default()
    };
    store(&db, again).await;
    assert_eq!(db.record(records[0].id).await.unwrap().unwrap().tomb_seq, Some(252));
    assert_eq!(db.unique_values().await.unwrap(), []);
    assert_eq!(db.units().await.unwrap().subtree(ROOT).len(), 1);
}

async fn a_batch_finds_what_it_may_touch<D: Db>(db: D) {
    let target = record(1, ROOT, 1);
    let open = |state| Conflict {
        record: target.id,
        record_kind: target.kind,
        fields: vec![FieldNo(2)],
        base: Vec::new(),
        current: Vec::new(),
        candidates: Vec::new(),
        kind: ConflictKind::Edit,
        state,
        element: None,
    };
    let conflict = |id: u128, seq, state| {
        open(state).into_record(RecordId(Uuid::from_u128(id)), ROOT, op_id(seq), seq)
    };
    let waiting = conflict(2, 2, ConflictState::Open);
    let closed = conflict(3, 3, ConflictState::ClosedByPerson(op_id(1)));
    let mut all = changes(&[target.clone(), waiting.clone(), closed]);
    all.ops.push(op_row(4, Refused::Creation));
    all.ops.push(op_row(5, Refused::Yes));
    let held = Value::Text("06001".into());
    let key = encode(&held).unwrap();
    all.unique_taken = vec![UniqueRow { kind: 2, field: 1, key, record: target.id }];
    all.head = (5, [0; 16]);
    store(&db, all).await;

    let missing = RecordId(Uuid::from_u128(4));
    let wanted = Wanted {
        records: [target.id, missing].into(),
        about: [target.id].into(),
        moving: std::collections::BTreeSet::new(),
        pointing: std::collections::BTreeSet::new(),
        creations: [target.id, missing].into(),
        unique: [(2, FieldNo(1), held.clone()), (2, FieldNo(1), Value::Text("x".into()))].into(),
        ops: [op_id(1), op_id(4), op_id(5), op_id(99)].into(),
        needs: std::collections::BTreeSet::new(),
    };
    let mut tx = db.begin().await.unwrap();
    let loaded = tx.load(&wanted).await.unwrap();
    assert_eq!(loaded.records, [target.clone(), waiting]);
    assert_eq!(loaded.unique, [((2, FieldNo(1), held), target.id)].into());
    assert_eq!(loaded.refused, [op_id(4), op_id(5)].into());
    assert_eq!(loaded.refused_creations, [(missing, op_id(4))].into());
    assert!(loaded.ops.is_empty(), "three bytes are no operation");
}

async fn a_class_is_found_with_its_enrolments<D: Db>(db: D) {
    let class = RecordId(Uuid::from_u128(77));
    let enrolment = |id, seq, class| {
        let mut record = record(id, ROOT, seq);
        record.kind = Kind::Enrolment.number();
        let state = FieldState { value: Value::Ref(class), origin: record.created, seq };
        record.fields = [(FieldNo(1), state)].into();
        record
    };
    let other = RecordId(Uuid::from_u128(78));
    let (a, b, c) = (enrolment(1, 1, class), enrolment(2, 2, class), enrolment(3, 3, other));
    store(&db, changes(&[a.clone(), b.clone(), c])).await;
    let moved = enrolment(2, 4, other);
    let again = Changes {
        records: vec![record_row(&moved).unwrap()],
        head: (4, [0; 16]),
        ..Changes::default()
    };
    store(&db, again).await;
    let mut tx = db.begin().await.unwrap();
    let wanted = Wanted { pointing: [class].into(), ..Wanted::default() };
    assert_eq!(tx.load(&wanted).await.unwrap().records, [a]);
}

async fn repeated_operations_are_found_by_number<D: Db>(db: D) {
    let records: Vec<Record> = (1..=4).map(|n| record(u128::from(n), ROOT, n)).collect();
    store(&db, changes(&records)).await;
    let mut tx = db.begin().await.unwrap();
    let stored = tx.stored(&[(op_id(3), 10)]).await.unwrap().remove(0);
    assert_eq!((stored.newest_generation, stored.last_n), (1, 4));
    assert_eq!(stored.hash_before, Some([2; 16]));
    assert_eq!(stored.repeated.keys().copied().collect::<Vec<_>>(), [3, 4]);
    drop(tx);
    let query =
        PositionQuery { device: DEVICE, generation: 1, last_n: 2, cursor_seq: 3, earlier: vec![2] };
    let position = db.position(&query).await.unwrap();
    assert_eq!(position.known.last_n, 4);
    assert_eq!(position.chain_at_cursor, Some([3; 16]));
    assert_eq!(position.hash_at_device_last, Some([2; 16]));
}

async fn pages_break_between_positions<D: Db>(db: D) {
    // Positions 1, 2, 2, 2, 3: the three rows of position 2 stay together.
    let records: Vec<Record> = [(1, 1), (2, 2), (3, 2), (4, 2), (5, 3)]
        .into_iter()
        .map(|(id, seq)| record(id, ROOT, seq))
        .collect();
    store(&db, changes(&records)).await;
    for visible in [Visible::All, within(&[ROOT])] {
        let page = |after, limit, max_bytes| {
            let query = PageQuery { after, visible: visible.clone(), limit, max_bytes };
            let db = db.clone();
            async move {
                let page = db.page(&query).await.unwrap();
                (page.puts.len(), page.end.0, page.complete)
            }
        };
        assert_eq!(page(0, 2, usize::MAX).await, (1, 1, false));
        assert_eq!(page(1, 2, usize::MAX).await, (3, 2, false));
        assert_eq!(page(0, 4, usize::MAX).await, (4, 2, false));
        assert_eq!(page(0, 5, usize::MAX).await, (5, 5, true));
        assert_eq!(page(2, 1, usize::MAX).await, (1, 5, true));
        assert_eq!(page(0, 5, 1).await, (1, 1, false), "one position at least");
        assert_eq!(page(1, 5, 1).await, (3, 2, false));
        assert_eq!(page(5, 5, 1).await, (0, 5, true));
    }
}

fn within(units: &[UnitId]) -> Visible {
    Visible::Units {
        within: units.iter().copied().collect(),
        above: std::collections::BTreeSet::new(),
        published: std::collections::BTreeSet::new(),
    }
}

async fn scoped_pages_tell_what_left<D: Db>(db: D) {
    let [a, b] = [UnitId(Uuid::from_u128(11)), UnitId(Uuid::from_u128(12))];
    let moved = record(1, b, 2);
    let mut all = changes(&[moved.clone(), record(2, a, 1)]);
    all.exits = vec![(a, moved.id, 2)];
    store(&db, all).await;
    let page = |visible, after| {
        let query = PageQuery { after, visible, limit: 10, max_bytes: usize::MAX };
        let db = db.clone();
        async move {
            let page = db.page(&query).await.unwrap();
            (page.puts.len(), page.removes)
        }
    };
    assert_eq!(page(within(&[a]), 0).await, (1, vec![(moved.id, 2)]));
    assert_eq!(page(within(&[a]), 2).await, (0, vec![]));
    assert_eq!(page(within(&[b]), 0).await, (1, vec![]));
    assert_eq!(page(within(&[a, b]), 0).await, (2, vec![]), "still in sight");
}

async fn concurrent_writers_lose_nothing<D: Db>(db: D) {
    const EACH: u64 = 20;
    let db = Arc::new(db);
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let db = Arc::clone(&db);
            tokio::spawn(async move {
                for _ in 0..EACH {
                    let mut tx = db.begin().await.unwrap();
                    let seq = tx.lock().await.unwrap().head_seq + 1;
                    let ops = vec![op_row(seq, Refused::No)];
                    let change = Changes { ops, head: (seq, [0; 16]), ..Changes::default() };
                    tx.store(change).await.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    let mut seen = 0;
    while writers.iter().any(|writer| !writer.is_finished()) {
        let rows = db.ops_after(seen, 1_000).await.unwrap();
        for row in rows {
            assert_eq!(row.seq, seen + 1, "a reader never skips a position");
            seen = row.seq;
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(db.tenant().await.unwrap().head_seq, 4 * EACH);
    assert_eq!(db.sizes().await.unwrap().ops, 4 * EACH);
}

#[test]
fn a_copy_holds_what_was_committed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for (db, _folder) in [sqlite().await, postgres().await].into_iter().flatten() {
            set_up(&db).await;
            store(&db, changes(&[record(1, ROOT, 1)])).await;
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("copy.sqlite");
            db.copy_to(&file).await.unwrap();
            let copy = Database::open(&file, false).await.unwrap();
            assert_eq!(copy.sizes().await.unwrap(), db.sizes().await.unwrap());
            assert_eq!(copy.ops_after(0, 9).await.unwrap(), db.ops_after(0, 9).await.unwrap());
            assert_eq!(copy.accounts().await.unwrap(), db.accounts().await.unwrap());
            assert!(db.copy_to(&file).await.is_err(), "nothing is overwritten");
        }
    });
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (db, folder) = sqlite().await.unwrap();
        let folder = folder.unwrap();
        let file = folder.path().join("test.sqlite");
        db.close().await;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::raw_sql("PRAGMA user_version = 99").execute(&pool).await.unwrap();
        pool.close().await;
        let refused = Database::open(&file, false).await.map(|_db| ());
        assert!(matches!(refused, Err(DbError::TooNew { found: 99, .. })), "{refused:?}");
    });
}
