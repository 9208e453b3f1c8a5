//! Restores, scopes, revocation: the statements behind what is seldom called.

use super::convert::op_id;
use super::copy::QUARANTINE;
use super::{Link, TENANT};
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::server::db::DbResult;
use crate::server::db::driver::{Arg, Row, args};
use crate::server::db::rows::{
    Alarm, Event, EventRow, Mend, NewSession, Quarantined, Returned, Visible,
};
use crate::sync::open::Known;

/// Returns what the server has of one generation of a device.
pub(super) async fn known(link: &mut Link, of: DeviceId, generation: u32) -> DbResult<Known> {
    let sql = "SELECT n, hash FROM op WHERE tenant = $1 AND device = $2 AND gen = $3 ORDER BY n DESC LIMIT 1";
    let last = link.optional(sql, args![TENANT, of, generation]).await?;
    let sql = "SELECT n FROM durable WHERE tenant = $1 AND device = $2 AND gen = $3";
    let durable = link.optional(sql, args![TENANT, of, generation]).await?;
    let mut known = Known { generation, last_n: 0, last_hash: [0; 16], durable_n: 0 };
    if let Some(row) = last {
        known.last_n = row.number("n")?;
        known.last_hash = row.bytes("hash")?;
    }
    if let Some(row) = durable {
        known.durable_n = row.number("n")?;
    }
    Ok(known)
}

pub(super) async fn newest_generation(link: &mut Link, of: DeviceId) -> DbResult<u32> {
    let sql = "SELECT coalesce(max(gen), 0) AS gen FROM op WHERE tenant = $1 AND device = $2";
    link.one(sql, args![TENANT, of]).await?.small("gen")
}

pub(super) async fn generations(link: &mut Link) -> DbResult<Vec<(DeviceId, u32, u64)>> {
    let sql = "SELECT device, gen, max(n) AS n FROM op WHERE tenant = $1 GROUP BY device, gen ORDER BY device, gen";
    let read = |row: &Row| -> DbResult<_> {
        Ok((DeviceId(row.number("device")?), row.small("gen")?, row.number("n")?))
    };
    link.all(sql, args![TENANT]).await?.iter().map(read).collect()
}

/// Visits the live records in sight. The index on units holds all that is asked for.
pub(super) async fn live_rows(
    link: &mut Link,
    visible: &Visible,
    visit: &mut (dyn FnMut(UnitId, RecordId, u64) + Send),
) -> DbResult<()> {
    let dialect = link.dialect();
    let index = dialect.by_index("record_by_unit");
    let begin = format!(
        "SELECT r.unit, r.id, r.last_seq FROM record r{index} WHERE r.tenant = $1 AND r.tomb_seq IS NULL"
    );
    let mut rows = Vec::new();
    match visible {
        Visible::All => rows.extend(link.all(begin, args![TENANT]).await?),
        Visible::Units { within, above, published } => {
            let list = dialect.keys(2);
            let inside = format!("{begin} AND r.unit IN (SELECT j.id FROM {list})");
            let mut args = args![TENANT];
            args.push(Arg::ids(within.iter().map(|unit| &unit.0)));
            rows.extend(link.all(inside.clone(), args).await?);
            let kinds = dialect.numbers(3);
            let mut args = args![TENANT];
            args.push(Arg::ids(above.iter().map(|unit| &unit.0)));
            args.push(Arg::Numbers(published.iter().copied().map(i64::from).collect()));
            let sql = format!("{inside} AND r.kind IN (SELECT j.no FROM {kinds})");
            rows.extend(link.all(sql, args).await?);
        }
    }
    for row in &rows {
        visit(UnitId(row.id("unit")?), RecordId(row.id("id")?), row.number("last_seq")?);
    }
    Ok(())
}

pub(super) async fn alarms(link: &mut Link, limit: u32) -> DbResult<Vec<Alarm>> {
    let sql =
        "SELECT at, word, device, detail FROM alarm WHERE tenant = $1 ORDER BY no DESC LIMIT $2";
    let read = |row: &Row| -> DbResult<Alarm> {
        let device = row.opt_int("device")?;
        Ok(Alarm {
            at: row.int("at")?,
            word: row.text("word")?,
            device: device.map(|id| DeviceId(id.cast_unsigned())),
            detail: row.text("detail")?,
        })
    };
    link.all(sql, args![TENANT, limit]).await?.iter().map(read).collect()
}

pub(super) async fn quarantined(link: &mut Link) -> DbResult<Vec<Quarantined>> {
    let sql = "SELECT device, gen, n, hash, bytes, recv_at, no, state FROM quarantine WHERE tenant = $1 ORDER BY no";
    let read = |row: &Row| -> DbResult<Quarantined> {
        Ok(Quarantined {
            id: op_id(row)?,
            hash: row.bytes("hash")?,
            bytes: row.blob("bytes")?,
            recv_at: row.int("recv_at")?,
            no: row.number("no")?,
            state: row.text("state")?,
        })
    };
    link.all(sql, args![TENANT]).await?.iter().map(read).collect()
}

/// Writes one of the changes of [`Mend`].
pub(super) async fn mend(link: &mut Link, mend: &Mend) -> DbResult<bool> {
    let (sql, args) = match mend {
        Mend::Epoch(epoch) => (
            "UPDATE tenant SET epoch = $2, epoch_no = epoch_no + 1 WHERE tenant = $1",
            args![TENANT, *epoch],
        ),
        Mend::Backup(at) => {
            ("UPDATE tenant SET backup_at = $2 WHERE tenant = $1", args![TENANT, *at])
        }
        Mend::TombFloor(floor) => return raise_tomb_floor(link, *floor).await,
        Mend::Alarm(alarm) => (
            "INSERT INTO alarm (tenant, no, at, word, device, detail) SELECT CAST($1 AS BIGINT), coalesce(max(no), 0) + 1, \
             CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS TEXT) FROM alarm WHERE tenant = $1",
            args![
                TENANT,
                alarm.at,
                alarm.word.as_str(),
                alarm.device.map(|device| device.0),
                alarm.detail.as_str()
            ],
        ),
        Mend::Event(what) => return event(link, what).await.map(|()| true),
        Mend::Redact { seq, bytes } => (
            "UPDATE op SET bytes = $3 WHERE tenant = $1 AND seq = $2",
            args![TENANT, *seq, bytes.as_slice()],
        ),
        Mend::Scope { token, body } => (
            "INSERT INTO scope (tenant, token, body) VALUES ($1, $2, $3) ON CONFLICT (tenant, token) DO NOTHING",
            args![TENANT, *token, body.as_slice()],
        ),
        Mend::PutBack(returned) => return put_back(link, returned).await,
        Mend::Account { user, disabled, role, unit } => (
            "UPDATE account SET disabled = $3, role = $4, unit = $5 WHERE tenant = $1 AND id = $2",
            args![TENANT, *user, *disabled, role.key(), *unit],
        ),
        Mend::Wipe { device, wipe } => (
            "UPDATE device SET wipe = $3 WHERE tenant = $1 AND id = $2",
            args![TENANT, *device, *wipe],
        ),
        Mend::Clone { device, at } => (
            "UPDATE device SET clone_seen_at = $3 WHERE tenant = $1 AND id = $2",
            args![TENANT, *device, *at],
        ),
        Mend::Decided { no, state } => (
            "UPDATE quarantine SET state = $3 WHERE tenant = $1 AND no = $2 AND state = 'open'",
            args![TENANT, *no, *state],
        ),
        Mend::Quarantine(ops) => return quarantine(link, ops).await,
        Mend::Session(new) => return session(link, new).await,
        Mend::Secret(key) => (
            "INSERT INTO secret (tenant, key) VALUES ($1, $2) ON CONFLICT (tenant) DO NOTHING",
            args![TENANT, key],
        ),
    };
    Ok(link.run(sql, args).await? > 0)
}

/// Adds an event after the last one. The writer holds the counter row.
pub(super) async fn event(link: &mut Link, event: &Event) -> DbResult<()> {
    let tenant = super::read::read_tenant(link).await?;
    let no = tenant.event_no.saturating_add(1);
    let chain = event.link(&tenant.event_chain, no);
    let sql = "INSERT INTO event (tenant, no, at, word, device, actor, detail, chain) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let args = args![
        TENANT,
        no,
        event.at,
        event.word.as_str(),
        event.device.map(|device| device.0),
        event.user.map(|user| RecordId(user.0)),
        event.detail.as_str(),
        &chain
    ];
    link.run(sql, args).await?;
    let sql = "UPDATE tenant SET event_no = $2, event_chain = $3 WHERE tenant = $1";
    link.run(sql, args![TENANT, no, &chain]).await.map(drop)
}

pub(super) async fn events(link: &mut Link, after: u64, limit: u32) -> DbResult<Vec<EventRow>> {
    let sql = "SELECT no, at, word, device, actor, detail, chain FROM event WHERE tenant = $1 AND no > $2 ORDER BY no LIMIT $3";
    let read = |row: &Row| -> DbResult<EventRow> {
        let device = row.opt_int("device")?;
        let event = Event {
            at: row.int("at")?,
            word: row.text("word")?,
            device: device.map(|id| DeviceId(id.cast_unsigned())),
            user: row.opt_id("actor")?.map(UserId),
            detail: row.text("detail")?,
        };
        Ok(EventRow { no: row.number("no")?, event, chain: row.bytes("chain")? })
    };
    link.all(sql, args![TENANT, after, limit]).await?.iter().map(read).collect()
}

/// Begins a session and forgets those that are over.
async fn session(link: &mut Link, new: &NewSession) -> DbResult<bool> {
    let sql = "DELETE FROM session WHERE tenant = $1 AND expires_at <= $2";
    link.run(sql, args![TENANT, new.now]).await?;
    let sql = "INSERT INTO session (tenant, token, device, nonce, expires_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let args = args![TENANT, &new.token, new.device, &new.nonce, new.expires_at];
    Ok(link.run(sql, args).await? > 0)
}

async fn raise_tomb_floor(link: &mut Link, floor: u64) -> DbResult<bool> {
    let sql = "UPDATE tenant SET tomb_floor = $2 WHERE tenant = $1 AND tomb_floor < $2";
    let raised = link.run(sql, args![TENANT, floor]).await? > 0;
    link.run("DELETE FROM scope_exit WHERE tenant = $1 AND seq <= $2", args![TENANT, floor])
        .await?;
    Ok(raised)
}

async fn quarantine(link: &mut Link, ops: &[Quarantined]) -> DbResult<bool> {
    let sql = "SELECT coalesce(max(no), 0) AS no FROM quarantine WHERE tenant = $1";
    let last: u64 = link.one(sql, args![TENANT]).await?.number("no")?;
    let row = |(no, op): (u64, &Quarantined)| {
        let (bytes, id, state) = (op.bytes.as_slice(), op.id, op.state.as_str());
        args![TENANT, id.device, id.generation, id.n, &op.hash, bytes, op.recv_at, no, state]
    };
    let tail = " ON CONFLICT (tenant, device, gen, n, hash) DO NOTHING";
    let rows = (last.saturating_add(1)..).zip(ops).map(row).collect();
    link.insert(&QUARANTINE, tail, rows).await?;
    Ok(!ops.is_empty())
}

/// Puts a device back, with what the log says of its numbers.
async fn put_back(link: &mut Link, returned: &Returned) -> DbResult<bool> {
    let (account, device) = (&returned.account, &returned.device);
    // Somebody else may have the name by now.
    let other = format!("{} {}", account.name, account.id.0.simple());
    for name in [account.name.as_str(), other.as_str()] {
        let sql = "INSERT INTO account (tenant, id, name, role, unit, disabled) VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT DO NOTHING";
        link.run(sql, args![TENANT, account.id, name, account.role.key(), account.unit]).await?;
    }
    let generation = newest_generation(link, device.id).await?;
    let known = known(link, device.id, generation).await?;
    let sql = "INSERT INTO device (tenant, id, account, public_key, name, state, generation, last_n, last_hash, durable_n, acked_seq, \
         scope_token, last_seen, outbox_depth, app_version, clock_off_ms, wipe, clone_seen_at) \
         VALUES ($1, $2, $3, $4, $5, 'returned', $9, $10, $6, 0, 0, 0, $7, 0, $8, 0, 0, 0) \
         ON CONFLICT (tenant, id) DO UPDATE SET public_key = excluded.public_key, state = 'returned' \
         WHERE device.account = excluded.account AND device.state <> 'revoked'";
    let args = args![
        TENANT,
        device.id,
        device.account,
        &device.key,
        device.name.as_str(),
        &known.last_hash,
        device.now,
        device.app_version.as_str(),
        generation,
        known.last_n
    ];
    Ok(link.run(sql, args).await? > 0)
}
