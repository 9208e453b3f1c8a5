//! The four boards: figures of several reports beside each other, with what they were a month before.

use super::Client;
use super::report::{ReportPart, ReportView};
use crate::domain::figures::Ask;
use crate::domain::figures::boards::{self, BOARDS};
use crate::domain::ids::UnitId;
use crate::domain::kinds::Kind;
use crate::domain::rules::dates;

/// One figure on a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardLine {
    /// Report it is of.
    pub report: &'static str,
    /// Kind of the records counted.
    pub counts: Kind,
    /// The figure: `all`, or a part of the report.
    pub figure: ReportPart,
}

/// One board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardView {
    /// Its stable word.
    pub name: &'static str,
    /// Its figures.
    pub lines: Vec<BoardLine>,
}

impl Client {
    /// Computes the boards over what is on this device, each figure beside what it was a month before.
    pub fn boards(&self, ask: Ask, unit: Option<UnitId>) -> Vec<BoardView> {
        let views = self.answers(&boards::reports(), ask, unit, month_before(ask));
        let line = |line: &boards::Line| {
            let view = views.iter().find(|view| view.name == line.report)?;
            Some(BoardLine {
                report: view.name,
                counts: view.counts,
                figure: figure(view, line.part)?,
            })
        };
        let board = |board: &boards::Board| BoardView {
            name: board.name,
            lines: board.lines.iter().filter_map(line).collect(),
        };
        BOARDS.iter().map(board).collect()
    }
}

fn figure(view: &ReportView, part: &str) -> Option<ReportPart> {
    if part == "all" {
        let (rows, total) = (view.rows.clone(), view.total.clone());
        return Some(ReportPart { key: "all", rows, total });
    }
    view.parts.iter().find(|found| found.key == part).cloned()
}

/// The same question a month earlier; in January of the year asked for, of the year before.
fn month_before(ask: Ask) -> Option<Ask> {
    let as_of = dates::plus_months(ask.as_of, -1)?;
    let crossed = dates::year_of(ask.as_of)? != dates::year_of(as_of)?;
    Some(Ask { as_of, year: ask.year - i64::from(crossed) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::PartialDate;

    #[test]
    fn a_month_before_january_is_the_year_before() {
        let ask = |year, month, day| Ask {
            as_of: PartialDate::day(year, month, day).unwrap(),
            year: i64::from(year),
        };
        assert_eq!(month_before(ask(2026, 3, 31)), Some(ask(2026, 2, 28)));
        assert_eq!(month_before(ask(2026, 1, 15)), Some(ask(2025, 12, 15)));
    }
}
