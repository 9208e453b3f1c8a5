//! Places by unit: what two units ask for offline is decided by the server, and stays decided.

use std::path::Path;

use ejia::client::ReportRequest;
use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::{PartialDate, Value};
use ejia::server::admin;

use super::{Device, fields, text};
use crate::server::harness::{Server, block};

fn code(code: &str) -> Value {
    Value::Code(code.to_owned())
}

/// Two colleges, a class, and a device of each college that knows both.
struct Campus {
    server: Server,
    hq: Device,
    class: RecordId,
    units: [RecordId; 2],
    colleges: [Device; 2],
}

impl Campus {
    fn open(capacity: Option<i64>, quotas: &[i64]) -> Self {
        let server = Server::start();
        let hq = Device::hq(&server);
        hq.sync();
        let units = ["060000", "070000"].map(|code| hq.unit(code, Some(server.root.record())));
        let mut class = vec![
            ("year", Value::Int(2026)),
            ("name", text("論壇")),
            ("category", code("forum")),
            ("status", code("published")),
        ];
        class.extend(capacity.map(|places| ("capacity", Value::Int(places))));
        let class = hq.add(Kind::TrainingClass, &class);
        for (unit, places) in units.iter().zip(quotas) {
            let quota = [
                ("class", Value::Ref(class)),
                ("unit", Value::Ref(*unit)),
                ("places", Value::Int(*places)),
            ];
            hq.add(Kind::ClassQuota, &quota);
        }
        hq.sync();
        let colleges = [("organizer6", "060000"), ("organizer7", "070000")].map(|(name, unit)| {
            let device = Device::joined(&server, name, Role::Organizer, unit);
            device.sync();
            device
        });
        Self { server, hq, class, units, colleges }
    }

    /// Persons of a college, known to the server before anybody asks.
    fn people(&self, college: usize, count: usize) -> Vec<RecordId> {
        let device = &self.colleges[college];
        let number = |n| format!("0{}{n:03}", 6 + college);
        let found: Vec<_> =
            (0..count).map(|n| device.person(self.units[college], &number(n), "王小明")).collect();
        device.sync();
        found
    }

    fn ask(&self, college: usize, people: &[RecordId]) -> Vec<RecordId> {
        let saved = self.colleges[college].client.request_places(self.class, people).unwrap();
        saved.into_iter().map(|one| one.id).collect()
    }

    fn state(&self, place: RecordId) -> String {
        let state = self.hq.value(place, "status");
        state.as_ref().and_then(Value::as_text).unwrap_or_default().to_owned()
    }

    /// What headquarters sees of these places: confirmed ones, and those who wait in order.
    fn standing(&self, places: &[RecordId]) -> (Vec<RecordId>, Vec<RecordId>) {
        self.hq.sync();
        let of = |wanted: &str| -> Vec<RecordId> {
            places.iter().filter(|place| self.state(**place) == wanted).copied().collect()
        };
        let (placed, mut waiting) = (of("confirmed"), of("waitlisted"));
        assert_eq!(placed.len() + waiting.len(), places.len(), "nobody is anything else");
        waiting.sort_by_key(|place| self.hq.value(*place, "queue_position"));
        let positions: Vec<_> =
            waiting.iter().map(|place| self.hq.value(*place, "queue_position")).collect();
        let expected: Vec<_> = (1..).map(Value::Int).map(Some).take(waiting.len()).collect();
        assert_eq!(positions, expected, "in order, without a gap");
        (placed, waiting)
    }

    /// What headquarters' device says of the places used: asked again and again, so that what a sync brought must show.
    fn used(&self) -> (usize, usize) {
        let as_of = PartialDate::day(2026, 12, 31).unwrap();
        let request = ReportRequest { name: "quota-use".into(), as_of, year: 2026, unit: None };
        let total = self.hq.client.report(&request).unwrap().total;
        (total.numerator, total.denominator)
    }

    fn verify(&self) {
        assert_eq!(block(admin::verify(&self.server.database)).unwrap().difference, None);
    }

    fn restore(&mut self, from: &Path) {
        self.server.stop();
        block(admin::restore(&self.server.database, from)).unwrap();
        self.server.run();
    }
}

#[test]
fn two_units_ask_offline_for_fifteen_people_and_ten_places_give_ten_confirmed_and_five_in_order_the_same_after_a_restore()
 {
    let mut campus = Campus::open(Some(10), &[]);
    let (first, second) = (campus.people(0, 8), campus.people(1, 7));
    let backups = campus.server.folder().join("backups");
    block(admin::backup(&campus.server.database, &backups)).unwrap();
    let mut places = campus.ask(0, &first);
    places.extend(campus.ask(1, &second));
    for college in &campus.colleges {
        college.sync();
    }
    let (placed, waiting) = campus.standing(&places);
    assert_eq!((placed.as_slice(), waiting.as_slice()), (&places[..10], &places[10..]));
    campus.verify();
    campus.restore(&backups);
    // They come back in another order than they came in.
    for college in campus.colleges.iter().rev().chain(&campus.colleges) {
        college.sync();
    }
    assert_eq!(campus.standing(&places), (placed.clone(), waiting.clone()));
    let after = campus.server.folder().join("after");
    block(admin::backup(&campus.server.database, &after)).unwrap();
    campus.restore(&after);
    for college in &campus.colleges {
        college.sync();
    }
    assert_eq!(campus.standing(&places), (placed, waiting), "a second restore changes nothing");
    campus.verify();
}

#[test]
fn each_unit_has_the_places_of_its_quota_and_its_substitutes_wait() {
    let campus = Campus::open(Some(10), &[6, 4]);
    let (first, second) = (campus.people(0, 8), campus.people(1, 7));
    campus.hq.sync();
    assert_eq!(campus.used(), (0, 10));
    // The first to come has no more than its six, though the class has ten.
    let of_first = campus.ask(0, &first);
    campus.colleges[0].sync();
    let (placed, waiting) = campus.standing(&of_first);
    assert_eq!((placed.as_slice(), waiting.as_slice()), (&of_first[..6], &of_first[6..]));
    assert_eq!(campus.used(), (6, 10), "figures follow what was received");
    let of_second = campus.ask(1, &second);
    campus.colleges[1].sync();
    let all: Vec<RecordId> = of_first.iter().chain(&of_second).copied().collect();
    let (placed, waiting) = campus.standing(&all);
    let expected: Vec<RecordId> = of_first[..6].iter().chain(&of_second[..4]).copied().collect();
    assert_eq!((placed.len(), &placed), (10, &expected));
    assert_eq!(campus.used(), (10, 10));
    assert_eq!(waiting, [&of_first[6..], &of_second[4..]].concat());
    assert_eq!(campus.hq.value(campus.class, "quota_places"), Some(Value::Int(10)));
    // A place that the second unit gives back goes to its own substitute, not to the first in line.
    campus.colleges[1].client.cancel_place(of_second[0], "出差").unwrap();
    campus.colleges[1].sync();
    campus.hq.sync();
    assert_eq!(campus.state(of_second[4]), "confirmed");
    assert_eq!(campus.state(of_first[6]), "waitlisted");
    // Headquarters gives the first unit one place more and the class one more.
    let quota = campus.hq.client.list(&ejia::client::Query::all(Kind::ClassQuota)).unwrap();
    let of_unit =
        |id: &&RecordId| campus.hq.value(**id, "unit") == Some(Value::Ref(campus.units[0]));
    let quota = *quota.iter().find(of_unit).unwrap();
    let seven = fields(Kind::ClassQuota, &[("places", Value::Int(7))]);
    campus.hq.client.set_fields(quota, seven).unwrap();
    campus.hq.sync();
    assert_eq!(campus.state(of_first[6]), "waitlisted", "the class itself is full");
    let eleven = fields(Kind::TrainingClass, &[("capacity", Value::Int(11))]);
    campus.hq.client.set_fields(campus.class, eleven).unwrap();
    campus.hq.sync();
    assert_eq!(campus.state(of_first[6]), "confirmed");
    assert_eq!(campus.state(of_first[7]), "waitlisted");
    campus.verify();
}

#[test]
fn a_quota_binds_its_unit_where_the_class_itself_has_no_limit_and_leaves_the_others_free() {
    let campus = Campus::open(None, &[2]);
    let (first, second) = (campus.people(0, 3), campus.people(1, 3));
    let mut places = campus.ask(0, &first);
    places.extend(campus.ask(1, &second));
    for college in &campus.colleges {
        college.sync();
    }
    let (placed, waiting) = campus.standing(&places);
    assert_eq!((placed.len(), waiting.as_slice()), (5, &places[2..3]));
    // An edit of one enrolment gives its place to who waits for the same quota.
    let withdrawn = fields(Kind::Enrolment, &[]);
    campus.colleges[0].client.act(places[0], "withdraw", Some("出差"), withdrawn).unwrap();
    campus.colleges[0].sync();
    campus.hq.sync();
    assert_eq!(campus.state(places[2]), "confirmed");
    campus.verify();
}

#[test]
fn a_request_keeps_the_post_its_person_had_on_the_day() {
    let campus = Campus::open(Some(1), &[]);
    let people = campus.people(0, 1);
    let post = |role: &str| {
        let pairs = [
            ("person", Value::Ref(people[0])),
            ("unit", Value::Ref(campus.units[0])),
            ("role", code(role)),
        ];
        campus.colleges[0].add(Kind::Post, &pairs)
    };
    let first = post("secretary");
    let place = campus.ask(0, &people)[0];
    let then = campus.colleges[0].value(place, "post_then");
    assert_eq!(then, Some(text("單位060000书记")));
    campus.colleges[0].sync();
    campus.colleges[0].client.delete(first, "換屆").unwrap();
    post("deputy_secretary");
    campus.colleges[0].sync();
    campus.hq.sync();
    assert_eq!(campus.hq.value(place, "status"), Some(code("confirmed")));
    assert_eq!(campus.hq.value(place, "post_then"), then, "later changes do not rewrite it");
    campus.verify();
}

/// 候補名額: what is beyond the list is refused with its reason, kept at its author's, and may be asked for again.
#[test]
fn beyond_the_substitutes_of_its_quota_a_unit_is_told_that_its_list_is_full_and_loses_nothing() {
    let campus = Campus::open(Some(10), &[2, 4]);
    let quotas = campus.hq.client.list(&ejia::client::Query::all(Kind::ClassQuota)).unwrap();
    let of_unit =
        |id: &&RecordId| campus.hq.value(**id, "unit") == Some(Value::Ref(campus.units[0]));
    let quota = *quotas.iter().find(of_unit).unwrap();
    let one = fields(Kind::ClassQuota, &[("substitutes", Value::Int(1))]);
    campus.hq.client.set_fields(quota, one).unwrap();
    campus.hq.sync();
    let (first, second) = (campus.people(0, 5), campus.people(1, 6));
    let of_first = campus.ask(0, &first);
    let done = campus.colleges[0].sync();
    assert_eq!(done.refused, 2);
    let of_second = campus.ask(1, &second);
    assert_eq!(campus.colleges[1].sync().refused, 0, "a quota that does not say takes any number");
    let (placed, waiting) = campus.standing(&[&of_first[..3], &of_second].concat());
    assert_eq!((placed.len(), waiting.len()), (6, 3));
    let items = campus.colleges[0].client.attention();
    let told: Vec<_> = items.iter().map(|item| (item.record, item.code.as_str())).collect();
    assert_eq!(told, [(of_first[3], "list_full"), (of_first[4], "list_full")]);
    // One gives the place back: the substitute moves up, and there is room on the list again.
    campus.colleges[0].client.cancel_place(of_first[0], "出差").unwrap();
    campus.colleges[0].sync();
    campus.ask(0, &first[3..4]);
    campus.colleges[0].sync();
    campus.hq.sync();
    assert_eq!(campus.state(of_first[2]), "confirmed");
    assert_eq!(campus.state(of_first[3]), "waitlisted");
    campus.verify();
}
