//! The faults of a run, and how often each was met.

use super::rng::Rng;

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $Name:ident = $key:literal),+ $(,)?) => {
        /// One way in which the world is unkind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Fault { $($(#[doc = $doc])+ $Name),+ }

        impl Fault {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$Name),+];

            pub(crate) const fn key(self) -> &'static str {
                match self { $(Self::$Name => $key),+ }
            }

            /// Its place in [`Self::ALL`].
            pub(crate) fn place(self) -> usize {
                Self::ALL.iter().position(|fault| *fault == self).unwrap()
            }
        }
    };
}

faults! {
    /// A request never arrives.
    DropRequest = "drop-request",
    /// A request arrives, its answer does not.
    DropReply = "drop-reply",
    /// A request arrives twice.
    Duplicate = "duplicate",
    /// A request arrives again much later, after newer ones.
    Reorder = "reorder",
    /// A request takes hours, in which others go on.
    Delay = "delay",
    /// A body ends early.
    Truncate = "truncate",
    /// A byte of a body is another one.
    Corrupt = "corrupt-byte",
    /// Something else answers, with a page for people.
    Html = "proxy-html",
    /// The client's process ends at any call of its store or journal.
    CrashClient = "crash-client",
    /// The server's process ends at any call of its database.
    CrashServer = "crash-server",
    /// The client ends in the middle of an append: a part of it is on the disk.
    TornTail = "torn-tail",
    /// The client's machine loses power: what the store wrote last is gone.
    LostWrites = "lost-writes",
    /// The disk is full at any write.
    DiskFull = "disk-full",
    /// The disk fails at any write.
    DiskError = "disk-error",
    /// The store is beyond reading and was moved aside.
    StoreLost = "store-lost",
    /// The journal is gone.
    JournalLost = "journal-lost",
    /// A device's clock jumps by up to decades.
    ClockStep = "clock-step",
    /// A device's clock is off by hours all the time.
    ClockSkew = "clock-skew",
    /// The server is set back to an earlier point.
    ServerRestore = "server-restore",
    /// A device is set back to an earlier point.
    DeviceRestore = "device-restore",
    /// A device's disk is copied to a second machine, and both are used.
    Clone = "clone",
    /// A unit hangs under another one.
    UnitMove = "unit-move",
    /// A user has other rights or another unit.
    Permission = "permission-change",
    /// A device is refused, and later let in again.
    Revoke = "revoke",
    /// A device writes fields and kinds that the others do not know.
    Schema = "schema-skew",
    /// A page comes from a replica that is behind.
    ReplicaLag = "replica-lag",
    /// The token is not taken in the middle of a sync.
    TokenExpiry = "token-expiry",
}

/// How many kinds there are.
pub(crate) const KINDS: usize = Fault::ALL.len();

/// How often each fault happened.
#[derive(Clone, Debug)]
pub(crate) struct Coverage {
    pub(crate) fired: [u64; KINDS],
    /// Runs in which both happened.
    pub(crate) pairs: Vec<u32>,
}

impl Default for Coverage {
    fn default() -> Self {
        Self { fired: [0; KINDS], pairs: vec![0; KINDS * KINDS] }
    }
}

impl Coverage {
    /// Adds one run.
    pub(crate) fn add(&mut self, run: &[u64; KINDS]) {
        for (i, count) in run.iter().enumerate() {
            self.fired[i] += count;
            for (j, other) in run.iter().enumerate().skip(i + 1) {
                self.pairs[i * KINDS + j] += u32::from(*count > 0 && *other > 0);
            }
        }
    }
}

/// Which faults a run has.
#[derive(Clone, Debug)]
pub(crate) struct Mix {
    on: Vec<Fault>,
    /// Times in a thousand that a place where a fault may happen has one.
    pub(crate) rate: usize,
}

impl Mix {
    /// Draws none, one or several of the allowed ones.
    pub(crate) fn draw(rng: &mut Rng, allowed: &[Fault]) -> Self {
        let count = match rng.below(10) {
            0 => 0,
            1..=4 => 1,
            5..=7 => rng.between(2, 4),
            _ => rng.between(5, 12),
        };
        let mut on: Vec<Fault> = (0..count).filter_map(|_| rng.pick(allowed).copied()).collect();
        on.sort_unstable();
        on.dedup();
        Self { on, rate: rng.between(20, 250) }
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.on.contains(&fault)
    }

    pub(crate) fn names(&self) -> String {
        self.on.iter().map(|fault| fault.key()).collect::<Vec<_>>().join(",")
    }

    /// Draws one of these faults for a place where they may happen.
    pub(crate) fn strike(&self, rng: &mut Rng, of: &[Fault]) -> Option<Fault> {
        if self.on.is_empty() || !rng.per_mille(self.rate) {
            return None;
        }
        let here: Vec<Fault> = of.iter().copied().filter(|fault| self.has(*fault)).collect();
        rng.pick(&here).copied()
    }
}
