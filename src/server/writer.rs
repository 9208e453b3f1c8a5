//! The one task that writes: every push that waits goes into one transaction.

use std::collections::BTreeSet;

use tokio::sync::{mpsc, oneshot};

use crate::server::db::{Db, DbResult, Tx};
use crate::server::history::{MARK_EVERY, mark_head};
use crate::server::marks::Marks;
use crate::server::push::{Answer, Batch, PushError, UnitCache, take, take_all};
use crate::telemetry as field;
use crate::wire::PushAnswer;

/// Pushes taken into one transaction.
const GROUP: usize = 64;
/// Pushes that may wait before further ones are told to come back.
const QUEUE: usize = 256;
/// Operations of different devices that are read for and written at once.
const AT_ONCE: usize = 4_000;

struct Job {
    batch: Batch,
    reply: oneshot::Sender<Result<PushAnswer, PushError>>,
}

/// The way to the writer task.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("ops", &self.batch.entries.len()).finish_non_exhaustive()
    }
}

impl Writer {
    /// Starts the writer task; it ends when the last [`Writer`] is dropped.
    pub(crate) fn start<D: Db>(db: D, marks: Marks) -> (Self, tokio::task::JoinHandle<()>) {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let task = tokio::spawn(run(db, marks, queue));
        (Self { jobs }, task)
    }

    /// Hands a batch to the writer and waits for what became of it.
    pub(crate) async fn push(&self, batch: Batch) -> Result<PushAnswer, PushError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.try_send(Job { batch, reply }).map_err(|_full_or_closed| PushError::Busy)?;
        answer.await.map_err(|_dropped| PushError::Broken)?
    }
}

async fn run<D: Db>(db: D, marks: Marks, mut queue: mpsc::Receiver<Job>) {
    let mut cache: UnitCache = None;
    let mut unmarked = MARK_EVERY;
    let mut jobs = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut jobs, GROUP).await > 0 {
        let (batches, replies): (Vec<_>, Vec<_>) =
            jobs.drain(..).map(|job| (job.batch, job.reply)).unzip();
        match group(&db, &mut cache, batches).await {
            Ok(answers) => {
                let taken = answers.iter().flatten().map(|answer| answer.results.len()).sum();
                unmarked = unmarked.saturating_add(taken);
                for (reply, answer) in replies.into_iter().zip(answers) {
                    let _gone = reply.send(answer);
                }
                unmarked = mark(&db, &marks, unmarked).await;
            }
            Err(error) => {
                cache = None;
                tracing::error!({ field::ERROR } = %chain_of(&error), "a group of pushes failed");
                for reply in replies {
                    let answer = PushError::of_all(&error);
                    let _gone = reply.send(Err(answer));
                }
            }
        }
    }
}

/// Marks the head if so many operations came since it was last marked; returns how many are unmarked now.
async fn mark<D: Db>(db: &D, marks: &Marks, unmarked: usize) -> usize {
    if unmarked < MARK_EVERY {
        return unmarked;
    }
    let Ok(tenant) = db.tenant().await else { return unmarked };
    mark_head(marks, &tenant);
    0
}

fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Applies waiting batches in one transaction: those of different devices at once, because a statement costs more than a row. What
/// breaks that way is taken back and tried batch by batch, so that only the one that breaks fails.
pub(crate) async fn group<D: Db>(
    db: &D,
    cache: &mut UnitCache,
    batches: Vec<Batch>,
) -> DbResult<Vec<Answer>> {
    let mut parts = parts(batches);
    if let [_one] = parts.as_slice()
        && let Some(batches) = parts.pop()
    {
        return boldly(db, cache, batches).await;
    }
    let mut tx = db.begin().await?;
    let mut answers = Vec::new();
    for batches in parts {
        let taken =
            if batches.len() > 1 { at_once(&mut tx, cache, batches.clone()).await? } else { None };
        answers.extend(match taken {
            Some(taken) => taken,
            None => one_by_one(&mut tx, cache, batches).await?,
        });
    }
    tx.commit().await?;
    Ok(answers)
}

/// Takes batches together without any savepoint: if they break, another transaction takes them one by one.
async fn boldly<D: Db>(
    db: &D,
    cache: &mut UnitCache,
    mut batches: Vec<Batch>,
) -> DbResult<Vec<Answer>> {
    let mut tx = db.begin().await?;
    let again = if batches.len() > 1 { batches.clone() } else { Vec::new() };
    match take_all(&mut tx, cache, std::mem::take(&mut batches)).await {
        Ok(answers) => {
            tx.commit().await?;
            return Ok(answers);
        }
        Err(error) => {
            *cache = None;
            drop(tx);
            if again.is_empty() {
                return Ok(vec![Err(error)]);
            }
        }
    }
    let mut tx = db.begin().await?;
    let answers = one_by_one(&mut tx, cache, again).await?;
    tx.commit().await?;
    Ok(answers)
}

/// Takes batches together behind one savepoint; `None` if that failed and was taken back.
async fn at_once<T: Tx>(
    tx: &mut T,
    cache: &mut UnitCache,
    batches: Vec<Batch>,
) -> DbResult<Option<Vec<Answer>>> {
    tx.savepoint().await?;
    if let Ok(taken) = take_all(tx, cache, batches).await {
        tx.release().await?;
        return Ok(Some(taken));
    }
    *cache = None;
    tx.rollback().await?;
    Ok(None)
}

/// Takes batches each behind its own savepoint.
async fn one_by_one<T: Tx>(
    tx: &mut T,
    cache: &mut UnitCache,
    batches: Vec<Batch>,
) -> DbResult<Vec<Answer>> {
    let mut answers = Vec::with_capacity(batches.len());
    for batch in batches {
        tx.savepoint().await?;
        let answer = take(tx, cache, batch).await;
        if answer.is_ok() {
            tx.release().await?;
        } else {
            *cache = None;
            tx.rollback().await?;
        }
        answers.push(answer);
    }
    Ok(answers)
}

/// Parts batches, in their order, into those that can be taken at once: each of another device, and not too many operations.
fn parts(batches: Vec<Batch>) -> Vec<Vec<Batch>> {
    let mut parts: Vec<Vec<Batch>> = Vec::new();
    let (mut ops, mut devices) = (0, BTreeSet::new());
    for batch in batches {
        ops += batch.entries.len();
        let fits = ops <= AT_ONCE && devices.insert(batch.device);
        if let Some(part) = parts.last_mut().filter(|_| fits) {
            part.push(batch);
        } else {
            ops = batch.entries.len();
            devices = [batch.device].into();
            parts.push(vec![batch]);
        }
    }
    parts
}
