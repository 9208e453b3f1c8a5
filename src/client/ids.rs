//! New record ids, device ids, salts, from the randomness a client was given.

use uuid::{Builder, Uuid};

use super::clock::Ambient;
use crate::domain::ids::{DeviceId, RecordId, UserId};

/// Makes a record id: `UUIDv7`, so that ids made later sort later on one device.
pub(super) fn record(from: &dyn Ambient) -> RecordId {
    RecordId(uuid(from))
}

/// Makes the id of the `nth` record of one command: a sheet's rows keep their order in lists. 26 bits hold `nth`, the other 48
/// stay random.
pub(super) fn nth_record(from: &dyn Ambient, now_ms: i64, nth: u32) -> RecordId {
    let mut bytes: [u8; 10] = drawn(from);
    let part = |shift: u32, mask: u32| u8::try_from((nth >> shift) & mask).unwrap_or(0);
    let counted = [part(22, 0x0f), part(14, 0xff), part(8, 0x3f), part(0, 0xff)];
    for (byte, counted) in bytes.iter_mut().zip(counted) {
        *byte = counted;
    }
    let ms = u64::try_from(now_ms).unwrap_or(0);
    RecordId(Builder::from_unix_timestamp_millis(ms, &bytes).into_uuid())
}

/// Makes an account id for a device that works alone.
pub(super) fn user(from: &dyn Ambient) -> UserId {
    UserId(uuid(from))
}

/// Draws a device id.
pub(super) fn device(from: &dyn Ambient) -> DeviceId {
    DeviceId(u64::from_le_bytes(drawn(from)))
}

/// Draws a salt.
pub(super) fn salt(from: &dyn Ambient) -> u64 {
    u64::from_le_bytes(drawn(from))
}

fn drawn<const N: usize>(from: &dyn Ambient) -> [u8; N] {
    let mut bytes = [0; N];
    from.fill(&mut bytes);
    bytes
}

fn uuid(from: &dyn Ambient) -> Uuid {
    let ms = u64::try_from(from.now_ms()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(ms, &drawn(from)).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::super::clock::Machine;
    use super::*;

    #[test]
    fn the_records_of_one_command_sort_in_their_order() {
        let numbers = [0, 1, 255, 256, 16_383, 16_384, 100_000, 1 << 25];
        let ids: Vec<_> = numbers.map(|n| nth_record(&Machine, 5, n)).into();
        assert!(ids.is_sorted());
        assert!(nth_record(&Machine, 6, 0) > ids[7]);
    }
}
