//! Opening a session: both sides say where they stand, the server gives an order (protocol, Open and Restores).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cursor::Cursor;
use super::hash::Digest;
use crate::domain::ids::{DeviceId, UnitId};

/// Where the device stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Device.
    pub device: DeviceId,
    /// Its generation.
    pub generation: u32,
    /// Last operation it has written; 0 for none.
    pub last_n: u64,
    /// Hash of that operation's bytes.
    pub last_hash: Digest,
    /// Last operation whose outcome it has.
    pub acked_n: u64,
    /// How far it has the feed.
    pub cursor: Cursor,
    /// Token of the scope it holds; 0 for none.
    pub scope_token: u64,
    /// Version of its field catalogue.
    pub schema: u16,
    /// Its program version.
    pub app: String,
    /// Its clock, milliseconds.
    pub device_time: i64,
    /// Operations waiting.
    pub outbox_depth: u64,
    /// Age of the oldest one, milliseconds.
    pub oldest_age_ms: u64,
}

/// What the server tells the device to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Go on.
    Proceed,
    /// Send again from this operation on: the server does not have it (any more).
    ResendFrom(u64),
    /// Take the next generation and renumber what is unsent: the server knows later operations of this device, or others.
    NewGeneration(u32),
    /// Take the whole scope again; the word says why.
    Resync(String),
    /// Pulling needs a newer program; pushing does not.
    Upgrade,
    /// The device was revoked.
    Revoked {
        /// Unsent operations may be handed in.
        quarantine: bool,
        /// The data key shall be destroyed.
        wipe: bool,
    },
}

/// What the server knows of the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Generation.
    pub generation: u32,
    /// Last operation it has.
    pub last_n: u64,
    /// Its hash.
    pub last_hash: Digest,
    /// Last operation inside a verified backup.
    pub durable_n: u64,
}

/// The server's side of an opening.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Its clock, milliseconds.
    pub server_time: i64,
    /// Its history.
    pub epoch: Uuid,
    /// Its last position.
    pub head_seq: u64,
    /// What it knows of the device.
    pub known: Known,
    /// Token of the device's scope.
    pub scope_token: u64,
    /// Units added to the scope since the device's token.
    pub scope_add: Vec<UnitId>,
    /// Units dropped from it.
    pub scope_drop: Vec<UnitId>,
    /// What to do.
    pub order: Order,
}

/// What the server looks up before it judges an opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its history.
    pub epoch: Uuid,
    /// Its last position.
    pub head_seq: u64,
    /// Chain value at the device's cursor; `None` if it has no such position.
    pub chain_at_cursor: Option<Digest>,
    /// Token of the scope the device shall hold.
    pub scope_token: u64,
    /// What it knows of the device in the device's own generation.
    pub known: Known,
    /// Hash of the device's operation `open.last_n`, if the server has it.
    pub hash_at_device_last: Option<Digest>,
}

/// Gives the order for an opening, by the table of the protocol (Restores).
///
/// # Example
/// ```
/// use ejia::sync::{Cursor, open::{judge, Facts, Known, Open, Order}};
/// # use ejia::domain::ids::DeviceId;
/// # let open = Open { device: DeviceId(1), generation: 1, last_n: 0, last_hash: [0; 16], acked_n: 0, cursor: Cursor::START,
/// #   scope_token: 0, schema: 1, app: String::new(), device_time: 0, outbox_depth: 0, oldest_age_ms: 0 };
/// # let known = Known { generation: 1, last_n: 0, last_hash: [0; 16], durable_n: 0 };
/// let facts = Facts { epoch: uuid::Uuid::nil(), head_seq: 0, chain_at_cursor: Some([0; 16]), scope_token: 7, known,
///     hash_at_device_last: None };
/// assert_eq!(judge(&open, &facts), Order::Proceed);
/// ```
pub fn judge(open: &Open, facts: &Facts) -> Order {
    if open.generation < facts.known.generation {
        return Order::NewGeneration(facts.known.generation.saturating_add(1));
    }
    if open.generation == facts.known.generation {
        let ahead = facts.known.last_n > open.last_n && !crate::trap!(T10);
        let other = !crate::trap!(T11)
            && open.last_n > 0
            && facts.known.last_n >= open.last_n
            && facts.hash_at_device_last.is_some_and(|hash| hash != open.last_hash);
        if ahead || other {
            return Order::NewGeneration(open.generation.saturating_add(1));
        }
    }
    let known_n = if open.generation == facts.known.generation { facts.known.last_n } else { 0 };
    if known_n < open.acked_n && !crate::trap!(T12) && !crate::trap!(T14) {
        return Order::ResendFrom(known_n.saturating_add(1));
    }
    if open.cursor.seq == 0 {
        return Order::Proceed;
    }
    if open.cursor.epoch != facts.epoch
        || (open.cursor.seq > facts.head_seq && !crate::trap!(T14))
        || (facts.chain_at_cursor != Some(open.cursor.chain)
            && !crate::trap!(T13)
            && !crate::trap!(T14))
    {
        return Order::Resync("server_restored".to_owned());
    }
    if open.scope_token != facts.scope_token {
        return Order::Resync("scope_changed".to_owned());
    }
    Order::Proceed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Open {
        Open {
            device: DeviceId(1),
            generation: 1,
            last_n: 5,
            last_hash: [5; 16],
            acked_n: 5,
            cursor: Cursor { epoch: Uuid::from_u128(1), seq: 10, chain: [7; 16] },
            scope_token: 3,
            schema: 1,
            app: "test".to_owned(),
            device_time: 0,
            outbox_depth: 0,
            oldest_age_ms: 0,
        }
    }

    fn facts() -> Facts {
        Facts {
            epoch: Uuid::from_u128(1),
            head_seq: 20,
            chain_at_cursor: Some([7; 16]),
            scope_token: 3,
            known: Known { generation: 1, last_n: 5, last_hash: [5; 16], durable_n: 0 },
            hash_at_device_last: Some([5; 16]),
        }
    }

    #[test]
    fn equal_sides_proceed() {
        assert_eq!(judge(&open(), &facts()), Order::Proceed);
    }

    #[test]
    fn a_lost_reply_proceeds() {
        let facts = Facts { ..facts() };
        let open = Open { acked_n: 3, ..open() };
        assert_eq!(judge(&open, &facts), Order::Proceed);
    }

    #[test]
    fn a_server_restored_from_a_backup_asks_for_what_it_lost() {
        let known = Known { generation: 1, last_n: 2, last_hash: [2; 16], durable_n: 0 };
        let facts = Facts { known, head_seq: 4, hash_at_device_last: None, ..facts() };
        assert_eq!(judge(&open(), &facts), Order::ResendFrom(3));
    }

    #[test]
    fn a_server_that_regrew_past_the_cursor_is_noticed_by_its_chain() {
        let facts = Facts { chain_at_cursor: Some([8; 16]), ..facts() };
        assert_eq!(judge(&open(), &facts), Order::Resync("server_restored".to_owned()));
    }

    #[test]
    fn a_device_restored_from_an_old_copy_takes_a_new_generation() {
        let known = Known { generation: 1, last_n: 9, last_hash: [9; 16], durable_n: 0 };
        assert_eq!(judge(&open(), &Facts { known, ..facts() }), Order::NewGeneration(2));
    }

    #[test]
    fn a_clone_that_wrote_something_else_takes_a_new_generation() {
        let facts = Facts { hash_at_device_last: Some([6; 16]), ..facts() };
        assert_eq!(judge(&open(), &facts), Order::NewGeneration(2));
    }

    #[test]
    fn another_scope_is_taken_whole() {
        let facts = Facts { scope_token: 4, ..facts() };
        assert_eq!(judge(&open(), &facts), Order::Resync("scope_changed".to_owned()));
    }
}
