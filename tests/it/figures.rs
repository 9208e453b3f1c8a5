//! The offices' own workbooks: figures counted from the sheets by code of this test, beside what the program says of them.
//!
//! Nothing here calls the program's rules: sheets are read with calamine, sets are compared by school number and code. Skipped with a
//! printed line where the samples are absent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use calamine::{Data, Reader as _, Xlsx, open_workbook};
use ejia::client::{Client, ImportRequest, KeyCost, NewDevice, Query, ReportRequest, ReportView};
use ejia::domain::figures::{Missing, Note};
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::{Fields, PartialDate, Value};
use jiff::civil::{self, date};

type Row = BTreeMap<String, String>;

/// Day and year of the figures.
const TODAY: civil::Date = date(2026, 6, 30);
const SHEETS: [&str; 6] =
    ["基层党组织", "党支部", "党员花名册", "支部委员会成员", "组织员信息", "双带头人培育台账"];
const CLASSES: [&str; 2] = ["培训对象-教工党支部书记轮训班", "培训对象-卓越学生党支部书记训练营"];

#[expect(clippy::print_stdout, reason = "says that it was skipped")]
fn samples() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../shared/samples/campus", "../../shared/samples/campus"];
    let found = places.into_iter().map(|place| root.join(place)).find(|dir| dir.is_dir());
    if found.is_none() {
        println!("skipped: no samples beside the project");
    }
    found
}

/// Reads the first sheet: headings in its first row, every cell as text, days as Excel counts them.
fn sheet(dir: &Path, name: &str) -> Vec<Row> {
    let mut book: Xlsx<_> = open_workbook(dir.join(format!("{name}.xlsx"))).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    let text = |cell: &Data| match cell {
        Data::Empty => String::new(),
        Data::DateTime(at) => format!("{:.0}", at.as_f64()),
        other => other.to_string().trim().to_owned(),
    };
    let mut rows = range.rows().map(|row| row.iter().map(text).collect::<Vec<_>>());
    let headings = rows.next().unwrap();
    rows.map(|row| headings.iter().cloned().zip(row).collect()).collect()
}

fn cell<'a>(row: &'a Row, heading: &str) -> &'a str {
    row.iter().find(|(name, _)| name.starts_with(heading)).map_or("", |(_, value)| value)
}

/// An Excel day count as a date.
fn excel(days: &str) -> Option<civil::Date> {
    let days: i64 = days.parse().ok()?;
    date(1899, 12, 30).checked_add(jiff::Span::new().days(days)).ok()
}

struct Campus {
    client: Client,
    dir: PathBuf,
    _folder: tempfile::TempDir,
}

impl Campus {
    fn new() -> Option<Self> {
        let dir = samples()?;
        let folder = tempfile::tempdir().unwrap();
        let new = NewDevice { user: "hq".into(), unit_code: None, cost: KeyCost::CHEAP };
        let client = Client::create(&folder.path().join("d"), "p", &new).unwrap().0;
        let campus = Self { client, dir, _folder: folder };
        for name in SHEETS {
            campus.import(name, None);
        }
        Some(campus)
    }

    fn import(&self, name: &str, class: Option<RecordId>) {
        let request = ImportRequest {
            file: self.dir.join(format!("{name}.xlsx")),
            kind: None,
            sheet: None,
            class,
            session: None,
            dry_run: false,
            all_or_nothing: true,
        };
        self.client.import(&request).unwrap();
    }

    fn sheet(&self, name: &str) -> Vec<Row> {
        sheet(&self.dir, name)
    }

    fn fields(kind: Kind, pairs: &[(&str, Value)]) -> Fields {
        let number = |key: &str| kind.spec().field(key).unwrap().number;
        pairs.iter().map(|(key, value)| (number(key), value.clone())).collect()
    }

    fn add(&self, kind: Kind, pairs: &[(&str, Value)]) -> RecordId {
        self.client.create_record(kind, None, Self::fields(kind, pairs)).unwrap().id
    }

    fn report(&self, name: &str) -> ReportView {
        let as_of = PartialDate::from_civil(TODAY).unwrap();
        let request = ReportRequest { name: name.to_owned(), as_of, year: 2026, unit: None };
        self.client.report(&request).unwrap()
    }

    /// The value of a text field of a record.
    fn text(&self, id: RecordId, key: &str) -> String {
        let view = self.client.view(id).unwrap();
        let number = view.kind.spec().field(key).unwrap().number;
        view.fields.get(&number).and_then(Value::as_text).unwrap_or_default().to_owned()
    }

    fn codes(&self, ids: impl IntoIterator<Item = RecordId>, key: &str) -> BTreeSet<String> {
        ids.into_iter().map(|id| self.text(id, key)).collect()
    }

    fn missing(&self, view: &ReportView, key: &str) -> BTreeSet<String> {
        self.codes(view.total.missing.iter().map(|item| item.id), key)
    }
}

/// Branch code to the school number of its secretary.
fn secretaries(campus: &Campus) -> BTreeMap<String, String> {
    let rows = campus.sheet("支部委员会成员");
    let in_post = rows
        .iter()
        .filter(|row| cell(row, "职务") == "书记")
        .filter(|row| excel(cell(row, "任职时间")).is_none_or(|from| from <= TODAY));
    in_post.map(|row| (cell(row, "所属党支部编码").into(), cell(row, "学工号").into())).collect()
}

/// Codes of the teachers' branches that were there on the day.
fn teachers_branches(campus: &Campus) -> BTreeSet<String> {
    let rows = campus.sheet("党支部");
    let teaching = rows.iter().filter(|row| cell(row, "支部类别") == "在职教工党支部");
    let founded = teaching.filter(|row| excel(cell(row, "成立时间")).is_none_or(|on| on <= TODAY));
    founded.map(|row| cell(row, "党支部编码").to_owned()).collect()
}

#[test]
fn double_leaders_and_vacancies_are_those_of_the_sheets() {
    let Some(campus) = Campus::new() else { return };
    let (leaders, branches) = (secretaries(&campus), teachers_branches(&campus));
    let ledger = campus.sheet("双带头人培育台账");
    let of_state = |state: &str| -> BTreeSet<String> {
        let rows = ledger.iter().filter(|row| cell(row, "状态") == state);
        rows.map(|row| cell(row, "学工号").to_owned()).collect()
    };
    let (recognised, cultivating) = (of_state("已认定"), of_state("培育中"));
    let led: BTreeSet<&String> =
        branches.iter().filter(|code| leaders.contains_key(*code)).collect();
    let missing: BTreeSet<String> = led
        .iter()
        .filter(|code| !recognised.contains(&leaders[**code]))
        .map(|code| (*code).clone())
        .collect();
    assert!(led.len() > 100 && missing.len() > 20 && missing.len() < led.len());

    let view = campus.report("double-leader-ratio");
    assert_eq!(
        (view.total.numerator, view.total.denominator),
        (led.len() - missing.len(), led.len())
    );
    assert_eq!(campus.missing(&view, "code"), missing);
    let listed = |name: &str| {
        let (_, items) = view.lists.iter().find(|(key, _)| *key == name).unwrap();
        campus.codes(items.iter().map(|item| item.id), "code")
    };
    let vacant: BTreeSet<String> =
        branches.iter().filter(|code| !leaders.contains_key(*code)).cloned().collect();
    assert_eq!(listed("vacant"), vacant);
    let on_the_way: BTreeSet<String> =
        missing.iter().filter(|code| cultivating.contains(&leaders[*code])).cloned().collect();
    assert_eq!(listed("cultivating"), on_the_way);
    let by_unit: usize = view.rows.iter().map(|row| row.denominator).sum();
    assert_eq!(by_unit, led.len());
    // The year before: secretaries and branches that were there then.
    let one = campus.report("branch-secretaries");
    let all = campus.sheet("党支部").len() + 2; // two branches stand in the sheet of units
    assert_eq!((one.total.numerator, one.total.denominator), (leaders.len(), all));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one university from its sheets to its figures")]
fn coverage_and_hours_are_those_of_the_sheets() {
    let Some(campus) = Campus::new() else { return };
    let day = |month, day| Value::Date(PartialDate::day(2026, month, day).unwrap());
    let leaders: BTreeSet<String> = secretaries(&campus).into_values().collect();
    let mut trained: BTreeMap<String, i64> = BTreeMap::new();
    for (n, name) in CLASSES.into_iter().enumerate() {
        let class = campus.add(
            Kind::TrainingClass,
            &[
                ("year", Value::Int(2026)),
                ("name", Value::Text(name.to_owned())),
                ("category", Value::Code("rotation".to_owned())),
                ("organiser_level", Value::Code("university".to_owned())),
                ("counts", Value::Flag(true)),
                ("starts_on", day(3 + i8::try_from(n).unwrap(), 2)),
                ("ends_on", day(3 + i8::try_from(n).unwrap(), 20)),
                ("planned_hours", Value::Int(600)),
            ],
        );
        campus.import(name, Some(class));
        // Two of three finish, with 40, 56 or 60 hours.
        for (place, row) in
            campus.sheet(name).iter().enumerate().filter(|(place, _)| place % 3 != 0)
        {
            let hours = [400, 560, 600][place % 7 % 3];
            let number = cell(row, "工号").to_owned();
            let person = campus.client.named(Kind::Person, &number)[0];
            let search = Query {
                filters: vec![format!("person={person}").parse().unwrap()],
                ..Query::all(Kind::Enrolment)
            };
            let of_class = |id: &RecordId| {
                let view = campus.client.view(*id).unwrap();
                view.fields.values().any(|value| *value == Value::Ref(class))
            };
            let found: Vec<RecordId> =
                campus.client.list(&search).unwrap().into_iter().filter(of_class).collect();
            assert_eq!(found.len(), 1, "{name} {place}");
            let act = |action: &str, more: &[(&str, Value)]| {
                let changes = Campus::fields(Kind::Enrolment, more);
                campus.client.act(found[0], action, None, changes).unwrap();
            };
            act("submit", &[]);
            act("confirm", &[]);
            act("complete", &[("hours", Value::Int(hours))]);
            *trained.entry(number).or_default() += hours;
        }
    }
    let missing: BTreeSet<String> =
        leaders.iter().filter(|number| !trained.contains_key(*number)).cloned().collect();
    assert!(!missing.is_empty() && missing.len() < leaders.len());
    let view = campus.report("training-coverage");
    assert_eq!(campus.missing(&view, "staff_no"), missing);
    assert_eq!(view.total.numerator, leaders.len() - missing.len());

    // Organizers' lines are higher by their rank: a secretary who is one is held against 110 or 90.
    let ranks: BTreeMap<String, i64> = campus
        .sheet("组织员信息")
        .iter()
        .filter(|row| is_in_post(row))
        .map(|row| {
            let line = if cell(row, "职级").contains('处') { 1100 } else { 900 };
            (cell(row, "工作证号").to_owned(), line)
        })
        .collect();
    let line = |number: &String| ranks.get(number).copied().unwrap_or(560);
    let lacking: BTreeMap<String, i64> = leaders
        .iter()
        .map(|number| {
            (number.clone(), line(number) - trained.get(number).copied().unwrap_or_default())
        })
        .filter(|(_, lacking)| *lacking > 0)
        .collect();
    let view = campus.report("hours-attained");
    let part = view.parts.iter().find(|part| part.key == "secretary").unwrap();
    let told: BTreeMap<String, i64> = part
        .total
        .missing
        .iter()
        .map(|item| match item.note {
            Some(Note::HoursLacking(tenths)) => (campus.text(item.id, "staff_no"), tenths),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, lacking);
}

fn is_in_post(row: &Row) -> bool {
    let begun = excel(cell(row, "任职时间")).is_none_or(|on| on <= TODAY);
    begun && excel(cell(row, "离任时间")).is_none_or(|on| on >= TODAY)
}

#[test]
fn units_without_an_organizer_and_the_posts_they_lack_are_those_of_the_sheets() {
    let Some(campus) = Campus::new() else { return };
    let units: BTreeSet<String> = campus
        .sheet("基层党组织")
        .iter()
        .filter(|row| ["分党委", "党总支"].contains(&cell(row, "党总支类别")))
        .map(|row| cell(row, "编号").to_owned())
        .collect();
    let mut full_time: BTreeMap<String, i64> = BTreeMap::new();
    for row in campus
        .sheet("组织员信息")
        .iter()
        .filter(|row| cell(row, "专职/兼职") == "专职" && is_in_post(row))
    {
        *full_time.entry(cell(row, "联系党委编号").to_owned()).or_default() += 1;
    }
    // Every third unit is entitled to two.
    let approved: BTreeMap<&String, i64> = units.iter().step_by(3).map(|code| (code, 2)).collect();
    for (code, posts) in &approved {
        let unit = campus.client.named(Kind::Unit, code)[0];
        let from = Value::Date(PartialDate::day(2020, 1, 1).unwrap());
        campus.add(
            Kind::Establishment,
            &[
                ("unit", Value::Ref(unit)),
                ("posts_approved", Value::Int(*posts)),
                ("valid_from", from),
            ],
        );
    }
    let present = |code: &String| full_time.get(code).copied().unwrap_or_default();
    let without: BTreeSet<String> =
        units.iter().filter(|code| present(code) == 0).cloned().collect();
    assert!(!without.is_empty() && without.len() < units.len());
    let gaps: BTreeMap<String, i64> = units
        .iter()
        .map(|code| (code.clone(), approved.get(code).copied().unwrap_or(1) - present(code)))
        .filter(|(_, gap)| *gap > 0)
        .collect();

    let view = campus.report("organizer-staffing");
    assert_eq!(view.total.denominator, units.len());
    assert_eq!(campus.missing(&view, "code"), without);
    let posts = view.parts.iter().find(|part| part.key == "posts").unwrap();
    let told: BTreeMap<String, i64> = posts
        .total
        .missing
        .iter()
        .map(|item| match item.note {
            Some(Note::Of(part, whole)) => {
                (campus.text(item.id, "code"), i64::try_from(whole - part).unwrap())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, gaps);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one university from its sheets to its figures")]
fn eligible_organizers_and_their_blocking_conditions_are_those_of_the_sheets() {
    let Some(campus) = Campus::new() else { return };
    let mut expected: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut eligible = BTreeSet::new();
    for (place, row) in
        campus.sheet("组织员信息").iter().enumerate().filter(|(_, row)| is_in_post(row))
    {
        let number = cell(row, "工作证号").to_owned();
        let person = campus.client.named(Kind::Person, &number)[0];
        let filters = vec![format!("person={person}").parse().unwrap()];
        let files = campus.client.list(&Query { filters, ..Query::all(Kind::StaffFile) }).unwrap();
        let since = excel(cell(row, "任职时间")).unwrap();
        let day = Value::Date(PartialDate::from_civil(since).unwrap());
        campus
            .client
            .set_fields(files[0], Campus::fields(Kind::StaffFile, &[("rank_since", day)]))
            .unwrap();
        // Every fourth was never reviewed.
        let reviewed = place % 4 != 0;
        for year in since.year() + 1..TODAY.year() {
            if reviewed {
                campus.add(
                    Kind::StaffReview,
                    &[
                        ("staff_file", Value::Ref(files[0])),
                        ("year", Value::Int(i64::from(year))),
                        ("grade", Value::Code("competent".to_owned())),
                    ],
                );
            }
        }
        let years = if cell(row, "职级") == "副处级" { 2 } else { 3 };
        let full = since.checked_add(jiff::Span::new().years(years)).unwrap();
        let mut blocked = Vec::new();
        if full > TODAY {
            blocked.push("years");
        }
        if !reviewed && since.year() + 1 < TODAY.year() {
            blocked.push("reviews");
        }
        if blocked.is_empty() {
            eligible.insert(number);
        } else {
            expected.insert(number, blocked);
        }
    }
    assert!(!eligible.is_empty() && !expected.is_empty());
    let view = campus.report("promotion-eligibility");
    let number_of = |file: RecordId| {
        let view = campus.client.view(file).unwrap();
        let person = Kind::StaffFile.spec().field("person").unwrap().number;
        campus.text(view.fields[&person].as_ref_id().unwrap(), "staff_no")
    };
    let told: BTreeMap<String, Vec<&str>> = view
        .total
        .missing
        .iter()
        .map(|item| match item.note {
            Some(Note::Blocked { by, .. }) => {
                (number_of(item.id), by.into_iter().flatten().map(Missing::key).collect())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, expected);
    assert_eq!(view.total.met.iter().map(|id| number_of(*id)).collect::<BTreeSet<_>>(), eligible);
}
