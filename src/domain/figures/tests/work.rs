//! Figures of the other work of the notice (items 7 and 9 to 12), at their edges.

use super::*;

fn run(name: &str, world: &World, as_of: PartialDate) -> Answer {
    (report(name).unwrap().run)(world, ask(as_of, 2026))
}

fn meeting(maker: &mut Maker, n: u128, branch: u128, kind: &str, on: Value) {
    let pairs = [("branch", to(branch)), ("meeting", code(kind)), ("held_on", on)];
    maker.put(Kind::BranchMeeting, n, branch, &pairs);
}

/// 支部工作條例（試行） Art. 11-19: a quarter is owed once it is over, not a day before.
#[test]
fn a_period_of_organisation_life_is_owed_once_it_is_over() {
    let mut maker = Maker::campus();
    meeting(&mut maker, 100, 20, "members", on(2026, 3, 31));
    meeting(&mut maker, 101, 20, "members", on(2026, 2, 1));
    let world = maker.ready();
    let members = |as_of| {
        let answer = run("organisation-life", &world, as_of);
        whole(answer.section("members").unwrap())
    };
    assert_eq!(members(day(2026, 3, 30)), (0, 0));
    assert_eq!(members(day(2026, 3, 31)), (1, 5), "five branches, one met");
    assert_eq!(members(day(2026, 6, 29)), (1, 5));
    assert_eq!(members(day(2026, 6, 30)), (1, 10), "two meetings of one quarter are one");
}

#[test]
fn who_has_no_committee_and_no_groups_owes_no_meetings_of_them() {
    let mut maker = Maker::campus();
    for person in 50..53 {
        maker.post(100 + person, person, 20, "member", &[]);
    }
    meeting(&mut maker, 300, 21, "group", on(2026, 1, 5));
    let world = maker.ready();
    let answer = run("organisation-life", &world, day(2026, 2, 28));
    assert_eq!(whole(answer.section("committee").unwrap()), (0, 2));
    assert_eq!(whole(answer.section("group").unwrap()), (1, 2));
    assert_eq!(answer.list("still-in-time").len(), 5, "what is yearly is not late in February");
}

#[test]
fn a_project_closed_on_its_last_day_is_in_time_and_a_day_later_is_not() {
    let mut maker = Maker::campus();
    for (n, closed) in [(100, on(2026, 6, 30)), (101, on(2026, 7, 1))] {
        let pairs = [
            ("unit", to(2)),
            ("leader", to(50)),
            ("title", text("t")),
            ("applied_on", on(2025, 3, 1)),
            ("granted_on", on(2025, 6, 1)),
            ("due_on", on(2026, 6, 30)),
            ("closed_on", closed),
            ("grade", code("good")),
            ("status", code("closed")),
        ];
        maker.put(Kind::ResearchProject, n, 2, &pairs);
    }
    let world = maker.ready();
    let at = |as_of| run("research-closed", &world, as_of);
    assert_eq!(whole(at(day(2026, 6, 29)).section("all").unwrap()), (0, 0));
    let answer = at(day(2026, 7, 1));
    assert_eq!(whole(answer.section("all").unwrap()), (1, 2));
    assert_eq!(answer.section("all").unwrap().total.missing[0].note, Some(Note::DaysOver(1)));
    assert_eq!(whole(answer.section("good-grade").unwrap()), (2, 2));
}

#[test]
fn nominations_beyond_the_quota_are_listed_and_do_not_fill_other_places() {
    let mut maker = Maker::campus();
    for (n, unit) in [(100, 2), (101, 3)] {
        let pairs = [
            ("year", Value::Int(2026)),
            ("unit", to(unit)),
            ("category", code("member")),
            ("places", Value::Int(1)),
        ];
        maker.put(Kind::AwardQuota, n, unit, &pairs);
    }
    for (n, status) in [(110, "nominated"), (111, "granted"), (112, "returned")] {
        let pairs = [
            ("year", Value::Int(2026)),
            ("unit", to(2)),
            ("category", code("member")),
            ("person", to(n + 100)),
            ("status", code(status)),
        ];
        maker.put(Kind::Award, n, 2, &pairs);
    }
    let world = maker.ready();
    let quota = run("award-quota-use", &world, day(2026, 7, 1));
    assert_eq!(whole(quota.section("all").unwrap()), (1, 2));
    assert_eq!(quota.list("beyond-places")[0].note, Some(Note::Of(2, 1)));
    let granted = run("awards-granted", &world, day(2026, 7, 1));
    assert_eq!(whole(granted.section("award-members").unwrap()), (1, 3));
}

/// 個人信息保護法 Art. 6: a cell with fewer than five is not shown, nor one that the whole would give away.
#[test]
fn small_cells_of_care_are_put_together_and_a_small_whole_is_not_shown() {
    let visits = |counts: &[(u128, u128)]| {
        let mut maker = Maker::campus();
        for (unit, count) in counts {
            for n in 0..*count {
                let pairs = [
                    ("unit", to(*unit)),
                    ("year", Value::Int(2026)),
                    ("occasion", code("first_of_july")),
                    ("category", code("in_need")),
                    ("person", to(1000 * unit + n)),
                    ("visited_on", on(2026, 6, 28)),
                ];
                maker.put(Kind::CareVisit, 100_000 + 1000 * unit + n, *unit, &pairs);
            }
        }
        run("care-visits", &maker.ready(), day(2026, 7, 1))
    };
    let cells = |answer: &Answer| {
        let figure = answer.section("in_need").unwrap();
        let rows: Vec<_> = figure.rows.iter().map(|(u, s)| (*u, s.denominator)).collect();
        (rows, figure.total.missing.len() + figure.total.met.len())
    };
    let few = visits(&[(2, 4)]);
    assert_eq!(cells(&few), (vec![], 0));
    assert_eq!(whole(few.section("all").unwrap()), (4, 4), "the unit's own work is no cell");
    assert_eq!(cells(&visits(&[(2, 4), (3, 9)])), (vec![(None, 13)], 0));
    let enough = visits(&[(2, 5), (3, 5)]);
    assert_eq!(cells(&enough).0, [(Some(id(2)), 5), (Some(id(3)), 5)]);
}

#[test]
fn delegates_count_while_they_are_in_office_and_their_structure_is_held_against_the_rows() {
    let mut maker = Maker::campus();
    maker.person(50, 20, &[("sex", code("2"))]).person(51, 20, &[("sex", code("1"))]);
    maker.put(Kind::Congress, 90, 1, &[("name", text("n")), ("status", code("held"))]);
    let unit = [("congress", to(90)), ("unit", to(2)), ("places", Value::Int(3))];
    maker.put(Kind::ElectoralUnit, 91, 2, &unit);
    let delegate = |maker: &mut Maker, n: u128, person: u128, status: &str, end: Option<Value>| {
        let mut pairs = vec![
            ("congress", to(90)),
            ("unit", to(2)),
            ("person", to(person)),
            ("category", code("staff")),
            ("elected_on", on(2026, 3, 1)),
            ("status", code(status)),
        ];
        pairs.extend(end.map(|end| ("ended_on", end)));
        maker.put(Kind::Delegate, n, 2, &pairs);
    };
    delegate(&mut maker, 100, 50, "confirmed", None);
    delegate(&mut maker, 101, 51, "ended", Some(on(2026, 5, 1)));
    let world = maker.ready();
    let elected = |as_of| whole(run("delegates-elected", &world, as_of).section("all").unwrap());
    assert_eq!(elected(day(2026, 2, 28)), (0, 3));
    assert_eq!(elected(day(2026, 4, 30)), (2, 3));
    assert_eq!(elected(day(2026, 5, 1)), (1, 3));
    let structure = run("delegate-structure", &world, day(2026, 4, 30));
    assert_eq!(whole(structure.section("women").unwrap()), (1, 2));
    let codes: Vec<&str> = structure.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["few-teachers", "few-students"]);
}

#[test]
fn a_notice_is_received_by_a_secondary_unit_or_any_branch_of_it() {
    let mut maker = Maker::campus();
    let pairs = [("title", text("t")), ("issued_on", on(2026, 3, 1)), ("status", code("issued"))];
    maker.put(Kind::Notice, 100, 1, &pairs);
    let receipt = [("notice", to(100)), ("unit", to(20)), ("received_on", on(2026, 3, 2))];
    maker.put(Kind::NoticeReceipt, 101, 20, &receipt);
    let world = maker.ready();
    let at = |as_of| run("notice-receipts", &world, as_of);
    assert_eq!(whole(at(day(2026, 3, 1)).section("all").unwrap()), (0, 2));
    let answer = at(day(2026, 3, 2));
    assert_eq!(whole(answer.section("all").unwrap()), (1, 2));
    assert_eq!(answer.list("incomplete")[0].note, Some(Note::Of(1, 2)));
}

#[test]
fn a_criterion_is_met_by_a_genuine_document_only() {
    let mut maker = Maker::campus();
    for (n, required) in [(80, true), (81, false)] {
        let pairs = [
            ("year", Value::Int(2026)),
            ("number", Value::Int(1)),
            ("name", text("n")),
            ("required", Value::Flag(required)),
        ];
        maker.put(Kind::ModelCriterion, n, 1, &pairs);
    }
    maker.put(Kind::ModelBranch, 90, 20, &[("branch", to(20)), ("year", Value::Int(2026))]);
    for (n, criterion, met) in [(100, 80, false), (101, 81, true)] {
        let pairs = [
            ("model_branch", to(90)),
            ("criterion", to(criterion)),
            ("document", text("d")),
            ("met", Value::Flag(met)),
        ];
        maker.put(Kind::ModelEvidence, n, 20, &pairs);
    }
    let answer = run("model-criteria", &maker.ready(), day(2026, 7, 1));
    assert_eq!(whole(answer.section("all").unwrap()), (1, 2));
    assert_eq!(whole(answer.section("required").unwrap()), (0, 1));
}

/// Publicity of five working days from Monday 22 June 2026, with the holiday of 19 June behind it, ends on Friday.
#[test]
fn publicity_of_an_award_takes_its_working_days() {
    let codes = |until: Value, decided: Value| {
        let spec = Kind::Award.spec();
        let fields: Fields = [
            ("year", Value::Int(2026)),
            ("category", code("member")),
            ("unit", to(2)),
            ("person", to(50)),
            ("publicised_on", on(2026, 6, 22)),
            ("publicised_until", until),
            ("decided_on", decided),
        ]
        .into_iter()
        .map(|(key, value)| (spec.field(key).unwrap().number, value))
        .collect();
        Kind::Award.check(&fields).into_iter().map(|issue| issue.field).collect::<Vec<_>>()
    };
    assert!(codes(on(2026, 6, 26), on(2026, 6, 27)).is_empty());
    assert_eq!(codes(on(2026, 6, 25), on(2026, 6, 27)), ["publicised_until"]);
    assert_eq!(codes(on(2026, 6, 26), on(2026, 6, 26)), ["decided_on"]);
}

#[test]
fn totals_of_a_round_fit_and_of_talks_only_the_date_is_kept() {
    let codes = |kind: Kind, pairs: &[(&str, Value)]| {
        let number = |key: &str| kind.spec().field(key).unwrap().number;
        let fields: Fields = pairs.iter().map(|(key, v)| (number(key), v.clone())).collect();
        kind.check(&fields).into_iter().map(|issue| issue.code).collect::<Vec<_>>()
    };
    let round = |present: i64, back: i64| {
        let pairs = [
            ("electoral_unit", to(9)),
            ("round", code("election")),
            ("held_on", on(2026, 3, 1)),
            ("entitled", Value::Int(100)),
            ("present", Value::Int(present)),
            ("papers_out", Value::Int(80)),
            ("papers_in", Value::Int(back)),
        ];
        codes(Kind::CongressRound, &pairs)
    };
    assert!(round(80, 80).is_empty());
    assert_eq!(round(79, 79), ["election-present"]);
    assert_eq!(round(80, 81), ["q12-sum"]);
    let talk = |subject: Option<Value>| {
        let mut pairs =
            vec![("branch", to(20)), ("meeting", code("talks")), ("held_on", on(2026, 3, 1))];
        pairs.extend(subject.map(|subject| ("subject", subject)));
        codes(Kind::BranchMeeting, &pairs)
    };
    assert!(talk(None).is_empty());
    assert_eq!(talk(Some(text("某事"))), ["talks-date-only"]);
}

/// 基層組織選舉工作條例: how many of those entitled took part, by the rounds of congresses that run; a unit with few is not shown by itself.
#[test]
fn turnout_counts_rounds_that_were_held_and_hides_small_units() {
    let mut maker = Maker::campus();
    for (n, status) in [(90, "electing"), (95, "preparing")] {
        maker.put(Kind::Congress, n, 1, &[("name", text("n")), ("status", code(status))]);
    }
    for (n, congress, unit) in [(91, 90, 2), (92, 90, 3), (96, 95, 2)] {
        let pairs = [("congress", to(congress)), ("unit", to(unit)), ("places", Value::Int(3))];
        maker.put(Kind::ElectoralUnit, n, unit, &pairs);
    }
    let round =
        |maker: &mut Maker, n: u128, of: u128, kind: &str, day: i8, present: Option<i64>| {
            let mut pairs = vec![
                ("electoral_unit", to(of)),
                ("round", code(kind)),
                ("held_on", on(2026, 5, day)),
                ("entitled", Value::Int(100)),
            ];
            pairs.extend(present.map(|present| ("present", Value::Int(present))));
            maker.put(Kind::CongressRound, n, 2, &pairs);
        };
    round(&mut maker, 100, 91, "first_nomination", 5, Some(70));
    round(&mut maker, 101, 91, "election", 20, Some(85));
    round(&mut maker, 102, 92, "election", 21, Some(90));
    round(&mut maker, 103, 92, "first_nomination", 6, None); // nobody has counted yet
    round(&mut maker, 104, 96, "election", 1, Some(99)); // of a congress that is not elected yet
    let world = maker.ready();
    let at = |day_of_may| run("congress-turnout", &world, day(2026, 5, day_of_may));
    let whole_of = |answer: &Answer, part| whole(answer.section(part).unwrap());
    assert_eq!(whole_of(&at(19), "all"), (0, 0), "not held");
    assert_eq!(whole_of(&at(20), "all"), (85, 100));
    assert_eq!(
        (whole_of(&at(21), "all"), whole_of(&at(21), "nomination")),
        ((175, 200), (70, 100))
    );
    round(&mut maker, 105, 92, "second_nomination", 7, Some(3));
    round(&mut maker, 106, 92, "first_nomination", 8, Some(3));
    let world = maker.ready();
    let answer = run("congress-turnout", &world, day(2026, 5, 31));
    let nomination = answer.section("nomination").unwrap();
    assert_eq!(whole(nomination), (73, 200), "the whole is shown");
    assert!(
        nomination.rows.keys().all(Option::is_none),
        "three of a unit are not: {:?}",
        nomination.rows.keys()
    );
}

/// A unit is asked to sign for a notice until somebody of it has, and by the day of the answer where there is one.
#[test]
fn a_notice_is_on_the_list_until_every_unit_here_has_signed_for_it() {
    use crate::domain::figures::tasks;
    let mut maker = Maker::campus();
    let notice = |maker: &mut Maker, n: u128, more: &[(&str, Value)]| {
        let pairs =
            [("title", text("t")), ("issued_on", on(2026, 3, 1)), ("status", code("issued"))];
        maker.put(Kind::Notice, n, 1, &[&pairs[..], more].concat());
    };
    notice(&mut maker, 100, &[("reply_by", on(2026, 3, 20))]);
    notice(&mut maker, 101, &[]);
    let world = maker.ready();
    let asked = |world: &World, day| {
        let tasks = tasks::tasks(world, day).into_iter();
        let of_notices = tasks.filter(|task| task.code.starts_with("notice"));
        of_notices.map(|task| (task.code, task.record, task.unit)).collect::<Vec<_>>()
    };
    let (first, second) = (Some(id(100)), Some(id(101)));
    assert_eq!(asked(&world, day(2026, 2, 28)), [], "not issued yet");
    let early = asked(&world, day(2026, 3, 5));
    assert_eq!(early, [("notice-unsigned", first, None), ("notice-unsigned", second, None)]);
    let near = asked(&world, day(2026, 3, 6));
    assert!(near.contains(&("notice-reply", first, None)), "fourteen days before: {near:?}");
    assert_eq!(asked(&world, day(2027, 3, 2)), [], "after a year nobody is asked any more");
    for (n, notice, unit) in [(110, 100, 20), (111, 101, 20), (112, 100, 3)] {
        let pairs = [("notice", to(notice)), ("unit", to(unit)), ("received_on", on(2026, 3, 8))];
        maker.put(Kind::NoticeReceipt, n, unit, &pairs);
    }
    let world = maker.ready();
    let left = asked(&world, day(2026, 3, 10));
    assert_eq!(left, [("notice-unsigned", second, Some(id(3)))], "the one unit that is left");
}
