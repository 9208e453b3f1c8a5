//! 部署任務報送: the five numbers of DHIS2 for tasks of the series: every unit that a task is for is expected, whether or not it has a record.

use std::collections::BTreeMap;

use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::deployment::Deployment;
use crate::domain::org::submission::{Submission, SubmissionStatus};
use crate::domain::record::PartialDate;
use crate::domain::rules::dates;

pub(super) const REPORT: Report = Report {
    name: "deployments",
    counts: Kind::Unit,
    needs: &[Kind::Unit, Kind::Deployment, Kind::Submission],
    source: "notice of 2018 [S]; EXPECTED_REPORTS, ACTUAL_REPORTS, ACTUAL_REPORTS_ON_TIME and their rates (DHIS2) [V]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let answers = answers(world);
    let (mut received, mut on_time) = (Figure::default(), Figure::default());
    let (mut owed, mut returned) = (Vec::new(), Vec::new());
    for (id, task) in world.all::<Deployment>().filter(|(_, task)| task.year.0 == ask.year) {
        let last = dates::end_of(task.due_on.0);
        for (unit, record) in world.units() {
            let own = world.secondary(unit) == Some(unit);
            if !own || !task.is_for(&record.code.0) {
                continue;
            }
            let answer = answers.get(&(id, unit)).copied();
            let came = answer.and_then(|(_, answer)| came(answer, ask.as_of));
            let days = came.map_or(ask.as_of.days(), PartialDate::days) - last.days();
            if last < ask.as_of {
                let note = Some(Note::DaysOver(days));
                received.note(Some(unit), unit, came.is_some(), note);
                let timely = came.is_some_and(|on| !on.is_surely_after(last));
                on_time.note(Some(unit), unit, timely, note);
            } else if came.is_none() {
                owed.push(Item { id: unit, note: Some(Note::DaysLeft(-days)) });
            }
            returned.extend(
                answer.filter(|(_, answer)| is_returned(answer)).map(|(id, _)| Item::plain(id)),
            );
        }
    }
    Answer::new(received)
        .with("on-time", on_time)
        .listing("still-in-time", owed)
        .listing("returned", returned)
}

/// Answers by task and secondary unit.
fn answers(world: &World) -> BTreeMap<(RecordId, RecordId), (RecordId, &Submission)> {
    let of = |(id, answer): &'_ (RecordId, Submission)| {
        Some((answer.deployment?.0, world.secondary(answer.unit.0)?, *id))
    };
    let all = world.submissions.iter();
    all.filter_map(|row| of(row).map(|(task, unit, id)| ((task, unit), (id, &row.1)))).collect()
}

/// The day an answer came: when the unit handed it in, else when headquarters had it; one that was sent back has not come.
fn came(answer: &Submission, as_of: PartialDate) -> Option<PartialDate> {
    let day = answer.handed_in_on.or(answer.received_on).map(|on| on.0);
    day.filter(|on| !on.is_surely_after(as_of) && !is_returned(answer))
}

fn is_returned(answer: &Submission) -> bool {
    answer.status == Some(SubmissionStatus::Returned)
}
