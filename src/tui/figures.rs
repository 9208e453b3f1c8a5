//! Figures as screens show them: what is counted, unit by unit, on boards, and what is due.

use jiff::civil;

use super::data::Data;
use crate::client::ReportRow;
use crate::domain::figures::Ask;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;
use crate::domain::rules::dates;

pub use crate::client::TaskView;

/// A figure with the records that are missing from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// Name of the report.
    pub name: String,
    /// Which of its figures: `all`, or a part.
    pub figure: &'static str,
    /// Kind of the records.
    pub kind: Kind,
    /// Numerator.
    pub part: usize,
    /// Denominator.
    pub whole: usize,
    /// Records of the denominator that are not in the numerator.
    pub missing: Vec<RecordId>,
    /// The same unit by unit, the lowest share first.
    pub units: Vec<UnitShare>,
}

/// One line of the boards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardLine {
    /// Word of the board.
    pub board: &'static str,
    /// The figure.
    pub ratio: Ratio,
    /// Numerator and denominator a month before.
    pub before: Option<(usize, usize)>,
}

/// One unit's part of a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitShare {
    /// Name of the unit; empty for records under none.
    pub unit: String,
    /// Numerator.
    pub part: usize,
    /// Denominator.
    pub whole: usize,
    /// Records of the denominator that are not in the numerator.
    pub missing: Vec<RecordId>,
}

impl Data {
    /// Returns the figures of the overview. Slow with many records.
    pub fn ratios(&self, today: civil::Date) -> Vec<Ratio> {
        let Some(ask) = asked(today) else { return Vec::new() };
        let counted = self.client.overview(ask).into_iter();
        let counted = counted.filter(|view| view.total.denominator > 0);
        counted
            .map(|view| self.ratio(view.name, view.counts, "all", view.rows, view.total))
            .collect()
    }

    /// Returns the boards, each figure with what it was a month before. Slow with many records.
    pub fn boards(&self, today: civil::Date) -> Vec<BoardLine> {
        let Some(ask) = asked(today) else { return Vec::new() };
        let mut lines = Vec::new();
        for board in self.client.boards(ask, None) {
            for line in board.lines {
                let before = line.figure.total.before;
                let (rows, total) = (line.figure.rows, line.figure.total);
                let ratio = self.ratio(line.report, line.counts, line.figure.key, rows, total);
                lines.push(BoardLine { board: board.name, ratio, before });
            }
        }
        lines
    }

    /// Returns what is due within a year, the first day first. Slow with many records.
    pub fn agenda(&self, today: civil::Date) -> Vec<TaskView> {
        let Some(ask) = asked(today) else { return Vec::new() };
        let until = dates::plus_years(ask.as_of, 1).unwrap_or(ask.as_of);
        self.client.calendar(ask.as_of, until)
    }

    fn ratio(
        &self,
        name: &str,
        counts: Kind,
        figure: &'static str,
        rows: Vec<ReportRow>,
        total: ReportRow,
    ) -> Ratio {
        let missing: Vec<RecordId> = total.missing.into_iter().map(|item| item.id).collect();
        let shares = rows.into_iter().filter(|row| row.denominator > 0);
        let mut units: Vec<UnitShare> = shares
            .map(|row| UnitShare {
                unit: row.unit_name,
                part: row.numerator,
                whole: row.denominator,
                missing: row.missing.into_iter().map(|item| item.id).collect(),
            })
            .collect();
        units.sort_by_key(|share| (share.part * 10_000).checked_div(share.whole));
        let kind = missing.first().and_then(|id| self.client.view(*id).ok());
        Ratio {
            name: name.to_owned(),
            figure,
            kind: kind.map_or(counts, |view| view.kind),
            part: total.numerator,
            whole: total.denominator,
            missing,
            units,
        }
    }
}

/// Asks for the figures of a day and its year.
fn asked(today: civil::Date) -> Option<Ask> {
    let as_of = PartialDate::from_civil(today).ok()?;
    Some(Ask { as_of, year: i64::from(today.year()) })
}
