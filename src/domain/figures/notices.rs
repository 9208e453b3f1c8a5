//! 通知簽收: of the notices issued in the year, those each secondary unit has received; missing are the notices.

use std::collections::BTreeSet;

use super::people::is_founded;
use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Date, PartialDate};
use crate::domain::rules::dates;
use crate::domain::work::notice::{Notice, NoticeStatus};
use crate::domain::work::notice_receipt::NoticeReceipt;

pub(super) const REPORT: Report = Report {
    name: "notice-receipts",
    counts: Kind::Notice,
    needs: &[Kind::Unit, Kind::Notice, Kind::NoticeReceipt],
    source: "notice of 2018, item 8: what headquarters publishes reaches every unit [S]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let received = received(world, ask.as_of);
    let units = units(world, ask.as_of);
    let mut figure = Figure::default();
    let mut incomplete = Vec::new();
    for (id, _, on) in issued(world, ask.as_of) {
        if dates::year_of(on.0).map(i64::from) != Some(ask.year) {
            continue;
        }
        let mut count = 0;
        for unit in &units {
            let has = received.contains(&(id, Some(*unit)));
            count += usize::from(has);
            figure.count(Some(*unit), id, has);
        }
        if count < units.len() {
            incomplete.push(Item { id, note: Some(Note::Of(count, units.len())) });
        }
    }
    Answer::new(figure).listing("incomplete", incomplete)
}

/// A notice of the last twelve months that a unit has not signed for.
#[derive(Clone, Debug)]
pub(super) struct Unsigned {
    pub(super) id: RecordId,
    pub(super) reply_by: Option<PartialDate>,
    /// The unit, where only one has not signed: on an organizer's device there is no other.
    pub(super) unit: Option<RecordId>,
}

/// Returns the notices in force on a day that a unit on this device has not signed for.
pub(super) fn unsigned(world: &World, day: PartialDate) -> Vec<Unsigned> {
    let received = received(world, day);
    let units = units(world, day);
    let mut found = Vec::new();
    for (id, notice, on) in issued(world, day) {
        let old = dates::plus_years(on.0, 1).is_some_and(|until| day.is_surely_after(until));
        let without = |unit: &&RecordId| !received.contains(&(id, Some(**unit)));
        let mut missing = units.iter().filter(without);
        if let Some(first) = missing.next().filter(|_| !old) {
            let unit = Some(*first).filter(|_| missing.next().is_none());
            found.push(Unsigned { id, reply_by: notice.reply_by.map(|by| by.0), unit });
        }
    }
    found
}

/// Notices that stand issued, with the day.
fn issued(
    world: &World,
    as_of: PartialDate,
) -> impl Iterator<Item = (RecordId, Notice, Date)> + '_ {
    let all = world.all::<Notice>();
    let standing = all.filter(|(_, notice)| notice.status == Some(NoticeStatus::Issued));
    standing.filter_map(move |(id, notice)| {
        let on = notice.issued_on.filter(|on| !on.0.is_surely_after(as_of))?;
        Some((id, notice, on))
    })
}

/// Which secondary unit has received which notice.
fn received(world: &World, as_of: PartialDate) -> BTreeSet<(RecordId, Option<RecordId>)> {
    world
        .all::<NoticeReceipt>()
        .filter(|(_, receipt)| !receipt.received_on.0.is_surely_after(as_of))
        .map(|(_, receipt)| (receipt.notice.0, world.secondary(receipt.unit.0)))
        .collect()
}

/// Secondary units that were there.
fn units(world: &World, as_of: PartialDate) -> Vec<RecordId> {
    let all = world.units();
    let there =
        all.filter(|(id, unit)| world.secondary(*id) == Some(*id) && is_founded(unit, as_of));
    there.map(|(id, _)| id).collect()
}
