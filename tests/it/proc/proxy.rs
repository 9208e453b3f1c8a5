//! A proxy on loopback that does to requests what bad networks do. One fault for each request, in the order they were planned;
//! a request without a plan goes through.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// Request and answer wait this many milliseconds each.
    Latency(u32),
    /// Both directions at this many bits a second.
    Bandwidth(u32),
    /// The connection is reset when this many bytes of the request have gone on to the server.
    ResetUp(usize),
    /// The connection is reset when this many bytes of the answer have come back.
    ResetDown(usize),
    /// The server sees the end of the connection after this many bytes of the request; whatever it says goes back.
    HalfCloseUp(usize),
    /// The device sees the end of the connection after this many bytes of the answer.
    HalfCloseDown(usize),
    /// The server gets the request, and its answer is thrown away.
    ReplyDropped,
    /// The server gets the request twice; the device gets the second answer.
    Duplicated,
    /// A login page answers in place of the server: 200 and HTML.
    Html,
    /// A login page under the name of our own encoding.
    HtmlAsOurs,
    /// One byte of the request's body is changed, counted from its end.
    GarbledUp(usize),
    /// One byte of the answer's body is changed, counted from its end.
    GarbledDown(usize),
    /// The server is not there.
    Refused,
}

/// The login page.
const PAGE: &str = "<!doctype html><html><title>校園網認證</title><body>登錄</body></html>";

#[derive(Default)]
struct Plan {
    faults: VecDeque<Fault>,
    /// How many requests came, and how many of them met a fault.
    requests: usize,
    faulty: usize,
}

/// A running proxy; its threads end with the process or with the connections they serve.
pub(crate) struct Proxy {
    pub(crate) url: String,
    plan: Arc<Mutex<Plan>>,
}

impl Proxy {
    pub(crate) fn before(server: &str) -> Self {
        let upstream: SocketAddr = server.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let plan = Arc::new(Mutex::new(Plan::default()));
        let shared = plan.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let plan = shared.clone();
                std::thread::spawn(move || {
                    // A broken connection is what this is for.
                    let _ended = serve(&client, upstream, &plan);
                    drop(client.shutdown(Shutdown::Both));
                });
            }
        });
        Self { url, plan }
    }

    /// Plans faults for the next requests, in place of those planned before.
    pub(crate) fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        self.plan.lock().unwrap().faults = faults.into_iter().collect();
    }

    /// Returns how many requests came and how many met a fault.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let plan = self.plan.lock().unwrap();
        (plan.requests, plan.faulty)
    }
}

/// Serves the requests of one connection, one after another.
fn serve(mut client: &TcpStream, upstream: SocketAddr, plan: &Mutex<Plan>) -> io::Result<()> {
    client.set_nodelay(true)?;
    loop {
        let request = message(client)?;
        let fault = {
            let mut plan = plan.lock().unwrap();
            plan.requests += 1;
            let fault = plan.faults.pop_front().unwrap_or(Fault::None);
            plan.faulty += usize::from(fault != Fault::None);
            fault
        };
        match fault {
            Fault::Html | Fault::HtmlAsOurs => {
                let kind =
                    if fault == Fault::Html { "text/html" } else { ejia::wire::CONTENT_TYPE };
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
                    PAGE.len()
                );
                client.write_all(head.as_bytes())?;
                client.write_all(PAGE.as_bytes())?;
            }
            Fault::Refused => return reset(client),
            Fault::ResetUp(k) => {
                let server = TcpStream::connect(upstream)?;
                (&server).write_all(request.get(..k).unwrap_or(&request))?;
                reset(&server)?;
                return reset(client);
            }
            Fault::HalfCloseUp(k) => {
                let mut server = TcpStream::connect(upstream)?;
                server.write_all(request.get(..k).unwrap_or(&request))?;
                server.shutdown(Shutdown::Write)?;
                let mut answer = Vec::new();
                server.read_to_end(&mut answer)?;
                client.write_all(&answer)?;
                return Ok(());
            }
            other => {
                if !answered(client, upstream, &request, other)? {
                    return Ok(());
                }
            }
        }
    }
}

/// Lets the server answer and gives the answer back as the fault says; false when the connection has ended.
fn answered(
    client: &TcpStream,
    upstream: SocketAddr,
    request: &[u8],
    fault: Fault,
) -> io::Result<bool> {
    let bits = if let Fault::Bandwidth(bits) = fault { bits } else { 0 };
    if fault == Fault::Duplicated {
        ask(upstream, request, 0)?;
    }
    wait(fault);
    let mut answer = match fault {
        Fault::GarbledUp(k) => ask(upstream, &garbled(request, k), bits)?,
        _ => ask(upstream, request, bits)?,
    };
    wait(fault);
    let all = answer.len();
    match fault {
        Fault::ReplyDropped => return reset(client).map(|()| false),
        Fault::ResetDown(k) => {
            paced(client, answer.get(..k.min(all - 1)).unwrap_or_default(), 0)?;
            return reset(client).map(|()| false);
        }
        Fault::HalfCloseDown(k) => {
            paced(client, answer.get(..k.min(all - 1)).unwrap_or_default(), 0)?;
            client.shutdown(Shutdown::Write)?;
            return Ok(false);
        }
        Fault::GarbledDown(k) => answer = garbled(&answer, k),
        _ => {}
    }
    paced(client, &answer, bits).map(|()| true)
}

/// Changes one byte of a body, the k-th from its end or its first.
fn garbled(message: &[u8], k: usize) -> Vec<u8> {
    let mut message = message.to_vec();
    let head = message.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let last = message.len() - 1;
    // What says whose message it is and in which protocol stays: that is another fault.
    message[last.saturating_sub(k).max(head + 5).min(last)] ^= 0x15;
    message
}

/// Sends one request on a connection of its own and returns the whole answer.
fn ask(upstream: SocketAddr, request: &[u8], bits: u32) -> io::Result<Vec<u8>> {
    let server = TcpStream::connect(upstream)?;
    server.set_nodelay(true)?;
    paced(&server, request, bits)?;
    message(&server)
}

fn wait(fault: Fault) {
    if let Fault::Latency(ms) = fault {
        std::thread::sleep(Duration::from_millis(ms.into()));
    }
}

/// Writes at a pace; 0 is as fast as it goes.
fn paced(mut to: &TcpStream, bytes: &[u8], bits: u32) -> io::Result<()> {
    if bits == 0 {
        return to.write_all(bytes);
    }
    for part in bytes.chunks(48) {
        let share = u32::try_from(part.len() * 8).unwrap();
        std::thread::sleep(Duration::from_secs_f64(f64::from(share) / f64::from(bits)));
        to.write_all(part)?;
    }
    Ok(())
}

/// Ends a connection with a reset, as a broken line or a firewall does.
fn reset(stream: &TcpStream) -> io::Result<()> {
    rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO))?;
    // Closing does it; the caller and the thread of the connection still hold it.
    stream.shutdown(Shutdown::Both)
}

/// Reads one request or answer: head, and as much body as the head says.
fn message(mut from: &TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(0, |text| text.trim().parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Ok(bytes);
            }
        }
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
}
