//! Proving to the server who this device is: a token is good for an hour, then what the server gives is signed again.

use super::error::ClientError;
use super::transport::{Transport, TransportError};
use super::{Client, journal};
use crate::domain::ids::DeviceId;
use crate::wire::frame::Blob;
use crate::wire::{ChallengeRequest, ReadmitRequest, SessionRequest, proof};

/// Tries of one renewal: a nonce may have been too long on its way.
const TRIES: u8 = 2;

impl Client {
    /// Gets a new token after a 401. A server that does not know the device any more was restored: it is shown the certificate.
    pub(super) fn renew(
        &self,
        transport: &mut dyn Transport,
        refused: ClientError,
    ) -> Result<(), ClientError> {
        let mut last = refused;
        for _try in 0..TRIES {
            match self.new_session(transport) {
                Err(error) if says(&error, "unknown_device") => {
                    self.readmit(transport, error)?;
                    last = ClientError::Ended { reason: "confused" };
                }
                Err(error) if says(&error, "stale_nonce") => last = error,
                other => return other,
            }
        }
        match last {
            ClientError::Ended { .. } => self.new_session(transport),
            error => Err(error),
        }
    }

    /// Signs what the server gives, and keeps the token it gives for that.
    fn new_session(&self, transport: &mut dyn Transport) -> Result<(), ClientError> {
        let (device, nonce, signature) = self.signed(transport, "session")?;
        let answer = transport.session(&SessionRequest { device, nonce, signature })?;
        transport.set_token(&answer.token);
        let mut inner = self.lock();
        if let Some(server) = &mut inner.profile.server {
            server.token = answer.token;
        }
        let profile = inner.profile.clone();
        journal::save_profile(&mut inner.vault, &profile)
    }

    fn signed(
        &self,
        transport: &mut dyn Transport,
        purpose: &str,
    ) -> Result<(DeviceId, Blob, Blob), ClientError> {
        let profile = self.profile();
        let server = profile.server.ok_or(ClientError::NotEnrolled)?;
        let device = profile.device;
        let nonce = transport.challenge(&ChallengeRequest { device })?.nonce;
        let signature = server.key.sign(&proof(purpose, server.tenant, device, &nonce.0));
        Ok((device, nonce, Blob(signature)))
    }

    /// Shows the certificate to a server that does not know this device.
    fn readmit(
        &self,
        transport: &mut dyn Transport,
        refused: ClientError,
    ) -> Result<(), ClientError> {
        let profile = self.profile();
        let certificate = profile.server.map(|server| server.certificate).unwrap_or_default();
        if certificate.is_empty() {
            return Err(refused);
        }
        let (_, nonce, signature) = self.signed(transport, "readmit")?;
        let answer = transport.readmit(&ReadmitRequest {
            certificate: Blob(certificate),
            nonce,
            signature,
            name: String::new(),
            app: env!("CARGO_PKG_VERSION").to_owned(),
        })?;
        let mut inner = self.lock();
        (inner.profile.role, inner.profile.unit) = (answer.role, answer.unit);
        let profile = inner.profile.clone();
        journal::save_profile(&mut inner.vault, &profile)
    }
}

/// True if the server refused with this word.
fn says(error: &ClientError, word: &str) -> bool {
    matches!(error, ClientError::Transport(TransportError::Refused { problem, .. }) if problem.code == word)
}
