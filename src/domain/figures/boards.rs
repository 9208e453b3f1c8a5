//! The four boards of the series 「樹標桿、補短板、不掉隊、勇爭先」: which figures stand on which board.
//!
//! A board computes nothing of its own. Each line is a figure of a report, so that its number, its list and its source are the report's.

use super::{REPORTS, Report};

/// A figure on a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Name of the report.
    pub report: &'static str,
    /// Which of its figures: `all`, or a part.
    pub part: &'static str,
}

/// A board.
#[derive(Debug)]
pub struct Board {
    /// Stable word, as in the `series` of a deployment.
    pub name: &'static str,
    /// Its figures, in order.
    pub lines: &'static [Line],
}

const fn line(report: &'static str, part: &'static str) -> Line {
    Line { report, part }
}

/// The boards, in the order of the slogan (notice of 2018 \[S\]).
pub static BOARDS: &[Board] = &[
    // 樹標桿: who is honoured, and which branches are models or on the way.
    Board {
        name: "models",
        lines: &[
            line("awards-granted", "all"),
            line("awards-granted", "award-organizations"),
            line("model-branches", "all"),
            line("model-branches", "model-accepted"),
        ],
    },
    // 補短板: what was found wanting and is mended.
    Board {
        name: "shortfalls",
        lines: &[
            line("rectification-closed", "all"),
            line("rectification-closed", "from-visits"),
            line("rectification-closed", "from-reviews"),
            line("lagging-branches", "all"),
        ],
    },
    // 不掉隊: branches behind in terms, rhythm, training and secretaries.
    Board {
        name: "nobody_behind",
        lines: &[
            line("elections-on-time", "all"),
            line("organisation-life", "all"),
            line("training-coverage", "all"),
            line("branch-secretaries", "all"),
        ],
    },
    // 勇爭先: what was planned and is done.
    Board {
        name: "striving",
        lines: &[
            line("deployments", "all"),
            line("deployments", "on-time"),
            line("cultivation-plan", "all"),
            line("double-leader-ratio", "all"),
            line("hours-attained", "all"),
            line("development-plan", "all"),
        ],
    },
];

/// Returns the reports that the boards take their figures from, in the order of reports.
pub fn reports() -> Vec<&'static Report> {
    let stands =
        |report: &&Report| BOARDS.iter().flat_map(|b| b.lines).any(|l| l.report == report.name);
    REPORTS.iter().filter(stands).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::figures::{Ask, World, report};
    use crate::domain::org::deployment::Series;
    use crate::domain::record::PartialDate;

    #[test]
    fn every_line_of_a_board_is_a_figure_that_its_report_has() {
        let as_of = PartialDate::day(2026, 12, 31).unwrap();
        let world = World::default();
        for line in BOARDS.iter().flat_map(|board| board.lines) {
            let report = report(line.report).unwrap_or_else(|| panic!("{line:?}"));
            let answer = (report.run)(&world, Ask { as_of, year: 2026 });
            assert!(answer.section(line.part).is_some(), "{line:?}");
        }
        let names: Vec<&str> = BOARDS.iter().map(|board| board.name).collect();
        let series = [Series::Models, Series::Shortfalls, Series::NobodyBehind, Series::Striving];
        assert_eq!(
            names,
            series.each_ref().map(Series::key),
            "tasks of the series name the same boards"
        );
    }
}
