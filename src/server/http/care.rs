//! The calls of the days when something went wrong: let in again, hand in and leave, compare.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::body::read;
use super::error::ApiError;
use super::handlers::{MAX_NAME, Shared, bearer, known, reply, session};
use super::{Address, App, Care, RequestId};
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, UnitId, UserId};
use crate::server::clock::now_ms;
use crate::server::db::rows::{
    Account, Alarm, NewDevice, Quarantined, Returned, Session, Tenant, TokenHash,
};
use crate::server::db::{Db, Tx};
use crate::server::history::{last_accounts, revoked as revoked_marks};
use crate::server::marks::{Mark, MarksRead};
use crate::server::pull::kinds_seen;
use crate::server::scope;
use crate::server::secret::token_hash;
use crate::sync::check::UnitHashes;
use crate::sync::client::BATCH_OPS;
use crate::sync::open::{Known, Opened, Order};
use crate::sync::{OpId, digest};
use crate::wire::frame::Blob;
use crate::wire::{
    CheckAnswer, CheckRequest, QuarantineAnswer, QuarantineRequest, ReadmitAnswer, ReadmitRequest,
    SyncAnswer, decode, encode,
};

/// Bytes of the signature in front of a certificate.
const MAC: usize = 32;
/// What a certificate's signature is for.
const PURPOSE: &str = "certificate";

/// What an enrolment was, signed, for the device to keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Certificate {
    tenant: Uuid,
    device: DeviceId,
    token: TokenHash,
    user: UserId,
    user_name: String,
    role: Role,
    unit: UnitId,
    issued_at: i64,
}

/// Signs what an enrolment was.
pub(super) fn certify(
    care: &Care,
    tenant: &Tenant,
    account: &Account,
    device: &NewDevice,
) -> Result<Blob, ApiError> {
    let certificate = Certificate {
        tenant: tenant.id,
        device: device.id,
        token: device.token,
        user: account.id,
        user_name: account.name.clone(),
        role: account.role,
        unit: account.unit,
        issued_at: device.now,
    };
    let body = encode(&certificate)?;
    let mut signed = care.keys.mac(PURPOSE, &[&body]).to_vec();
    signed.extend(body);
    Ok(Blob(signed))
}

/// `POST /v1/readmit`.
pub(super) async fn readmit<D: Db>(
    State(app): Shared<D>,
    address: Address,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async {
        app.attempts.count(address.0, now_ms()).map_err(ApiError::too_many)?;
        do_readmit(&app, &headers, &body).await
    };
    let result = result.await;
    reply(&headers, &request, result)
}

async fn do_readmit<D: Db>(
    app: &App<D>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<ReadmitAnswer, ApiError> {
    let refused = || ApiError::forbidden("bad_certificate", "the certificate does not hold here");
    let token = token_hash(bearer(headers)?);
    let request: ReadmitRequest = read(headers, body)?;
    let (mac, signed) = request.certificate.0.split_at_checked(MAC).ok_or_else(refused)?;
    if !app.care.keys.signed(PURPOSE, &[signed], mac) {
        return Err(refused());
    }
    let certificate: Certificate = decode(signed, "certificate").map_err(|_newer| refused())?;
    let tenant = app.db.tenant().await?;
    if certificate.tenant != tenant.id || certificate.token != token {
        return Err(refused());
    }
    let marks = app.care.marks.read().map_err(|_disk| ApiError::internal())?;
    let now = now_ms();
    let returned = allowed(&certificate, &marks, &request, now)?;
    let mut tx = app.db.begin().await?;
    if !tx.put_back(&returned).await? {
        return Err(ApiError::forbidden("revoked", "the device is revoked"));
    }
    let account = tx.account(certificate.user).await?.ok_or_else(ApiError::internal)?;
    if account.disabled {
        return Err(ApiError::forbidden("disabled", "the user account is disabled"));
    }
    let detail = String::new();
    let device = Some(certificate.device);
    tx.raise_alarm(&Alarm { at: now, word: "returned".to_owned(), device, detail }).await?;
    tx.commit().await?;
    Ok(ReadmitAnswer { role: account.role, unit: account.unit, epoch: tenant.epoch })
}

/// Says how the device comes back, if the marks do not speak against it.
fn allowed(
    certificate: &Certificate,
    marks: &MarksRead,
    request: &ReadmitRequest,
    now: i64,
) -> Result<Returned, ApiError> {
    if revoked_marks(marks).iter().any(|(device, _)| *device == certificate.device) {
        return Err(ApiError::forbidden("revoked", "the device is revoked"));
    }
    let newer = marks.marks.iter().any(|mark| {
        matches!(mark, Mark::Admitted { device, at } if *device == certificate.device && *at > certificate.issued_at)
    });
    if newer {
        return Err(ApiError::forbidden("bad_certificate", "there is a newer certificate"));
    }
    let mut account = Account {
        id: certificate.user,
        name: certificate.user_name.clone(),
        role: certificate.role,
        unit: certificate.unit,
        disabled: false,
    };
    for mark in last_accounts(marks) {
        if let Mark::Account { user, disabled, role, unit } = mark
            && *user == account.id
        {
            account = Account { role: *role, unit: *unit, disabled: *disabled, ..account };
        }
    }
    if account.disabled {
        return Err(ApiError::forbidden("disabled", "the user account is disabled"));
    }
    let device = NewDevice {
        id: certificate.device,
        account: certificate.user,
        token: certificate.token,
        name: request.name.chars().take(MAX_NAME).collect(),
        app_version: request.app.chars().take(MAX_NAME).collect(),
        now,
    };
    Ok(Returned { device, account })
}

/// Answers a revoked device's opening: hand in what is unsent, and go.
pub(super) async fn revoked<D: Db>(
    app: &App<D>,
    session: &Session,
) -> Result<SyncAnswer, ApiError> {
    let tenant = app.db.tenant().await?;
    let known = Known { generation: 0, last_n: 0, last_hash: [0; 16], durable_n: 0 };
    let opened = Opened {
        server_time: now_ms(),
        epoch: tenant.epoch,
        head_seq: tenant.head_seq,
        known,
        earlier: Vec::new(),
        tomb_floor: 0,
        scope_token: 0,
        scope_add: Vec::new(),
        scope_drop: Vec::new(),
        order: Order::Revoked { quarantine: true, wipe: session.device.wipe },
    };
    let (role, unit) = (session.account.role, session.account.unit);
    Ok(SyncAnswer { opened, role, unit, push: None, page: None })
}

/// `POST /v1/quarantine`.
pub(super) async fn quarantine<D: Db>(
    State(app): Shared<D>,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = do_quarantine(&app, &headers, &body).await;
    reply(&headers, &request, result)
}

async fn do_quarantine<D: Db>(
    app: &App<D>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<QuarantineAnswer, ApiError> {
    let session = known(app, headers).await?;
    let request: QuarantineRequest = read(headers, body)?;
    if session.device.is_admitted() && !session.account.disabled {
        return Err(ApiError::forbidden("not_permitted", "the device may push"));
    }
    if request.ops.len() > BATCH_OPS {
        return Err(ApiError::too_large(BATCH_OPS));
    }
    let (now, device) = (now_ms(), session.device.id);
    let ops: Vec<Quarantined> = (request.from_n..)
        .zip(request.ops)
        .map(|(n, op)| Quarantined {
            id: OpId { device, generation: request.generation, n },
            hash: digest(&op.0),
            bytes: op.0,
            recv_at: now,
        })
        .collect();
    let mut tx = app.db.begin().await?;
    tx.quarantine(&ops).await?;
    let detail = format!("{} operations", ops.len());
    let word = "quarantine".to_owned();
    if !ops.is_empty() {
        tx.raise_alarm(&Alarm { at: now, word, device: Some(device), detail }).await?;
    }
    tx.commit().await?;
    let kept = u64::try_from(ops.len()).unwrap_or(u64::MAX);
    Ok(QuarantineAnswer { kept, wipe: session.device.wipe })
}

/// `POST /v1/sync/check`.
pub(super) async fn check<D: Db>(
    State(app): Shared<D>,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = do_check(&app, &headers, &body).await;
    reply(&headers, &request, result)
}

async fn do_check<D: Db>(
    app: &App<D>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<CheckAnswer, ApiError> {
    let session = session(app, headers).await?;
    let request: CheckRequest = read(headers, body)?;
    let visible = scope::visible(&session.account, &app.db.units().await?);
    let mut own = UnitHashes::default();
    let mut count = |unit, id, rev| own.add(unit, id, rev);
    let tenant = app.db.live_rows(&visible, &mut count).await?;
    let same_time = (request.cursor.epoch, request.cursor.seq) == (tenant.epoch, tenant.head_seq)
        && request.scope_token == scope::token(&session.account, &tenant);
    if !same_time {
        return Ok(CheckAnswer { compared: false, differ: Vec::new(), gone: Vec::new() });
    }
    let theirs: BTreeMap<UnitId, u64> = request.units.into_iter().collect();
    let differ = own.differ(&theirs);
    if !differ.is_empty() {
        let alarm = Alarm {
            at: now_ms(),
            word: "state_hash".to_owned(),
            device: Some(session.device.id),
            detail: format!("{} units", differ.len()),
        };
        let mut tx = app.db.begin().await?;
        tx.raise_alarm(&alarm).await?;
        tx.commit().await?;
    }
    let seen = |unit: &UnitId| kinds_seen(&visible, *unit).is_some();
    let (differ, gone) = differ.into_iter().partition(seen);
    Ok(CheckAnswer { compared: true, differ, gone })
}
