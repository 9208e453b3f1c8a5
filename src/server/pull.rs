//! Giving pages of the feed (protocol, Pull).

use std::collections::BTreeSet;

use crate::domain::ids::{UnitId, UserId};
use crate::domain::kinds::Kind;
use crate::domain::record::Shape;
use crate::server::care::Care;
use crate::server::db::rows::{PageQuery, RecordRow, Session, Tenant, UnitQuery, Visible};
use crate::server::db::{Db, DbError, DbResult};
use crate::server::history::seal;
use crate::server::opening::head_holds;
use crate::server::scope;
use crate::sync::command::ALIAS_FIELD;
use crate::sync::{CONFLICT_KIND, Cursor, Digest, Limits, Witness};
use crate::wire::{Page, PullRequest, RecordBytes, decode_record, element_authors, encode_record};

/// Why no page is given.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PullError {
    /// This server has not what the device was told it has.
    #[error("this server is behind")]
    Behind,
    /// The cursor belongs to another history.
    #[error("the cursor belongs to another history")]
    Epoch,
    /// The device's scope is another one now.
    #[error("the scope has changed")]
    ScopeChanged,
    /// Deletions after the cursor have left the feed.
    #[error("deletions after the cursor have left the feed")]
    TombstonesGone,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Reads one page for a device.
pub(crate) async fn page<D: Db>(
    db: &D,
    care: &Care,
    session: &Session,
    request: &PullRequest,
    limits: &Limits,
) -> Result<Page, PullError> {
    let units = db.units().await?;
    let visible = scope::visible(&session.account, &units);
    if !request.backfill.is_empty() {
        return backfill(db, care, session, request, (&visible, limits)).await;
    }
    let query = PageQuery {
        after: request.cursor.seq + u64::from(crate::trap!(T04) && request.cursor.seq > 0),
        visible,
        limit: limit(request, limits),
        max_bytes: limits.page_bytes,
    };
    let rows = db.page(&query).await?;
    still_there(db, &rows.tenant, request).await?;
    check(&rows.tenant, rows.chain_at_after, session, request)?;
    let cursor = Cursor { epoch: rows.tenant.epoch, seq: rows.end.0, chain: rows.end.1 };
    let speaking = speakers(&rows.puts);
    let puts = rows.puts.into_iter().map(sent).collect::<DbResult<_>>()?;
    let removes = rows.removes.into_iter().map(|(id, seq)| (id, "moved".to_owned(), seq)).collect();
    let names = names(db, &speaking).await?;
    let (complete, backfill) = (rows.complete, Vec::new());
    let (seal, head) = (seal(&care.keys, rows.tenant.id, &cursor), witness(care, &rows.tenant));
    Ok(Page { puts, removes, cursor, complete, backfill, names, seal, head })
}

fn limit(request: &PullRequest, limits: &Limits) -> u32 {
    if request.limit == 0 { limits.page_records } else { request.limit.min(limits.page_records) }
}

/// Reads older rows of the units that came into sight. They are older than the cursor, which therefore stays where it is.
async fn backfill<D: Db>(
    db: &D,
    care: &Care,
    session: &Session,
    request: &PullRequest,
    (visible, limits): (&Visible, &Limits),
) -> Result<Page, PullError> {
    let tenant = db.tenant().await?;
    let chain = db.chain_at(request.cursor.seq).await?;
    still_there(db, &tenant, request).await?;
    check(&tenant, chain, session, request)?;
    let mut rest = request.backfill.clone();
    let (mut room, mut bytes) = (limit(request, limits), limits.page_bytes);
    let mut rows = Vec::new();
    while let Some((unit, after)) = rest.first().copied() {
        let Some(kinds) = kinds_seen(visible, unit) else { return Err(PullError::ScopeChanged) };
        let query = UnitQuery { unit, kinds, after, limit: room, max_bytes: bytes };
        let found = db.unit_rows(&query).await?;
        let count = u32::try_from(found.puts.len()).unwrap_or(u32::MAX);
        let size: usize = found.puts.iter().map(|row| row.body.len()).sum();
        rows.extend(found.puts);
        if found.complete {
            rest.remove(0);
        } else if let Some(first) = rest.first_mut() {
            first.1 = found.end;
        }
        if !found.complete || room <= count || bytes <= size {
            break;
        }
        (room, bytes) = (room - count, bytes - size);
    }
    let names = names(db, &speakers(&rows)).await?;
    let puts = rows.into_iter().map(sent).collect::<DbResult<_>>()?;
    let (cursor, removes, complete, backfill) = (request.cursor, Vec::new(), false, rest);
    let (seal, head) = (seal(&care.keys, tenant.id, &cursor), witness(care, &tenant));
    Ok(Page { puts, removes, cursor, complete, backfill, names, seal, head })
}

/// Says how far the server has come.
fn witness(care: &Care, tenant: &Tenant) -> Witness {
    let at = Cursor { epoch: tenant.epoch, seq: tenant.head_seq, chain: tenant.head_chain };
    Witness { at, seal: seal(&care.keys, tenant.id, &at) }
}

/// Refuses to go on with a pull whose first pages were given by a server that had come further, in this history or another one.
async fn still_there<D: Db>(
    db: &D,
    tenant: &Tenant,
    request: &PullRequest,
) -> Result<(), PullError> {
    let PullRequest { cursor, head, .. } = request;
    if head.seq > tenant.head_seq && !crate::trap!(T57) {
        return Err(PullError::Behind);
    }
    if head_holds(db, tenant, cursor, head).await? { Ok(()) } else { Err(PullError::Epoch) }
}

/// Returns which kinds of a unit's records are seen: `Some(None)` for all, `None` for none.
#[expect(clippy::option_option, reason = "none at all, all, or some")]
pub(crate) fn kinds_seen(visible: &Visible, unit: UnitId) -> Option<Option<BTreeSet<u16>>> {
    match visible {
        Visible::All => Some(None),
        Visible::Units { within, .. } if within.contains(&unit) => Some(None),
        Visible::Units { above, published, .. } if above.contains(&unit) => {
            Some(Some(published.clone()))
        }
        Visible::Units { .. } => None,
    }
}

/// Returns the accounts that the conflicts, the lists and the notes of a page speak of.
fn speakers(rows: &[RecordRow]) -> BTreeSet<UserId> {
    let several = |row: &&RecordRow| {
        let kind = Kind::from_number(row.kind);
        kind.is_some_and(|kind| kind.spec().fields.iter().any(|field| field.shape != Shape::One))
    };
    let writers = rows.iter().filter(several).flat_map(|row| element_authors(&row.body));
    rows.iter()
        .filter(|row| row.kind == CONFLICT_KIND)
        .filter_map(|row| decode_record(&row.body).ok()?.conflict)
        .flat_map(|conflict| {
            let standing = conflict.current.into_iter().filter_map(|standing| standing.actor);
            standing
                .chain(conflict.candidates.into_iter().map(|candidate| candidate.actor))
                .collect::<Vec<_>>()
        })
        .chain(writers)
        .collect()
}

async fn names<D: Db>(db: &D, wanted: &BTreeSet<UserId>) -> DbResult<Vec<(UserId, String)>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let accounts = db.accounts().await?.into_iter();
    Ok(accounts.filter(|a| wanted.contains(&a.id)).map(|a| (a.id, a.name)).collect())
}

/// A page is only given to a device whose cursor and scope are the server's own.
fn check(
    tenant: &Tenant,
    chain_at_cursor: Option<Digest>,
    session: &Session,
    request: &PullRequest,
) -> Result<(), PullError> {
    let lags = request.min_seq > tenant.head_seq && !crate::trap!(T57);
    let other_scope = request.scope_token != scope::token(&session.account, tenant);
    if request.cursor.seq == 0 && request.backfill.is_empty() {
        // Only a device that has nothing yet knows no scope; from its first opening on it is told which one it takes.
        return match (lags, other_scope && request.scope_token != 0) {
            (true, _) => Err(PullError::Behind),
            (false, true) => Err(PullError::ScopeChanged),
            (false, false) => Ok(()),
        };
    }
    if request.cursor.seq > 0 && request.cursor.epoch != tenant.epoch {
        return Err(PullError::Epoch);
    }
    if lags || (request.cursor.seq > tenant.head_seq && !crate::trap!(T57)) {
        return Err(PullError::Behind);
    }
    if request.cursor.seq > 0 && chain_at_cursor != Some(request.cursor.chain) {
        return Err(PullError::Epoch);
    }
    if request.cursor.seq < tenant.tomb_floor && request.floor < tenant.tomb_floor {
        return Err(PullError::TombstonesGone);
    }
    if other_scope { Err(PullError::ScopeChanged) } else { Ok(()) }
}

/// Stored bytes are sent as they are; a deleted record keeps nothing but the fact, unless a conflict about it is open: who settles
/// it must see what it is about.
fn sent(row: RecordRow) -> DbResult<RecordBytes> {
    if row.tomb_seq.is_none() {
        return Ok(RecordBytes(row.body));
    }
    let damaged = |_cause| DbError::Damaged { table: "record" };
    let mut record = decode_record(&row.body).map_err(damaged)?;
    if record.open_conflicts > 0 {
        return Ok(RecordBytes(row.body));
    }
    record.fields.retain(|no, _| *no == ALIAS_FIELD);
    record.elements.clear();
    encode_record(&record).map(RecordBytes).map_err(damaged)
}
