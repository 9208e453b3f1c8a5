//! Terms: one committee's term of office, kept when the next one begins.

use crate::domain::record::{
    Date, Identifier, Integer, Issue, Many, Owner, PartialDate, Text, UnitRef, care,
};
use crate::domain::rules::{dates, policy};
use crate::{field, record, reference};

reference! {
    /// A term.
    TermId -> "term";
}

record! {
    /// One term of office of a committee (屆次).
    ///
    /// Source: 基層組織選舉工作條例 (2020); 支部工作條例 Art. 21. The present term's dates also stand in the unit.
    pub struct Term = 18, "term" {
        /// The unit or branch.
        unit: UnitRef = 1, "unit".width(30);
        /// Number of the term (第幾屆).
        number: Option<Integer> = 2, "number".width(6).range(1, 100);
        /// First day.
        starts_on: Date = 3, "starts_on".width(10).group("period");
        /// Regular last day; absent: the start plus the years of the rule.
        ends_on: Option<Date> = 4, "ends_on".width(10).group("period");
        /// Day the superior was to remind and did (提前六個月提醒).
        reminded_on: Option<Date> = 5, "reminded_on".width(10);
        /// Document that allows an early or late election.
        approval_no: Option<Identifier> = 6, "approval_no".width(20).max_chars(60).group("approval");
        /// Last day as approved, at most one year from the regular one.
        approved_until: Option<Date> = 7, "approved_until".width(10).group("approval");
        /// Day of the election that ended the term.
        reelected_on: Option<Date> = 8, "reelected_on".width(10);
        /// Document of the result.
        result_no: Option<Identifier> = 9, "result_no".width(20).max_chars(60);
        /// Day the result was filed with the superior (結果備案).
        result_filed_on: Option<Date> = 11, "result_filed_on".width(10);
        /// Days of the later reminders: at three months, then monthly until the election.
        reminders: Many<Text> = 12, "reminders".width(22).max_chars(10);
        /// Day the superior allowed an early or late election.
        approved_on: Option<Date> = 13, "approved_on".width(10).group("approval");
        /// Remarks of the office.
        note: Option<Text> = 10, "note".width(20).max_chars(200);
    }
    spec { .care(care::UNITS).owner(Owner::Field("unit")).list(&["unit", "number", "starts_on", "ends_on", "approved_until", "reelected_on"])
        .title(&["unit", "starts_on"]).natural(&["unit", "starts_on"]) }
    rules { in_order, elected_after_the_start, a_delay_has_a_document, a_delay_is_a_year_at_most, reminders_are_days,
        announced_in_time, elected_when_it_may_be, a_result_is_filed }
}

fn in_order(t: &Term) -> Option<Issue> {
    dates::order(Some(t.starts_on), t.ends_on, field!(Term: "ends_on"))
}

fn elected_after_the_start(t: &Term) -> Option<Issue> {
    dates::order(Some(t.starts_on), t.reelected_on, field!(Term: "reelected_on"))
}

fn a_delay_has_a_document(t: &Term) -> Option<Issue> {
    (t.approved_until.is_some() && t.approval_no.is_none())
        .then(|| Issue::warning(field!(Term: "approval_no"), "q11-empty"))
}

/// 支部工作條例 Art. 21; 選舉工作條例 Art. 3: at most one year either way.
fn a_delay_is_a_year_at_most(t: &Term) -> Option<Issue> {
    let (regular, approved) = (t.ends_on?.0, t.approved_until?.0);
    let late = approved.is_surely_after(dates::plus_years(regular, 1)?);
    let early = regular.is_surely_after(dates::plus_years(approved, 1)?);
    (late || early).then(|| Issue::error(field!(Term: "approved_until"), "term-shift"))
}

fn reminders_are_days(t: &Term) -> Option<Issue> {
    let wrong = t.reminders.0.iter().find(|day| dates::written(&day.0).is_none())?;
    Some(Issue::error(field!(Term: "reminders"), "review-day").with("day", &wrong.0))
}

/// Art. 21: the superior reminds six months before the end.
fn announced_in_time(t: &Term) -> Option<Issue> {
    let (told, end) = (t.reminded_on?.0, t.ends_on?.0);
    let months = policy::shipped().term_rule("branch", told).map_or(6, |rule| rule.remind_months);
    let by = dates::plus_months(end, -i32::from(months))?;
    let late = told.is_surely_after(by);
    late.then(|| Issue::warning(field!(Term: "reminded_on"), "term-notice-late").with("by", by))
}

/// Art. 21; 選舉工作條例 Art. 3: earlier or later than the regular end only as approved, a year at most.
fn elected_when_it_may_be(t: &Term) -> Option<Issue> {
    let (on, end) = (t.reelected_on?.0, t.ends_on?.0);
    let at = field!(Term: "reelected_on");
    let last = dates::plus_years(end, 1)?;
    if on.is_surely_after(last) {
        return Some(Issue::warning(at, "term-too-late").with("last", last));
    }
    let approved = t.approval_no.is_some();
    let slack = policy::shipped().limit("term-early-days", end).unwrap_or(0);
    let early = i64::from(end.days() - dates::end_of(on).days()) > slack;
    let until = t.approved_until.filter(|_| approved).map_or(end, |until| until.0.max(end));
    let unapproved = (early && !approved) || on.is_surely_after(until);
    unapproved.then(|| Issue::warning(at, "term-unapproved"))
}

fn a_result_is_filed(t: &Term) -> Option<Issue> {
    (t.reelected_on.is_some() && t.result_no.is_none() && t.result_filed_on.is_none())
        .then(|| Issue::warning(field!(Term: "result_no"), "q11-empty"))
}

impl Term {
    /// Returns the day of the last reminder that was sent.
    pub fn last_reminder(&self) -> Option<PartialDate> {
        let later = self.reminders.0.iter().filter_map(|day| dates::written(&day.0));
        later.chain(self.reminded_on.map(|on| on.0)).max()
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::ids::RecordId;
    use crate::domain::kinds::Kind;
    use crate::domain::record::{Fields, PartialDate, Value};

    fn codes(pairs: &[(&str, (i16, i8, i8))], approval: &str) -> Vec<&'static str> {
        let no = |key: &str| Kind::Term.spec().field(key).unwrap().number;
        let day = |(y, m, d)| Value::Date(PartialDate::day(y, m, d).unwrap());
        let mut fields = Fields::from([
            (no("unit"), Value::Ref(RecordId(uuid::Uuid::from_u128(1)))),
            (no("starts_on"), day((2022, 6, 15))),
            (no("ends_on"), day((2025, 6, 15))),
            (no("result_no"), Value::Text("1號".to_owned())),
        ]);
        if !approval.is_empty() {
            fields.insert(no("approval_no"), Value::Text(approval.to_owned()));
        }
        fields.extend(pairs.iter().map(|(key, on)| (no(key), day(*on))));
        Kind::Term.check(&fields).into_iter().map(|issue| issue.code).collect()
    }

    /// 支部工作條例 Art. 21: six months before.
    #[test]
    fn the_notice_is_six_months_ahead() {
        assert!(codes(&[("reminded_on", (2024, 12, 15))], "").is_empty());
        assert_eq!(codes(&[("reminded_on", (2024, 12, 16))], ""), ["term-notice-late"]);
    }

    /// 支部工作條例 Art. 21; 基層組織選舉工作條例 Art. 3: a year either way, with approval.
    #[test]
    fn an_election_is_early_or_late_only_as_approved() {
        let elected = |on| ("reelected_on", on);
        for (on, fine) in [
            ((2025, 5, 15), true),
            ((2025, 5, 14), false),
            ((2025, 6, 15), true),
            ((2025, 6, 16), false),
        ] {
            assert_eq!(codes(&[elected(on)], "").is_empty(), fine, "{on:?}");
        }
        let until = ("approved_until", (2026, 6, 15));
        assert!(codes(&[until, elected((2026, 6, 15))], "組〔2025〕3號").is_empty());
        assert_eq!(codes(&[until, elected((2026, 6, 16))], "組〔2025〕3號"), ["term-too-late"]);
        assert!(codes(&[elected((2024, 9, 1))], "組〔2024〕3號").is_empty());
        let more = ("approved_until", (2026, 6, 16));
        assert_eq!(codes(&[more], "組〔2025〕3號"), ["term-shift"]);
    }
}
