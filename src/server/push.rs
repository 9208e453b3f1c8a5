//! Taking operations: what a batch may touch is read, the batch applied, what changed stored (protocol, Push).

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::domain::ids::{DeviceId, RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::server::db::rows::{Changes, RecordRow, Stored, Tenant, UniqueRow, Wanted};
use crate::server::db::{Db, DbError, DbResult, Tx};
use crate::server::decide::{Entry, decide, row, together};
use crate::server::events::noted;
use crate::server::load::{
    about, further, held_names, held_ops, held_records, load_into, old_names, overtaken, wanted,
};
use crate::server::receipts::{Handle, command, inform, made_out, note_numbers};
use crate::sync::apply::Stamp;
use crate::sync::{Author, Digest, Limits, Op, OpId, Outcome, Record, UnitTree, World};
use crate::telemetry as field;
use crate::wire::{PushAnswer, PushRequest, Receipt, decode, encode, encode_record};

/// A push that was read and checked for its form.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// Device it comes from.
    pub(crate) device: DeviceId,
    /// Its user, with the rights of now.
    pub(crate) author: Author,
    /// Generation of the operations.
    pub(crate) generation: u32,
    /// Number of the first.
    pub(crate) from_n: u64,
    /// Hash of the operation before it.
    pub(crate) prev: Digest,
    /// The operations.
    pub(crate) entries: Vec<Entry>,
    /// When it arrived, milliseconds.
    pub(crate) now: i64,
    /// Sizes and times that decide.
    pub(crate) limits: Limits,
    /// What the server answered to some of them in an earlier history, as the device says.
    pub(crate) receipts: Vec<Receipt>,
    /// What the server has outside its database.
    pub(crate) witness: Handle,
}

/// Why a push was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PushError {
    /// Operations before the batch are missing.
    #[error("operation {expected} is expected next")]
    Gap {
        /// Number wanted.
        expected: u64,
    },
    /// The device's history differs from what the server has.
    #[error("another history of this device is known")]
    Fork,
    /// The batch begins or ends inside an all-or-none group.
    #[error("an all-or-none group is not whole in this batch")]
    SplitGroup,
    /// The batch has more operations than are taken at once.
    #[error("at most {limit} operations are taken at once")]
    TooMany {
        /// Most taken.
        limit: usize,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A fault of the program.
    #[error("the batch broke the server")]
    Broken,
    /// The database's disk has no room.
    #[error("the disk is full")]
    Full,
    /// The files beside the database failed.
    #[error("what stands outside the database cannot be used")]
    Outside(#[source] std::io::Error),
    /// Too many pushes wait.
    #[error("too many pushes wait")]
    Busy,
}

impl PushError {
    /// What each push of a group is told when the group fails. Whether a failed commit took effect is not known: who sends again
    /// gets the stored outcomes, or new ones.
    pub(crate) fn of_all(error: &DbError) -> Self {
        if error.is_retryable() {
            Self::Busy
        } else if error.is_full() {
            Self::Full
        } else {
            Self::Broken
        }
    }
}

impl Batch {
    /// Returns the identity of its first operation, and how many there are.
    const fn first(&self) -> (OpId, usize) {
        let Self { device, generation, from_n, .. } = self;
        (OpId { device: *device, generation: *generation, n: *from_n }, self.entries.len())
    }

    /// Reads and hashes the operations of a request.
    pub(crate) fn new(
        device: DeviceId,
        author: Author,
        request: PushRequest,
        now: i64,
        limits: Limits,
    ) -> Self {
        let PushRequest { generation, from_n, prev, ops, receipts } = request;
        let entries = ops
            .into_iter()
            .zip(from_n..)
            .map(|(op, n)| Entry::new(OpId { device, generation, n }, op.0, &limits))
            .collect();
        let witness = None;
        Self { device, author, generation, from_n, prev, entries, now, limits, receipts, witness }
    }
}

/// Units as of a chain value, so that they are not read for every batch. Another process may have written meanwhile, or the
/// database may have been restored: they hold only while the counter row, read under its lock, has that very value.
pub(crate) type UnitCache = Option<(Digest, UnitTree)>;

/// Takes one batch in a transaction of its own, for a caller that is alone with the database.
pub(crate) async fn alone<D: Db>(
    db: &D,
    cache: &mut UnitCache,
    batch: Batch,
) -> Result<PushAnswer, PushError> {
    let mut tx = db.begin().await?;
    let answer = take(&mut tx, cache, batch).await?;
    tx.commit().await?;
    Ok(answer)
}

/// What became of one batch.
pub(crate) type Answer = Result<PushAnswer, PushError>;

/// Takes one batch inside a transaction. Also used by `admin`, for the server's own operations.
pub(crate) async fn take<T: Tx>(
    tx: &mut T,
    cache: &mut UnitCache,
    batch: Batch,
) -> Result<PushAnswer, PushError> {
    take_all(tx, cache, vec![batch]).await?.pop().unwrap_or(Err(PushError::Broken))
}

/// Operations of one author that are new.
struct Turn {
    author: Author,
    now: i64,
    entries: Vec<Entry>,
}

/// Takes batches of different devices inside a transaction, one after the other but with one reading and one writing. The error is
/// that of them all; an answer may be an error of its own batch, which changes nothing then.
pub(crate) async fn take_all<T: Tx>(
    tx: &mut T,
    cache: &mut UnitCache,
    batches: Vec<Batch>,
) -> Result<Vec<Answer>, PushError> {
    let tenant = tx.lock().await?;
    let firsts: Vec<(OpId, usize)> = batches.iter().map(Batch::first).collect();
    let stored = tx.stored(&firsts).await?;
    let limits = batches.first().map(|batch| batch.limits).unwrap_or_default();
    let witness = batches.first().and_then(|batch| batch.witness.clone());
    let (mut answers, mut turns, mut known) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut commands: Vec<Vec<Op>> = Vec::with_capacity(batches.len());
    for (mut batch, stored) in batches.into_iter().zip(stored) {
        commands.push(batch.entries.iter().filter_map(command).collect());
        let answer = repeated(&batch, &stored).and_then(|results| {
            let mut entries = batch.entries.split_off(results.len());
            whole_groups(&entries, results.len(), &batch.limits)?;
            inform(&witness, &mut entries, &batch.receipts).map_err(PushError::Outside)?;
            let id = |n: &u64| OpId { n: *n, ..batch.first().0 };
            known.extend(stored.repeated.keys().map(id));
            turns.push(Turn { author: batch.author, now: batch.now, entries });
            Ok(PushAnswer { last_n: stored.last_n, results, receipts: Vec::new() })
        });
        answers.push(answer);
    }
    let mut outcomes = write(tx, cache, turns, (&tenant, &witness), limits, &known).await?;
    for ((answer, (first, _)), commands) in answers.iter_mut().zip(firsts).zip(&commands) {
        let Ok(answer) = answer else { continue };
        answer.results.extend(outcomes.remove(&first.device).unwrap_or_default());
        answer.last_n = answer.results.last().map_or(answer.last_n, |(n, _)| answer.last_n.max(*n));
        answer.receipts = made_out(&witness, commands, &answer.results, tenant.epoch);
        tracing::debug!({ field::DEVICE } = %first.device, { field::GENERATION } = first.generation, { field::LAST_N } = answer.last_n, "pushed");
    }
    Ok(answers)
}

/// Applies new operations and stores what they changed; returns the outcomes by device.
async fn write<T: Tx>(
    tx: &mut T,
    cache: &mut UnitCache,
    turns: Vec<Turn>,
    (tenant, witness): (&Tenant, &Handle),
    limits: Limits,
    known: &BTreeSet<OpId>,
) -> Result<Outcomes, PushError> {
    if turns.iter().all(|turn| turn.entries.is_empty()) {
        return Ok(Outcomes::new());
    }
    let (world, asked) = prepare(tx, cache, &turns, tenant, limits).await?;
    let applied = catch_unwind(AssertUnwindSafe(|| apply_all(world, &asked, turns, tenant)));
    let (world, mut changes, outcomes) = applied.map_err(|_panic| PushError::Broken)??;
    *cache = Some((changes.head.1, world.units));
    if crate::trap!(T07) || crate::trap!(T08) {
        changes.ops.retain(|op| !known.contains(&op.id));
    }
    note_numbers(witness, &changes)?.map_err(PushError::Outside)?;
    tx.store(changes).await?;
    Ok(outcomes)
}

/// Checks that no group is cut by an end of the batch, and that only the rest of a group goes beyond the limit. `before` are the
/// repeated operations in front.
fn whole_groups(new: &[Entry], before: usize, limits: &Limits) -> Result<(), PushError> {
    let mut rest = new;
    let mut at = before;
    while !rest.is_empty() {
        let length = together(rest, limits).map_err(|_split| PushError::SplitGroup)?;
        if at >= limits.batch_ops {
            return Err(PushError::TooMany { limit: limits.batch_ops });
        }
        at = at.saturating_add(length);
        rest = rest.get(length.max(1)..).unwrap_or_default();
    }
    Ok(())
}

/// Loads what new operations may touch, and what waits for them with what that may touch.
async fn prepare<T: Tx>(
    tx: &mut T,
    cache: &mut UnitCache,
    turns: &[Turn],
    tenant: &Tenant,
    limits: Limits,
) -> DbResult<(World, Wanted)> {
    let units = match cache.take() {
        Some((chain, units)) if chain == tenant.head_chain => units,
        Some(_) | None => tx.units().await?,
    };
    let mut world = World::new(units, limits);
    let entries = turns.iter().flat_map(|turn| &turn.entries);
    let new: Vec<&Op> = entries.filter_map(|entry| entry.op.as_ref()).collect();
    let mut asked = Wanted::default();
    let mut more = wanted(new.iter().copied());
    // What was loaded may name more; what is not there is asked for once only, so this comes to an end.
    while !more.is_empty() {
        load_into(&mut world, tx.load(&more).await?);
        asked.add(more);
        let held: Vec<Op> = held_ops(&world).cloned().collect();
        let all = || new.iter().copied().chain(&held);
        more = further(&world, all());
        more.records.extend(held_records(&world, all()));
        more.ops.extend(held_names(&world).chain(old_names(&world)));
        more.ops.extend(overtaken(&world, all()));
        more = more.without(&asked);
    }
    Ok((world, asked))
}

/// Checks that the batch continues what the server has, and returns the stored outcomes of what it repeats.
fn repeated(batch: &Batch, stored: &Stored) -> Result<Vec<(u64, Outcome)>, PushError> {
    let expected = stored.last_n.saturating_add(1);
    if batch.from_n == 0 || batch.from_n > expected {
        return Err(PushError::Gap { expected });
    }
    if stored.hash_before.unwrap_or([0; 16]) != batch.prev {
        return Err(PushError::Fork);
    }
    let mut results = Vec::with_capacity(batch.entries.len());
    let mut prev = batch.prev;
    for entry in &batch.entries {
        if entry.op.as_ref().is_some_and(|op| op.id == entry.id && op.prev != prev) {
            return Err(PushError::Fork);
        }
        prev = entry.hash;
        match stored.repeated.get(&entry.id.n) {
            Some((hash, _)) if *hash != entry.hash && !crate::trap!(T09) => {
                return Err(PushError::Fork);
            }
            Some(_) if crate::trap!(T07) => {}
            Some(_) if crate::trap!(T08) && stored.last_n > entry.id.n + 3 => {}
            Some((_, outcome)) => {
                let outcome = decode(outcome, "outcome")
                    .map_err(|_cause| DbError::Damaged { table: "op" })?;
                results.push((entry.id.n, outcome));
            }
            None => {}
        }
    }
    Ok(results)
}

/// Outcomes by device, with their numbers.
type Outcomes = BTreeMap<DeviceId, Vec<(u64, Outcome)>>;
type Applied = (World, Changes, Outcomes);

/// Applies new operations one after the other and gathers what changed.
fn apply_all(
    mut world: World,
    asked: &Wanted,
    turns: Vec<Turn>,
    tenant: &Tenant,
) -> DbResult<Applied> {
    let before = Before {
        units: world.units.clone(),
        unique: world.unique.clone(),
        absent: asked
            .records
            .iter()
            .filter(|id| !world.records.contains_key(id))
            .copied()
            .collect(),
    };
    let last = turns.iter().filter_map(|turn| turn.entries.last());
    let mut changes = Changes {
        devices: last.map(|last| (last.id, last.hash)).collect(),
        head: (tenant.head_seq, tenant.head_chain),
        reparent_seq: tenant.reparent_seq,
        ..Changes::default()
    };
    let mut outcomes = Outcomes::new();
    for turn in turns {
        apply_turn(&mut world, turn, &mut changes, &mut outcomes)?;
    }
    gather(&world, &before, asked, &mut changes)?;
    Ok((world, changes, outcomes))
}

/// Applies what one author pushed.
fn apply_turn(
    world: &mut World,
    turn: Turn,
    changes: &mut Changes,
    outcomes: &mut Outcomes,
) -> DbResult<()> {
    let Turn { author, now, mut entries } = turn;
    while !entries.is_empty() {
        let length = together(&entries, &world.limits).unwrap_or(1).max(1);
        let later = entries.split_off(length);
        let first = Stamp { seq: changes.head.0.saturating_add(1), recv_at: now };
        let decided = decide(world, &entries, &author, first);
        let refused = |outcome: &Outcome| matches!(outcome, Outcome::Rejected { .. });
        if crate::trap!(T06) && decided.iter().any(refused) {
            return Err(DbError::Damaged { table: "op" });
        }
        for (entry, outcome) in entries.into_iter().zip(decided) {
            let stamp = Stamp { seq: changes.head.0.saturating_add(1), ..first };
            let encoded = encode(&outcome).map_err(|_cause| DbError::Damaged { table: "op" })?;
            outcomes.entry(entry.id.device).or_default().push((entry.id.n, outcome.clone()));
            changes.events.extend(noted(&entry, &outcome, &author, now));
            let row = row(entry, &outcome, (author, stamp), &changes.head.1, encoded);
            changes.head = (stamp.seq, row.chain);
            changes.ops.push(row);
        }
        entries = later;
    }
    Ok(())
}

type Unique = BTreeMap<
    (u16, crate::domain::record::FieldNo, crate::domain::record::Value),
    crate::domain::ids::RecordId,
>;

/// What was loaded, before anything was applied.
struct Before {
    units: UnitTree,
    unique: Unique,
    /// Records that were looked for and are not there.
    absent: BTreeSet<RecordId>,
}

/// Compares the working set with what was loaded.
fn gather(
    world: &World,
    Before { units, unique, absent }: &Before,
    asked: &Wanted,
    changes: &mut Changes,
) -> DbResult<()> {
    for id in &world.touched {
        let Some(record) = world.records.get(id) else { continue };
        changes.records.push(record_row(record)?);
        if Kind::from_number(record.kind) == Some(Kind::Unit) {
            gather_unit(world, units, record.id.unit(), changes);
        }
    }
    changes.made = world.touched.intersection(absent).copied().collect();
    let exits: BTreeMap<_, _> =
        world.exits.iter().map(|(record, unit, seq)| ((*unit, *record), *seq)).collect();
    changes.exits = exits.into_iter().map(|((unit, record), seq)| (unit, record, seq)).collect();
    for (key, holder) in unique {
        if !world.unique.contains_key(key) {
            changes.unique_dropped.push(unique_row(key, *holder)?);
        }
    }
    for (key, holder) in &world.unique {
        match unique.get(key) {
            Some(before) if before == holder => {}
            None if asked.unique.contains(key) => {
                changes.unique_made.push(unique_row(key, *holder)?);
            }
            Some(_) | None => changes.unique_taken.push(unique_row(key, *holder)?),
        }
    }
    Ok(())
}

/// Notes a changed unit; one that changes what existing units contain makes their devices take their scope again.
fn gather_unit(world: &World, before: &UnitTree, unit: UnitId, changes: &mut Changes) {
    let was = before.contains(unit).then(|| before.parent(unit));
    let is = world.units.contains(unit).then(|| world.units.parent(unit));
    if was == is {
        return;
    }
    match is {
        None => changes.units_dropped.push(unit),
        Some(parent) => changes.units_put.push((unit, parent)),
    }
    if was.is_some() || before.subtree(unit).len() > 1 {
        changes.reparent_seq = changes.head.0;
    }
}

fn unique_row(
    (kind, field, value): &(u16, crate::domain::record::FieldNo, crate::domain::record::Value),
    record: crate::domain::ids::RecordId,
) -> DbResult<UniqueRow> {
    let key = encode(value).map_err(|_cause| DbError::Damaged { table: "unique_value" })?;
    Ok(UniqueRow { kind: *kind, field: field.0, key, record })
}

/// Makes the stored row of a record.
pub(crate) fn record_row(record: &Record) -> DbResult<RecordRow> {
    let body = encode_record(record).map_err(|_cause| DbError::Damaged { table: "record" })?;
    Ok(RecordRow {
        id: record.id,
        kind: record.kind,
        unit: record.unit,
        last_seq: record.rev,
        tomb_seq: record.tombstone.as_ref().map(|tombstone| tombstone.seq),
        about: about(record),
        follows: record.follows(),
        points: record.points(),
        body,
    })
}
