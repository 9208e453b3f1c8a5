//! Verification: the whole log is applied again to nothing, and must give the stored records byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use super::{AdminResult, open};
use crate::domain::ids::RecordId;
use crate::server::db::location::Location;
use crate::server::db::rows::{OpRow, Tenant, UniqueRow};
use crate::server::db::{Db, DbError, DbResult};
use crate::server::decide::{Entry, decide, refused, together};
use crate::server::erase::is_bare;
use crate::server::push::record_row;
use crate::sync::apply::Stamp;
use crate::sync::command::{Scope, erasure, is_redacted};
use crate::sync::{Digest, Limits, Op, Outcome, UnitTree, World};
use crate::wire::{decode, decode_record, encode};

/// Operations read at once.
const WINDOW: u32 = 1_000;

/// What a verification counted, and the first difference if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Operations replayed.
    pub ops: u64,
    /// Operations whose payload was erased; their hashes still stand in the chain.
    pub erased: u64,
    /// Events replayed.
    pub events: u64,
    /// Records compared.
    pub records: u64,
    /// Conflicts among them.
    pub conflicts: u64,
    /// Last position.
    pub head_seq: u64,
    /// Chain value there.
    pub head_chain: Digest,
    /// First difference; `None` if all is as the log says.
    pub difference: Option<Difference>,
}

/// Where the stored state is not what the log gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A position is missing or out of order.
    Gap {
        /// Position expected.
        seq: u64,
    },
    /// The stored hash is not that of the bytes.
    Hash {
        /// Position.
        seq: u64,
    },
    /// The outcome differs.
    Outcome {
        /// Position.
        seq: u64,
    },
    /// The chain value differs.
    Chain {
        /// Position.
        seq: u64,
    },
    /// A row of the log or of the events cannot be read.
    Unreadable {
        /// `op` or `event`.
        table: &'static str,
        /// Its position or number.
        seq: u64,
    },
    /// The counter row differs from the last operation.
    Head,
    /// An event is missing, was changed, or breaks the chain of events.
    Event {
        /// Its number.
        no: u64,
    },
    /// The counter row differs from the last event.
    EventHead,
    /// A record differs, is missing or is too many.
    Record {
        /// The record.
        id: RecordId,
    },
    /// The table of units differs.
    Units,
    /// The table of unique values differs.
    UniqueValues,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { seq } => write!(f, "position {seq} is missing"),
            Self::Hash { seq } => write!(f, "the operation at {seq} was changed"),
            Self::Outcome { seq } => write!(f, "the outcome at {seq} differs"),
            Self::Chain { seq } => write!(f, "the chain breaks at {seq}"),
            Self::Unreadable { table, seq } => write!(f, "row {seq} of {table} cannot be read"),
            Self::Event { no } => write!(f, "event {no} was changed or is missing"),
            Self::EventHead => f.write_str("the counter differs from the events"),
            Self::Head => f.write_str("the counter differs from the log"),
            Self::Record { id } => write!(f, "record {id} differs from the log"),
            Self::Units => f.write_str("the units differ from the log"),
            Self::UniqueValues => f.write_str("the unique values differ from the log"),
        }
    }
}

/// Verifies a database.
///
/// While a server writes to it, take a copy first (`admin backup` does): this reads in steps.
///
/// # Errors
/// [`super::AdminError::Database`] if it cannot be read; a difference is a result, not an error.
pub async fn verify(database: impl Into<Location>) -> AdminResult<Verified> {
    let database = database.into();
    let stamp = crate::wire::frame::hex(&crate::server::clock::random::<8>());
    let copy = database.scratch().join(format!(".verify-{stamp}.sqlite"));
    let db = open(database).await?;
    let copied = db.copy_to(&copy).await;
    db.close().await;
    copied?;
    let result = verify_file(&copy).await;
    for end in ["", "-wal", "-shm"] {
        let mut name = copy.clone().into_os_string();
        name.push(end);
        let _absent = std::fs::remove_file(name);
    }
    result
}

/// Verifies a file that nobody writes to.
///
/// # Errors
/// As for [`verify`].
pub async fn verify_file(file: &Path) -> AdminResult<Verified> {
    let db = open(file).await?;
    let result = replay(&db, Limits::default()).await;
    db.close().await;
    Ok(result?)
}

/// What was erased, by record: where, and how much.
type Erasures = BTreeMap<RecordId, Vec<(u64, Scope)>>;

struct Replay {
    world: World,
    seq: u64,
    chain: Digest,
    /// Operations whose bytes are not those of their hash: an erasure must account for each.
    redacted: Vec<(u64, RecordId, Option<Op>)>,
    /// Operations that came out otherwise than the log says, for want of what was erased.
    excused: Vec<(u64, RecordId)>,
    /// What was erased, by record: where, and how much.
    erasures: Erasures,
    /// Operations read and not applied yet: the beginning of a group.
    entries: Vec<Entry>,
    rows: Vec<OpRow>,
}

/// Reads the whole log; returns where it stops making sense.
async fn walk<D: Db>(db: &D, replay: &mut Replay) -> DbResult<Option<Difference>> {
    loop {
        let rows = match db.ops_after(replay.read(), WINDOW).await {
            Err(DbError::Damaged { .. }) => readable(db, replay.read()).await,
            rows => rows?,
        };
        if rows.is_empty() {
            break;
        }
        if let Some(difference) = replay.window(rows) {
            return Ok(Some(difference));
        }
    }
    let damaged = matches!(db.ops_after(replay.read(), 1).await, Err(DbError::Damaged { .. }));
    Ok(damaged.then(|| Difference::Unreadable { table: "op", seq: replay.read() + 1 }))
}

/// Verifies an open database that nobody writes to, whose operations came under these limits.
///
/// # Errors
/// [`crate::server::db::DbError`] if it cannot be read.
pub async fn replay<D: Db>(db: &D, limits: Limits) -> DbResult<Verified> {
    let tenant = db.tenant().await?;
    let mut replay = Replay {
        world: World::new(UnitTree::default(), limits),
        seq: 0,
        chain: [0; 16],
        redacted: Vec::new(),
        excused: Vec::new(),
        erasures: BTreeMap::new(),
        entries: Vec::new(),
        rows: Vec::new(),
    };
    let mut difference = walk(db, &mut replay).await?;
    let head = (replay.seq, replay.chain) == (tenant.head_seq, tenant.head_chain);
    if difference.is_none() && !head {
        let next = replay.seq.saturating_add(1);
        let short = replay.seq < tenant.head_seq;
        difference = Some(if short { Difference::Gap { seq: next } } else { Difference::Head });
    }
    if difference.is_none() {
        difference = replay.unaccounted();
    }
    let mut verified = Verified {
        ops: replay.seq,
        erased: replay.count_erased(),
        events: 0,
        records: 0,
        conflicts: 0,
        head_seq: tenant.head_seq,
        head_chain: tenant.head_chain,
        difference,
    };
    if verified.difference.is_none() {
        verified.difference = events(db, &tenant, &mut verified.events).await?;
    }
    if verified.difference.is_none() {
        compare(db, &tenant, (replay.world, &replay.erasures), &mut verified).await?;
    }
    Ok(verified)
}

/// Returns the rows after a position up to the first that cannot be read.
async fn readable<D: Db>(db: &D, after: u64) -> Vec<OpRow> {
    let (mut rows, mut at) = (Vec::new(), after);
    while let Ok(more) = db.ops_after(at, 1).await {
        let Some(last) = more.last() else { break };
        at = last.seq;
        rows.extend(more);
    }
    rows
}

/// Follows the chain of events.
async fn events<D: Db>(db: &D, tenant: &Tenant, count: &mut u64) -> DbResult<Option<Difference>> {
    let mut chain = [0; 16];
    loop {
        let rows = match db.events(*count, WINDOW).await {
            Err(DbError::Damaged { .. }) => db.events(*count, 1).await,
            rows => rows,
        };
        let next = count.saturating_add(1);
        let rows = match rows {
            Err(DbError::Damaged { table }) => {
                return Ok(Some(Difference::Unreadable { table, seq: next }));
            }
            rows => rows?,
        };
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let no = count.saturating_add(1);
            let linked = row.event.link(&chain, no);
            if row.no != no || row.chain != linked {
                return Ok(Some(Difference::Event { no }));
            }
            (*count, chain) = (no, linked);
        }
    }
    if *count < tenant.event_no {
        return Ok(Some(Difference::Event { no: count.saturating_add(1) }));
    }
    let head = (*count, chain) == (tenant.event_no, tenant.event_chain);
    Ok((!head).then_some(Difference::EventHead))
}

impl Replay {
    /// Returns the last position read.
    fn read(&self) -> u64 {
        self.rows.last().map_or(self.seq, |row| row.seq)
    }

    /// Applies a stretch of the log and compares what it says. A group that the stretch cuts waits for the next one.
    fn window(&mut self, rows: Vec<OpRow>) -> Option<Difference> {
        for (seq, row) in (self.read().saturating_add(1)..).zip(rows) {
            if row.seq != seq {
                return Some(Difference::Gap { seq });
            }
            let mut row = row;
            let bytes = std::mem::take(&mut row.bytes);
            let mut entry = Entry::new(row.id, bytes, &self.world.limits);
            let outside = row.outside.as_ref();
            entry.outside = outside.and_then(|bytes| decode(bytes, "outside").ok());
            if entry.hash != row.hash {
                let op = entry.op.clone();
                if op.as_ref().map_or(!entry.bytes.is_empty(), |op| op.record != row.record) {
                    return Some(Difference::Hash { seq });
                }
                entry.hash = row.hash;
                self.redacted.push((seq, row.record, op));
            }
            self.entries.push(entry);
            self.rows.push(row);
        }
        while let Ok(length @ 1..) = together(&self.entries, &self.world.limits) {
            if let Some(difference) = self.unit(length) {
                return Some(difference);
            }
        }
        None
    }

    /// Applies the next operations, which belong together.
    fn unit(&mut self, length: usize) -> Option<Difference> {
        let entries: Vec<Entry> = self.entries.drain(..length).collect();
        let rows: Vec<OpRow> = self.rows.drain(..length).collect();
        let row = rows.first()?;
        let first = Stamp { seq: row.seq, recv_at: row.recv_at };
        let outcomes = decide(&mut self.world, &entries, &row.author, first);
        for ((entry, row), outcome) in entries.iter().zip(&rows).zip(&outcomes) {
            let seq = row.seq;
            let same = encode(outcome).is_ok_and(|bytes| bytes == row.outcome);
            let mut tag = outcome.tag();
            if !same || refused(entry, outcome) != row.refused {
                let Ok(stored) = decode::<Outcome>(&row.outcome, "outcome") else {
                    return Some(Difference::Outcome { seq });
                };
                self.excused.push((seq, row.record));
                tag = stored.tag();
            }
            if let Some((record, scope, conflicts)) = entry.op.as_ref().and_then(erasure)
                && row.author.user.0.is_nil()
            {
                for id in conflicts.into_iter().chain([record]) {
                    self.erasures.entry(id).or_default().push((seq, scope.clone()));
                }
            }
            self.chain = row.link(&self.chain, tag);
            if self.chain != row.chain {
                return Some(Difference::Chain { seq });
            }
            self.seq = seq;
        }
        None
    }
}

impl Replay {
    /// Counts the operations without their payload.
    fn count_erased(&self) -> u64 {
        u64::try_from(self.redacted.len()).unwrap_or(u64::MAX)
    }

    /// Finds an operation whose payload, or outcome, no later erasure accounts for.
    fn unaccounted(&self) -> Option<Difference> {
        let later = |record: &RecordId, seq: u64| {
            let all = self.erasures.get(record).into_iter().flatten();
            all.filter(move |(at, _)| *at > seq).map(|(_, scope)| scope)
        };
        let hidden = self.redacted.iter().find(|(seq, record, op)| {
            let scope = union(later(record, *seq));
            scope.is_none_or(|scope| op.as_ref().is_some_and(|op| !is_redacted(op, &scope)))
        });
        if let Some((seq, ..)) = hidden {
            return Some(Difference::Hash { seq: *seq });
        }
        let other = self.excused.iter().find(|(seq, record)| later(record, *seq).next().is_none());
        other.map(|(seq, _)| Difference::Outcome { seq: *seq })
    }
}

/// Returns what several erasures of one record erased together.
fn union<'a>(scopes: impl Iterator<Item = &'a Scope>) -> Option<Scope> {
    let mut all: Option<Scope> = None;
    for scope in scopes {
        let fields = match &all {
            Some(before) if before.fields.is_empty() || scope.fields.is_empty() => Vec::new(),
            Some(before) => [before.fields.as_slice(), &scope.fields].concat(),
            None => scope.fields.clone(),
        };
        all = Some(Scope { fields });
    }
    all
}

/// Compares the stored tables with the replayed records. What was erased in full must have no content; its place in the history
/// is the log's.
async fn compare<D: Db>(
    db: &D,
    tenant: &Tenant,
    (mut world, erasures): (World, &Erasures),
    verified: &mut Verified,
) -> DbResult<()> {
    let mut after = None;
    loop {
        let rows = db.records_after(after, WINDOW).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        for row in rows {
            let record = world.records.remove(&row.id);
            let same = record.as_ref().map(record_row).transpose()?.is_some_and(|r| r == row);
            let whole =
                erasures.get(&row.id).into_iter().flatten().any(|(_, s)| s.fields.is_empty());
            let bare = whole && decode_record(&row.body).is_ok_and(|record| is_bare(&record, &[]));
            if !same && !bare {
                verified.difference = Some(Difference::Record { id: row.id });
                return Ok(());
            }
            verified.records += 1;
            verified.conflicts += u64::from(row.kind == crate::sync::CONFLICT_KIND);
        }
    }
    if let Some((id, _)) = world.records.first_key_value() {
        verified.difference = Some(Difference::Record { id: *id });
    } else if db.units().await? != world.units || !world.units.contains(tenant.root) {
        verified.difference = Some(Difference::Units);
    } else if db.unique_values().await? != unique_rows(&world) {
        verified.difference = Some(Difference::UniqueValues);
    }
    Ok(())
}

fn unique_rows(world: &World) -> Vec<UniqueRow> {
    let rows: BTreeSet<UniqueRow> = world
        .unique
        .iter()
        .filter_map(|((kind, field, value), record)| {
            let key = encode(value).ok()?;
            Some(UniqueRow { kind: *kind, field: field.0, key, record: *record })
        })
        .collect();
    rows.into_iter().collect()
}
