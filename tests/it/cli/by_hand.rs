//! The figures of the four boards, counted from what `list` prints: written from the guide's table of reports, without the program's code.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Case;

/// Numerator and denominator.
type Share = (u64, u64);

/// A figure: over everything and by secondary unit, where anything is counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) whole: Share,
    pub(super) by_unit: BTreeMap<String, Share>,
}

impl Count {
    fn add(&mut self, unit: Option<&str>, part: u64, whole: u64) {
        (self.whole.0, self.whole.1) = (self.whole.0 + part, self.whole.1 + whole);
        if let Some(unit) = unit {
            let own = self.by_unit.entry(unit.to_owned()).or_default();
            (own.0, own.1) = (own.0 + part, own.1 + whole);
        }
    }
}

/// Reads the lines of printed boards: `report/part` and its figure, or the one it is compared with.
pub(super) fn board(printed: &Value, compared: Option<&str>) -> Vec<(String, Count)> {
    let boards = printed["boards"].as_array().unwrap().iter();
    let lines = boards.flat_map(|board| board["lines"].as_array().unwrap());
    let share = |row: &Value| -> Share {
        let row = compared.map_or(row, |key| &row[key]);
        (row["numerator"].as_u64().unwrap(), row["denominator"].as_u64().unwrap())
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |line: &Value| {
        let rows = line["rows"].as_array().unwrap().iter();
        let by_unit = rows.filter(|row| row["unit"].is_string());
        let by_unit = by_unit.map(|row| (text(&row["unit"]), share(row))).collect();
        let name = format!("{}/{}", text(&line["report"]), text(&line["part"]));
        (name, Count { whole: share(&line["total"]), by_unit })
    };
    lines.map(line).collect()
}

/// One record as `list` prints it.
#[derive(Debug)]
struct Row {
    id: String,
    unit: String,
    fields: Value,
}

impl Row {
    fn text(&self, key: &str) -> &str {
        self.fields[key].as_str().unwrap_or_default()
    }

    fn has(&self, key: &str) -> bool {
        !self.fields[key].is_null()
    }

    fn number(&self, key: &str) -> u64 {
        self.fields[key].as_u64().unwrap_or_default()
    }

    /// True if the day is filled in and not after another.
    fn by(&self, key: &str, day: &str) -> bool {
        self.has(key) && self.text(key) <= day
    }

    fn is_one_of(&self, key: &str, words: &[&str]) -> bool {
        words.contains(&self.text(key))
    }
}

/// Every record that the boards speak of.
pub(super) struct Book {
    kinds: BTreeMap<&'static str, Vec<Row>>,
}

const KINDS: [&str; 18] = [
    "unit",
    "person",
    "post",
    "staff_file",
    "award",
    "model_branch",
    "rectification",
    "lagging_branch",
    "term",
    "branch_meeting",
    "training_class",
    "enrolment",
    "deployment",
    "submission",
    "development_plan",
    "cultivation",
    "cultivation_measure",
    "member_development",
];
const YEAR: &str = "2026";
const FINISHED: [&str; 3] = ["completed", "certified", "archived"];

impl Book {
    pub(super) fn of(case: &Case, device: &str) -> Self {
        let rows = |kind: &str| {
            let printed = case.json_on(device, &["list", kind]);
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let rows = printed.as_array().unwrap().iter();
            rows.map(|row| Row {
                id: text(&row["id"]),
                unit: text(&row["unit"]),
                fields: row["fields"].clone(),
            })
            .collect()
        };
        Self { kinds: KINDS.into_iter().map(|kind| (kind, rows(kind))).collect() }
    }

    fn all(&self, kind: &str) -> &[Row] {
        &self.kinds[kind]
    }

    fn one(&self, kind: &str, id: &str) -> Option<&Row> {
        self.all(kind).iter().find(|row| row.id == id)
    }

    /// The id of the unit with a code.
    pub(super) fn unit(&self, code: &str) -> String {
        self.all("unit").iter().find(|unit| unit.text("code") == code).unwrap().id.clone()
    }

    /// The unit directly under the university that a unit is in.
    fn secondary(&self, unit: &str) -> Option<&str> {
        let unit = self.one("unit", unit).filter(|unit| unit.text("type") != "university")?;
        self.secondary(unit.text("parent")).or(Some(&unit.id))
    }

    fn branches(&self, day: &str) -> impl Iterator<Item = &Row> {
        let branches = self.all("unit").iter();
        branches.filter(move |unit| {
            unit.is_one_of("type", &["branch", "direct_branch"])
                && (!unit.has("founded_on") || unit.text("founded_on") <= day)
        })
    }

    /// Secretaries in post: branch and person.
    fn secretaries(&self, day: &str) -> BTreeSet<(&str, &str)> {
        let branches: BTreeSet<&str> = self.branches("9999").map(|unit| &*unit.id).collect();
        let posts = self.in_post(day).filter(|post| post.text("role") == "secretary");
        let posts = posts.map(|post| (post.text("unit"), post.text("person")));
        posts.filter(|(unit, _)| branches.contains(unit)).collect()
    }

    fn in_post(&self, day: &str) -> impl Iterator<Item = &Row> {
        let holds = move |post: &&Row| {
            (!post.has("from_on") || post.by("from_on", day))
                && (!post.has("to_on") || post.text("to_on") >= day)
        };
        self.all("post").iter().filter(holds)
    }

    /// The figure of a line, counted anew.
    pub(super) fn count(&self, line: &str, day: &str) -> Count {
        let (report, part) = line.split_once('/').unwrap();
        match report {
            "awards-granted" => self.awards(part, day),
            "model-branches" => self.models(part, day),
            "rectification-closed" => self.mended(part, day),
            "lagging-branches" => self.lagging(day),
            "elections-on-time" => self.elections(day),
            "organisation-life" => self.meetings(day),
            "training-coverage" => self.trained(day),
            "branch-secretaries" => self.one_secretary(day),
            "deployments" => self.answered(part, day),
            "cultivation-plan" => self.measures(day),
            "double-leader-ratio" => self.leaders(day),
            "hours-attained" => self.hours(day),
            "development-plan" => self.developed(day),
            other => panic!("no count by hand of {other}"),
        }
    }

    fn awards(&self, part: &str, day: &str) -> Count {
        let mut count = Count::default();
        for award in self.all("award").iter().filter(|award| award.number("year") == 2026) {
            if part == "award-organizations" && award.text("category") != "organization" {
                continue;
            }
            let granted = award.is_one_of("status", &["granted", "archived"]);
            let granted = granted && award.by("decided_on", day);
            count.add(self.secondary(award.text("unit")), u64::from(granted), 1);
        }
        count
    }

    fn models(&self, part: &str, day: &str) -> Count {
        let mut count = Count::default();
        for branch in self.branches(day) {
            let own = self.all("model_branch").iter();
            let mut own = own.filter(|model| {
                model.text("branch") == branch.id && model.text("status") != "removed"
            });
            let has = own.any(|model| {
                let accepted = model.by("accepted_on", day);
                let building = model.by("starts_on", day) && model.has("ends_on");
                accepted || (part == "all" && building)
            });
            count.add(self.secondary(&branch.id), u64::from(has), 1);
        }
        count
    }

    fn mended(&self, part: &str, day: &str) -> Count {
        let mut count = Count::default();
        for item in self.all("rectification") {
            let of_part = match part {
                "from-visits" => item.has("visit"),
                "from-reviews" => item.has("report"),
                _ => true,
            };
            let due = item.text("due_on");
            if of_part && due.starts_with(YEAR) && due <= day {
                let closed = item.text("status") == "closed" && item.by("closed_on", day);
                count.add(self.secondary(item.text("unit")), u64::from(closed), 1);
            }
        }
        count
    }

    fn lagging(&self, day: &str) -> Count {
        let mut count = Count::default();
        for entry in self.all("lagging_branch").iter().filter(|entry| entry.by("entered_on", day)) {
            let left = entry.by("left_on", day);
            if !left || entry.text("left_on") >= YEAR {
                count.add(self.secondary(entry.text("branch")), u64::from(left), 1);
            }
        }
        count
    }

    fn elections(&self, day: &str) -> Count {
        let own_terms = self.all("unit").iter().any(|unit| unit.has("term_starts_on"));
        assert!(!own_terms, "only records of terms are counted here");
        let mut count = Count::default();
        for term in self.all("term") {
            let end = term.text("ends_on");
            if end.starts_with(YEAR) && end < day {
                let on_time = term.by("reelected_on", day) && term.by("reelected_on", end);
                count.add(self.secondary(term.text("unit")), u64::from(on_time), 1);
            }
        }
        count
    }

    /// Of the periods that are over, those with a meeting: quarters, months and years (支部工作條例 Art. 11-19).
    fn meetings(&self, day: &str) -> Count {
        let mut count = Count::default();
        for branch in self.branches(day) {
            assert!(branch.text("founded_on") < YEAR, "all branches are older than the year");
            let posts = self.in_post(day).filter(|post| post.text("unit") == branch.id);
            let posts: BTreeSet<&str> = posts.map(|post| post.text("person")).collect();
            for (meeting, months) in [
                ("members", 3),
                ("committee", 1),
                ("lecture", 12),
                ("theme_day", 1),
                ("life_meeting", 12),
                ("talks", 12),
            ] {
                if meeting == "committee" && posts.len() < 3 {
                    continue;
                }
                let held = self.all("branch_meeting").iter().filter(|row| {
                    row.text("branch") == branch.id
                        && row.text("meeting") == meeting
                        && row.by("held_on", day)
                });
                let held: BTreeSet<usize> = held
                    .map(|row| (row.text("held_on")[5..7].parse::<usize>().unwrap() - 1) / months)
                    .collect();
                let over = if day == "2026-12-31" { 12 } else { 11 } / months;
                let kept = held.iter().filter(|period| **period < over).count();
                let (kept, over) = (kept.try_into().unwrap(), over.try_into().unwrap());
                if over > 0 {
                    count.add(self.secondary(&branch.id), kept, over);
                }
            }
        }
        count
    }

    /// Who has finished a class that counts for the year and was over on the day, with the class.
    fn finished<'a>(&'a self, day: &'a str) -> impl Iterator<Item = (&'a Row, &'a Row)> {
        let done = self.all("enrolment").iter().filter(|row| row.is_one_of("status", &FINISHED));
        done.filter_map(move |row| {
            let class = self.one("training_class", row.text("class"))?;
            let counts = class.fields["counts"] == true && class.number("year") == 2026;
            (counts && class.by("ends_on", day)).then_some((row, class))
        })
    }

    fn trained(&self, day: &str) -> Count {
        let levels = ["central", "provincial", "municipal", "university"];
        let done = self.finished(day);
        let done = done.filter(|(_, class)| class.is_one_of("organiser_level", &levels));
        let done: BTreeSet<&str> = done.map(|(row, _)| row.text("person")).collect();
        let secretaries = self.secretaries(day).into_iter();
        let once: BTreeSet<(Option<&str>, &str)> =
            secretaries.map(|(branch, person)| (self.secondary(branch), person)).collect();
        let mut count = Count::default();
        for (unit, person) in once {
            count.add(unit, u64::from(done.contains(person)), 1);
        }
        count
    }

    fn one_secretary(&self, day: &str) -> Count {
        let mut count = Count::default();
        let secretaries = self.secretaries(day);
        for branch in self.branches(day) {
            let own = secretaries.iter().filter(|(unit, _)| *unit == branch.id).count();
            count.add(self.secondary(&branch.id), u64::from(own == 1), 1);
        }
        count
    }

    fn answered(&self, part: &str, day: &str) -> Count {
        let mut count = Count::default();
        let tasks = self.all("deployment").iter();
        for task in tasks.filter(|task| task.number("year") == 2026 && task.text("due_on") < day) {
            for unit in
                self.all("unit").iter().filter(|unit| self.secondary(&unit.id) == Some(&unit.id))
            {
                let codes = task.fields["for_units"].as_array();
                if codes.is_some_and(|codes| !codes.contains(&unit.fields["code"])) {
                    continue;
                }
                let last = if part == "on-time" { task.text("due_on") } else { day };
                let came = self.all("submission").iter().any(|row| {
                    row.text("deployment") == task.id
                        && row.text("unit") == unit.id
                        && row.text("status") != "returned"
                        && row.by("handed_in_on", last)
                });
                count.add(Some(&unit.id), u64::from(came), 1);
            }
        }
        count
    }

    fn measures(&self, day: &str) -> Count {
        let mut count = Count::default();
        let measures = self.all("cultivation_measure").iter();
        for measure in measures.filter(|measure| measure.number("year") == 2026) {
            let whose = self.one("cultivation", measure.text("cultivation")).unwrap();
            let by_class = self.all("enrolment").iter().any(|row| {
                measure.has("class")
                    && row.text("class") == measure.text("class")
                    && row.text("person") == whose.text("person")
                    && row.is_one_of("status", &FINISHED)
            });
            let done = measure.by("done_on", day) || by_class;
            count.add(self.secondary(whose.text("branch")), u64::from(done), 1);
        }
        count
    }

    fn leaders(&self, day: &str) -> Count {
        let recognised = self.all("cultivation").iter().filter(|row| {
            row.text("status") == "recognised"
                && (!row.has("recognised_on") || row.by("recognised_on", day))
        });
        let recognised: BTreeSet<&str> = recognised.map(|row| row.text("person")).collect();
        let secretaries = self.secretaries(day);
        let mut count = Count::default();
        for branch in self.branches(day).filter(|unit| unit.text("branch_type") == "teachers") {
            let own: Vec<&str> = secretaries
                .iter()
                .filter(|(unit, _)| *unit == branch.id)
                .map(|(_, person)| *person)
                .collect();
            if !own.is_empty() {
                let has = own.iter().any(|person| recognised.contains(person));
                count.add(self.secondary(&branch.id), u64::from(has), 1);
            }
        }
        count
    }

    /// Everybody with a line, once, in the unit that comes first by the rule of the report: the member's own.
    fn hours(&self, day: &str) -> Count {
        let mut lines: BTreeMap<&str, u64> = BTreeMap::new();
        let mut line = |person, hours: u64| {
            let own = lines.entry(person).or_default();
            *own = hours.max(*own);
        };
        for person in self.all("person") {
            assert!(!person.has("rank"), "no cadres of their own rank on this campus");
            assert!(person.is_one_of("party_status", &["01", "02"]), "members only");
            line(&person.id, 32);
        }
        for post in self.in_post(day) {
            line(post.text("person"), 56);
        }
        let files = self.all("staff_file").iter();
        for file in files.filter(|file| file.by("appointed_on", day) && !file.has("left_on")) {
            let division = file.text("rank").starts_with("division");
            line(file.text("person"), if division { 110 } else { 90 });
        }
        let mut hours: BTreeMap<&str, f64> = BTreeMap::new();
        for (row, class) in self.finished(day) {
            let days = |key: &str| class.text(key)[8..].parse::<u32>().unwrap();
            let most = f64::from((days("ends_on") - days("starts_on") + 1) * 8);
            *hours.entry(row.text("person")).or_default() +=
                row.fields["hours"].as_f64().unwrap().min(most);
        }
        let mut count = Count::default();
        for person in self.all("person") {
            let own = hours.get(&*person.id).copied().unwrap_or_default();
            let line = f64::from(u32::try_from(lines[&*person.id]).unwrap());
            count.add(self.secondary(&person.unit), u64::from(own >= line), 1);
        }
        count
    }

    fn developed(&self, day: &str) -> Count {
        assert!(self.all("member_development").is_empty(), "only persons are counted here");
        let mut count = Count::default();
        for plan in self.all("development_plan").iter().filter(|plan| plan.number("year") == 2026) {
            let unit = plan.text("unit");
            let accepted = self.all("person").iter().filter(|person| {
                let students = self.one("unit", &person.unit).map(|unit| unit.text("branch_type"))
                    == Some("students");
                self.secondary(&person.unit) == Some(unit)
                    && students == (plan.text("line") == "students")
                    && person.text("joined_on") >= YEAR
                    && person.by("joined_on", day)
            });
            let accepted = accepted.count().try_into().unwrap();
            count.add(Some(unit), accepted, plan.number("planned"));
        }
        count
    }
}
