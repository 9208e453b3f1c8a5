//! 學時達標率: persons with counted hours of the year of at least their own line / persons of that category.
//!
//! A person's own line is the highest of those of the roles held on the day (32, 56, 90, 110 hours and what headquarters adds). The
//! report's own figure counts everybody once; each part counts who has the role. The hours lacking stand with each person.

use super::people;
use super::reading::at_division_level;
use super::share::{Answer, Figure, Note};
use super::world::{World, contains};
use super::{Ask, Report, hours};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;

pub(super) const REPORT: Report = Report {
    name: "hours-attained",
    counts: Kind::Person,
    needs: &[
        Kind::Unit,
        Kind::Person,
        Kind::Post,
        Kind::StaffFile,
        Kind::TrainingClass,
        Kind::Session,
        Kind::Enrolment,
        Kind::Attendance,
        Kind::Policy,
    ],
    source: "黨員教育管理工作條例 Art. 20 [V]; 2019-2023年全國黨員教育培訓工作規劃 [P]; 校組通字〔2021〕31號 Art. 2-5, 14 [V]",
    run,
};

/// Roles with a line, in the order of the parts.
const ROLES: [&str; 7] = [
    "member",
    "secretary",
    "committee_member",
    "organizer",
    "division_cadre",
    "section_cadre",
    "candidate",
];

/// A role somebody holds: person, place of the role in [`ROLES`], secondary unit it is held in.
type Holding = (RecordId, usize, Option<RecordId>);

fn run(world: &World, ask: Ask) -> Answer {
    let hours = hours::counted(world, ask);
    let lines = ROLES.map(|role| {
        world.policies.training_rule(role, ask.as_of).map_or(0, |rule| rule.min_hours * 10)
    });
    let line_of = |role: usize| lines.get(role).copied().unwrap_or_default();
    let mut all = Figure::default();
    let mut parts = ROLES.map(|_| Figure::default());
    for held in holdings(world, ask).chunk_by(|a, b| a.0 == b.0) {
        let Some((person, _, unit)) = held.first().copied() else { continue };
        let line = held.iter().map(|(_, role, _)| line_of(*role)).max().unwrap_or_default();
        let lacking = line - hours.of(person);
        let note = (lacking > 0).then_some(Note::HoursLacking(lacking));
        all.note(unit, person, lacking <= 0, note);
        for (_, role, unit) in held {
            if let Some(part) = parts.get_mut(*role) {
                part.note(*unit, person, lacking <= 0, note);
            }
        }
    }
    ROLES
        .into_iter()
        .zip(parts)
        .fold(Answer::new(all), |answer, (role, part)| answer.with(role, part))
}

/// Returns who holds which role on the day, once for each role and unit, in order of persons.
fn holdings(world: &World, ask: Ask) -> Vec<Holding> {
    let day = ask.as_of;
    let mut held: Vec<Holding> = Vec::with_capacity(world.persons.len() * 2);
    for person in &world.persons {
        let unit = person.secondary;
        let mut hold = |role| held.push((person.id, role, unit));
        if person.is_member {
            hold(0);
        } else if person.candidate_on.is_some_and(|on| !on.is_surely_after(day))
            && person.joined_on.is_none()
        {
            hold(6);
        }
        match person.division {
            Some(true) => hold(4),
            Some(false) => hold(5),
            None => {}
        }
    }
    for secretary in people::secretaries(world, day) {
        held.push((secretary.person, 1, world.secondary(secretary.branch)));
    }
    for (_, post) in &world.posts {
        if !people::leads_a_branch(world, post) && contains(post.from_on, post.to_on, day) {
            held.push((post.person.0, 2, world.secondary(post.unit.0)));
        }
    }
    for (_, person, file) in people::organizers(world, day) {
        let unit = world.secondary(file.unit.0);
        held.push((person, 3, unit));
        match file.rank.as_ref().and_then(|rank| at_division_level(&rank.0)) {
            Some(true) => held.push((person, 4, unit)),
            Some(false) => held.push((person, 5, unit)),
            None => {}
        }
    }
    // Stable: the persons' own roles stand in order already.
    held.sort();
    held.dedup();
    held
}
