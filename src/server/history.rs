//! Which history the database is of: noticing that it went back, and beginning a new one (protocol, Restores).
//!
//! Two witnesses are believed: the marks beside the database, and a cursor that carries the server's own seal. Whatever else a
//! device says cannot begin a new history.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::care::CareError;
use super::clock::{Ambient, new_id};
use super::db::rows::{Account, Alarm, Mend, Tenant};
use super::db::{Db, DbResult, Tx};
use super::keys::Keys;
use super::marks::{Mark, Marks, MarksRead};
use super::receipts::series;
use crate::domain::ids::{DeviceId, RecordId};
use crate::sync::command::Lease;
use crate::sync::{Cursor, Digest};
use crate::telemetry as field;
use crate::wire::decode_record;

/// Positions between two marks of the head.
pub(crate) const MARK_EVERY: usize = 1_000;

/// Signs a cursor, so that a device that shows it later proves what this server once was.
pub(crate) fn seal(keys: &Keys, tenant: Uuid, cursor: &Cursor) -> Digest {
    let seq = cursor.seq.to_le_bytes();
    let mac =
        keys.mac("cursor", &[tenant.as_bytes(), cursor.epoch.as_bytes(), &seq, &cursor.chain]);
    std::array::from_fn(|i| mac.get(i).copied().unwrap_or(0))
}

/// Begins a new history, if the present one is still `old`: only the first witness does it.
pub(crate) async fn begin<D: Db>(
    db: &D,
    marks: &Marks,
    old: Uuid,
    (alarm, ambient): (Alarm, &dyn Ambient),
) -> DbResult<Tenant> {
    let mut tx = db.begin().await?;
    let tenant = tx.lock().await?;
    if tenant.epoch != old {
        return Ok(tenant);
    }
    let epoch = new_id(ambient);
    tracing::error!({ field::CODE } = alarm.word, { field::DEVICE } = ?alarm.device, "the database went back: a new history begins");
    tx.mend(&Mend::Epoch(epoch)).await?;
    tx.mend(&Mend::Alarm(alarm)).await?;
    // The mark first: a mark without its history is put right at the next start, a history without its mark would be begun again.
    let tenant = Tenant { epoch, epoch_no: tenant.epoch_no.saturating_add(1), ..tenant };
    mark_head(marks, &tenant);
    tx.commit().await?;
    Ok(tenant)
}

/// Notes how far the database is. That it could not be noted is logged, and no reason to stop.
pub(crate) fn mark_head(marks: &Marks, tenant: &Tenant) {
    let Tenant { epoch, epoch_no, head_seq: seq, head_chain: chain, .. } = *tenant;
    let head = Mark::Head { epoch, seq, chain, epoch_no };
    if let Err(error) = marks.append(&[head]) {
        tracing::error!({ field::ERROR } = %error, "the head could not be marked");
    }
}

/// Compares the database with the newest mark; begins a new history if it went back and nobody has noticed yet. Returns true if
/// the marks are of another history, so that they must be done again.
pub(crate) async fn check<D: Db>(
    db: &D,
    marks: &Marks,
    read: &MarksRead,
    ambient: &dyn Ambient,
) -> DbResult<bool> {
    let tenant = db.tenant().await?;
    let newest = read.marks.iter().rev().find_map(|mark| match mark {
        Mark::Head { epoch, seq, chain, epoch_no } => Some((*epoch, *seq, *chain, *epoch_no)),
        Mark::Revoked { .. }
        | Mark::Admitted { .. }
        | Mark::Account { .. }
        | Mark::Lease { .. }
        | Mark::Erased { .. } => None,
    });
    match newest {
        None => return Ok(false),
        // Another server, or the one who restored, has begun this history since.
        Some((epoch, .., no)) if epoch != tenant.epoch && no > 0 && no < tenant.epoch_no => {
            return Ok(true);
        }
        Some((epoch, ..)) if epoch != tenant.epoch => {}
        Some((_, seq, chain, _)) => {
            if seq <= tenant.head_seq && db.chain_at(seq).await? == Some(chain) {
                return Ok(false);
            }
        }
    }
    let detail = format!("head {}", tenant.head_seq);
    let at = ambient.now_ms();
    let alarm = Alarm { at, word: "rolled_back".to_owned(), device: None, detail };
    begin(db, marks, tenant.epoch, (alarm, ambient)).await?;
    Ok(true)
}

/// Compares a database that others serve and administer as well with the marks: does them again if it went back, or else marks
/// what others did. Returns true if it was of another history.
pub(crate) async fn keep_up<D: Db>(
    db: &D,
    marks: &Marks,
    ambient: &dyn Ambient,
) -> Result<bool, CareError> {
    let failed = |source| {
        let path = marks.path().map(|path| path.display().to_string()).unwrap_or_default();
        CareError::Beside { path, source }
    };
    if marks.path().is_none() {
        return Ok(false);
    }
    let read = marks.read().map_err(failed)?;
    if check(db, marks, &read, ambient).await? {
        reapply(db, &read).await?;
        mark_head(marks, &db.tenant().await?);
        return Ok(true);
    }
    let unmarked = unmarked(db, &read).await?;
    // What was read may be of a copy put back meanwhile: that shows now.
    if check(db, marks, &read, ambient).await? {
        reapply(db, &read).await?;
        mark_head(marks, &db.tenant().await?);
        return Ok(true);
    }
    if !unmarked.is_empty() {
        marks.append(&unmarked).map_err(failed)?;
    }
    Ok(false)
}

/// Returns the marks of what the database has and no mark says yet.
async fn unmarked<D: Db>(db: &D, read: &MarksRead) -> DbResult<Vec<Mark>> {
    let tenant = db.tenant().await?;
    let mut found = Vec::new();
    let known: BTreeSet<_> = revoked(read).into_iter().collect();
    for device in db.devices().await?.iter().filter(|device| device.state == "revoked") {
        if !known.contains(&(device.id, device.wipe)) {
            found.push(Mark::Revoked { device: device.id, wipe: device.wipe });
        }
    }
    let known = last_accounts(read);
    for account in db.accounts().await? {
        let Account { id: user, disabled, role, unit, .. } = account;
        let mark = Mark::Account { user, disabled, role, unit };
        if !known.contains(&&mark) {
            found.push(mark);
        }
    }
    for row in db.series().await? {
        let Ok(record) = decode_record(&row.body) else { continue };
        let Some((range, year, unit, high)) = Lease::series(&record) else { continue };
        let mark = Mark::Lease { range: series(&range, year), unit, high };
        if !read.marks.contains(&mark) {
            found.push(mark);
        }
    }
    let Tenant { epoch, epoch_no, head_seq: seq, head_chain: chain, .. } = tenant;
    let head = Mark::Head { epoch, seq, chain, epoch_no };
    if !read.marks.contains(&head) {
        found.push(head);
    }
    Ok(found)
}

/// What was done again from the marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reapplied {
    /// Devices revoked again.
    pub revoked: usize,
    /// Accounts closed, opened or given their rights again.
    pub accounts: usize,
    /// Records whose content was erased again.
    pub erased: usize,
    /// Lines of the file that could not be read.
    pub unreadable: usize,
}

/// Does again what the marks say: a copy put back must not let a revoked device in again or give a role back.
pub(crate) async fn reapply<D: Db>(db: &D, read: &MarksRead) -> DbResult<Reapplied> {
    let mut done = Reapplied { unreadable: read.unreadable, ..Reapplied::default() };
    if crate::trap!(T67) {
        return Ok(done);
    }
    let devices = db.devices().await?;
    let accounts = db.accounts().await?;
    let mut tx = db.begin().await?;
    for (device, wipe) in revoked(read) {
        let Some(found) = devices.iter().find(|found| found.id == device) else { continue };
        if found.state != "revoked" || found.wipe != wipe {
            tx.set_device_state(device, "revoked").await?;
            tx.mend(&Mend::Wipe { device, wipe }).await?;
            done.revoked += 1;
        }
    }
    for mark in last_accounts(read) {
        let Mark::Account { user, disabled, role, unit } = mark else { continue };
        let Some(found) = accounts.iter().find(|found| found.id == *user) else { continue };
        if (found.disabled, found.role, found.unit) != (*disabled, *role, *unit) {
            let (user, disabled, role, unit) = (*user, *disabled, *role, *unit);
            tx.mend(&Mend::Account { user, disabled, role, unit }).await?;
            done.accounts += 1;
        }
    }
    tx.commit().await?;
    Ok(done)
}

/// Devices that are revoked by the marks, with whether they shall be wiped.
pub(crate) fn revoked(read: &MarksRead) -> Vec<(DeviceId, bool)> {
    let marks = read.marks.iter().filter_map(|mark| match mark {
        Mark::Revoked { device, wipe } => Some((*device, *wipe)),
        Mark::Head { .. }
        | Mark::Admitted { .. }
        | Mark::Account { .. }
        | Mark::Lease { .. }
        | Mark::Erased { .. } => None,
    });
    let last: std::collections::BTreeMap<_, _> = marks.collect();
    last.into_iter().collect()
}

/// The last mark of each account.
pub(crate) fn last_accounts(read: &MarksRead) -> Vec<&Mark> {
    let mut last = std::collections::BTreeMap::new();
    for mark in &read.marks {
        if let Mark::Account { user, .. } = mark {
            last.insert(*user, mark);
        }
    }
    last.into_values().collect()
}

/// Records that are erased by the marks.
pub(crate) fn erased(read: &MarksRead) -> std::collections::BTreeSet<RecordId> {
    let erased = read.marks.iter().filter_map(|mark| match mark {
        Mark::Erased { record } => Some(*record),
        Mark::Head { .. }
        | Mark::Revoked { .. }
        | Mark::Admitted { .. }
        | Mark::Account { .. }
        | Mark::Lease { .. } => None,
    });
    erased.collect()
}
