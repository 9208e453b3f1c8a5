//! Every span at its edges: the day before, the first day, the last day, the day after.

use super::*;
use crate::domain::ids::RecordId;

type Day = (i16, i8, i8);

fn on((year, month, day): Day) -> PartialDate {
    PartialDate::day(year, month, day).unwrap()
}

fn no(key: &str) -> crate::domain::record::FieldNo {
    MemberDevelopment::SPEC.field(key).unwrap().number
}

/// A file of which only these days are known; whoever it names is filled in so that other rules are silent.
fn file(days: &[(&str, Day)], more: &[(&str, Value)]) -> Fields {
    let text = |text: &str| Value::Text(text.to_owned());
    let id = Value::Ref(RecordId(uuid::Uuid::from_u128(1)));
    let mut fields = Fields::from([
        (no("person"), id.clone()),
        (no("branch"), id),
        (no("line"), Value::Code("students".to_owned())),
        (no("applied_on"), Value::Date(on((2015, 1, 1)))),
        (no("contacts"), text("甲、乙")),
        (no("introducers"), text("甲、乙")),
    ]);
    fields.extend(days.iter().map(|(key, day)| (no(key), Value::Date(on(*day)))));
    fields.extend(more.iter().map(|(key, value)| (no(key), value.clone())));
    fields
}

fn found(fields: &Fields) -> Vec<(&'static str, bool)> {
    let rules = Policies::default();
    broken(fields, None, &rules, None).into_iter().map(|f| (f.code, f.late)).collect()
}

/// The rule, its article as the row says it, the days before, the field, then the day too early, the first, the last, the one too late.
type Edge =
    (&'static str, &'static str, &'static [(&'static str, Day)], &'static str, [Option<Day>; 4]);

const EDGES: &[Edge] = &[
    (
        "development-talk",
        "Art. 7",
        &[("applied_on", (2024, 1, 31))],
        "talked_on",
        [Some((2024, 1, 30)), Some((2024, 1, 31)), Some((2024, 2, 29)), Some((2024, 3, 1))],
    ),
    (
        "development-activist",
        "after three months",
        &[("applied_on", (2024, 1, 10))],
        "activist_on",
        [Some((2024, 4, 9)), Some((2024, 4, 10)), None, None],
    ),
    (
        "development-activist-filed",
        "within a month",
        &[("activist_on", (2024, 4, 10))],
        "activist_filed_on",
        [Some((2024, 4, 9)), Some((2024, 4, 10)), Some((2024, 5, 10)), Some((2024, 5, 11))],
    ),
    (
        "development-cultivation",
        "Art. 13",
        &[("activist_on", (2024, 2, 29))],
        "candidate_on",
        [Some((2025, 2, 27)), Some((2025, 2, 28)), None, None],
    ),
    // Five working days over the National Day holiday of 2026, the Saturday after it worked.
    (
        "development-candidate-publicity",
        "five working days",
        &[("candidate_publicised_on", (2026, 9, 28))],
        "candidate_on",
        [Some((2026, 10, 9)), Some((2026, 10, 10)), None, None],
    ),
    (
        "development-candidate-filed",
        "Art. 5-34",
        &[("candidate_on", (2025, 5, 1))],
        "candidate_filed_on",
        [Some((2025, 4, 30)), Some((2025, 5, 1)), None, None],
    ),
    (
        "development-training",
        "Art. 5-34",
        &[("candidate_on", (2025, 5, 1))],
        "trained_on",
        [Some((2025, 4, 30)), Some((2025, 5, 1)), None, None],
    ),
    (
        "development-pre-review",
        "within a month",
        &[("pre_review_asked_on", (2025, 5, 31))],
        "pre_reviewed_on",
        [Some((2025, 5, 30)), Some((2025, 5, 31)), Some((2025, 6, 30)), Some((2025, 7, 1))],
    ),
    (
        "development-leaving",
        "Art. 19",
        &[("joined_on", (2025, 3, 31))],
        "leaves_on",
        [Some((2025, 6, 29)), Some((2025, 6, 30)), None, None],
    ),
    (
        "development-meeting",
        "Art. 5-34",
        &[("pre_reviewed_on", (2025, 6, 1))],
        "joined_on",
        [Some((2025, 5, 31)), Some((2025, 6, 1)), None, None],
    ),
    (
        "development-approval-talk",
        "Art. 5-34",
        &[("joined_on", (2025, 6, 1))],
        "approval_talk_on",
        [Some((2025, 5, 31)), Some((2025, 6, 1)), None, None],
    ),
    (
        "development-approval-after-talk",
        "Art. 5-34",
        &[("approval_talk_on", (2025, 6, 5))],
        "approved_on",
        [Some((2025, 6, 4)), Some((2025, 6, 5)), None, None],
    ),
    (
        "development-approval",
        "Art. 26",
        &[("joined_on", (2025, 6, 1))],
        "approved_on",
        [Some((2025, 5, 31)), Some((2025, 6, 1)), Some((2025, 9, 1)), Some((2025, 9, 2))],
    ),
    (
        "development-extension",
        "Art. 32",
        &[("joined_on", (2024, 6, 1))],
        "extended_until",
        [Some((2025, 11, 30)), Some((2025, 12, 1)), Some((2026, 6, 1)), Some((2026, 6, 2))],
    ),
    (
        "development-full-application",
        "a week before",
        &[("joined_on", (2024, 6, 10))],
        "full_applied_on",
        [Some((2024, 6, 9)), Some((2024, 6, 10)), Some((2025, 6, 3)), Some((2025, 6, 4))],
    ),
    (
        "development-full-publicity",
        "five working days",
        &[("full_publicised_on", (2026, 6, 1))],
        "full_meeting_on",
        [Some((2026, 6, 5)), Some((2026, 6, 6)), None, None],
    ),
    (
        "development-probation",
        "Art. 32",
        &[("joined_on", (2024, 6, 1))],
        "full_meeting_on",
        [Some((2025, 5, 31)), Some((2025, 6, 1)), None, None],
    ),
    (
        "development-full-approval",
        "Art. 34",
        &[("full_meeting_on", (2025, 6, 1))],
        "full_approved_on",
        [Some((2025, 5, 31)), Some((2025, 6, 1)), Some((2025, 9, 1)), Some((2025, 9, 2))],
    ),
];

#[test]
fn every_span_holds_on_its_first_and_last_day_and_not_on_the_days_around() {
    let told: Vec<&str> = EDGES.iter().map(|edge| edge.0).collect();
    let all: Vec<&str> = SPANS.iter().map(|span| span.code).collect();
    assert_eq!(told, all, "every row of the table has its edges");
    for (code, article, days, to, [early, first, last, late]) in EDGES {
        let at = |day: &Option<Day>| {
            let day = (*day)?;
            let fields = file(&[*days, &[(*to, day)]].concat(), &[]);
            let hit = broken(&fields, None, &Policies::default(), None);
            // Another finding of the same code (training) has no window that opens.
            let hit = hit.into_iter().find(|f| f.code == *code && f.window.opens.is_some());
            Some(hit.map(|finding| {
                assert!(finding.source.contains(article), "{code}: {}", finding.source);
                finding.late
            }))
        };
        assert_eq!(at(early), Some(Some(false)), "{code}, the day before");
        assert_eq!(at(first), Some(None), "{code}, the first day");
        assert!(matches!(at(last), None | Some(None)), "{code}, the last day");
        assert!(matches!(at(late), None | Some(Some(true))), "{code}, the day after");
    }
}

/// Art. 26: three months, six where it was extended.
#[test]
fn an_extended_approval_has_six_months() {
    let more = [("approval_extended", Value::Flag(true))];
    let late = |day| {
        let fields = file(&[("joined_on", (2025, 6, 1)), ("approved_on", day)], &more);
        found(&fields).contains(&("development-approval", true))
    };
    assert_eq!((late((2025, 12, 1)), late((2025, 12, 2))), (false, true));
}

/// Art. 32: an extended probation ends on the day it was extended to.
#[test]
fn an_extended_probation_is_waited_for() {
    let early = |day| {
        let days = [
            ("joined_on", (2024, 6, 1)),
            ("extended_until", (2025, 12, 1)),
            ("full_meeting_on", day),
        ];
        found(&file(&days, &[])).contains(&("development-probation", false))
    };
    assert_eq!((early((2025, 11, 30)), early((2025, 12, 1))), (true, false));
}

/// Art. 5: eighteen on the day of the application.
#[test]
fn an_applicant_is_eighteen() {
    let rules = Policies::default();
    let fields = file(&[("applied_on", (2024, 9, 1))], &[]);
    let young = |born| {
        let found = broken(&fields, Some(on(born)), &rules, None);
        found.iter().any(|f| f.code == "development-age" && f.source.ends_with("Art. 5"))
    };
    assert_eq!((young((2006, 9, 1)), young((2006, 9, 2))), (false, true));
}

/// Art. 9 and 14.
#[test]
fn contacts_are_one_or_two_and_introducers_two() {
    let names = |names: &str| Value::Text(names.to_owned());
    let with = |key: &'static str, value: &str| {
        let days = [("activist_on", (2024, 6, 1)), ("joined_on", (2025, 9, 1))];
        let found = found(&file(&days, &[(key, names(value))]));
        found.iter().any(|(code, _)| code.strip_prefix("development-") == Some(key))
    };
    let contacts = ["", "甲", "甲、乙", "甲、乙、丙"].map(|value| with("contacts", value));
    assert_eq!(contacts, [true, false, false, true]);
    let introducers = ["", "甲", "甲、乙", "甲、乙、丙"].map(|value| with("introducers", value));
    assert_eq!(introducers, [true, true, false, true]);
}

/// Art. 11: every six months, from becoming an activist until being a candidate, or until today.
#[test]
fn an_activist_is_reviewed_every_six_months() {
    let rules = Policies::default();
    let missed = |reviews: &str, candidate: Option<Day>, as_of: Option<Day>| {
        let mut days = vec![("activist_on", (2024, 1, 15))];
        days.extend(candidate.map(|day| ("candidate_on", day)));
        let status = ("status", Value::Code("activist".to_owned()));
        let reviews = ("reviewed_on", Value::Text(reviews.to_owned()));
        let found = broken(&file(&days, &[status, reviews]), None, &rules, as_of.map(on));
        found.iter().any(|f| f.code == "development-review" && f.source.ends_with("Art. 11"))
    };
    assert!(!missed("2024-07-15", Some((2025, 1, 15)), None));
    assert!(missed("2024-07-16", Some((2025, 1, 15)), None));
    assert!(missed("2024-07-15", Some((2025, 1, 16)), None));
    assert!(!missed("2024-07-15", None, Some((2025, 1, 15))));
    assert!(missed("2024-07-15", None, Some((2025, 1, 16))));
}

/// Art. 17: three days or 24 hours, before the branch accepts.
#[test]
fn training_is_three_days_or_twenty_four_hours() {
    let short = |more: &[(&str, Value)], trained: Day| {
        let fields = file(&[("joined_on", (2025, 9, 1)), ("trained_on", trained)], more);
        let found = broken(&fields, None, &Policies::default(), None);
        found.iter().any(|f| f.code == "development-training" && f.source.ends_with("Art. 17"))
    };
    let hours = |tenths| [("training_hours", Value::Int(tenths))];
    let days = |days| [("training_days", Value::Int(days))];
    assert!(short(&hours(239), (2025, 6, 1)) && !short(&hours(240), (2025, 6, 1)));
    assert!(short(&days(2), (2025, 6, 1)) && !short(&days(3), (2025, 6, 1)));
    assert!(!short(&days(3), (2025, 9, 1)) && short(&days(3), (2025, 9, 2)));
}

#[test]
fn a_month_is_early_or_late_only_when_certain() {
    let month = |m| Value::Date(PartialDate::month(2025, m).unwrap());
    let with = |m| found(&file(&[("activist_on", (2024, 6, 15))], &[("candidate_on", month(m))]));
    assert!(!with(6).iter().any(|(code, _)| *code == "development-cultivation"));
    assert!(with(5).contains(&("development-cultivation", false)));
}

#[test]
fn the_next_step_has_its_window() {
    let rules = Policies::default();
    let status = |status: &str| [("status", Value::Code(status.to_owned()))];
    let form = file(&[("joined_on", (2025, 6, 1))], &status("form"));
    let (span, window) = next_step(&form, &rules).unwrap();
    assert_eq!(span.code, "development-approval");
    assert_eq!((window.opens, window.closes), (Some(on((2025, 6, 1))), Some(on((2025, 9, 1)))));
    assert_eq!(awaited(&form, &rules), [("development-approval", on((2025, 9, 1)))]);
    let days = [("activist_on", (2024, 6, 1)), ("activist_filed_on", (2024, 6, 10))];
    let (span, window) = next_step(&file(&days, &status("activist")), &rules).unwrap();
    assert_eq!((span.code, window.opens), ("development-cultivation", Some(on((2025, 6, 1)))));
}

/// A row of headquarters takes the place of the shipped one, for later days only.
#[test]
fn a_span_of_headquarters_takes_the_place_of_the_shipped_one() {
    let mut rules = Policies::default();
    let row = rules.limit_row("development-activist-least", on((2026, 1, 1))).unwrap().clone();
    rules.limits.push(LimitRule {
        id: "ours".into(),
        amount: 6,
        valid_from: on((2025, 1, 1)),
        ..row
    });
    let early = |applied: Day, activist: Day| {
        let fields = file(&[("applied_on", applied), ("activist_on", activist)], &[]);
        broken(&fields, None, &rules, None).iter().any(|f| f.code == "development-activist")
    };
    assert!(early((2025, 1, 10), (2025, 4, 10)) && !early((2024, 1, 10), (2024, 4, 10)));
}

#[test]
fn every_rule_and_every_awaited_day_has_its_words() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/locales/");
    for lang in ["zh-Hant", "zh-Hans", "en"] {
        let words = std::fs::read_to_string(format!("{path}{lang}/cli.ftl")).unwrap();
        for span in SPANS {
            assert!(
                words.contains(&format!("\ncli-rule-{} = ", span.code)),
                "{lang} {}",
                span.code
            );
            let task = format!("\ncli-task-{} = ", span.code);
            assert!(span.awaited.is_empty() || words.contains(&task), "{lang} {}", span.code);
        }
    }
}
