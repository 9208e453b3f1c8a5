//! Limits and encodings: JSON for other programs, never HTML, nothing too large.

use std::time::{Duration, Instant};

use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;
use ejia::sync::{OpBody, Outcome};
use ejia::wire::{CONTENT_TYPE, Problem, unpack};

use super::harness::{Server, fresh, no};

#[test]
fn hello_speaks_json_unless_asked_otherwise() {
    let server = Server::start();
    let url = format!("{}/v1/hello", server.url);
    let json = server.http.get(&url).header("accept", "text/html,*/*").send().unwrap();
    assert_eq!(json.headers()["content-type"], "application/json");
    let hello: serde_json::Value = serde_json::from_slice(&json.bytes().unwrap()).unwrap();
    assert_eq!(hello["protocol_max"], 1);
    let binary = server.http.get(&url).header("accept", CONTENT_TYPE).send().unwrap();
    let hello: ejia::wire::Hello = unpack(&binary.bytes().unwrap()).unwrap();
    assert_eq!(hello.page_records, 1_000);
}

#[test]
fn every_refusal_is_a_problem_and_never_html() {
    let server = Server::start();
    let get = |path: &str| server.http.get(format!("{}{path}", server.url)).send().unwrap();
    let post = |path, kind, body: &[u8]| server.post(path, "x", kind, body.to_vec());
    let answers = [
        (get("/"), 404),
        (get("/v1/sync"), 405),
        (get("/v1/record/not-an-id/history"), 401),
        (post("/v1/enrol", "application/json", b"<html>"), 400),
        (post("/v1/enrol", CONTENT_TYPE, b"<html>"), 400),
        (post("/v1/enrol", "text/html", b"<html>"), 415),
        (post("/v1/enrol", "application/json", &vec![b' '; 5 << 20]), 413),
    ];
    for (response, status) in answers {
        assert_eq!(response.status(), status);
        let kind = response.headers()["content-type"].clone();
        let body = response.bytes().unwrap();
        let problem: Problem = if kind == CONTENT_TYPE {
            unpack(&body).unwrap()
        } else {
            assert_eq!(kind, "application/json");
            serde_json::from_slice(&body).unwrap()
        };
        assert!(!problem.code.is_empty() && problem.request_id.len() == 16, "{problem:?}");
    }
}

#[test]
fn json_pushes_and_pulls_the_same_records() {
    let server = Server::start();
    let mut hq = server.hq();
    let (_, bytes) = hq.op(
        Kind::Person,
        RecordId(fresh()),
        OpBody::Create {
            unit: ejia::domain::ids::UnitId::HOME,
            fields: vec![
                (no(Kind::Person, "staff_no"), Value::Text("06001".to_owned())),
                (no(Kind::Person, "name"), Value::Text("王小明".to_owned())),
            ],
        },
    );
    let body = serde_json::json!({
        "generation": 1, "from_n": 1, "prev": vec![0; 16], "ops": [ejia::wire::frame::hex(&bytes)],
    });
    let post = |path: &str, body: &serde_json::Value| {
        let body = serde_json::to_vec(body).unwrap();
        let response = server.post(path, &hq.token, "application/json", body);
        let status = response.status();
        let text = response.text().unwrap();
        assert_eq!(status, 200, "{text}");
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let answer = post("/v1/sync/push", &body);
    assert_eq!(answer["results"][0][1]["type"], "applied");
    let body = serde_json::json!({
        "cursor": {"epoch": uuid::Uuid::nil(), "seq": 0, "chain": vec![0; 16]}, "scope_token": 0, "min_seq": 0, "limit": 0,
        "backfill": [], "floor": 0, "head": {"epoch": uuid::Uuid::nil(), "seq": 0, "chain": vec![0; 16]},
    });
    let page = post("/v1/sync/pull", &body);
    assert_eq!(page["puts"][1]["fields"][1]["value"]["text"], "王小明");
}

#[test]
fn a_bomb_is_refused_quickly() {
    let server = Server::start();
    let hq = server.hq();
    let zeros = vec![0; 64 << 20];
    let packet = ejia::wire::packet::envelope(1, &zstd::bulk::compress(&zeros, 3).unwrap());
    let start = Instant::now();
    let response = server.post("/v1/sync/push", &hq.token, CONTENT_TYPE, packet);
    assert_eq!(response.status(), 413);
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn batches_and_texts_have_their_limits() {
    let server = Server::start();
    let mut hq = server.hq();
    let many: Vec<Vec<u8>> = (0..1_001)
        .map(|_| hq.op(Kind::Person, RecordId(fresh()), OpBody::Restore { saw: 0 }).1)
        .collect();
    let problem = hq.push(&many).unwrap_err();
    assert_eq!((problem.code.as_str(), problem.expected), ("too_large", Some(1_000)));
    (hq.n, hq.prev) = (0, [0; 16]);
    let long = Value::Text("長".repeat(6_000));
    let fields = vec![(no(Kind::Person, "name"), long)];
    let body = OpBody::Create { unit: ejia::domain::ids::UnitId::HOME, fields };
    let (_, outcome) = hq.do_one(Kind::Person, RecordId(fresh()), body);
    let Outcome::Rejected { code, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(code, "too_large");
}

#[test]
fn a_server_that_is_behind_says_so() {
    let server = Server::start();
    let mut hq = server.hq();
    let mut request = hq.pull_request(0);
    request.min_seq = 1_000;
    let answer: Result<ejia::wire::Page, Problem> = hq.call("/v1/sync/pull", &request);
    assert_eq!(answer.unwrap_err().code, "behind");
    request.min_seq = 0;
    request.cursor.seq = 1;
    request.cursor.chain = [1; 16];
    let answer: Result<ejia::wire::Page, Problem> = hq.call("/v1/sync/pull", &request);
    assert_eq!(answer.unwrap_err().code, "epoch");
}
