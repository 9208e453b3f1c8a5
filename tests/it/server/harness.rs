//! A server on a free port in this process, and a device that speaks the protocol by hand.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use ejia::client::Pin;
use ejia::domain::access::Role;
use ejia::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use ejia::domain::kinds::Kind;
use ejia::domain::record::{FieldNo, Value};
use ejia::server::db::location::Location;
use ejia::server::net::tls::{TlsFiles, self_signed};
use ejia::server::{ServeOptions, admin, serve_until};
use ejia::sync::open::{Open, Opened};
use ejia::sync::{Base, Cursor, Op, OpBody, OpId, Outcome, Record, Witness, digest};
use ejia::wire::frame::Blob;
use ejia::wire::packet::Message;
use ejia::wire::{
    CONTENT_TYPE, EnrolAnswer, EnrolRequest, Page, Problem, PullRequest, PushAnswer, PushRequest,
    SyncAnswer, SyncRequest, decode_record, encode_op, pack, unpack,
};
use reqwest::blocking::{Client, Response};
use tokio::sync::oneshot;
use uuid::Uuid;

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) database: Location,
    pub(crate) root: UnitId,
    pub(crate) first_code: String,
    pub(crate) http: Client,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    folder: tempfile::TempDir,
    /// Changes how it serves.
    change: fn(&mut ServeOptions),
    tls: Option<TlsFiles>,
}

/// The variable that makes all servers of this process use PostgreSQL.
const BACKEND: &str = "EJIA_TEST_BACKEND";

/// Runs tests of this program again, with their servers on PostgreSQL.
pub(crate) fn again_on_postgres(arguments: &[&str]) -> std::process::Output {
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(arguments).env(BACKEND, "postgres").output().unwrap()
}

/// Returns a database that is not set up.
#[expect(clippy::disallowed_methods, reason = "a test asks how it was started")]
fn database(folder: &Path) -> Location {
    match std::env::var(BACKEND) {
        Ok(_postgres) => Location::Postgres(super::pg::cluster().unwrap().database()),
        Err(_unset) => Location::File(folder.join("server.sqlite")),
    }
}

/// Runs a future of the administrator's functions.
pub(crate) fn block<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

/// Makes an HTTP client, which wants its cryptography even where it will not use it.
pub(crate) fn http() -> Client {
    static CRYPTO: Once = Once::new();
    CRYPTO.call_once(|| {
        let _already = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder().no_proxy().build().unwrap()
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = database(folder.path());
        Self::new(database, folder, None, |_| {})
    }

    /// A server with a certificate of its own, and its fingerprint.
    pub(crate) fn with_tls(change: fn(&mut ServeOptions)) -> (Self, Pin) {
        let folder = tempfile::tempdir().unwrap();
        let hosts = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = self_signed(&folder.path().join("tls"), &hosts).unwrap();
        let database = database(folder.path());
        (Self::new(database, folder, Some(made.files), change), made.fingerprint)
    }

    /// A server with other options.
    pub(crate) fn changed(change: fn(&mut ServeOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = database(folder.path());
        Self::new(database, folder, None, change)
    }

    /// Sets an empty database up and serves it.
    pub(crate) fn on(database: Location) -> Self {
        Self::new(database, tempfile::tempdir().unwrap(), None, |_| {})
    }

    fn new(
        database: Location,
        folder: tempfile::TempDir,
        tls: Option<TlsFiles>,
        change: fn(&mut ServeOptions),
    ) -> Self {
        let made = block(admin::init(&database, "同舟大學", "admin")).unwrap();
        let mut server = Self {
            url: String::new(),
            database,
            root: made.root,
            first_code: made.code.code,
            http: http(),
            stop: None,
            thread: None,
            folder,
            change,
            tls,
        };
        server.run();
        server
    }

    /// Serves with another certificate from the next start on.
    pub(crate) fn set_tls(&mut self, files: TlsFiles) {
        self.tls = Some(files);
    }

    /// Starts another server on the same database.
    pub(crate) fn another(&self) -> Self {
        let mut server = Self {
            url: String::new(),
            database: self.database.clone(),
            root: self.root,
            first_code: String::new(),
            http: http(),
            stop: None,
            thread: None,
            folder: tempfile::tempdir().unwrap(),
            change: self.change,
            tls: None,
        };
        server.run();
        server
    }

    /// Returns the folder of a file's server, which ends with the test.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the database's file.
    pub(crate) fn file(&self) -> &Path {
        match &self.database {
            Location::File(file) => file,
            Location::Postgres(_) => panic!("no file"),
        }
    }

    /// Starts serving; after [`Server::stop`] again, on the same port.
    pub(crate) fn run(&mut self) {
        let (stop, stopped) = oneshot::channel();
        let (ready, address) = std::sync::mpsc::channel();
        let port = self.url.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0);
        let listen = SocketAddr::from(([127, 0, 0, 1], port));
        let mut options = ServeOptions::new(listen, self.database.clone());
        options.state_dir = Some(self.folder.path().join("state"));
        options.tls.clone_from(&self.tls);
        (self.change)(&mut options);
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let stopped = async move {
                let _sender_gone = stopped.await;
            };
            runtime
                .block_on(serve_until(options, |address| ready.send(address).unwrap(), stopped))
                .unwrap();
        });
        self.url = format!("{scheme}://{}", address.recv().unwrap());
        self.stop = Some(stop);
        self.thread = Some(thread);
    }

    /// Stops serving and waits for the end.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn post(&self, path: &str, token: &str, kind: &str, body: Vec<u8>) -> Response {
        self.http
            .post(format!("{}{path}", self.url))
            .header("content-type", kind)
            .header("authorization", format!("Bearer {token}"))
            .body(body)
            .send()
            .unwrap()
    }

    pub(crate) fn enrol(&self, code: &str) -> Result<Device<'_>, Problem> {
        let id = DeviceId(u64::from_le_bytes(fresh().as_bytes()[8..].try_into().unwrap()));
        self.enrol_as(code, id)
    }

    pub(crate) fn enrol_as(&self, code: &str, id: DeviceId) -> Result<Device<'_>, Problem> {
        let request = EnrolRequest {
            code: code.to_owned(),
            device: id,
            public_key: Blob(vec![7; 32]),
            name: "test".to_owned(),
            app: "0.1.0".to_owned(),
        };
        let response = self.post("/v1/enrol", "", CONTENT_TYPE, pack(&request).unwrap());
        let answer: EnrolAnswer = read(response)?;
        Ok(Device {
            server: self,
            id,
            token: answer.token,
            user: answer.user,
            generation: 1,
            n: 0,
            prev: [0; 16],
            cursor: Cursor::START,
            scope_token: 0,
            seal: [0; 16],
            floor: 0,
            seen: Vec::new(),
        })
    }

    /// The administrator's device.
    pub(crate) fn hq(&self) -> Device<'_> {
        self.enrol(&self.first_code).unwrap()
    }

    /// Adds a user and enrols a device of theirs.
    pub(crate) fn user(&self, name: &str, role: Role, unit: &str) -> Device<'_> {
        block(admin::user_add(&self.database, name, role, Some(unit))).unwrap();
        self.device_of(name)
    }

    pub(crate) fn device_of(&self, name: &str) -> Device<'_> {
        let code = block(admin::code(&self.database, name, 72)).unwrap();
        self.enrol(&code.code).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _failed = thread.join();
        }
    }
}

/// Ids that differ within one run.
pub(crate) fn fresh() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    Uuid::from_u128((0x0190_0000_0000_7000_8000_u128 << 48) | u128::from(n))
}

/// Reads an answer in the binary encoding.
pub(crate) fn read<M: Message>(response: Response) -> Result<M, Problem> {
    let success = response.status().is_success();
    assert_eq!(response.headers()["content-type"], CONTENT_TYPE, "{}", response.status());
    let bytes = response.bytes().unwrap();
    if success { Ok(unpack(&bytes).unwrap()) } else { Err(unpack(&bytes).unwrap()) }
}

/// One enrolled device.
pub(crate) struct Device<'a> {
    pub(crate) server: &'a Server,
    pub(crate) id: DeviceId,
    pub(crate) token: String,
    pub(crate) user: UserId,
    pub(crate) generation: u32,
    pub(crate) n: u64,
    pub(crate) prev: [u8; 16],
    pub(crate) cursor: Cursor,
    pub(crate) scope_token: u64,
    pub(crate) seal: [u8; 16],
    pub(crate) floor: u64,
    /// Every byte the server ever sent to it.
    pub(crate) seen: Vec<u8>,
}

impl Device<'_> {
    /// Writes the next operation.
    pub(crate) fn op(&mut self, kind: Kind, record: RecordId, body: OpBody) -> (OpId, Vec<u8>) {
        self.op_by(self.user, kind.number(), record, body)
    }

    pub(crate) fn op_by(
        &mut self,
        actor: UserId,
        kind: u16,
        record: RecordId,
        body: OpBody,
    ) -> (OpId, Vec<u8>) {
        self.n += 1;
        let id = OpId { device: self.id, generation: self.generation, n: self.n };
        let op = Op {
            id,
            prev: self.prev,
            salt: 7,
            hlc: 0,
            clock_off_ms: 0,
            clock_conf: 0,
            actor,
            schema: 1,
            group: None,
            kind,
            record,
            body,
            was: None,
        };
        let bytes = encode_op(&op).unwrap();
        self.prev = digest(&bytes);
        (id, bytes)
    }

    pub(crate) fn call<M: Message, A: Message>(
        &mut self,
        path: &str,
        message: &M,
    ) -> Result<A, Problem> {
        let body = pack(message).unwrap();
        let response = self.server.post(path, &self.token, CONTENT_TYPE, body);
        let success = response.status().is_success();
        assert_eq!(response.headers()["content-type"], CONTENT_TYPE);
        let bytes = response.bytes().unwrap();
        self.remember(&bytes);
        if success { Ok(unpack(&bytes).unwrap()) } else { Err(unpack(&bytes).unwrap()) }
    }

    /// Keeps an answer as it reads once decompressed.
    fn remember(&mut self, packet: &[u8]) {
        let [_, _, _, _, flags, _, _, _, _, _, _, _, _, body @ ..] = packet else { return };
        if flags & 1 == 1 {
            self.seen.extend(zstd::stream::decode_all(body).unwrap());
        } else {
            self.seen.extend(body);
        }
    }

    /// Pushes operations that follow what was pushed before.
    pub(crate) fn push(&mut self, ops: &[Vec<u8>]) -> Result<PushAnswer, Problem> {
        let count = u64::try_from(ops.len()).unwrap();
        let from_n = self.n + 1 - count;
        let first = ejia::wire::decode_op(&ops[0]).unwrap();
        self.push_from(from_n, first.prev, ops)
    }

    pub(crate) fn push_from(
        &mut self,
        from_n: u64,
        prev: [u8; 16],
        ops: &[Vec<u8>],
    ) -> Result<PushAnswer, Problem> {
        let ops = ops.iter().cloned().map(Blob).collect();
        let request =
            PushRequest { generation: self.generation, from_n, prev, ops, receipts: Vec::new() };
        self.call("/v1/sync/push", &request)
    }

    /// Writes and pushes one operation.
    pub(crate) fn do_one(&mut self, kind: Kind, record: RecordId, body: OpBody) -> (OpId, Outcome) {
        let (id, bytes) = self.op(kind, record, body);
        let answer = self.push(&[bytes]).unwrap();
        (id, answer.results.into_iter().next().unwrap().1)
    }

    /// Makes a record and returns it with the operation.
    pub(crate) fn create(&mut self, kind: Kind, fields: &[(&str, Value)]) -> (RecordId, OpId) {
        let record = RecordId(fresh());
        let fields = fields.iter().map(|(key, value)| (no(kind, key), value.clone())).collect();
        let (id, outcome) =
            self.do_one(kind, record, OpBody::Create { unit: UnitId::HOME, fields });
        assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
        (record, id)
    }

    pub(crate) fn unit(&mut self, code: &str, parent: UnitId) -> UnitId {
        let fields = [
            ("code", Value::Text(code.to_owned())),
            ("name", Value::Text(format!("黨委 {code}"))),
            ("type", Value::Code("committee".to_owned())),
            ("parent", Value::Ref(parent.record())),
        ];
        self.create(Kind::Unit, &fields).0.unit()
    }

    pub(crate) fn person(&mut self, number: &str, name: &str) -> (RecordId, OpId) {
        self.create(
            Kind::Person,
            &[("staff_no", Value::Text(number.to_owned())), ("name", Value::Text(name.to_owned()))],
        )
    }

    pub(crate) fn set(
        &mut self,
        kind: Kind,
        record: RecordId,
        key: &str,
        base: Base,
        value: &str,
    ) -> (OpId, Outcome) {
        let sets = vec![(no(kind, key), base, Value::Text(value.to_owned()))];
        self.do_one(kind, record, OpBody::Set { sets })
    }

    /// Opens with a batch that is not acknowledged yet, and asks for the first page.
    pub(crate) fn open_unacked(&mut self, push: Option<PushRequest>) -> SyncAnswer {
        self.open_with(0, push, true)
    }

    pub(crate) fn open_with(
        &mut self,
        acked_n: u64,
        push: Option<PushRequest>,
        pull: bool,
    ) -> SyncAnswer {
        let open = Open {
            device: self.id,
            generation: self.generation,
            last_n: self.n,
            last_hash: self.prev,
            acked_n,
            cursor: self.cursor,
            scope_token: self.scope_token,
            schema: 1,
            app: "0.1.0".to_owned(),
            device_time: 0,
            outbox_depth: 0,
            oldest_age_ms: 0,
            earlier: Vec::new(),
            seal: self.seal,
            floor: self.floor,
            head: Witness::NONE,
        };
        let pull = pull.then(|| self.pull_request(0));
        self.call("/v1/sync", &SyncRequest { open, push, pull }).unwrap()
    }

    pub(crate) fn open(&mut self) -> Opened {
        self.open_with(0, None, false).opened
    }

    pub(crate) fn pull_request(&self, limit: u32) -> PullRequest {
        PullRequest {
            cursor: self.cursor,
            scope_token: self.scope_token,
            min_seq: 0,
            limit,
            backfill: Vec::new(),
            floor: self.floor,
            head: Cursor::START,
        }
    }

    pub(crate) fn page(&mut self, limit: u32) -> Result<Page, Problem> {
        let request = self.pull_request(limit);
        let page: Page = self.call("/v1/sync/pull", &request)?;
        self.cursor = page.cursor;
        self.seal = page.seal;
        Ok(page)
    }

    /// Pulls everything new: records, and ids that left.
    pub(crate) fn pull(&mut self) -> (Vec<Record>, Vec<RecordId>) {
        self.scope_token = self.open().scope_token;
        let (mut puts, mut removes) = (Vec::new(), Vec::new());
        loop {
            let page = self.page(0).unwrap();
            puts.extend(page.puts.iter().map(|bytes| decode_record(&bytes.0).unwrap()));
            removes.extend(page.removes.iter().map(|(id, _, _)| *id));
            if page.complete {
                return (puts, removes);
            }
        }
    }
}

/// The number of a kind's field.
pub(crate) fn no(kind: Kind, key: &str) -> FieldNo {
    kind.spec().field(key).unwrap().number
}
