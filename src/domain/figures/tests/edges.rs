//! Days at the edges, the counting rule, and the to-do list.

use super::*;

fn hours_of(maker: &mut Maker, person: u128) -> i64 {
    let world = maker.ready();
    hours::counted(&world, ask(day(2026, 12, 31), 2026)).of(id(person))
}

fn dated(maker: &mut Maker, n: u128, from: Value, to: Value) {
    maker.class(n, 2026, "university", &[("starts_on", from), ("ends_on", to)]);
}

/// 校組通字〔2021〕31號 Art. 14: at most four hours per half day.
#[test]
fn a_class_gives_no_more_than_four_hours_a_half_day() {
    let mut maker = Maker::default();
    dated(&mut maker, 60, on(2026, 3, 2), on(2026, 3, 3));
    maker.seat(70, 60, 50, "completed", 170).seat(71, 60, 51, "completed", 155);
    assert_eq!((hours_of(&mut maker, 50), hours_of(&mut maker, 51)), (160, 155));
}

#[test]
fn overlapping_classes_do_not_count_a_half_day_twice() {
    let mut maker = Maker::default();
    dated(&mut maker, 60, on(2026, 3, 2), on(2026, 3, 3));
    dated(&mut maker, 61, on(2026, 3, 3), on(2026, 3, 4));
    maker.seat(70, 60, 50, "completed", 160).seat(71, 61, 50, "completed", 160);
    assert_eq!(hours_of(&mut maker, 50), 240);
    // A long online class leaves the days to a short one within it.
    dated(&mut maker, 62, on(2026, 5, 1), on(2026, 5, 31));
    dated(&mut maker, 63, on(2026, 5, 10), on(2026, 5, 10));
    maker.seat(72, 62, 51, "completed", 200).seat(73, 63, 51, "completed", 80);
    assert_eq!(hours_of(&mut maker, 51), 280);
}

#[test]
fn sessions_attended_bound_the_hours_and_a_session_in_both_halves_gives_eight() {
    let mut maker = Maker::default();
    dated(&mut maker, 60, on(2026, 3, 2), on(2026, 3, 6));
    let nine = 1_772_413_200_000; // 2026-03-02 09:00 in the offices' zone
    for (n, begins, ends) in [
        (80, nine, nine + 8 * 3_600_000),
        (81, nine + 86_400_000, nine + 86_400_000 + 5 * 1_800_000),
    ] {
        let pairs = [
            ("class", to(60)),
            ("starts_at", Value::Instant(begins)),
            ("ends_at", Value::Instant(ends)),
        ];
        maker.put(Kind::Session, n, 1, &pairs);
    }
    for (n, session, person, state) in [
        (90, 80, 50, "present"),
        (91, 81, 50, "present"),
        (92, 81, 51, "present"),
        (93, 80, 51, "leave"),
    ] {
        let pairs = [("session", to(session)), ("person", to(person)), ("state", code(state))];
        maker.put(Kind::Attendance, n, 2, &pairs);
    }
    maker.seat(70, 60, 50, "completed", 300).seat(71, 60, 51, "completed", 300).seat(
        72,
        60,
        52,
        "completed",
        300,
    );
    assert_eq!(hours_of(&mut maker, 50), 80 + 25);
    assert_eq!(hours_of(&mut maker, 51), 25);
    assert_eq!(hours_of(&mut maker, 52), 300, "nobody kept marks for this one: as recorded");
}

#[test]
fn a_class_over_new_year_counts_for_the_year_it_names() {
    let mut maker = Maker::default();
    dated(&mut maker, 60, on(2026, 12, 30), on(2027, 1, 2));
    dated(&mut maker, 61, on(2026, 12, 30), on(2026, 12, 31));
    maker.seat(70, 60, 50, "completed", 80).seat(71, 61, 51, "completed", 80);
    assert_eq!(hours_of(&mut maker, 50), 0, "it is not over on 31 December");
    assert_eq!(hours_of(&mut maker, 51), 80);
    let world = maker.ready();
    let later = hours::counted(&world, ask(day(2027, 1, 2), 2026));
    assert_eq!(later.of(id(50)), 80);
    assert_eq!(hours::counted(&world, ask(day(2027, 1, 2), 2027)).of(id(50)), 0);
}

#[test]
fn the_same_question_a_year_earlier_survives_a_leap_day() {
    let asked = ask(day(2024, 2, 29), 2024).year_before().unwrap();
    assert_eq!(asked, ask(day(2023, 2, 28), 2023));
}

#[test]
fn a_secretary_is_in_post_on_the_day_of_appointment_and_on_the_last_day() {
    let mut maker = Maker::campus();
    maker.post(
        100,
        50,
        20,
        "secretary",
        &[("from_on", on(2026, 3, 1)), ("to_on", on(2026, 3, 31))],
    );
    let world = maker.ready();
    let count = |as_of| people::secretaries(&world, as_of).len();
    let days = [day(2026, 2, 28), day(2026, 3, 1), day(2026, 3, 31), day(2026, 4, 1)];
    assert_eq!(days.map(count), [0, 1, 1, 0]);
}

fn codes(world: &World, as_of: PartialDate) -> Vec<(&'static str, Option<RecordId>)> {
    let records = tasks(world, as_of).into_iter().filter(|task| task.record.is_some());
    records.map(|task| (task.code, task.record)).collect()
}

/// 支部工作條例（試行） Art. 21.
#[test]
fn the_end_of_a_term_is_announced_at_six_and_three_months_and_then_monthly() {
    let mut maker = Maker::default();
    let unit = [
        ("code", text("c")),
        ("name", text("n")),
        ("type", code("committee")),
        ("term_starts_on", on(2022, 1, 31)),
    ];
    maker.put(Kind::Unit, 2, 2, &unit);
    let world = maker.ready();
    let at = |year, month, of_month| {
        codes(&world, day(year, month, of_month)).first().map(|(code, _)| *code)
    };
    assert_eq!(at(2026, 7, 30), None);
    assert_eq!(at(2026, 7, 31), Some("term-six-months"));
    assert_eq!(at(2026, 10, 31), Some("term-three-months"));
    assert_eq!(at(2026, 11, 30), Some("term-month"));
    assert_eq!(at(2027, 1, 31), Some("term-month"));
    assert_eq!(at(2027, 2, 1), Some("term-overdue"));
}

#[test]
fn a_calendar_has_what_is_due_between_two_days_and_nothing_else() {
    let mut maker = Maker::campus();
    let unit = [
        ("code", text("c")),
        ("name", text("n")),
        ("type", code("committee")),
        ("term_starts_on", on(2022, 1, 31)),
    ];
    maker.put(Kind::Unit, 3, 3, &unit);
    let owed =
        |due| [("unit", to(2)), ("name", text("t")), ("year", Value::Int(2026)), ("due_on", due)];
    maker.put(Kind::Submission, 90, 2, &owed(on(2026, 12, 31)));
    maker.put(Kind::Submission, 91, 2, &owed(on(2027, 6, 1)));
    let world = maker.ready();
    let codes = |from, until| -> Vec<(&str, Option<PartialDate>)> {
        let lines = tasks::between(&world, from, until);
        lines.into_iter().map(|task| (task.code, task.due)).collect()
    };
    let due = |code: &'static str, year, month, on| (code, Some(day(year, month, on)));
    let winter = codes(day(2026, 12, 31), day(2027, 2, 1));
    let count = |code| winter.iter().filter(|(found, _)| *found == code).count();
    assert_eq!(winter.first(), Some(&due("submission-due", 2026, 12, 31)));
    assert!(winter.contains(&due("term-ends", 2027, 1, 31)));
    assert_eq!(
        [count("submission-due"), count("term-ends"), count("member-count")],
        [1, 2, 0],
        "the college of the campus ends on 1 January"
    );
    // A day later both have passed; three years of fixed dates stand there three times.
    assert!(!codes(day(2027, 1, 1), day(2027, 1, 30)).contains(&due("term-ends", 2027, 1, 31)));
    let years = codes(day(2027, 1, 1), day(2029, 12, 31));
    assert_eq!(years.iter().filter(|(code, _)| *code == "hours-ledger").count(), 3);
    assert!(years.is_sorted_by_key(|(_, due)| *due));
}

#[test]
fn a_recognised_leader_who_left_the_branch_is_a_task_and_the_record_stays() {
    let mut maker = Maker::campus();
    maker.post(100, 50, 20, "secretary", &[("to_on", on(2026, 5, 31))]);
    let pairs = [
        ("person", to(50)),
        ("branch", to(20)),
        ("direction", code("secretary_to_academic")),
        ("status", code("recognised")),
        ("document_no", text("1號")),
        ("recognised_on", on(2025, 1, 1)),
    ];
    maker.put(Kind::Cultivation, 80, 20, &pairs);
    let world = maker.ready();
    let raised = ("cultivation-post-changed", Some(id(80)));
    assert!(!codes(&world, day(2026, 5, 31)).contains(&raised));
    assert!(codes(&world, day(2026, 6, 1)).contains(&raised));
}

#[test]
fn fixed_dates_show_from_their_notice_to_their_day() {
    let shown = |as_of| {
        let all = tasks(&World::default(), as_of);
        all.into_iter().map(|task| task.code).collect::<Vec<_>>()
    };
    assert!(!shown(day(2026, 11, 19)).contains(&"hours-ledger"));
    assert!(shown(day(2026, 11, 20)).contains(&"hours-ledger"));
    assert!(shown(day(2026, 12, 20)).contains(&"hours-ledger"));
    assert!(!shown(day(2026, 12, 21)).contains(&"hours-ledger"));
    assert!(
        shown(day(2026, 12, 31)).contains(&"member-count")
            == (day(2027, 2, 28).days() - day(2026, 12, 31).days() <= 58)
    );
    assert_eq!(tasks::calendar().len(), 12);
}

#[test]
fn publicity_of_an_organizer_ends_after_five_working_days() {
    let mut maker = Maker::campus();
    maker.put(
        Kind::StaffFile,
        80,
        2,
        &[("unit", to(2)), ("person", to(90)), ("status", code("publicised"))],
    );
    let pairs = [
        ("staff_file", to(80)),
        ("from_on", on(2026, 11, 1)),
        ("stage", code("publicity")),
        ("publicised_on", on(2026, 9, 28)),
    ];
    maker.put(Kind::Appointment, 81, 2, &pairs);
    let world = maker.ready();
    let over = ("publicity-over", Some(id(81)));
    assert!(!codes(&world, day(2026, 10, 9)).contains(&over));
    assert!(codes(&world, day(2026, 10, 10)).contains(&over));
}

/// The branch of a recognised leader changes: the old post ends, another begins; the task names the record, and the figure drops it.
#[test]
fn a_change_of_branch_raises_a_task_on_the_day_after_the_old_post() {
    let mut maker = Maker::campus();
    maker.post(100, 50, 20, "secretary", &[("to_on", on(2025, 12, 31))]);
    maker.post(101, 50, 21, "secretary", &[("from_on", on(2026, 1, 1))]);
    let pairs = [
        ("person", to(50)),
        ("branch", to(20)),
        ("direction", code("academic_to_secretary")),
        ("status", code("recognised")),
        ("document_no", text("1號")),
        ("recognised_on", on(2024, 2, 29)),
    ];
    maker.put(Kind::Cultivation, 80, 20, &pairs);
    let world = maker.ready();
    let raised = ("cultivation-post-changed", Some(id(80)));
    assert!(!codes(&world, day(2025, 12, 31)).contains(&raised));
    assert!(codes(&world, day(2026, 1, 1)).contains(&raised));
}

/// Re-appointment keeps the first file and its appointments; service counts each day once (組織員 row of the campus system).
#[test]
fn an_organizer_who_came_back_has_both_times_and_no_month_twice() {
    let mut maker = Maker::campus();
    let file = |more: &[(&'static str, Value)]| {
        let mut pairs = vec![("person", to(90)), ("unit", to(2))];
        pairs.extend_from_slice(more);
        pairs
    };
    let first = [
        ("status", code("former")),
        ("appointed_on", on(2020, 1, 1)),
        ("left_on", on(2021, 12, 31)),
    ];
    maker.put(Kind::StaffFile, 80, 2, &file(&first));
    // Terms of the first file overlap and adjoin; they are within it.
    for (n, from, till) in
        [(81, on(2020, 1, 1), on(2021, 2, 28)), (82, on(2021, 1, 1), on(2021, 12, 31))]
    {
        let pairs = [("staff_file", to(80)), ("from_on", from), ("to_on", till)];
        maker.put(Kind::Appointment, n, 2, &pairs);
    }
    let again = [("status", code("in_post")), ("appointed_on", on(2024, 2, 29))];
    maker.put(Kind::StaffFile, 85, 2, &file(&again));
    let world = maker.ready();
    let served = |as_of: PartialDate, file: u128| {
        let run = super::report("promotion-eligibility").unwrap().run;
        let answer = run(&world, ask(as_of, 2026));
        let items = answer.list("service-months");
        items.iter().find(|item| item.id == id(file)).and_then(|item| item.note)
    };
    let months = |months| Some(Note::Months(months));
    assert_eq!(served(day(2020, 12, 30), 80), months(11));
    assert_eq!(served(day(2020, 12, 31), 80), months(12));
    assert_eq!(served(day(2021, 12, 31), 80), months(24));
    assert_eq!(served(day(2022, 1, 1), 80), None, "left");
    assert_eq!(served(day(2025, 2, 27), 85), months(24 + 12));
    assert_eq!(served(day(2025, 2, 26), 85), months(24 + 11));
    assert_eq!(world.staff_files.len(), 2, "the first file is kept");
}

/// 公示五個工作日 over the National Day holiday that begins on its third day.
#[test]
fn publicity_begun_before_a_holiday_goes_on_after_it() {
    use crate::domain::rules::workdays::last_of;
    assert_eq!(last_of(day(2026, 9, 29), 5), Some(day(2026, 10, 10)), "a Saturday that is worked");
    assert_eq!(last_of(day(2025, 9, 29), 5), Some(day(2025, 10, 11)));
    assert_eq!(last_of(day(2025, 12, 31), 2), Some(day(2026, 1, 4)), "over New Year");
}

/// 支部工作條例（試行） Art. 21; 2021 條例 Art. 8: three years from 1 January end on 31 December, and that day is still within the term.
#[test]
fn a_term_that_ends_on_the_last_day_of_the_year_is_overdue_on_new_years_day() {
    let mut maker = Maker::campus();
    let term = [("unit", to(20)), ("starts_on", on(2024, 1, 1)), ("ends_on", on(2026, 12, 31))];
    maker.put(Kind::Term, 80, 20, &term);
    let world = maker.ready();
    let of_term = |as_of| {
        codes(&world, as_of)
            .into_iter()
            .find(|(code, record)| code.starts_with("term") && *record == Some(id(20)))
            .map(|(code, _)| code)
    };
    assert_eq!(of_term(day(2026, 6, 29)), None);
    assert_eq!(of_term(day(2026, 6, 30)), Some("term-six-months"));
    assert_eq!(of_term(day(2026, 9, 30)), Some("term-three-months"));
    assert_eq!(of_term(day(2026, 10, 31)), Some("term-month"));
    assert_eq!(of_term(day(2026, 12, 31)), Some("term-month"), "the last day is within it");
    assert_eq!(of_term(day(2027, 1, 1)), Some("term-overdue"));
    let due = |year: i64| {
        let asked = ask(day(2027, 1, 31), year);
        let answer = (super::report("elections-on-time").unwrap().run)(&world, asked);
        let rows = &answer.section("all").unwrap().total;
        rows.missing.iter().any(|item| item.id == id(80) || item.id == id(20))
    };
    assert!(due(2026), "it was due in the year it ended");
}

/// 29 February: a term of three years ends on the 28th, as the years of a person do.
#[test]
fn a_term_and_an_age_begun_on_the_leap_day_end_on_the_twenty_eighth() {
    use crate::domain::rules::dates::plus_years;
    assert_eq!(plus_years(day(2024, 2, 29), 3), Some(day(2027, 2, 28)));
    assert_eq!(plus_years(day(2024, 2, 29), 4), Some(day(2028, 2, 29)));
    let mut maker = Maker::campus();
    maker.put(Kind::Term, 80, 20, &[("unit", to(20)), ("starts_on", on(2024, 2, 29))]);
    let world = maker.ready();
    let of_term = |as_of| {
        let found = codes(&world, as_of).into_iter();
        let mut found = found.filter(|(_, record)| *record == Some(id(20)));
        found.find(|(code, _)| code.starts_with("term")).map(|(code, _)| code)
    };
    assert_eq!(of_term(day(2027, 2, 27)), Some("term-month"));
    assert_eq!(of_term(day(2027, 3, 1)), Some("term-overdue"));
    // 發展黨員工作細則 Art. 5: eighteen years; born on the leap day, they are full on 28 February.
    let applied = |on_day: PartialDate| {
        let spec = Kind::Person.spec();
        let no = |key: &str| spec.field(key).unwrap().number;
        let fields = Fields::from([
            (no("staff_no"), text("1")),
            (no("name"), text("甲")),
            (no("born_on"), on(2004, 2, 29)),
            (no("applied_on"), Value::Date(on_day)),
        ]);
        Kind::Person.check(&fields).iter().any(|issue| issue.code == "q05-under-age")
    };
    assert!(applied(day(2022, 2, 27)));
    assert!(!applied(day(2022, 2, 28)));
}
