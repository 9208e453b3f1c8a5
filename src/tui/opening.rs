//! Opening and making files, and what may be seen of them: the part of [`Data`] that has to do with secrets.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::arranged::LeftAt;
use super::data::{Data, Failure};
use crate::client::passphrase::tuned_cost;
use crate::client::{Client, NewDevice};
use crate::domain::ids::RecordId;
use crate::domain::record::FieldNo;

pub(super) use crate::client::passphrase::is_good;

impl Data {
    /// Opens the files. Slow: the key is derived from the passphrase.
    ///
    /// # Errors
    /// What the client says: wrong passphrase, in use, damaged.
    pub fn open(dir: &Path, passphrase: &str) -> Result<Self, Failure> {
        let client = Client::open_any(dir, passphrase)?;
        client.strengthen(passphrase);
        if client.is_expired() {
            // Contact brings a new lease; without a network the reason is told.
            drop(client.sync(&|_progress| {}, &AtomicBool::new(false)));
            client.must_be_leased()?;
        }
        Ok(Self { client })
    }

    /// Makes the files and returns the recovery code. Slow, as opening.
    ///
    /// # Errors
    /// What the client says.
    pub fn create(
        dir: &Path,
        passphrase: &str,
        user: &str,
        unit: &str,
    ) -> Result<(Self, String), Failure> {
        let unit_code = (!unit.is_empty()).then(|| unit.to_owned());
        let new = NewDevice { user: user.to_owned(), unit_code, cost: tuned_cost() };
        let (client, recovery) = Client::create(dir, passphrase, &new)?;
        Ok((Self { client }, recovery.text().to_string()))
    }

    /// From here on nothing is changed or written, if so wished.
    #[must_use]
    pub fn read_only(self, on: bool) -> Self {
        if on {
            self.only_look();
        }
        self
    }

    /// From here on nothing is changed or written.
    pub fn only_look(&self) {
        self.client.set_read_only();
    }

    /// Remembers where a person was; what fails here costs a few keys the next time.
    pub fn save_place(&self, place: &LeftAt) {
        drop(self.client.save_place(place));
    }

    /// Returns where a person was when the terminal was left.
    pub fn place(&self) -> Option<LeftAt> {
        self.client.place()
    }

    /// True if there are files in a directory.
    pub fn exists(dir: &Path) -> bool {
        Client::exists(dir)
    }

    /// True if this device was without contact for too long: nothing may be read.
    pub fn is_expired(&self) -> bool {
        self.client.is_expired()
    }

    /// Notes, for headquarters too, that somebody looked at personal data in full, and why.
    ///
    /// # Errors
    /// A failure if no reason is given.
    pub fn log_reveal(&self, id: RecordId, reason: &str) -> Result<(), Failure> {
        let kind = self.client.view(id)?.kind;
        let sensitive = kind.spec().fields.iter().filter(|field| field.sensitive);
        let fields: Vec<FieldNo> = sensitive.map(|field| field.number).collect();
        Ok(self.client.reveal(id, &fields, reason)?)
    }
}
