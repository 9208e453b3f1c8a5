//! Identities: newtypes, so that a person's id is never taken for a unit's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The id of any record: `UUIDv7` for what a person made. It says nothing about the record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub Uuid);

/// The id of an organisational unit, which is also the id of its `unit` record.
///
/// [`UnitId::HOME`] stands for "the unit of whoever made this": a device that has not joined a server yet does not know its
/// unit's id; the server puts the author's unit in its place (protocol, Units).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnitId(pub Uuid);

/// The id of a user account, made by the server (or by `init` on a device that works alone).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub Uuid);

/// The id of one installation, 64 random bits drawn by the device itself; a server counter would be issued twice after a restore.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub u64);

/// A number in binary, sixteen hexadecimal digits in JSON: other programs' numbers end at 53 bits.
impl Serialize for DeviceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for DeviceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            u64::deserialize(deserializer).map(Self)
        }
    }
}

impl UnitId {
    /// The author's own unit, filled in by the server.
    pub const HOME: Self = Self(Uuid::nil());

    /// Returns the id of the `unit` record that describes this unit.
    pub const fn record(self) -> RecordId {
        RecordId(self.0)
    }
}

impl RecordId {
    /// Returns the unit whose record this is; only meaningful for records of kind `unit`.
    pub const fn unit(self) -> UnitId {
        UnitId(self.0)
    }

    /// Returns when the record was made, milliseconds since 1970 by the clock of the device; `None` for ids that hold no time.
    pub fn made_at(self) -> Option<i64> {
        let (seconds, nanos) =
            self.0.get_timestamp().filter(|_| self.0.get_version_num() == 7)?.to_unix();
        let ms = i64::from(nanos / 1_000_000);
        i64::try_from(seconds).ok()?.checked_mul(1_000)?.checked_add(ms)
    }
}

macro_rules! uuid_text {
    ($($T:ident),*) => { $(
        impl fmt::Display for $T {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl fmt::Debug for $T {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}({})", stringify!($T), self.0) }
        }
        impl FromStr for $T {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }
    )* };
}
uuid_text!(RecordId, UnitId, UserId);

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceId({self})")
    }
}

impl FromStr for DeviceId {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}
