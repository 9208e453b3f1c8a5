//! Figures after each change say what a device says that reads everything anew.

use super::tests::{client, fields, text};
use super::*;
use crate::domain::figures::Ask;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{PartialDate, Value};

const ASK: fn() -> Ask = || Ask { as_of: PartialDate::day(2026, 11, 23).unwrap(), year: 2026 };

fn add(client: &Client, kind: Kind, pairs: &[(&str, Value)]) -> RecordId {
    client.create_record(kind, None, fields(kind, pairs)).unwrap().id
}

fn code(code: &str) -> Value {
    Value::Code(code.into())
}

/// Asks twice: of what was kept since the last question, and of everything read anew.
fn agrees(client: &Client, step: &str) -> Vec<ReportView> {
    let kept = client.overview(ASK());
    client.lock().figures = super::kept::Kept::default();
    let anew = client.overview(ASK());
    for (kept, anew) in kept.iter().zip(&anew) {
        assert_eq!(kept, anew, "{step}: {}", kept.name);
    }
    let all = client.reports(ASK(), None);
    for (glance, full) in kept.iter().zip(&all) {
        assert_eq!(
            (glance.total.numerator, &glance.rows),
            (full.total.numerator, &{
                let mut rows = full.rows.clone();
                for row in &mut rows {
                    row.before = None;
                }
                rows
            })
        );
    }
    kept
}

fn figure(views: &[ReportView], name: &str) -> (usize, usize) {
    let total = &views.iter().find(|view| view.name == name).unwrap().total;
    (total.numerator, total.denominator)
}

/// A branch of the first of two committees, and a class of the university; with the second committee.
fn campus(client: &Client) -> (RecordId, RecordId, RecordId) {
    let university = add(
        client,
        Kind::Unit,
        &[("code", text("u")), ("name", text("u")), ("type", code("university"))],
    );
    let unit = |number: &str, parent: RecordId, kind: &str| {
        let mut pairs = vec![
            ("code", text(number)),
            ("name", text(number)),
            ("type", code(kind)),
            ("parent", Value::Ref(parent)),
        ];
        if kind == "branch" {
            pairs.push(("branch_type", code("teachers")));
        }
        add(client, Kind::Unit, &pairs)
    };
    let (first, second) =
        (unit("c1", university, "committee"), unit("c2", university, "committee"));
    let branch = unit("b1", first, "branch");
    let class = add(
        client,
        Kind::TrainingClass,
        &[
            ("year", Value::Int(2026)),
            ("name", text("輪訓")),
            ("category", code("rotation")),
            ("organiser_level", code("university")),
            ("counts", Value::Flag(true)),
        ],
    );
    (branch, second, class)
}

#[test]
fn figures_kept_between_questions_follow_every_change() {
    let client = client();
    agrees(&client, "empty");
    let (branch, second, class) = campus(&client);
    let mut seats = Vec::new();
    for n in 0..9 {
        let person = add(
            &client,
            Kind::Person,
            &[
                ("staff_no", text(&format!("1000{n}"))),
                ("name", text("甲")),
                ("party_status", code("01")),
            ],
        );
        let seat = [
            ("class", Value::Ref(class)),
            ("person", Value::Ref(person)),
            ("status", code("completed")),
            ("hours", Value::Int(400)),
        ];
        seats.push((person, add(&client, Kind::Enrolment, &seat)));
        agrees(&client, "a person and an enrolment more");
    }
    let (secretary, seat) = seats[0];
    let post = [
        ("person", Value::Ref(secretary)),
        ("unit", Value::Ref(branch)),
        ("role", code("secretary")),
    ];
    add(&client, Kind::Post, &post);
    assert_eq!(figure(&agrees(&client, "a secretary"), "training-coverage"), (1, 1));
    let set = |id, kind, pairs: &[(&str, Value)]| {
        client.set_fields(id, fields(kind, pairs)).unwrap();
    };
    set(class, Kind::TrainingClass, &[("organiser_level", code("unit"))]);
    assert_eq!(figure(&agrees(&client, "the class is of a unit"), "training-coverage"), (0, 1));
    client.undo().unwrap();
    assert_eq!(figure(&agrees(&client, "undone"), "training-coverage"), (1, 1));
    client.delete(seat, "typed twice").unwrap();
    assert_eq!(figure(&agrees(&client, "an enrolment deleted"), "training-coverage"), (0, 1));
    set(branch, Kind::Unit, &[("parent", Value::Ref(second))]);
    let views = agrees(&client, "the branch is of another committee");
    let rows = &views.iter().find(|view| view.name == "training-coverage").unwrap().rows;
    assert_eq!(rows.iter().map(|row| row.unit).collect::<Vec<_>>(), [Some(second.unit())]);
    for (person, _) in &seats[1..] {
        set(*person, Kind::Person, &[("party_status", code("13"))]);
    }
    assert_eq!(figure(&agrees(&client, "nearly all persons changed"), "hours-attained").1, 1);
}
