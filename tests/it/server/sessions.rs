//! Sessions: what a device signs, how long a token is good, and that a code is used once however many want it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use ejia::domain::access::Role;
use ejia::domain::ids::DeviceId;
use ejia::server::admin;
use ejia::server::clock::Ambient;
use ejia::server::db::memory::Memory;
use ejia::server::service::{Answered, Call, Service};
use ejia::sync::Limits;
use ejia::wire::frame::Blob;
use ejia::wire::packet::Message;
use ejia::wire::{
    CONTENT_TYPE, ChallengeAnswer, ChallengeRequest, EnrolAnswer, EnrolRequest, Problem,
    PullRequest, SessionAnswer, SessionRequest, pack, proof, unpack,
};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::harness::{Server, block, http};
use crate::proc::child::{Running, amount, command, order};
use crate::sync::Device;

const HOUR: i64 = 3_600_000;

/// A clock that the test moves, and bytes that are different each time.
#[derive(Debug)]
struct Hands {
    now: AtomicI64,
    drawn: AtomicU64,
}

impl Ambient for Hands {
    fn now_ms(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let n = self.drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            *byte = n.to_be_bytes()[0];
        }
    }
}

struct Desk {
    service: Service<Memory>,
    hands: Arc<Hands>,
    code: String,
}

const DEVICE: DeviceId = DeviceId(0x0102_0304_0506_0708);

impl Desk {
    fn new() -> Self {
        let now = AtomicI64::new(1_795_000_000_000);
        let hands = Arc::new(Hands { now, drawn: AtomicU64::new(1) });
        let db = Memory::default();
        let made = block(admin::set_up(&db, "同舟大學", "admin", &*hands)).unwrap();
        let service = Service::alone(db, hands.clone(), Limits::default());
        Self { service, hands, code: made.code.code }
    }

    fn pass(&self, ms: i64) {
        self.hands.now.fetch_add(ms, Ordering::Relaxed);
    }

    fn raw<Q: Message>(&self, call: Call, token: &str, message: &Q) -> Answered {
        block(self.service.call(call, token, &pack(message).unwrap()))
    }

    fn ask<Q: Message, A: Message>(
        &self,
        call: Call,
        token: &str,
        message: &Q,
    ) -> Result<A, (u16, String)> {
        let answered = self.raw(call, token, message);
        if answered.status == 200 {
            return Ok(unpack(&answered.body).unwrap());
        }
        Err((answered.status, unpack::<Problem>(&answered.body).unwrap().code))
    }

    fn enrol(&self, key: &Ed25519KeyPair) -> EnrolAnswer {
        let request = EnrolRequest {
            code: self.code.clone(),
            device: DEVICE,
            public_key: Blob(key.public_key().as_ref().to_vec()),
            name: "laptop".into(),
            app: "0.1.0".into(),
        };
        self.ask(Call::Enrol, "", &request).unwrap()
    }

    fn nonce(&self, device: DeviceId) -> Blob {
        let answer: ChallengeAnswer =
            self.ask(Call::Challenge, "", &ChallengeRequest { device }).unwrap();
        answer.nonce
    }

    fn session(&self, nonce: &Blob, signed: &[u8]) -> Result<SessionAnswer, (u16, String)> {
        let (nonce, signature) = (nonce.clone(), Blob(signed.to_vec()));
        self.ask(Call::Session, "", &SessionRequest { device: DEVICE, nonce, signature })
    }

    fn is_let_in(&self, token: &str) -> bool {
        let pull = PullRequest {
            cursor: ejia::sync::Cursor::START,
            scope_token: 0,
            min_seq: 0,
            limit: 1,
            backfill: Vec::new(),
            floor: 0,
            head: ejia::sync::Cursor::START,
        };
        match self.raw(Call::Pull, token, &pull).status {
            200 => true,
            401 => false,
            other => panic!("{other}"),
        }
    }
}

fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn a_token_is_good_for_an_hour_by_the_servers_clock_and_a_signed_nonce_gives_the_next() {
    let (desk, key) = (Desk::new(), key(1));
    let joined = desk.enrol(&key);
    assert!(desk.is_let_in(&joined.token));
    desk.pass(HOUR - 1);
    assert!(desk.is_let_in(&joined.token));
    desk.pass(1);
    assert!(!desk.is_let_in(&joined.token));
    let nonce = desk.nonce(DEVICE);
    let signed = key.sign(&proof("session", joined.tenant, DEVICE, &nonce.0));
    let session = desk.session(&nonce, signed.as_ref()).unwrap();
    assert_eq!(session.seconds, 3_600);
    assert!(desk.is_let_in(&session.token) && session.token != joined.token);
    let again = desk.session(&nonce, signed.as_ref());
    assert_eq!(again.unwrap_err(), refused(401, "stale_nonce"), "a nonce is good once");
}

#[test]
fn only_the_devices_own_key_for_this_tenant_purpose_device_and_nonce_opens_a_session() {
    let (desk, own) = (Desk::new(), key(1));
    let tenant = desk.enrol(&own).tenant;
    let nonce = desk.nonce(DEVICE);
    let other = desk.nonce(DEVICE);
    let wrong = [
        key(2).sign(&proof("session", tenant, DEVICE, &nonce.0)),
        own.sign(&proof("readmit", tenant, DEVICE, &nonce.0)),
        own.sign(&proof("session", uuid::Uuid::from_u128(9), DEVICE, &nonce.0)),
        own.sign(&proof("session", tenant, DeviceId(9), &nonce.0)),
        own.sign(&proof("session", tenant, DEVICE, &other.0)),
        own.sign(&nonce.0),
    ];
    for signed in &wrong {
        assert_eq!(desk.session(&nonce, signed.as_ref()), Err(refused(403, "bad_signature")));
    }
    let signed = own.sign(&proof("session", tenant, DEVICE, &nonce.0));
    for at in 0..nonce.0.len() {
        let mut forged = nonce.clone();
        forged.0[at] ^= 1;
        let signed = own.sign(&proof("session", tenant, DEVICE, &forged.0));
        let told = desk.session(&forged, signed.as_ref());
        assert_eq!(told, Err(refused(401, "stale_nonce")), "byte {at}");
    }
    assert_eq!(desk.session(&nonce, &signed.as_ref()[1..]), Err(refused(403, "bad_signature")));
    desk.pass(120_001);
    assert_eq!(desk.session(&nonce, signed.as_ref()), Err(refused(401, "stale_nonce")));
    let unknown = SessionRequest {
        device: DeviceId(5),
        nonce: desk.nonce(DeviceId(5)),
        signature: Blob(vec![0; 64]),
    };
    let told: Result<SessionAnswer, _> = desk.ask(Call::Session, "", &unknown);
    assert_eq!(told, Err(refused(401, "unknown_device")));
}

#[test]
fn a_device_renews_its_session_by_itself_and_a_forgotten_token_is_no_trouble() {
    let server = Server::start();
    let device = Device::hq(&server);
    device.unit("020100", None);
    let mut transport = device.client.connect().unwrap();
    ejia::client::Transport::set_token(&mut transport, &"0".repeat(64));
    let never = std::sync::atomic::AtomicBool::new(false);
    let before = device.client.profile().server.unwrap().token;
    let done = device.client.sync_over(&mut transport, &|_| {}, &never).unwrap();
    assert_eq!(done.pending, 0);
    let after = device.client.profile().server.unwrap().token;
    assert_ne!(before, after);
    let device = device.reopen();
    device.unit("020200", None);
    assert_eq!(device.sync().requests, 1, "the token is kept between runs");
}

/// A process that wants every code it is told, one after the other.
#[test]
fn a_process_that_wants_codes() {
    let Some(order) = order() else { return };
    let ([url, meeting], codes) = order.split_first_chunk().unwrap();
    let meeting = std::path::Path::new(meeting);
    let http = http();
    println!("ready");
    for (n, code) in (1_u64..).zip(codes) {
        // Both wait for each other before every code.
        std::fs::create_dir_all(meeting.join(n.to_string())).unwrap();
        let here = meeting.join(n.to_string()).join(std::process::id().to_string());
        std::fs::write(here, "").unwrap();
        while std::fs::read_dir(meeting.join(n.to_string())).unwrap().count() < 2 {
            std::thread::yield_now();
        }
        let request = EnrolRequest {
            code: code.clone(),
            device: DeviceId((u64::from(std::process::id()) << 32) | n),
            public_key: Blob(vec![7; 32]),
            name: "racer".into(),
            app: "0.1.0".into(),
        };
        let response = http
            .post(format!("{url}/v1/enrol"))
            .header("content-type", CONTENT_TYPE)
            .body(pack(&request).unwrap())
            .send()
            .unwrap();
        println!("{code} {}", response.status().as_u16());
    }
    println!("done");
}

/// Wins of one process, as it says them.
fn wins(racer: &Running) -> Vec<String> {
    let mut won = Vec::new();
    loop {
        let line = racer.line(Duration::from_mins(1)).unwrap();
        match line.split_once(' ') {
            Some((code, "200")) => won.push(code.to_owned()),
            Some((_, "403")) => {}
            _ if line.contains("done") => return won,
            _ => {}
        }
    }
}

#[test]
fn of_two_processes_that_race_for_a_code_one_wins_every_time() {
    let server = Server::changed(|options| options.enrol_per_minute = u32::MAX);
    let races = amount("EJIA_RACES", 25);
    let meeting = server.folder().join("meeting");
    let mut order = vec![server.url.clone(), meeting.display().to_string()];
    for n in 0..races {
        let name = format!("user-{n}");
        block(admin::user_add(&server.database, &name, Role::Hq, None)).unwrap();
        order.push(block(admin::code(&server.database, &name, 1)).unwrap().code);
    }
    let test = "server::sessions::a_process_that_wants_codes";
    let parts: Vec<&str> = order.iter().map(String::as_str).collect();
    let racers = [(); 2].map(|()| Running::start(command(test, &parts)));
    let [one, other] = racers.each_ref().map(wins);
    let mut all: Vec<&String> = one.iter().chain(&other).collect();
    all.sort();
    all.dedup();
    assert_eq!(u64::try_from(one.len() + other.len()).unwrap(), races, "nobody won twice");
    assert_eq!(u64::try_from(all.len()).unwrap(), races, "every code was won");
    println!("{races} races for a code: {} and {} won, each code once", one.len(), other.len());
}
