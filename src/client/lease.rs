//! The lease: how long this device may be read without contact with its server. It is judged by the latest moment this device ever
//! saw, so that setting the clock back gains nothing. What waits to be sent is never touched.

use serde::{Deserialize, Serialize};

use super::Client;
use super::error::ClientError;
use super::state::Inner;
use crate::store::Vault;
use crate::sync::Digest;
use crate::sync::open::{Opened, Order};
use crate::sync::pass::{DAY_MS, day_of};
use crate::wire::{decode, encode};

/// Name of the note that holds the lease.
const LEASE: &str = "lease";
/// How far the clock goes on before that is written down, milliseconds.
const STEP_MS: i64 = 3_600_000;

/// The lease as the last contact gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lease {
    /// Until when the records may be read, milliseconds.
    until: i64,
    /// The latest moment this device saw.
    clock: i64,
    /// How much of that is written down.
    #[serde(skip)]
    written: i64,
    /// What headquarters' codes for this device are made with.
    secret: Digest,
}

impl Lease {
    /// Reads the lease of a device; `None` before its first contact.
    pub(super) fn load(vault: &Vault) -> Result<Option<Self>, ClientError> {
        let stored = vault.store.note(LEASE)?;
        let lease: Option<Self> = stored.map(|bytes| decode(&bytes, LEASE)).transpose()?;
        Ok(lease.map(|lease| Self { written: lease.clock, ..lease }))
    }
}

impl Inner {
    /// Takes the moment and tells whether the lease has run out.
    fn has_expired(&mut self) -> bool {
        let now = self.env.now_ms();
        let Some(lease) = &mut self.lease else { return false };
        lease.clock = lease.clock.max(now);
        lease.clock >= lease.until && !crate::trap!(T52)
    }

    /// Writes down how far the clock is; what cannot be written now is written another time.
    pub(super) fn keep_clock(&mut self) {
        self.has_expired();
        let Some(lease) = &self.lease else { return };
        if lease.clock.saturating_sub(lease.written) >= STEP_MS {
            let lease = lease.clone();
            drop(self.keep_lease(&lease));
        }
    }

    fn keep_lease(&mut self, lease: &Lease) -> Result<(), ClientError> {
        self.note(vec![(LEASE.to_owned(), Some(encode(lease)?))])?;
        self.lease = Some(Lease { written: lease.clock, ..lease.clone() });
        Ok(())
    }

    /// Takes a new lease: the server was met and lets this device go on. A clock that stood wrong begins again with it.
    pub(super) fn renew(&mut self, opened: &Opened) -> Result<(), ClientError> {
        if matches!(opened.order, Order::Revoked { .. }) || opened.lease_ms <= 0 {
            return Ok(());
        }
        let now = self.env.now_ms();
        let until = now.saturating_add(opened.lease_ms);
        let fresh = Lease { until, clock: now, written: now, secret: opened.unlock };
        let near = |a: i64, b: i64| a.abs_diff(b) < STEP_MS.unsigned_abs();
        let same = self.lease.as_ref().is_some_and(|old| {
            near(old.until, until) && near(old.clock, now) && old.secret == fresh.secret
        });
        // A device that syncs every few minutes need not write each time.
        if same { Ok(()) } else { self.keep_lease(&fresh) }
    }
}

impl Client {
    /// True if this device was without contact for longer than its lease: nothing may be read until it meets its server or a code
    /// of headquarters is entered. What waits to be sent is all there.
    pub fn is_expired(&self) -> bool {
        self.lock().has_expired()
    }

    /// Refuses to go on with a lease that has run out.
    ///
    /// # Errors
    /// [`ClientError::LeaseExpired`].
    pub fn must_be_leased(&self) -> Result<(), ClientError> {
        if !self.is_expired() {
            return Ok(());
        }
        let inner = self.lock();
        Err(ClientError::LeaseExpired {
            pending: inner.outbox.after(inner.sync.acked_n).count(),
            device: inner.profile.device.to_string(),
        })
    }

    /// Opens the records until the day that a code of headquarters names.
    ///
    /// # Errors
    /// [`ClientError::BadUnlockCode`] if it is not for this device or its day is over; [`ClientError::Store`].
    pub fn unlock_by_code(&self, code: &str) -> Result<(), ClientError> {
        let mut inner = self.lock();
        let (now, device) = (inner.env.now_ms(), inner.profile.device);
        let lease = inner.lease.clone().ok_or(ClientError::BadUnlockCode)?;
        let day = day_of(code, &lease.secret, device).ok_or(ClientError::BadUnlockCode)?;
        let until = i64::from(day).saturating_add(1).saturating_mul(DAY_MS);
        if until <= now {
            return Err(ClientError::BadUnlockCode);
        }
        inner.keep_lease(&Lease { until, clock: now, ..lease })
    }
}
