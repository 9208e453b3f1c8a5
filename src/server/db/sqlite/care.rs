//! Restores, scopes, revocation: the statements behind what is seldom called.

use std::collections::BTreeMap;

use sqlx::{Row as _, SqliteConnection};
use uuid::Uuid;

use super::convert::{TENANT, bytes, id, id_list, number, op_id, small};
use super::read::{Key, cut, read_bodies};
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::server::db::rows::{Alarm, Quarantined, Returned, Tenant, UnitQuery, UnitRows, Visible};
use crate::server::db::{DbError, DbResult};
use crate::sync::Digest;
use crate::sync::open::Known;

/// Returns what the server has of one generation of a device.
pub(super) async fn known(
    connection: &mut SqliteConnection,
    of: DeviceId,
    generation: u32,
) -> DbResult<Known> {
    let last = sqlx::query(
        "SELECT n, hash FROM op WHERE tenant = ?1 AND device = ?2 AND gen = ?3 ORDER BY n DESC LIMIT 1",
    )
    .bind(TENANT)
    .bind(of.0.cast_signed())
    .bind(generation)
    .fetch_optional(&mut *connection)
    .await?;
    let durable =
        sqlx::query("SELECT n FROM durable WHERE tenant = ?1 AND device = ?2 AND gen = ?3")
            .bind(TENANT)
            .bind(of.0.cast_signed())
            .bind(generation)
            .fetch_optional(&mut *connection)
            .await?;
    let mut known = Known { generation, last_n: 0, last_hash: [0; 16], durable_n: 0 };
    if let Some(row) = last {
        known.last_n = number(&row, "n")?;
        known.last_hash = bytes(&row, "hash")?;
    }
    if let Some(row) = durable {
        known.durable_n = number(&row, "n")?;
    }
    Ok(known)
}

pub(super) async fn newest_generation(
    connection: &mut SqliteConnection,
    of: DeviceId,
) -> DbResult<u32> {
    let row = sqlx::query(
        "SELECT coalesce(max(gen), 0) AS gen FROM op WHERE tenant = ?1 AND device = ?2",
    )
    .bind(TENANT)
    .bind(of.0.cast_signed())
    .fetch_one(connection)
    .await?;
    small(&row, "gen")
}

pub(super) async fn generations(
    connection: &mut SqliteConnection,
) -> DbResult<Vec<(DeviceId, u32, u64)>> {
    let rows = sqlx::query(
        "SELECT device, gen, max(n) AS n FROM op WHERE tenant = ?1 GROUP BY device, gen ORDER BY device, gen",
    )
    .bind(TENANT)
    .fetch_all(connection)
    .await?;
    let read = |row| -> DbResult<_> {
        Ok((DeviceId(number(row, "device")?), small(row, "gen")?, number(row, "n")?))
    };
    rows.iter().map(read).collect()
}

pub(super) async fn recv_at(connection: &mut SqliteConnection, seq: u64) -> DbResult<Option<i64>> {
    let row = sqlx::query("SELECT recv_at FROM op WHERE tenant = ?1 AND seq = ?2")
        .bind(TENANT)
        .bind(seq.cast_signed())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.try_get("recv_at")).transpose()?)
}

pub(super) async fn scope(
    connection: &mut SqliteConnection,
    token: u64,
) -> DbResult<Option<Vec<u8>>> {
    let row = sqlx::query("SELECT body FROM scope WHERE tenant = ?1 AND token = ?2")
        .bind(TENANT)
        .bind(token.cast_signed())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.try_get("body")).transpose()?)
}

pub(super) async fn keep_scope(
    connection: &mut SqliteConnection,
    token: u64,
    body: &[u8],
) -> DbResult<()> {
    sqlx::query("INSERT INTO scope (tenant, token, body) VALUES (?1, ?2, ?3) ON CONFLICT (tenant, token) DO NOTHING")
        .bind(TENANT)
        .bind(token.cast_signed())
        .bind(body)
        .execute(connection)
        .await?;
    Ok(())
}

fn kind_list<'a>(kinds: impl Iterator<Item = &'a u16>) -> String {
    format!("[{}]", kinds.map(u16::to_string).collect::<Vec<_>>().join(","))
}

const UNIT_KEYS: &str = "SELECT last_seq AS seq, id FROM record INDEXED BY record_by_unit WHERE tenant = ?1 AND unit = ?2 \
    AND last_seq > ?3 AND (?4 OR kind IN (SELECT value FROM json_each(?5))) ORDER BY last_seq, id LIMIT ?6";

pub(super) async fn unit_rows(
    connection: &mut SqliteConnection,
    tenant: Tenant,
    query: &UnitQuery,
) -> DbResult<UnitRows> {
    let wanted = usize::try_from(query.limit.max(1)).unwrap_or(usize::MAX);
    let mut limit = i64::from(query.limit.max(1)) + 1;
    let mut keys = loop {
        let rows = sqlx::query(UNIT_KEYS)
            .bind(TENANT)
            .bind(query.unit.0.as_bytes().as_slice())
            .bind(query.after.cast_signed())
            .bind(query.kinds.is_none())
            .bind(kind_list(query.kinds.iter().flatten()))
            .bind(limit)
            .fetch_all(&mut *connection)
            .await?;
        let key = |row| -> DbResult<_> {
            Ok(Key { seq: number(row, "seq")?, id: RecordId(id(row, "id")?), left: false })
        };
        let keys: Vec<Key> = rows.iter().map(key).collect::<DbResult<_>>()?;
        let full = i64::try_from(keys.len()).unwrap_or(i64::MAX) >= limit;
        let one_position = keys.first().map(|key| key.seq) == keys.last().map(|key| key.seq);
        if !full || !one_position {
            break keys;
        }
        limit = limit.saturating_mul(4);
    };
    let mut complete = keys.len() <= wanted;
    if !complete {
        cut(&mut keys, wanted);
    }
    let (puts, _, taken) = read_bodies(connection, &keys, query.max_bytes).await?;
    complete &= taken == keys.len();
    let end = keys.get(taken.saturating_sub(1)).map_or(query.after, |key| key.seq);
    Ok(UnitRows { tenant, puts, end, complete })
}

const LIVE_ALL: &str = "SELECT unit, id, last_seq FROM record INDEXED BY record_by_unit WHERE tenant = ?1 AND tomb_seq IS NULL";
const LIVE_WITHIN: &str = "SELECT r.unit, r.id, r.last_seq FROM json_each(?2) j CROSS JOIN record r INDEXED BY record_by_unit \
    ON r.tenant = ?1 AND r.unit = unhex(j.value) WHERE r.tomb_seq IS NULL AND (?3 OR r.kind IN (SELECT value FROM json_each(?4)))";

pub(super) async fn live_rows(
    connection: &mut SqliteConnection,
    visible: &Visible,
    visit: &mut (dyn FnMut(UnitId, RecordId, u64) + Send),
) -> DbResult<()> {
    let mut rows = Vec::new();
    match visible {
        Visible::All => {
            rows.extend(sqlx::query(LIVE_ALL).bind(TENANT).fetch_all(connection).await?);
        }
        Visible::Units { within, above, published } => {
            for (units, all) in [(within, true), (above, false)] {
                let found = sqlx::query(LIVE_WITHIN)
                    .bind(TENANT)
                    .bind(id_list(units.iter().map(|unit| &unit.0)))
                    .bind(all)
                    .bind(kind_list(published.iter()))
                    .fetch_all(&mut *connection)
                    .await?;
                rows.extend(found);
            }
        }
    }
    for row in &rows {
        visit(UnitId(id(row, "unit")?), RecordId(id(row, "id")?), number(row, "last_seq")?);
    }
    Ok(())
}

pub(super) async fn alarms(connection: &mut SqliteConnection, limit: u32) -> DbResult<Vec<Alarm>> {
    let rows = sqlx::query(
        "SELECT at, word, device, detail FROM alarm WHERE tenant = ?1 ORDER BY no DESC LIMIT ?2",
    )
    .bind(TENANT)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let read = |row: &sqlx::sqlite::SqliteRow| -> DbResult<Alarm> {
        let device: Option<i64> = row.try_get("device")?;
        Ok(Alarm {
            at: row.try_get("at")?,
            word: row.try_get("word")?,
            device: device.map(|id| DeviceId(id.cast_unsigned())),
            detail: row.try_get("detail")?,
        })
    };
    rows.iter().map(read).collect()
}

pub(super) async fn raise_alarm(connection: &mut SqliteConnection, alarm: &Alarm) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO alarm (tenant, no, at, word, device, detail) \
         SELECT ?1, coalesce(max(no), 0) + 1, ?2, ?3, ?4, ?5 FROM alarm WHERE tenant = ?1",
    )
    .bind(TENANT)
    .bind(alarm.at)
    .bind(alarm.word.as_str())
    .bind(alarm.device.map(|device| device.0.cast_signed()))
    .bind(alarm.detail.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn quarantined(connection: &mut SqliteConnection) -> DbResult<Vec<Quarantined>> {
    let rows = sqlx::query(
        "SELECT device, gen, n, hash, bytes, recv_at FROM quarantine WHERE tenant = ?1 ORDER BY device, gen, n",
    )
    .bind(TENANT)
    .fetch_all(connection)
    .await?;
    let read = |row| -> DbResult<Quarantined> {
        Ok(Quarantined {
            id: op_id(row)?,
            hash: bytes(row, "hash")?,
            bytes: row.try_get("bytes")?,
            recv_at: row.try_get("recv_at")?,
        })
    };
    rows.iter().map(read).collect()
}

pub(super) async fn quarantine(
    connection: &mut SqliteConnection,
    ops: &[Quarantined],
) -> DbResult<()> {
    for op in ops {
        sqlx::query(
            "INSERT INTO quarantine (tenant, device, gen, n, hash, bytes, recv_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
             ON CONFLICT (tenant, device, gen, n, hash) DO NOTHING",
        )
        .bind(TENANT)
        .bind(op.id.device.0.cast_signed())
        .bind(op.id.generation)
        .bind(op.id.n.cast_signed())
        .bind(op.hash.as_slice())
        .bind(op.bytes.as_slice())
        .bind(op.recv_at)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(super) async fn set_durable(
    connection: &mut SqliteConnection,
    durable: &[(DeviceId, u32, u64)],
) -> DbResult<()> {
    for (device, generation, n) in durable {
        sqlx::query(
            "INSERT INTO durable (tenant, device, gen, n) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (tenant, device, gen) DO UPDATE SET n = excluded.n",
        )
        .bind(TENANT)
        .bind(device.0.cast_signed())
        .bind(generation)
        .bind(n.cast_signed())
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "UPDATE device SET durable_n = ?4 WHERE tenant = ?1 AND id = ?2 AND generation = ?3",
        )
        .bind(TENANT)
        .bind(device.0.cast_signed())
        .bind(generation)
        .bind(n.cast_signed())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(super) async fn new_epoch(connection: &mut SqliteConnection, epoch: Uuid) -> DbResult<()> {
    sqlx::query("UPDATE tenant SET epoch = ?2, epoch_no = epoch_no + 1 WHERE tenant = ?1")
        .bind(TENANT)
        .bind(epoch.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn note_backup(connection: &mut SqliteConnection, now: i64) -> DbResult<()> {
    sqlx::query("UPDATE tenant SET backup_at = ?2 WHERE tenant = ?1")
        .bind(TENANT)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn raise_tomb_floor(
    connection: &mut SqliteConnection,
    floor: u64,
) -> DbResult<()> {
    sqlx::query("UPDATE tenant SET tomb_floor = ?2 WHERE tenant = ?1 AND tomb_floor < ?2")
        .bind(TENANT)
        .bind(floor.cast_signed())
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM scope_exit WHERE tenant = ?1 AND seq <= ?2")
        .bind(TENANT)
        .bind(floor.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn set_account(
    connection: &mut SqliteConnection,
    user: UserId,
    disabled: bool,
    (role, unit): (Role, UnitId),
) -> DbResult<bool> {
    let done = sqlx::query(
        "UPDATE account SET disabled = ?3, role = ?4, unit = ?5 WHERE tenant = ?1 AND id = ?2",
    )
    .bind(TENANT)
    .bind(user.0.as_bytes().as_slice())
    .bind(disabled)
    .bind(role.key())
    .bind(unit.0.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn set_wipe(
    connection: &mut SqliteConnection,
    device: DeviceId,
    wipe: bool,
) -> DbResult<()> {
    sqlx::query("UPDATE device SET wipe = ?3 WHERE tenant = ?1 AND id = ?2")
        .bind(TENANT)
        .bind(device.0.cast_signed())
        .bind(wipe)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn see_clone(
    connection: &mut SqliteConnection,
    device: DeviceId,
    now: i64,
) -> DbResult<()> {
    sqlx::query("UPDATE device SET clone_seen_at = ?3 WHERE tenant = ?1 AND id = ?2")
        .bind(TENANT)
        .bind(device.0.cast_signed())
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Puts an account back under its name, or under that name with its id behind it if somebody else has it by now.
async fn put_account_back(connection: &mut SqliteConnection, returned: &Returned) -> DbResult<()> {
    let account = &returned.account;
    let other = format!("{} {}", account.name, account.id.0.simple());
    for name in [account.name.as_str(), other.as_str()] {
        sqlx::query(
            "INSERT INTO account (tenant, id, name, role, unit, disabled) VALUES (?1, ?2, ?3, ?4, ?5, 0) ON CONFLICT DO NOTHING",
        )
        .bind(TENANT)
        .bind(account.id.0.as_bytes().as_slice())
        .bind(name)
        .bind(account.role.key())
        .bind(account.unit.0.as_bytes().as_slice())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(super) async fn put_back(
    connection: &mut SqliteConnection,
    returned: &Returned,
) -> DbResult<bool> {
    put_account_back(connection, returned).await?;
    let device = &returned.device;
    let last: BTreeMap<u32, (u64, Digest)> = last_of(connection, device.id).await?;
    let (generation, (n, hash)) =
        last.last_key_value().map_or((0, (0, [0; 16])), |(generation, last)| (*generation, *last));
    let done = sqlx::query(
        "INSERT INTO device (tenant, id, account, token_hash, name, state, generation, last_n, last_hash, durable_n, acked_seq, \
         scope_token, last_seen, outbox_depth, app_version, clock_off_ms, wipe, clone_seen_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, 'returned', ?9, ?10, ?6, 0, 0, 0, ?7, 0, ?8, 0, 0, 0) \
         ON CONFLICT (tenant, id) DO UPDATE SET token_hash = excluded.token_hash, state = 'returned' \
         WHERE device.account = excluded.account AND device.state <> 'revoked'",
    )
    .bind(TENANT)
    .bind(device.id.0.cast_signed())
    .bind(device.account.0.as_bytes().as_slice())
    .bind(device.token.as_slice())
    .bind(device.name.as_str())
    .bind(hash.as_slice())
    .bind(device.now)
    .bind(device.app_version.as_str())
    .bind(generation)
    .bind(n.cast_signed())
    .execute(&mut *connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Returns the last operation of each generation of a device.
async fn last_of(
    connection: &mut SqliteConnection,
    device: DeviceId,
) -> DbResult<BTreeMap<u32, (u64, Digest)>> {
    let row = sqlx::query(
        "SELECT gen, n, hash FROM op WHERE tenant = ?1 AND device = ?2 ORDER BY gen DESC, n DESC LIMIT 1",
    )
    .bind(TENANT)
    .bind(device.0.cast_signed())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(BTreeMap::new()) };
    let generation =
        small(&row, "gen").map_err(|_out_of_range| DbError::Damaged { table: "op" })?;
    Ok(BTreeMap::from([(generation, (number(&row, "n")?, bytes(&row, "hash")?))]))
}
