//! A round of the series on the sample campus, as the guide tells it, from the deployment to the final report; the boards' figures are
//! those of a count by hand over what `list` says (`by_hand`).

use std::path::Path;

use super::Case;
use super::by_hand::{Book, board};
use super::chapter::Chapter;

const SERIES: Chapter = Chapter {
    name: "one-series",
    devices: &[
        ("hq", "組織部", None),
        ("ji", "機械學院", Some("020100")),
        ("cai", "材料學院", Some("030100")),
    ],
};

#[test]
fn the_chapter_and_the_script_are_the_same_commands() {
    SERIES.is_its_script();
}

#[test]
fn the_boards_of_a_whole_series_are_what_a_count_by_hand_gives() {
    let places = ["../shared/samples/campus", "../../shared/samples/campus"];
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(campus) = places.iter().find_map(|place| here.join(place).canonicalize().ok()) else {
        println!("skipped: the sample campus is not there");
        return;
    };
    let case = Case::new();
    let told = SERIES.run(&case, &[("CAMPUS", &campus)]);
    assert!(told.ends_with("系列活動完成\n"), "{told}");
    let book = Book::of(&case, "hq");
    let (end, before) = ("2026-12-31", "2026-11-30");
    let at_end = case.json_on("hq", &["boards", "--as-of", end]);
    let lines = board(&at_end, None);
    assert_eq!(lines.len(), 18);
    for (name, told) in &lines {
        assert_eq!(*told, book.count(name, end), "{name} at {end}");
    }
    for (name, told) in board(&at_end, Some("month_before")) {
        assert_eq!(told.whole, book.count(&name, before).whole, "{name} at {before}");
    }
    let unit = case.json_on("hq", &["boards", "--as-of", end, "--unit", "020100"]);
    for (name, told) in board(&unit, None) {
        let all = book.count(&name, end);
        let own = all.by_unit.get(&book.unit("020100")).copied().unwrap_or_default();
        assert_eq!(told.whole, own, "{name} of one unit");
    }
    for device in ["hq", "ji", "cai"] {
        let status = case.json_on(device, &["status"]);
        let open = (&status["conflicts"], &status["attention"]);
        assert_eq!(open, (&0.into(), &0.into()), "{device}");
    }
    for made in ["四大板塊.xlsx", "機械學院四大板塊.xlsx", "系列活動總結.xlsx", "日程.ics"]
    {
        assert!(std::fs::metadata(case.path(made)).unwrap().len() > 1000, "{made}");
    }
}
