//! One device of a run.

use std::path::Path;
use std::sync::Arc;

use ejia::client::Client;
use ejia::domain::ids::UserId;

use super::ambient::Machine;
use super::disk::{Disk, Image};

/// Copies of a disk kept to restore from.
const IMAGES: usize = 3;

/// A machine with a person in front of it.
pub(crate) struct Device {
    pub(crate) disk: Disk,
    pub(crate) machine: Arc<Machine>,
    pub(crate) client: Option<Arc<Client>>,
    pub(crate) user: UserId,
    /// A sync of it is under way further up the stack.
    pub(crate) busy: bool,
    /// Store and journal were both lost: it would have to be set up anew.
    pub(crate) gone: bool,
    pub(crate) revoked: bool,
    /// Epoch and position its base had reached, to see that it never goes back.
    pub(crate) reached: (uuid::Uuid, u64),
    pub(crate) images: Vec<Image>,
    /// Number of values it has written, which makes each of them unlike any other.
    pub(crate) values: u32,
    /// Numbers of refused operations that the person has dealt with.
    pub(crate) attended: Vec<u64>,
}

impl Device {
    pub(crate) fn new(disk: Disk, machine: Arc<Machine>, user: UserId) -> Self {
        Self {
            disk,
            machine,
            client: None,
            user,
            busy: false,
            gone: false,
            revoked: false,
            reached: (uuid::Uuid::nil(), 0),
            images: Vec::new(),
            values: 0,
            attended: Vec::new(),
        }
    }

    /// Starts the program on what the disk holds.
    pub(crate) fn open(&mut self, limits: ejia::sync::Limits) -> Result<(), String> {
        self.client = None;
        let vault = self.disk.open();
        let machine = Arc::<Machine>::clone(&self.machine);
        let client = Client::from_vault_in(Path::new("sim"), vault, machine)
            .map_err(|error| error.to_string())?;
        client.set_limits(limits);
        self.client = Some(Arc::new(client));
        Ok(())
    }

    pub(crate) fn keep_image(&mut self) {
        if self.images.len() >= IMAGES {
            self.images.remove(0);
        }
        self.images.push(self.disk.image());
    }
}
