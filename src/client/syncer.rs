//! The loop that drives the sync machine: it sends what the machine says and stores what comes back (protocol, Sync).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::ClientError;
use super::receipts::Receipts;
use super::sync_store::Session;
use super::transport::{Transport, TransportError};
use super::{Client, HttpTransport};
use crate::sync::Limits;
use crate::sync::Outcome;
use crate::sync::client::{Batch, Failure, Machine, Output, PageHead, PullFrom};
use crate::sync::open::{Order, SERVER_RESTORED};
use crate::wire::frame::Blob;
use crate::wire::{Page, PullRequest, PushAnswer, PushRequest, SyncRequest};

/// Most rounds of one sync: a server that keeps ordering is broken, not busy.
const MAX_ROUNDS: u8 = 8;

/// What a sync is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reaching the server.
    Connecting,
    /// Sending operations.
    Pushing,
    /// Receiving records.
    Pulling,
    /// Making what was received visible.
    Applying,
}

/// How far a sync is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// Operations acknowledged so far.
    pub pushed: usize,
    /// Operations that were waiting at the start.
    pub to_push: usize,
    /// Records received so far.
    pub pulled: usize,
    /// Bytes over the network so far, both ways, without headers.
    pub bytes: u64,
}

/// What a sync did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncSummary {
    /// Operations acknowledged.
    pub pushed: usize,
    /// Records received.
    pub pulled: usize,
    /// Records that left the scope.
    pub removed: usize,
    /// Open conflicts now.
    pub conflicts: usize,
    /// Refused changes now.
    pub refused: usize,
    /// Operations still waiting.
    pub pending: usize,
    /// Requests made.
    pub requests: u64,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
}

impl Client {
    /// Returns a connection to the server this device has joined.
    ///
    /// # Errors
    /// [`ClientError::NotEnrolled`], [`ClientError::Transport`].
    pub fn connect(&self) -> Result<HttpTransport, ClientError> {
        let server = self.profile().server.ok_or(ClientError::NotEnrolled)?;
        Ok(HttpTransport::pinned(&server.url, Some(server.token), server.pin)?)
    }

    /// Syncs with the server this device has joined: everything that waits is sent, everything new is received.
    ///
    /// `cancel` is looked at between requests; what was acknowledged stays so, and the next sync goes on from there.
    ///
    /// # Errors
    /// [`ClientError::Transport`] (try later, nothing is lost), [`ClientError::Cancelled`], [`ClientError::SyncRunning`],
    /// [`ClientError::Ended`], [`ClientError::Store`].
    pub fn sync(
        &self,
        progress: &dyn Fn(Progress),
        cancel: &AtomicBool,
    ) -> Result<SyncSummary, ClientError> {
        let mut transport = self.connect()?;
        let summary = self.sync_over(&mut transport, progress, cancel)?;
        if self.wants_check() {
            // What was synced stands whether or not this succeeds; the next sync tries again.
            let _later = self.compare_over(&mut transport, progress, cancel);
        }
        Ok(summary)
    }

    /// Syncs over any transport.
    ///
    /// # Errors
    /// As for [`Client::sync`].
    pub fn sync_over(
        &self,
        transport: &mut dyn Transport,
        progress: &dyn Fn(Progress),
        cancel: &AtomicBool,
    ) -> Result<SyncSummary, ClientError> {
        if self.lock().read_only {
            return Err(ClientError::ReadOnly);
        }
        if self.syncing.swap(true, Ordering::SeqCst) {
            return Err(ClientError::SyncRunning);
        }
        let result = self.rounds(transport, progress, cancel);
        self.syncing.store(false, Ordering::SeqCst);
        result
    }

    /// Runs rounds until one ends: an order of the server (resend, renumber) starts another one, and what the server does not take
    /// is answered by stepping back first.
    fn rounds(
        &self,
        transport: &mut dyn Transport,
        progress: &dyn Fn(Progress),
        cancel: &AtomicBool,
    ) -> Result<SyncSummary, ClientError> {
        for _round in 0..MAX_ROUNDS {
            let start = Session::start(&mut self.lock())?;
            let mut round = Round::new(self, transport, progress, cancel, start);
            let todo = VecDeque::from([round.machine.start()]);
            match round.run(todo) {
                Ok(Some(summary)) => {
                    self.lock().trim_journal()?;
                    return Ok(summary);
                }
                Ok(None) => {}
                Err(error) => self.step_back(transport, error)?,
            }
        }
        Err(ClientError::Ended { reason: "confused" })
    }
}

/// One sync.
pub(super) struct Round<'a> {
    client: &'a Client,
    /// Lent to another thread while a request is on its way and what came before is stored.
    transport: Option<&'a mut dyn Transport>,
    progress: &'a dyn Fn(Progress),
    cancel: &'a AtomicBool,
    session: Session,
    pub(super) machine: Machine,
    pages: VecDeque<Page>,
    state: Progress,
    again: bool,
    /// The server has less of this generation than it had acknowledged.
    unknown: bool,
    limits: Limits,
    receipts: Receipts,
}

impl<'a> Round<'a> {
    pub(super) fn new(
        client: &'a Client,
        transport: &'a mut dyn Transport,
        progress: &'a dyn Fn(Progress),
        cancel: &'a AtomicBool,
        (session, machine): (Session, Machine),
    ) -> Self {
        let mut inner = client.lock();
        let limits = inner.limits;
        // A store that cannot be read fails the sync where it is needed.
        let receipts = Receipts::load(&mut inner).unwrap_or_default();
        drop(inner);
        let to_push = machine.waiting();
        let state = Progress { phase: Phase::Connecting, pushed: 0, to_push, pulled: 0, bytes: 0 };
        let pages = VecDeque::new();
        let (again, unknown) = (false, false);
        let transport = Some(transport);
        Self {
            client,
            transport,
            progress,
            cancel,
            session,
            machine,
            pages,
            state,
            again,
            unknown,
            limits,
            receipts,
        }
    }

    /// Runs to the end, or to an order that needs another round (`None`).
    pub(super) fn run(
        mut self,
        mut todo: VecDeque<Output>,
    ) -> Result<Option<SyncSummary>, ClientError> {
        let overlap = self.transport.as_ref().is_some_and(|transport| transport.may_overlap());
        while let Some(output) = todo.pop_front() {
            if let Some(transport) = &self.transport {
                let counters = transport.counters();
                self.state.bytes = counters.bytes_sent + counters.bytes_received;
            }
            (self.progress)(self.state);
            let done = output == Output::Done;
            let stores = matches!(output, Output::StoreResults(_) | Output::Stage(_));
            let asks = matches!(todo.front(), Some(Output::Push(_) | Output::Pull(_)));
            let next = match if overlap && stores && asks { todo.pop_front() } else { None } {
                Some(request) if !self.is_cancelled() => self.both(output, request)?,
                Some(_) => {
                    self.step(output)?;
                    return Err(ClientError::Cancelled);
                }
                None => self.step(output)?,
            };
            for next in next.into_iter().rev() {
                todo.push_front(next);
            }
            if done {
                return Ok(Some(self.summary()));
            }
            if self.again {
                return Ok(None);
            }
        }
        Err(ClientError::Ended { reason: "confused" })
    }

    /// Stores what came while the next request is on its way. What was sent and not yet stored is sent again after a crash, and
    /// answered with the same outcomes.
    fn both(&mut self, store: Output, request: Output) -> Result<Vec<Output>, ClientError> {
        let Some(transport) = self.transport.take() else { return Ok(vec![store, request]) };
        let request = match request {
            Output::Push(batch) => Request::Push(self.push_request(batch)),
            Output::Pull(from) => Request::Pull(self.pull_request(from)),
            other => {
                self.transport = Some(transport);
                return Ok(vec![store, other]);
            }
        };
        let phase =
            if matches!(request, Request::Push(_)) { Phase::Pushing } else { Phase::Pulling };
        self.state.phase = phase;
        let (transport, answer, stored) = std::thread::scope(|scope| {
            let sending = scope.spawn(move || {
                let answer = request.send(transport);
                (transport, answer)
            });
            let stored = self.step(store);
            let sent = sending.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (sent.0, sent.1, stored)
        });
        self.transport = Some(transport);
        let mut next = stored?;
        match answer? {
            Answer::Push(answer) => {
                next.extend(self.take_push(answer));
                next.push(self.machine.after_push());
            }
            Answer::Pull(page) => next.extend(self.take_page(page)),
        }
        Ok(next)
    }

    fn transport(&mut self) -> Result<&mut dyn Transport, ClientError> {
        match &mut self.transport {
            Some(transport) => Ok(&mut **transport),
            None => Err(ClientError::Ended { reason: "confused" }),
        }
    }

    fn step(&mut self, output: Output) -> Result<Vec<Output>, ClientError> {
        match output {
            Output::Sync { open, push, pull } => {
                self.check_cancel()?;
                let request = SyncRequest {
                    open: *open,
                    push: push.map(|batch| self.push_request(batch)),
                    pull: Some(self.pull_request(pull)),
                };
                let answer = self.transport()?.sync(&request);
                if crate::trap!(T60) && matches!(answer, Err(TransportError::NotOurServer { .. })) {
                    return Ok(self.believe(request.push));
                }
                let mut answer = answer?;
                let other = {
                    let mut inner = self.client.lock();
                    self.unknown = answer.opened.known.last_n < inner.sync.acked_n;
                    Session::opened(&mut inner, &answer)?
                };
                if other && answer.opened.order == Order::Proceed && !crate::trap!(T14) {
                    answer.opened.order = Order::Resync(SERVER_RESTORED.to_owned());
                }
                let mut next = self.machine.answered(&answer.opened);
                if answer.opened.order == Order::Proceed {
                    if let Some(push) = answer.push {
                        next.extend(self.take_push(push));
                    }
                    match answer.page {
                        Some(page) => next.extend(self.take_page(page)),
                        None => next.push(self.machine.after_push()),
                    }
                }
                Ok(next)
            }
            Output::Push(batch) => {
                self.check_cancel()?;
                self.state.phase = Phase::Pushing;
                let request = self.push_request(batch);
                let answer = self.transport()?.push(&request)?;
                let mut next = self.take_push(answer);
                next.push(self.machine.after_push());
                Ok(next)
            }
            Output::Pull(from) => {
                self.check_cancel()?;
                self.state.phase = Phase::Pulling;
                let request = self.pull_request(from);
                let page = self.transport()?.pull(&request)?;
                Ok(self.take_page(page))
            }
            Output::Stage(head) => self.stage(&head),
            other => self.store(other),
        }
    }

    fn store(&mut self, output: Output) -> Result<Vec<Output>, ClientError> {
        let mut inner = self.client.lock();
        match output {
            Output::StoreResults(results) => {
                self.receipts.store(&mut inner)?;
                Session::results(&mut inner, &results)?;
                self.state.pushed += results.len();
            }
            Output::Flip(at) => {
                self.state.phase = Phase::Applying;
                self.session.flip(&mut inner, &at)?;
            }
            Output::Drop(units) => {
                let at = self.machine.at().clone();
                self.session.drop_units(&mut inner, &units, &at)?;
            }
            Output::SendAgain(lost) => {
                drop(inner);
                let client = self.client;
                client.resend_earlier(self.transport()?, &lost)?;
                let mut inner = client.lock();
                self.session.send_again(&mut inner)?;
                Session::hear(&mut inner)?;
                self.again = true;
            }
            Output::HandIn => {
                drop(inner);
                let client = self.client;
                client.hand_in(self.transport()?)?;
            }
            Output::Unstage => self.session.unstage(&mut inner)?,
            Output::Renumber(generation) => {
                if self.unknown {
                    // A restored server lost what it had taken, and another copy of this device was there first.
                    self.session.send_again(&mut inner)?;
                }
                inner.renumber(generation)?;
                self.again = true;
            }
            Output::Failed(failure) => {
                if failure == (Failure::Revoked { wipe: true }) {
                    inner.vault.destroy()?;
                }
                return Err(ended(&failure));
            }
            Output::Done
            | Output::Sync { .. }
            | Output::Push(_)
            | Output::Pull(_)
            | Output::Stage(_) => {}
        }
        Ok(Vec::new())
    }

    /// Takes any 200 for a success: the mistake T60.
    fn believe(&mut self, push: Option<PushRequest>) -> Vec<Output> {
        let numbers = push.into_iter().flat_map(|push| push.ops.into_iter().zip(push.from_n..));
        let results = numbers.map(|(_, n)| (n, Outcome::Applied { seq: 0 })).collect();
        let mut next = self.machine.pushed(results);
        next.push(Output::Done);
        next
    }

    fn take_push(&mut self, answer: PushAnswer) -> Vec<Output> {
        self.receipts.take(answer.receipts);
        self.machine.pushed(answer.results)
    }

    fn push_request(&self, batch: Batch) -> PushRequest {
        self.receipts.attach(PushRequest {
            generation: batch.generation,
            from_n: batch.from_n,
            prev: batch.prev,
            ops: batch.ops.into_iter().map(Blob).collect(),
            receipts: Vec::new(),
        })
    }

    fn take_page(&mut self, page: Page) -> Vec<Output> {
        let head = PageHead {
            cursor: page.cursor,
            complete: page.complete && (page.puts.is_empty() || !crate::trap!(T59)),
            removes: page.removes.iter().map(|(id, _, _)| *id).collect(),
            backfill: page.backfill.clone(),
            seal: page.seal,
            head: page.head,
        };
        self.pages.push_back(page);
        self.machine.paged(head)
    }

    fn stage(&mut self, head: &PageHead) -> Result<Vec<Output>, ClientError> {
        if let Some(page) = self.pages.pop_front() {
            self.state.pulled += page.puts.len();
            let at = self.machine.at().clone();
            self.session.stage(&mut self.client.lock(), page, head, &at)?;
        }
        Ok(Vec::new())
    }

    fn pull_request(&self, from: PullFrom) -> PullRequest {
        PullRequest {
            cursor: from.cursor,
            scope_token: from.scope_token,
            min_seq: from.min_seq,
            limit: self.limits.page_records,
            backfill: from.backfill,
            floor: from.floor,
            head: from.head,
        }
    }

    fn check_cancel(&self) -> Result<(), ClientError> {
        if self.is_cancelled() { Err(ClientError::Cancelled) } else { Ok(()) }
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::SeqCst)
    }

    fn summary(&self) -> SyncSummary {
        let status = self.client.status();
        let counters = self.transport.as_ref().map(|t| t.counters()).unwrap_or_default();
        SyncSummary {
            pushed: self.state.pushed,
            pulled: self.state.pulled,
            removed: self.session.removed(),
            conflicts: status.conflicts,
            refused: status.attention,
            pending: status.pending,
            requests: counters.requests,
            bytes_sent: counters.bytes_sent,
            bytes_received: counters.bytes_received,
        }
    }
}

/// A request that may be on its way while something is stored.
enum Request {
    Push(PushRequest),
    Pull(PullRequest),
}

enum Answer {
    Push(PushAnswer),
    Pull(Page),
}

impl Request {
    fn send(&self, transport: &mut dyn Transport) -> Result<Answer, TransportError> {
        match self {
            Self::Push(request) => transport.push(request).map(Answer::Push),
            Self::Pull(request) => transport.pull(request).map(Answer::Pull),
        }
    }
}

fn ended(failure: &Failure) -> ClientError {
    ClientError::Ended {
        reason: match failure {
            Failure::Revoked { wipe: true } => "wiped",
            Failure::Revoked { wipe: false } => "revoked",
            Failure::Upgrade => "upgrade",
            Failure::Confused => "confused",
        },
    }
}
