//! Pages across a restore of the server.

use super::*;
use crate::server::service::Call;
use crate::sync::Cursor;
use crate::wire::{self, EnrolAnswer, Page, Problem, PullRequest, pack, unpack};

/// A server from which headquarters has taken the first of many pages before it changed, and was put back.
async fn pull_across_a_restore(db: &Memory) -> [String; 2] {
    let (_, mut pens) = set_up(db).await;
    for n in 0..3 {
        let fields = vec![(FieldNo(1), Value::Text(format!("0600{n}")))];
        let create = OpBody::Create { unit: COLLEGE, fields };
        pens[0].write(Kind::Person.number(), person(n), create, None);
    }
    pens[0].push(db, 0).await;
    let account = db.accounts().await.unwrap().remove(0);
    let mut tx = db.begin().await.unwrap();
    let code = admin::new_code(&mut tx, &account, 72, &Still).await.unwrap().code;
    tx.commit().await.unwrap();
    let service = Service::alone(db.clone(), Arc::new(Still), limits());
    let joined = service.call(Call::Enrol, "", &pack(&joining(code)).unwrap()).await;
    let token = unpack::<EnrolAnswer>(&joined.body).unwrap().token;
    let copy = db.snapshot();
    let sets = vec![(FieldNo(2), Base::Absent, Value::Text("王小明".into()))];
    pens[2].write(Kind::Person.number(), person(0), OpBody::Set { sets }, None);
    pens[2].push(db, 0).await;
    let pull = |cursor, head| PullRequest {
        cursor,
        scope_token: 0,
        min_seq: 0,
        limit: 1,
        backfill: Vec::new(),
        floor: 0,
        head,
    };
    let first = pack(&pull(Cursor::START, Cursor::START)).unwrap();
    let first: Page = unpack(&service.call(Call::Pull, &token, &first).await.body).unwrap();
    assert!(!first.complete && first.head.at.seq > first.cursor.seq);
    db.set_back(&copy);
    let next = pack(&pull(first.cursor, first.head.at)).unwrap();
    let behind: Problem = unpack(&service.call(Call::Pull, &token, &next).await.body).unwrap();
    let fields = vec![(FieldNo(1), Value::Text("06009".into()))];
    let create = OpBody::Create { unit: COLLEGE, fields };
    pens[1].write(Kind::Person.number(), person(9), create, None);
    pens[1].push(db, 0).await;
    let other: Problem = unpack(&service.call(Call::Pull, &token, &next).await.body).unwrap();
    [behind.code, other.code]
}

fn joining(code: String) -> wire::EnrolRequest {
    let (name, app) = (String::new(), "0.1.0".to_owned());
    wire::EnrolRequest { code, device: DeviceId(77), public_key: Blob(vec![7; 32]), name, app }
}

#[test]
fn pages_of_a_server_that_was_put_back_in_between_are_not_joined() {
    let codes = run(async { pull_across_a_restore(&Memory::default()).await });
    assert_eq!(codes, ["behind", "epoch"], "shorter first, then grown over another way");
}
