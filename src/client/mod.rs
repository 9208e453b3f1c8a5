//! Use cases: the only place where store, domain, sync and transport meet. The terminal and the command line are two faces of it.
//!
//! A [`Client`] is one open data directory. It is shared between threads; every call takes its lock for a short time, and a sync
//! holds it only while it stores what it received, so that nobody waits for the network.

mod anywhere;
mod attention;
mod bins;
mod boards;
mod bulk;
mod checkin;
pub mod clock;
mod collate;
mod column;
mod commands;
mod conflicts;
mod decisions;
mod deploy;
mod drafts;
mod duplicates;
mod edit;
mod elements;
mod enrol;
mod error;
mod events;
pub mod files;
mod forms;
mod history;
mod http;
mod ids;
mod import;
mod index;
mod inside;
mod journal;
mod judgement;
mod kept;
mod key;
mod lease;
mod list;
mod notices;
mod numbers;
mod open;
mod outbox;
pub mod passphrase;
mod pin;
mod places;
mod profile;
mod put_back;
mod receipts;
mod records;
mod recover;
mod renumber;
mod report;
mod results;
mod rows;
mod schedule;
mod search;
mod session;
mod state;
mod status;
mod steps;
mod sync_store;
mod syncer;
mod threads;
pub mod transport;
mod undo;
pub mod users;
mod view;
mod views;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_commands;
#[cfg(test)]
mod tests_figures;
#[cfg(test)]
mod tests_judgement;
#[cfg(test)]
mod tests_samples;
#[cfg(test)]
mod tests_sent;
#[cfg(test)]
mod tests_workflows;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use attention::AttentionView;
pub use bins::{Bin, Bucket, Totals};
pub use boards::{BoardLine, BoardView};
pub use bulk::{Bulk, BulkChange, BulkRow, BulkStanding};
pub use checkin::{Checked, Mark, Roll, RollRow};
pub use commands::CommandView;
pub use conflicts::{CandidateView, ConflictView, FieldConflictView, Resolution, ValueView};
pub use decisions::Decision;
pub use deploy::Deployed;
pub use drafts::Draft;
pub use duplicates::{Duplicate, MergePreview};
pub use elements::ElementView;
pub use enrol::Enrolled;
pub use error::ClientError;
pub use events::Taken;
pub use forms::{Printed, Printer, file_title, forms_of};
pub use history::{ChangeView, HistoryView};
pub use http::HttpTransport;
pub use import::{ImportRequest, Imported};
pub use inside::Inside;
pub use key::DeviceKey;
pub use list::Query;
pub use notices::Signed;
pub use numbers::{Certified, LEASE_SIZE, LeaseView};
pub use open::NewDevice;
pub use pin::Pin;
pub use profile::{Profile, Server};
pub use put_back::PutBack;
pub use records::Saved;
pub use recover::Compared;
pub use report::{ReportPart, ReportRequest, ReportRow, ReportView, TaskView, report_names};
pub use results::ClassResult;
pub use schedule::Schedule;
pub use status::Status;
pub use steps::StepView;
pub use syncer::{Phase, Progress, SyncSummary};
pub use transport::{Counters, Transport, TransportError};
pub use undo::Undone;
pub use view::{RecordView, RowState};
pub use views::{LeftAt, StoredView};

pub use crate::store::{BackupSummary, Finding, KeyCost, RecoveryCode, StoreError, Vault};

use state::Inner;

/// One open data directory.
pub struct Client {
    inner: Mutex<Inner>,
    syncing: AtomicBool,
    dir: PathBuf,
}

impl Client {
    /// Uses other sizes and times than the real ones: for the simulator and for tests.
    pub fn set_limits(&self, limits: crate::sync::Limits) {
        self.lock().limits = limits;
    }

    /// From here on every change and sync is refused, and no draft or view is written.
    pub fn set_read_only(&self) {
        self.lock().read_only = true;
    }

    /// Returns the data directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Takes the lock. A thread that panicked while holding it left the memory as it was before its last store call, so going on
    /// is right.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
