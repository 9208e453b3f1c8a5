//! Each report over records whose answer can be counted by hand.

use super::*;

fn run(name: &str, world: &World, ask: Ask) -> Answer {
    (report(name).unwrap().run)(world, ask)
}

/// 支部工作條例（試行） Art. 25.
#[test]
fn coverage_counts_finished_qualifying_classes_of_secretaries_in_post() {
    let mut maker = Maker::campus();
    maker.posts();
    maker
        .class(60, 2026, "university", &[])
        .class(61, 2026, "unit", &[])
        .class(62, 2025, "university", &[])
        .class(63, 2026, "provincial", &[("counts", Value::Flag(false))])
        .class(64, 2026, "university", &[("starts_on", on(2026, 7, 1))]);
    maker
        .seat(70, 60, 50, "completed", 560)
        .seat(71, 61, 51, "completed", 80) // not of a high enough level
        .seat(72, 60, 52, "confirmed", 0) // not finished
        .seat(73, 62, 53, "certified", 560) // another year
        .seat(74, 63, 51, "completed", 80) // does not count
        .seat(75, 60, 54, "completed", 560) // no longer in post
        .seat(76, 64, 53, "completed", 80); // after the day
    let world = maker.ready();
    let now = run("training-coverage", &world, ask(day(2026, 6, 30), 2026));
    let all = now.section("all").unwrap();
    assert_eq!(whole(all), (1, 4));
    assert_eq!(ids(&all.total.missing), [id(51), id(52), id(53)]);
    assert_eq!(all.total.met, [id(50)]);
    assert_eq!(all.rows[&Some(id(2))].denominator, 3);
    assert_eq!(ids(&all.rows[&Some(id(3))].missing), [id(53)]);
    assert_eq!(whole(now.section("students").unwrap()), (0, 1));
    assert_eq!(whole(now.section("teachers").unwrap()), (1, 3));
    let before = run("training-coverage", &world, ask(day(2025, 6, 30), 2026));
    assert_eq!(whole(before.section("all").unwrap()).1, 5);
}

/// 黨員教育管理工作條例 Art. 20; 校組通字〔2021〕31號 Art. 2-4: 32, 56, 90, 110.
#[test]
fn hours_are_held_against_the_highest_line_of_the_roles_held() {
    let mut maker = Maker::campus();
    maker.posts();
    let member = [("party_status", code("01"))];
    maker.person(50, 20, &member).person(57, 20, &member).person(
        58,
        22,
        &[("candidate_on", on(2026, 1, 1))],
    );
    maker.person(59, 2, &[("rank", code("division_deputy"))]);
    maker.class(
        60,
        2026,
        "university",
        &[("starts_on", on(2026, 3, 2)), ("ends_on", on(2026, 3, 27))],
    );
    maker
        .seat(70, 60, 50, "completed", 550)
        .seat(71, 60, 57, "completed", 320)
        .seat(72, 60, 58, "completed", 240)
        .seat(73, 60, 59, "certified", 1090);
    let world = maker.ready();
    let answer = run("hours-attained", &world, ask(day(2026, 6, 30), 2026));
    let lacking = |key: &str, person: u128| {
        let missing = &answer.section(key).unwrap().total.missing;
        missing.iter().find(|item| item.id == id(person)).and_then(|item| item.note)
    };
    assert_eq!(whole(answer.section("member").unwrap()), (1, 2));
    assert_eq!(lacking("member", 50), Some(Note::HoursLacking(10)));
    assert_eq!(lacking("secretary", 51), Some(Note::HoursLacking(560)));
    assert_eq!(lacking("committee_member", 55), Some(Note::HoursLacking(560)));
    assert_eq!(lacking("division_cadre", 59), Some(Note::HoursLacking(10)));
    assert_eq!(whole(answer.section("candidate").unwrap()), (1, 1));
    // 50 to 53 and 55, 56 by their posts, 57, 58 and 59 by themselves; everybody once.
    assert_eq!(whole(answer.section("all").unwrap()), (2, 9));
}

/// 教黨〔2018〕26號.
#[test]
fn double_leaders_are_counted_by_branch_and_vacancies_listed() {
    let mut maker = Maker::campus();
    maker.posts();
    for (n, person, branch, status) in [(80, 50, 20, "recognised"), (81, 51, 21, "cultivating")] {
        let direction = ("direction", code("secretary_to_academic"));
        let pairs =
            [("person", to(person)), ("branch", to(branch)), direction, ("status", code(status))];
        maker.put(Kind::Cultivation, n, branch, &pairs);
    }
    let world = maker.ready();
    let answer = run("double-leader-ratio", &world, ask(day(2026, 6, 30), 2026));
    let all = answer.section("all").unwrap();
    assert_eq!((whole(all), all.total.per_mille()), ((1, 3), Some(333)));
    assert_eq!(ids(&all.total.missing), [id(21), id(30)]);
    assert_eq!(ids(answer.list("vacant")), [id(31)]);
    assert_eq!(ids(answer.list("cultivating")), [id(21)]);
    let statistics = run("double-leader-statistics", &world, ask(day(2026, 6, 30), 2026));
    assert_eq!(whole(statistics.section("all").unwrap()), (3, 4));
    assert_eq!(whole(statistics.section("recognised").unwrap()), (1, 3));
}

/// 2018年 統計表: three rows by nine columns, at 30 June; a birthday on that day makes the next age.
#[test]
fn the_ministrys_grid_has_three_rows_of_nine_numbers_and_a_list_behind_each() {
    let mut maker = Maker::campus();
    maker.posts();
    let of = |born: Value, title: &str, sex: &str| {
        vec![("born_on", born), ("title", code(title)), ("sex", code(sex))]
    };
    maker.person(50, 20, &of(on(1990, 7, 1), "011", "2"));
    maker.person(51, 21, &of(on(1990, 6, 30), "012", "1"));
    maker.person(53, 30, &[]);
    let direction = ("direction", code("secretary_to_academic"));
    let status = ("status", code("recognised"));
    maker.put(
        Kind::Cultivation,
        80,
        20,
        &[("person", to(50)), ("branch", to(20)), direction, status],
    );
    let world = maker.ready();
    let answer = run("double-leader-grid", &world, ask(day(2026, 6, 30), 2026));
    let row = |name: &str| -> Vec<usize> {
        let of_row = answer.sections.iter().filter(|section| {
            section.key == name
                || section.key.strip_prefix(name).is_some_and(|k| k.starts_with('-'))
        });
        of_row.map(|section| section.figure.total.numerator).collect()
    };
    assert_eq!(answer.sections.len(), 27);
    assert_eq!(whole(answer.section("all").unwrap()), (3, 4));
    assert_eq!(row("led"), [1, 1, 0, 1, 1, 1, 0, 0], "35 until the day before the birthday");
    assert_eq!(row("recognised"), [1, 1, 0, 0, 1, 1, 0, 0, 0]);
    assert_eq!(row("cultivating"), [0; 9]);
    assert_eq!(answer.section("led-36-45").unwrap().total.met, [id(21)]);
    assert_eq!(whole(answer.section("recognised").unwrap()), (1, 3));
}

/// Quotas of ranks that headquarters gives to units (四川大學 2024).
#[test]
fn places_by_rank_are_held_against_those_approved_for_the_rank() {
    let mut maker = Maker::campus();
    for (n, unit, rank) in [(91, 2, "section_chief"), (92, 2, "section_chief"), (93, 3, "clerk")] {
        let fields = [
            ("person", to(n)),
            ("unit", to(unit)),
            ("employment", code("full_time")),
            ("rank", code(rank)),
        ];
        maker.put(Kind::StaffFile, n, unit, &fields);
    }
    let places = |maker: &mut Maker, n, unit, rank: Option<&str>, posts, from| {
        let mut fields =
            vec![("unit", to(unit)), ("posts_approved", Value::Int(posts)), ("valid_from", from)];
        fields.extend(rank.map(|rank| ("rank", code(rank))));
        maker.put(Kind::Establishment, n, unit, &fields);
    };
    places(&mut maker, 94, 2, None, 2, on(2020, 1, 1));
    places(&mut maker, 95, 2, Some("section_chief"), 3, on(2020, 1, 1));
    places(&mut maker, 96, 2, Some("section_chief"), 1, on(2026, 6, 30));
    places(&mut maker, 97, 2, Some("division_deputy"), 1, on(2020, 1, 1));
    let world = maker.ready();
    let before = run("places-by-rank", &world, ask(day(2026, 6, 29), 2026));
    assert_eq!(whole(before.section("all").unwrap()), (2, 4));
    assert_eq!(
        before.section("section_chief").unwrap().total.missing[0].note,
        Some(Note::Of(2, 3))
    );
    assert_eq!(ids(before.list("beyond-places")), [id(93)]);
    let after = run("places-by-rank", &world, ask(day(2026, 6, 30), 2026));
    assert_eq!(whole(after.section("section_chief").unwrap()), (1, 1));
    assert_eq!(whole(after.section("division_deputy").unwrap()), (0, 1));
    assert_eq!(ids(after.list("beyond-places")), [id(91), id(92), id(93)]);
    let staffing = run("organizer-staffing", &world, ask(day(2026, 6, 30), 2026));
    let posts = &staffing.section("posts").unwrap().rows[&Some(id(2))];
    assert_eq!((posts.numerator, posts.denominator), (2, 2), "ranks are among the posts");
}

/// 2021 條例 Art. 35.
#[test]
fn staffing_counts_units_with_a_full_time_organizer_and_the_posts_they_lack() {
    let mut maker = Maker::campus();
    let file = |maker: &mut Maker, n, unit, employment: &str, more: &[(&str, Value)]| {
        let mut fields =
            vec![("person", to(90)), ("unit", to(unit)), ("employment", code(employment))];
        fields.extend_from_slice(more);
        maker.put(Kind::StaffFile, n, unit, &fields);
    };
    file(&mut maker, 91, 2, "full_time", &[]);
    file(&mut maker, 92, 3, "part_time", &[]);
    file(&mut maker, 93, 3, "full_time", &[("status", code("left")), ("left_on", on(2026, 1, 1))]);
    let posts =
        [("unit", to(2)), ("posts_approved", Value::Int(3)), ("valid_from", on(2020, 1, 1))];
    maker.put(Kind::Establishment, 95, 2, &posts);
    let world = maker.ready();
    let now = run("organizer-staffing", &world, ask(day(2026, 6, 30), 2026));
    let all = now.section("all").unwrap();
    assert_eq!(whole(all), (1, 2));
    assert_eq!(all.total.missing, [Item { id: id(3), note: Some(Note::PostsLacking(1)) }]);
    let gaps = now.section("posts").unwrap();
    assert_eq!(whole(gaps), (1, 4));
    assert_eq!(gaps.total.missing[0].note, Some(Note::Of(1, 3)));
    // Whoever left on New Year's Day was in post on that day and not on the next.
    assert_eq!(
        whole(
            run("organizer-staffing", &world, ask(day(2026, 1, 1), 2026)).section("all").unwrap()
        )
        .0,
        2
    );
    assert_eq!(
        whole(
            run("organizer-staffing", &world, ask(day(2026, 1, 2), 2026)).section("all").unwrap()
        )
        .0,
        1
    );
}

/// 支部工作條例（試行） Art. 25; the months are a policy row.
#[test]
fn new_secretaries_are_trained_within_the_months_of_the_policy() {
    let mut maker = Maker::campus();
    maker
        .post(100, 50, 20, "secretary", &[("from_on", on(2025, 3, 1))])
        .post(101, 51, 21, "secretary", &[("from_on", on(2025, 3, 1))])
        .post(102, 52, 22, "secretary", &[("from_on", on(2024, 3, 1))]);
    let appointment = ("category", code("appointment"));
    maker.class(60, 2025, "university", &[appointment.clone(), ("ends_on", on(2025, 3, 1))]);
    maker.class(61, 2026, "university", &[appointment, ("ends_on", on(2026, 3, 2))]);
    maker.seat(70, 60, 50, "completed", 80).seat(71, 61, 51, "completed", 80);
    let world = maker.ready();
    let of = |as_of| run("new-secretary-training", &world, ask(as_of, 2025));
    let december = of(day(2025, 12, 31));
    assert_eq!(whole(december.section("all").unwrap()), (1, 2));
    assert_eq!(
        december.list("still-in-time"),
        [Item { id: id(51), note: Some(Note::DaysLeft(60)) }]
    );
    let later = of(day(2026, 3, 2));
    assert_eq!(later.section("all").unwrap().total.missing[0].note, Some(Note::DaysOver(1)));
}

#[test]
fn places_halves_and_certificates_are_counted_and_excused_ones_apart() {
    let mut maker = Maker::campus();
    maker.person(50, 20, &[]).person(51, 30, &[]).person(52, 30, &[]);
    let held =
        [("status", code("running")), ("ends_on", on(2026, 3, 3)), ("capacity", Value::Int(9))];
    maker.class(60, 2026, "university", &held).class(61, 2026, "university", &held);
    for (n, unit, places) in [(65, 2, 2), (66, 3, 1)] {
        let pairs = [("class", to(60)), ("unit", to(unit)), ("places", Value::Int(places))];
        maker.put(Kind::ClassQuota, n, unit, &pairs);
    }
    maker
        .seat(70, 60, 50, "certified", 80)
        .seat(71, 60, 51, "not_completed", 0)
        .seat(72, 60, 52, "excused", 0);
    let nine = 1_772_413_200_000; // 2026-03-02 09:00 in the offices' zone
    for (n, hours) in [(80, 3), (81, 7)] {
        let at = |ms| Value::Instant(ms);
        let end = nine + hours * 3_600_000;
        maker.put(
            Kind::Session,
            n,
            1,
            &[("class", to(60)), ("starts_at", at(nine)), ("ends_at", at(end))],
        );
    }
    for (n, session, person, state) in [
        (90, 80, 50, "present"),
        (91, 81, 50, "leave"),
        (92, 80, 51, "absent"),
        (93, 81, 51, "made_up"),
    ] {
        let pairs = [("session", to(session)), ("person", to(person)), ("state", code(state))];
        maker.put(Kind::Attendance, n, 2, &pairs);
    }
    let world = maker.ready();
    let asked = ask(day(2026, 6, 30), 2026);
    let quota = run("quota-use", &world, asked);
    assert_eq!(whole(quota.section("all").unwrap()), (2, 2 + 1 + 9));
    assert_eq!(
        quota.section("all").unwrap().rows[&Some(id(2))].missing[0].note,
        Some(Note::Of(1, 2))
    );
    let there = run("session-attendance", &world, asked);
    // 50: the short session, the long one excused; 51: two of three half days.
    assert_eq!(whole(there.section("all").unwrap()), (3, 4));
    assert_eq!(ids(there.list("excused")), [id(50)]);
    let done = run("class-completion", &world, asked);
    assert_eq!(whole(done.section("all").unwrap()), (1, 2));
    assert_eq!(ids(done.list("excused")), [id(72)]);
}

/// 支部工作條例（試行） Art. 21; 2021 條例 Art. 7, 8.
#[test]
fn a_term_is_due_in_its_year_and_a_shift_needs_approval() {
    let mut maker = Maker::campus();
    let term = |maker: &mut Maker, n, unit, more: &[(&str, Value)]| {
        let mut pairs = vec![("unit", to(unit)), ("starts_on", on(2023, 3, 1))];
        pairs.extend_from_slice(more);
        maker.put(Kind::Term, n, unit, &pairs);
    };
    term(&mut maker, 80, 20, &[("reelected_on", on(2026, 3, 1))]);
    term(&mut maker, 81, 21, &[("reelected_on", on(2026, 3, 2))]);
    let approved = [("approval_no", text("批〔2026〕1號")), ("approved_until", on(2026, 12, 31))];
    term(&mut maker, 82, 22, &approved);
    term(&mut maker, 83, 30, &approved[1..]);
    let world = maker.ready();
    let answer = run("elections-on-time", &world, ask(day(2026, 6, 30), 2026));
    let all = answer.section("all").unwrap();
    assert_eq!(whole(all), (2, 4));
    let late = |unit| Item { id: id(unit), note: None };
    let days: Vec<_> = all.total.missing.iter().map(|item| (item.id, item.note)).collect();
    assert_eq!(
        days,
        [(late(21).id, Some(Note::DaysOver(1))), (late(30).id, Some(Note::DaysOver(121)))]
    );
    assert_eq!(ids(answer.list("overdue")), [id(30)]);
    // The committee's five years run out on 1 January 2027: half a year before, the superior reminds. The nearest end is first.
    assert_eq!(
        ids(run("elections-on-time", &world, ask(day(2026, 7, 1), 2026)).list("due-soon")),
        [id(22), id(2)]
    );
}

/// 支部工作條例（試行） Art. 27; two universities for the spread.
#[test]
fn reviews_cover_secretaries_and_bunched_grades_warn() {
    let mut maker = Maker::campus();
    maker.posts();
    for (n, person, branch, grade) in
        [(80, 50, 20, "good"), (81, 51, 21, "good"), (82, 52, 22, "good")]
    {
        let pairs = [
            ("person", to(person)),
            ("unit", to(branch)),
            ("year", Value::Int(2026)),
            ("grade", code(grade)),
            ("reported_on", on(2026, 12, 21)),
        ];
        maker.put(Kind::WorkReport, n, branch, &pairs);
    }
    let world = maker.ready();
    let of = |name, as_of| run(name, &world, ask(as_of, 2026));
    assert_eq!(
        whole(of("work-report-coverage", day(2026, 12, 20)).section("all").unwrap()),
        (0, 4)
    );
    let covered = of("work-report-coverage", day(2026, 12, 21));
    assert_eq!(ids(&covered.section("all").unwrap().total.missing), [id(53)]);
    let grades = of("work-report-grades", day(2026, 12, 31));
    assert_eq!(whole(grades.section("all").unwrap()), (0, 3));
    assert_eq!(grades.warnings, [Warning { code: "grades-bunched", limit_per_mille: 150 }]);
    let good = grades.section("good").unwrap();
    assert_eq!(good.total.met, [id(80), id(81), id(82)], "each grade opens into its reviews");
    assert_eq!(good.rows[&Some(id(2))].met, [id(80), id(81), id(82)]);
    assert_eq!(ids(&grades.section("all").unwrap().total.missing), [id(80), id(81), id(82)]);
}

#[test]
fn items_plans_and_submissions_are_due_by_their_day() {
    let mut maker = Maker::campus();
    for (n, due, more) in [
        (80, on(2026, 6, 30), vec![("status", code("closed")), ("closed_on", on(2026, 6, 29))]),
        (81, on(2026, 6, 29), vec![("status", code("reported"))]),
        (82, on(2026, 7, 1), vec![]),
    ] {
        let mut pairs = vec![("unit", to(2)), ("problem", text("缺")), ("due_on", due)];
        pairs.extend(more);
        maker.put(Kind::Rectification, n, 2, &pairs);
    }
    for (n, received) in [(85, Some(on(2026, 3, 31))), (86, Some(on(2026, 4, 1))), (87, None)] {
        let mut pairs = vec![
            ("unit", to(3)),
            ("name", text("計劃")),
            ("year", Value::Int(2026)),
            ("due_on", on(2026, 3, 31)),
        ];
        pairs.extend(received.map(|on| ("received_on", on)));
        maker.put(Kind::Submission, n, 3, &pairs);
    }
    let plan = |line: &str| {
        [
            ("unit", to(2)),
            ("year", Value::Int(2026)),
            ("line", code(line)),
            ("planned", Value::Int(2)),
        ]
    };
    maker.put(Kind::DevelopmentPlan, 90, 2, &plan("teachers")).put(
        Kind::DevelopmentPlan,
        91,
        2,
        &plan("students"),
    );
    maker.person(50, 20, &[("joined_on", on(2026, 1, 1))]).person(
        51,
        22,
        &[("joined_on", on(2025, 12, 31))],
    );
    let world = maker.ready();
    let asked = ask(day(2026, 6, 30), 2026);
    let mended = run("rectification-closed", &world, asked);
    assert_eq!(whole(mended.section("all").unwrap()), (1, 2));
    assert_eq!(mended.list("overdue"), [Item { id: id(81), note: Some(Note::DaysOver(1)) }]);
    let sent = run("submissions", &world, asked);
    assert_eq!(
        (whole(sent.section("all").unwrap()), whole(sent.section("on-time").unwrap())),
        ((2, 3), (1, 3))
    );
    let plans = run("development-plan", &world, asked);
    assert_eq!(whole(plans.section("all").unwrap()), (1, 4));
    assert_eq!(whole(plans.section("teachers").unwrap()), (1, 2));
}

/// 國人部發〔2006〕87號: two years as deputy of a division.
#[test]
fn the_missing_condition_of_a_promotion_is_named_with_its_day() {
    let outlook = |since: Option<Value>, grades: &[&str], as_of: PartialDate| {
        let mut maker = Maker::campus();
        let mut pairs =
            vec![("person", to(90)), ("unit", to(2)), ("rank", code("division_deputy"))];
        pairs.extend(since.map(|since| ("rank_since", since)));
        maker.put(Kind::StaffFile, 80, 2, &pairs);
        for ((grade, n), year) in grades.iter().zip(81..).zip(2024..) {
            let pairs =
                [("staff_file", to(80)), ("year", Value::Int(year)), ("grade", code(grade))];
            maker.put(Kind::StaffReview, n, 2, &pairs);
        }
        let answer = run("promotion-eligibility", &maker.ready(), ask(as_of, 2026));
        let missing =
            answer.section("all").unwrap().total.missing.first().and_then(|item| item.note);
        (missing, answer.list("needs-place").len())
    };
    let today = day(2026, 6, 30);
    let good = ["competent", "excellent"];
    assert_eq!(outlook(Some(on(2023, 5, 1)), &good, today), (None, 1));
    let blocked = |from, by| Some(Note::Blocked { from, by, places: None });
    let years = [None, Some(Missing::Years), None, None, None];
    assert_eq!(
        outlook(Some(on(2025, 5, 1)), &good, today).0,
        blocked(Some(day(2027, 5, 1)), years)
    );
    let unknown = [Some(Missing::RankDate), None, None, None, None];
    assert_eq!(outlook(None, &good, today).0, blocked(None, unknown));
    let reviews = [None, None, Some(Missing::Reviews), None, None];
    assert_eq!(
        outlook(Some(on(2023, 5, 1)), &good[..1], today).0,
        blocked(Some(day(2025, 5, 1)), reviews)
    );
    let poor = ["not_competent", "excellent"];
    assert_eq!(
        outlook(Some(on(2023, 5, 1)), &poor, today).0,
        blocked(Some(day(2025, 5, 1)), reviews)
    );
    // 29 February: the years are full on the 28th of a common year, not the day before.
    let leap = |as_of| outlook(Some(on(2024, 2, 29)), &["competent", "competent"], as_of).0;
    assert_eq!(leap(day(2026, 2, 27)), blocked(Some(day(2026, 2, 28)), years));
    assert_eq!(leap(day(2026, 2, 28)), None);
}

#[test]
fn one_secretary_a_branch_and_the_one_per_cent() {
    let mut maker = Maker::campus();
    maker.posts().post(107, 57, 20, "secretary", &[]);
    let count = |year| {
        [
            ("counted_on", on(year, 1, 1)),
            ("staff", Value::Int(1000)),
            ("students", Value::Int(9000)),
            ("party_staff", Value::Int(99)),
            ("source", text("人事處")),
        ]
    };
    maker.put(Kind::Headcount, 80, 1, &count(2026));
    let world = maker.ready();
    let asked = ask(day(2026, 6, 30), 2026);
    let answer = run("branch-secretaries", &world, asked);
    assert_eq!(whole(answer.section("all").unwrap()), (3, 5));
    assert_eq!(
        (ids(answer.list("vacant")), ids(answer.list("several"))),
        (vec![id(31)], vec![id(20)])
    );
    let share = run("party-staff-ratio", &world, asked);
    assert_eq!(whole(share.section("all").unwrap()), (99, 10_000));
    assert_eq!(share.warnings, []); // 9.9 per mille is ten, rounded as printed
}

/// Notice of 2018, item 3: documents and decisions prove the six traits, nothing else.
#[test]
fn traits_measures_and_assessments_are_counted_by_their_documents() {
    let mut maker = Maker::campus();
    let pairs = [
        ("person", to(50)),
        ("branch", to(20)),
        ("direction", code("academic_to_secretary")),
        ("status", code("cultivating")),
    ];
    maker.put(Kind::Cultivation, 80, 20, &pairs);
    for (n, name, met) in [(81, "political", true), (82, "academic", false)] {
        let pairs = [
            ("cultivation", to(80)),
            ("trait", code(name)),
            ("document", text("d")),
            ("met", Value::Flag(met)),
        ];
        maker.put(Kind::CultivationEvidence, n, 20, &pairs);
    }
    maker.class(60, 2026, "university", &[]).seat(70, 60, 50, "completed", 80);
    let measure = |more: (&'static str, Value)| {
        [("cultivation", to(80)), ("type", code("training")), ("year", Value::Int(2026)), more]
    };
    maker.put(Kind::CultivationMeasure, 85, 20, &measure(("class", to(60))));
    maker.put(Kind::CultivationMeasure, 86, 20, &measure(("done_on", on(2026, 7, 1))));
    let world = maker.ready();
    let asked = ask(day(2026, 6, 30), 2026);
    let traits = run("trait-evidence", &world, asked);
    assert_eq!(traits.section("all").unwrap().total.missing[0].note, Some(Note::Of(1, 6)));
    assert_eq!(whole(traits.section("political").unwrap()), (1, 1));
    let plan = run("cultivation-plan", &world, asked);
    assert_eq!(whole(plan.section("all").unwrap()), (1, 2));
    assert_eq!(whole(plan.section("assessed").unwrap()), (0, 1));
}

/// 教黨〔2018〕26號 as commonly applied: associate senior or a doctorate, 55 years, three years of standing.
#[test]
fn conditions_are_those_of_the_rule_that_the_record_names() {
    let lacking = |person: &[(&str, Value)],
                   more: Option<(&'static str, Value)>,
                   stricter: bool| {
        let mut maker = Maker::campus();
        maker.person(50, 20, person);
        let mut pairs = vec![
            ("person", to(50)),
            ("branch", to(20)),
            ("direction", code("academic_to_secretary")),
            ("status", code("cultivating")),
            ("starts_on", on(2024, 6, 30)),
        ];
        pairs.extend(more);
        maker.put(Kind::Cultivation, 80, 20, &pairs);
        if stricter {
            let rule = [
                ("table", code("double_leader")),
                ("name", text("strict")),
                ("subject", text("t")),
                ("age", Value::Int(40)),
                ("valid_from", on(2020, 1, 1)),
                ("levels", text("1")),
                ("years", Value::Int(3)),
                ("source", text("s")),
            ];
            maker.put(Kind::Policy, 81, 1, &rule);
        }
        let answer = run("double-leader-conditions", &maker.ready(), ask(day(2026, 6, 30), 2026));
        let missing =
            answer.section("all").unwrap().total.missing.first().and_then(|item| item.note);
        match missing {
            None => Vec::new(),
            Some(Note::Lacks(by)) => by.into_iter().flatten().map(Condition::key).collect(),
            other => panic!("{other:?}"),
        }
    };
    let person = |title: &str, born: Value, full: Value| {
        [("title", code(title)), ("born_on", born), ("full_on", full)]
    };
    // On the last day before the 56th birthday one is 55; standing of three years is full on its day.
    let fit = person("012", on(1968, 7, 1), on(2021, 6, 30));
    assert_eq!(lacking(&fit, None, false), Vec::<&str>::new());
    assert_eq!(
        lacking(&person("012", on(1968, 6, 30), on(2021, 7, 1)), None, false),
        ["age", "standing"]
    );
    assert_eq!(lacking(&person("013", on(1980, 1, 1), on(2010, 1, 1)), None, false), ["title"]);
    assert_eq!(lacking(&fit, None, true), ["title", "age"]);
    assert_eq!(
        lacking(&fit, Some(("rule_version", text("common-2018"))), true),
        Vec::<&str>::new()
    );
}
