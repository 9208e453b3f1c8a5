//! Who uses this device and which server it belongs to; kept sealed among the store's notes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::key::DeviceKey;
use super::pin::Pin;
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, UnitId, UserId};

/// Name of the note that holds it.
pub(super) const PROFILE: &str = "profile";

/// The device's user and server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Id of this installation.
    pub device: DeviceId,
    /// Generation its operations are numbered in.
    pub generation: u32,
    /// Account.
    pub user: UserId,
    /// Name of the account.
    pub user_name: String,
    /// Rights; everything, on a device that has joined no server.
    pub role: Role,
    /// Unit the rights are for; [`UnitId::HOME`] before joining.
    pub unit: UnitId,
    /// Unit code given at `init`, shown until the unit itself is known.
    pub unit_code: Option<String>,
    /// The server, once joined.
    pub server: Option<Server>,
}

/// The server a device has joined.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Address.
    pub url: String,
    /// Fingerprint of its certificate, or of the authority that signed it; without one a public authority must have.
    pub pin: Option<Pin>,
    /// Key of this device.
    pub key: DeviceKey,
    /// Token of the last session.
    pub token: String,
    /// Tenant.
    pub tenant: Uuid,
    /// Its name.
    pub tenant_name: String,
    /// Root unit.
    pub root: UnitId,
    /// What lets the device in again if the server is restored from a copy that does not know it.
    pub certificate: Vec<u8>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Profile({}, generation {}, ..)", self.device, self.generation)
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({}, ..)", self.url)
    }
}
