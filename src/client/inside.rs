//! What a device holds, for whoever compares devices with their server: positions and ids, nothing for people.

use super::Client;
use crate::domain::ids::{DeviceId, RecordId};
use crate::domain::kinds::Kind;
use crate::sync::{Cursor, Record};

/// Where a device stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// This device.
    pub device: DeviceId,
    /// Generation its operations are numbered in.
    pub generation: u32,
    /// Last operation of it.
    pub last_n: u64,
    /// Last operation whose outcome is stored.
    pub acked_n: u64,
    /// Last operation whose effect is part of the base.
    pub settled_n: u64,
    /// How far the base is.
    pub cursor: Cursor,
    /// Refused operations, by generation and number.
    pub refused: Vec<(u32, u64)>,
}

impl Client {
    /// Returns where the device stands.
    pub fn inside(&self) -> Inside {
        let inner = self.lock();
        Inside {
            device: inner.profile.device,
            generation: inner.profile.generation,
            last_n: inner.outbox.last_n,
            acked_n: inner.sync.acked_n,
            settled_n: inner.sync.settled_n,
            cursor: inner.sync.cursor,
            refused: inner.refused.keys().copied().collect(),
        }
    }

    /// Returns a record as this device shows it, deleted ones and conflicts too.
    pub fn visible(&self, id: RecordId) -> Option<Record> {
        self.lock().record(id).ok()
    }

    /// Returns the ids of the live records of a kind, in the order they were made.
    pub fn live_ids(&self, kind: Kind) -> Vec<RecordId> {
        self.lock().of_kind(kind).collect()
    }
}
