//! Making and opening a device's data directory.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use uuid::Uuid;

use super::attention::{self, Refused};
use super::clock::{Ambient, Machine};
use super::error::ClientError;
use super::index::Indexes;
use super::journal;
use super::kept::Kept;
use super::lease::Lease;
use super::outbox::Outbox;
use super::profile::{PROFILE, Profile};
use super::search::Keys;
use super::state::{HEARD, Inner, NAMES, SYNC_STATE, SyncState};
use super::{Client, ids};
use crate::domain::access::Role;
use crate::domain::ids::UnitId;
use crate::store::{Change, Entry, Finding, KeyCost, RESTORED, RecoveryCode, StoreError, Vault};
use crate::sync::{Cursor, Limits, OpBody, Outcome, UnitTree, digest};
use crate::wire::{OpHead, decode, decode_op, encode, op_head};

/// Who a new device is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDevice {
    /// Name of the person who uses it.
    pub user: String,
    /// Code of the unit, if known.
    pub unit_code: Option<String>,
    /// Cost of deriving the key from the passphrase.
    pub cost: KeyCost,
}

impl Client {
    /// Makes an encrypted data directory for offline use and returns the recovery code, which is shown once and never stored.
    ///
    /// # Errors
    /// [`ClientError::Store`] if there is one already or it cannot be written.
    pub fn create(
        dir: &Path,
        passphrase: &str,
        new: &NewDevice,
    ) -> Result<(Self, RecoveryCode), ClientError> {
        let (mut vault, recovery) = Vault::create(dir, passphrase, new.cost)?;
        let profile = Profile {
            device: ids::device(&Machine),
            generation: 1,
            user: ids::user(&Machine),
            user_name: new.user.clone(),
            role: Role::HqAdmin,
            unit: UnitId::HOME,
            unit_code: new.unit_code.clone(),
            server: None,
        };
        journal::save_profile(&mut vault, &profile)?;
        Ok((Self::from_vault(dir, vault)?, recovery))
    }

    /// True if there is a data directory with files of this program in it.
    pub fn exists(dir: &Path) -> bool {
        Vault::exists(dir)
    }

    /// Opens a data directory with the passphrase or the recovery code. After some wrong passphrases the next must wait.
    ///
    /// # Errors
    /// [`ClientError::LeaseExpired`]; [`ClientError::Store`]: no such directory, wrong passphrase, too many of them, in use by another process, damaged.
    pub fn open(dir: &Path, secret: &str) -> Result<Self, ClientError> {
        let client = Self::open_any(dir, secret)?;
        client.must_be_leased()?;
        Ok(client)
    }

    /// Opens a data directory also when its lease has run out: for a sync, which brings a new one, and for headquarters' code.
    ///
    /// # Errors
    /// [`ClientError::Store`], as for [`Client::open`].
    pub fn open_any(dir: &Path, secret: &str) -> Result<Self, ClientError> {
        let vault = super::passphrase::vault(dir, secret)?;
        let wrong = vault.wrong_tries;
        let client = Self::from_vault(dir, vault)?;
        if wrong > 0 {
            client.note_wrong_tries(wrong);
        }
        client.lock().keep_clock();
        Ok(client)
    }

    /// Takes an open vault: loads the confirmed rows and lays the waiting operations over them.
    ///
    /// # Errors
    /// As for [`Client::open`].
    pub fn from_vault(dir: &Path, vault: Vault) -> Result<Self, ClientError> {
        Self::from_vault_in(dir, vault, Arc::new(Machine))
    }

    /// Takes an open vault, with a clock and randomness that need not be the machine's.
    ///
    /// # Errors
    /// As for [`Client::open`].
    pub fn from_vault_in(
        dir: &Path,
        vault: Vault,
        env: Arc<dyn Ambient>,
    ) -> Result<Self, ClientError> {
        let inner = load(dir, vault, env)?;
        Ok(Self { inner: Mutex::new(inner), syncing: AtomicBool::new(false), dir: dir.to_owned() })
    }

    /// Returns what opening found and did: a torn journal tail, a store that was moved aside.
    pub fn findings(&self) -> Vec<Finding> {
        self.lock().vault.findings.clone()
    }

    /// Returns the device's user and server.
    pub fn profile(&self) -> Profile {
        self.lock().profile.clone()
    }

    /// Writes everything that may wait to the disk; called at idle and at the end.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub fn flush(&self) -> Result<(), ClientError> {
        let mut inner = self.lock();
        inner.keep_clock();
        Ok(inner.vault.store.flush()?)
    }

    /// Writes an encrypted, portable copy of the data directory.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub fn backup(&self, to: &Path) -> Result<crate::store::BackupSummary, ClientError> {
        Ok(self.lock().vault.backup(to)?)
    }

    /// Checks journal, store and staging area.
    pub fn check_store(&self) -> Vec<Finding> {
        self.lock().vault.check()
    }
}

fn load(dir: &Path, mut vault: Vault, env: Arc<dyn Ambient>) -> Result<Inner, ClientError> {
    let stored = vault.store.note(PROFILE)?;
    let stored = stored.and_then(|bytes| decode::<Profile>(&bytes, "profile").ok());
    let profile = match (stored, profile_of(&vault)?) {
        // The store has lost its end, or never got the word: what was written since is in the journal's generation.
        (Some(stored), Some(newer)) if newer.generation > stored.generation => newer,
        (Some(profile), _) | (None, Some(profile)) => profile,
        (None, None) => {
            let (what, path) = ("profile".to_owned(), dir.to_owned());
            return Err(ClientError::Store(StoreError::Damaged { what, path }));
        }
    };
    let sync = standing(&mut vault, profile.generation)?;
    let names = vault.store.note(NAMES)?.map(|bytes| decode(&bytes, "names")).transpose()?;
    let names = names.unwrap_or_default();
    let refused = attention::load(&vault)?;
    let lease = Lease::load(&vault)?;
    let heard = vault.store.note(HEARD)?.map(|bytes| decode(&bytes, "history")).transpose()?;
    let mut inner = Inner {
        vault,
        profile,
        limits: Limits::default(),
        env,
        sync,
        heard,
        named: None,
        lease,
        rows: super::rows::Rows::default(),
        under: BTreeMap::new(),
        live: BTreeMap::new(),
        units: UnitTree::default(),
        outbox: Outbox::default(),
        resolving: BTreeSet::new(),
        refused: BTreeMap::new(),
        commands: Vec::new(),
        recalled: false,
        read_only: false,
        names,
        hlc: 0,
        indexes: RefCell::new(Indexes::default()),
        keys: RefCell::new(Keys::default()),
        figures: Kept::default(),
    };
    inner.load_rows()?;
    take_entries(&mut inner, &refused)?;
    let torn = drop_torn_group(&mut inner)?;
    for id in inner.outbox.records() {
        inner.refold(id)?;
    }
    // A base that is to be taken again is of another history than the answers that came since: what it says of held operations
    // is not about them.
    if inner.sync.cursor.seq > 0 {
        inner.settle_held()?;
    }
    // A journal that ends before what the server has of it has lost its end: its next numbers are taken.
    let shorter = inner.outbox.last_n < inner.sync.acked_n;
    if torn || shorter || inner.vault.store.note(RESTORED)?.is_some() {
        // The numbers after the copy was taken may be in use on the machine it was taken from.
        let next = inner.profile.generation.saturating_add(1);
        inner.renumber(next)?;
        // What the server decided since is asked again, whatever history it names.
        inner.heard = Some(Uuid::nil());
        let heard = (HEARD.to_owned(), Some(encode(&Uuid::nil())?));
        inner.note(vec![(RESTORED.to_owned(), None), heard])?;
    }
    Ok(inner)
}

/// Reads how far device and server are with each other.
fn standing(vault: &mut Vault, generation: u32) -> Result<SyncState, ClientError> {
    let sync = match vault.store.note(SYNC_STATE)? {
        Some(bytes) => decode(&bytes, "sync state")?,
        None => SyncState { earlier: earlier(vault, generation)?, ..SyncState::default() },
    }
    .of_generation(generation);
    // Where the base was lost, everything is taken from the server again and every own operation is answered again.
    let lost = vault.findings.iter().any(|finding| finding.code.needs_refill());
    let sync = if lost {
        let earlier = earlier(vault, generation)?;
        let cursor = Cursor::START;
        SyncState { acked_n: 0, settled_n: 0, cursor, scope_token: 0, earlier, ..sync }
    } else {
        sync
    };
    if lost {
        start_over(vault, &sync)?;
    }
    Ok(sync)
}

/// Notes that the base is to be taken again, because the finding is told only once. Where that cannot be written, the store takes
/// nothing else either until it is opened again, and what is here can still be read.
fn start_over(vault: &mut Vault, sync: &SyncState) -> Result<(), ClientError> {
    let notes = vec![(SYNC_STATE.to_owned(), Some(encode(sync)?))];
    let written = vault.store.unstage();
    drop(written.and_then(|()| vault.store.commit(&Change { notes, ..Change::default() })));
    Ok(())
}

/// Finds in the journal what was sent under earlier generations, for a store that was lost: all that was not renumbered since.
fn earlier(vault: &Vault, generation: u32) -> Result<Vec<(u32, u64)>, ClientError> {
    let (mut sent, mut renumbered) = (BTreeSet::new(), BTreeSet::new());
    vault.journal.read_some(&|g, _| g > 0 && g <= generation, &mut |entry| {
        let op = journal::op_of(&entry).and_then(|bytes| decode_op(bytes).ok());
        renumbered.extend(op.and_then(|op| op.was).map(|(was, _)| (was.generation, was.n)));
        if entry.generation < generation {
            sent.insert((entry.generation, entry.n));
        }
    })?;
    let last: BTreeMap<u32, u64> = sent.difference(&renumbered).copied().collect();
    Ok(last.into_iter().collect())
}

/// Finds the profile in the journal, for a store that was lost.
fn profile_of(vault: &Vault) -> Result<Option<Profile>, ClientError> {
    let mut profile = None;
    vault.journal.read_some(&|generation, _| generation == 0, &mut |entry| {
        profile = journal::read_profile(&entry).or(profile.take());
    })?;
    Ok(profile)
}

type Outcomes = BTreeMap<(u32, u64), Outcome>;

/// Sorts the journal's operations into the outbox and the refused ones. Settled ones are not even decrypted, and what undo needs
/// is read when it is needed.
fn take_entries(inner: &mut Inner, outcomes: &Outcomes) -> Result<(), ClientError> {
    let (generation, settled_n) = (inner.profile.generation, inner.sync.settled_n);
    let entries = read_entries(&inner.vault, outcomes, |g, n| g == generation && n >= settled_n)?;
    take_all(inner, entries, outcomes)?;
    if inner.outbox.last_n == 0 {
        let entries = read_entries(&inner.vault, outcomes, |g, _| g == generation)?;
        take_all(inner, entries, outcomes)?;
    }
    Ok(())
}

/// Takes out the beginning of an all-or-none group whose end a crash kept from the journal, and says whether there was one. Nobody
/// was told that it is saved, and no server takes half of it; its numbers are used, so a new generation must follow.
fn drop_torn_group(inner: &mut Inner) -> Result<bool, ClientError> {
    let last = inner.outbox.after(inner.sync.acked_n).last();
    let group = last.map(|(_, op)| op_head(&op.bytes)).transpose()?.and_then(|op| op.group);
    let Some(group) = group else { return Ok(false) };
    if group.first.saturating_add(u64::from(group.length)) <= inner.outbox.last_n.saturating_add(1)
    {
        return Ok(false);
    }
    let begun = inner.outbox.after(group.first.saturating_sub(1)).map(|(n, _)| n);
    for n in begun.collect::<Vec<_>>() {
        inner.outbox.remove(n);
    }
    inner.recount_resolving()?;
    Ok(true)
}

fn read_entries(
    vault: &Vault,
    outcomes: &Outcomes,
    wanted: impl Fn(u32, u64) -> bool,
) -> Result<Vec<Entry>, ClientError> {
    let mut entries = Vec::new();
    let wanted = |generation, n| wanted(generation, n) || outcomes.contains_key(&(generation, n));
    vault.journal.read_some(&wanted, &mut |entry| entries.push(entry))?;
    Ok(entries)
}

fn take_all(
    inner: &mut Inner,
    entries: Vec<Entry>,
    outcomes: &Outcomes,
) -> Result<(), ClientError> {
    let generation = inner.profile.generation;
    for entry in entries {
        let Some(bytes) = journal::op_of(&entry) else { continue };
        let key = (entry.generation, entry.n);
        // What will be answered again waits, whatever the answer was.
        let again = entry.generation == generation && entry.n > inner.sync.acked_n;
        if let Some(outcome) = outcomes.get(&key).filter(|_| !again) {
            if let Ok(op) = decode_op(bytes) {
                if matches!(outcome, Outcome::Held { .. }) {
                    inner.outbox.hold(key, op.record, bytes.to_vec());
                }
                inner.refused.insert(key, Refused { outcome: outcome.clone(), op });
            }
        } else if entry.generation == generation && entry.n > inner.sync.settled_n {
            let op = op_head(bytes)?;
            inner.hlc = inner.hlc.max(op.hlc);
            if let Some(OpBody::Resolve { conflict, .. }) = resolve_of(&op, bytes)? {
                inner.resolving.insert(conflict);
            }
            inner.outbox.push(entry.n, op.record, bytes.to_vec());
        }
        if entry.generation == generation && entry.n >= inner.outbox.last_n {
            inner.outbox.last_n = entry.n;
            inner.outbox.last_hash = digest(bytes);
        }
    }
    Ok(())
}

/// Decodes the body of an operation that settles a conflict; the others need not be decoded here.
fn resolve_of(head: &OpHead, bytes: &[u8]) -> Result<Option<OpBody>, ClientError> {
    Ok(if head.is_resolve { Some(decode_op(bytes)?.body) } else { None })
}
