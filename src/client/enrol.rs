//! Joining a server with a one-time code; what was entered before is kept and sent.

use super::Client;
use super::error::ClientError;
use super::key::DeviceKey;
use super::pin::Pin;
use super::profile::Server;
use super::transport::Transport;
use super::{HttpTransport, journal};
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, UnitId};
use crate::wire::EnrolRequest;
use crate::wire::frame::Blob;

/// What joining gave the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// This device.
    pub device: DeviceId,
    /// Name of the account.
    pub user: String,
    /// Its rights.
    pub role: Role,
    /// Unit the rights are for.
    pub unit: UnitId,
    /// Name of the tenant.
    pub tenant: String,
}

impl Client {
    /// Joins a server.
    ///
    /// # Errors
    /// [`ClientError::AlreadyEnrolled`], [`ClientError::Transport`] with the server's word for a wrong, used or expired code.
    pub fn enrol(&self, url: &str, code: &str, name: &str) -> Result<Enrolled, ClientError> {
        let (url, pin) = split(url);
        self.enrol_pinned((url, pin), code, name)
    }

    /// Joins a server known by the fingerprint of its certificate.
    ///
    /// # Errors
    /// As for [`Client::enrol`], and [`super::TransportError::WrongPin`].
    pub fn enrol_pinned(
        &self,
        (url, pin): (&str, Option<Pin>),
        code: &str,
        name: &str,
    ) -> Result<Enrolled, ClientError> {
        let mut transport = HttpTransport::pinned(url, None, pin)?;
        let enrolled = self.enrol_over(&mut transport, url, code, name)?;
        if pin.is_some() {
            let mut inner = self.lock();
            if let Some(server) = &mut inner.profile.server {
                server.pin = pin;
            }
            let profile = inner.profile.clone();
            journal::save_profile(&mut inner.vault, &profile)?;
        }
        Ok(enrolled)
    }

    /// Joins a server over any transport.
    ///
    /// # Errors
    /// As for [`Client::enrol`].
    pub fn enrol_over(
        &self,
        transport: &mut dyn Transport,
        url: &str,
        code: &str,
        name: &str,
    ) -> Result<Enrolled, ClientError> {
        let profile = self.profile();
        if profile.server.is_some() {
            return Err(ClientError::AlreadyEnrolled);
        }
        transport.hello()?;
        let key = DeviceKey::draw(&*self.lock().env);
        let answer = transport.enrol(&EnrolRequest {
            code: code.trim().to_owned(),
            device: profile.device,
            public_key: Blob(key.public()),
            name: name.to_owned(),
            app: env!("CARGO_PKG_VERSION").to_owned(),
        })?;
        let mut inner = self.lock();
        inner.profile.user = answer.user;
        inner.profile.user_name.clone_from(&answer.user_name);
        inner.profile.role = answer.role;
        inner.profile.unit = answer.unit;
        inner.profile.server = Some(Server {
            url: url.trim().to_owned(),
            pin: None,
            key,
            token: answer.token,
            tenant: answer.tenant,
            tenant_name: answer.tenant_name.clone(),
            root: answer.root,
            certificate: answer.certificate.0,
        });
        let profile = inner.profile.clone();
        journal::save_profile(&mut inner.vault, &profile)?;
        if inner.outbox.last_n > 0 {
            let next = inner.profile.generation.saturating_add(1);
            inner.renumber(next)?;
        }
        Ok(Enrolled {
            device: profile.device,
            user: answer.user_name,
            role: answer.role,
            unit: answer.unit,
            tenant: answer.tenant_name,
        })
    }
}

/// Parts an address from the fingerprint behind its `#`, as headquarters may hand both out in one.
fn split(url: &str) -> (&str, Option<Pin>) {
    match url.split_once('#') {
        Some((address, pin)) => pin.parse().map_or((url, None), |pin| (address, Some(pin))),
        None => (url, None),
    }
}
