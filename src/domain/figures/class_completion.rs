//! 結業率: participants with a certificate / participants of the classes that are over; whoever was excused is counted apart.

use super::share::{Answer, Figure, Item};
use super::world::{Standing, World};
use super::{Ask, Report, hours};
use crate::domain::kinds::Kind;

pub(super) const REPORT: Report = Report {
    name: "class-completion",
    counts: Kind::Enrolment,
    needs: &[Kind::Unit, Kind::Person, Kind::TrainingClass, Kind::Enrolment],
    source: "校組通字〔2021〕31號 Art. 15-16 [V]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let (mut certified, mut finished) = (Figure::default(), Figure::default());
    let mut excused = Vec::new();
    let over = world.table(|_, class| {
        let over = hours::end_of(class).is_some_and(|end| !end.is_surely_after(ask.as_of));
        (class.year.0 == ask.year && over).then_some(())
    });
    for seat in world.seats.iter().filter(|seat| over.of(seat).is_some()) {
        match seat.standing {
            Standing::Outside => {}
            Standing::Excused => excused.push(Item::plain(seat.id)),
            Standing::Placed | Standing::Finished => {
                certified.count(seat.unit, seat.id, seat.certified);
                finished.count(seat.unit, seat.id, seat.standing == Standing::Finished);
            }
        }
    }
    Answer::new(certified).with("finished", finished).listing("excused", excused)
}
