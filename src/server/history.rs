//! Which history the database is of: noticing that it went back, and beginning a new one (protocol, Restores).
//!
//! Two witnesses are believed: the marks beside the database, and a cursor that carries the server's own seal. Whatever else a
//! device says cannot begin a new history.

use uuid::Uuid;

use super::clock::{Ambient, new_id};
use super::db::rows::{Alarm, Mend, Tenant};
use super::db::{Db, DbResult, Tx};
use super::keys::Keys;
use super::marks::{Mark, Marks, MarksRead};
use crate::domain::ids::{DeviceId, RecordId};
use crate::sync::{Cursor, Digest};
use crate::telemetry as field;

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
    mark_head(marks, &Tenant { epoch, ..tenant.clone() });
    tx.commit().await?;
    Ok(Tenant { epoch, epoch_no: tenant.epoch_no.saturating_add(1), ..tenant })
}

/// Notes how far the database is. That it could not be noted is logged, and no reason to stop.
pub(crate) fn mark_head(marks: &Marks, tenant: &Tenant) {
    let head = Mark::Head { epoch: tenant.epoch, seq: tenant.head_seq, chain: tenant.head_chain };
    if let Err(error) = marks.append(&[head]) {
        tracing::error!({ field::ERROR } = %error, "the head could not be marked");
    }
}

/// Compares the database with the newest mark, before anybody is answered; begins a new history if it went back.
pub(crate) async fn check<D: Db>(
    db: &D,
    marks: &Marks,
    read: &MarksRead,
    ambient: &dyn Ambient,
) -> DbResult<bool> {
    let tenant = db.tenant().await?;
    let newest = read.marks.iter().rev().find_map(|mark| match mark {
        Mark::Head { epoch, seq, chain } => Some((*epoch, *seq, *chain)),
        Mark::Revoked { .. }
        | Mark::Admitted { .. }
        | Mark::Account { .. }
        | Mark::Lease { .. }
        | Mark::Erased { .. } => None,
    });
    let went_back = match newest {
        None => false,
        Some((epoch, ..)) if epoch != tenant.epoch => true,
        Some((_, seq, chain)) => seq > tenant.head_seq || db.chain_at(seq).await? != Some(chain),
    };
    if !went_back {
        return Ok(false);
    }
    let detail = format!("head {}", tenant.head_seq);
    let at = ambient.now_ms();
    let alarm = Alarm { at, word: "rolled_back".to_owned(), device: None, detail };
    begin(db, marks, tenant.epoch, (alarm, ambient)).await?;
    Ok(true)
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
