//! Headquarters' figures over a hundred thousand persons and three hundred thousand enrolments.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use ejia::client::{Client, ImportRequest, ReportRequest, report_names};
use ejia::domain::figures::Ask;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::{PartialDate, Value};

use crate::MANY;
use crate::data::{self, persons, unit_code};
use crate::local::{device, fields, import_file, make_units};
use crate::report::{Report, Target, ms};

/// Classes each person is enrolled in.
const CLASSES: i8 = 3;

fn class(client: &Client, n: i8) -> RecordId {
    let day = |day| Value::Date(PartialDate::day(2026, n + 2, day).expect("a day"));
    let pairs = [
        ("year", Value::Int(2026)),
        ("name", Value::Text(format!("輪訓{n}"))),
        ("category", Value::Code("rotation".to_owned())),
        ("organiser_level", Value::Code("university".to_owned())),
        ("counts", Value::Flag(true)),
        ("starts_on", day(2)),
        ("ends_on", day(6)),
    ];
    client
        .create_record(Kind::TrainingClass, None, fields(Kind::TrainingClass, &pairs))
        .expect("made")
        .id
}

fn enrol(client: &Client, dir: &std::path::Path, class: RecordId, numbers: &[String]) {
    let mut text = String::from("学工号,status,完成学时");
    for (n, number) in numbers.iter().enumerate() {
        let (state, hours) = if n % 4 == 0 { ("confirmed", "") } else { ("completed", "24") };
        let _infallible = write!(text, "\n{number},{state},{hours}");
    }
    let file = dir.join("enrolments.csv");
    std::fs::write(&file, text).expect("written");
    let request = ImportRequest {
        file,
        kind: Some(Kind::Enrolment),
        sheet: None,
        class: Some(class),
        session: None,
        dry_run: false,
        all_or_nothing: true,
    };
    let done = client.import(&request).expect("imported");
    let added = done.plan.rows.iter().filter(|row| row.outcome.key() == "added").count();
    assert_eq!(added, numbers.len());
}

pub(crate) fn run(report: &mut Report) {
    let temp = tempfile::tempdir().expect("a directory");
    let client = device(&temp.path().join("d"));
    make_units(&client);
    let rows = persons(MANY, 1);
    let file = temp.path().join("persons.csv");
    data::write_csv(&file, &rows);
    import_file(&client, &file);
    let numbers: Vec<String> = rows.iter().filter_map(|row| row.first().cloned()).collect();
    for n in 0..CLASSES {
        enrol(&client, temp.path(), class(&client, n), &numbers);
    }
    for (n, number) in numbers.iter().take(data::UNITS).enumerate() {
        let person = *client.named(Kind::Person, number).first().expect("a person");
        let unit = *client.named(Kind::Unit, &unit_code(n)).first().expect("a unit");
        let pairs = [
            ("person", Value::Ref(person)),
            ("unit", Value::Ref(unit)),
            ("role", Value::Code("secretary".to_owned())),
            ("from_on", Value::Date(PartialDate::day(2025, 1, 1).expect("a day"))),
        ];
        client.create_record(Kind::Post, None, fields(Kind::Post, &pairs)).expect("made");
    }
    let as_of = PartialDate::day(2026, 11, 23).expect("a day");
    let mut slowest = (0.0, "");
    for name in report_names() {
        let request = ReportRequest { name: name.to_owned(), as_of, year: 2026, unit: None };
        let begun = Instant::now();
        let view = client.report(&request).expect("reported");
        let took = ms(begun.elapsed());
        assert_eq!(view.name, name);
        if took > 50.0 {
            report.line(&format!("  report {name}"), took, "ms", Target::None);
        }
        if took > slowest.0 {
            slowest = (took, name);
        }
    }
    let label = format!("report, 100,000 persons, 300,000 places ({})", slowest.1);
    report.line(&label, slowest.0, "ms", Target::AtMost(1_000.0));
    let mut overview = |what: &str, target| {
        let begun = Instant::now();
        drop(client.overview(Ask { as_of, year: 2026 }));
        report.line(
            &format!("all reports of the overview, {what}"),
            ms(begun.elapsed()),
            "ms",
            target,
        );
    };
    overview("records as before", Target::AtMost(300.0));
    let person = *client.named(Kind::Person, &numbers[0]).first().expect("a person");
    let status = [("party_status", Value::Code("13".to_owned()))];
    client.set_fields(person, fields(Kind::Person, &status)).expect("saved");
    overview("one person changed", Target::AtMost(300.0));
    drop(client);
    opened_again(report, &temp.path().join("d"), as_of);
}

/// The first questions after a start: everything is read once.
fn opened_again(report: &mut Report, dir: &Path, as_of: PartialDate) {
    let client = Client::open(dir, "p").expect("opened");
    let begun = Instant::now();
    drop(client.overview(Ask { as_of, year: 2026 }));
    let took = ms(begun.elapsed());
    let first = Target::AtMost(300.0);
    report.line("all reports of the overview, the first after opening", took, "ms", first);
    let begun = Instant::now();
    drop(client.boards(Ask { as_of, year: 2026 }, None));
    report.line("the four boards, beside a month before", ms(begun.elapsed()), "ms", first);
    let begun = Instant::now();
    let until = PartialDate::day(2027, 6, 30).expect("a day");
    drop(client.calendar(as_of, until));
    report.line("the year's calendar", ms(begun.elapsed()), "ms", first);
}
