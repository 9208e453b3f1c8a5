//! 發展黨員程序: files whose days keep every span of the 細則 / files under way; and for each file the next step with its window.

use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::kinds::Kind;
use crate::domain::members::development::{DevelopmentStatus, MemberDevelopment};
use crate::domain::members::spans;
use crate::domain::record::Record;

pub(super) const REPORT: Report = Report {
    name: "development-spans",
    counts: Kind::MemberDevelopment,
    needs: &[Kind::Unit, Kind::Person, Kind::MemberDevelopment, Kind::Policy],
    source: "發展黨員工作細則 Art. 5-34 [V]; 貴州 procedure of 25 steps [V]",
    run,
};

/// Files by how far they are, in the order of the steps.
const STAGES: [&str; 7] =
    ["applicant", "activist", "candidate", "planned", "form", "probationary", "extended"];

fn run(world: &World, ask: Ask) -> Answer {
    let mut all = Figure::default();
    let mut stages = STAGES.map(|_| Figure::default());
    let (mut open, mut early, mut late) = (Vec::new(), Vec::new(), Vec::new());
    for record in world.others(Kind::MemberDevelopment) {
        let Ok(file) = MemberDevelopment::hydrate(&record.fields) else { continue };
        let status = file.status.as_ref().map_or("applicant", DevelopmentStatus::key);
        if !STAGES.contains(&status) || file.applied_on.0.is_surely_after(ask.as_of) {
            continue;
        }
        let unit = world.secondary(file.branch.0);
        let born = world.person(file.person.0).and_then(|person| person.born_on);
        let found = spans::broken(&record.fields, born, &world.policies, Some(ask.as_of));
        let first = found.first().map(|finding| Note::Rule(finding.code));
        all.note(unit, record.id, found.is_empty(), first);
        for (stage, part) in STAGES.into_iter().zip(&mut stages) {
            if stage == status {
                part.note(unit, record.id, found.is_empty(), first);
            }
        }
        let Some((_, window)) = spans::next_step(&record.fields, &world.policies) else { continue };
        let item = |note| Item { id: record.id, note: Some(note) };
        let told = Note::Window { from: window.opens, to: window.closes };
        let over = window.closes.map_or(0, |last| ask.as_of.days() - last.days());
        if over > 0 {
            late.push(item(Note::DaysOver(over)));
        } else if window.opens.is_some_and(|from| from.is_surely_after(ask.as_of)) {
            early.push(item(told));
        } else {
            open.push(item(told));
        }
    }
    let answer = Answer::new(all);
    let answer =
        STAGES.into_iter().zip(stages).fold(answer, |answer, (name, part)| answer.with(name, part));
    answer.ranked("too-late", late).listing("window-open", open).listing("too-early", early)
}
