//! Sessions: a device signs what the server gave it and gets a token for an hour (protocol, Sessions). The server alone judges when
//! a token or a nonce is too old.

use axum::http::StatusCode;
use ring::signature::{ED25519, UnparsedPublicKey};

use super::clock::random_of;
use super::db::rows::{Event, Mend, NewSession, PublicKey, Session};
use super::db::{Db, Tx};
use super::http::ApiError;
use super::secret::{token, token_hash};
use super::service::Service;
use crate::domain::ids::DeviceId;
use crate::domain::rights::Need;
use crate::sync::digest;
use crate::wire::frame::Blob;
use crate::wire::{ChallengeAnswer, ChallengeRequest, SessionAnswer, SessionRequest, proof};

/// How long a nonce is good, milliseconds.
const NONCE_MS: i64 = 120_000;
/// What a nonce's keyed hash is for.
const PURPOSE: &str = "nonce";
/// Bytes of the keyed hash in a nonce.
const MAC: usize = 16;

/// 401: the device shall show its certificate.
fn unknown_device() -> ApiError {
    let message = "the server does not know this device";
    ApiError::new(StatusCode::UNAUTHORIZED, "unknown_device", message)
}

/// 401: the device shall ask for another nonce.
fn stale_nonce() -> ApiError {
    let message = "the nonce is too old, was used, or is not ours";
    ApiError::new(StatusCode::UNAUTHORIZED, "stale_nonce", message)
}

/// 403: somebody else's signature.
fn bad_signature() -> ApiError {
    ApiError::forbidden("bad_signature", "the signature is not the device's")
}

/// Reads a public key.
///
/// # Errors
/// 400 if it has another length.
pub(super) fn public_key(bytes: &Blob) -> Result<PublicKey, ApiError> {
    let wrong = |_length| {
        let message = "the public key must be 32 bytes of Ed25519";
        ApiError::new(StatusCode::BAD_REQUEST, "malformed", message)
    };
    bytes.0.as_slice().try_into().map_err(wrong)
}

impl<D: Db> Service<D> {
    /// Gives a device something to sign. Nothing is stored: the keyed hash in it says that it is ours.
    pub(crate) async fn challenge(
        &self,
        request: &ChallengeRequest,
    ) -> Result<ChallengeAnswer, ApiError> {
        let now = self.now_ms().to_le_bytes();
        let salt: [u8; 16] = random_of(self.ambient());
        let device = request.device.0.to_le_bytes();
        let mac = self.care().await?.keys.mac(PURPOSE, &[&device, &now, &salt]);
        let mut nonce = now.to_vec();
        nonce.extend(salt);
        nonce.extend(mac.iter().take(MAC));
        Ok(ChallengeAnswer { nonce: Blob(nonce) })
    }

    /// Checks a signed nonce; whether it was used before is noticed when the session is stored.
    pub(super) async fn prove(
        &self,
        purpose: &str,
        device: DeviceId,
        key: &PublicKey,
        (nonce, signature): (&Blob, &Blob),
    ) -> Result<(), ApiError> {
        let (at, rest) = nonce.0.split_first_chunk::<8>().ok_or_else(stale_nonce)?;
        let (salt, mac) = rest.split_first_chunk::<16>().ok_or_else(stale_nonce)?;
        let parts: [&[u8]; 3] = [&device.0.to_le_bytes(), at, salt];
        let age = self.now_ms().saturating_sub(i64::from_le_bytes(*at));
        let ours = mac.len() == MAC && self.care().await?.keys.signed(PURPOSE, &parts, mac);
        if !ours || !(0..=NONCE_MS).contains(&age) {
            return Err(stale_nonce());
        }
        let tenant = self.db().tenant().await?.id;
        let message = proof(purpose, tenant, device, &nonce.0);
        let verified = UnparsedPublicKey::new(&ED25519, key).verify(&message, &signature.0);
        verified.map_err(|_unspecified| bad_signature())
    }

    /// Begins a session of a device that has proved who it is.
    pub(crate) async fn begin_session(
        &self,
        request: &SessionRequest,
    ) -> Result<SessionAnswer, ApiError> {
        let device = request.device;
        let key = self.db().device_key(device).await?.ok_or_else(unknown_device)?;
        let proof = (&request.nonce, &request.signature);
        let proved = self.prove("session", device, &key, proof).await;
        let mut tx = self.db().begin().await?;
        if let Err(error) = proved {
            if error.code == "bad_signature" {
                let event = Event::new(self.now_ms(), "session.refused").of_device(device);
                tx.mend(&Mend::Event(event.with(error.code))).await?;
                tx.commit().await?;
            }
            return Err(error);
        }
        let answer = self.open_session(&mut tx, device, &request.nonce.0).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// Stores a new session inside a transaction.
    pub(super) async fn open_session<T: Tx>(
        &self,
        tx: &mut T,
        device: DeviceId,
        nonce: &[u8],
    ) -> Result<SessionAnswer, ApiError> {
        let (secret, now) = (token(random_of(self.ambient())), self.now_ms());
        let expires_at = now.saturating_add(self.limits().session_ms);
        let new = NewSession {
            token: token_hash(&secret),
            device,
            nonce: digest(nonce),
            now,
            expires_at,
        };
        if !tx.mend(&Mend::Session(new)).await? {
            return Err(stale_nonce());
        }
        Ok(SessionAnswer {
            token: secret,
            seconds: u32::try_from(self.limits().session_ms / 1_000).unwrap_or(0),
        })
    }

    /// Returns who calls, also one who may not.
    ///
    /// # Errors
    /// 401 without a token whose session is going on.
    pub(crate) async fn known(&self, token: &str) -> Result<Session, ApiError> {
        let found = self.db().session(&token_hash(token)).await?;
        let now = self.now_ms();
        found.filter(|session| session.expires_at > now).ok_or_else(ApiError::unauthorized)
    }

    /// Returns who calls.
    ///
    /// # Errors
    /// 401 without a token whose session is going on, 403 `disabled` or `revoked`.
    pub(crate) async fn session(&self, token: &str) -> Result<Session, ApiError> {
        let session = self.known(token).await?;
        if session.account.disabled {
            return Err(ApiError::forbidden("disabled", "the user account is disabled"));
        }
        if session.device.is_admitted() {
            Ok(session)
        } else {
            Err(ApiError::forbidden("revoked", "the device is revoked"))
        }
    }

    /// Refuses a call that the caller's role may not make.
    pub(crate) async fn permit(&self, need: Need, session: &Session) -> Result<(), ApiError> {
        if need != Need::Auditor {
            return Ok(());
        }
        let root = self.db().tenant().await?.root;
        if need.admits(session.account.role, session.account.unit == root) {
            return Ok(());
        }
        let message = "the audit is for headquarters' administrator and auditors of the whole";
        Err(ApiError::forbidden("not_permitted", message))
    }

    /// Adds an event.
    pub(crate) async fn note(&self, word: &str, detail: &str) -> Result<(), ApiError> {
        let mut tx = self.db().begin().await?;
        tx.mend(&Mend::Event(Event::new(self.now_ms(), word).with(detail))).await?;
        Ok(tx.commit().await?)
    }
}
