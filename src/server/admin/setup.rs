//! The first step: the tenant, its root unit and its first administrator.

use uuid::Uuid;

use super::accounts::new_code;
use super::{AdminError, AdminResult, OneTimeCode};
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, UnitId, UserId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};
use crate::server::clock::{Ambient, Machine, new_id, random_of};
use crate::server::db::location::Location;
use crate::server::db::rows::{Account, NewTenant};
use crate::server::db::{Database, Db, Tx};
use crate::server::push::{Batch, PushError, take};
use crate::sync::{Author, Limits, Op, OpBody, OpId, Outcome};
use crate::wire::frame::Blob;
use crate::wire::{PushRequest, encode_op};

/// Office code of the root unit, until headquarters changes it.
pub const ROOT_CODE: &str = "000000";
/// Hours a first code is valid.
const FIRST_CODE_HOURS: u32 = 72;

/// A database that was set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Initialised {
    /// The tenant.
    pub tenant: Uuid,
    /// Its root unit.
    pub root: UnitId,
    /// The administrator's first code.
    pub code: OneTimeCode,
}

/// Makes the database, the tenant, its root unit and the first administrator.
///
/// # Errors
/// [`AdminError::Database`] with `Exists` if it was set up before.
pub async fn init(
    database: impl Into<Location>,
    name: &str,
    admin: &str,
) -> AdminResult<Initialised> {
    let db = Database::open(database, true).await?;
    let done = set_up(&db, name, admin, &Machine).await;
    db.close().await;
    done
}

/// Sets up a database that is open and empty, as [`init`] does, with a clock and randomness that need not be the machine's.
///
/// # Errors
/// As for [`init`].
pub async fn set_up<D: Db>(
    db: &D,
    name: &str,
    admin: &str,
    ambient: &dyn Ambient,
) -> AdminResult<Initialised> {
    let tenant = NewTenant {
        id: new_id(ambient),
        name: name.to_owned(),
        root: UnitId(new_id(ambient)),
        server_device: DeviceId(u64::from_le_bytes(random_of(ambient))),
        epoch: new_id(ambient),
    };
    let account = Account {
        id: UserId(new_id(ambient)),
        name: admin.to_owned(),
        role: Role::HqAdmin,
        unit: tenant.root,
        disabled: false,
    };
    let mut tx = db.begin().await?;
    tx.insert_tenant(&tenant).await?;
    tx.insert_account(&account).await?;
    let answer = take(&mut tx, &mut None, root_batch(&tenant, &account, ambient)?).await;
    let results = answer.map_err(refused)?.results;
    if !results.iter().all(|(_, outcome)| matches!(outcome, Outcome::Applied { .. })) {
        return Err(AdminError::Refused);
    }
    let code = new_code(&mut tx, &account, FIRST_CODE_HOURS, ambient).await?;
    tx.commit().await?;
    Ok(Initialised { tenant: tenant.id, root: tenant.root, code })
}

pub(super) fn refused(error: PushError) -> AdminError {
    match error {
        PushError::Db(error) => AdminError::Database(error),
        PushError::Gap { .. }
        | PushError::Fork
        | PushError::SplitGroup
        | PushError::TooMany { .. }
        | PushError::Broken
        | PushError::Outside(_)
        | PushError::Busy
        | PushError::Full => AdminError::Refused,
    }
}

/// The root unit, as an operation of the server's own device, so that the log alone rebuilds everything.
fn root_batch(tenant: &NewTenant, admin: &Account, ambient: &dyn Ambient) -> AdminResult<Batch> {
    let now = ambient.now_ms();
    let number = |key| Kind::Unit.spec().field(key).map_or(FieldNo(0), |field| field.number);
    let ms = u64::try_from(now).unwrap_or(0);
    let op = Op {
        id: OpId { device: tenant.server_device, generation: 1, n: 1 },
        prev: [0; 16],
        salt: u64::from_le_bytes(random_of(ambient)),
        hlc: ms << 16,
        clock_off_ms: 0,
        clock_conf: 3,
        actor: admin.id,
        schema: 1,
        group: None,
        kind: Kind::Unit.number(),
        record: tenant.root.record(),
        body: OpBody::Create {
            unit: tenant.root,
            fields: vec![
                (number("code"), Value::Text(ROOT_CODE.to_owned())),
                (number("name"), Value::Text(tenant.name.clone())),
                (number("type"), Value::Code("university".to_owned())),
            ],
        },
        was: None,
    };
    let bytes = encode_op(&op).map_err(|_cause| AdminError::Refused)?;
    let author = Author { user: admin.id, role: admin.role, home: admin.unit };
    let request = PushRequest {
        generation: 1,
        from_n: 1,
        prev: [0; 16],
        ops: vec![Blob(bytes)],
        receipts: Vec::new(),
    };
    Ok(Batch::new(tenant.server_device, author, request, now, Limits::default()))
}
