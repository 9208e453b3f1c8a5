//! Figures with the list behind each of them, compared with the year before, and the to-do list.

use super::Client;
use super::error::ClientError;
use super::state::Inner;
use crate::domain::figures::tasks::{self, Task};
use crate::domain::figures::{
    Answer, Ask, Figure, Item, REPORTS, Report, Share, Warning, World, report, share,
};
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;

/// Returns the names of the reports, in the order of lists.
pub fn report_names() -> Vec<&'static str> {
    REPORTS.iter().map(|report| report.name).collect()
}

/// Which figures are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRequest {
    /// One of [`report_names`].
    pub name: String,
    /// Day the figures are for.
    pub as_of: PartialDate,
    /// Year the hours count for.
    pub year: i64,
    /// Only this secondary unit.
    pub unit: Option<UnitId>,
}

/// One figure: numerator, denominator, who has it and who is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// Secondary unit; `None` for the whole and for records under none.
    pub unit: Option<UnitId>,
    /// Its name.
    pub unit_name: String,
    /// Those that meet the rule.
    pub numerator: usize,
    /// Those it applies to.
    pub denominator: usize,
    /// Those that meet it; empty where amounts are counted.
    pub met: Vec<RecordId>,
    /// Those that do not.
    pub missing: Vec<Item>,
    /// Numerator and denominator of what it is compared with: a year earlier in a report, a month earlier on a board.
    pub before: Option<(usize, usize)>,
}

/// One part of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPart {
    /// `all` for the report's own figure, else a category.
    pub key: &'static str,
    /// By secondary unit.
    pub rows: Vec<ReportRow>,
    /// The whole.
    pub total: ReportRow,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportView {
    /// Its name.
    pub name: &'static str,
    /// Kind of the records counted.
    pub counts: Kind,
    /// Day the figures are for.
    pub as_of: PartialDate,
    /// Year.
    pub year: i64,
    /// The report's own figure by secondary unit.
    pub rows: Vec<ReportRow>,
    /// The whole.
    pub total: ReportRow,
    /// The parts after it.
    pub parts: Vec<ReportPart>,
    /// Lists that are in no denominator.
    pub lists: Vec<(&'static str, Vec<Item>)>,
    /// What a person should look at.
    pub warnings: Vec<Warning>,
}

/// One line of the to-do list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskView {
    /// What is to be done, when and about what.
    pub task: Task,
    /// What names the record; empty for the year's fixed dates.
    pub title: String,
    /// Name of its secondary unit.
    pub unit_name: String,
}

impl ReportRow {
    /// Returns the rate in thousandths, rounded half up; `None` if nothing is counted.
    pub fn per_mille(&self) -> Option<usize> {
        share::per_mille(self.numerator, self.denominator)
    }

    /// Returns the rate of what it is compared with.
    pub fn per_mille_before(&self) -> Option<usize> {
        self.before.and_then(|(part, whole)| share::per_mille(part, whole))
    }
}

impl ReportView {
    /// Returns the report's own figure and then its parts: key, rows, whole.
    pub fn all_parts(&self) -> impl Iterator<Item = (&'static str, &[ReportRow], &ReportRow)> {
        let own = ("all", self.rows.as_slice(), &self.total);
        std::iter::once(own)
            .chain(self.parts.iter().map(|part| (part.key, part.rows.as_slice(), &part.total)))
    }
}

impl Client {
    /// Computes a report over what is on this device.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] for an unknown name.
    pub fn report(&self, request: &ReportRequest) -> Result<ReportView, ClientError> {
        let Some(found) = report(&request.name) else {
            return Err(ClientError::NotFound { what: "report", id: request.name.clone() });
        };
        let ask = Ask { as_of: request.as_of, year: request.year };
        let mut views = self.answers(&[found], ask, request.unit, ask.year_before());
        views
            .pop()
            .ok_or_else(|| ClientError::NotFound { what: "report", id: request.name.clone() })
    }

    /// Computes every report over what is on this device; the records are read once.
    pub fn reports(&self, ask: Ask, unit: Option<UnitId>) -> Vec<ReportView> {
        let all: Vec<&'static Report> = REPORTS.iter().collect();
        self.answers(&all, ask, unit, ask.year_before())
    }

    /// Computes every report without the year before: what a screen shows at a glance.
    pub fn overview(&self, ask: Ask) -> Vec<ReportView> {
        let all: Vec<&'static Report> = REPORTS.iter().collect();
        self.answers(&all, ask, None, None)
    }

    /// Returns what is to be done around a day, the most overdue first.
    pub fn todo(&self, day: PartialDate) -> Vec<TaskView> {
        self.dated(|world| tasks::tasks(world, day))
    }

    /// Returns everything that has its day between two days, both included, the first day first.
    pub fn calendar(&self, from: PartialDate, until: PartialDate) -> Vec<TaskView> {
        self.dated(|world| tasks::between(world, from, until))
    }

    fn dated(&self, find: impl FnOnce(&World) -> Vec<Task>) -> Vec<TaskView> {
        let world = self.lock().world(&tasks::needs());
        let found = find(&world);
        let inner = self.lock();
        let view = |task: Task| TaskView {
            title: task.record.map(|id| inner.title(id)).unwrap_or_default(),
            unit_name: task.unit.map(|unit| inner.unit_name(unit.unit())).unwrap_or_default(),
            task,
        };
        found.into_iter().map(view).collect()
    }

    /// Answers reports, each beside what it was `before`. The lock is held while records are read and names are looked up, not while figures
    /// are made.
    pub(super) fn answers(
        &self,
        asked: &[&'static Report],
        ask: Ask,
        unit: Option<UnitId>,
        before: Option<Ask>,
    ) -> Vec<ReportView> {
        let kinds: Vec<Kind> = Kind::ALL
            .iter()
            .filter(|kind| asked.iter().any(|report| report.needs.contains(kind)))
            .copied()
            .collect();
        let world = self.lock().world(&kinds);
        let answered: Vec<(&'static Report, Answer, Option<Answer>)> = asked
            .iter()
            .map(|report| {
                let before = before.map(|ask| (report.run)(&world, ask));
                (*report, (report.run)(&world, ask), before)
            })
            .collect();
        drop(world);
        let inner = self.lock();
        answered
            .into_iter()
            .map(|(report, answer, before)| {
                inner.report_view(report, ask, unit, answer, before.as_ref())
            })
            .collect()
    }
}

impl Inner {
    fn report_view(
        &self,
        report: &Report,
        ask: Ask,
        unit: Option<UnitId>,
        answer: Answer,
        before: Option<&Answer>,
    ) -> ReportView {
        let mut parts: Vec<ReportPart> = answer
            .sections
            .into_iter()
            .map(|section| {
                let earlier = before.and_then(|before| before.section(section.key));
                self.report_part(section.key, unit, section.figure, earlier)
            })
            .collect();
        let first = if parts.is_empty() {
            self.report_part("all", unit, Figure::default(), None)
        } else {
            parts.remove(0)
        };
        let lists = answer.lists.into_iter().map(|(key, items)| (key, self.within(items, unit)));
        ReportView {
            name: report.name,
            counts: report.counts,
            as_of: ask.as_of,
            year: ask.year,
            rows: first.rows,
            total: first.total,
            parts,
            lists: lists.collect(),
            warnings: answer.warnings,
        }
    }

    /// Keeps what belongs to a unit or to one below it.
    fn within(&self, items: Vec<Item>, unit: Option<UnitId>) -> Vec<Item> {
        let Some(wanted) = unit else { return items };
        let is_within = |id: RecordId| {
            let owner = self.rows.get(&id).map(|row| row.unit);
            owner.is_some_and(|owner| owner == wanted || self.units.is_within(owner, wanted))
        };
        items.into_iter().filter(|item| is_within(item.id)).collect()
    }

    fn report_part(
        &self,
        key: &'static str,
        unit: Option<UnitId>,
        figure: Figure,
        before: Option<&Figure>,
    ) -> ReportPart {
        let counted = |share: &Share| (share.numerator, share.denominator);
        let earlier = |unit: &Option<RecordId>| {
            before.map(|before| before.rows.get(unit).map_or((0, 0), counted))
        };
        let wanted =
            |row: &Option<RecordId>| unit.is_none_or(|only| row.map(RecordId::unit) == Some(only));
        let rows: Vec<ReportRow> = figure
            .rows
            .into_iter()
            .filter(|(unit, _)| wanted(unit))
            .map(|(unit, share)| self.report_row(unit.map(RecordId::unit), share, earlier(&unit)))
            .collect();
        let total = match (unit, rows.first()) {
            (Some(_), Some(only)) => only.clone(),
            (Some(unit), None) => {
                self.report_row(Some(unit), Share::default(), earlier(&Some(unit.record())))
            }
            (None, _) => {
                self.report_row(None, figure.total, before.map(|before| counted(&before.total)))
            }
        };
        ReportPart { key, rows, total }
    }

    fn report_row(
        &self,
        unit: Option<UnitId>,
        share: Share,
        before: Option<(usize, usize)>,
    ) -> ReportRow {
        ReportRow {
            unit,
            unit_name: unit.map(|unit| self.unit_name(unit)).unwrap_or_default(),
            numerator: share.numerator,
            denominator: share.denominator,
            met: share.met,
            missing: share.missing,
            before,
        }
    }
}
