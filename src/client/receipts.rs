//! What the server has said to this device's requests, sealed: kept until it is inside a verified backup, and shown to a server that
//! was restored and has forgotten, so that nobody who was told something is decided about again.

use super::error::ClientError;
use super::state::Inner;
use crate::sync::OpId;
use crate::wire::{PushRequest, Receipt, decode, decode_op, encode};

/// Prefix of the notes that hold receipts.
const PREFIX: &str = "receipt/";

fn note_of(id: OpId) -> String {
    format!("{PREFIX}{:08x}/{:016x}", id.generation, id.n)
}

/// The receipts of one sync: those that were there, and those that came.
#[derive(Default)]
pub(super) struct Receipts {
    held: Vec<Receipt>,
    came: Vec<Receipt>,
}

impl Receipts {
    /// Reads what is kept, and forgets what no restore can take back.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub(super) fn load(inner: &mut Inner) -> Result<Self, ClientError> {
        let mut held = Vec::new();
        let mut done = Vec::new();
        for (name, bytes) in inner.vault.store.notes(PREFIX)? {
            let receipt: Receipt = decode(&bytes, "receipt")?;
            let durable = receipt.id.generation == inner.profile.generation
                && receipt.id.n <= inner.sync.durable_n;
            if durable {
                done.push((name, None));
            } else {
                held.push(receipt);
            }
        }
        if !done.is_empty() {
            inner.note(done)?;
        }
        Ok(Self { held, came: Vec::new() })
    }

    /// Adds to a batch what the server has said to its operations before.
    pub(super) fn attach(&self, mut request: PushRequest) -> PushRequest {
        if self.held.is_empty() {
            return request;
        }
        let last = u64::try_from(request.ops.len()).unwrap_or(0).saturating_add(request.from_n);
        let again = |id: OpId| {
            id.generation == request.generation && (request.from_n..last).contains(&id.n)
        };
        let renamed: Vec<OpId> = if self.held.iter().any(|r| r.id.generation < request.generation) {
            let ops = request.ops.iter().filter_map(|op| decode_op(&op.0).ok());
            ops.filter_map(|op| op.was.map(|(id, _)| id)).collect()
        } else {
            Vec::new()
        };
        let fits = |receipt: &&Receipt| again(receipt.id) || renamed.contains(&receipt.id);
        request.receipts = self.held.iter().filter(fits).cloned().collect();
        request
    }

    /// Takes what an answer brought.
    pub(super) fn take(&mut self, came: Vec<Receipt>) {
        self.came.extend(came);
    }

    /// Writes what came, before the operations count as answered.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub(super) fn store(&mut self, inner: &mut Inner) -> Result<(), ClientError> {
        if self.came.is_empty() {
            return Ok(());
        }
        let mut notes = Vec::with_capacity(self.came.len());
        for receipt in &self.came {
            notes.push((note_of(receipt.id), Some(encode(receipt)?)));
        }
        inner.note(notes)?;
        self.held.append(&mut self.came);
        Ok(())
    }
}
