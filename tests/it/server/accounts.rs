//! Enrolment, tokens, closed accounts.

use ejia::domain::access::Role;
use ejia::domain::ids::DeviceId;
use ejia::server::admin;

use super::harness::{Server, block};

#[test]
fn a_code_works_once_as_typed_by_a_person() {
    let server = Server::start();
    let typed = server.first_code.to_lowercase().replace('-', " ");
    let device = server.enrol(&typed).unwrap();
    assert_eq!(device.token.len(), 64);
    let problem = server.enrol(&typed).map(|_| ()).unwrap_err();
    assert_eq!(problem.code, "used_code");
    let problem = server.enrol("AAAAA-AAAAA").map(|_| ()).unwrap_err();
    assert_eq!(problem.code, "bad_code");
}

#[test]
fn an_expired_code_is_told_apart() {
    let server = Server::start();
    let code = block(admin::code(&server.database, "admin", 0)).unwrap();
    let problem = server.enrol(&code.code).map(|_| ()).unwrap_err();
    assert_eq!(problem.code, "expired_code");
}

#[test]
fn a_device_id_of_somebody_else_is_refused_and_the_code_stays_good() {
    let server = Server::start();
    let mut hq = server.hq();
    hq.unit("A", server.root);
    server.user("one", Role::Organizer, "A");
    let code = block(admin::code(&server.database, "one", 1)).unwrap().code;
    let problem = server.enrol_as(&code, hq.id).map(|_| ()).unwrap_err();
    assert_eq!(problem.code, "device_taken");
    server.enrol_as(&code, DeviceId(77)).unwrap();
}

#[test]
fn a_disabled_user_and_a_revoked_device_are_refused_everywhere() {
    let server = Server::start();
    let mut hq = server.hq();
    hq.unit("A", server.root);
    let mut one = server.user("one", Role::Organizer, "A");
    let mut two = server.user("two", Role::Organizer, "A");
    one.person("A0001", "某人");
    let spare = block(admin::code(&server.database, "one", 1)).unwrap().code;
    block(admin::user_disable(&server.database, "one")).unwrap();
    assert_eq!(one.page(0).unwrap_err().code, "disabled");
    assert_eq!(server.enrol(&spare).map(|_| ()).unwrap_err().code, "disabled");
    block(admin::revoke(&server.database, two.id, false)).unwrap();
    assert_eq!(two.page(0).unwrap_err().code, "revoked");
}

#[test]
fn a_wrong_token_is_401_in_the_callers_encoding() {
    let server = Server::start();
    let mut hq = server.hq();
    hq.token = "0".repeat(64);
    assert_eq!(hq.page(0).unwrap_err().code, "unauthorized");
    let response = server.post("/v1/sync/pull", "", "application/json", b"{}".to_vec());
    assert_eq!(response.status(), 401);
    let body: serde_json::Value = serde_json::from_slice(&response.bytes().unwrap()).unwrap();
    assert_eq!(body["code"], "unauthorized");
    assert_eq!(body["request_id"].as_str().unwrap().len(), 16);
}

#[test]
fn an_auditor_reads_and_changes_nothing() {
    let server = Server::start();
    let mut hq = server.hq();
    hq.unit("A", server.root);
    let mut one = server.user("one", Role::Organizer, "A");
    let (person, made) = one.person("A0001", "某人");
    let mut auditor = server.user("auditor", Role::Auditor, "A");
    assert!(auditor.pull().0.iter().any(|record| record.id == person));
    let base = ejia::sync::Base::Seen(made);
    let kind = ejia::domain::kinds::Kind::Person;
    let (_, outcome) = auditor.set(kind, person, "name", base, "改名");
    assert!(matches!(outcome, ejia::sync::Outcome::Rejected { .. }), "{outcome:?}");
}
