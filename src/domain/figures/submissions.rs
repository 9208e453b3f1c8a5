//! 報送及時率, the five numbers of DHIS2: reports expected, received and received in time, and the two rates.

use super::share::{Answer, Figure, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;
use crate::domain::rules::dates;

pub(super) const REPORT: Report = Report {
    name: "submissions",
    counts: Kind::Submission,
    needs: &[Kind::Unit, Kind::Submission],
    source: "DHIS2 reporting rates [V]; 校組通字〔2021〕31號 Art. 20: March and 20 December [V]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let (mut received, mut in_time) = (Figure::default(), Figure::default());
    for (id, report) in &world.submissions {
        let last = dates::end_of(report.due_on.0);
        if report.year.0 != ask.year || last > ask.as_of {
            continue;
        }
        let unit = world.secondary(report.unit.0);
        let came = report.received_on.map(|on| on.0).filter(|on| !on.is_surely_after(ask.as_of));
        let late = came.map_or(ask.as_of.days(), PartialDate::days) - last.days();
        received.note(unit, *id, came.is_some(), Some(Note::DaysOver(late)));
        in_time.note(
            unit,
            *id,
            came.is_some_and(|on| !on.is_surely_after(last)),
            Some(Note::DaysOver(late)),
        );
    }
    Answer::new(received).with("on-time", in_time)
}
