//! 通知簽收: of the notices issued in the year, those each secondary unit has received; missing are the notices.

use std::collections::BTreeSet;

use super::people::is_founded;
use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::Date;
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
    let came = |on: Date| !on.0.is_surely_after(ask.as_of);
    let received: BTreeSet<(RecordId, Option<RecordId>)> = world
        .all::<NoticeReceipt>()
        .filter(|(_, receipt)| came(receipt.received_on))
        .map(|(_, receipt)| (receipt.notice.0, world.secondary(receipt.unit.0)))
        .collect();
    let units: Vec<RecordId> = world
        .units()
        .filter(|(id, unit)| world.secondary(*id) == Some(*id) && is_founded(unit, ask.as_of))
        .map(|(id, _)| id)
        .collect();
    let mut figure = Figure::default();
    let mut incomplete = Vec::new();
    for (id, notice) in world.all::<Notice>() {
        let Some(on) = notice.issued_on.filter(|on| came(*on)) else { continue };
        let of_year = dates::year_of(on.0).map(i64::from) == Some(ask.year);
        if !of_year || notice.status != Some(NoticeStatus::Issued) {
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
