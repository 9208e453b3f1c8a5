//! The page of rules: docs/rules.md, generated from the policy rows, the reports and the calendars, so that it cannot go stale.

use std::fmt::{Error, Write as _};

use crate::domain::figures::REPORTS;
use crate::domain::figures::tasks::calendar;
use crate::domain::record::PartialDate;
use crate::domain::rules::policy::Policies;
use crate::domain::rules::workdays;

const HEAD: &str = "# Rules, their sources and how sure they are

Generated from config/policy, config/calendar and src/domain/figures; do not edit by hand. When a rule changes, run
`cargo test --lib domain::rules_page`: it fails, and says where the new text is.

**V** read in a published text. **P** the document exists, the figure is unverified. **M** unverified: headquarters sets it. **S** stated in the
university's notice of 2018. Nothing here is legal advice. A row holds from its first day until a row for the same subject begins or its last day
comes; headquarters adds rows as `policy` records (`ejia add policy ...`), and one with the name of a shipped row takes its place. A figure of an
earlier day is made with the rows of that day. A judgement stores the name of the row it used (`rule_version`), and later rows do not rewrite it.

## How hours are counted

One hour is one 學時, and at most four count for a half day (校組通字〔2021〕31號 Art. 14, V). What a class gives is laid into the half days of the
sessions attended, or of its dates where no marks are kept; a half day takes no more than four hours however many classes it is in. A session of
more than five hours is in both halves. Hours of different categories add up (Art. 5, V). Only finished enrolments in classes that count for the
year, and were over on the day, are counted. A person's line is the highest of the roles held on the day.

## Dates

A date known to the month or year is surely after another only when its first day is. A period contains its first and its last day. Years from
29 February are full on 28 February of a common year. Service is counted in full months of periods put together; no month counts twice.
";

/// Returns the text of docs/rules.md.
pub fn markdown() -> String {
    let mut out = String::from(HEAD);
    match filled(&mut out) {
        Ok(()) => out,
        Err(error) => format!("{out}\n{error}\n"), // a String takes every write
    }
}

fn filled(out: &mut String) -> Result<(), Error> {
    rows(out)?;
    reports(out)?;
    asked(out)?;
    days(out)
}

fn rows(out: &mut String) -> Result<(), Error> {
    let policies = Policies::default();
    let mut table = "";
    for (name, row) in policies.all() {
        if name != table {
            writeln!(out, "\n## config/policy/{name}.toml\n")?;
            writeln!(out, "| Row | Says | From | To | Mark | Source |\n|---|---|---|---|---|---|")?;
            table = name;
        }
        let to = row.valid_to().map(|day| day.to_string()).unwrap_or_default();
        let (id, says, from) = (row.id(), row.says(), row.valid_from());
        writeln!(out, "| `{id}` | {says} | {from} | {to} | {:?} | {} |", row.mark(), row.source())?;
    }
    Ok(())
}

fn reports(out: &mut String) -> Result<(), Error> {
    writeln!(out, "\n## Reports\n\n| Report | Counts | Source |\n|---|---|---|")?;
    for report in REPORTS {
        writeln!(out, "| `{}` | `{}` | {} |", report.name, report.counts.key(), report.source)?;
    }
    Ok(())
}

/// What headquarters asks for in figures (統計報表), each with the reports that answer it; a report that is not here answers
/// what its own source asks for.
const ASKED: [(&str, &[&str]); 16] = [
    ("coverage of rotation training, teachers and students apart", &["training-coverage"]),
    ("hours attained, with the hours each person lacks", &["hours-attained"]),
    ("new secretaries trained within the months set", &["new-secretary-training"]),
    (
        "places used, half days attended, certificates; excused ones apart",
        &["quota-use", "session-attendance", "class-completion"],
    ),
    (
        "teachers' branches with a recognised double leader; vacancies and those being cultivated",
        &["double-leader-ratio", "double-leader-conditions", "trait-evidence", "cultivation-plan"],
    ),
    ("coverage of the method of selection", &["scheme-coverage"]),
    ("units with a full-time organizer, and the posts lacking", &["organizer-staffing"]),
    ("organizers' training of three kinds", &["organizer-training"]),
    (
        "who may be promoted from when, and the places of each rank",
        &["promotion-eligibility", "places-by-rank"],
    ),
    ("the one per cent", &["party-staff-ratio"]),
    ("one secretary in post for each branch", &["branch-secretaries"]),
    ("elections on time, with approved delays; overdue ones with days", &["elections-on-time"]),
    (
        "secretaries reviewed, and how grades are spread",
        &["work-report-coverage", "work-report-grades"],
    ),
    ("rectification closed of what is due; overdue list", &["rectification-closed"]),
    ("development plan, teachers apart; forms by state", &["development-plan"]),
    (
        "reports received and received in time; the ministry's tables at 30 June",
        &["submissions", "double-leader-statistics", "double-leader-grid"],
    ),
];

fn asked(out: &mut String) -> Result<(), Error> {
    writeln!(
        out,
        "\n## What headquarters asks for\n\nEach with `--as-of`, the year before, the list behind it (`--behind`) and as .xlsx, .csv, .json.\n"
    )?;
    writeln!(out, "| Asked for | Answered by |\n|---|---|")?;
    for (what, names) in ASKED {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        writeln!(out, "| {what} | {} |", names.join(", "))?;
    }
    let named = |name: &str| ASKED.iter().any(|(_, names)| names.contains(&name));
    for report in REPORTS.iter().filter(|report| !named(report.name)) {
        writeln!(out, "| {} | `{}` |", report.source, report.name)?;
    }
    Ok(())
}

fn days(out: &mut String) -> Result<(), Error> {
    writeln!(
        out,
        "\n## The year\n\n| Day | What | Shown days before | Source |\n|---|---|---|---|"
    )?;
    for entry in calendar() {
        let (month, day) = (entry.month, entry.day);
        writeln!(
            out,
            "| {month:02}-{day:02} | `{}` | {} | {} |",
            entry.code, entry.notice, entry.source
        )?;
    }
    writeln!(out, "\n## Working days\n\n| Year | Working days |\n|---|---|")?;
    for year in workdays::known() {
        let of = |month, day| PartialDate::day(year, month, day).ok()?.civil();
        if let (Some(first), Some(last)) = (of(1, 1), of(12, 31)) {
            writeln!(out, "| {year} | {} |", workdays::between(first, last))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_asked_for_is_answered_by_reports_and_by_each_once() {
        use std::collections::BTreeSet;
        let answers: Vec<&str> =
            super::ASKED.iter().flat_map(|(_, names)| *names).copied().collect();
        let named: BTreeSet<&str> = answers.iter().copied().collect();
        let reports: BTreeSet<&str> = super::REPORTS.iter().map(|report| report.name).collect();
        assert_eq!(named.len(), answers.len());
        assert!(named.is_subset(&reports));
    }

    #[test]
    fn the_rules_in_docs_are_those_of_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        let wanted = super::markdown();
        if written != wanted {
            let fresh = std::env::temp_dir().join("ejia-rules.md");
            std::fs::write(&fresh, wanted).unwrap();
            panic!("rules changed: cp {} {path}", fresh.display());
        }
    }
}
