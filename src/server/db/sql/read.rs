//! Reading: every method one snapshot.

use std::path::Path;

use super::convert::{account, device, history, op, record, tenant, unique};
use super::{Database, DatabaseTx, Dialect, Link, TENANT, care};
use crate::domain::ids::{DeviceId, RecordId, UnitId};
use crate::server::db::driver::args;
use crate::server::db::rows::{
    Account, Alarm, Device, EventRow, HistoryRow, OpRow, PageQuery, PageRows, Position,
    PositionQuery, PublicKey, Quarantined, RecordRow, Seen, Session, Sizes, Tenant, TokenHash,
    UniqueRow, UnitQuery, UnitRows, Visible,
};
use crate::server::db::{Db, DbError, DbResult};
use crate::sync::command::SERIES_KIND;
use crate::sync::{Digest, UnitTree};

impl Db for Database {
    type Tx = DatabaseTx;

    async fn begin(&self) -> DbResult<DatabaseTx> {
        let mut link = self.pool.write().await?;
        if link.dialect() == Dialect::Postgres && !crate::trap!(T01) {
            // SQLite's writer is alone from the beginning; PostgreSQL's is once it holds the counter row.
            let sql = "SELECT * FROM tenant WHERE tenant = $1 FOR UPDATE";
            let row = link.optional(sql, args![TENANT]).await?;
            let tenant = row.as_ref().map(tenant).transpose()?;
            return Ok(DatabaseTx { link, tenant });
        }
        Ok(DatabaseTx { link, tenant: None })
    }

    async fn tenant(&self) -> DbResult<Tenant> {
        read_tenant(&mut self.pool.reader().await?).await
    }

    async fn session(&self, token: &TokenHash) -> DbResult<Option<Session>> {
        let sql = "SELECT d.id, d.account, d.name, d.state, d.generation, d.last_n, d.last_hash, d.durable_n, d.acked_seq, d.last_seen, \
             d.outbox_depth, d.app_version, d.clock_off_ms, d.wipe, d.clone_seen_at, a.name AS account_name, a.role, a.unit, a.disabled, \
             s.expires_at FROM session s JOIN device d ON d.tenant = s.tenant AND d.id = s.device \
             JOIN account a ON a.tenant = d.tenant AND a.id = d.account WHERE s.tenant = $1 AND s.token = $2";
        let row = self.pool.reader().await?.optional(sql, args![TENANT, token]).await?;
        let read = |row| {
            let (device, account) = (device(&row)?, account(&row)?);
            Ok(Session { device, account, expires_at: row.int("expires_at")? })
        };
        row.map(read).transpose()
    }

    async fn device_key(&self, id: DeviceId) -> DbResult<Option<PublicKey>> {
        let sql = "SELECT public_key FROM device WHERE tenant = $1 AND id = $2";
        let row = self.pool.reader().await?.optional(sql, args![TENANT, id]).await?;
        row.map(|row| row.bytes("public_key")).transpose()
    }

    async fn units(&self) -> DbResult<UnitTree> {
        read_units(&mut self.pool.reader().await?).await
    }

    async fn position(&self, query: &PositionQuery) -> DbResult<Position> {
        let mut link = self.pool.snapshot().await?;
        let tenant = read_tenant(&mut link).await?;
        let chain_at_cursor = chain_at(&mut link, query.cursor_seq).await?;
        let known = care::known(&mut link, query.device, query.generation).await?;
        let mut earlier = Vec::with_capacity(query.earlier.len());
        for generation in &query.earlier {
            earlier.push(care::known(&mut link, query.device, *generation).await?);
        }
        let newest_generation = care::newest_generation(&mut link, query.device).await?;
        let hash_at_device_last = hash_of(&mut link, query).await?;
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
        chain_at(&mut self.pool.reader().await?, seq).await
    }

    async fn recv_at(&self, seq: u64) -> DbResult<Option<i64>> {
        let sql = "SELECT recv_at FROM op WHERE tenant = $1 AND seq = $2";
        let row = self.pool.reader().await?.optional(sql, args![TENANT, seq]).await?;
        row.map(|row| row.int("recv_at")).transpose()
    }

    async fn generations(&self) -> DbResult<Vec<(DeviceId, u32, u64)>> {
        care::generations(&mut self.pool.reader().await?).await
    }

    async fn scope(&self, token: u64) -> DbResult<Option<Vec<u8>>> {
        let sql = "SELECT body FROM scope WHERE tenant = $1 AND token = $2";
        let row = self.pool.reader().await?.optional(sql, args![TENANT, token]).await?;
        row.map(|row| row.blob("body")).transpose()
    }

    async fn unit_rows(&self, query: &UnitQuery) -> DbResult<UnitRows> {
        super::page::read_unit(&mut self.pool.snapshot().await?, query).await
    }

    async fn live_rows(
        &self,
        visible: &Visible,
        visit: &mut (dyn FnMut(UnitId, RecordId, u64) + Send),
    ) -> DbResult<Tenant> {
        let mut link = self.pool.snapshot().await?;
        let tenant = read_tenant(&mut link).await?;
        care::live_rows(&mut link, visible, visit).await?;
        Ok(tenant)
    }

    async fn alarms(&self, limit: u32) -> DbResult<Vec<Alarm>> {
        care::alarms(&mut self.pool.reader().await?, limit).await
    }

    async fn events(&self, after: u64, limit: u32) -> DbResult<Vec<EventRow>> {
        care::events(&mut self.pool.reader().await?, after, limit).await
    }

    async fn quarantined(&self) -> DbResult<Vec<Quarantined>> {
        care::quarantined(&mut self.pool.reader().await?).await
    }

    async fn secret(&self) -> DbResult<Option<[u8; 32]>> {
        let sql = "SELECT key FROM secret WHERE tenant = $1";
        let row = self.pool.reader().await?.optional(sql, args![TENANT]).await?;
        row.map(|row| row.bytes("key")).transpose()
    }

    async fn page(&self, query: &PageQuery) -> DbResult<PageRows> {
        super::page::read(&mut self.pool.snapshot().await?, query).await
    }

    async fn record(&self, wanted: RecordId) -> DbResult<Option<RecordRow>> {
        let sql = "SELECT * FROM record WHERE tenant = $1 AND id = $2";
        let row = self.pool.reader().await?.optional(sql, args![TENANT, wanted]).await?;
        row.as_ref().map(record).transpose()
    }

    async fn history(&self, wanted: RecordId) -> DbResult<Vec<HistoryRow>> {
        let mut link = self.pool.reader().await?;
        let index = link.dialect().by_index("op_by_record");
        let sql = format!(
            "SELECT op.seq, op.recv_at, op.bytes, op.outcome, coalesce(a.name, '') AS actor FROM op{index} \
             LEFT JOIN account a ON a.tenant = op.tenant AND a.id = op.actor \
             WHERE op.tenant = $1 AND op.record = $2 ORDER BY op.seq"
        );
        link.all(sql, args![TENANT, wanted]).await?.iter().map(history).collect()
    }

    async fn ops_after(&self, seq: u64, limit: u32) -> DbResult<Vec<OpRow>> {
        let sql = "SELECT * FROM op WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        let rows = self.pool.reader().await?.all(sql, args![TENANT, seq, limit]).await?;
        rows.iter().map(op).collect()
    }

    async fn records_after(&self, after: Option<RecordId>, limit: u32) -> DbResult<Vec<RecordRow>> {
        let after: Vec<u8> = after.map_or_else(Vec::new, |id| id.0.as_bytes().to_vec());
        let sql = "SELECT * FROM record WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";
        let rows = self.pool.reader().await?.all(sql, args![TENANT, after, limit]).await?;
        rows.iter().map(record).collect()
    }

    async fn open_of(&self, kind: u16) -> DbResult<Vec<RecordRow>> {
        let sql = "SELECT * FROM record WHERE tenant = $1 AND kind = $2 AND about IS NOT NULL ORDER BY id";
        let rows = self.pool.reader().await?.all(sql, args![TENANT, kind]).await?;
        rows.iter().map(record).collect()
    }

    async fn series(&self) -> DbResult<Vec<RecordRow>> {
        let mut link = self.pool.reader().await?;
        let index = link.dialect().by_index("record_series");
        // The number stands in the text, or the index of exactly these would not be used.
        let sql = format!(
            "SELECT * FROM record{index} WHERE tenant = $1 AND kind = {SERIES_KIND} ORDER BY id"
        );
        link.all(sql, args![TENANT]).await?.iter().map(record).collect()
    }

    async fn unique_values(&self) -> DbResult<Vec<UniqueRow>> {
        let sql = "SELECT kind, field, value_key, record FROM unique_value WHERE tenant = $1 ORDER BY kind, field, value_key";
        let rows = self.pool.reader().await?.all(sql, args![TENANT]).await?;
        rows.iter().map(unique).collect()
    }

    async fn unique_holder(&self, kind: u16, field: u16, key: &[u8]) -> DbResult<Option<RecordId>> {
        let sql = "SELECT record FROM unique_value WHERE tenant = $1 AND kind = $2 AND field = $3 AND value_key = $4";
        let row = self.pool.reader().await?.optional(sql, args![TENANT, kind, field, key]).await?;
        row.map(|row| row.id("record").map(RecordId)).transpose()
    }

    async fn accounts(&self) -> DbResult<Vec<Account>> {
        let sql = "SELECT id AS account, name AS account_name, role, unit, disabled FROM account WHERE tenant = $1 ORDER BY name";
        let rows = self.pool.reader().await?.all(sql, args![TENANT]).await?;
        rows.iter().map(account).collect()
    }

    async fn devices(&self) -> DbResult<Vec<Device>> {
        let sql = "SELECT * FROM device WHERE tenant = $1 ORDER BY id";
        let rows = self.pool.reader().await?.all(sql, args![TENANT]).await?;
        rows.iter().map(device).collect()
    }

    async fn sizes(&self) -> DbResult<Sizes> {
        let sql = "SELECT (SELECT count(*) FROM op WHERE tenant = $1) AS ops, (SELECT count(*) FROM record WHERE tenant = $1) AS records, \
             (SELECT count(*) FROM scope_exit WHERE tenant = $1) AS exits, (SELECT count(*) FROM unique_value WHERE tenant = $1) AS uniq";
        let row = self.pool.reader().await?.one(sql, args![TENANT]).await?;
        Ok(Sizes {
            ops: row.number("ops")?,
            records: row.number("records")?,
            exits: row.number("exits")?,
            unique_values: row.number("uniq")?,
        })
    }

    async fn see_device(&self, seen: &Seen) -> DbResult<()> {
        let sql = "UPDATE device SET acked_seq = $3, scope_token = $4, last_seen = $5, outbox_depth = $6, app_version = $7, \
             clock_off_ms = $8 WHERE tenant = $1 AND id = $2";
        let (depth, app) = (seen.outbox_depth, seen.app_version.as_str());
        let args = args![
            TENANT,
            seen.id,
            seen.acked_seq,
            seen.scope_token,
            seen.now,
            depth,
            app,
            seen.clock_off_ms
        ];
        self.pool.writer().await?.run(sql, args).await.map(drop)
    }

    async fn copy_to(&self, file: &Path) -> DbResult<()> {
        if self.pool.copy_file(file).await? {
            return Ok(());
        }
        super::copy::into_file(&mut self.pool.snapshot().await?, file).await
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

pub(super) async fn read_tenant(link: &mut Link) -> DbResult<Tenant> {
    let row = link.optional("SELECT * FROM tenant WHERE tenant = $1", args![TENANT]).await?;
    tenant(&row.ok_or(DbError::NoTenant)?)
}

pub(super) async fn read_units(link: &mut Link) -> DbResult<UnitTree> {
    let rows = link.all("SELECT id, parent FROM unit WHERE tenant = $1", args![TENANT]).await?;
    let mut units = UnitTree::default();
    for row in &rows {
        units.insert(UnitId(row.id("id")?), row.opt_id("parent")?.map(UnitId));
    }
    Ok(units)
}

/// Returns the chain value at a position; zeros at the start.
pub(super) async fn chain_at(link: &mut Link, seq: u64) -> DbResult<Option<Digest>> {
    if seq == 0 {
        return Ok(Some([0; 16]));
    }
    let sql = "SELECT chain FROM op WHERE tenant = $1 AND seq = $2";
    let row = link.optional(sql, args![TENANT, seq]).await?;
    row.map(|row| row.bytes("chain")).transpose()
}

async fn hash_of(link: &mut Link, query: &PositionQuery) -> DbResult<Option<Digest>> {
    let sql = "SELECT hash FROM op WHERE tenant = $1 AND device = $2 AND gen = $3 AND n = $4";
    let args = args![TENANT, query.device, query.generation, query.last_n];
    link.optional(sql, args).await?.map(|row| row.bytes("hash")).transpose()
}
