//! Giving pages of the feed (protocol, Pull).

use crate::server::db::rows::{PageQuery, PageRows, RecordRow, Session};
use crate::server::db::{Db, DbError, DbResult};
use crate::server::scope;
use std::collections::BTreeSet;

use crate::domain::ids::UserId;
use crate::sync::command::ALIAS_FIELD;
use crate::sync::{CONFLICT_KIND, Cursor, Limits};
use crate::wire::{Page, PullRequest, RecordBytes, decode_record, encode_record};

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
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Reads one page for a device.
pub(crate) async fn page<D: Db>(
    db: &D,
    session: &Session,
    request: &PullRequest,
    limits: &Limits,
) -> Result<Page, PullError> {
    let units = db.units().await?;
    let query = PageQuery {
        after: request.cursor.seq + u64::from(crate::trap!(T04) && request.cursor.seq > 0),
        visible: scope::visible(&session.account, &units),
        limit: if request.limit == 0 {
            limits.page_records
        } else {
            request.limit.min(limits.page_records)
        },
        max_bytes: limits.page_bytes,
    };
    let rows = db.page(&query).await?;
    check(&rows, session, request)?;
    let cursor = Cursor { epoch: rows.tenant.epoch, seq: rows.end.0, chain: rows.end.1 };
    let speaking = speakers(&rows.puts);
    let puts = rows.puts.into_iter().map(sent).collect::<DbResult<_>>()?;
    let removes = rows.removes.into_iter().map(|(id, seq)| (id, "moved".to_owned(), seq)).collect();
    let names = names(db, &speaking).await?;
    Ok(Page { puts, removes, cursor, complete: rows.complete, backfill: Vec::new(), names })
}

/// Returns the accounts that the conflicts of a page speak of.
fn speakers(rows: &[RecordRow]) -> BTreeSet<UserId> {
    rows.iter()
        .filter(|row| row.kind == CONFLICT_KIND)
        .filter_map(|row| decode_record(&row.body).ok()?.conflict)
        .flat_map(|conflict| {
            let standing = conflict.current.into_iter().filter_map(|standing| standing.actor);
            standing
                .chain(conflict.candidates.into_iter().map(|candidate| candidate.actor))
                .collect::<Vec<_>>()
        })
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
fn check(rows: &PageRows, session: &Session, request: &PullRequest) -> Result<(), PullError> {
    let tenant = &rows.tenant;
    let behind = request.min_seq > tenant.head_seq || request.cursor.seq > tenant.head_seq;
    if behind && !crate::trap!(T57) {
        return Err(PullError::Behind);
    }
    if request.cursor.seq == 0 {
        return Ok(());
    }
    if request.cursor.epoch != tenant.epoch || rows.chain_at_after != Some(request.cursor.chain) {
        return Err(PullError::Epoch);
    }
    if request.scope_token != scope::token(&session.account, tenant) {
        return Err(PullError::ScopeChanged);
    }
    Ok(())
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
