//! Receipts: what the server has told somebody, sealed, so that it keeps its word after it was restored and has forgotten; and the
//! numbers it has given out, noted outside the database for the same reason (protocol, Commands).

use std::fmt;
use std::io;
use std::sync::Arc;

use uuid::Uuid;

use super::care::Care;
use super::db::DbResult;
use super::db::rows::Changes;
use super::decide::Entry;
use super::marks::Mark;
use crate::domain::ids::UnitId;
use crate::sync::command::{Arguments as _, Lease, NumberLease, Outside, SERIES_KIND};
use crate::sync::{Op, OpBody, OpId, Outcome};
use crate::wire::frame::Blob;
use crate::wire::{Receipt, encode};

/// What the server has outside its database.
pub(crate) trait Witness: fmt::Debug + Send + Sync {
    /// Returns a keyed hash of some parts, each told with its length.
    fn seal(&self, parts: &[&[u8]]) -> [u8; 32];
    /// Returns the highest number noted for a series; 0 for none.
    ///
    /// # Errors
    /// The notes cannot be read: then no number may be given out.
    fn last_issued(&self, range: &str, unit: UnitId) -> io::Result<u64>;
    /// Notes the highest number given out; it is on the disk when this returns.
    ///
    /// # Errors
    /// The note cannot be written: then the numbers may not be given out.
    fn issued(&self, range: &str, unit: UnitId, last: u64) -> io::Result<()>;
}

/// What receipts are sealed for.
const PURPOSE: &str = "receipt";

impl Witness for Care {
    fn seal(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.keys.mac(PURPOSE, parts)
    }

    fn last_issued(&self, range: &str, unit: UnitId) -> io::Result<u64> {
        let noted = |mark: &Mark| match mark {
            Mark::Lease { range: word, unit: of, high } if word == range && *of == unit => {
                Some(*high)
            }
            _ => None,
        };
        Ok(self.marks.read()?.marks.iter().filter_map(noted).max().unwrap_or(0))
    }

    fn issued(&self, range: &str, unit: UnitId, last: u64) -> io::Result<()> {
        self.marks.append(&[Mark::Lease { range: range.to_owned(), unit, high: last }])
    }
}

/// The word under which the numbers of a sort and year are noted.
pub(super) fn series(range: &str, year: u16) -> String {
    format!("{range}/{year}")
}

/// Returns the parts of a receipt that are sealed: the operation, the record it asked about, the answer, the history.
fn seal(witness: &dyn Witness, op: &Op, id: OpId, outcome: &Outcome, epoch: Uuid) -> [u8; 32] {
    let name = if let OpBody::Command { name, .. } = &op.body { name.as_str() } else { "" };
    let outcome = encode(outcome).unwrap_or_default();
    let (device, generation) = (id.device.0.to_le_bytes(), id.generation.to_le_bytes());
    witness.seal(&[
        &device,
        &generation,
        &id.n.to_le_bytes(),
        name.as_bytes(),
        op.record.0.as_bytes(),
        &outcome,
        epoch.as_bytes(),
    ])
}

/// Returns the operation if it is a command.
pub(crate) fn command(entry: &Entry) -> Option<Op> {
    let op = entry.op.as_ref().filter(|op| op.id == entry.id)?;
    matches!(op.body, OpBody::Command { .. }).then(|| op.clone())
}

/// Makes out the receipts of commands, decided now or before.
pub(crate) fn made_out(
    witness: &Handle,
    commands: &[Op],
    results: &[(u64, Outcome)],
    epoch: Uuid,
) -> Vec<Receipt> {
    let Some(witness) = witness else { return Vec::new() };
    let made = |op: &Op| {
        let (_, outcome) = results.iter().find(|(n, _)| *n == op.id.n)?;
        let mac = seal(&**witness, op, op.id, outcome, epoch);
        Some(Receipt { id: op.id, epoch, outcome: outcome.clone(), mac: Blob(mac.to_vec()) })
    };
    commands.iter().filter_map(made).collect()
}

/// Returns what a receipt promised, if it is one of ours for this very operation or for the one it was before a renumbering.
fn promised(witness: &dyn Witness, op: &Op, receipt: &Receipt) -> Option<Outside> {
    let was = op.was.map(|(id, _)| id);
    if receipt.id != op.id && Some(receipt.id) != was {
        return None;
    }
    let own = seal(witness, op, receipt.id, &receipt.outcome, receipt.epoch);
    let mac = receipt.mac.0.as_slice();
    let differs = own.iter().zip(mac).fold(0, |differs, (a, b)| differs | (a ^ b));
    if mac.len() != own.len() || differs != 0 {
        return None;
    }
    let seq = receipt.outcome.seq();
    match &receipt.outcome {
        Outcome::Applied { .. } | Outcome::Converged { .. } => {
            Some(Outside::Promised { seq, position: None })
        }
        Outcome::WaitListed { position, .. } => {
            Some(Outside::Promised { seq, position: Some(*position) })
        }
        Outcome::Conflict { .. }
        | Outcome::Held { .. }
        | Outcome::Rejected { .. }
        | Outcome::Blocked { .. }
        | Outcome::Unknown { .. } => None,
    }
}

/// Tells new operations what is known of them outside the log.
///
/// # Errors
/// The notes cannot be read.
pub(crate) fn inform(
    witness: &Handle,
    entries: &mut [Entry],
    receipts: &[Receipt],
) -> io::Result<()> {
    let Some(witness) = witness else { return Ok(()) };
    for entry in entries {
        let Some(op) = &entry.op else { continue };
        let OpBody::Command { name, args } = &op.body else { continue };
        entry.outside = if name == NumberLease::NAME {
            let Some(args) = NumberLease::open(args) else { continue };
            let last = witness.last_issued(&series(&args.range, args.year), args.unit)?;
            (last > 0).then_some(Outside::Issued { last })
        } else {
            receipts.iter().find_map(|receipt| promised(&**witness, op, receipt))
        };
    }
    Ok(())
}

/// Notes the numbers that a batch gives out, before the batch is committed: numbers that were noted and not given out are skipped.
///
/// # Errors
/// The note cannot be written: the batch must not be committed.
pub(crate) fn note_numbers(witness: &Handle, changes: &Changes) -> DbResult<io::Result<()>> {
    let Some(witness) = witness else { return Ok(Ok(())) };
    for row in changes.records.iter().filter(|row| row.kind == SERIES_KIND) {
        let record = crate::wire::decode_record(&row.body)
            .map_err(|_cause| super::db::DbError::Damaged { table: "record" })?;
        let Some((range, year, unit, last)) = Lease::series(&record) else { continue };
        if let Err(error) = witness.issued(&series(&range, year), unit, last) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

/// A handle that a batch carries; a batch of the server's own has none.
pub(crate) type Handle = Option<Arc<dyn Witness>>;
