//! Sizes and times of the protocol (protocol, Limits), in one place: the simulator runs the same code with smaller ones.

/// Days in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// Number of a program version: its first three parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AppVersion(pub [u32; 3]);

impl AppVersion {
    /// Reads `1.2.3`; what is missing or no number counts as 0.
    pub fn of(text: &str) -> Self {
        let mut parts = text.split(['.', '-', '+']).map(|part| part.trim().parse().unwrap_or(0));
        Self(std::array::from_fn(|_| parts.next().unwrap_or(0)))
    }
}

impl std::fmt::Display for AppVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// What both ends agree on. [`Limits::default`] is what every real server and device uses; a log replays only under the limits it
/// was written under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most operations in one batch; a batch may be longer to finish an all-or-none group.
    pub batch_ops: usize,
    /// Most bytes of operations in one batch, before compression; a single operation may exceed it.
    pub batch_bytes: usize,
    /// Most records of a page.
    pub page_records: u32,
    /// Most bytes of record bodies in a page; at least one position is always given.
    pub page_bytes: usize,
    /// Most bytes of one operation.
    pub op_bytes: usize,
    /// Most bytes of one text.
    pub text_bytes: usize,
    /// Most operations of one all-or-none group.
    pub group_ops: u16,
    /// How long an operation waits for what it needs before a person is asked, milliseconds.
    pub held_ms: i64,
    /// How long a deleted record is kept at least, milliseconds.
    pub tombstone_ms: i64,
    /// How long a device may be used without contact, milliseconds.
    pub lease_ms: i64,
    /// How long a session lasts until the device proves itself again, milliseconds.
    pub session_ms: i64,
    /// How far an author's clock may be ahead of the server's, milliseconds.
    pub clock_ahead_ms: i64,
    /// Oldest program that the server gives pages to; operations are taken from every one.
    pub min_app: AppVersion,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch_ops: 1_000,
            batch_bytes: 1 << 20,
            page_records: 1_000,
            page_bytes: 1 << 20,
            op_bytes: 64 << 10,
            text_bytes: 16 << 10,
            group_ops: 200,
            held_ms: 14 * DAY_MS,
            tombstone_ms: 400 * DAY_MS,
            lease_ms: 30 * DAY_MS,
            session_ms: 3_600_000,
            clock_ahead_ms: 5 * 60_000,
            min_app: AppVersion([0, 1, 0]),
        }
    }
}

impl Limits {
    /// Returns most operations of a batch with the rest of a group that began in it.
    pub fn batch_with_group(&self) -> usize {
        self.batch_ops.saturating_add(usize::from(self.group_ops))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number_and_the_unreadable_is_old() {
        let version = AppVersion::of;
        assert!(version("0.10.0") > version("0.9.9") && version("1.0") > version("0.99.99"));
        assert_eq!(version("1.2.3-rc.1"), AppVersion([1, 2, 3]));
        assert_eq!(version("next"), AppVersion::default());
        assert_eq!(version("0.1.0").to_string(), "0.1.0");
    }
}
