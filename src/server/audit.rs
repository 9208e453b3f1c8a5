//! The audit: what an outside verifier needs to follow both chains, without a word of what the operations say.

use super::db::rows::{EventRow, OpRow};
use super::db::{Db, DbError};
use super::http::ApiError;
use super::service::Service;
use crate::sync::Outcome;
use crate::wire::{AuditAnswer, AuditEvent, AuditOp, decode};

/// Rows of each chain in one answer.
const WINDOW: u32 = 1_000;

impl<D: Db> Service<D> {
    /// Returns the links of both chains after two places.
    pub(crate) async fn audit(
        &self,
        after: u64,
        events_after: u64,
    ) -> Result<AuditAnswer, ApiError> {
        let tenant = self.db().tenant().await?;
        let ops = self.db().ops_after(after, WINDOW).await?;
        let ops = ops.iter().map(link).collect::<Result<_, _>>()?;
        let events = self.db().events(events_after, WINDOW).await?;
        Ok(AuditAnswer {
            epoch: tenant.epoch,
            head_seq: tenant.head_seq,
            head_chain: tenant.head_chain,
            event_no: tenant.event_no,
            event_chain: tenant.event_chain,
            ops,
            events: events.into_iter().map(event).collect(),
        })
    }
}

fn link(row: &OpRow) -> Result<AuditOp, ApiError> {
    let outcome: Outcome =
        decode(&row.outcome, "outcome").map_err(|_damaged| DbError::Damaged { table: "op" })?;
    Ok(AuditOp {
        seq: row.seq,
        op: row.id,
        recv_at: row.recv_at,
        actor: row.author.user,
        role: row.author.role,
        hash: row.hash,
        outcome_tag: outcome.tag(),
        noted: row.noted(),
        chain: row.chain,
    })
}

fn event(row: EventRow) -> AuditEvent {
    let EventRow { no, event, chain } = row;
    AuditEvent {
        no,
        at: event.at,
        word: event.word,
        device: event.device,
        user: event.user,
        detail: event.detail,
        chain,
    }
}
