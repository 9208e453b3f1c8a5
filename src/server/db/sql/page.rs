//! One page of the feed: rows by position, from one snapshot (protocol, Pull).

use std::collections::BTreeMap;

use super::convert::record;
use super::read::{chain_at, read_tenant};
use super::{Link, TENANT};
use crate::domain::ids::RecordId;
use crate::server::db::driver::{Arg, Dialect, Row, args};
use crate::server::db::rows::{PageQuery, PageRows, RecordRow, UnitQuery, UnitRows, Visible};
use crate::server::db::{DbError, DbResult};

/// One row of the feed before bodies are read: position, record, whether it left.
struct Key {
    seq: u64,
    id: RecordId,
    left: bool,
}

pub(super) async fn read(link: &mut Link, query: &PageQuery) -> DbResult<PageRows> {
    let tenant = read_tenant(link).await?;
    let chain_at_after = chain_at(link, query.after).await?;
    let mut keys = read_keys(link, query, tenant.tomb_floor).await?;
    let limit = usize::try_from(query.limit.max(1)).unwrap_or(usize::MAX);
    let mut complete = keys.len() <= limit;
    if !complete {
        cut(&mut keys, limit);
    }
    let (puts, removes, taken) = read_bodies(link, &keys, query.max_bytes).await?;
    complete &= taken == keys.len();
    let end = match keys.get(taken.saturating_sub(1)).filter(|_| !complete) {
        None => (tenant.head_seq, tenant.head_chain),
        Some(last) => {
            let chain = chain_at(link, last.seq).await?;
            (last.seq, chain.ok_or(DbError::Damaged { table: "op" })?)
        }
    };
    Ok(PageRows { tenant, chain_at_after, puts, removes, end, complete })
}

/// Shortens a list to whole positions: rows of one position never stand on two pages.
fn cut(keys: &mut Vec<Key>, limit: usize) {
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
async fn read_keys(link: &mut Link, query: &PageQuery, floor: u64) -> DbResult<Vec<Key>> {
    let mut limit = i64::from(query.limit.max(1)) + 1;
    loop {
        let rows = match &query.visible {
            Visible::All => {
                let sql = "SELECT last_seq AS seq, id, CAST(0 AS BIGINT) AS gone FROM record \
                           WHERE tenant = $1 AND last_seq > $2 AND (tomb_seq IS NULL OR last_seq > $4) \
                           ORDER BY last_seq LIMIT $3";
                link.all(sql, args![TENANT, query.after, limit, floor]).await?
            }
            Visible::Units { within, above, published } => {
                let mut args = args![TENANT, query.after];
                args.push(Arg::ids(within.iter().map(|unit| &unit.0)));
                args.push(Arg::ids(above.iter().map(|unit| &unit.0)));
                args.push(Arg::Numbers(published.iter().copied().map(i64::from).collect()));
                args.push(Arg::from(limit));
                args.push(Arg::from(floor));
                link.all(scoped_keys(link.dialect()), args).await?
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

/// Changed records of the units within and published ones of the units above, and records that left any of these units and are
/// now out of sight.
///
/// Each unit's own rows are found by index; PostgreSQL reads no more of each than a page.
fn scoped_keys(dialect: Dialect) -> String {
    let (within, above) = (dialect.keys(3), dialect.keys(4));
    let published = dialect.numbers(5);
    let enough = match dialect {
        Dialect::Sqlite => "",
        Dialect::Postgres => " ORDER BY r.last_seq LIMIT $6",
    };
    let rows = |units: &str, kinds: &str| {
        let on = format!(
            "r.tenant = $1 AND r.unit = j.unit AND r.last_seq > $2{kinds} AND (r.tomb_seq IS NULL OR r.last_seq > $7){enough}"
        );
        let from = dialect.each(&format!("{units} j"), ("record", "r"), "record_by_unit", &on);
        format!("SELECT r.last_seq AS seq, r.id, CAST(0 AS BIGINT) AS gone FROM {from}")
    };
    let left = dialect.each(
        "(SELECT record, max(seq) AS seq FROM scope_exit WHERE tenant = $1 AND seq > $2 \
         AND unit IN (SELECT unit FROM inside UNION SELECT unit FROM above) GROUP BY record) x",
        ("record", "r"),
        "",
        "r.tenant = $1 AND r.id = x.record",
    );
    let inside = rows("inside", "");
    let seen_above = rows("above", " AND r.kind IN (SELECT kind FROM published)");
    format!(
        "WITH inside(unit) AS (SELECT j.id FROM {within}), above(unit) AS (SELECT j.id FROM {above}), \
         published(kind) AS (SELECT j.no FROM {published}) \
         {inside} UNION ALL {seen_above} UNION ALL \
         SELECT x.seq, x.record, CAST(1 AS BIGINT) FROM {left} \
         WHERE r.unit NOT IN (SELECT unit FROM inside) \
         AND NOT (r.unit IN (SELECT unit FROM above) AND r.kind IN (SELECT kind FROM published)) \
         AND (EXISTS (SELECT 1 FROM scope_exit e WHERE e.tenant = $1 AND e.record = x.record AND e.unit IN (SELECT unit FROM inside)) \
         OR r.kind IN (SELECT kind FROM published)) \
         ORDER BY 1, 2 LIMIT $6"
    )
}

/// Reads rows of one unit, older ones too.
pub(super) async fn read_unit(link: &mut Link, query: &UnitQuery) -> DbResult<UnitRows> {
    let tenant = read_tenant(link).await?;
    let wanted = usize::try_from(query.limit.max(1)).unwrap_or(usize::MAX);
    let mut limit = i64::from(query.limit.max(1)) + 1;
    let mut keys = loop {
        let keys = unit_keys(link, query, limit).await?;
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
    let (puts, _, taken) = read_bodies(link, &keys, query.max_bytes).await?;
    complete &= taken == keys.len();
    let end = keys.get(taken.saturating_sub(1)).map_or(query.after, |key| key.seq);
    Ok(UnitRows { tenant, puts, end, complete })
}

async fn unit_keys(link: &mut Link, query: &UnitQuery, limit: i64) -> DbResult<Vec<Key>> {
    let index = link.dialect().by_index("record_by_unit");
    let begin = format!(
        "SELECT last_seq AS seq, id, CAST(0 AS BIGINT) AS gone FROM record{index} WHERE tenant = $1 AND unit = $2 AND last_seq > $3"
    );
    let mut args = args![TENANT, query.unit, query.after, limit];
    let end = "ORDER BY last_seq, id LIMIT $4";
    let rows = match &query.kinds {
        None => link.all(format!("{begin} {end}"), args).await?,
        Some(kinds) => {
            let list = link.dialect().numbers(5);
            args.push(Arg::Numbers(kinds.iter().copied().map(i64::from).collect()));
            link.all(format!("{begin} AND kind IN (SELECT j.no FROM {list}) {end}"), args).await?
        }
    };
    rows.iter().map(key).collect()
}

fn key(row: &Row) -> DbResult<Key> {
    Ok(Key { seq: row.number("seq")?, id: RecordId(row.id("id")?), left: row.int("gone")? != 0 })
}

type Bodies = (Vec<RecordRow>, Vec<(RecordId, u64)>, usize);

/// Reads the bodies of the rows, up to the byte limit at a whole position; says how many rows were taken.
async fn read_bodies(link: &mut Link, keys: &[Key], max_bytes: usize) -> DbResult<Bodies> {
    let dialect = link.dialect();
    let on = "r.tenant = $1 AND r.id = j.id";
    let from = dialect.each(&dialect.keys(2), ("record", "r"), "", on);
    let sql = format!("SELECT r.* FROM {from}");
    let mut args = args![TENANT];
    args.push(Arg::ids(keys.iter().filter(|key| !key.left).map(|key| &key.id.0)));
    let mut rows = BTreeMap::new();
    for row in &link.all(sql, args).await? {
        let row = record(row)?;
        rows.insert(row.id, row);
    }
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
            let row = rows.remove(&key.id).ok_or(DbError::Damaged { table: "record" })?;
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
