//! The network of a run: every request may be lost, doubled, late or spoilt, and between any two others go on.

use ejia::client::{Counters, Transport, TransportError};
use ejia::domain::ids::RecordId;
use ejia::server::service::Call;
use ejia::sync::{OpBody, Outcome};
use ejia::wire::packet::Message;
use ejia::wire::{
    ChallengeAnswer, ChallengeRequest, CheckAnswer, CheckRequest, EnrolAnswer, EnrolRequest, Hello,
    HistoryAnswer, Page, Problem, PullRequest, PushAnswer, PushRequest, QuarantineAnswer,
    QuarantineRequest, ReadmitAnswer, ReadmitRequest, SessionAnswer, SessionRequest, SyncAnswer,
    SyncRequest, decode_op, pack, unpack,
};

use super::faults::Fault;
use super::world::World;

const HOUR: i64 = 3_600_000;
const PAGE_FOR_PEOPLE: &[u8] = b"<!DOCTYPE html><html><body>Please log in</body></html>";

const NET: &[Fault] = &[
    Fault::DropRequest,
    Fault::DropReply,
    Fault::Duplicate,
    Fault::Reorder,
    Fault::Delay,
    Fault::Truncate,
    Fault::Corrupt,
    Fault::Html,
    Fault::CrashServer,
    Fault::ReplicaLag,
    Fault::TokenExpiry,
];

/// A request that will arrive again.
pub(crate) struct Late {
    pub(crate) call: Call,
    pub(crate) token: String,
    pub(crate) body: Vec<u8>,
}

/// The connection of one device.
pub(crate) struct Wire<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) device: usize,
    pub(crate) token: String,
    pub(crate) counters: Counters,
}

impl<'a> Wire<'a> {
    pub(crate) fn new(world: &'a mut World, device: usize, token: String) -> Self {
        Self { world, device, token, counters: Counters::default() }
    }

    fn ask<Q: Message, A: Message>(
        &mut self,
        call: Call,
        request: &Q,
    ) -> Result<A, TransportError> {
        let body = pack(request).map_err(|_too_large| not_ours())?;
        self.send(call, body)
    }

    fn send<A: Message>(&mut self, call: Call, mut body: Vec<u8>) -> Result<A, TransportError> {
        self.counters.requests += 1;
        self.world.meanwhile(self.device);
        let fault = self.world.strike(NET);
        let mut token = self.token.clone();
        match fault {
            Some(Fault::DropRequest) => return Err(unreachable()),
            Some(Fault::Html) => {
                return Err(read::<A>(200, PAGE_FOR_PEOPLE).err().unwrap_or_else(not_ours));
            }
            Some(Fault::TokenExpiry) => token.push('x'),
            Some(Fault::Duplicate) => drop(self.world.server.call(call, &token, &body)),
            Some(Fault::Reorder) => {
                self.world.late.push(Late { call, token: token.clone(), body: body.clone() });
            }
            Some(Fault::Delay) => {
                let hours = i64::try_from(self.world.rng.between(1, 30)).unwrap();
                self.world.time.pass(hours * HOUR);
                self.world.meanwhile(self.device);
            }
            Some(fault @ (Fault::Truncate | Fault::Corrupt)) if self.world.rng.per_mille(500) => {
                self.spoil(fault, &mut body);
            }
            Some(Fault::CrashServer) => {
                let calls = u32::try_from(self.world.rng.between(1, 14)).unwrap();
                self.world.server.db.stop_at(calls);
            }
            _later_or_none => {}
        }
        let spoilt = matches!(fault, Some(Fault::Truncate | Fault::Corrupt));
        let answered = match (fault, call) {
            (Some(Fault::ReplicaLag), Call::Pull) => self.world.ask_replica(call, &token, &body),
            _ => self.world.server.call(call, &token, &body),
        };
        self.world.server_died_perhaps();
        self.world.server.db.start();
        let Some(mut answered) = answered else { return Err(timed_out()) };
        self.world.meanwhile(self.device);
        match fault {
            Some(Fault::DropReply) => return Err(timed_out()),
            Some(fault) if spoilt && self.world.rng.per_mille(500) => {
                self.spoil(fault, &mut answered.body);
            }
            _whole => {}
        }
        read(answered.status, &answered.body)
    }

    /// Remembers who was told that they have a place.
    fn hear(&mut self, request: &PushRequest, answer: &PushAnswer) {
        for (n, outcome) in &answer.results {
            let at = n.checked_sub(request.from_n).and_then(|at| usize::try_from(at).ok());
            let op = at.and_then(|at| request.ops.get(at)).and_then(|op| decode_op(&op.0).ok());
            let asked = op.filter(|op| matches!(op.body, OpBody::Command { .. }));
            if let (Some(op), Outcome::Applied { .. }) = (asked, outcome) {
                self.world.told.insert(op.record);
            }
        }
    }

    fn spoil(&mut self, fault: Fault, body: &mut Vec<u8>) {
        let at = self.world.rng.below(body.len());
        if fault == Fault::Truncate {
            body.truncate(at);
        } else if let Some(byte) = body.get_mut(at) {
            *byte ^= u8::try_from(self.world.rng.between(1, 255)).unwrap();
        }
    }
}

fn read<A: Message>(status: u16, body: &[u8]) -> Result<A, TransportError> {
    if status == 200 {
        return unpack(body).map_err(|_other| not_ours());
    }
    let problem: Problem = unpack(body).map_err(|_other| not_ours())?;
    Err(TransportError::Refused { status, problem, retry_after_ms: None })
}

fn unreachable() -> TransportError {
    TransportError::Unreachable { url: "sim".into() }
}

fn timed_out() -> TransportError {
    TransportError::TimedOut { url: "sim".into() }
}

fn not_ours() -> TransportError {
    TransportError::NotOurServer { url: "sim".into() }
}

impl Transport for Wire<'_> {
    fn hello(&mut self) -> Result<Hello, TransportError> {
        self.send(Call::Hello, Vec::new())
    }

    fn enrol(&mut self, request: &EnrolRequest) -> Result<EnrolAnswer, TransportError> {
        self.ask(Call::Enrol, request)
    }

    fn sync(&mut self, request: &SyncRequest) -> Result<SyncAnswer, TransportError> {
        let answer: SyncAnswer = self.ask(Call::Sync, request)?;
        if let (Some(push), Some(answer)) = (&request.push, &answer.push) {
            self.hear(push, answer);
        }
        Ok(answer)
    }

    fn push(&mut self, request: &PushRequest) -> Result<PushAnswer, TransportError> {
        let answer = self.ask(Call::Push, request)?;
        self.hear(request, &answer);
        Ok(answer)
    }

    fn pull(&mut self, request: &PullRequest) -> Result<Page, TransportError> {
        self.ask(Call::Pull, request)
    }

    fn history(&mut self, record: RecordId) -> Result<HistoryAnswer, TransportError> {
        self.send(Call::History(record), Vec::new())
    }

    fn challenge(&mut self, request: &ChallengeRequest) -> Result<ChallengeAnswer, TransportError> {
        self.ask(Call::Challenge, request)
    }

    fn session(&mut self, request: &SessionRequest) -> Result<SessionAnswer, TransportError> {
        self.ask(Call::Session, request)
    }

    fn set_token(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    fn readmit(&mut self, request: &ReadmitRequest) -> Result<ReadmitAnswer, TransportError> {
        self.ask(Call::Readmit, request)
    }

    fn quarantine(
        &mut self,
        request: &QuarantineRequest,
    ) -> Result<QuarantineAnswer, TransportError> {
        self.ask(Call::Quarantine, request)
    }

    fn check(&mut self, request: &CheckRequest) -> Result<CheckAnswer, TransportError> {
        self.ask(Call::Check, request)
    }

    fn counters(&self) -> Counters {
        self.counters
    }
}
