//! A device that speaks the protocol by hand over one kept connection, and a server for it: what the server benches share.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use ejia::domain::ids::{DeviceId, RecordId};
use ejia::domain::kinds::Kind;
use ejia::domain::record::{FieldNo, Value};
use ejia::server::{ServeOptions, serve_until};
use ejia::sync::open::Open;
use ejia::sync::{Cursor, Digest, Op, OpBody, OpId, Witness, digest};
use ejia::wire::frame::Blob;
use ejia::wire::packet::Message;
use ejia::wire::{
    CONTENT_TYPE, EnrolAnswer, EnrolRequest, Page, PullRequest, PushAnswer, PushRequest,
    SyncAnswer, SyncRequest, encode_op, pack, unpack,
};

/// Operations in one push.
pub(crate) const BATCH: usize = 1_000;

/// A device with one kept connection.
pub(crate) struct Device {
    pub(crate) stream: TcpStream,
    pub(crate) token: String,
    pub(crate) id: DeviceId,
    pub(crate) answer: EnrolAnswer,
    pub(crate) n: u64,
    pub(crate) prev: Digest,
}

impl Device {
    pub(crate) fn enrol(address: SocketAddr, code: &str, id: u64) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let request = EnrolRequest {
            code: code.to_owned(),
            device: DeviceId(id),
            public_key: Blob(vec![7; 32]),
            name: "bench".to_owned(),
            app: "0.1.0".to_owned(),
        };
        let answer: EnrolAnswer = call(&mut stream, "/v1/enrol", "", &request);
        let token = answer.token.clone();
        Self { stream, token, id: DeviceId(id), answer, n: 0, prev: [0; 16] }
    }

    pub(crate) fn op(&mut self, kind: Kind, record: RecordId, body: OpBody) -> Blob {
        self.n += 1;
        let op = Op {
            id: OpId { device: self.id, generation: 1, n: self.n },
            prev: self.prev,
            salt: self.n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            hlc: self.n << 20,
            clock_off_ms: 0,
            clock_conf: 3,
            actor: self.answer.user,
            schema: 1,
            group: None,
            kind: kind.number(),
            record,
            body,
            was: None,
        };
        let bytes = encode_op(&op).unwrap();
        self.prev = digest(&bytes);
        Blob(bytes)
    }

    /// Pushes operations in full batches; returns operations a second and says how long each took.
    pub(crate) fn push_all(
        &mut self,
        first_n: u64,
        mut prev: Digest,
        ops: &[Blob],
        each: &mut dyn FnMut(Duration),
    ) -> f64 {
        let start = Instant::now();
        let mut from_n = first_n;
        for batch in ops.chunks(BATCH) {
            let request = PushRequest {
                generation: 1,
                from_n,
                prev,
                ops: batch.to_vec(),
                receipts: Vec::new(),
            };
            let asked = Instant::now();
            let answer: PushAnswer = call(&mut self.stream, "/v1/sync/push", &self.token, &request);
            each(asked.elapsed());
            assert!(answer.results.iter().all(|(_, outcome)| outcome.tag() == 1));
            from_n = answer.last_n + 1;
            prev = batch.last().map(|op| digest(&op.0)).unwrap();
        }
        rate(ops.len(), start)
    }

    /// Pulls from the start; returns records and records a second and says how long each page took.
    pub(crate) fn pull_all(&mut self, each: &mut dyn FnMut(Duration)) -> (usize, f64) {
        let open = Open {
            device: self.id,
            generation: 1,
            last_n: self.n,
            last_hash: self.prev,
            acked_n: self.n,
            cursor: Cursor::START,
            scope_token: 0,
            schema: 1,
            app: "0.1.0".to_owned(),
            device_time: 0,
            outbox_depth: 0,
            oldest_age_ms: 0,
            earlier: Vec::new(),
            seal: [0; 16],
            floor: 0,
            head: Witness::NONE,
        };
        let request = SyncRequest { open, push: None, pull: None };
        let opened: SyncAnswer = call(&mut self.stream, "/v1/sync", &self.token, &request);
        let scope_token = opened.opened.scope_token;
        let start = Instant::now();
        let (mut cursor, mut records) = (Cursor::START, 0);
        loop {
            let asked = Instant::now();
            let request = PullRequest {
                cursor,
                scope_token,
                min_seq: 0,
                limit: 0,
                backfill: Vec::new(),
                floor: 0,
                head: Cursor::START,
            };
            let page: Page = call(&mut self.stream, "/v1/sync/pull", &self.token, &request);
            each(asked.elapsed());
            records += page.puts.len();
            cursor = page.cursor;
            if page.complete {
                return (records, rate(records, start));
            }
        }
    }
}

pub(crate) fn rate(count: usize, start: Instant) -> f64 {
    f64::from(u32::try_from(count).unwrap()) / start.elapsed().as_secs_f64()
}

/// One request over a kept connection.
pub(crate) fn call<M: Message, A: Message>(
    stream: &mut TcpStream,
    path: &str,
    token: &str,
    body: &M,
) -> A {
    let body = pack(body).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: {CONTENT_TYPE}\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    let mut answer = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "connection closed");
        answer.extend(buffer.iter().take(read));
        let Some(end) = answer.windows(4).take(2_000).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let (head, rest) = answer.split_at(end + 4);
        let head = String::from_utf8_lossy(head);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if rest.len() == length.parse::<usize>().unwrap() {
            return unpack(rest).unwrap();
        }
    }
}

pub(crate) fn no(kind: Kind, key: &str) -> FieldNo {
    kind.spec().field(key).unwrap().number
}

pub(crate) fn person(index: u32) -> Vec<(FieldNo, Value)> {
    let text = |key, text: String| (no(Kind::Person, key), Value::Text(text));
    let code = |key, code: &str| (no(Kind::Person, key), Value::Code(code.to_owned()));
    vec![
        text("staff_no", format!("{index:08}")),
        text("name", format!("王小明{index}")),
        code("sex", "1"),
        code("ethnicity", "01"),
        code("education", "11"),
        code("degree", "201"),
        code("party_status", "01"),
        text("phone", format!("139{index:08}")),
    ]
}

pub(crate) fn serve(database: &Path) -> (SocketAddr, tokio::sync::oneshot::Sender<()>) {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (ready, address) = std::sync::mpsc::channel();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = ServeOptions::new(listen, database.to_owned());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let stopped = async move {
            let _gone = stopped.await;
        };
        runtime.block_on(serve_until(options, |a| ready.send(a).unwrap(), stopped)).unwrap();
    });
    (address.recv().unwrap(), stop)
}

pub(crate) fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Makes the nth record id.
pub(crate) fn id_of(n: u32) -> RecordId {
    RecordId(uuid::Uuid::from_u128((0x0190_0000_0000_7000_8000_u128 << 48) | u128::from(n)))
}
