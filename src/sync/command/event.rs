//! Notes of what happened on a device: kept in the log and in the server's list of events, changing no record.

use super::args::EventNote;
use crate::sync::outcome::Outcome;
use crate::sync::task::{Refusal, Task};

/// The reserved kind number of operations that note an event. There is no record of it.
pub const EVENT_KIND: u16 = 1004;

/// Longest word, bytes.
const MAX_WORD: usize = 40;
/// Most fields one note names.
const MAX_FIELDS: usize = 200;
/// Longest detail, bytes.
const MAX_DETAIL: usize = 400;

/// `event.note`: every role may, because every role's doings are noted.
///
/// # Errors
/// `wrong_id`, `invalid`.
pub(super) fn note(task: &Task<'_>, args: &EventNote) -> Result<Outcome, Refusal> {
    if task.op.kind != EVENT_KIND {
        return Err(Refusal::new("wrong_id"));
    }
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let word =
        !args.word.is_empty() && args.word.len() <= MAX_WORD && args.word.bytes().all(letter);
    if !word || args.fields.len() > MAX_FIELDS || args.detail.len() > MAX_DETAIL {
        return Err(Refusal::new("invalid"));
    }
    Ok(Outcome::Applied { seq: task.stamp.seq })
}
