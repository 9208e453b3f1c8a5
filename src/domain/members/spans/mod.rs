//! Spans of member development: the first and the last day of every step (發展黨員工作細則).
//!
//! Each rule is a row of the table below; its number and the article it comes from are a dated row of config/policy/limits.toml, which
//! headquarters may replace. A day known to the month is early or late only when it is certain.

use super::development::MemberDevelopment;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldId, Fields, Issue, PartialDate, Record, Value};
use crate::domain::rules::policy::{LimitRule, Policies};
use crate::domain::rules::{dates, workdays};
use crate::domain::workflow;
use crate::field;

/// What a number of a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    Months,
    Days,
    /// Working days of publicity; the first day counts if it is worked, and the step is on a later day.
    Workdays,
}

/// Where a span begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    /// On the day of the first field.
    Day,
    /// When the regular probation ends.
    RegularEnd,
    /// When the probation, extended or not, ends.
    ProbationEnd,
}

/// A rule about the days of two fields.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Stable word; the text is `cli-rule-<code>`.
    pub code: &'static str,
    /// Field with the day it counts from.
    pub from: FieldId,
    /// Field with the day that is checked.
    pub to: FieldId,
    base: Base,
    count: Count,
    /// Name of the limit: the step is not earlier; `None`: not before the day it counts from.
    least: Option<&'static str>,
    /// Name of the limit: the step is not later.
    most: Option<&'static str>,
    /// States in which the second day is awaited.
    awaited: &'static [&'static str],
}

macro_rules! spans {
    ($( $code:literal: $from:literal -> $to:literal, $base:ident, $count:ident, $least:expr, $most:expr, $awaited:expr; )*) => {
        /// Every rule, in the order of the steps.
        pub const SPANS: &[Span] = &[$( Span {
            code: $code,
            from: field!(MemberDevelopment: $from),
            to: field!(MemberDevelopment: $to),
            base: Base::$base,
            count: Count::$count,
            least: $least,
            most: $most,
            awaited: &$awaited,
        } ),*];
    };
}
spans! {
    "development-talk": "applied_on" -> "talked_on", Day, Months, None, Some("development-talk-most"), ["applicant"];
    "development-activist": "applied_on" -> "activist_on", Day, Months, Some("development-activist-least"), None, ["applicant"];
    "development-activist-filed": "activist_on" -> "activist_filed_on", Day, Months, None, Some("development-activist-filed-most"), ["activist"];
    "development-cultivation": "activist_on" -> "candidate_on", Day, Months, Some("development-cultivation-least"), None, ["activist"];
    "development-candidate-publicity": "candidate_publicised_on" -> "candidate_on", Day, Workdays, Some("publicity-working-days"), None, ["activist"];
    "development-candidate-filed": "candidate_on" -> "candidate_filed_on", Day, Months, None, None, ["candidate"];
    "development-training": "candidate_on" -> "trained_on", Day, Months, None, None, [];
    "development-pre-review": "pre_review_asked_on" -> "pre_reviewed_on", Day, Months, None, Some("development-pre-review-most"), ["candidate", "planned"];
    "development-leaving": "joined_on" -> "leaves_on", Day, Months, Some("development-leaving-least"), None, [];
    "development-meeting": "pre_reviewed_on" -> "joined_on", Day, Months, None, None, [];
    "development-approval-talk": "joined_on" -> "approval_talk_on", Day, Months, None, None, [];
    "development-approval-after-talk": "approval_talk_on" -> "approved_on", Day, Months, None, None, [];
    "development-approval": "joined_on" -> "approved_on", Day, Months, None, Some("development-approval-most"), ["form"];
    "development-extension": "joined_on" -> "extended_until", RegularEnd, Months, Some("development-extension-least"), Some("development-extension-most"), [];
    "development-full-application": "joined_on" -> "full_applied_on", ProbationEnd, Days, None, Some("development-full-application-before"), ["probationary", "extended"];
    "development-full-publicity": "full_publicised_on" -> "full_meeting_on", Day, Workdays, Some("publicity-working-days"), None, ["probationary", "extended"];
    "development-probation": "joined_on" -> "full_meeting_on", ProbationEnd, Months, None, None, ["probationary", "extended"];
    "development-full-approval": "full_meeting_on" -> "full_approved_on", Day, Months, None, Some("development-full-approval-most"), ["probationary", "extended"];
}

/// From when to when a step may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First day; `None` where nothing holds it back.
    pub opens: Option<PartialDate>,
    /// Last day; `None` where nothing ends it.
    pub closes: Option<PartialDate>,
}

/// A rule that a file does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub code: &'static str,
    /// Field it is found at.
    pub field: &'static str,
    /// True if the step came too late, false if too early or not as the rule asks.
    pub late: bool,
    /// From when to when it was to be.
    pub window: Window,
    /// Article or rule, as the row in force names it.
    pub source: String,
}

impl Finding {
    /// Returns what a person is told: an error if a step is taken before its time, a warning otherwise.
    pub fn issue(&self) -> Issue {
        let day = |day: Option<PartialDate>| day.map(|day| day.to_string()).unwrap_or_default();
        let (opens, closes) = (day(self.window.opens), day(self.window.closes));
        let issue = match (self.late, self.window.opens) {
            (true, _) => Issue::warning(self.field, "span-late"),
            (false, Some(_)) if self.is_national() => Issue::error(self.field, "span-early"),
            (false, Some(_)) => Issue::warning(self.field, "span-early"),
            (false, None) => Issue::warning(self.field, "span-other"),
        };
        issue.with("rule", &self.source).with("opens", opens).with("closes", closes)
    }

    /// True for an article of the 細則; a province's or university's procedure only warns.
    fn is_national(&self) -> bool {
        self.source.contains("Art.")
    }
}

fn date(fields: &Fields, at: FieldId) -> Option<PartialDate> {
    fields.get(&at.number())?.as_date()
}

fn moved(from: PartialDate, by: i64, count: Count) -> Option<PartialDate> {
    match count {
        Count::Months => dates::plus_months(from, i32::try_from(by).ok()?),
        Count::Days => day_after(from, by),
        Count::Workdays => day_after(workdays::last_of(from, by)?, 1),
    }
}

fn day_after(from: PartialDate, days: i64) -> Option<PartialDate> {
    let day = from.civil()?.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    PartialDate::from_civil(day).ok()
}

/// Returns when the probation ends that began on the day of the meeting: after the regular months, or as extended.
pub fn probation_end(fields: &Fields, rules: &Policies) -> Option<PartialDate> {
    date(fields, field!(MemberDevelopment: "extended_until")).or_else(|| regular_end(fields, rules))
}

fn regular_end(fields: &Fields, rules: &Policies) -> Option<PartialDate> {
    let joined = date(fields, field!(MemberDevelopment: "joined_on"))?;
    let months = rules.limit("development-probation-least", joined)?;
    moved(joined, months, Count::Months)
}

impl Span {
    /// Returns the limits of the rule that were in force on the day it counts from.
    fn limits<'a>(
        &self,
        fields: &Fields,
        rules: &'a Policies,
        on: PartialDate,
    ) -> [Option<&'a LimitRule>; 2] {
        let extended = field!(MemberDevelopment: "approval_extended").number();
        let more = self.code == "development-approval"
            && fields.get(&extended) == Some(&Value::Flag(true));
        let most = if more { Some("development-approval-extended-most") } else { self.most };
        [self.least, most].map(|key| rules.limit_row(key?, on))
    }

    /// Returns from when to when the second day may be, and the article; `None` while the first is not known.
    pub fn window(&self, fields: &Fields, rules: &Policies) -> Option<(Window, String)> {
        let from = date(fields, self.from)?;
        let [least, most] = self.limits(fields, rules, from);
        let base = match self.base {
            Base::Day => from,
            Base::RegularEnd => regular_end(fields, rules)?,
            Base::ProbationEnd => probation_end(fields, rules)?,
        };
        // An application for full membership comes before the end it counts from.
        let before = self.code == "development-full-application";
        let opens = match least {
            Some(row) => moved(base, row.amount, self.count)?,
            None if before => from,
            None => base,
        };
        let closes = most
            .and_then(|row| moved(base, if before { -row.amount } else { row.amount }, self.count));
        let probation = (self.base != Base::Day)
            .then(|| rules.limit_row("development-probation-least", from))
            .flatten();
        let row = most.or(least).or(probation);
        let row = row.or_else(|| rules.limit_row("development-order", from))?;
        Some((Window { opens: Some(opens), closes }, row.source.clone()))
    }

    fn finding(&self, fields: &Fields, rules: &Policies) -> Option<Finding> {
        let done = date(fields, self.to)?;
        let (window, source) = self.window(fields, rules)?;
        let early = window.opens.is_some_and(|opens| opens.is_surely_after(done));
        let late = window.closes.is_some_and(|closes| done.is_surely_after(closes));
        (early || late).then(|| Finding {
            code: self.code,
            field: self.to.key(),
            late,
            window,
            source,
        })
    }
}

/// Returns the rules that a file does not keep: the table's, and those about age, contacts, introducers, reviews and training.
///
/// `as_of`: the day on which a review that should have been is missed; `None` looks only at what is written.
pub fn broken(
    fields: &Fields,
    born: Option<PartialDate>,
    rules: &Policies,
    as_of: Option<PartialDate>,
) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        SPANS.iter().filter_map(|span| span.finding(fields, rules)).collect();
    let Ok(file) = MemberDevelopment::hydrate(fields) else { return found };
    found.extend(age(&file, born, rules));
    found.extend(people(&file, rules));
    found.extend(reviews(fields, &file, rules, as_of));
    found.extend(training(&file, rules));
    found
}

fn named(
    code: &'static str,
    field: FieldId,
    row: &LimitRule,
    late: bool,
    window: Window,
) -> Finding {
    Finding { code, field: field.key(), late, window, source: row.source.clone() }
}

const NO_WINDOW: Window = Window { opens: None, closes: None };

/// Art. 5: of age when applying.
fn age(file: &MemberDevelopment, born: Option<PartialDate>, rules: &Policies) -> Option<Finding> {
    let applied = file.applied_on.0;
    let row = rules.limit_row("development-age-least", applied)?;
    let opens = dates::plus_years(born?, i16::try_from(row.amount).ok()?)?;
    let window = Window { opens: Some(opens), closes: None };
    let at = field!(MemberDevelopment: "applied_on");
    opens.is_surely_after(applied).then(|| named("development-age", at, row, false, window))
}

/// Art. 9: one or two contacts once an activist; Art. 14: two introducers once a candidate is accepted.
fn people(file: &MemberDevelopment, rules: &Policies) -> Vec<Finding> {
    let mut found = Vec::new();
    let count = |names: usize| i64::try_from(names).unwrap_or(i64::MAX);
    let contacts = count(file.contacts.0.len());
    if let Some(on) = file.activist_on
        && let Some(row) = rules.limit_row("development-contacts-most", on.0)
        && !(1..=row.amount).contains(&contacts)
    {
        let at = field!(MemberDevelopment: "contacts");
        found.push(named("development-contacts", at, row, false, NO_WINDOW));
    }
    if let Some(on) = file.joined_on
        && let Some(row) = rules.limit_row("development-introducers", on.0)
        && count(file.introducers.0.len()) != row.amount
    {
        let at = field!(MemberDevelopment: "introducers");
        found.push(named("development-introducers", at, row, false, NO_WINDOW));
    }
    found
}

/// Art. 11: an activist is looked at every six months, until being a candidate.
fn reviews(
    fields: &Fields,
    file: &MemberDevelopment,
    rules: &Policies,
    as_of: Option<PartialDate>,
) -> Option<Finding> {
    let mut last = file.activist_on?.0;
    let row = rules.limit_row("development-review-most", last)?;
    let mut days: Vec<PartialDate> =
        file.reviewed_on.0.iter().filter_map(|day| dates::written(&day.0)).collect();
    days.sort_unstable();
    let is_activist = state(fields) == "activist";
    let end = file.candidate_on.map(|on| on.0).or(as_of.filter(|_| is_activist));
    for day in days.into_iter().chain(end) {
        let closes = moved(last, row.amount, Count::Months)?;
        if day.is_surely_after(closes) {
            let window = Window { opens: Some(last), closes: Some(closes) };
            let at = field!(MemberDevelopment: "reviewed_on");
            return Some(named("development-review", at, row, true, window));
        }
        last = day.max(last);
    }
    None
}

/// Art. 17: three days or 24 hours of centralised training before the branch accepts.
fn training(file: &MemberDevelopment, rules: &Policies) -> Option<Finding> {
    let joined = file.joined_on?.0;
    let hours = rules.limit_row("development-training-hours", joined)?;
    let days = rules.limit("development-training-days", joined)?;
    let enough = file.training_hours.is_some_and(|own| own.0 >= hours.amount * 10)
        || file.training_days.is_some_and(|own| own.0 >= days);
    let before = file.trained_on.is_some_and(|on| !on.0.is_surely_after(joined));
    let at = field!(MemberDevelopment: "trained_on");
    let window = Window { opens: None, closes: Some(joined) };
    (!enough || !before).then(|| named("development-training", at, hours, !before, window))
}

fn state(fields: &Fields) -> String {
    workflow::state(Kind::MemberDevelopment, fields).unwrap_or_default()
}

/// The step of a file that comes next, with its window: of the rules that await one in the file's state, the first without its day.
pub fn next_step(fields: &Fields, rules: &Policies) -> Option<(&'static Span, Window)> {
    let state = state(fields);
    SPANS
        .iter()
        .filter(|span| span.awaited.contains(&state.as_str()) && date(fields, span.to).is_none())
        .find_map(|span| Some((span, span.window(fields, rules)?.0)))
}

/// Returns the days that the to-do list shows of a file: the last day of the next step, or the first where there is no last.
pub fn awaited(fields: &Fields, rules: &Policies) -> Vec<(&'static str, PartialDate)> {
    let next = next_step(fields, rules);
    let day = |(span, window): (&'static Span, Window)| {
        Some((span.code, window.closes.or(window.opens)?))
    };
    next.and_then(day).into_iter().collect()
}

#[cfg(test)]
mod tests;
