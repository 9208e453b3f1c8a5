//! What only the server decides, from the devices' side: places, numbers, duplicate persons.

use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;
use ejia::server::admin;

use super::{Device, fields, text};
use crate::server::harness::{Server, block};

fn code(code: &str) -> Value {
    Value::Code(code.to_owned())
}

/// A university with a college, a class with places, and devices of headquarters and the college.
struct Office {
    server: Server,
    hq: Device,
    college: Device,
    unit: RecordId,
    class: RecordId,
}

impl Office {
    fn open(capacity: i64) -> Self {
        let server = Server::start();
        let hq = Device::hq(&server);
        hq.sync();
        let unit = hq.unit("060000", Some(server.root.record()));
        let class = hq.add(
            Kind::TrainingClass,
            &[
                ("year", Value::Int(2026)),
                ("name", text("論壇")),
                ("category", code("01")),
                ("capacity", Value::Int(capacity)),
                ("status", code("published")),
            ],
        );
        hq.sync();
        let college = Device::joined(&server, "organizer", Role::Organizer, "060000");
        college.sync();
        Self { server, hq, college, unit, class }
    }

    fn person(&self, number: &str) -> RecordId {
        self.college.person(self.unit, number, "王小明")
    }

    fn ask(&self, person: RecordId) -> RecordId {
        self.college.client.request_places(self.class, &[person]).unwrap()[0].id
    }

    fn verify(&self) {
        let verified = block(admin::verify(&self.server.database)).unwrap();
        assert_eq!(verified.difference, None);
    }
}

#[test]
fn a_request_stands_as_requested_until_the_server_has_answered() {
    let office = Office::open(1);
    let persons = ["06001", "06002", "06003"].map(|number| office.person(number));
    let places = persons.map(|person| office.ask(person));
    for place in places {
        assert_eq!(office.college.value(place, "status"), Some(code("requested")));
    }
    let done = office.college.sync();
    assert_eq!((done.refused, done.conflicts, done.pending), (0, 0, 0));
    let state = |place| office.college.value(place, "status").unwrap();
    assert_eq!(places.map(state), [code("confirmed"), code("waitlisted"), code("waitlisted")]);
    assert_eq!(office.college.value(places[2], "queue_position"), Some(Value::Int(2)));

    let withdraw = office.college.client.act(
        places[0],
        "withdraw",
        Some("出差"),
        fields(Kind::Enrolment, &[]),
    );
    withdraw.unwrap();
    assert_eq!(state(places[0]), code("withdrawn"));
    office.college.sync();
    assert_eq!(places.map(state), [code("withdrawn"), code("confirmed"), code("waitlisted")]);
    assert_eq!(office.college.value(places[1], "placement"), Some(code("promoted")));

    office.hq.sync();
    office
        .hq
        .client
        .set_fields(office.class, fields(Kind::TrainingClass, &[("capacity", Value::Int(0))]))
        .unwrap();
    office.hq.sync();
    assert_eq!(office.hq.value(office.class, "over_capacity"), Some(Value::Int(1)));
    let issues = office.hq.client.issues(office.class).unwrap();
    assert!(issues.iter().any(|issue| issue.code == "q14-over-capacity"), "{issues:?}");
    office.verify();
}

#[test]
fn a_refused_request_is_told_with_its_reason() {
    let office = Office::open(1);
    let person = office.person("06001");
    office.hq.sync();
    office.hq.client.act(office.class, "close", None, fields(Kind::TrainingClass, &[])).unwrap();
    office.hq.sync();
    let place = office.ask(person);
    let done = office.college.sync();
    assert_eq!(done.refused, 1);
    let item = &office.college.client.attention()[0];
    assert_eq!((item.code.as_str(), item.record), ("class_closed", place));
    assert!(
        office.college.client.view(place).is_err(),
        "nothing stands that the server did not give"
    );
}

#[test]
fn certificates_are_numbered_offline_and_nobody_else_has_the_number() {
    let office = Office::open(5);
    let persons = ["06001", "06002"].map(|number| office.person(number));
    let places = persons.map(|person| office.ask(person));
    office.college.sync();
    office.hq.sync();
    for place in places {
        let hours = fields(Kind::Enrolment, &[("hours", Value::Int(320))]);
        office.hq.client.act(place, "complete", None, hours).unwrap();
    }
    let first = office.hq.client.certify(&places[..1], None).unwrap().remove(0);
    assert_eq!(first.number, None);
    let label = first.label.unwrap();
    assert_eq!(office.hq.value(places[0], "certificate_label"), Some(text(&label)));
    assert_eq!(office.hq.value(places[0], "status"), Some(code("completed")));
    office.hq.sync();

    let leases = office.hq.client.leases();
    assert_eq!((leases.len(), leases[0].lease.lo, leases[0].left()), (1, 1, 50));
    let done = office.hq.client.certify(&places, None).unwrap();
    let numbers: Vec<&str> = done.iter().map(|one| one.number.as_deref().unwrap()).collect();
    assert_eq!(numbers, ["01-2026-0001", "01-2026-0002"]);
    assert_eq!(office.hq.client.certify(&places, None).unwrap(), done, "once is enough");
    let hq = office.hq.reopen();
    assert_eq!(hq.client.leases()[0].next, 3);
    hq.sync();
    assert_eq!(hq.value(places[1], "status"), Some(code("certified")));

    let other = Device::new("second");
    other.join_at(&office.server, "second", Role::Hq, None);
    other.sync();
    other.client.lease_numbers(2026, 10).unwrap();
    other.sync();
    let leases = other.client.leases();
    assert_eq!((leases.len(), leases[0].lease.lo, leases[0].lease.hi), (1, 51, 60));
    let verified = block(admin::verify(&office.server.database)).unwrap();
    assert_eq!(verified.difference, None);
}

#[test]
fn two_records_of_one_person_become_one() {
    let office = Office::open(5);
    let (keep, drop) = (office.person("06001"), office.person("6001"));
    let place = office.ask(drop);
    office
        .college
        .client
        .set_fields(drop, fields(Kind::Person, &[("phone", text("1_380_000_000_u640"))]))
        .unwrap();
    office.college.sync();
    office.hq.sync();
    let found = office.hq.client.duplicates();
    assert_eq!((found.len(), found[0].sign.key()), (1, "staff_no"));
    // Both may be of the same millisecond, and then their order is that of random bits.
    let both = std::collections::BTreeSet::from([keep, drop]);
    assert_eq!(found[0].persons.iter().copied().collect::<std::collections::BTreeSet<_>>(), both);
    assert_eq!(found[0].persons.len(), 2);
    let preview = office.hq.client.merge_preview(keep, drop).unwrap();
    assert_eq!((preview.takes.len(), preview.differs.len(), preview.references), (1, 1, 1));
    assert!(office.college.client.merge_persons(keep, drop).is_err(), "headquarters only");
    office.hq.client.merge_persons(keep, drop).unwrap();
    office.hq.sync();
    assert_eq!(office.hq.client.duplicates(), []);
    assert_eq!(office.hq.value(keep, "phone"), Some(text("1_380_000_000_u640")));
    assert_eq!(office.hq.value(place, "person"), Some(Value::Ref(keep)));
    assert_eq!(office.hq.client.conflicts().len(), 1, "another number is asked about");
    // The college has not heard of it, and goes on with the record it knows.
    office.college.set(drop, "phone", "1");
    office.college.sync();
    assert_eq!(office.college.value(keep, "phone"), Some(text("1")));
    office.verify();
}

/// Puts the copy back that the administrator took.
fn restore(server: &mut Server, from: &std::path::Path) {
    server.stop();
    block(admin::restore(&server.database, from)).unwrap();
    server.run();
}

#[test]
fn whoever_was_told_something_keeps_it_after_a_restore() {
    let Office { mut server, hq, college, unit, class } = Office::open(3);
    let people: Vec<RecordId> =
        (0..6).map(|n| college.person(unit, &format!("0600{n}"), "王小明")).collect();
    college.sync();
    let others: Vec<Device> = (0..4)
        .map(|n| {
            let device = Device::joined(&server, &format!("d{n}"), Role::Organizer, "060000");
            device.sync();
            device
        })
        .collect();
    let backups = server.folder().join("backups");
    block(admin::backup(&server.database, &backups)).unwrap();
    // Three have a place, two wait in this order.
    let mut places = Vec::new();
    for (n, device) in others.iter().chain([&others[0]]).enumerate() {
        places.push(device.client.request_places(class, &[people[n]]).unwrap()[0].id);
        device.sync();
    }
    restore(&mut server, &backups);
    // Somebody new is faster than all who come back, and those come back in another order.
    places.push(college.client.request_places(class, &[people[5]]).unwrap()[0].id);
    college.sync();
    for device in others.iter().rev().chain(&others) {
        device.sync();
    }
    hq.sync();
    let state = |n: usize| hq.value(places[n], "status").unwrap();
    for n in [0, 1, 2, 5] {
        assert_eq!(state(n), code("confirmed"), "{n}");
    }
    assert_eq!([state(3), state(4)], [code("waitlisted"), code("waitlisted")]);
    let position = |n: usize| hq.value(places[n], "queue_position");
    assert_eq!([position(3), position(4)], [Some(Value::Int(1)), Some(Value::Int(2))]);
    assert_eq!(hq.value(class, "over_capacity"), Some(Value::Int(1)), "noted for headquarters");
    assert_eq!(hq.value(places[2], "placement"), Some(code("honoured")));
    let verified = block(admin::verify(&server.database)).unwrap();
    assert_eq!(verified.difference, None);
}

#[test]
fn numbers_given_out_before_a_restore_are_not_given_out_again() {
    let Office { mut server, hq, .. } = Office::open(1);
    let backups = server.folder().join("backups");
    block(admin::backup(&server.database, &backups)).unwrap();
    hq.client.lease_numbers(2026, 10).unwrap();
    hq.sync();
    let first = hq.client.leases().remove(0).lease;
    assert_eq!((first.lo, first.hi), (1, 10));
    restore(&mut server, &backups);
    let other = Device::new("second");
    other.join_at(&server, "second", Role::Hq, None);
    other.client.lease_numbers(2026, 10).unwrap();
    other.sync();
    let second = other.client.leases().remove(0).lease;
    assert!(second.lo > first.hi, "{} after {}", second.lo, first.hi);
    hq.sync();
    let again = hq.client.leases().remove(0).lease;
    assert!(again.lo > second.hi, "what comes back is not what another device has");
    let verified = block(admin::verify(&server.database)).unwrap();
    assert_eq!(verified.difference, None);
}
