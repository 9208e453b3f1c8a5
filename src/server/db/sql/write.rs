//! Writing: few statements with many rows each, because a statement costs more than a row.

use super::convert::account;
use super::copy::{DURABLE, EXIT, OP, RECORD, UNIQUE, UNIT};
use super::load::load;
use super::read::{read_tenant, read_units};
use super::{DatabaseTx, Dialect, Link, TENANT, care};
use crate::domain::ids::{DeviceId, UserId};
use crate::server::db::driver::{Arg, args};
use crate::server::db::rows::{
    Account, Changes, CodeUse, Loaded, Mend, NewCode, NewDevice, NewTenant, OpRow, RecordRow,
    Stored, Tenant, TokenHash, UniqueRow, Wanted,
};
use crate::server::db::{DbError, DbResult, Tx};
use crate::sync::{Digest, OpId, UnitTree};

const RECORD_KNOWN: &str = " ON CONFLICT (tenant, id) DO UPDATE SET kind = excluded.kind, unit = excluded.unit, \
    last_seq = excluded.last_seq, tomb_seq = excluded.tomb_seq, about = excluded.about, follows = excluded.follows, points = excluded.points, body = excluded.body";

impl Tx for DatabaseTx {
    async fn lock(&mut self) -> DbResult<Tenant> {
        // `begin` holds the row already.
        if let Some(tenant) = &self.tenant {
            return Ok(tenant.clone());
        }
        let mut tenant = read_tenant(&mut self.link).await?;
        if crate::trap!(T01) && self.link.dialect() == Dialect::Postgres {
            let row = self.link.one("SELECT nextval('trap') - 1 AS last", Vec::new()).await?;
            tenant.head_seq = row.number("last")?;
            return Ok(tenant);
        }
        self.tenant = Some(tenant.clone());
        Ok(tenant)
    }

    async fn stored(&mut self, batches: &[(OpId, usize)]) -> DbResult<Vec<Stored>> {
        super::load::stored(&mut self.link, batches).await
    }

    async fn units(&mut self) -> DbResult<UnitTree> {
        read_units(&mut self.link).await
    }

    async fn load(&mut self, wanted: &Wanted) -> DbResult<Loaded> {
        load(&mut self.link, wanted).await
    }

    async fn store(&mut self, changes: Changes) -> DbResult<()> {
        let link = &mut self.link;
        let (head, chain) = &changes.head;
        if let Some(tenant) = &mut self.tenant {
            (tenant.head_seq, tenant.head_chain) = changes.head;
            tenant.reparent_seq = changes.reparent_seq;
        }
        let sql =
            "UPDATE tenant SET head_seq = $2, head_chain = $3, reparent_seq = $4 WHERE tenant = $1";
        link.run(sql, args![TENANT, *head, chain, changes.reparent_seq]).await?;
        link.append(&OP, changes.ops.into_iter().map(op_args).collect()).await?;
        let (made, known): (Vec<_>, Vec<_>) =
            changes.records.into_iter().partition(|row| changes.made.contains(&row.id));
        link.append(&RECORD, made.into_iter().map(record_args).collect()).await?;
        link.insert(&RECORD, RECORD_KNOWN, known.into_iter().map(record_args).collect()).await?;
        drop_around(link, &changes.unique_dropped, &changes.units_dropped).await?;
        let exits = changes.exits.into_iter();
        let exits = exits.map(|(unit, record, seq)| args![TENANT, unit, record, seq]).collect();
        let tail = " ON CONFLICT (tenant, unit, record) DO UPDATE SET seq = excluded.seq";
        link.insert(&EXIT, tail, exits).await?;
        link.append(&UNIQUE, changes.unique_made.into_iter().map(unique_args).collect()).await?;
        let tail =
            " ON CONFLICT (tenant, kind, field, value_key) DO UPDATE SET record = excluded.record";
        let taken = changes.unique_taken.into_iter().map(unique_args).collect();
        link.insert(&UNIQUE, tail, taken).await?;
        let units = changes.units_put.into_iter();
        let units = units.map(|(unit, parent)| args![TENANT, unit, parent]).collect();
        let tail = " ON CONFLICT (tenant, id) DO UPDATE SET parent = excluded.parent";
        link.insert(&UNIT, tail, units).await?;
        for event in &changes.events {
            care::event(link, event).await?;
        }
        set_last(link, &changes.devices).await
    }

    async fn savepoint(&mut self) -> DbResult<()> {
        self.link.raw("SAVEPOINT batch").await
    }

    async fn release(&mut self) -> DbResult<()> {
        self.link.raw("RELEASE SAVEPOINT batch").await
    }

    async fn rollback(&mut self) -> DbResult<()> {
        self.tenant = None;
        self.link.raw("ROLLBACK TO SAVEPOINT batch; RELEASE SAVEPOINT batch").await
    }

    async fn commit(self) -> DbResult<()> {
        self.link.commit().await
    }

    async fn insert_tenant(&mut self, tenant: &NewTenant) -> DbResult<()> {
        self.tenant = None;
        let sql = "INSERT INTO tenant VALUES ($1, $2, $3, $4, $5, $6, 1, 0, $7, 0, 0, 0, 0, $7) ON CONFLICT (tenant) DO NOTHING";
        let args = args![
            TENANT,
            tenant.id,
            tenant.name.as_str(),
            tenant.root,
            tenant.server_device,
            tenant.epoch,
            &[0_u8; 16]
        ];
        match self.link.run(sql, args).await? {
            0 => Err(DbError::Exists { what: "the tenant" }),
            _ => Ok(()),
        }
    }

    async fn insert_account(&mut self, account: &Account) -> DbResult<()> {
        let sql = "INSERT INTO account (tenant, id, name, role, unit, disabled) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (tenant, name) DO NOTHING";
        let (name, role) = (account.name.as_str(), account.role.key());
        let args = args![TENANT, account.id, name, role, account.unit, account.disabled];
        match self.link.run(sql, args).await? {
            0 => Err(DbError::Exists { what: "a user of that name" }),
            _ => Ok(()),
        }
    }

    async fn set_disabled(&mut self, name: &str, disabled: bool) -> DbResult<bool> {
        let sql = "UPDATE account SET disabled = $3 WHERE tenant = $1 AND name = $2";
        Ok(self.link.run(sql, args![TENANT, name, disabled]).await? > 0)
    }

    async fn insert_code(&mut self, code: &NewCode) -> DbResult<()> {
        let sql = "INSERT INTO code (tenant, hash, account, expires_at, used_at) VALUES ($1, $2, $3, $4, NULL)";
        let args = args![TENANT, &code.hash, code.account, code.expires_at];
        self.link.run(sql, args).await.map(drop)
    }

    async fn use_code(&mut self, hash: &TokenHash, now: i64) -> DbResult<CodeUse> {
        let sql = "SELECT account, expires_at, used_at FROM code WHERE tenant = $1 AND hash = $2";
        let row = self.link.optional(sql, args![TENANT, hash]).await?;
        let Some(row) = row else { return Ok(CodeUse::Wrong) };
        if row.opt_int("used_at")?.is_some() {
            return Ok(CodeUse::Used);
        }
        if row.int("expires_at")? <= now {
            return Ok(CodeUse::Expired);
        }
        let sql = "UPDATE code SET used_at = $3 WHERE tenant = $1 AND hash = $2";
        self.link.run(sql, args![TENANT, hash, now]).await?;
        Ok(CodeUse::Taken(UserId(row.id("account")?)))
    }

    async fn insert_device(&mut self, device: &NewDevice) -> DbResult<bool> {
        let sql = "INSERT INTO device (tenant, id, account, public_key, name, state, generation, last_n, last_hash, durable_n, acked_seq, \
             scope_token, last_seen, outbox_depth, app_version, clock_off_ms, wipe, clone_seen_at) \
             VALUES ($1, $2, $3, $4, $5, 'active', 0, 0, $6, 0, 0, 0, $7, 0, $8, 0, 0, 0) \
             ON CONFLICT (tenant, id) DO UPDATE SET public_key = excluded.public_key, name = excluded.name, \
             last_seen = excluded.last_seen, app_version = excluded.app_version \
             WHERE device.account = excluded.account AND device.state IN ('active', 'returned')";
        let args = args![
            TENANT,
            device.id,
            device.account,
            &device.key,
            device.name.as_str(),
            &[0_u8; 16],
            device.now,
            device.app_version.as_str()
        ];
        if self.link.run(sql, args).await? == 0 {
            return Ok(false);
        }
        let sql = "DELETE FROM session WHERE tenant = $1 AND device = $2";
        self.link.run(sql, args![TENANT, device.id]).await?;
        Ok(true)
    }

    async fn set_device_state(&mut self, device: DeviceId, state: &str) -> DbResult<bool> {
        let sql = "UPDATE device SET state = $3 WHERE tenant = $1 AND id = $2";
        Ok(self.link.run(sql, args![TENANT, device, state]).await? > 0)
    }

    async fn set_durable(&mut self, durable: &[(DeviceId, u32, u64)]) -> DbResult<()> {
        let sql =
            "UPDATE device SET durable_n = $4 WHERE tenant = $1 AND id = $2 AND generation = $3";
        for (device, generation, n) in durable {
            self.link.run(sql, args![TENANT, *device, *generation, *n]).await?;
        }
        let rows =
            durable.iter().map(|(device, generation, n)| args![TENANT, *device, *generation, *n]);
        let tail = " ON CONFLICT (tenant, device, gen) DO UPDATE SET n = excluded.n";
        self.link.insert(&DURABLE, tail, rows.collect()).await
    }

    async fn mend(&mut self, mend: &Mend) -> DbResult<bool> {
        self.tenant = None;
        care::mend(&mut self.link, mend).await
    }

    async fn account(&mut self, wanted: UserId) -> DbResult<Option<Account>> {
        let sql = "SELECT id AS account, name AS account_name, role, unit, disabled FROM account WHERE tenant = $1 AND id = $2";
        let row = self.link.optional(sql, args![TENANT, wanted]).await?;
        row.as_ref().map(account).transpose()
    }
}

fn op_args(op: OpRow) -> Vec<Arg> {
    args![
        TENANT,
        op.seq,
        op.id.device,
        op.id.generation,
        op.id.n,
        op.record,
        op.kind,
        op.bytes,
        &op.hash,
        &op.chain,
        op.author.user,
        op.author.role.key(),
        op.author.home,
        op.recv_at,
        op.outcome,
        op.refused.number(),
        op.outside,
        op.was
    ]
}

fn record_args(row: RecordRow) -> Vec<Arg> {
    args![
        TENANT,
        row.id,
        row.kind,
        row.unit,
        row.last_seq,
        row.tomb_seq,
        row.about,
        row.follows,
        row.points,
        row.body
    ]
}

fn unique_args(UniqueRow { kind, field, key, record }: UniqueRow) -> Vec<Arg> {
    args![TENANT, kind, field, key, record]
}

/// Removes what stands around the records: unique values given up, units that are gone.
async fn drop_around(
    link: &mut Link,
    unique: &[UniqueRow],
    units: &[crate::domain::ids::UnitId],
) -> DbResult<()> {
    let sql = "DELETE FROM unique_value WHERE tenant = $1 AND kind = $2 AND field = $3 AND value_key = $4";
    for row in unique {
        link.run(sql, args![TENANT, row.kind, row.field, row.key.as_slice()]).await?;
    }
    for unit in units {
        link.run("DELETE FROM unit WHERE tenant = $1 AND id = $2", args![TENANT, *unit]).await?;
    }
    Ok(())
}

/// Notes the newest operations of devices; they are in the log already, with their hashes.
async fn set_last(link: &mut Link, last: &[(OpId, Digest)]) -> DbResult<()> {
    if last.is_empty() {
        return Ok(());
    }
    let list = link.dialect().fours(2);
    let sql = format!(
        "UPDATE device SET durable_n = CASE WHEN generation = j.b THEN durable_n ELSE 0 END, generation = j.b, last_n = j.c, \
         last_hash = (SELECT op.hash FROM op WHERE op.tenant = $1 AND op.device = j.a AND op.gen = j.b AND op.n = j.c) \
         FROM {list} WHERE device.tenant = $1 AND device.id = j.a"
    );
    let mut args = args![TENANT];
    args.push(Arg::op_ids(last.iter().map(|(id, _)| id)));
    link.run(sql, args).await.map(drop)
}
