//! Those who are slow on purpose: every phase of a connection has its longest time, and connections are counted.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use ejia::server::ServeOptions;

use super::harness::Server;

/// Short times, so that the test is short.
fn short(options: &mut ServeOptions) {
    options.bounds.handshake = Duration::from_millis(200);
    options.bounds.headers = Duration::from_millis(200);
    options.bounds.stall = Duration::from_millis(200);
    options.bounds.connections = 4;
    options.request_timeout = Duration::from_millis(300);
}

fn connect(server: &Server) -> TcpStream {
    let address = server.url.split("://").nth(1).unwrap();
    let stream = TcpStream::connect(address).unwrap();
    // Ten seconds is far beyond every limit: a test that waits so long has failed.
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Reads until the other end closes; what came.
fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    match stream.read_to_end(&mut text) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn a_handshake_that_is_never_finished_ends() {
    let (server, _) = Server::with_tls(short);
    let mut stream = connect(&server);
    stream.write_all(&[22, 3, 1]).unwrap();
    assert_eq!(rest(&mut stream), "");
}

#[test]
fn headers_that_never_end_and_idle_connections_are_closed() {
    let server = Server::changed(short);
    let mut slow = connect(&server);
    slow.write_all(b"GET /v1/hello HTTP/1.1\r\nhost: x\r\n").unwrap();
    assert!(!rest(&mut slow).contains("200 OK"));
    let mut idle = connect(&server);
    idle.write_all(b"GET /v1/hello HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert!(rest(&mut idle).starts_with("HTTP/1.1 200 OK"), "answered, then closed");
}

#[test]
fn a_body_that_never_comes_is_answered_and_given_up() {
    let server = Server::changed(short);
    let mut slow = connect(&server);
    let head = "POST /v1/enrol HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    slow.write_all(head.as_bytes()).unwrap();
    assert!(rest(&mut slow).contains("503"));
}

#[test]
fn connections_beyond_the_limit_are_closed_and_a_free_place_is_taken_again() {
    let server = Server::changed(|options| options.bounds.connections = 4);
    let hello = b"GET /v1/hello HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut open: Vec<TcpStream> = Vec::new();
    for _ in 0..4 {
        let mut stream = connect(&server);
        stream.write_all(hello).unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        open.push(stream);
    }
    let mut fifth = connect(&server);
    drop(fifth.write_all(hello));
    assert_eq!(rest(&mut fifth), "");
    open.clear();
    let again = (0..1_000).any(|_| {
        let mut stream = connect(&server);
        let mut first = [0; 12];
        stream.write_all(hello).is_ok() && stream.read_exact(&mut first).is_ok()
    });
    assert!(again, "places are given back");
}
