//! Reading: every method one snapshot.

use std::path::Path;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Driver, SqliteConnection, Transaction};

use super::convert::{
    TENANT, account, bytes, device, id, id_list, number, op, optional_id, record, small, tenant,
};
use super::{Sqlite, SqliteTx, care, make_private};
use crate::domain::ids::{DeviceId, RecordId, UnitId};
use crate::server::db::rows::{
    Account, Alarm, Device, HistoryRow, OpRow, PageQuery, PageRows, Position, PositionQuery,
    Quarantined, RecordRow, Session, Sizes, Tenant, TokenHash, UniqueRow, UnitQuery, UnitRows,
    Visible,
};
use crate::server::db::{Db, DbError, DbResult};
use crate::sync::{Digest, UnitTree};

impl Sqlite {
    async fn snapshot(&self) -> DbResult<Transaction<'static, Driver>> {
        Ok(self.readers.begin().await?)
    }
}

impl Db for Sqlite {
    type Tx = SqliteTx;

    async fn begin(&self) -> DbResult<SqliteTx> {
        Ok(SqliteTx { tx: self.writer.begin_with("BEGIN IMMEDIATE").await? })
    }

    async fn tenant(&self) -> DbResult<Tenant> {
        read_tenant(&mut *self.readers.acquire().await?).await
    }

    async fn session(&self, token: &TokenHash) -> DbResult<Option<Session>> {
        let row = sqlx::query(
            "SELECT d.id, d.account, d.name, d.state, d.generation, d.last_n, d.last_hash, d.durable_n, d.acked_seq, d.last_seen, \
             d.outbox_depth, d.app_version, d.clock_off_ms, d.wipe, d.clone_seen_at, a.name AS account_name, a.role, a.unit, a.disabled \
             FROM device d JOIN account a ON a.tenant = d.tenant AND a.id = d.account WHERE d.tenant = ?1 AND d.token_hash = ?2",
        )
        .bind(TENANT)
        .bind(token.as_slice())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| Ok(Session { device: device(&row)?, account: account(&row)? })).transpose()
    }

    async fn units(&self) -> DbResult<UnitTree> {
        read_units(&mut *self.readers.acquire().await?).await
    }

    async fn position(&self, query: &PositionQuery) -> DbResult<Position> {
        let mut tx = self.snapshot().await?;
        let tenant = read_tenant(&mut tx).await?;
        let chain_at_cursor = chain_at(&mut tx, query.cursor_seq).await?;
        let known = care::known(&mut tx, query.device, query.generation).await?;
        let mut earlier = Vec::with_capacity(query.earlier.len());
        for generation in &query.earlier {
            earlier.push(care::known(&mut tx, query.device, *generation).await?);
        }
        let newest_generation = care::newest_generation(&mut tx, query.device).await?;
        let hash_at_device_last = hash_of(&mut tx, query).await?;
        Ok(Position {
            tenant,
            chain_at_cursor,
            known,
            newest_generation,
            earlier,
            hash_at_device_last,
        })
    }

    async fn chain_at(&self, seq: u64) -> DbResult<Option<Digest>> {
        chain_at(&mut *self.readers.acquire().await?, seq).await
    }

    async fn recv_at(&self, seq: u64) -> DbResult<Option<i64>> {
        care::recv_at(&mut *self.readers.acquire().await?, seq).await
    }

    async fn generations(&self) -> DbResult<Vec<(DeviceId, u32, u64)>> {
        care::generations(&mut *self.readers.acquire().await?).await
    }

    async fn scope(&self, token: u64) -> DbResult<Option<Vec<u8>>> {
        care::scope(&mut *self.readers.acquire().await?, token).await
    }

    async fn unit_rows(&self, query: &UnitQuery) -> DbResult<UnitRows> {
        let mut tx = self.snapshot().await?;
        let tenant = read_tenant(&mut tx).await?;
        care::unit_rows(&mut tx, tenant, query).await
    }

    async fn live_rows(
        &self,
        visible: &Visible,
        visit: &mut (dyn FnMut(UnitId, RecordId, u64) + Send),
    ) -> DbResult<Tenant> {
        let mut tx = self.snapshot().await?;
        let tenant = read_tenant(&mut tx).await?;
        care::live_rows(&mut tx, visible, visit).await?;
        Ok(tenant)
    }

    async fn alarms(&self, limit: u32) -> DbResult<Vec<Alarm>> {
        care::alarms(&mut *self.readers.acquire().await?, limit).await
    }

    async fn quarantined(&self) -> DbResult<Vec<Quarantined>> {
        care::quarantined(&mut *self.readers.acquire().await?).await
    }

    async fn page(&self, query: &PageQuery) -> DbResult<PageRows> {
        let mut tx = self.snapshot().await?;
        read_page(&mut tx, query).await
    }

    async fn record(&self, wanted: RecordId) -> DbResult<Option<RecordRow>> {
        let row = sqlx::query("SELECT * FROM record WHERE tenant = ?1 AND id = ?2")
            .bind(TENANT)
            .bind(wanted.0.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(record).transpose()
    }

    async fn history(&self, wanted: RecordId) -> DbResult<Vec<HistoryRow>> {
        let rows = sqlx::query(
            "SELECT op.seq, op.recv_at, op.bytes, op.outcome, coalesce(a.name, '') AS actor FROM op INDEXED BY op_by_record \
             LEFT JOIN account a ON a.tenant = op.tenant AND a.id = op.actor \
             WHERE op.tenant = ?1 AND op.record = ?2 ORDER BY op.seq",
        )
        .bind(TENANT)
        .bind(wanted.0.as_bytes().as_slice())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(history_row).collect()
    }

    async fn ops_after(&self, seq: u64, limit: u32) -> DbResult<Vec<OpRow>> {
        let rows =
            sqlx::query("SELECT * FROM op WHERE tenant = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3")
                .bind(TENANT)
                .bind(seq.cast_signed())
                .bind(limit)
                .fetch_all(&self.readers)
                .await?;
        rows.iter().map(op).collect()
    }

    async fn records_after(&self, after: Option<RecordId>, limit: u32) -> DbResult<Vec<RecordRow>> {
        let after: Vec<u8> = after.map_or_else(Vec::new, |id| id.0.as_bytes().to_vec());
        let rows =
            sqlx::query("SELECT * FROM record WHERE tenant = ?1 AND id > ?2 ORDER BY id LIMIT ?3")
                .bind(TENANT)
                .bind(after)
                .bind(limit)
                .fetch_all(&self.readers)
                .await?;
        rows.iter().map(record).collect()
    }

    async fn unique_values(&self) -> DbResult<Vec<UniqueRow>> {
        let rows = sqlx::query(
            "SELECT kind, field, value_key, record FROM unique_value WHERE tenant = ?1 ORDER BY kind, field, value_key",
        )
        .bind(TENANT)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(unique).collect()
    }

    async fn unique_holder(&self, kind: u16, field: u16, key: &[u8]) -> DbResult<Option<RecordId>> {
        let row = sqlx::query(
            "SELECT record FROM unique_value WHERE tenant = ?1 AND kind = ?2 AND field = ?3 AND value_key = ?4",
        )
        .bind(TENANT)
        .bind(kind)
        .bind(field)
        .bind(key)
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| id(&row, "record").map(RecordId)).transpose()
    }

    async fn accounts(&self) -> DbResult<Vec<Account>> {
        let rows = sqlx::query(
            "SELECT id AS account, name AS account_name, role, unit, disabled FROM account WHERE tenant = ?1 ORDER BY name",
        )
        .bind(TENANT)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(account).collect()
    }

    async fn devices(&self) -> DbResult<Vec<Device>> {
        let rows = sqlx::query("SELECT * FROM device WHERE tenant = ?1 ORDER BY id")
            .bind(TENANT)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(device).collect()
    }

    async fn sizes(&self) -> DbResult<Sizes> {
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM op WHERE tenant = ?1) AS ops, (SELECT count(*) FROM record WHERE tenant = ?1) AS records, \
             (SELECT count(*) FROM scope_exit WHERE tenant = ?1) AS exits, (SELECT count(*) FROM unique_value WHERE tenant = ?1) AS uniq",
        )
        .bind(TENANT)
        .fetch_one(&self.readers)
        .await?;
        Ok(Sizes {
            ops: number(&row, "ops")?,
            records: number(&row, "records")?,
            exits: number(&row, "exits")?,
            unique_values: number(&row, "uniq")?,
        })
    }

    async fn copy_to(&self, file: &Path) -> DbResult<()> {
        // SQLite writes a copy into an empty file, too, and keeps its mode.
        make_private(file).map_err(sqlx::Error::Io)?;
        let mut connection = self.readers.acquire().await?;
        sqlx::query("VACUUM INTO ?1")
            .bind(file.to_string_lossy().into_owned())
            .execute(&mut *connection)
            .await?;
        Ok(())
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

pub(super) async fn read_tenant(connection: &mut SqliteConnection) -> DbResult<Tenant> {
    let row = sqlx::query("SELECT * FROM tenant WHERE tenant = ?1")
        .bind(TENANT)
        .fetch_optional(connection)
        .await?;
    tenant(&row.ok_or(DbError::NoTenant)?)
}

pub(super) async fn read_units(connection: &mut SqliteConnection) -> DbResult<UnitTree> {
    let rows = sqlx::query("SELECT id, parent FROM unit WHERE tenant = ?1")
        .bind(TENANT)
        .fetch_all(connection)
        .await?;
    let mut units = UnitTree::default();
    for row in &rows {
        units.insert(UnitId(id(row, "id")?), optional_id(row, "parent")?.map(UnitId));
    }
    Ok(units)
}

/// Returns the chain value at a position; zeros at the start.
async fn chain_at(connection: &mut SqliteConnection, seq: u64) -> DbResult<Option<Digest>> {
    if seq == 0 {
        return Ok(Some([0; 16]));
    }
    let row = sqlx::query("SELECT chain FROM op WHERE tenant = ?1 AND seq = ?2")
        .bind(TENANT)
        .bind(seq.cast_signed())
        .fetch_optional(connection)
        .await?;
    row.map(|row| bytes(&row, "chain")).transpose()
}

async fn hash_of(
    connection: &mut SqliteConnection,
    query: &PositionQuery,
) -> DbResult<Option<Digest>> {
    let row = sqlx::query(
        "SELECT hash FROM op WHERE tenant = ?1 AND device = ?2 AND gen = ?3 AND n = ?4",
    )
    .bind(TENANT)
    .bind(query.device.0.cast_signed())
    .bind(query.generation)
    .bind(query.last_n.cast_signed())
    .fetch_optional(connection)
    .await?;
    row.map(|row| bytes(&row, "hash")).transpose()
}

fn history_row(row: &SqliteRow) -> DbResult<HistoryRow> {
    Ok(HistoryRow {
        seq: number(row, "seq")?,
        recv_at: row.try_get("recv_at")?,
        actor: row.try_get("actor")?,
        bytes: row.try_get("bytes")?,
        outcome: row.try_get("outcome")?,
    })
}

pub(super) fn unique(row: &SqliteRow) -> DbResult<UniqueRow> {
    Ok(UniqueRow {
        kind: small(row, "kind")?,
        field: small(row, "field")?,
        key: row.try_get("value_key")?,
        record: RecordId(id(row, "record")?),
    })
}

/// One row of the feed before bodies are read: position, record, whether it left.
pub(super) struct Key {
    pub(super) seq: u64,
    pub(super) id: RecordId,
    pub(super) left: bool,
}

async fn read_page(tx: &mut SqliteConnection, query: &PageQuery) -> DbResult<PageRows> {
    let tenant = read_tenant(tx).await?;
    let chain_at_after = chain_at(tx, query.after).await?;
    let mut keys = read_keys(tx, query, tenant.tomb_floor).await?;
    let limit = usize::try_from(query.limit.max(1)).unwrap_or(usize::MAX);
    let mut complete = keys.len() <= limit;
    if !complete {
        cut(&mut keys, limit);
    }
    let (puts, removes, taken) = read_bodies(tx, &keys, query.max_bytes).await?;
    complete &= taken == keys.len();
    let end = match keys.get(taken.saturating_sub(1)).filter(|_| !complete) {
        None => (tenant.head_seq, tenant.head_chain),
        Some(last) => {
            let chain = chain_at(tx, last.seq).await?;
            (last.seq, chain.ok_or(DbError::Damaged { table: "op" })?)
        }
    };
    Ok(PageRows { tenant, chain_at_after, puts, removes, end, complete })
}

/// Shortens a list to whole positions: rows of one position never stand on two pages.
pub(super) fn cut(keys: &mut Vec<Key>, limit: usize) {
    let next = keys.get(limit).map(|key| key.seq);
    let end = keys.iter().take(limit).rposition(|key| Some(key.seq) != next);
    let whole = match end {
        Some(end) => end + 1,
        // One operation that touched more than a page: its rows all come at once.
        None => keys.iter().take_while(|key| Some(key.seq) == next).count(),
    };
    keys.truncate(whole);
}

/// Returns the next rows by position: one more than the limit, and further ones of the same position.
async fn read_keys(tx: &mut SqliteConnection, query: &PageQuery, floor: u64) -> DbResult<Vec<Key>> {
    let mut limit = i64::from(query.limit.max(1)) + 1;
    loop {
        let rows = match &query.visible {
            Visible::All => {
                sqlx::query("SELECT last_seq AS seq, id, 0 AS left FROM record WHERE tenant = ?1 AND last_seq > ?2 \
                             AND (tomb_seq IS NULL OR last_seq > ?4) ORDER BY last_seq LIMIT ?3")
                    .bind(TENANT)
                    .bind(query.after.cast_signed())
                    .bind(limit)
                    .bind(floor.cast_signed())
                    .fetch_all(&mut *tx)
                    .await?
            }
            Visible::Units { within, above, published } => {
                let kinds: Vec<String> = published.iter().map(u16::to_string).collect();
                sqlx::query(SCOPED_KEYS)
                    .bind(TENANT)
                    .bind(query.after.cast_signed())
                    .bind(id_list(within.iter().map(|unit| &unit.0)))
                    .bind(id_list(above.iter().map(|unit| &unit.0)))
                    .bind(format!("[{}]", kinds.join(",")))
                    .bind(limit)
                    .bind(floor.cast_signed())
                    .fetch_all(&mut *tx)
                    .await?
            }
        };
        let keys: Vec<Key> = rows.iter().map(key).collect::<DbResult<_>>()?;
        let full = i64::try_from(keys.len()).unwrap_or(i64::MAX) >= limit;
        let one_position = keys.first().map(|key| key.seq) == keys.last().map(|key| key.seq);
        if !full || !one_position {
            return Ok(keys);
        }
        limit = limit.saturating_mul(4);
    }
}

/// The index is named because, without statistics, the planner would walk all positions instead of the units' own.
///
/// Changed records of the units within and published ones of the units above, and records that left any of these units and are
/// now out of sight.
const SCOPED_KEYS: &str = "\
WITH within(unit) AS (SELECT unhex(value) FROM json_each(?3)), above(unit) AS (SELECT unhex(value) FROM json_each(?4)), \
published(kind) AS (SELECT value FROM json_each(?5)) \
SELECT last_seq AS seq, id, 0 AS left FROM record INDEXED BY record_by_unit WHERE tenant = ?1 AND unit IN (SELECT unit FROM within) AND last_seq > ?2 \
AND (tomb_seq IS NULL OR last_seq > ?7) \
UNION ALL \
SELECT last_seq, id, 0 FROM record INDEXED BY record_by_unit WHERE tenant = ?1 AND unit IN (SELECT unit FROM above) AND last_seq > ?2 \
AND kind IN (SELECT kind FROM published) AND (tomb_seq IS NULL OR last_seq > ?7) \
UNION ALL \
SELECT x.seq, x.record, 1 FROM (SELECT record, max(seq) AS seq FROM scope_exit WHERE tenant = ?1 AND seq > ?2 \
AND unit IN (SELECT unit FROM within UNION SELECT unit FROM above) GROUP BY record) x \
JOIN record r ON r.tenant = ?1 AND r.id = x.record \
WHERE r.unit NOT IN (SELECT unit FROM within) AND NOT (r.unit IN (SELECT unit FROM above) AND r.kind IN (SELECT kind FROM published)) \
AND (EXISTS (SELECT 1 FROM scope_exit e WHERE e.tenant = ?1 AND e.record = x.record AND e.unit IN (SELECT unit FROM within)) \
OR r.kind IN (SELECT kind FROM published)) \
ORDER BY 1, 2 LIMIT ?6";

fn key(row: &SqliteRow) -> DbResult<Key> {
    Ok(Key {
        seq: number(row, "seq")?,
        id: RecordId(id(row, "id")?),
        left: row.try_get::<i64, _>("left")? != 0,
    })
}

type Bodies = (Vec<RecordRow>, Vec<(RecordId, u64)>, usize);

/// Reads the bodies of the rows, up to the byte limit at a whole position; says how many rows were taken.
pub(super) async fn read_bodies(
    tx: &mut SqliteConnection,
    keys: &[Key],
    max_bytes: usize,
) -> DbResult<Bodies> {
    let list = id_list(keys.iter().filter(|key| !key.left).map(|key| &key.id.0));
    let rows = sqlx::query(
        "SELECT r.* FROM json_each(?2) j CROSS JOIN record r ON r.tenant = ?1 AND r.id = unhex(j.value)",
    )
    .bind(TENANT)
    .bind(list)
    .fetch_all(&mut *tx)
    .await?;
    let mut rows = rows.iter().map(record);
    let (mut puts, mut removes, mut taken, mut bytes) = (Vec::new(), Vec::new(), 0, 0);
    let mut whole = (0, 0, 0);
    let mut at = None;
    for key in keys {
        if at != Some(key.seq) {
            if at.is_some() && bytes >= max_bytes {
                break;
            }
            at = Some(key.seq);
            whole = (puts.len(), removes.len(), taken);
        }
        if key.left {
            removes.push((key.id, key.seq));
        } else {
            let row = rows.next().ok_or(DbError::Damaged { table: "record" })??;
            bytes += row.body.len();
            puts.push(row);
        }
        taken += 1;
        if bytes > max_bytes && whole.2 > 0 {
            puts.truncate(whole.0);
            removes.truncate(whole.1);
            taken = whole.2;
            break;
        }
    }
    Ok((puts, removes, taken))
}
