//! Randomness: new record ids, device ids, salts. The only place of the client that draws any.

use uuid::{Builder, Uuid};

use crate::domain::ids::{DeviceId, RecordId, UserId};

/// Makes a record id: `UUIDv7`, so that ids made later sort later on one device.
pub(super) fn record(now_ms: i64) -> RecordId {
    RecordId(uuid_at(now_ms))
}

/// Makes an account id for a device that works alone.
pub(super) fn user(now_ms: i64) -> UserId {
    UserId(uuid_at(now_ms))
}

/// Draws a device id.
pub(super) fn device() -> DeviceId {
    DeviceId(rand::random())
}

/// Draws a salt.
pub(super) fn salt() -> u64 {
    rand::random()
}

fn uuid_at(now_ms: i64) -> Uuid {
    let ms = u64::try_from(now_ms).unwrap_or(0);
    Builder::from_unix_timestamp_millis(ms, &rand::random()).into_uuid()
}
