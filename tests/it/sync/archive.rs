//! The archive over a real server: what was written before it was known waits for a person, and nothing else gets in.

use ejia::client::{ClientError, Resolution};
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

/// A class that was held: one person finished it, with a session and a mark; headquarters and a college know it.
struct Held {
    server: Server,
    hq: Device,
    college: Device,
    class: RecordId,
    persons: [RecordId; 2],
    place: RecordId,
    session: RecordId,
    mark: RecordId,
}

impl Held {
    fn open() -> Self {
        let server = Server::start();
        let hq = Device::hq(&server);
        hq.sync();
        let unit = hq.unit("060000", Some(server.root.record()));
        let class = hq.add(
            Kind::TrainingClass,
            &[
                ("year", Value::Int(2026)),
                ("name", text("論壇")),
                ("status", code("published")),
                (
                    "starts_on",
                    Value::Date(ejia::domain::record::PartialDate::day(2026, 6, 1).unwrap()),
                ),
                (
                    "ends_on",
                    Value::Date(ejia::domain::record::PartialDate::day(2026, 6, 2).unwrap()),
                ),
            ],
        );
        let begins = Value::Instant(1_780_290_000_000);
        let session = hq.add(Kind::Session, &[("class", Value::Ref(class)), ("starts_at", begins)]);
        hq.sync();
        let college = Device::joined(&server, "organizer", Role::Organizer, "060000");
        college.sync();
        let persons = ["06001", "06002"].map(|number| college.person(unit, number, "王小明"));
        let place = college.client.request_places(class, &persons[..1]).unwrap()[0].id;
        let mark = college.add(
            Kind::Attendance,
            &[("session", Value::Ref(session)), ("person", Value::Ref(persons[0]))],
        );
        college.sync();
        hq.sync();
        Self { server, hq, college, class, persons, place, session, mark }
    }

    /// Headquarters closes the books; the college does not know yet.
    fn archive(&self) {
        let none = |kind| fields(kind, &[]);
        let hours = fields(Kind::Enrolment, &[("hours", Value::Int(80))]);
        self.hq.client.act(self.place, "complete", None, hours).unwrap();
        for step in ["start", "finish", "archive"] {
            self.hq.client.act(self.class, step, None, none(Kind::TrainingClass)).unwrap();
        }
        self.hq.sync();
    }

    fn verify(&self) {
        assert_eq!(block(admin::verify(&self.server.database)).unwrap().difference, None);
    }
}

fn archived(error: &ClientError) -> bool {
    matches!(error, ClientError::Invalid { issues } if issues.iter().any(|issue| issue.code == "archived"))
}

#[test]
fn what_a_unit_wrote_offline_before_it_knew_of_the_archive_is_kept_for_a_person() {
    let held = Held::open();
    held.archive();
    // The college has not synced since: its device lets it write.
    let absent = fields(Kind::Attendance, &[("state", code("absent"))]);
    held.college.client.set_fields(held.mark, absent).unwrap();
    held.college.client.delete(held.place, "誤報").unwrap();
    let late = held.college.add(
        Kind::Attendance,
        &[("session", Value::Ref(held.session)), ("person", Value::Ref(held.persons[1]))],
    );
    let asked = held.college.client.request_places(held.class, &held.persons[1..]).unwrap()[0].id;
    let done = held.college.sync();
    assert_eq!((done.conflicts, done.refused), (2, 2), "nothing of it is lost");
    let items = held.college.client.attention();
    let told: Vec<_> = items.iter().map(|item| (item.record, item.code.as_str())).collect();
    assert_eq!(told, [(late, "archived"), (asked, "class_closed")]);
    held.hq.sync();
    assert_eq!(held.hq.value(held.mark, "state"), Some(code("present")));
    assert_eq!(held.hq.value(held.place, "status"), Some(code("completed")));
    let open = held.hq.client.conflicts();
    assert_eq!(open.len(), 2);
    assert!(open.iter().all(|conflict| conflict.reason.key() == "archived"));
    // The unit may agree with the archive, and no more; headquarters may take what was on its way.
    let about_mark = open.iter().find(|conflict| conflict.record == held.mark).unwrap().id;
    let refused = held.college.client.resolve(about_mark, &Resolution::Candidate(1)).unwrap_err();
    assert!(archived(&refused), "{refused:?}");
    let other = Resolution::Values(vec![(open[0].fields[0].field, code("leave"))]);
    let refused = held.hq.client.resolve(about_mark, &other).unwrap_err();
    assert!(archived(&refused), "{refused:?}");
    held.hq.client.resolve(about_mark, &Resolution::Candidate(1)).unwrap();
    let about_place = open.iter().find(|conflict| conflict.record == held.place).unwrap().id;
    held.college.client.resolve(about_place, &Resolution::Current).unwrap();
    held.college.sync();
    held.hq.sync();
    held.college.sync();
    assert_eq!(held.college.value(held.mark, "state"), Some(code("absent")));
    assert_eq!(held.college.value(held.place, "status"), Some(code("completed")));
    assert!(held.hq.client.conflicts().is_empty() && held.college.client.conflicts().is_empty());
    held.verify();
}

#[test]
fn a_device_that_knows_of_the_archive_takes_nothing_but_late_records() {
    let held = Held::open();
    held.archive();
    held.college.sync();
    let refused: Vec<ClientError> = vec![
        held.college
            .client
            .set_fields(held.mark, fields(Kind::Attendance, &[("state", code("absent"))]))
            .unwrap_err(),
        held.college.client.delete(held.place, "誤報").unwrap_err(),
        held.hq.client.delete(held.class, "誤報").unwrap_err(),
        held.hq.client.move_record(held.session, held.server.root).unwrap_err(),
        held.college.client.cancel_place(held.place, "出差").unwrap_err(),
        held.college.client.request_places(held.class, &held.persons[1..]).unwrap_err(),
        held.college
            .client
            .create_record(
                Kind::Attendance,
                None,
                fields(
                    Kind::Attendance,
                    &[
                        ("session", Value::Ref(held.session)),
                        ("person", Value::Ref(held.persons[1])),
                    ],
                ),
            )
            .unwrap_err(),
    ];
    for (n, error) in refused.iter().enumerate() {
        assert!(archived(error), "{n}: {error:?}");
    }
    let steps = held.hq.client.steps(held.place).unwrap();
    let closed = |action: &str| {
        let step = steps.iter().find(|step| step.action == action).unwrap();
        step.blocked.as_ref().map(|issue| issue.code)
    };
    assert_eq!(closed("certify"), Some("step-needs-field"));
    assert_eq!(closed("fail"), Some("archived"));
    assert_eq!(closed("archive"), None);
    held.verify();
}

/// 補錄: the college writes it with its reason, it waits in the list of what is to be done, and headquarters admits it.
#[test]
fn a_late_record_of_an_archived_class_waits_in_the_to_do_list_until_headquarters_admits_it() {
    let held = Held::open();
    held.archive();
    held.college.sync();
    let late = held.college.add(
        Kind::Enrolment,
        &[
            ("class", Value::Ref(held.class)),
            ("person", Value::Ref(held.persons[1])),
            ("late_record", Value::Flag(true)),
            ("late_reason", text("證書遲到")),
            ("hours", Value::Int(80)),
        ],
    );
    held.college.client.act(late, "submit", None, fields(Kind::Enrolment, &[])).unwrap();
    assert_eq!(held.college.sync().refused, 0);
    held.hq.sync();
    let day = ejia::domain::record::PartialDate::day(2026, 12, 1).unwrap();
    let waits = |hq: &Device| {
        hq.client.todo(day).iter().filter(|line| line.task.code == "late-entry").count()
    };
    assert_eq!(waits(&held.hq), 1);
    for step in ["review", "admit_late"] {
        held.hq.client.act(late, step, None, fields(Kind::Enrolment, &[])).unwrap();
    }
    let done = held.hq.sync();
    assert_eq!((done.refused, done.conflicts), (0, 0));
    assert_eq!(held.hq.value(late, "status"), Some(code("completed")));
    assert_eq!(waits(&held.hq), 0);
    held.verify();
}
