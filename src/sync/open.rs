//! Opening a session: both sides say where they stand, the server gives an order (protocol, Open and Restores).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cursor::{Cursor, Witness};
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
    /// Earlier generations it still holds operations of: generation and last number sent under it.
    pub earlier: Vec<(u32, u64)>,
    /// The server's own mark on the cursor, as the page brought it; zeros for none.
    pub seal: Digest,
    /// Up to where deletions had left the feed when what the cursor stands for was begun.
    pub floor: u64,
    /// How far the server had come when it gave what is staged.
    pub head: Witness,
}

/// Why the whole scope is taken again: the server's history is another one than the device's base is of.
pub const SERVER_RESTORED: &str = "server_restored";

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
    /// Send operations of earlier generations again, from these numbers on: generation and number.
    ResendEarlier(Vec<(u32, u64)>),
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
    /// What it knows of the device in its generation.
    pub known: Known,
    /// The same of the earlier generations the device named.
    pub earlier: Vec<Known>,
    /// Up to where deletions have left the feed.
    pub tomb_floor: u64,
    /// Token of the device's scope.
    pub scope_token: u64,
    /// Units added to the scope since the device's token.
    pub scope_add: Vec<UnitId>,
    /// Units dropped from it.
    pub scope_drop: Vec<UnitId>,
    /// What to do.
    pub order: Order,
    /// How long the device may be read from now on without contact, milliseconds.
    pub lease_ms: i64,
    /// What headquarters' codes for this device are made with once that has run out.
    pub unlock: Digest,
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
    /// True if it still has everything that it had when it gave what is staged.
    pub head_holds: bool,
    /// Token of the scope the device shall hold.
    pub scope_token: u64,
    /// True if the server can tell what changed since the scope that the device holds.
    pub scope_known: bool,
    /// Up to where deletions have left the feed.
    pub tomb_floor: u64,
    /// True if the device's program is new enough to be given pages.
    pub may_pull: bool,
    /// What it knows of the device in the device's own generation.
    pub known: Known,
    /// Newest generation of the device it has operations of; 0 for none.
    pub newest_generation: u32,
    /// What it knows of the earlier generations the device named.
    pub earlier: Vec<Known>,
    /// Hash of the device's operation `open.last_n`, if the server has it.
    pub hash_at_device_last: Option<Digest>,
}

impl Facts {
    /// True if the device's cursor is of this history and says what the server does not have: the server went back.
    pub fn contradicts(&self, cursor: &Cursor) -> bool {
        let beyond = cursor.seq > self.head_seq && !crate::trap!(T14);
        let other = (self.chain_at_cursor != Some(cursor.chain) || !self.head_holds)
            && !crate::trap!(T13)
            && !crate::trap!(T14);
        cursor.seq > 0 && cursor.epoch == self.epoch && (beyond || other)
    }
}

/// Gives the order for an opening, by the table of the protocol (Open).
///
/// A device is judged by what the server has of the device's own generation: two copies of one device in two generations do not
/// disturb each other.
///
/// # Example
/// ```
/// use ejia::sync::{Cursor, open::{judge, Facts, Known, Open, Order}};
/// # use ejia::domain::ids::DeviceId;
/// # let open = Open { device: DeviceId(1), generation: 1, last_n: 0, last_hash: [0; 16], acked_n: 0, cursor: Cursor::START,
/// #   scope_token: 0, schema: 1, app: String::new(), device_time: 0, outbox_depth: 0, oldest_age_ms: 0, earlier: Vec::new(),
/// #   seal: [0; 16], floor: 0, head: ejia::sync::Witness::NONE };
/// # let known = Known { generation: 1, last_n: 0, last_hash: [0; 16], durable_n: 0 };
/// let facts = Facts { epoch: uuid::Uuid::nil(), head_seq: 0, chain_at_cursor: Some([0; 16]), head_holds: true, scope_token: 7, scope_known: true,
///     tomb_floor: 0, may_pull: true, known, newest_generation: 0, earlier: Vec::new(), hash_at_device_last: None };
/// assert_eq!(judge(&open, &facts), Order::Proceed);
/// ```
pub fn judge(open: &Open, facts: &Facts) -> Order {
    let newest = facts.newest_generation.max(open.generation);
    if is_old_copy(open, facts) {
        return Order::NewGeneration(newest.saturating_add(1));
    }
    let lost = lost_earlier(open, facts);
    if !lost.is_empty() {
        return Order::ResendEarlier(lost);
    }
    if facts.known.last_n < open.acked_n && !crate::trap!(T12) && !crate::trap!(T14) {
        return Order::ResendFrom(facts.known.last_n.saturating_add(1));
    }
    if !facts.may_pull {
        return Order::Upgrade;
    }
    if open.cursor.seq == 0 {
        return Order::Proceed;
    }
    if open.cursor.epoch != facts.epoch || facts.contradicts(&open.cursor) {
        return Order::Resync(SERVER_RESTORED.to_owned());
    }
    if open.cursor.seq < facts.tomb_floor && open.floor < facts.tomb_floor {
        return Order::Resync("tombstones_gone".to_owned());
    }
    if open.scope_token != facts.scope_token && !facts.scope_known {
        return Order::Resync("scope_changed".to_owned());
    }
    Order::Proceed
}

/// True if the server has later operations of the device's generation than the device, or others.
fn is_old_copy(open: &Open, facts: &Facts) -> bool {
    let ahead = facts.known.last_n > open.last_n && !crate::trap!(T10);
    let other = !crate::trap!(T11)
        && open.last_n > 0
        && facts.known.last_n >= open.last_n
        && facts.hash_at_device_last.is_some_and(|hash| hash != open.last_hash);
    ahead || other
}

/// Returns where earlier generations must be sent again from, oldest first.
fn lost_earlier(open: &Open, facts: &Facts) -> Vec<(u32, u64)> {
    if crate::trap!(T12) || crate::trap!(T14) {
        return Vec::new();
    }
    let has = |generation: u32| {
        let known = facts.earlier.iter().find(|known| known.generation == generation);
        known.map_or(0, |known| known.last_n)
    };
    let mut lost: Vec<(u32, u64)> = open
        .earlier
        .iter()
        .filter(|(generation, sent)| has(*generation) < *sent)
        .map(|(generation, _)| (*generation, has(*generation).saturating_add(1)))
        .collect();
    lost.sort_unstable();
    lost
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
            earlier: Vec::new(),
            seal: [0; 16],
            floor: 0,
            head: Witness::NONE,
        }
    }

    fn facts() -> Facts {
        Facts {
            epoch: Uuid::from_u128(1),
            head_seq: 20,
            chain_at_cursor: Some([7; 16]),
            head_holds: true,
            scope_token: 3,
            scope_known: true,
            tomb_floor: 0,
            may_pull: true,
            known: Known { generation: 1, last_n: 5, last_hash: [5; 16], durable_n: 0 },
            newest_generation: 1,
            earlier: Vec::new(),
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
        assert_eq!(judge(&open(), &facts), Order::Resync(SERVER_RESTORED.to_owned()));
    }

    #[test]
    fn a_server_put_back_between_the_end_of_a_staged_page_and_what_it_then_had_is_noticed() {
        let facts = Facts { head_holds: false, ..facts() };
        assert_eq!(judge(&open(), &facts), Order::Resync(SERVER_RESTORED.to_owned()));
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
    fn another_scope_is_told_by_what_changed_and_taken_whole_where_that_is_unknown() {
        let facts = Facts { scope_token: 4, ..facts() };
        assert_eq!(judge(&open(), &facts), Order::Proceed);
        let facts = Facts { scope_known: false, ..facts };
        assert_eq!(judge(&open(), &facts), Order::Resync("scope_changed".to_owned()));
    }

    #[test]
    fn two_copies_in_two_generations_leave_each_other_alone() {
        let facts = Facts { newest_generation: 2, ..facts() };
        assert_eq!(judge(&open(), &facts), Order::Proceed);
        let facts = Facts { hash_at_device_last: Some([6; 16]), ..facts };
        assert_eq!(judge(&open(), &facts), Order::NewGeneration(3), "the second to write forks");
    }

    #[test]
    fn earlier_generations_are_sent_again_before_the_present_one() {
        let open = Open { generation: 3, earlier: vec![(2, 7), (1, 40)], ..open() };
        let known =
            |generation, last_n| Known { generation, last_n, last_hash: [0; 16], durable_n: 0 };
        let facts = Facts {
            known: known(3, 0),
            newest_generation: 1,
            earlier: vec![known(2, 0), known(1, 20)],
            hash_at_device_last: None,
            ..facts()
        };
        assert_eq!(judge(&open, &facts), Order::ResendEarlier(vec![(1, 21), (2, 1)]));
        let facts = Facts { earlier: vec![known(1, 40), known(2, 7)], ..facts };
        assert_eq!(judge(&open, &facts), Order::ResendFrom(1));
    }

    #[test]
    fn an_old_program_is_told_to_upgrade_but_fills_a_restored_server_first() {
        let facts = Facts { may_pull: false, ..facts() };
        assert_eq!(judge(&open(), &facts), Order::Upgrade);
        let known = Known { last_n: 2, ..facts.known.clone() };
        let facts = Facts { known, hash_at_device_last: None, ..facts };
        assert_eq!(judge(&open(), &facts), Order::ResendFrom(3));
    }

    #[test]
    fn a_cursor_older_than_the_oldest_deletion_in_the_feed_starts_again() {
        let facts = Facts { tomb_floor: 11, ..facts() };
        assert_eq!(judge(&open(), &facts), Order::Resync("tombstones_gone".to_owned()));
        let begun_since = Open { floor: 11, ..open() };
        assert_eq!(judge(&begun_since, &facts), Order::Proceed);
    }
}
