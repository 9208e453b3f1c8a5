//! The device's side of a sync as a state machine without I/O: it says what to send and what to store (protocol, Sync).

use std::collections::VecDeque;

use super::cursor::{Cursor, Witness};
use super::hash::Digest;
use super::limits::Limits;
use super::open::{Open, Opened, Order, SERVER_RESTORED};
use super::outcome::Outcome;
use crate::domain::ids::{RecordId, UnitId};

/// Most rounds of orders in one sync: a server that keeps ordering is broken, not busy.
const MAX_ORDERS: u8 = 4;

/// One operation waiting to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number.
    pub n: u64,
    /// Number of the last operation of its all-or-none group; its own without one.
    pub group_end: u64,
    /// Its bytes, as they were first encoded.
    pub bytes: Vec<u8>,
}

/// A batch to push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Generation.
    pub generation: u32,
    /// Number of the first operation.
    pub from_n: u64,
    /// Hash of the operation before it.
    pub prev: Digest,
    /// Operation bytes.
    pub ops: Vec<Vec<u8>>,
}

/// A page to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullFrom {
    /// From here.
    pub cursor: Cursor,
    /// Not from a server that has not this much.
    pub min_seq: u64,
    /// Scope the device holds.
    pub scope_token: u64,
    /// Units that came into sight, with the position reached in each.
    pub backfill: Vec<(UnitId, u64)>,
    /// Up to where deletions had left the feed when this pull was begun.
    pub floor: u64,
    /// How far the server had come when it gave the pages so far.
    pub head: Cursor,
}

/// An interrupted pull, as far as it was staged.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Staged {
    /// Where it is.
    pub cursor: Cursor,
    /// The server's mark on that.
    pub seal: Digest,
    /// True if it replaces the whole base.
    pub replace: bool,
    /// Scope it covers.
    pub scope_token: u64,
    /// Units still to be taken from further back.
    pub backfill: Vec<(UnitId, u64)>,
    /// Up to where deletions had left the feed when it was begun.
    pub floor: u64,
    /// How far the server had come when it gave the last page.
    pub head: Witness,
}

/// What the driver shall do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send all three in one request.
    Sync {
        /// Where the device stands.
        open: Box<Open>,
        /// First batch, if anything waits.
        push: Option<Batch>,
        /// First page.
        pull: PullFrom,
    },
    /// Send a further batch.
    Push(Batch),
    /// Ask for a further page.
    Pull(PullFrom),
    /// Store outcomes durably, before anything else.
    StoreResults(Vec<(u64, Outcome)>),
    /// Store a page durably in the staging area.
    Stage(PageHead),
    /// Stage the removal of everything the base has of these units.
    Drop(Vec<UnitId>),
    /// Make the staged pages visible: they are the whole base if it says `replace`.
    Flip(Staged),
    /// Throw the staging area away: it belongs to another history.
    Unstage,
    /// Take this generation and renumber what is unsent, then start again.
    Renumber(u32),
    /// Send everything again that is still kept here, then start again: the server was set back. Some of it the server lacks, of earlier
    /// generations from these numbers on; the rest it may have decided another way since, after another copy of this device sent it.
    SendAgain(Vec<(u32, u64)>),
    /// Hand in what is unsent: the device was revoked.
    HandIn,
    /// Finished.
    Done,
    /// Give up with this reason.
    Failed(Failure),
}

/// What of a page the machine needs; the rows go past it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageHead {
    /// Where the page ends.
    pub cursor: Cursor,
    /// True if nothing follows.
    pub complete: bool,
    /// Records that left the scope.
    pub removes: Vec<RecordId>,
    /// How far each backfill is; empty when done.
    pub backfill: Vec<(UnitId, u64)>,
    /// The server's mark on the cursor.
    pub seal: Digest,
    /// How far the server had come.
    pub head: Witness,
}

/// Why a sync ends without success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The device was revoked.
    Revoked {
        /// The data key shall be destroyed.
        wipe: bool,
    },
    /// A newer program is needed to pull; everything that waited was sent.
    Upgrade,
    /// The server kept giving orders.
    Confused,
}

/// The machine of one sync. Feed it answers with [`Machine::answered`] and [`Machine::pushed`] and [`Machine::paged`]; each
/// returns what to do, in order.
#[derive(Debug)]
pub struct Machine {
    open: Open,
    prev: Digest,
    waiting: VecDeque<Waiting>,
    /// Where the pull is: the base's own place before the first page.
    at: Staged,
    /// True once something is staged.
    staged: bool,
    acked_seq: u64,
    head_seq: u64,
    orders: u8,
    /// The server gives this program no pages any more.
    only_push: bool,
    limits: Limits,
}

impl Machine {
    /// Starts a sync.
    ///
    /// `waiting` are the operations after `open.acked_n`, in order; `prev` is the hash of the operation before the first of them;
    /// `staged` is where an interrupted pull stopped. If that replaces the base, `open` states its place, else the base's. `limits`
    /// are [`Limits::default`] but in the simulator.
    pub fn new(
        open: Open,
        waiting: Vec<Waiting>,
        prev: Digest,
        staged: Option<Staged>,
        limits: Limits,
    ) -> Self {
        let begun = staged.is_some();
        let at = staged.unwrap_or_else(|| Staged {
            cursor: open.cursor,
            seal: open.seal,
            replace: open.cursor.seq == 0,
            scope_token: open.scope_token,
            backfill: Vec::new(),
            floor: open.floor,
            head: Witness::NONE,
        });
        let (waiting, staged) = (waiting.into(), begun);
        let (acked_seq, head_seq, orders, only_push) = (0, 0, 0, false);
        Self { open, prev, waiting, at, staged, acked_seq, head_seq, orders, only_push, limits }
    }

    /// Starts to take some units of the base again; returns what to do first. Nothing is sent but pulls.
    pub fn refetch(&mut self, drop: Vec<UnitId>, again: &[UnitId]) -> Vec<Output> {
        self.waiting.clear();
        self.at.backfill = again.iter().map(|unit| (*unit, 0)).collect();
        vec![Output::Drop(drop), Output::Pull(self.pull_from())]
    }

    /// Returns how many operations still wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Says what to send first.
    pub fn start(&mut self) -> Output {
        Output::Sync {
            open: Box::new(self.open.clone()),
            push: self.batch(),
            pull: self.pull_from(),
        }
    }

    /// Takes the server's side of the opening. If the order is not `Proceed`, the batch and page in the same answer do not count.
    pub fn answered(&mut self, opened: &Opened) -> Vec<Output> {
        self.head_seq = self.head_seq.max(opened.head_seq);
        if opened.order == Order::Proceed {
            return self.scoped(opened);
        }
        self.orders += 1;
        if self.orders > MAX_ORDERS {
            return vec![Output::Failed(Failure::Confused)];
        }
        match &opened.order {
            Order::Proceed => Vec::new(),
            Order::ResendFrom(_) => vec![Output::SendAgain(Vec::new())],
            Order::ResendEarlier(from) => vec![Output::SendAgain(from.clone())],
            Order::NewGeneration(generation) => vec![Output::Renumber(*generation)],
            Order::Resync(why) if why == SERVER_RESTORED && !crate::trap!(T14) => {
                vec![Output::SendAgain(Vec::new())]
            }
            Order::Resync(_) => {
                self.begin_again(opened);
                // Positions of before mean nothing in the history that is begun now.
                (self.acked_seq, self.head_seq) = (0, opened.head_seq);
                let again = self.start();
                vec![Output::Unstage, again]
            }
            Order::Upgrade if crate::trap!(T40) => vec![Output::Failed(Failure::Upgrade)],
            Order::Upgrade => {
                self.only_push = true;
                vec![self.after_push()]
            }
            Order::Revoked { wipe, .. } => {
                vec![Output::HandIn, Output::Failed(Failure::Revoked { wipe: *wipe })]
            }
        }
    }

    /// Takes the whole scope from the start.
    fn begin_again(&mut self, opened: &Opened) {
        self.staged = false;
        self.open.cursor = Cursor::START;
        self.open.head = Witness::NONE;
        self.at = Staged {
            cursor: Cursor::START,
            seal: [0; 16],
            replace: true,
            scope_token: opened.scope_token,
            backfill: Vec::new(),
            floor: opened.tomb_floor,
            head: Witness::NONE,
        };
    }

    /// Compares the scope of what is held with the one it shall be.
    fn scoped(&mut self, opened: &Opened) -> Vec<Output> {
        if self.at.replace && !self.staged {
            self.begin_again(opened);
            return Vec::new();
        }
        if self.at.scope_token == opened.scope_token {
            return Vec::new();
        }
        let mut out = if self.staged { vec![Output::Unstage] } else { Vec::new() };
        if self.at.replace {
            self.begin_again(opened);
            return out;
        }
        self.staged = false;
        self.at = Staged {
            cursor: self.open.cursor,
            seal: self.open.seal,
            replace: false,
            scope_token: opened.scope_token,
            backfill: opened.scope_add.iter().map(|unit| (*unit, 0)).collect(),
            floor: self.open.floor,
            head: Witness::NONE,
        };
        if !opened.scope_drop.is_empty() {
            out.push(Output::Drop(opened.scope_drop.clone()));
        }
        out
    }

    /// Takes the outcomes of a batch and says what follows it.
    pub fn pushed(&mut self, results: Vec<(u64, Outcome)>) -> Vec<Output> {
        let last = results.iter().map(|(n, _)| *n).max().unwrap_or(0);
        self.acked_seq =
            results.iter().map(|(_, outcome)| outcome.seq()).fold(self.acked_seq, u64::max);
        while let Some(front) = self.waiting.front() {
            if front.n > last {
                break;
            }
            self.prev = super::hash::digest(&front.bytes);
            self.waiting.pop_front();
        }
        self.open.acked_n = self.open.acked_n.max(last);
        vec![Output::StoreResults(results)]
    }

    /// Takes a page and says what follows it: another batch first, so that the pull covers what was pushed.
    pub fn paged(&mut self, page: PageHead) -> Vec<Output> {
        self.staged = true;
        self.at.cursor = page.cursor;
        self.at.seal = page.seal;
        self.at.head = page.head;
        self.at.backfill.clone_from(&page.backfill);
        let all = page.complete && page.backfill.is_empty() && page.cursor.seq >= self.acked_seq;
        let mut out = vec![Output::Stage(page)];
        if let Some(batch) = self.batch() {
            out.push(Output::Push(batch));
        } else if all {
            out.push(Output::Flip(self.at.clone()));
            out.push(Output::Done);
        } else {
            out.push(Output::Pull(self.pull_from()));
        }
        out
    }

    /// Says what follows a batch that came without a page.
    pub fn after_push(&mut self) -> Output {
        match self.batch() {
            Some(batch) => Output::Push(batch),
            None if self.only_push => Output::Failed(Failure::Upgrade),
            None => Output::Pull(self.pull_from()),
        }
    }

    /// Returns where the pull is, to be kept with what is staged.
    pub const fn at(&self) -> &Staged {
        &self.at
    }

    fn pull_from(&self) -> PullFrom {
        PullFrom {
            cursor: self.at.cursor,
            min_seq: self.acked_seq.max(self.head_seq),
            scope_token: self.at.scope_token,
            backfill: self.at.backfill.clone(),
            floor: self.at.floor,
            head: self.at.head.at,
        }
    }

    /// Fills a batch with whole groups: as many as fit, but at least one.
    fn batch(&self) -> Option<Batch> {
        let first = self.waiting.front()?;
        let mut ops: Vec<Vec<u8>> = Vec::new();
        let mut bytes = 0;
        while ops.len() < self.limits.batch_ops {
            let Some(next) = self.waiting.get(ops.len()) else { break };
            let rest = self.waiting.iter().skip(ops.len());
            let group: Vec<&Waiting> =
                rest.take_while(|op| op.n <= next.group_end.max(next.n)).collect();
            let size: usize = group.iter().map(|op| op.bytes.len()).sum();
            if !ops.is_empty() && bytes + size > self.limits.batch_bytes {
                break;
            }
            bytes += size;
            ops.extend(group.iter().map(|op| op.bytes.clone()));
        }
        Some(Batch { generation: self.open.generation, from_n: first.n, prev: self.prev, ops })
    }
}
