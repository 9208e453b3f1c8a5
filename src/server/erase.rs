//! Erasure: the content of a record goes from the records, from the log's payloads and, by the feed, from devices; the chain stays
//! (protocol, Erasure). Also what is done once a day: what a class needed on its days goes when they are long past.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::clock::{Ambient, random_of};
use super::db::rows::{Event, Mend};
use super::db::{Db, DbError, DbResult, Tx};
use super::expire::own_place;
use super::keys::Keys;
use super::push::{Batch, PushError, alone};
use crate::domain::access::Role;
use crate::domain::ids::{RecordId, UserId};
use crate::domain::kinds::Kind;
use crate::domain::record::care::Retention;
use crate::domain::record::{FieldNo, Owner, Value, ValueKind};
use crate::domain::training::enrolment::Enrolment;
use crate::domain::training::training_class::TrainingClass;
use crate::field;
use crate::sync::command::{Arguments as _, ERASED, Erase, Scope, redacted, stand_in};
use crate::sync::{Author, CONFLICT_KIND, Limits, Op, OpBody, OpId, Outcome, Record, digest};
use crate::wire::frame::Blob;
use crate::wire::{PushRequest, decode_op, decode_record, encode_op};

/// Records read at once.
const WINDOW: u32 = 1_000;

/// One record to erase, or some fields of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    record: RecordId,
    kind: u16,
    fields: Vec<u16>,
    conflicts: Vec<RecordId>,
}

/// What an erasure did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Records without content now.
    pub records: usize,
    /// Operations whose payload was replaced.
    pub ops: usize,
}

/// Finds a record and what belongs to it: records that are about it, and theirs; conflicts about any of them.
pub(crate) async fn closure<D: Db>(db: &D, wanted: &BTreeSet<RecordId>) -> DbResult<Vec<Target>> {
    let mut all: BTreeMap<RecordId, Record> = BTreeMap::new();
    each(db, |record| {
        all.insert(record.id, record);
    })
    .await?;
    let mut found: BTreeSet<RecordId> =
        wanted.iter().copied().filter(|id| all.contains_key(id)).collect();
    loop {
        let about = |record: &&Record| {
            !found.contains(&record.id) && belongs_to(record).iter().any(|id| found.contains(id))
        };
        let more: Vec<RecordId> = all.values().filter(about).map(|record| record.id).collect();
        if more.is_empty() {
            break;
        }
        found.extend(more);
    }
    let mut targets = Vec::new();
    for record in found.iter().filter_map(|id| all.get(id)) {
        let about =
            |other: &&Record| other.conflict.as_ref().is_some_and(|c| c.record == record.id);
        let conflicts = all.values().filter(about).map(|conflict| conflict.id).collect();
        let (record, kind) = (record.id, record.kind);
        targets.push(Target { record, kind, fields: Vec::new(), conflicts });
    }
    Ok(targets)
}

/// The records a record is part of the story of: the one whose unit it follows, and the person it is about.
fn belongs_to(record: &Record) -> Vec<RecordId> {
    let Some(kind) = Kind::from_number(record.kind) else { return Vec::new() };
    let owner = match kind.spec().owner {
        Owner::Of(key) => kind.spec().field(key),
        Owner::Itself | Owner::Field(_) | Owner::Chosen => None,
    };
    let person = kind.spec().field("person");
    let fields = [owner, person].into_iter().flatten();
    // Only stories of persons: a session is not part of its class's.
    let fields =
        fields.filter(|field| field.kind != ValueKind::Reference(Kind::TrainingClass.key()));
    let named = fields.filter_map(|field| record.fields.get(&field.number));
    named.filter_map(|state| state.value.as_ref_id()).collect()
}

/// Visits every record.
async fn each<D: Db>(db: &D, mut visit: impl FnMut(Record) + Send) -> DbResult<()> {
    let mut after = None;
    loop {
        let rows = db.records_after(after, WINDOW).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.id);
        for row in rows {
            let record = decode_record(&row.body);
            visit(record.map_err(|_cause| DbError::Damaged { table: "record" })?);
        }
    }
}

/// Finds what a class needed on its days, where those are past by as much as the fields say.
pub(crate) async fn overdue<D: Db>(db: &D, now: i64) -> DbResult<Vec<Target>> {
    let today = now.div_euclid(86_400_000);
    let (mut ends, mut enrolments): (BTreeMap<RecordId, i64>, Vec<Record>) = Default::default();
    each(db, |record| {
        if record.kind == Kind::TrainingClass.number() {
            let end = record.fields.get(&field!(TrainingClass: "ends_on").number());
            if let Some(Value::Date(date)) = end.map(|state| &state.value) {
                ends.extend(date.last_day().map(|day| (record.id, days_of(day))));
            }
        } else if record.kind == Kind::Enrolment.number() {
            enrolments.push(record);
        }
    })
    .await?;
    let mut targets = Vec::new();
    for record in enrolments {
        let class = record.fields.get(&field!(Enrolment: "class").number());
        let end = class.and_then(|state| ends.get(&state.value.as_ref_id()?));
        let Some(end) = end else { continue };
        let due = Kind::Enrolment.spec().fields.iter().filter(|field| {
            let care = Kind::Enrolment.spec().care_of(field);
            let days = match care.map(|care| care.retention) {
                Some(Retention::DaysAfterClass(days)) => i64::from(days),
                _ => return false,
            };
            let filled = record.fields.get(&field.number);
            filled.is_some_and(|state| !state.value.is_blank()) && end + days < today
        });
        let fields: Vec<u16> = due.map(|field| field.number.0).collect();
        if !fields.is_empty() {
            let (record, kind) = (record.id, record.kind);
            targets.push(Target { record, kind, fields, conflicts: Vec::new() });
        }
    }
    Ok(targets)
}

/// Days since 1970 of a civil date.
fn days_of(day: jiff::civil::Date) -> i64 {
    let since = jiff::civil::date(1970, 1, 1).until(day).map_or(0, |span| span.get_days());
    i64::from(since)
}

/// Erases: writes the operations that do, then replaces the payloads of those before. It may be repeated: what was erased stays so.
///
/// # Errors
/// The database failed; what was not done is done by the next call.
pub(crate) async fn erase<D: Db>(
    db: &D,
    keys: &Keys,
    targets: &[Target],
    (event, ambient): (Option<Event>, &dyn Ambient),
) -> DbResult<Erased> {
    if targets.is_empty() {
        return Ok(Erased::default());
    }
    let limits = Limits::default();
    for part in targets.chunks(limits.batch_ops) {
        let batch = batch(db, part, ambient.now_ms()).await?;
        let answer = alone(db, &mut None, batch).await.map_err(|error| match error {
            PushError::Db(error) => error,
            _ => DbError::Damaged { table: "op" },
        })?;
        // Nobody is told that something is gone which is not.
        if answer.results.iter().any(|(_, outcome)| !matches!(outcome, Outcome::Applied { .. })) {
            return Err(DbError::Damaged { table: "op" });
        }
    }
    let once: [u8; 32] = random_of(ambient);
    let mark = |text: &str| stand_in(&keys.mac("erased", &[&once, text.as_bytes()]));
    let mut ops = 0;
    for target in targets {
        ops += redact(db, target, &mark).await?;
    }
    if let Some(event) = event {
        let mut tx = db.begin().await?;
        tx.lock().await?;
        tx.mend(&Mend::Event(event)).await?;
        tx.commit().await?;
    }
    Ok(Erased { records: targets.len(), ops })
}

/// Makes the operations that erase, numbered behind what the server wrote last.
async fn batch<D: Db>(db: &D, targets: &[Target], now: i64) -> DbResult<Batch> {
    let own = own_place(db).await?;
    let (from_n, before) = (own.last_n.saturating_add(1), own.before);
    let actor = UserId(Uuid::nil());
    let mut prev = before;
    let mut ops = Vec::with_capacity(targets.len());
    for (n, target) in (from_n..).zip(targets) {
        let args = Erase { fields: target.fields.clone(), conflicts: target.conflicts.clone() };
        let op = Op {
            id: OpId { device: own.device, generation: own.generation, n },
            prev,
            salt: 0,
            hlc: u64::try_from(now).unwrap_or(0) << 16,
            clock_off_ms: 0,
            clock_conf: 3,
            actor,
            schema: 1,
            group: None,
            kind: target.kind,
            record: target.record,
            body: OpBody::Command { name: Erase::NAME.to_owned(), args: args.seal() },
            was: None,
        };
        let bytes = encode_op(&op).map_err(|_cause| DbError::Damaged { table: "op" })?;
        prev = digest(&bytes);
        ops.push(Blob(bytes));
    }
    let generation = own.generation;
    let request = PushRequest { generation, from_n, prev: before, ops, receipts: Vec::new() };
    let author = Author { user: actor, role: Role::HqAdmin, home: own.root };
    Ok(Batch::new(own.device, author, request, now, Limits::default()))
}

/// Replaces the payloads of the operations on one record.
async fn redact<D: Db>(
    db: &D,
    target: &Target,
    mark: &(dyn Fn(&str) -> String + Sync),
) -> DbResult<usize> {
    let scope = Scope { fields: target.fields.clone() };
    let mut changed = Vec::new();
    for row in db.history(target.record).await? {
        let Ok(op) = decode_op(&row.bytes) else {
            // What cannot be read is not known to be harmless.
            if target.fields.is_empty() && !row.bytes.is_empty() {
                changed.push((row.seq, Vec::new()));
            }
            continue;
        };
        if crate::sync::command::is_redacted(&op, &scope) || !holds(&op, &scope) {
            continue;
        }
        let left = redacted(&op, &scope, mark);
        let bytes = encode_op(&left).map_err(|_cause| DbError::Damaged { table: "op" })?;
        changed.push((row.seq, bytes));
    }
    let count = changed.len();
    let mut tx = db.begin().await?;
    tx.lock().await?;
    for (seq, bytes) in changed {
        tx.mend(&Mend::Redact { seq, bytes }).await?;
    }
    tx.commit().await?;
    Ok(count)
}

/// True if an operation has content that is to go; one that has none keeps its bytes.
fn holds(op: &Op, scope: &Scope) -> bool {
    let left = redacted(op, scope, &|_text| String::new());
    Op { salt: op.salt, ..left } != *op
}

/// Erases again what the marks say, where a restore brought it back.
///
/// # Errors
/// The database failed.
pub(crate) async fn again<D: Db>(
    db: &D,
    keys: &Keys,
    marked: &BTreeSet<RecordId>,
    ambient: &dyn Ambient,
) -> DbResult<usize> {
    let mut back = BTreeSet::new();
    each(db, |record| {
        let gone = record.tombstone.as_ref().is_some_and(|tomb| tomb.reason == ERASED);
        if marked.contains(&record.id) && !(gone && record.fields.is_empty()) {
            back.insert(record.id);
        }
    })
    .await?;
    if back.is_empty() || crate::trap!(T68) {
        return Ok(0);
    }
    let targets = closure(db, &back).await?;
    let event = Event::new(ambient.now_ms(), "record.erased").with("again after a restore");
    Ok(erase(db, keys, &targets, (Some(event), ambient)).await?.records)
}

/// True if a stored record has nothing left of its content.
pub(crate) fn is_bare(record: &Record, fields: &[u16]) -> bool {
    let gone = |no: &FieldNo| fields.is_empty() || fields.contains(&no.0);
    let values = |values: &[(FieldNo, Value)]| values.iter().all(|(no, _)| !gone(no));
    if record.kind == CONFLICT_KIND {
        let conflict = record.conflict.as_deref();
        return conflict.is_none_or(|conflict| {
            values(&conflict.base) && conflict.candidates.iter().all(|c| values(&c.values))
        });
    }
    record.fields.keys().all(|no| !gone(no)) && record.elements.keys().all(|(no, _)| !gone(no))
}

impl Target {
    /// Returns the record.
    pub(crate) const fn record(&self) -> RecordId {
        self.record
    }
}
