//! A place for the next rank, held against those who hold one.

use super::*;

/// 四川大學 2024: units are given places for a rank after eligibility is looked at; those held are not free.
#[test]
fn a_promotion_without_a_free_place_says_so_with_the_decision_it_comes_from() {
    let mut maker = Maker::campus();
    let file = |maker: &mut Maker, n: u128, rank: &str| {
        let fields = [
            ("person", to(n + 100)),
            ("unit", to(2)),
            ("employment", code("full_time")),
            ("rank", code(rank)),
            ("rank_since", on(2018, 1, 1)),
        ];
        maker.put(Kind::StaffFile, n, 2, &fields);
        for (year, m) in (2019..2026).zip(0..) {
            let review =
                [("staff_file", to(n)), ("year", Value::Int(year)), ("grade", code("competent"))];
            maker.put(Kind::StaffReview, n * 100 + m, 2, &review);
        }
    };
    file(&mut maker, 81, "section_chief");
    file(&mut maker, 82, "division_deputy");
    let places = |maker: &mut Maker, n, posts, from| {
        let fields = [
            ("unit", to(2)),
            ("posts_approved", Value::Int(posts)),
            ("valid_from", from),
            ("rank", code("division_deputy")),
        ];
        maker.put(Kind::Establishment, n, 2, &fields);
    };
    let asked = ask(day(2026, 6, 30), 2026);
    let of_81 = |world: &World| {
        let answer = (report("promotion-eligibility").unwrap().run)(world, asked);
        let all = &answer.section("all").unwrap().total;
        let note = all.missing.iter().find(|item| item.id == id(81)).map(|item| item.note.unwrap());
        (note, ids(answer.list("needs-place")).contains(&id(81)))
    };
    assert_eq!(of_81(&maker.ready()), (None, true), "nobody said how many places there are");
    places(&mut maker, 95, 1, on(2020, 1, 1));
    let Some(Note::Blocked { by, places: Some(known), .. }) = of_81(&maker.ready()).0 else {
        panic!("no place is free");
    };
    assert_eq!(by.into_iter().flatten().collect::<Vec<_>>(), [Missing::NoPlace]);
    assert_eq!((known.source, known.held, known.approved), (id(95), 1, 1));
    places(&mut maker, 96, 2, on(2026, 6, 30));
    assert_eq!(of_81(&maker.ready()), (None, true), "one is free from that day on");
}
