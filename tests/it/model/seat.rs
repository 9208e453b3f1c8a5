//! A device of a transcript, on the real store or on a disk in memory.

use std::path::Path;

use ejia::client::{Client, Profile};
use ejia::domain::access::Role;
use ejia::domain::ids::{DeviceId, UnitId, UserId};

use crate::server::harness::fresh;
use crate::sim::disk::{Disk, Image};
use crate::sim::rng::Rng;
use crate::sim::setup::first_profile;
use crate::sync::Device;

/// Where devices keep what they have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keeping {
    /// In an encrypted directory: journal and sled.
    Sled,
    /// In memory, which outlives the program as a disk does.
    Memory,
}

/// One device.
pub(crate) enum Seat {
    Sled(Device),
    Memory { client: Client, disk: Disk },
}

impl Seat {
    pub(crate) fn new(keeping: Keeping, name: &str) -> Self {
        match keeping {
            Keeping::Sled => Self::Sled(Device::new(name)),
            Keeping::Memory => {
                let profile = Profile {
                    device: DeviceId(u64::from_le_bytes(
                        fresh().as_bytes()[8..].try_into().unwrap(),
                    )),
                    generation: 1,
                    user: UserId(fresh()),
                    user_name: name.to_owned(),
                    role: Role::HqAdmin,
                    unit: UnitId::HOME,
                    unit_code: None,
                    server: None,
                };
                let disk = Disk::new(Image::default(), Rng::new(1));
                first_profile(&disk, &profile);
                Self::on(disk)
            }
        }
    }

    fn on(disk: Disk) -> Self {
        let client = Client::from_vault(Path::new("memory"), disk.open()).unwrap();
        Self::Memory { client, disk }
    }

    pub(crate) fn client(&self) -> &Client {
        match self {
            Self::Sled(device) => &device.client,
            Self::Memory { client, .. } => client,
        }
    }

    /// Ends the program and starts it again on the same data.
    pub(crate) fn reopen(self) -> Self {
        match self {
            Self::Sled(device) => Self::Sled(device.reopen()),
            Self::Memory { client, disk } => {
                drop(client);
                Self::on(disk)
            }
        }
    }
}
