//! 《入黨志願書》: forms whose state is in order / forms given out for the year; each state apart, and units whose plan counts another number.
//!
//! In order: used with its person, void or lost with its document, or unused before the year is over.

use std::collections::BTreeMap;

use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::members::application_book::{ApplicationBook, BookState};
use crate::domain::record::Integer;
use crate::domain::rules::dates;

pub(super) const REPORT: Report = Report {
    name: "application-books",
    counts: Kind::ApplicationBook,
    needs: &[Kind::Unit, Kind::ApplicationBook, Kind::DevelopmentPlan],
    source: "numbered forms since 2023-04: issued are the sum of the states, not across years and units [V]",
    run,
};

const STATES: [&str; 4] = ["normal", "void", "lost", "unused"];

fn run(world: &World, ask: Ask) -> Answer {
    let mut all = Figure::default();
    let mut parts = STATES.map(|_| Figure::default());
    let mut issued: BTreeMap<Option<RecordId>, usize> = BTreeMap::new();
    for (id, book) in world.all::<ApplicationBook>() {
        if book.year.0 != ask.year || book.issued_on.0.is_surely_after(ask.as_of) {
            continue;
        }
        let unit = world.secondary(book.unit.0);
        *issued.entry(unit).or_default() += 1;
        let state = book.state.as_ref().map_or("unused", BookState::key);
        all.count(unit, id, in_order(&book, ask));
        for (name, part) in STATES.into_iter().zip(&mut parts) {
            part.count(unit, id, name == state);
        }
    }
    let answer = Answer::new(all);
    let answer =
        STATES.into_iter().zip(parts).fold(answer, |answer, (name, part)| answer.with(name, part));
    answer.listing("other-number", disagreeing(world, ask, &issued))
}

fn in_order(book: &ApplicationBook, ask: Ask) -> bool {
    let over = dates::year_of(ask.as_of).map(i64::from) > Some(book.year.0);
    match &book.state {
        Some(BookState::Normal) => book.person.is_some(),
        Some(BookState::Void | BookState::Lost) => book.document_no.is_some(),
        None | Some(BookState::Unused) => !over || book.returned_on.is_some(),
        Some(BookState::Other(_)) => false,
    }
}

/// Units whose plans say another number of forms than there are records: so many of so many.
fn disagreeing(world: &World, ask: Ask, issued: &BTreeMap<Option<RecordId>, usize>) -> Vec<Item> {
    let mut said: BTreeMap<Option<RecordId>, usize> = BTreeMap::new();
    for (_, plan) in world.plans.iter().filter(|(_, plan)| plan.year.0 == ask.year) {
        if let Some(Integer(number)) = plan.forms_issued {
            let unit = world.secondary(plan.unit.0);
            *said.entry(unit).or_default() += usize::try_from(number).unwrap_or_default();
        }
    }
    let item = |(unit, said): (Option<RecordId>, usize)| {
        let kept = issued.get(&unit).copied().unwrap_or_default();
        (kept > 0 && kept != said).then_some(Item { id: unit?, note: Some(Note::Of(kept, said)) })
    };
    said.into_iter().filter_map(item).collect()
}
