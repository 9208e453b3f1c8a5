//! The switch of the bug bank: brings one known mistake of sync programs back, so that a run can prove that a test notices it
//! (docs/reliability.md, Bug bank). It imports nothing of ours; every module may ask, as `crate::trap!(T04)`.
//!
//! Builds without debug assertions, the release build among them, have no switch: [`on`] is the constant false there and the
//! mistakes are not compiled. Elsewhere the environment variable `EJIA_TRAP` names the one that is on, or a test calls [`set`].

/// True if the named mistake shall be made: `crate::trap!(T04)`.
#[macro_export]
macro_rules! trap {
    ($name:ident) => {
        $crate::trap::on($crate::trap::Trap::$name)
    };
}

/// Lists the mistakes; their numbers are those of the table in docs/reliability.md.
macro_rules! traps {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// One known mistake that this program can be made to make.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Trap {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Trap {
            /// Every mistake, by number.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns its name, such as `T04`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
}

traps! {
    /// Positions come from a sequence, before the writer is alone (PostgreSQL).
    T01,
    /// The record at the beginning of every page but the first is left out.
    T04,
    /// An answer of 200 clears everything that was sent, refused operations too.
    T05,
    /// One refused operation makes the server refuse the whole batch, every time.
    T06,
    /// An operation that comes twice takes effect twice.
    T07,
    /// The server remembers only the outcomes of the last three operations of a device.
    T08,
    /// Another operation under a number that is taken gets the outcome of the first.
    T09,
    /// A device that knows less of itself than the server goes on counting.
    T10,
    /// A second copy of a device is not noticed.
    T11,
    /// A device never sends again what the server said it has.
    T12,
    /// A server that was put back and has grown again is taken for the same.
    T13,
    /// Only the epoch tells that a server was put back.
    T14,
    /// Renumbering renames what the first operations were based on and forgets the later ones.
    T15,
    /// What was written while a sync ran counts as sent.
    T16,
    /// An operation leaves the view when it is acknowledged, before its effect was pulled.
    T17,
    /// Pages show before the pull is complete.
    T18,
    /// The cursor is stored before the records it stands behind.
    T19,
    /// Taking everything again begins with throwing everything away.
    T20,
    /// A record that went to another unit stays on the devices of the old one.
    T21,
    /// A record that comes into a unit keeps its old position in the feed.
    T22,
    /// A unit put elsewhere in the tree tells no device.
    T23,
    /// A record that leaves takes what waits for it along.
    T24,
    /// An edit whose author lost the right meanwhile is refused.
    T25,
    /// Whether somebody changed a record is judged by its content.
    T26,
    /// What a page does not hold was deleted.
    T27,
    /// An edit of a deleted record brings it back.
    T28,
    /// A deletion wins over an edit its author had not seen.
    T29,
    /// Making a record that is there already writes over it.
    T30,
    /// Two edits that are right by themselves are not checked together.
    T31,
    /// Writing one element of a list writes the whole list.
    T32,
    /// A place is given to everybody who asks.
    T34,
    /// Who waits does not move up when a place becomes free.
    T35,
    /// An operation's time is what the clock says, wherever that stands.
    T36,
    /// The id of a record that every device can make is random.
    T37,
    /// An edit writes the whole record: fields its author did not touch are dropped.
    T38,
    /// A value of a kind this build does not know is read as empty.
    T39,
    /// A device that is told to upgrade keeps what it has not sent.
    T40,
    /// The hash of an operation is taken over a second encoding of it.
    T41,
    /// A packet is decompressed to any length.
    T43,
    /// All devices come back at the same moment after a failure.
    T44,
    /// A failed sync is tried again only when somebody asks.
    T45,
    /// An edit is reported saved before it was synced to the disk.
    T46,
    /// The server does not sync its log to the disk at a commit.
    T47,
    /// An error while writing the journal is passed over.
    T48,
    /// A damaged store keeps the program from starting.
    T49,
    /// Every value is sealed under the same nonce.
    T50,
    /// What a revoked device hands in is thrown away.
    T51,
    /// A device reads on for ever without contact.
    T52,
    /// A second decision about a conflict writes over the first.
    T53,
    /// A decision closes candidates its author had not seen.
    T54,
    /// Every edit in a row of one author's edits is a candidate of its own.
    T55,
    /// An id is made from something random.
    T56,
    /// A server that is behind answers pulls.
    T57,
    /// What comes before the refused operation of a group stays applied.
    T58,
    /// A pull ends only when nothing came.
    T59,
    /// Any answer of 200 acknowledges what was sent.
    T60,
    /// What an author saw is named by its position on the server.
    T61,
    /// An operation whose base has not come is forgotten.
    T62,
    /// An empty text is stored as nothing.
    T63,
    /// What a person was told is decided again after a restore.
    T64,
    /// After a restore numbers are leased a second time.
    T66,
    /// Revocations and closed accounts are only in the database.
    T67,
    /// What was erased comes back with a restore.
    T68,
}

impl Trap {
    /// Returns the mistake of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|trap| trap.name() == name)
    }
}

#[cfg(debug_assertions)]
mod switch {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::Trap;

    /// The environment was not looked at yet.
    const UNREAD: u8 = 0xff;
    /// No mistake is on.
    const NONE: u8 = 0xfe;

    static SWITCH: AtomicU8 = AtomicU8::new(UNREAD);

    fn number(trap: Option<Trap>) -> u8 {
        let place = trap.and_then(|trap| Trap::ALL.iter().position(|known| *known == trap));
        place.and_then(|place| u8::try_from(place).ok()).unwrap_or(NONE)
    }

    /// True if this mistake shall be made.
    pub fn on(trap: Trap) -> bool {
        match SWITCH.load(Ordering::Relaxed) {
            NONE => false,
            UNREAD => {
                set(from_environment());
                on(trap)
            }
            other => other == number(Some(trap)),
        }
    }

    /// Switches one mistake on for the whole process, or all off; false if this build has no switch.
    pub fn set(trap: Option<Trap>) -> bool {
        SWITCH.store(number(trap), Ordering::Relaxed);
        true
    }

    #[expect(clippy::disallowed_methods, reason = "no setting: only builds for tests look at it")]
    fn from_environment() -> Option<Trap> {
        std::env::var("EJIA_TRAP").ok().and_then(|name| Trap::named(&name))
    }
}

#[cfg(not(debug_assertions))]
mod switch {
    use super::Trap;

    /// True if this mistake shall be made: never in this build.
    #[inline]
    pub const fn on(_: Trap) -> bool {
        false
    }

    /// Switches nothing: this build has no switch, which false says.
    pub const fn set(_: Option<Trap>) -> bool {
        false
    }
}

pub use switch::{on, set};

#[cfg(test)]
#[path = "../tests/it/bank/run.rs"]
mod bank;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_found_by_its_name_and_none_is_on_by_itself() {
        for trap in Trap::ALL {
            assert_eq!(Trap::named(trap.name()), Some(*trap));
        }
        assert_eq!(Trap::named("T99"), None);
        let told = std::env::vars().any(|(name, _)| name == "EJIA_TRAP");
        assert!(told || Trap::ALL.iter().all(|trap| !on(*trap)));
    }
}
