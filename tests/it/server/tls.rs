//! TLS as a tester of servers would look at it: which versions and ciphers are taken, by rustls and by bytes written by hand; and
//! whom a device believes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use ejia::client::{ClientError, HttpTransport, Pin, Transport as _, TransportError};
use ejia::domain::kinds::Kind;
use ejia::server::net::tls::TlsFiles;
use ejia::server::{Network, ServeOptions, ServerError, serve_until};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::{ALL_CIPHER_SUITES, default_provider};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

use super::harness::{Server, block};
use crate::sync::Device;

/// Believes everybody: here the server's own choices are looked at.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn address(server: &Server) -> String {
    server.url.trim_start_matches("https://").to_owned()
}

/// Shakes hands with one cipher suite only, and returns the version if that succeeds.
fn hands(server: &Server, suite: rustls::SupportedCipherSuite) -> Option<String> {
    let mut provider = default_provider();
    provider.cipher_suites = vec![suite];
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[suite.version()])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(address(server)).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).ok()?;
    }
    Some(format!("{:?}", connection.protocol_version().unwrap()))
}

/// Writes a `ClientHello` by hand.
fn hello(version: u16, suites: &[u16]) -> Vec<u8> {
    let mut extensions: Vec<u8> = Vec::new();
    // supported_groups: x25519, secp256r1; ec_point_formats: uncompressed; signature_algorithms: several, SHA-1 too.
    extensions.extend([0, 10, 0, 6, 0, 4, 0, 29, 0, 23]);
    extensions.extend([0, 11, 0, 2, 1, 0]);
    extensions.extend([0, 13, 0, 14, 0, 12, 4, 3, 5, 3, 8, 4, 4, 1, 2, 1, 2, 3]);
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(u16::try_from(suites.len() * 2).unwrap().to_be_bytes());
    for suite in suites {
        body.extend(suite.to_be_bytes());
    }
    body.extend([1, 0]);
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let mut handshake = vec![1];
    handshake.extend(&length[1..]);
    handshake.extend(body);
    let mut record = vec![22, 3, 1];
    record.extend(u16::try_from(handshake.len()).unwrap().to_be_bytes());
    record.extend(handshake);
    record
}

/// What the server says to a hello: its first record's type and first two bytes.
fn answer(server: &Server, hello: &[u8]) -> Option<(u8, [u8; 2])> {
    let mut stream = TcpStream::connect(address(server)).unwrap();
    stream.write_all(hello).unwrap();
    let mut head = [0; 7];
    stream.read_exact(&mut head).ok()?;
    Some((head[0], [head[5], head[6]]))
}

const GOOD: &[u16] = &[0xc02b, 0xc02c, 0xcca9];
/// CBC, RC4, 3DES, export, NULL, anonymous, and everything without forward secrecy.
const WEAK: &[u16] = &[
    0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0006, 0x0008, 0x0009, 0x000a, 0x0011, 0x0014, 0x0016,
    0x0018, 0x001a, 0x001b, 0x002f, 0x0033, 0x0034, 0x0035, 0x0039, 0x003a, 0x003b, 0x003c, 0x003d,
    0x0041, 0x0067, 0x006b, 0x0084, 0x0096, 0x009c, 0x009d, 0x009e, 0xc006, 0xc007, 0xc008, 0xc009,
    0xc00a, 0xc010, 0xc011, 0xc012, 0xc013, 0xc014, 0xc015, 0xc018, 0xc019, 0xc023, 0xc024, 0xc027,
    0xc028, 0xc072, 0xc09c, 0xc0a8,
];

#[test]
fn only_tls_1_2_and_1_3_with_authenticated_ciphers_are_taken() {
    let (server, _) = Server::with_tls(|_| {});
    let mut taken = Vec::new();
    for suite in ALL_CIPHER_SUITES {
        let name = format!("{:?}", suite.suite());
        if let Some(version) = hands(&server, *suite) {
            assert!(name.contains("GCM") || name.contains("POLY1305"), "{name}");
            taken.push(format!("{version} {name}"));
        }
    }
    // The certificate's key is of a curve: suites for RSA certificates find nothing to sign with.
    assert_eq!(taken.len(), 6, "{taken:?}");
    println!("taken: {taken:#?}");
    let hello_answer = |version, suites: &[u16]| answer(&server, &hello(version, suites));
    let (kind, _) = hello_answer(0x0303, GOOD).unwrap();
    assert_eq!(kind, 22, "the hello written by hand is a good one");
    for version in [0x0300, 0x0301, 0x0302] {
        let told = hello_answer(version, GOOD);
        assert_eq!(told, Some((21, [2, 70])), "{version:04x}: a fatal alert, protocol_version");
    }
    let mut refused = 0;
    for suite in WEAK {
        let told = hello_answer(0x0303, &[*suite]);
        assert_eq!(told, Some((21, [2, 40])), "{suite:04x}: a fatal alert, handshake_failure");
        refused += 1;
    }
    println!("refused: SSL 3.0, TLS 1.0, TLS 1.1 and {refused} weak suites");
}

#[test]
fn a_device_joins_and_syncs_over_tls_with_the_fingerprint_alone() {
    let (server, pin) = Server::with_tls(|_| {});
    let device = Device::new("hq");
    let colons: Vec<String> = pin.0.iter().map(|byte| format!("{byte:02X}")).collect();
    let pin: Pin = colons.join(":").parse().unwrap();
    device.client.enrol_pinned((&server.url, Some(pin)), &server.first_code, "test").unwrap();
    device.unit("020100", None);
    assert_eq!(device.sync().pending, 0);
    let device = device.reopen();
    device.unit("020200", None);
    assert_eq!(device.sync().pushed, 1, "the fingerprint is kept");

    let other = Device::new("two");
    let joined = format!("{}#{pin}", server.url);
    let code = block(ejia::server::admin::code(&server.database, "admin", 1)).unwrap();
    other.client.enrol(&joined, &code.code, "test").unwrap();
    other.sync();
    assert_eq!(other.count(Kind::Unit), 3);
}

#[test]
fn a_wrong_fingerprint_is_refused_before_anything_is_sent_and_the_message_names_both() {
    let (server, pin) = Server::with_tls(|_| {});
    let wrong = Pin([0xab; 32]);
    let device = Device::new("hq");
    let failed = device.client.enrol_pinned((&server.url, Some(wrong)), &server.first_code, "x");
    match failed {
        Err(ClientError::Transport(TransportError::WrongPin { expected, found, .. })) => {
            assert_eq!((expected, found), (wrong.to_string(), pin.to_string()));
        }
        other => panic!("{other:?}"),
    }
    let unpinned = device.client.enrol(&server.url, &server.first_code, "x");
    let untrusted =
        matches!(unpinned, Err(ClientError::Transport(TransportError::Untrusted { .. })));
    assert!(untrusted, "{unpinned:?}");
    device.client.enrol_pinned((&server.url, Some(pin)), &server.first_code, "x").unwrap();
}

/// An authority of an office, and a certificate it signed for a name.
fn authority(folder: &std::path::Path, name: &str) -> (TlsFiles, Pin) {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(params, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let files = TlsFiles { cert: folder.join("chain.pem"), key: folder.join("leaf.key") };
    std::fs::write(&files.cert, leaf.pem() + &ca.pem()).unwrap();
    std::fs::write(&files.key, key.serialize_pem()).unwrap();
    (files, Pin::of(ca.der()))
}

#[test]
fn an_authoritys_fingerprint_lets_in_what_it_signed_for_the_name_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    for (name, good) in [("127.0.0.1", true), ("elsewhere.example", false)] {
        let (files, pin) = authority(folder.path(), name);
        let (mut server, _) = Server::with_tls(|_| {});
        server.stop();
        server.set_tls(files);
        server.run();
        let mut transport = HttpTransport::pinned(&server.url, None, Some(pin)).unwrap();
        let told = transport.hello();
        let refused = matches!(told, Err(TransportError::Untrusted { .. }));
        assert_eq!((told.is_ok(), refused), (good, !good), "{name}: {told:?}");
    }
}

#[test]
fn plain_http_never_leaves_this_machine() {
    let remote = HttpTransport::new("http://203.0.113.5:7420", None).err();
    assert!(matches!(remote, Some(TransportError::BadAddress { .. })), "{remote:?}");
    let server = Server::start();
    let try_on = |change: &dyn Fn(&mut ServeOptions)| {
        let any = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
        let mut options = ServeOptions::new(any, server.database.clone());
        change(&mut options);
        block(serve_until(options, |_| {}, async {})).unwrap_err()
    };
    assert!(matches!(try_on(&|_| {}), ServerError::NotLoopback { .. }));
    let unnamed = try_on(&|options| options.behind_proxy = true);
    assert!(matches!(unnamed, ServerError::NoTrustedProxy { .. }), "{unnamed}");
    let named = try_on(&|options| {
        options.behind_proxy = true;
        options.trusted = vec!["10.0.0.7".parse::<Network>().unwrap()];
    });
    assert!(matches!(named, ServerError::Running), "as far as the database: {named}");
    let (tls, _) = Server::with_tls(|_| {});
    let plain = tls.url.replace("https://", "http://");
    let mut transport = HttpTransport::new(&plain, None).unwrap();
    assert!(transport.hello().is_err());
}
