//! The calls of the days when something went wrong: let in again, hand in and leave, compare.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::care::Care;
use super::db::rows::{
    Account, Alarm, Event, Mend, NewDevice, PublicKey, Quarantined, Returned, Session, Tenant,
};
use super::db::{Db, Tx};
use super::history::{last_accounts, revoked as revoked_marks};
use super::http::ApiError;
use super::marks::{Mark, MarksRead};
use super::pull::kinds_seen;
use super::scope;
use super::service::{MAX_NAME, Service};
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, UnitId, UserId};
use crate::sync::check::UnitHashes;
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
    key: PublicKey,
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
        key: device.key,
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

/// Reads a certificate that is ours.
fn signed(care: &Care, tenant: &Tenant, request: &ReadmitRequest) -> Result<Certificate, ApiError> {
    let refused = || ApiError::forbidden("bad_certificate", "the certificate does not hold here");
    let (mac, body) = request.certificate.0.split_at_checked(MAC).ok_or_else(refused)?;
    if !care.keys.signed(PURPOSE, &[body], mac) {
        return Err(refused());
    }
    let certificate: Certificate = decode(body, "certificate").map_err(|_newer| refused())?;
    if certificate.tenant != tenant.id {
        return Err(refused());
    }
    Ok(certificate)
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
        key: certificate.key,
        name: request.name.chars().take(MAX_NAME).collect(),
        app_version: request.app.chars().take(MAX_NAME).collect(),
        now,
    };
    Ok(Returned { device, account })
}

impl<D: Db> Service<D> {
    /// Lets a device in again that a restored server does not know.
    pub(crate) async fn readmit(&self, request: ReadmitRequest) -> Result<ReadmitAnswer, ApiError> {
        let (db, care, now) = (self.db(), self.care().await?, self.now_ms());
        let tenant = db.tenant().await?;
        let certificate = signed(care, &tenant, &request)?;
        let (device, key) = (certificate.device, &certificate.key);
        self.prove("readmit", device, key, (&request.nonce, &request.signature)).await?;
        let marks = care.marks.read().map_err(|_disk| ApiError::internal())?;
        let returned = allowed(&certificate, &marks, &request, now)?;
        let mut tx = db.begin().await?;
        if !tx.mend(&Mend::PutBack(returned)).await? {
            return Err(ApiError::forbidden("revoked", "the device is revoked"));
        }
        let account = tx.account(certificate.user).await?.ok_or_else(ApiError::internal)?;
        if account.disabled {
            return Err(ApiError::forbidden("disabled", "the user account is disabled"));
        }
        tx.mend(&Mend::Alarm(alarm(now, "returned", certificate.device, String::new()))).await?;
        let event = Event::new(now, "device.readmitted").of_device(device).of_user(account.id);
        tx.mend(&Mend::Event(event)).await?;
        tx.commit().await?;
        Ok(ReadmitAnswer { role: account.role, unit: account.unit, epoch: tenant.epoch })
    }

    /// Answers a revoked device's opening: hand in what is unsent, and go.
    pub(crate) async fn goodbye(&self, session: &Session) -> Result<SyncAnswer, ApiError> {
        let tenant = self.db().tenant().await?;
        let known = Known { generation: 0, last_n: 0, last_hash: [0; 16], durable_n: 0 };
        let opened = Opened {
            server_time: self.now_ms(),
            epoch: tenant.epoch,
            head_seq: tenant.head_seq,
            known,
            earlier: Vec::new(),
            tomb_floor: 0,
            scope_token: 0,
            scope_add: Vec::new(),
            scope_drop: Vec::new(),
            order: Order::Revoked { quarantine: true, wipe: session.device.wipe },
            lease_ms: 0,
            unlock: [0; 16],
        };
        let (role, unit) = (session.account.role, session.account.unit);
        Ok(SyncAnswer { opened, role, unit, push: None, page: None })
    }

    /// Takes what a revoked device, or one of a closed account, has not sent.
    pub(crate) async fn quarantine(
        &self,
        session: &Session,
        request: QuarantineRequest,
    ) -> Result<QuarantineAnswer, ApiError> {
        if session.device.is_admitted() && !session.account.disabled {
            return Err(ApiError::forbidden("not_permitted", "the device may push"));
        }
        if request.ops.len() > self.limits().batch_ops {
            return Err(ApiError::too_large(self.limits().batch_ops));
        }
        let (now, device, generation) = (self.now_ms(), session.device.id, request.generation);
        let op = |(n, op): (u64, Blob)| Quarantined {
            id: OpId { device, generation, n },
            hash: digest(&op.0),
            bytes: op.0,
            recv_at: now,
            no: 0,
            state: "open".to_owned(),
        };
        let mut ops: Vec<Quarantined> = (request.from_n..).zip(request.ops).map(op).collect();
        if crate::trap!(T51) {
            ops.clear();
        }
        let count = ops.len();
        let mut tx = self.db().begin().await?;
        if tx.mend(&Mend::Quarantine(ops)).await? {
            let detail = format!("{count} operations");
            tx.mend(&Mend::Alarm(alarm(now, "quarantine", device, detail))).await?;
        }
        tx.commit().await?;
        let kept = u64::try_from(count).unwrap_or(u64::MAX);
        Ok(QuarantineAnswer { kept, wipe: session.device.wipe })
    }

    /// Compares what a device holds with what it should hold.
    pub(crate) async fn check(
        &self,
        session: &Session,
        request: CheckRequest,
    ) -> Result<CheckAnswer, ApiError> {
        let visible = scope::visible(&session.account, &self.db().units().await?);
        let mut own = UnitHashes::default();
        let mut count = |unit, id, rev| own.add(unit, id, rev);
        let tenant = self.db().live_rows(&visible, &mut count).await?;
        let same_time = (request.cursor.epoch, request.cursor.seq)
            == (tenant.epoch, tenant.head_seq)
            && request.scope_token == scope::token(&session.account, &tenant);
        if !same_time {
            return Ok(CheckAnswer { compared: false, differ: Vec::new(), gone: Vec::new() });
        }
        let theirs: BTreeMap<UnitId, u64> = request.units.into_iter().collect();
        let differ = own.differ(&theirs);
        if !differ.is_empty() {
            let detail = format!("{} units", differ.len());
            let mut tx = self.db().begin().await?;
            let told = alarm(self.now_ms(), "state_hash", session.device.id, detail);
            tx.mend(&Mend::Alarm(told)).await?;
            tx.commit().await?;
        }
        let seen = |unit: &UnitId| kinds_seen(&visible, *unit).is_some();
        let (differ, gone) = differ.into_iter().partition(seen);
        Ok(CheckAnswer { compared: true, differ, gone })
    }
}

fn alarm(at: i64, word: &str, device: DeviceId, detail: String) -> Alarm {
    Alarm { at, word: word.to_owned(), device: Some(device), detail }
}
