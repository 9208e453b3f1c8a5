//! A device that speaks the protocol by hand with a server that may be gone at any moment, and remembers what was acknowledged.

use ejia::domain::ids::{DeviceId, RecordId, UnitId};
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;
use ejia::sync::open::{Open, Opened, Order};
use ejia::sync::{Base, Cursor, Digest, Op, OpBody, OpId, Outcome, Witness, digest};
use ejia::wire::frame::Blob;
use ejia::wire::packet::Message;
use ejia::wire::{
    CONTENT_TYPE, EnrolAnswer, EnrolRequest, Page, PullRequest, PushAnswer, PushRequest,
    SyncAnswer, SyncRequest, encode_op, pack, unpack,
};
use reqwest::blocking::Client;

use super::Rng;
use crate::server::harness::{fresh, http, no};

/// Most operations it sends at once.
const BATCH: u64 = 24;

/// One device.
pub(crate) struct Writer {
    http: Client,
    answer: EnrolAnswer,
    pub(crate) id: DeviceId,
    rng: Rng,
    /// Number, hash before it, and bytes of every operation ever made.
    ops: Vec<(Digest, Vec<u8>)>,
    prev: Digest,
    /// The newest record and the operation that set its name.
    newest: Option<(RecordId, OpId)>,
    pub(crate) acked: u64,
    pub(crate) records: u64,
}

/// Why the server did not answer, or not with success.
type Failed = String;

impl Writer {
    pub(crate) fn enrol(url: &str, code: &str, id: u64) -> Self {
        let http = http();
        let id = DeviceId(id);
        let request = EnrolRequest {
            code: code.to_owned(),
            device: id,
            public_key: Blob(vec![7; 32]),
            name: "test".to_owned(),
            app: "0.1.0".to_owned(),
        };
        let answer = post(&http, url, "/v1/enrol", "", &request).unwrap();
        let rng = Rng::new(id.0);
        let ops = Vec::new();
        Self { http, answer, id, rng, ops, prev: [0; 16], newest: None, acked: 0, records: 0 }
    }

    fn call<Q: Message, A: Message>(&self, url: &str, path: &str, ask: &Q) -> Result<A, Failed> {
        post(&self.http, url, path, &self.answer.token, ask)
    }

    /// Makes one operation more: a record, or another name for the newest.
    fn write(&mut self) {
        let n = u64::try_from(self.ops.len()).unwrap() + 1;
        let id = OpId { device: self.id, generation: 1, n };
        let name = no(Kind::Person, "name");
        let text = |text: String| Value::Text(text);
        let (record, body) = match self.newest {
            Some((record, seen)) if self.rng.below(3) > 0 => {
                let sets = vec![(name, Base::Seen(seen), text(format!("第{n}")))];
                (record, OpBody::Set { sets })
            }
            _ => {
                self.records += 1;
                let number = format!("{}-{n}", self.id.0);
                let number = (no(Kind::Person, "staff_no"), text(number));
                let fields = vec![number, (name, text(format!("第{n}")))];
                (RecordId(fresh()), OpBody::Create { unit: UnitId::HOME, fields })
            }
        };
        self.newest = Some((record, id));
        let op = Op {
            id,
            prev: self.prev,
            salt: n,
            hlc: n << 16,
            clock_off_ms: 0,
            clock_conf: 0,
            actor: self.answer.user,
            schema: 1,
            group: None,
            kind: Kind::Person.number(),
            record,
            body,
            was: None,
        };
        let bytes = encode_op(&op).unwrap();
        self.ops.push((self.prev, bytes.clone()));
        self.prev = digest(&bytes);
    }

    /// Sends what was not acknowledged, with some new operations when that was all.
    pub(crate) fn push(&mut self, url: &str) -> Result<(), Failed> {
        let acked = usize::try_from(self.acked).unwrap();
        if self.ops.len() == acked {
            for _op in 0..=self.rng.below(BATCH) {
                self.write();
            }
        }
        let waiting = &self.ops[acked..];
        let request = PushRequest {
            generation: 1,
            from_n: self.acked + 1,
            prev: waiting[0].0,
            ops: waiting.iter().map(|(_, bytes)| Blob(bytes.clone())).collect(),
            receipts: Vec::new(),
        };
        let answer: PushAnswer = self.call(url, "/v1/sync/push", &request)?;
        assert_eq!(answer.results.len(), waiting.len());
        for (n, outcome) in answer.results {
            assert!(
                matches!(outcome, Outcome::Applied { .. }),
                "operation {n} of {:?}: {outcome:?}",
                self.id
            );
            self.acked = n;
        }
        Ok(())
    }

    /// Asks the server where it stands, as a device that has the outcomes of the first `acked_n` operations.
    fn open(&self, url: &str, acked_n: u64) -> Opened {
        let open = Open {
            device: self.id,
            generation: 1,
            last_n: u64::try_from(self.ops.len()).unwrap(),
            last_hash: self.prev,
            acked_n,
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
        let ask = SyncRequest { open, push: None, pull: None };
        let answer: SyncAnswer = self.call(url, "/v1/sync", &ask).unwrap();
        answer.opened
    }

    /// Checks that the server has every acknowledged operation, unchanged.
    pub(crate) fn check(&self, url: &str) {
        self.check_first(url, self.acked);
    }

    /// Checks that the server has the first `acked` operations at least, and no other ones than this device made.
    pub(crate) fn check_first(&self, url: &str, acked: u64) {
        let opened = self.open(url, acked);
        let all = u64::try_from(self.ops.len()).unwrap();
        assert_eq!(opened.order, Order::Proceed, "acknowledged {acked}");
        let has = opened.known.last_n;
        assert!(has >= acked && has <= all, "has {has} of {acked}..={all}");
        if let Some(last) = usize::try_from(has).unwrap().checked_sub(1) {
            assert_eq!(opened.known.last_hash, digest(&self.ops[last].1));
        }
    }

    /// Counts the live records that the server gives to this device.
    pub(crate) fn pull(&self, url: &str) -> u64 {
        let scope_token = self.open(url, self.acked).scope_token;
        let (mut cursor, mut count) = (Cursor::START, 0);
        loop {
            let ask = PullRequest {
                cursor,
                scope_token,
                min_seq: 0,
                limit: 1_000,
                backfill: Vec::new(),
                floor: 0,
                head: Cursor::START,
            };
            let page: Page = self.call(url, "/v1/sync/pull", &ask).unwrap();
            let persons = page.puts.iter().filter(|record| {
                ejia::wire::decode_record(&record.0).unwrap().kind == Kind::Person.number()
            });
            count += u64::try_from(persons.count()).unwrap();
            cursor = page.cursor;
            if page.complete {
                return count;
            }
        }
    }
}

fn post<Q: Message, A: Message>(
    http: &Client,
    url: &str,
    path: &str,
    token: &str,
    ask: &Q,
) -> Result<A, Failed> {
    let request = http.post(format!("{url}{path}")).header("content-type", CONTENT_TYPE);
    let request = request.header("authorization", format!("Bearer {token}"));
    let failed = |error: reqwest::Error| error.to_string();
    let answer = request.body(pack(ask).unwrap()).send().map_err(failed)?;
    let status = answer.status();
    let bytes = answer.bytes().map_err(failed)?;
    if status.is_success() {
        return Ok(unpack(&bytes).unwrap());
    }
    let problem: ejia::wire::Problem = unpack(&bytes).unwrap();
    Err(format!("{status} {}", problem.code))
}
