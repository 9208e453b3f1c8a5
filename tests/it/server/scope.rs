//! Who sees what: nobody ever gets a byte of another unit's persons.

use ejia::domain::access::Role;
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;
use ejia::sync::open::Order;
use ejia::sync::{Base, OpBody, Outcome};

use super::harness::Server;

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_unit_sees_its_own_persons_and_no_others() {
    let server = Server::start();
    let mut hq = server.hq();
    hq.unit("A", server.root);
    hq.unit("B", server.root);
    let mut a = server.user("organizer-a", Role::Organizer, "A");
    let mut b = server.user("organizer-b", Role::Organizer, "B");
    let (mine, _) = a.person("A0001", "甲學院的人");
    let (theirs, made) = b.person("B0001", "乙學院的人");
    b.set(Kind::Person, theirs, "name", Base::Seen(made), "乙學院改名");
    b.set(Kind::Person, theirs, "name", Base::Seen(made), "乙學院再改");

    let (puts, removes) = a.pull();
    let persons: Vec<_> = puts.iter().filter(|r| r.kind == Kind::Person.number()).collect();
    assert_eq!((persons.len(), persons[0].id), (1, mine));
    assert!(removes.is_empty());
    let (_, foreign) = a.set(Kind::Person, theirs, "name", Base::Seen(made), "別人的");
    assert!(matches!(foreign, Outcome::Conflict { .. }), "kept for headquarters: {foreign:?}");
    let (_, taken) = a.op(
        Kind::Person,
        ejia::domain::ids::RecordId(super::harness::fresh()),
        OpBody::Create {
            unit: ejia::domain::ids::UnitId::HOME,
            fields: vec![
                (super::harness::no(Kind::Person, "staff_no"), Value::Text("B0001".to_owned())),
                (super::harness::no(Kind::Person, "name"), Value::Text("誰".to_owned())),
            ],
        },
    );
    assert!(matches!(a.push(&[taken]).unwrap().results[0].1, Outcome::Rejected { .. }));
    a.pull();
    let history = server
        .http
        .get(format!("{}/v1/record/{theirs}/history", server.url))
        .header("authorization", format!("Bearer {}", a.token))
        .send()
        .unwrap();
    assert_eq!(history.status(), 404);
    a.seen.extend(history.bytes().unwrap());
    assert!(contains(&a.seen, "甲學院的人"));
    for secret in ["乙學院", "B0001"] {
        assert!(!contains(&a.seen, secret), "{secret} reached another unit");
    }
    let (puts, _) = hq.pull();
    assert_eq!(puts.iter().filter(|r| r.kind == Kind::Person.number()).count(), 2);
}

#[test]
fn what_units_above_publish_is_seen_and_nothing_else_of_them() {
    let server = Server::start();
    let mut hq = server.hq();
    let a = hq.unit("A", server.root);
    hq.unit("A1", a);
    hq.unit("B", server.root);
    let mut lower = server.user("lower", Role::Organizer, "A1");
    hq.person("H0001", "校部的人");
    let (class, _) = hq.create(
        Kind::TrainingClass,
        &[
            ("year", Value::Int(2026)),
            ("name", Value::Text("支部書記輪訓班".to_owned())),
            ("category", Value::Code("rotation".to_owned())),
            ("status", Value::Code("planned".to_owned())),
        ],
    );
    let (puts, _) = lower.pull();
    assert!(puts.iter().any(|record| record.id == class), "a class of headquarters is published");
    let units = puts.iter().filter(|record| record.kind == Kind::Unit.number()).count();
    assert_eq!(units, 3, "own unit and the two above, not B");
    assert!(!contains(&lower.seen, "校部的人"));
}

#[test]
fn a_moved_person_leaves_one_device_and_arrives_at_the_other() {
    let server = Server::start();
    let mut hq = server.hq();
    hq.unit("A", server.root);
    let b_unit = hq.unit("B", server.root);
    let mut a = server.user("organizer-a", Role::Organizer, "A");
    let mut b = server.user("organizer-b", Role::Organizer, "B");
    let (person, made) = a.person("A0001", "要調走的人");
    let (enrolment, _) = a.create(
        Kind::Enrolment,
        &[
            ("person", Value::Ref(person)),
            ("class", Value::Ref(ejia::domain::ids::RecordId(super::harness::fresh()))),
            ("attends_as", Value::Code("student_secretary".to_owned())),
            ("status", Value::Code("draft".to_owned())),
        ],
    );
    assert!(a.pull().0.iter().any(|record| record.id == person));
    b.pull();

    let (_, moved) =
        hq.do_one(Kind::Person, person, OpBody::Move { base: Base::Seen(made), to: b_unit });
    assert!(matches!(moved, Outcome::Applied { .. }), "{moved:?}");
    let (puts, removes) = a.pull();
    assert!(puts.is_empty());
    assert_eq!(removes, [person, enrolment], "what belongs to the person goes along");
    let (puts, removes) = b.pull();
    let ids: Vec<_> = puts.iter().map(|record| record.id).collect();
    assert_eq!((ids, removes.len()), (vec![person, enrolment], 0));
    assert_eq!(a.pull().1, [], "told once");
    let verified = super::harness::block(ejia::server::admin::verify(&server.database)).unwrap();
    assert_eq!(verified.difference, None);
}

#[test]
fn a_unit_put_elsewhere_is_dropped_by_one_device_and_taken_from_its_start_by_the_other() {
    let server = Server::start();
    let mut hq = server.hq();
    let a = hq.unit("A", server.root);
    let b = hq.unit("B", server.root);
    let leaf = hq.unit("L", a);
    let mut upper = server.user("organizer-a", Role::Organizer, "A");
    let mut lower = server.user("organizer-l", Role::Organizer, "L");
    let mut other = server.user("organizer-b", Role::Organizer, "B");
    lower.person("L0001", "支部的人");
    assert!(upper.pull().0.iter().any(|r| r.kind == Kind::Person.number()));
    other.pull();
    assert!(!contains(&other.seen, "支部的人"));
    let mut first = server.user("second-b", Role::Organizer, "B");
    first.scope_token = first.open().scope_token;

    let made = hq.pull().0.into_iter().find(|r| r.id == leaf.record()).unwrap();
    let parent = super::harness::no(Kind::Unit, "parent");
    let base = Base::Seen(made.fields[&parent].origin);
    let sets = vec![(parent, base, Value::Ref(b.record()))];
    let (_, outcome) = hq.do_one(Kind::Unit, leaf.record(), OpBody::Set { sets });
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    for device in [&mut upper, &mut other] {
        assert_eq!(device.page(0).unwrap_err().code, "scope_changed");
    }
    let refused = first.page(0).unwrap_err();
    assert_eq!(refused.code, "scope_changed", "the first page is of the scope that was told, too");
    let opened = upper.open();
    assert_eq!((opened.order, opened.scope_add), (Order::Proceed, vec![]));
    assert!(opened.scope_drop.contains(&leaf) && !opened.scope_drop.contains(&a));
    let opened = other.open();
    assert_eq!((opened.order, opened.scope_drop.contains(&leaf)), (Order::Proceed, false));
    assert_eq!(opened.scope_add, [leaf]);
    other.scope_token = opened.scope_token;
    let mut request = other.pull_request(1);
    request.backfill = vec![(leaf, 0)];
    let mut kinds = Vec::new();
    while !request.backfill.is_empty() {
        let page: ejia::wire::Page = other.call("/v1/sync/pull", &request).unwrap();
        assert_eq!((page.cursor, page.complete), (other.cursor, false));
        kinds.extend(page.puts.iter().map(|row| ejia::wire::head(&row.0).unwrap().kind));
        request.backfill = page.backfill;
    }
    assert_eq!(
        kinds,
        [Kind::Person.number(), Kind::Unit.number()],
        "older and newer than the cursor"
    );
    assert!(contains(&other.seen, "支部的人"));
    assert!(other.page(0).unwrap().complete);
    let mut foreign = upper.pull_request(0);
    foreign.scope_token = upper.open().scope_token;
    foreign.backfill = vec![(leaf, 0)];
    let refused = upper.call::<_, ejia::wire::Page>("/v1/sync/pull", &foreign).unwrap_err();
    assert_eq!(refused.code, "scope_changed", "nobody takes a unit that is not theirs");
}

#[test]
fn pages_of_every_size_give_the_same_records() {
    let server = Server::start();
    let mut hq = server.hq();
    hq.unit("A", server.root);
    let mut a = server.user("organizer-a", Role::Organizer, "A");
    for n in 0..7 {
        let (person, made) = a.person(&format!("A{n:04}"), "某人");
        if n % 2 == 0 {
            a.set(Kind::Person, person, "name", Base::Seen(made), "甲");
            a.set(Kind::Person, person, "name", Base::Seen(made), "乙");
        }
    }
    for device in [&mut hq, &mut a] {
        let (whole, _) = device.pull();
        let end = device.cursor;
        for limit in 1..=u32::try_from(whole.len()).unwrap() + 1 {
            device.cursor = ejia::sync::Cursor::START;
            let mut got = Vec::new();
            loop {
                let page = device.page(limit).unwrap();
                got.extend(
                    page.puts.iter().map(|bytes| ejia::wire::decode_record(&bytes.0).unwrap()),
                );
                if page.complete {
                    break;
                }
            }
            assert_eq!(got, whole, "pages of {limit}");
            assert_eq!(device.cursor, end);
        }
    }
}

#[test]
fn a_deleted_record_is_sent_without_its_content() {
    let server = Server::start();
    let mut hq = server.hq();
    let (person, _) = hq.person("H0001", "要刪除的人");
    let saw = hq.pull().0.iter().find(|r| r.id == person).unwrap().saw();
    let body = OpBody::Delete { saw, reason: "重複".to_owned() };
    let (_, outcome) = hq.do_one(Kind::Person, person, body);
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    hq.seen.clear();
    hq.cursor = ejia::sync::Cursor::START;
    let (puts, _) = hq.pull();
    let gone = puts.iter().find(|r| r.id == person).unwrap();
    assert!(gone.tombstone.is_some() && gone.fields.is_empty());
    assert!(!contains(&hq.seen, "要刪除的人"));
    let (_, outcome) = hq.do_one(Kind::Person, person, OpBody::Restore { saw });
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    let (puts, _) = hq.pull();
    assert!(!puts[0].fields.is_empty(), "a restored record has its values again");
}
