//! Randomness: new record ids, device ids, salts. The only place of the client that draws any.

use uuid::{Builder, Uuid};

use crate::domain::ids::{DeviceId, RecordId, UserId};

/// Makes a record id: `UUIDv7`, so that ids made later sort later on one device.
pub(super) fn record(now_ms: i64) -> RecordId {
    RecordId(uuid_at(now_ms))
}

/// Makes the id of the `nth` record of one command: a sheet's rows keep their order in lists. 26 bits hold `nth`, the other 48
/// stay random.
pub(super) fn nth_record(now_ms: i64, nth: u32) -> RecordId {
    let mut bytes: [u8; 10] = rand::random();
    let part = |shift: u32, mask: u32| u8::try_from((nth >> shift) & mask).unwrap_or(0);
    let counted = [part(22, 0x0f), part(14, 0xff), part(8, 0x3f), part(0, 0xff)];
    for (byte, counted) in bytes.iter_mut().zip(counted) {
        *byte = counted;
    }
    let ms = u64::try_from(now_ms).unwrap_or(0);
    RecordId(Builder::from_unix_timestamp_millis(ms, &bytes).into_uuid())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_records_of_one_command_sort_in_their_order() {
        let ids: Vec<_> =
            [0, 1, 255, 256, 16_383, 16_384, 100_000, 1 << 25].map(|n| nth_record(5, n)).into();
        assert!(ids.is_sorted());
        assert!(record(6) > ids[7]);
    }
}
