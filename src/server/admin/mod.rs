//! What headquarters' administrator does beside the running server: accounts, codes, backup, verification.
//!
//! Every function opens the database itself and works while servers run on the same database.

mod accounts;
mod backup;
mod erase;
mod fleet;
mod lease;
mod quarantine;
mod restore;
mod setup;
mod verify;

use super::db::location::Location;
use super::db::{Database, DbError};
use crate::domain::access::Role;

pub use super::erase::Erased;
pub use super::history::Reapplied;
pub use accounts::{
    DeviceInfo, UserInfo, code, confirm, devices, new_code, revoke, user_add, user_disable,
    user_list,
};
pub use backup::{Backup, backup};
pub use erase::{erase, expire};
pub use fleet::{EventInfo, Fleet, bury, events, fleet};
pub use lease::{UnlockCode, unlock};
pub use quarantine::{QuarantineInfo, quarantine, quarantine_reject, quarantine_take, take_over};
pub use restore::{Restored, restore};
pub use setup::{Initialised, ROOT_CODE, init, set_up};
pub use verify::{Difference, Verified, replay, verify, verify_file};

/// A one-time code for a device, shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeCode {
    /// Account it is for.
    pub user: String,
    /// The code, in groups.
    pub code: String,
    /// Not valid from then on, milliseconds since 1970.
    pub expires_at: i64,
}

/// Codes are secrets.
impl std::fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OneTimeCode").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Why an administrator's command is not done.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The database failed or is not set up.
    #[error(transparent)]
    Database(#[from] DbError),
    /// No account of that name.
    #[error("there is no user {name}")]
    NoUser {
        /// The name.
        name: String,
    },
    /// No unit with that code.
    #[error("there is no unit with code {code}")]
    NoUnit {
        /// The code.
        code: String,
    },
    /// No such device.
    #[error("there is no device {device}")]
    NoDevice {
        /// Its id.
        device: String,
    },
    /// No such record.
    #[error("there is no record {id}")]
    NoRecord {
        /// Its id.
        id: String,
    },
    /// Nothing open of that number was handed in, or it cannot be taken.
    #[error("there is nothing to decide under number {no} in the quarantine")]
    NoQuarantine {
        /// The number.
        no: u64,
    },
    /// The role needs a unit.
    #[error("a user with role {} needs a unit", role.key())]
    UnitNeeded {
        /// The role.
        role: Role,
    },
    /// A file or folder cannot be used.
    #[error("cannot write {path}")]
    File {
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The copy is not what the log says.
    #[error("the copy does not verify: {difference}")]
    NotVerified {
        /// First difference found.
        difference: Difference,
    },
    /// A server runs on the database.
    #[error("a server runs on this database; stop it first")]
    Running,
    /// Nothing to restore there.
    #[error("there is no backup in {path}")]
    NoBackup {
        /// Where it was looked for.
        path: String,
    },
    /// The first record could not be made.
    #[error("the root unit was refused")]
    Refused,
}

/// A result of a command.
pub type AdminResult<T> = Result<T, AdminError>;

/// Opens an existing database.
async fn open(database: impl Into<Location>) -> AdminResult<Database> {
    Ok(Database::open(database, false).await?)
}
