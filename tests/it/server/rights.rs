//! Every combination of role, kind, action and place, done on a real server and compared with the one table; and every route.

use std::collections::BTreeMap;

use ejia::domain::access::Role;
use ejia::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use ejia::domain::kinds::Kind;
use ejia::domain::record::{FieldNo, Merge, Owner, Value, ValueKind};
use ejia::domain::rights::{Action, CALLS, Need, Place, may};
use ejia::server::admin;
use ejia::server::clock::Machine;
use ejia::server::db::memory::Memory;
use ejia::server::db::rows::{Account, Changes, RecordRow};
use ejia::server::db::{Db as _, Tx as _};
use ejia::server::service::{Call, Service};
use ejia::sync::{
    Base, Conflict, ConflictKind, ConflictState, Limits, Op, OpBody, OpId, Outcome, Record,
    Tombstone, digest,
};
use ejia::wire::frame::Blob;
use ejia::wire::{
    CONTENT_TYPE, EnrolAnswer, EnrolRequest, Problem, PushAnswer, PushRequest, encode_op,
    encode_record, pack, unpack,
};

use super::harness::{Server, block, fresh, no};

/// A server without a network, with a university of two colleges, each with a branch.
struct Hall {
    service: Service<Memory>,
    db: Memory,
    root: UnitId,
    runtime: tokio::runtime::Runtime,
    made: BTreeMap<(Role, UnitId), Writer>,
    /// An operation in the log, which records say they are from.
    origin: OpId,
    /// Units that are there to be changed.
    free_own: Vec<UnitId>,
    free_other: Vec<UnitId>,
}

/// One device with its place in its own log.
struct Writer {
    device: DeviceId,
    user: UserId,
    token: String,
    n: u64,
    prev: [u8; 16],
}

impl Hall {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let db = Memory::default();
        let made = runtime.block_on(admin::set_up(&db, "同舟大學", "admin", &Machine)).unwrap();
        let ambient = std::sync::Arc::new(Machine);
        let service = Service::alone(db.clone(), ambient, Limits::default());
        let origin = OpId { device: DeviceId(0), generation: 1, n: 1 };
        let free = || (0..200).map(|_| UnitId(fresh())).collect();
        let (free_own, free_other) = (free(), free());
        let made_by = BTreeMap::new();
        let root = made.root;
        Self { service, db, root, runtime, made: made_by, origin, free_own, free_other }
    }

    fn joined(&self, role: Role, unit: UnitId) -> Writer {
        let name = format!("{}-{}", role.key(), fresh());
        let user = UserId(fresh());
        let code = self.runtime.block_on(async {
            let account = Account { id: user, name, role, unit, disabled: false };
            let mut tx = self.db.begin().await.unwrap();
            tx.insert_account(&account).await.unwrap();
            let code = admin::new_code(&mut tx, &account, 1, &Machine).await.unwrap();
            tx.commit().await.unwrap();
            code.code
        });
        let device = DeviceId(u64::from_le_bytes(fresh().as_bytes()[8..].try_into().unwrap()));
        let request = EnrolRequest {
            code,
            device,
            public_key: Blob(vec![7; 32]),
            name: "x".into(),
            app: "0.1.0".into(),
        };
        let body = pack(&request).unwrap();
        let call = self.service.call(Call::Enrol, "", &body);
        let answer: EnrolAnswer = unpack(&self.runtime.block_on(call).body).unwrap();
        Writer { device, user, token: answer.token, n: 0, prev: [0; 16] }
    }

    /// Does one thing as somebody, and returns what became of it.
    fn act(&mut self, who: (Role, UnitId), kind: Kind, record: RecordId, body: OpBody) -> Outcome {
        if !self.made.contains_key(&who) {
            let joined = self.joined(who.0, who.1);
            self.made.insert(who, joined);
        }
        let writer = self.made.get_mut(&who).unwrap();
        writer.n += 1;
        let op = Op {
            id: OpId { device: writer.device, generation: 1, n: writer.n },
            prev: writer.prev,
            salt: 7,
            hlc: 0,
            clock_off_ms: 0,
            clock_conf: 0,
            actor: writer.user,
            schema: 1,
            group: None,
            kind: kind.number(),
            record,
            body,
            was: None,
        };
        let bytes = encode_op(&op).unwrap();
        let ops = vec![Blob(bytes.clone())];
        let (from_n, prev) = (writer.n, writer.prev);
        let request = PushRequest { generation: 1, from_n, prev, ops, receipts: Vec::new() };
        writer.prev = digest(&bytes);
        let body = pack(&request).unwrap();
        let call = self.service.call(Call::Push, &writer.token, &body);
        let answered = self.runtime.block_on(call);
        assert_eq!(answered.status, 200);
        let mut answer: PushAnswer = unpack(&answered.body).unwrap();
        answer.results.remove(0).1
    }

    /// True if somebody is shown the record's history.
    fn sees(&mut self, who: (Role, UnitId), record: RecordId) -> bool {
        if !self.made.contains_key(&who) {
            let joined = self.joined(who.0, who.1);
            self.made.insert(who, joined);
        }
        let token = self.made[&who].token.clone();
        let answered = self.runtime.block_on(self.service.call(Call::History(record), &token, &[]));
        match answered.status {
            200 => true,
            404 => false,
            other => panic!("{other}"),
        }
    }

    /// Puts records into the tables as they are, valid or not: what is looked at is who may touch them.
    fn put(&self, records: &[Record], units: &[(UnitId, Option<UnitId>)]) {
        self.runtime.block_on(async {
            let tenant = self.db.tenant().await.unwrap();
            let rows = records.iter().map(|record| RecordRow {
                id: record.id,
                kind: record.kind,
                unit: record.unit,
                last_seq: record.rev,
                tomb_seq: record.tombstone.as_ref().map(|tombstone| tombstone.seq),
                about: record.conflict.as_ref().map(|conflict| conflict.record),
                follows: None,
                points: None,
                body: encode_record(record).unwrap(),
            });
            let changes = Changes {
                records: rows.collect(),
                units_put: units.to_vec(),
                head: (tenant.head_seq, tenant.head_chain),
                reparent_seq: tenant.reparent_seq,
                ..Changes::default()
            };
            let mut tx = self.db.begin().await.unwrap();
            tx.store(changes).await.unwrap();
            tx.commit().await.unwrap();
        });
    }
}

fn record(made: OpId, kind: u16, unit: UnitId) -> Record {
    Record {
        id: RecordId(fresh()),
        kind,
        unit,
        unit_origin: made,
        rev: 1,
        created: made,
        fields: BTreeMap::new(),
        elements: BTreeMap::new(),
        tombstone: None,
        open_conflicts: 0,
        conflict: None,
        held: None,
    }
}

/// The four units: the university, a college with a branch, and another college.
#[derive(Clone, Copy)]
struct Units {
    root: UnitId,
    own: UnitId,
    below: UnitId,
    other: UnitId,
}

impl Units {
    fn at(self, place: Place) -> UnitId {
        match place {
            Place::Own => self.below,
            Place::Above => self.root,
            Place::Other => self.other,
        }
    }
}

/// True if the server refused for want of rights: outright, or by keeping the change for headquarters.
fn denied(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Rejected { code, .. } => code == "not_permitted",
        Outcome::Conflict { .. } => true,
        _ => false,
    }
}

/// Returns the operation that tries an action; `None` if the kind has no such field, or it is tried without one.
fn attempted(
    hall: &mut Hall,
    units: Units,
    (kind, action): (Kind, Action),
    at: UnitId,
    target: &mut Record,
) -> Option<OpBody> {
    let (spec, id) = (kind.spec(), target.id);
    Some(match action {
        Action::See => return None,
        Action::Create => {
            let about = record(hall.origin, Kind::Person.number(), at);
            let mut fields = Vec::new();
            if let Owner::Field(key) = spec.owner {
                fields.push((no(kind, key), Value::Ref(at.record())));
            }
            if let Owner::Of(key) = spec.owner {
                fields.push((no(kind, key), Value::Ref(about.id)));
            }
            if kind == Kind::Unit {
                fields.push((no(kind, "parent"), Value::Ref(at.record())));
            }
            hall.put(&[about], &[]);
            OpBody::Create { unit: at, fields }
        }
        Action::Write(office) => {
            let owner = match spec.owner {
                Owner::Field(key) | Owner::Of(key) => key,
                Owner::Itself => "parent",
                Owner::Chosen => "",
            };
            let field = spec.fields.iter().find(|field| {
                field.office == office
                    && field.key != owner
                    && field.merge != Merge::Steps
                    && !matches!(field.kind, ValueKind::Reference(_))
            })?;
            OpBody::Set { sets: vec![(field.number, Base::Absent, Value::Text("x".into()))] }
        }
        Action::Move => OpBody::Move { base: Base::Seen(hall.origin), to: units.own },
        Action::Delete => OpBody::Delete { saw: target.saw(), reason: String::new() },
        Action::Restore => {
            target.tombstone = Some(Tombstone { by: hall.origin, reason: String::new(), seq: 1 });
            OpBody::Restore { saw: 0 }
        }
        Action::Settle => {
            let mut asked = record(hall.origin, ejia::sync::CONFLICT_KIND, at);
            asked.conflict = Some(Box::new(Conflict {
                record: id,
                record_kind: kind.number(),
                fields: vec![FieldNo(1)],
                element: None,
                base: Vec::new(),
                current: Vec::new(),
                candidates: Vec::new(),
                kind: ConflictKind::Edit,
                state: ConflictState::Open,
            }));
            let conflict = asked.id;
            hall.put(&[asked], &[]);
            OpBody::Resolve { conflict, seen: Vec::new(), values: Vec::new() }
        }
    })
}

/// Tries one combination; `None` if the kind has no such field.
fn attempt(
    hall: &mut Hall,
    units: Units,
    role: Role,
    kind: Kind,
    action: Action,
    place: Place,
) -> Option<bool> {
    let at = units.at(place);
    let who = (role, units.own);
    let mut target = record(hall.origin, kind.number(), at);
    if kind == Kind::Unit {
        let above = place == Place::Above && action == Action::See;
        let free = if place == Place::Own { &mut hall.free_own } else { &mut hall.free_other };
        let unit = if above { units.root } else { free.pop().unwrap() };
        (target.id, target.unit) = (unit.record(), unit);
    }
    let id = target.id;
    if action == Action::See {
        hall.put(&[target], &[]);
        return Some(hall.sees(who, id));
    }
    let body = attempted(hall, units, (kind, action), at, &mut target)?;
    if action != Action::Create {
        hall.put(&[target], &[]);
    }
    let id = if action == Action::Create { RecordId(fresh()) } else { id };
    Some(!denied(&hall.act(who, kind, id, body)))
}

#[test]
fn every_role_kind_action_and_place_does_what_the_table_says() {
    let mut hall = Hall::new();
    let root = hall.root;
    let [own, below, other] = [(); 3].map(|()| UnitId(fresh()));
    let units = Units { root, own, below, other };
    let parents = [(root, None), (own, Some(root)), (below, Some(own)), (other, Some(root))];
    let mut tree = parents.to_vec();
    tree.extend(hall.free_own.iter().map(|unit| (*unit, Some(below))));
    tree.extend(hall.free_other.iter().map(|unit| (*unit, Some(other))));
    hall.put(&[], &tree);
    let admin = (Role::HqAdmin, root);
    let fields = vec![
        (no(Kind::Person, "staff_no"), Value::Text("00001".into())),
        (no(Kind::Person, "name"), Value::Text("某人".into())),
    ];
    let first = OpBody::Create { unit: root, fields };
    let outcome = hall.act(admin, Kind::Person, RecordId(fresh()), first);
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    hall.origin.device = hall.made[&admin].device;
    let (mut tried, mut allowed, mut wrong) = (0, 0, Vec::new());
    for kind in Kind::ALL.iter().copied() {
        for role in Role::ALL {
            for action in Action::ALL {
                for place in Place::ALL {
                    let done = attempt(&mut hall, units, role, kind, action, place);
                    let Some(done) = done else { continue };
                    tried += 1;
                    allowed += u32::from(done);
                    if done != may(role, kind, action, place).is_ok() {
                        wrong.push(format!("{role:?} {kind:?} {action:?} {place:?}: {done}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 1_000, "{tried}");
    println!(
        "{tried} combinations of role, kind, action and place; {allowed} allowed, the rest refused"
    );
}

#[test]
fn every_route_is_in_the_table_and_asks_for_what_it_says() {
    let server = Server::start();
    let mut hq = server.hq();
    hq.unit("020100", server.root);
    let organizer = server.user("organizer", Role::Organizer, "020100");
    let revoked = server.user("revoked", Role::Organizer, "020100");
    block(admin::revoke(&server.database, revoked.id, false)).unwrap();
    let ask = |method: &str, path: &str, token: &str| -> (u16, String) {
        let url = format!("{}{}", server.url, path.replace("{id}", &server.root.to_string()));
        let request = if method == "GET" { server.http.get(url) } else { server.http.post(url) };
        let request = request.header("authorization", format!("Bearer {token}"));
        let request = request.header("content-type", CONTENT_TYPE).header("accept", CONTENT_TYPE);
        let response = request.send().unwrap();
        let status = response.status().as_u16();
        let bytes = response.bytes().unwrap();
        (status, unpack::<Problem>(&bytes).map(|problem| problem.code).unwrap_or_default())
    };
    for (method, path, need) in CALLS {
        let nobody = ask(method, path, "");
        let out = ask(method, path, &revoked.token);
        let low = ask(method, path, &organizer.token);
        let high = ask(method, path, &hq.token);
        let refused = |told: &(u16, String)| matches!(told.0, 401 | 403);
        let expected = match need {
            Need::Anybody | Need::Proof => [false, false, false, false],
            Need::Device => [true, false, false, false],
            Need::Admitted => [true, true, false, false],
            Need::Auditor => [true, true, true, false],
        };
        let all = [nobody, out, low, high];
        assert_eq!(all.each_ref().map(refused), expected, "{method} {path}: {all:?}");
        println!("{method} {path}: {}", need.doc());
    }
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/server/http");
    for file in std::fs::read_dir(source).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let through = path.ends_with("gate.rs");
        assert!(through || !text.contains(".route("), "{}: a way past the gate", path.display());
    }
}
