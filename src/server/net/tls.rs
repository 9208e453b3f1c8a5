//! TLS of the server: TLS 1.2 and 1.3 with authenticated ciphers only, a certificate that can be replaced while it runs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::wire::Pin;

/// Where certificate and key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, with the certificates that lead to its authority; PEM.
    pub cert: PathBuf,
    /// Its private key; PEM.
    pub key: PathBuf,
}

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds something else.
    #[error("{path} is not usable: {message}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// The key is not the certificate's.
    #[error("the key in {path} does not belong to the certificate")]
    Mismatch {
        /// The key's file.
        path: String,
    },
}

impl TlsFiles {
    /// Returns the certificates.
    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let failed = |error: rustls::pki_types::pem::Error| unusable(&self.cert, &error);
        let found = CertificateDer::pem_file_iter(&self.cert).map_err(failed)?;
        let chain = found.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        if chain.is_empty() {
            return Err(unusable(&self.cert, &"there is no certificate in it"));
        }
        Ok(chain)
    }

    /// Returns the fingerprint of the certificate: what a device pins.
    ///
    /// # Errors
    /// [`TlsError::File`].
    pub fn fingerprint(&self) -> Result<Pin, TlsError> {
        let none = || unusable(&self.cert, &"there is no certificate in it");
        self.chain()?.first().map(|cert| Pin::of(cert)).ok_or_else(none)
    }

    fn load(&self) -> Result<CertifiedKey, TlsError> {
        let chain = self.chain()?;
        let key = PrivateKeyDer::from_pem_file(&self.key);
        let key = key.map_err(|error| unusable(&self.key, &error))?;
        CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::Mismatch { path: self.key.display().to_string() }
            }
            error => unusable(&self.key, &error),
        })
    }
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> TlsError {
    TlsError::File { path: path.display().to_string(), message: error.to_string() }
}

/// The certificate in use.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// What every connection's handshake needs.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    files: TlsFiles,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads certificate and key.
    pub(crate) fn open(files: &TlsFiles) -> Result<Self, TlsError> {
        let current = Arc::new(Current(RwLock::new(Arc::new(files.load()?))));
        let provider = Arc::new(default_provider());
        let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_protocol_versions(&versions);
        let builder = builder.map_err(|error| unusable(&files.cert, &error))?;
        let resolver = Arc::clone(&current);
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { files: files.clone(), current, config: Arc::new(config) })
    }

    /// Reads certificate and key again; what was in use stays if they are not usable.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let new = Arc::new(self.files.load()?);
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// Returns what does the handshakes.
    pub(crate) fn acceptor(&self) -> tokio_rustls::TlsAcceptor {
        Arc::clone(&self.config).into()
    }
}

/// A certificate made for this server, signed by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfSigned {
    /// Where certificate and key are.
    pub files: TlsFiles,
    /// Fingerprint of the certificate, for the devices' `--pin`.
    pub fingerprint: Pin,
    /// False if they were there already and were left alone.
    pub made: bool,
}

/// Makes a certificate signed by itself and its key in a folder, for the names by which devices call the server. Those that are there
/// stay as they are. Devices pin the fingerprint, so that no authority is needed and the dates in it mean nothing to them.
///
/// # Errors
/// [`TlsError::File`].
pub fn self_signed(folder: &Path, hosts: &[String]) -> Result<SelfSigned, TlsError> {
    let files = TlsFiles { cert: folder.join("server.crt"), key: folder.join("server.key.pem") };
    if files.cert.exists() || files.key.exists() {
        let fingerprint = files.fingerprint()?;
        return Ok(SelfSigned { files, fingerprint, made: false });
    }
    let failed = |error: rcgen::Error| unusable(&files.cert, &error);
    let mut params = rcgen::CertificateParams::new(hosts.to_vec()).map_err(failed)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, "ejia");
    let key = rcgen::KeyPair::generate().map_err(failed)?;
    let cert = params.self_signed(&key).map_err(failed)?;
    let write = |path: &Path, text: &str| -> Result<(), TlsError> {
        let write = || -> io::Result<()> {
            use std::io::Write as _;
            let mut file =
                crate::server::beside::private().write(true).create_new(true).open(path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(|error| unusable(path, &error))
    };
    std::fs::create_dir_all(folder).map_err(|error| unusable(folder, &error))?;
    write(&files.key, &key.serialize_pem())?;
    write(&files.cert, &cert.pem())?;
    Ok(SelfSigned { fingerprint: Pin::of(cert.der()), files, made: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_once_and_read_again_and_a_foreign_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let hosts = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = self_signed(&folder.path().join("a"), &hosts).unwrap();
        assert!(made.made, "{made:?}");
        let again = self_signed(&folder.path().join("a"), &hosts).unwrap();
        assert_eq!((again.fingerprint, again.made), (made.fingerprint, false));
        let tls = Tls::open(&made.files).unwrap();
        tls.reload().unwrap();
        let other = self_signed(&folder.path().join("b"), &hosts).unwrap();
        std::fs::copy(&other.files.key, &made.files.key).unwrap();
        assert!(matches!(tls.reload(), Err(TlsError::Mismatch { .. })));
        std::fs::write(&made.files.cert, "nothing").unwrap();
        assert!(matches!(tls.reload(), Err(TlsError::File { .. })));
    }
}
