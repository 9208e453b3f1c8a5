//! Writing: few statements with many rows each, because a statement costs more than a row.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Row as _, Sqlite as Driver, SqliteConnection};

use super::convert::{TENANT, account, bytes, id, id_list, number, op_id, op_list, record, small};
use super::read::{read_tenant, read_units};
use super::{SqliteTx, care};
use uuid::Uuid;

use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::domain::record::{FieldNo, Value};
use crate::server::db::rows::{
    Account, Alarm, Changes, CodeUse, Loaded, NewCode, NewDevice, NewTenant, OpRow, Quarantined,
    RecordRow, Refused, Returned, Seen, Stored, Tenant, TokenHash, UniqueRow, Wanted,
};
use crate::server::db::{DbError, DbResult, Tx};
use crate::sync::{Digest, OpId, UnitTree};
use crate::wire::{decode_op, decode_record, encode};

type Statement<'q> = Query<'q, Driver, SqliteArguments>;

/// Rows of one multi-row statement, largest first: few sizes, so that each is prepared once.
const SIZES: [usize; 4] = [200, 40, 8, 1];

const INSERT_OP: &str = "INSERT INTO op (tenant, seq, device, gen, n, record, kind, bytes, hash, chain, actor, role, home, recv_at, \
    outcome, refused, was_gen, was_n, same_gen, same_n)";
const INSERT_RECORD: &str =
    "INSERT INTO record (tenant, id, kind, unit, last_seq, tomb_seq, about, follows, body)";
const RECORD_KNOWN: &str = " ON CONFLICT (tenant, id) DO UPDATE SET kind = excluded.kind, unit = excluded.unit, \
    last_seq = excluded.last_seq, tomb_seq = excluded.tomb_seq, about = excluded.about, follows = excluded.follows, body = excluded.body";

/// Runs a multi-row insert.
async fn insert<T>(
    connection: &mut SqliteConnection,
    (head, columns, tail): (&str, usize, &str),
    rows: &[T],
    bind: impl for<'q> Fn(Statement<'q>, &T) -> Statement<'q>,
) -> DbResult<()> {
    let one = format!("({})", vec!["?"; columns].join(","));
    let mut rest = rows;
    for size in SIZES {
        if rest.len() < size {
            continue;
        }
        let sql = format!("{head} VALUES {}{tail}", vec![one.as_str(); size].join(","));
        while rest.len() >= size {
            let (now, later) = rest.split_at(size);
            let statement = sqlx::query(AssertSqlSafe(sql.as_str()));
            let statement = now.iter().fold(statement, &bind);
            statement.execute(&mut *connection).await?;
            rest = later;
        }
    }
    Ok(())
}

impl Tx for SqliteTx {
    async fn lock(&mut self) -> DbResult<Tenant> {
        let row =
            sqlx::query("UPDATE tenant SET head_seq = head_seq WHERE tenant = ?1 RETURNING *")
                .bind(TENANT)
                .fetch_optional(&mut *self.tx)
                .await?;
        super::convert::tenant(&row.ok_or(DbError::NoTenant)?)
    }

    async fn stored(&mut self, first: OpId, count: usize) -> DbResult<Stored> {
        let (device, generation) = (first.device.0.cast_signed(), first.generation);
        let newest = sqlx::query(
            "SELECT coalesce(max(gen), 0) AS gen FROM op WHERE tenant = ?1 AND device = ?2",
        )
        .bind(TENANT)
        .bind(device)
        .fetch_one(&mut *self.tx)
        .await?;
        let last = sqlx::query(
            "SELECT coalesce(max(n), 0) AS n FROM op WHERE tenant = ?1 AND device = ?2 AND gen = ?3",
        )
        .bind(TENANT)
        .bind(device)
        .bind(generation)
        .fetch_one(&mut *self.tx)
        .await?;
        let until = first.n.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        let rows = sqlx::query(
            "SELECT n, hash, outcome FROM op WHERE tenant = ?1 AND device = ?2 AND gen = ?3 AND n >= ?4 AND n < ?5",
        )
        .bind(TENANT)
        .bind(device)
        .bind(generation)
        .bind(first.n.saturating_sub(1).cast_signed())
        .bind(until.cast_signed())
        .fetch_all(&mut *self.tx)
        .await?;
        let mut stored = Stored {
            newest_generation: small(&newest, "gen")?,
            last_n: number(&last, "n")?,
            ..Stored::default()
        };
        for row in &rows {
            let (n, hash) = (number(row, "n")?, bytes(row, "hash")?);
            if n < first.n {
                stored.hash_before = Some(hash);
            } else {
                stored.repeated.insert(n, (hash, row.try_get("outcome")?));
            }
        }
        Ok(stored)
    }

    async fn units(&mut self) -> DbResult<UnitTree> {
        read_units(&mut self.tx).await
    }

    async fn load(&mut self, wanted: &Wanted) -> DbResult<Loaded> {
        let mut loaded = Loaded::default();
        load_records(&mut self.tx, wanted, &mut loaded).await?;
        load_creations(&mut self.tx, &wanted.creations, &mut loaded).await?;
        load_ops(&mut self.tx, &wanted.ops, &mut loaded).await?;
        add_own_unique(&mut loaded, wanted, &mut self.tx).await?;
        Ok(loaded)
    }

    async fn store(&mut self, changes: Changes) -> DbResult<()> {
        let tx = &mut *self.tx;
        sqlx::query(
            "UPDATE tenant SET head_seq = ?2, head_chain = ?3, reparent_seq = ?4 WHERE tenant = ?1",
        )
        .bind(TENANT)
        .bind(changes.head.0.cast_signed())
        .bind(changes.head.1.as_slice())
        .bind(changes.reparent_seq.cast_signed())
        .execute(&mut *tx)
        .await?;
        insert(tx, (INSERT_OP, 20, ""), &changes.ops, bind_op).await?;
        insert(tx, (INSERT_RECORD, 9, RECORD_KNOWN), &changes.records, bind_record).await?;
        store_around(tx, &changes).await?;
        if let Some((last, hash)) = changes.device {
            set_last(tx, last, &hash).await?;
        }
        Ok(())
    }

    async fn savepoint(&mut self) -> DbResult<()> {
        sqlx::raw_sql("SAVEPOINT batch").execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn release(&mut self) -> DbResult<()> {
        sqlx::raw_sql("RELEASE batch").execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn rollback(&mut self) -> DbResult<()> {
        sqlx::raw_sql("ROLLBACK TO batch; RELEASE batch").execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn commit(self) -> DbResult<()> {
        self.tx.commit().await?;
        Ok(())
    }

    async fn insert_tenant(&mut self, tenant: &NewTenant) -> DbResult<()> {
        match read_tenant(&mut self.tx).await {
            Err(DbError::NoTenant) => {}
            Ok(_) => return Err(DbError::Exists { what: "the tenant" }),
            Err(other) => return Err(other),
        }
        sqlx::query("INSERT INTO tenant VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, 0, ?7, 0, 0, 0)")
            .bind(TENANT)
            .bind(tenant.id.as_bytes().as_slice())
            .bind(tenant.name.as_str())
            .bind(tenant.root.0.as_bytes().as_slice())
            .bind(tenant.server_device.0.cast_signed())
            .bind(tenant.epoch.as_bytes().as_slice())
            .bind([0_u8; 16].as_slice())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    async fn insert_account(&mut self, account: &Account) -> DbResult<()> {
        let done = sqlx::query(
            "INSERT INTO account (tenant, id, name, role, unit, disabled) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT (tenant, name) DO NOTHING",
        )
        .bind(TENANT)
        .bind(account.id.0.as_bytes().as_slice())
        .bind(account.name.as_str())
        .bind(account.role.key())
        .bind(account.unit.0.as_bytes().as_slice())
        .bind(account.disabled)
        .execute(&mut *self.tx)
        .await?;
        if done.rows_affected() == 0 {
            Err(DbError::Exists { what: "a user of that name" })
        } else {
            Ok(())
        }
    }

    async fn set_disabled(&mut self, name: &str, disabled: bool) -> DbResult<bool> {
        let done = sqlx::query("UPDATE account SET disabled = ?3 WHERE tenant = ?1 AND name = ?2")
            .bind(TENANT)
            .bind(name)
            .bind(disabled)
            .execute(&mut *self.tx)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn insert_code(&mut self, code: &NewCode) -> DbResult<()> {
        sqlx::query("INSERT INTO code (tenant, hash, account, expires_at, used_at) VALUES (?1, ?2, ?3, ?4, NULL)")
            .bind(TENANT)
            .bind(code.hash.as_slice())
            .bind(code.account.0.as_bytes().as_slice())
            .bind(code.expires_at)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    async fn use_code(&mut self, hash: &TokenHash, now: i64) -> DbResult<CodeUse> {
        let row = sqlx::query(
            "SELECT account, expires_at, used_at FROM code WHERE tenant = ?1 AND hash = ?2",
        )
        .bind(TENANT)
        .bind(hash.as_slice())
        .fetch_optional(&mut *self.tx)
        .await?;
        let Some(row) = row else { return Ok(CodeUse::Wrong) };
        if row.try_get::<Option<i64>, _>("used_at")?.is_some() {
            return Ok(CodeUse::Used);
        }
        if row.try_get::<i64, _>("expires_at")? <= now {
            return Ok(CodeUse::Expired);
        }
        sqlx::query("UPDATE code SET used_at = ?3 WHERE tenant = ?1 AND hash = ?2")
            .bind(TENANT)
            .bind(hash.as_slice())
            .bind(now)
            .execute(&mut *self.tx)
            .await?;
        Ok(CodeUse::Taken(UserId(id(&row, "account")?)))
    }

    async fn insert_device(&mut self, device: &NewDevice) -> DbResult<bool> {
        let done = sqlx::query(
            "INSERT INTO device (tenant, id, account, token_hash, name, state, generation, last_n, last_hash, durable_n, acked_seq, \
             scope_token, last_seen, outbox_depth, app_version, clock_off_ms, wipe, clone_seen_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, 'active', 0, 0, ?6, 0, 0, 0, ?7, 0, ?8, 0, 0, 0) \
             ON CONFLICT (tenant, id) DO UPDATE SET token_hash = excluded.token_hash, name = excluded.name, \
             last_seen = excluded.last_seen, app_version = excluded.app_version \
             WHERE device.account = excluded.account AND device.state IN ('active', 'returned')",
        )
        .bind(TENANT)
        .bind(device.id.0.cast_signed())
        .bind(device.account.0.as_bytes().as_slice())
        .bind(device.token.as_slice())
        .bind(device.name.as_str())
        .bind([0_u8; 16].as_slice())
        .bind(device.now)
        .bind(device.app_version.as_str())
        .execute(&mut *self.tx)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn see_device(&mut self, seen: &Seen) -> DbResult<()> {
        sqlx::query(
            "UPDATE device SET acked_seq = ?3, scope_token = ?4, last_seen = ?5, outbox_depth = ?6, app_version = ?7, \
             clock_off_ms = ?8 WHERE tenant = ?1 AND id = ?2",
        )
        .bind(TENANT)
        .bind(seen.id.0.cast_signed())
        .bind(seen.acked_seq.cast_signed())
        .bind(seen.scope_token.cast_signed())
        .bind(seen.now)
        .bind(seen.outbox_depth.cast_signed())
        .bind(seen.app_version.as_str())
        .bind(seen.clock_off_ms)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    async fn set_device_state(&mut self, device: DeviceId, state: &str) -> DbResult<bool> {
        let done = sqlx::query("UPDATE device SET state = ?3 WHERE tenant = ?1 AND id = ?2")
            .bind(TENANT)
            .bind(device.0.cast_signed())
            .bind(state)
            .execute(&mut *self.tx)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn set_durable(&mut self, durable: &[(DeviceId, u32, u64)]) -> DbResult<()> {
        care::set_durable(&mut self.tx, durable).await
    }

    async fn new_epoch(&mut self, epoch: Uuid) -> DbResult<()> {
        care::new_epoch(&mut self.tx, epoch).await
    }

    async fn note_backup(&mut self, now: i64) -> DbResult<()> {
        care::note_backup(&mut self.tx, now).await
    }

    async fn raise_tomb_floor(&mut self, floor: u64) -> DbResult<()> {
        care::raise_tomb_floor(&mut self.tx, floor).await
    }

    async fn raise_alarm(&mut self, alarm: &Alarm) -> DbResult<()> {
        care::raise_alarm(&mut self.tx, alarm).await
    }

    async fn keep_scope(&mut self, token: u64, body: &[u8]) -> DbResult<()> {
        care::keep_scope(&mut self.tx, token, body).await
    }

    async fn put_back(&mut self, returned: &Returned) -> DbResult<bool> {
        care::put_back(&mut self.tx, returned).await
    }

    async fn set_account(
        &mut self,
        user: UserId,
        disabled: bool,
        rights: (Role, UnitId),
    ) -> DbResult<bool> {
        care::set_account(&mut self.tx, user, disabled, rights).await
    }

    async fn set_wipe(&mut self, device: DeviceId, wipe: bool) -> DbResult<()> {
        care::set_wipe(&mut self.tx, device, wipe).await
    }

    async fn see_clone(&mut self, device: DeviceId, now: i64) -> DbResult<()> {
        care::see_clone(&mut self.tx, device, now).await
    }

    async fn quarantine(&mut self, ops: &[Quarantined]) -> DbResult<()> {
        care::quarantine(&mut self.tx, ops).await
    }

    async fn account(&mut self, wanted: UserId) -> DbResult<Option<Account>> {
        let row = sqlx::query(
            "SELECT id AS account, name AS account_name, role, unit, disabled FROM account WHERE tenant = ?1 AND id = ?2",
        )
        .bind(TENANT)
        .bind(wanted.0.as_bytes().as_slice())
        .fetch_optional(&mut *self.tx)
        .await?;
        row.as_ref().map(account).transpose()
    }
}

fn bind_op<'q>(statement: Statement<'q>, op: &OpRow) -> Statement<'q> {
    statement
        .bind(TENANT)
        .bind(op.seq.cast_signed())
        .bind(op.id.device.0.cast_signed())
        .bind(op.id.generation)
        .bind(op.id.n.cast_signed())
        .bind(op.record.0.as_bytes().as_slice())
        .bind(op.kind)
        .bind(op.bytes.clone())
        .bind(op.hash.to_vec())
        .bind(op.chain.to_vec())
        .bind(op.author.user.0.as_bytes().as_slice())
        .bind(op.author.role.key())
        .bind(op.author.home.0.as_bytes().as_slice())
        .bind(op.recv_at)
        .bind(op.outcome.clone())
        .bind(op.refused.number())
        .bind(op.was.map(|(generation, _)| i64::from(generation)))
        .bind(op.was.map(|(_, n)| n.cast_signed()))
        .bind(op.same.map(|(generation, _)| i64::from(generation)))
        .bind(op.same.map(|(_, n)| n.cast_signed()))
}

fn bind_record<'q>(statement: Statement<'q>, record: &RecordRow) -> Statement<'q> {
    statement
        .bind(TENANT)
        .bind(record.id.0.as_bytes().as_slice())
        .bind(record.kind)
        .bind(record.unit.0.as_bytes().as_slice())
        .bind(record.last_seq.cast_signed())
        .bind(record.tomb_seq.map(u64::cast_signed))
        .bind(record.about.map(|about| about.0.as_bytes().to_vec()))
        .bind(record.follows.map(|follows| follows.0.as_bytes().to_vec()))
        .bind(record.body.clone())
}

/// Writes what stands around the records: exits, unique values, units.
async fn store_around(tx: &mut SqliteConnection, changes: &Changes) -> DbResult<()> {
    let exit = (
        "INSERT INTO scope_exit (tenant, unit, record, seq)",
        4,
        " ON CONFLICT (tenant, unit, record) DO UPDATE SET seq = excluded.seq",
    );
    insert(tx, exit, &changes.exits, |statement, (unit, record, seq)| {
        statement
            .bind(TENANT)
            .bind(unit.0.as_bytes().as_slice())
            .bind(record.0.as_bytes().as_slice())
            .bind(seq.cast_signed())
    })
    .await?;
    for row in &changes.unique_dropped {
        sqlx::query(
            "DELETE FROM unique_value WHERE tenant = ?1 AND kind = ?2 AND field = ?3 AND value_key = ?4",
        )
        .bind(TENANT)
        .bind(row.kind)
        .bind(row.field)
        .bind(row.key.as_slice())
        .execute(&mut *tx)
        .await?;
    }
    let taken = (
        "INSERT INTO unique_value (tenant, kind, field, value_key, record)",
        5,
        " ON CONFLICT (tenant, kind, field, value_key) DO UPDATE SET record = excluded.record",
    );
    insert(tx, taken, &changes.unique_taken, |statement, row| {
        let UniqueRow { kind, field, key, record } = row;
        statement
            .bind(TENANT)
            .bind(*kind)
            .bind(*field)
            .bind(key.clone())
            .bind(record.0.as_bytes().as_slice())
    })
    .await?;
    for unit in &changes.units_dropped {
        sqlx::query("DELETE FROM unit WHERE tenant = ?1 AND id = ?2")
            .bind(TENANT)
            .bind(unit.0.as_bytes().as_slice())
            .execute(&mut *tx)
            .await?;
    }
    let units = (
        "INSERT INTO unit (tenant, id, parent)",
        3,
        " ON CONFLICT (tenant, id) DO UPDATE SET parent = excluded.parent",
    );
    insert(tx, units, &changes.units_put, |statement, (unit, parent)| {
        statement
            .bind(TENANT)
            .bind(unit.0.as_bytes().as_slice())
            .bind(parent.map(|parent| parent.0.as_bytes().to_vec()))
    })
    .await
}

async fn set_last(tx: &mut SqliteConnection, last: OpId, hash: &Digest) -> DbResult<()> {
    sqlx::query(
        "UPDATE device SET durable_n = CASE WHEN generation = ?3 THEN durable_n ELSE 0 END, generation = ?3, last_n = ?4, \
         last_hash = ?5 WHERE tenant = ?1 AND id = ?2",
    )
    .bind(TENANT)
    .bind(last.device.0.cast_signed())
    .bind(last.generation)
    .bind(last.n.cast_signed())
    .bind(hash.as_slice())
    .execute(tx)
    .await?;
    Ok(())
}

async fn load_records(
    tx: &mut SqliteConnection,
    wanted: &Wanted,
    loaded: &mut Loaded,
) -> DbResult<()> {
    if wanted.records.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(
        "SELECT r.* FROM json_each(?2) j CROSS JOIN record r ON r.tenant = ?1 AND r.id = unhex(j.value)",
    )
    .bind(TENANT)
    .bind(id_list(wanted.records.iter().map(|id| &id.0)))
    .fetch_all(&mut *tx)
    .await?;
    let mut present = BTreeSet::new();
    for row in &rows {
        let row = record(row)?;
        present.insert(row.id);
        loaded.records.push(readable(&row)?);
    }
    let mut about: BTreeSet<_> = wanted.about.intersection(&present).copied().collect();
    let mut moving: BTreeSet<_> = wanted.moving.intersection(&present).copied().collect();
    while !moving.is_empty() {
        let found = load_by(tx, FOLLOWERS, &moving, &mut present, loaded).await?;
        about.extend(found.iter().copied());
        moving = found;
    }
    if !about.is_empty() {
        load_by(tx, ABOUT, &about, &mut present, loaded).await?;
    }
    Ok(())
}

const FOLLOWERS: &str = "SELECT r.* FROM json_each(?2) j CROSS JOIN record r INDEXED BY record_follows \
    ON r.tenant = ?1 AND r.follows = unhex(j.value) AND r.follows IS NOT NULL";
const ABOUT: &str = "SELECT r.* FROM json_each(?2) j CROSS JOIN record r INDEXED BY record_about \
    ON r.tenant = ?1 AND r.about = unhex(j.value) AND r.about IS NOT NULL";

/// Loads the records that point at some others, and returns the ids of those that were not loaded before.
async fn load_by(
    tx: &mut SqliteConnection,
    sql: &'static str,
    ids: &BTreeSet<RecordId>,
    present: &mut BTreeSet<RecordId>,
    loaded: &mut Loaded,
) -> DbResult<BTreeSet<RecordId>> {
    let rows = sqlx::query(sql)
        .bind(TENANT)
        .bind(id_list(ids.iter().map(|id| &id.0)))
        .fetch_all(tx)
        .await?;
    let mut found = BTreeSet::new();
    for row in &rows {
        let row = record(row)?;
        if present.insert(row.id) {
            loaded.records.push(readable(&row)?);
            found.insert(row.id);
        }
    }
    Ok(found)
}

fn readable(row: &RecordRow) -> DbResult<crate::sync::Record> {
    decode_record(&row.body).map_err(|_cause| DbError::Damaged { table: "record" })
}

async fn load_creations(
    tx: &mut SqliteConnection,
    creations: &BTreeSet<RecordId>,
    loaded: &mut Loaded,
) -> DbResult<()> {
    let present: BTreeSet<_> = loaded.records.iter().map(|record| record.id).collect();
    let missing: BTreeSet<_> = creations.difference(&present).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(
        "SELECT op.record, op.device, op.gen, op.n FROM json_each(?2) j CROSS JOIN op INDEXED BY op_by_record \
         ON op.tenant = ?1 AND op.record = unhex(j.value) WHERE op.refused = ?3 ORDER BY op.seq",
    )
    .bind(TENANT)
    .bind(id_list(missing.into_iter().map(|id| &id.0)))
    .bind(Refused::Creation.number())
    .fetch_all(&mut *tx)
    .await?;
    for row in &rows {
        loaded.refused_creations.insert(RecordId(id(row, "record")?), op_id(row)?);
    }
    Ok(())
}

async fn load_ops(
    tx: &mut SqliteConnection,
    ops: &BTreeSet<OpId>,
    loaded: &mut Loaded,
) -> DbResult<()> {
    if ops.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(
        "SELECT op.device, op.gen, op.n, op.bytes, op.refused FROM json_each(?2) j CROSS JOIN op INDEXED BY op_by_number \
         ON op.tenant = ?1 AND op.device = json_extract(j.value, '$[0]') AND op.gen = json_extract(j.value, '$[1]') \
         AND op.n = json_extract(j.value, '$[2]')",
    )
    .bind(TENANT)
    .bind(op_list(ops.iter()))
    .fetch_all(&mut *tx)
    .await?;
    for row in &rows {
        let id = op_id(row)?;
        if Refused::from_number(row.try_get("refused")?) != Refused::No {
            loaded.refused.insert(id);
        }
        let op = decode_op(row.try_get("bytes")?).ok();
        loaded.ops.extend(op.filter(|op| op.id == id));
    }
    Ok(())
}

/// Looks up who holds the wanted unique values, and those that the loaded records hold themselves.
async fn add_own_unique(
    loaded: &mut Loaded,
    wanted: &Wanted,
    tx: &mut SqliteConnection,
) -> DbResult<()> {
    let own = loaded.records.iter().flat_map(crate::server::load::unique_of);
    let mut wanted_values: BTreeMap<(u16, FieldNo), BTreeMap<Vec<u8>, Value>> = BTreeMap::new();
    for (kind, field, value) in wanted.unique.iter().cloned().chain(own) {
        let key = encode(&value).map_err(|_cause| DbError::Damaged { table: "unique_value" })?;
        wanted_values.entry((kind, field)).or_default().insert(key, value);
    }
    for ((kind, field), mut keys) in wanted_values {
        let list: Vec<String> =
            keys.keys().map(|key| format!("\"{}\"", crate::wire::frame::hex(key))).collect();
        let rows = sqlx::query(
            "SELECT u.kind, u.field, u.value_key, u.record FROM json_each(?4) j CROSS JOIN unique_value u ON u.tenant = ?1 \
             AND u.kind = ?2 AND u.field = ?3 AND u.value_key = unhex(j.value)",
        )
        .bind(TENANT)
        .bind(kind)
        .bind(field.0)
        .bind(format!("[{}]", list.join(",")))
        .fetch_all(&mut *tx)
        .await?;
        for row in &rows {
            let UniqueRow { key, record, .. } = super::read::unique(row)?;
            if let Some(value) = keys.remove(&key) {
                loaded.unique.insert((kind, field, value), record);
            }
        }
    }
    Ok(())
}
