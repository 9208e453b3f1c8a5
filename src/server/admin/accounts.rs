//! User accounts, their codes, and their devices.

use serde_json::json;

use super::{AdminError, AdminResult, OneTimeCode, open};
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, UnitId, UserId};
use crate::domain::kinds::Kind;
use crate::domain::record::Value;
use crate::server::beside::Beside;
use crate::server::clock::{Ambient, Machine, new_id, now_ms, random_of};
use crate::server::db::location::Location;
use crate::server::db::rows::{Account, Device, Event, Mend, NewCode};
use crate::server::db::{Database, Db, DbResult, Tx};
use crate::server::marks::{Mark, Marks};
use crate::server::secret;
use crate::wire::{decode_record, encode};

const HOUR_MS: i64 = 3_600_000;

/// An account as listed.
#[derive(Clone, PartialEq, Eq)]
pub struct UserInfo {
    /// Identity.
    pub id: UserId,
    /// Name.
    pub name: String,
    /// Rights.
    pub role: Role,
    /// Code of its unit; empty if the unit is gone.
    pub unit: String,
    /// True once it was closed.
    pub disabled: bool,
}

/// Names are personal data and stay out of logs.
impl std::fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserInfo").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A device as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// What the server keeps of it.
    pub device: Device,
    /// Name of its user.
    pub user: String,
}

/// Adds an account. `unit` is a unit's office code; headquarters' roles may leave it out.
///
/// # Errors
/// [`AdminError::NoUnit`], [`AdminError::UnitNeeded`], or [`AdminError::Database`] with `Exists` for a name in use.
pub async fn user_add(
    database: impl Into<Location>,
    name: &str,
    role: Role,
    unit: Option<&str>,
) -> AdminResult<UserInfo> {
    let db = open(database).await?;
    let tenant = db.tenant().await?;
    let home = match unit {
        Some(code) => unit_with_code(&db, code).await?,
        None if role.is_headquarters() => tenant.root,
        None => return Err(AdminError::UnitNeeded { role }),
    };
    let id = UserId(new_id(&Machine));
    let account = Account { id, name: name.to_owned(), role, unit: home, disabled: false };
    let mut tx = db.begin().await?;
    tx.insert_account(&account).await?;
    let added = Event::new(now_ms(), "user.added").of_user(id);
    let rights = json!({ "role": role.key(), "unit": home.to_string() });
    tx.mend(&Mend::Event(added.with(rights.to_string()))).await?;
    tx.commit().await?;
    let info = describe(&db, account).await?;
    db.close().await;
    Ok(info)
}

async fn unit_with_code(db: &Database, code: &str) -> AdminResult<UnitId> {
    let missing = || AdminError::NoUnit { code: code.to_owned() };
    let field = Kind::Unit.spec().field("code").ok_or_else(missing)?;
    let key = encode(&Value::Text(code.to_owned())).map_err(|_cause| missing())?;
    let holder = db.unique_holder(Kind::Unit.number(), field.number.0, &key).await?;
    holder.map(crate::domain::ids::RecordId::unit).ok_or_else(missing)
}

async fn describe(db: &Database, account: Account) -> DbResult<UserInfo> {
    let row = db.record(account.unit.record()).await?;
    let field = Kind::Unit.spec().field("code");
    let unit = row
        .and_then(|row| decode_record(&row.body).ok())
        .zip(field)
        .and_then(|(record, field)| {
            let state = record.fields.get(&field.number)?;
            state.value.as_text().map(ToOwned::to_owned)
        })
        .unwrap_or_default();
    let Account { id, name, role, disabled, .. } = account;
    Ok(UserInfo { id, name, role, unit, disabled })
}

/// Lists all accounts, by name.
///
/// # Errors
/// [`AdminError::Database`].
pub async fn user_list(database: impl Into<Location>) -> AdminResult<Vec<UserInfo>> {
    let db = open(database).await?;
    let mut list = Vec::new();
    for account in db.accounts().await? {
        list.push(describe(&db, account).await?);
    }
    db.close().await;
    Ok(list)
}

/// Closes an account: its devices are refused from now on. Nothing is deleted. A restore does not open it again.
///
/// # Errors
/// [`AdminError::NoUser`]; [`AdminError::File`] if it cannot be marked beside the database.
pub async fn user_disable(database: impl Into<Location>, name: &str) -> AdminResult<()> {
    let database = database.into();
    let db = open(&database).await?;
    let found = db.accounts().await?.into_iter().find(|account| account.name == name);
    let account = found.ok_or_else(|| AdminError::NoUser { name: name.to_owned() })?;
    let Account { id: user, role, unit, .. } = account;
    mark(&database, &Mark::Account { user, disabled: true, role, unit })?;
    let mut tx = db.begin().await?;
    tx.set_disabled(name, true).await?;
    tx.mend(&Mend::Event(Event::new(now_ms(), "user.disabled").of_user(user))).await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}

/// Makes a one-time code for a device of that user.
///
/// # Errors
/// [`AdminError::NoUser`], also for a closed account.
pub async fn code(
    database: impl Into<Location>,
    user: &str,
    hours: u32,
) -> AdminResult<OneTimeCode> {
    let db = open(database).await?;
    let account = db.accounts().await?.into_iter().find(|a| a.name == user && !a.disabled);
    let account = account.ok_or_else(|| AdminError::NoUser { name: user.to_owned() })?;
    let mut tx = db.begin().await?;
    let code = new_code(&mut tx, &account, hours, &Machine).await?;
    tx.commit().await?;
    db.close().await;
    Ok(code)
}

/// Makes a code inside a transaction.
///
/// # Errors
/// Whatever the database says.
pub async fn new_code<T: Tx>(
    tx: &mut T,
    account: &Account,
    hours: u32,
    ambient: &dyn Ambient,
) -> DbResult<OneTimeCode> {
    let code = secret::code(random_of(ambient));
    let expires_at = ambient.now_ms().saturating_add(i64::from(hours).saturating_mul(HOUR_MS));
    let hash = secret::code_hash(&code);
    tx.insert_code(&NewCode { hash, account: account.id, expires_at }).await?;
    let issued = Event::new(ambient.now_ms(), "code.issued").of_user(account.id);
    tx.mend(&Mend::Event(issued.with(format!("{hours} h")))).await?;
    Ok(OneTimeCode { user: account.name.clone(), code, expires_at })
}

/// Lists all devices with their users.
///
/// # Errors
/// [`AdminError::Database`].
pub async fn devices(database: impl Into<Location>) -> AdminResult<Vec<DeviceInfo>> {
    let db = open(database).await?;
    let accounts = db.accounts().await?;
    let name = |id: UserId| accounts.iter().find(|a| a.id == id).map(|a| a.name.clone());
    let list = db.devices().await?.into_iter().map(|device| {
        let user = name(device.account).unwrap_or_default();
        DeviceInfo { device, user }
    });
    let list = list.collect();
    db.close().await;
    Ok(list)
}

/// Refuses a device from now on; with `wipe` it destroys its data key after it has handed in what was unsent. A restore does not
/// let it in again.
///
/// # Errors
/// [`AdminError::NoDevice`]; [`AdminError::File`] if it cannot be marked beside the database.
pub async fn revoke(
    database: impl Into<Location>,
    device: DeviceId,
    wipe: bool,
) -> AdminResult<()> {
    let database = database.into();
    let db = open(&database).await?;
    if !db.devices().await?.iter().any(|known| known.id == device) {
        return Err(AdminError::NoDevice { device: device.to_string() });
    }
    mark(&database, &Mark::Revoked { device, wipe })?;
    let mut tx = db.begin().await?;
    tx.set_device_state(device, "revoked").await?;
    tx.mend(&Mend::Wipe { device, wipe }).await?;
    let revoked = Event::new(now_ms(), "device.revoked").of_device(device);
    tx.mend(&Mend::Event(revoked.with(if wipe { "wipe" } else { "" }))).await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}

/// Confirms a device that came back by its certificate after a restore.
///
/// # Errors
/// [`AdminError::NoDevice`], also for one that is not `returned`.
pub async fn confirm(database: impl Into<Location>, device: DeviceId) -> AdminResult<()> {
    let db = open(database).await?;
    let returned = |known: &Device| known.id == device && known.state == "returned";
    if !db.devices().await?.iter().any(returned) {
        return Err(AdminError::NoDevice { device: device.to_string() });
    }
    let mut tx = db.begin().await?;
    tx.set_device_state(device, "active").await?;
    tx.mend(&Mend::Event(Event::new(now_ms(), "device.confirmed").of_device(device))).await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}

/// Marks something beside the database, so that a restore does not undo it.
pub(super) fn mark(database: &Location, mark: &Mark) -> AdminResult<()> {
    let beside = Beside::of(database);
    let path = beside.as_ref().map(|beside| beside.marks().display().to_string());
    let failed = |source| AdminError::File { path: path.unwrap_or_default(), source };
    Marks::of(beside.as_ref()).append(std::slice::from_ref(mark)).map_err(failed)
}
