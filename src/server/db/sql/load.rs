//! Finding what a batch may touch: few statements, each for a whole list.

use std::collections::{BTreeMap, BTreeSet};

use super::convert::{op_id, record, unique};
use super::{Link, TENANT};
use crate::domain::ids::RecordId;
use crate::domain::record::{FieldNo, Value};
use crate::server::db::driver::{Arg, args, four};
use crate::server::db::rows::{Loaded, RecordRow, Refused, Stored, UniqueRow, Wanted};
use crate::server::db::{DbError, DbResult};
use crate::sync::{Need, OpId, digest};
use crate::wire::{decode_op, decode_record, encode};

pub(super) async fn load(link: &mut Link, wanted: &Wanted) -> DbResult<Loaded> {
    let mut loaded = Loaded::default();
    load_records(link, wanted, &mut loaded).await?;
    load_creations(link, &wanted.creations, &mut loaded).await?;
    load_ops(link, &wanted.ops, &mut loaded).await?;
    load_unique(link, wanted, &mut loaded).await?;
    Ok(loaded)
}

/// Returns what is stored of each device's operations around its batch: one statement for all, and one more if something is sent
/// again.
pub(super) async fn stored(link: &mut Link, batches: &[(OpId, usize)]) -> DbResult<Vec<Stored>> {
    let dialect = link.dialect();
    let list = dialect.fours(2);
    let rows = batches.iter().map(|(first, count)| {
        let until = first.n.saturating_add(u64::try_from(*count).unwrap_or(u64::MAX));
        four(&OpId { n: first.n.saturating_sub(1), ..*first }, until)
    });
    let rows: Vec<[i64; 4]> = rows.collect();
    let args = || vec![Arg::from(TENANT), Arg::Fours(rows.clone())];
    let sql = format!(
        "SELECT j.a AS device, (SELECT coalesce(max(gen), 0) FROM op WHERE tenant = $1 AND device = j.a) AS newest, \
         (SELECT coalesce(max(n), 0) FROM op WHERE tenant = $1 AND device = j.a AND gen = j.b) AS last, \
         (SELECT hash FROM op WHERE tenant = $1 AND device = j.a AND gen = j.b AND n = j.c) AS before, j.c AS n FROM {list}"
    );
    let (mut found, mut repeats) = (BTreeMap::new(), false);
    for row in &link.all(sql, args()).await? {
        let stored = Stored {
            newest_generation: row.small("newest")?,
            last_n: row.number("last")?,
            hash_before: row.opt_bytes("before")?,
            repeated: BTreeMap::new(),
        };
        repeats |= stored.last_n > row.number("n")?;
        found.insert(row.number("device")?, stored);
    }
    if repeats {
        load_repeated(link, args(), &mut found).await?;
    }
    let of = |(first, _): &(OpId, usize)| found.remove(&first.device.0).unwrap_or_default();
    Ok(batches.iter().map(of).collect())
}

/// Reads the operations that batches send again.
async fn load_repeated(
    link: &mut Link,
    args: Vec<Arg>,
    found: &mut BTreeMap<u64, Stored>,
) -> DbResult<()> {
    let (dialect, list) = (link.dialect(), link.dialect().fours(2));
    let on = "op.tenant = $1 AND op.device = j.a AND op.gen = j.b AND op.n > j.c AND op.n < j.d";
    let from = dialect.each(&list, ("op", "op"), "op_by_number", on);
    let sql = format!("SELECT op.device, op.n, op.hash, op.outcome FROM {from}");
    for row in &link.all(sql, args).await? {
        let Some(stored) = found.get_mut(&row.number("device")?) else { continue };
        stored.repeated.insert(row.number("n")?, (row.bytes("hash")?, row.blob("outcome")?));
    }
    Ok(())
}

/// Columns of the record table that point at other records, with the index on them.
#[derive(Clone, Copy)]
enum By {
    Follows,
    About,
    Points,
}

async fn load_records(link: &mut Link, wanted: &Wanted, loaded: &mut Loaded) -> DbResult<()> {
    let mut present = BTreeSet::new();
    load_named(link, &wanted.records, &mut present, loaded).await?;
    let mut about: BTreeSet<_> = wanted.about.intersection(&present).copied().collect();
    let mut moving: BTreeSet<_> = wanted.moving.intersection(&present).copied().collect();
    while !moving.is_empty() {
        let found = load_by(link, By::Follows, &moving, &mut present, loaded).await?;
        about.extend(found.iter().copied());
        moving = found;
    }
    about.extend(wanted.needs.iter().copied());
    if !about.is_empty() {
        load_by(link, By::About, &about, &mut present, loaded).await?;
    }
    if !wanted.pointing.is_empty() {
        load_by(link, By::Points, &wanted.pointing, &mut present, loaded).await?;
    }
    Ok(())
}

async fn load_named(
    link: &mut Link,
    wanted: &BTreeSet<RecordId>,
    present: &mut BTreeSet<RecordId>,
    loaded: &mut Loaded,
) -> DbResult<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let dialect = link.dialect();
    let on = "r.tenant = $1 AND r.id = j.id";
    let from = dialect.each(&dialect.keys(2), ("record", "r"), "", on);
    let sql = format!("SELECT r.* FROM {from}");
    let mut args = args![TENANT];
    args.push(Arg::ids(wanted.iter().map(|id| &id.0)));
    for row in &link.all(sql, args).await? {
        let row = record(row)?;
        present.insert(row.id);
        loaded.records.push(readable(&row)?);
    }
    Ok(())
}

/// Loads the records that point at some others, and returns the ids of those that were not loaded before.
async fn load_by(
    link: &mut Link,
    by: By,
    ids: &BTreeSet<RecordId>,
    present: &mut BTreeSet<RecordId>,
    loaded: &mut Loaded,
) -> DbResult<BTreeSet<RecordId>> {
    let (column, index) = match by {
        By::Follows => ("follows", "record_follows"),
        By::About => ("about", "record_about"),
        By::Points => ("points", "record_points"),
    };
    let dialect = link.dialect();
    let on = format!("r.tenant = $1 AND r.{column} = j.id AND r.{column} IS NOT NULL");
    let from = dialect.each(&dialect.keys(2), ("record", "r"), index, &on);
    let sql = format!("SELECT r.* FROM {from}");
    let mut args = args![TENANT];
    args.push(Arg::ids(ids.iter().map(|id| &id.0)));
    let mut found = BTreeSet::new();
    for row in &link.all(sql, args).await? {
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
    link: &mut Link,
    creations: &BTreeSet<RecordId>,
    loaded: &mut Loaded,
) -> DbResult<()> {
    let present: BTreeSet<_> = loaded.records.iter().map(|record| record.id).collect();
    let missing: BTreeSet<_> = creations.difference(&present).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let dialect = link.dialect();
    let on = "op.tenant = $1 AND op.record = j.id AND op.refused = $2";
    let from = dialect.each(&dialect.keys(3), ("op", "op"), "op_by_record", on);
    let sql = format!("SELECT op.record, op.device, op.gen, op.n FROM {from} ORDER BY op.seq");
    let mut args = args![TENANT, Refused::Creation.number()];
    args.push(Arg::ids(missing.into_iter().map(|id| &id.0)));
    for row in &link.all(sql, args).await? {
        loaded.refused_creations.insert(RecordId(row.id("record")?), op_id(row)?);
    }
    Ok(())
}

async fn load_ops(link: &mut Link, ops: &BTreeSet<OpId>, loaded: &mut Loaded) -> DbResult<()> {
    if ops.is_empty() {
        return Ok(());
    }
    let dialect = link.dialect();
    let columns = "op.device, op.gen, op.n, op.bytes, op.refused, op.outside, op.recv_at";
    let on = "op.tenant = $1 AND op.device = j.a AND op.gen = j.b AND op.n = j.c";
    let from = dialect.each(&dialect.fours(2), ("op", "op"), "op_by_number", on);
    let sql = format!("SELECT {columns} FROM {from}");
    let mut args = args![TENANT];
    args.push(Arg::op_ids(ops.iter()));
    let mut rows = link.all(sql, args).await?;
    let on = "op.tenant = $1 AND op.was = j.id AND op.was IS NOT NULL";
    let from = dialect.each(&dialect.keys(2), ("op", "op"), "op_was", on);
    let sql = format!("SELECT {columns} FROM {from}");
    let mut args = args![TENANT];
    let old: Vec<_> = ops.iter().map(|op| Need::Op(*op).key().0).collect();
    args.push(Arg::ids(old.iter()));
    rows.extend(link.all(sql, args).await?);
    for row in &rows {
        let id = op_id(row)?;
        if Refused::from_number(row.int("refused")?) != Some(Refused::No) {
            loaded.refused.insert(id);
        }
        let bytes = row.blob("bytes")?;
        let op = decode_op(&bytes).ok().filter(|op| op.id == id);
        let recv_at = row.int("recv_at")?;
        loaded.ops.extend(op.map(|op| (op, digest(&bytes), recv_at)));
        loaded.outside.extend(row.opt_blob("outside")?.map(|outside| (id, outside)));
    }
    Ok(())
}

/// Looks up who holds the wanted unique values, and those that the loaded records hold themselves.
async fn load_unique(link: &mut Link, wanted: &Wanted, loaded: &mut Loaded) -> DbResult<()> {
    let own = loaded.records.iter().flat_map(crate::server::load::unique_of);
    let mut wanted_values: BTreeMap<(u16, FieldNo), BTreeMap<Vec<u8>, Value>> = BTreeMap::new();
    for (kind, field, value) in wanted.unique.iter().cloned().chain(own) {
        let key = encode(&value).map_err(|_cause| DbError::Damaged { table: "unique_value" })?;
        wanted_values.entry((kind, field)).or_default().insert(key, value);
    }
    let dialect = link.dialect();
    let on = "u.tenant = $1 AND u.kind = $2 AND u.field = $3 AND u.value_key = j.id";
    let from = dialect.each(&dialect.keys(4), ("unique_value", "u"), "", on);
    for ((kind, field), mut keys) in wanted_values {
        let sql = format!("SELECT u.kind, u.field, u.value_key, u.record FROM {from}");
        let mut args = args![TENANT, kind, field.0];
        args.push(Arg::Keys(keys.keys().cloned().collect()));
        for row in &link.all(sql, args).await? {
            let UniqueRow { key, record, .. } = unique(row)?;
            if let Some(value) = keys.remove(&key) {
                loaded.unique.insert((kind, field, value), record);
            }
        }
    }
    Ok(())
}
