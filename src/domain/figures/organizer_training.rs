//! Organizers' training (notice, item 6): organizers in post with hours of at least their line; and the three kinds, each on its own.
//!
//! 任職培訓 (appointment) once since the appointment, 業務培訓 and 專職培訓 (professional, dedicated) in the year.

use std::collections::BTreeSet;

use super::share::{Answer, Figure, Note};
use super::world::{Standing, World};
use super::{Ask, Report, hours, people};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::training::training_class::TrainingClass;

pub(super) const REPORT: Report = Report {
    name: "organizer-training",
    counts: Kind::Person,
    needs: &[
        Kind::Unit,
        Kind::StaffFile,
        Kind::TrainingClass,
        Kind::Session,
        Kind::Enrolment,
        Kind::Attendance,
        Kind::Policy,
    ],
    source: "notice of 2018, item 6: three kinds [S]; the line is [M]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let counted = hours::counted(world, ask);
    let line =
        world.policies.training_rule("organizer", ask.as_of).map_or(0, |rule| rule.min_hours * 10);
    let over = |class: &TrainingClass| {
        hours::end_of(class).is_none_or(|end| !end.is_surely_after(ask.as_of))
    };
    let done = |category: &str, of_year: bool| -> BTreeSet<RecordId> {
        let fits = |class: &TrainingClass| {
            let fits = class.category.as_ref().is_some_and(|code| code.0 == category);
            fits && over(class) && (!of_year || class.year.0 == ask.year)
        };
        let classes = world.table(|_, class| fits(class).then_some(()));
        let seats = world.seats.iter().filter(|seat| seat.standing == Standing::Finished);
        seats.filter(|seat| classes.of(seat).is_some()).map(|seat| seat.person).collect()
    };
    let kinds = [("appointment", false), ("professional", true), ("dedicated", true)];
    let sets = kinds.map(|(category, of_year)| done(category, of_year));
    let mut all = Figure::default();
    let mut parts = kinds.map(|_| Figure::default());
    let mut seen = BTreeSet::new();
    for (_, person, file) in people::organizers(world, ask.as_of) {
        let unit = world.secondary(file.unit.0);
        if !seen.insert((unit, person)) {
            continue;
        }
        let lacking = line - counted.of(person);
        all.note(unit, person, lacking <= 0, (lacking > 0).then_some(Note::HoursLacking(lacking)));
        for (part, set) in parts.iter_mut().zip(&sets) {
            part.count(unit, person, set.contains(&person));
        }
    }
    kinds
        .into_iter()
        .zip(parts)
        .fold(Answer::new(all), |answer, ((key, _), part)| answer.with(key, part))
}
