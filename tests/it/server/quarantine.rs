//! What a revoked device handed in, taken in as its author's work; and an outside verifier who follows both chains.

use ejia::client::ClientError;
use ejia::domain::access::Role;
use ejia::domain::kinds::Kind;
use ejia::server::admin::{self, AdminError};
use ejia::server::db::rows::Event;
use ejia::sync::{Outcome, chain_step};
use ejia::wire::AuditAnswer;

use super::harness::{Server, block};
use crate::sync::{Device, text};

#[test]
fn thirty_unsent_changes_of_a_revoked_device_are_reviewed_and_taken_in_as_their_authors() {
    let server = Server::start();
    let hq = Device::hq(&server);
    hq.unit("020100", None);
    hq.sync();
    let device = Device::joined(&server, "wang", Role::Organizer, "020100");
    device.sync();
    for n in 0..30 {
        let number = format!("{:05}", 10_000 + n);
        device.add(Kind::Person, &[("staff_no", text(&number)), ("name", text("某人"))]);
    }
    let id = device.client.profile().device;
    block(admin::revoke(&server.database, id, true)).unwrap();
    let ended = device.client.sync(&|_| {}, &std::sync::atomic::AtomicBool::new(false));
    assert!(matches!(ended, Err(ClientError::Ended { reason: "wiped" })), "{ended:?}");
    assert!(!device.holds_bytes("某人".as_bytes()));
    let list = block(admin::quarantine(&server.database)).unwrap();
    assert_eq!(list.len(), 30);
    let open = |info: &admin::QuarantineInfo| info.row.state == "open" && info.user == "wang";
    assert!(list.iter().all(open));
    assert_eq!((list[0].kind, list[0].body()), ("person", "create"));
    assert!(
        list[0].values().iter().any(|(key, value)| key == "staff_no" && value.contains("10000"))
    );
    let numbers: Vec<u64> = list.iter().map(|info| info.row.no).collect();
    for no in &numbers[..29] {
        let outcome = block(admin::quarantine_take(&server.database, *no)).unwrap();
        assert!(matches!(outcome, Outcome::Applied { .. }), "{no}: {outcome:?}");
    }
    block(admin::quarantine_reject(&server.database, numbers[29], "a slip")).unwrap();
    for no in [numbers[0], numbers[29], 999] {
        let again = block(admin::quarantine_take(&server.database, no));
        assert!(matches!(again, Err(AdminError::NoQuarantine { .. })), "{no}: {again:?}");
    }
    hq.sync();
    assert_eq!(hq.count(Kind::Person), 29);
    let events = block(admin::events(&server.database, 0, 1_000)).unwrap();
    let count = |word: &str| events.iter().filter(|info| info.row.event.word == word).count();
    assert_eq!((count("quarantine.taken"), count("quarantine.rejected")), (29, 1));
    let decided = events.iter().filter(|info| info.row.event.word.starts_with("quarantine."));
    assert!(decided.clone().all(|info| info.user == "wang"), "it is that user's work");
    assert_eq!(block(admin::verify(&server.database)).unwrap().difference, None);
}

/// Follows both chains from the answers alone, as somebody outside would.
fn follow(answer: &AuditAnswer) -> ([u8; 16], [u8; 16]) {
    let mut log = [0; 16];
    for (seq, op) in (1..).zip(&answer.ops) {
        log = chain_step(&log, &op.hash, op.outcome_tag, op.seq, &op.noted);
        assert_eq!((op.seq, op.chain), (seq, log));
    }
    let mut events = [0; 16];
    for (no, row) in (1..).zip(&answer.events) {
        let (device, user) = (row.device, row.user);
        let (word, detail) = (row.word.clone(), row.detail.clone());
        let event = Event { at: row.at, word, device, user, detail };
        events = event.link(&events, no);
        assert_eq!((row.no, row.chain), (no, events));
    }
    (log, events)
}

#[test]
fn an_outside_verifier_follows_both_chains_and_others_may_not() {
    let server = Server::start();
    let mut hq = server.hq();
    hq.unit("020100", server.root);
    for n in 0..5 {
        hq.person(&format!("{n:05}"), "王小明");
    }
    let local = server.user("local", Role::Auditor, "020100");
    let whole = server.user("whole", Role::Auditor, "000000");
    let ask = |token: &str, path: &str| {
        let request = server.http.get(format!("{}{path}", server.url));
        request.header("authorization", format!("Bearer {token}")).send().unwrap()
    };
    assert_eq!(ask(&local.token, "/v1/audit").status().as_u16(), 403);
    assert_eq!(ask(&whole.token, "/v1/audit?after=x").status().as_u16(), 400);
    let response = ask(&whole.token, "/v1/audit");
    let text = response.text().unwrap();
    assert!(!text.contains("王小明"), "no word of what the operations say");
    let answer: AuditAnswer = serde_json::from_str(&text).unwrap();
    assert_eq!(follow(&answer), (answer.head_chain, answer.event_chain));
    assert_eq!(answer.ops.len(), 7);
    let later = ask(&hq.token, "/v1/audit?after=6&events_after=1").text().unwrap();
    let later: AuditAnswer = serde_json::from_str(&later).unwrap();
    assert_eq!((later.ops.len(), later.events[0].no), (1, 2));
}
