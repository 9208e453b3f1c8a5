//! Ranges of numbers that a device may give out offline, and that nobody else gets, ever.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Outside;
use super::args::NumberLease;
use crate::domain::access::Office;
use crate::domain::ids::{DeviceId, RecordId, UnitId};
use crate::domain::record::{FieldNo, Value};
use crate::sync::outcome::Outcome;
use crate::sync::record::{FieldState, Record};
use crate::sync::task::{Refusal, Task};

/// The reserved kind number of leases: records that tell a device which numbers are its own.
pub const LEASE_KIND: u16 = 1001;
/// The reserved kind number of series: how far the numbers of one sort, year and unit are given out.
pub const SERIES_KIND: u16 = 1002;

/// Sort of numbers; the same field number in both kinds, as for year and unit.
const RANGE: FieldNo = FieldNo(1);
const YEAR: FieldNo = FieldNo(2);
const UNIT: FieldNo = FieldNo(3);
/// First number of a lease.
const LO: FieldNo = FieldNo(4);
/// Last number of a lease, or of a series.
const HI: FieldNo = FieldNo(5);
/// Device a lease is for.
const DEVICE: FieldNo = FieldNo(6);
/// Generation of that device: a copy put back must not give the same numbers out again.
const GENERATION: FieldNo = FieldNo(7);

/// Most numbers of one lease.
const MOST: u32 = 1_000;
/// Longest word for a sort of numbers, bytes.
const MAX_WORD: usize = 40;
/// Years that are years.
const YEARS: std::ops::RangeInclusive<u16> = 1990..=2199;

/// Namespace of the ids of series.
const SERIES: Uuid = Uuid::from_u128(0x6c1b_2f9e_53ad_4c0f_9c57_0e6a_4f1d_82b3);

/// A range of numbers that is one device's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The lease record.
    pub id: RecordId,
    /// Sort of numbers, such as `certificate`.
    pub range: String,
    /// Year they are of.
    pub year: u16,
    /// Unit they are of.
    pub unit: UnitId,
    /// First number.
    pub lo: u64,
    /// Last number.
    pub hi: u64,
    /// The device.
    pub device: DeviceId,
    /// Its generation.
    pub generation: u32,
}

impl Lease {
    /// Reads a lease record; `None` if it is none.
    pub fn of(record: &Record) -> Option<Self> {
        let value = |no: FieldNo| record.fields.get(&no).map(|state| &state.value);
        let number = |no: FieldNo| value(no).and_then(Value::as_int);
        if record.kind != LEASE_KIND || !record.is_live() {
            return None;
        }
        Some(Self {
            id: record.id,
            range: value(RANGE)?.as_text()?.to_owned(),
            year: u16::try_from(number(YEAR)?).ok()?,
            unit: value(UNIT)?.as_ref_id()?.unit(),
            lo: u64::try_from(number(LO)?).ok()?,
            hi: u64::try_from(number(HI)?).ok()?,
            device: DeviceId(number(DEVICE)?.cast_unsigned()),
            generation: u32::try_from(number(GENERATION)?).ok()?,
        })
    }
}

impl Lease {
    /// Reads how far a series is given out: sort, year, unit, last number; `None` if the record is no series.
    pub fn series(record: &Record) -> Option<(String, u16, UnitId, u64)> {
        let value = |no: FieldNo| record.fields.get(&no).map(|state| &state.value);
        if record.kind != SERIES_KIND {
            return None;
        }
        Some((
            value(RANGE)?.as_text()?.to_owned(),
            u16::try_from(value(YEAR)?.as_int()?).ok()?,
            value(UNIT)?.as_ref_id()?.unit(),
            u64::try_from(value(HI)?.as_int()?).ok()?,
        ))
    }
}

/// Returns the id of the series that a lease is cut from.
pub fn series_id(args: &NumberLease) -> RecordId {
    let name = format!("{}/{}/{}", args.range, args.year, args.unit);
    RecordId(Uuid::new_v5(&SERIES, name.as_bytes()))
}

/// `number.lease`: the next numbers, for the device that asks.
///
/// # Errors
/// `wrong_id`, `not_permitted`, `invalid`.
pub(super) fn lease(task: &mut Task<'_>, args: &NumberLease) -> Result<Outcome, Refusal> {
    let seq = task.stamp.seq;
    if task.op.kind != LEASE_KIND {
        return Err(Refusal::new("wrong_id"));
    }
    if !task.author.role.acts_for(Office::Headquarters) {
        return Err(Refusal::new("not_permitted"));
    }
    if task.world.records.contains_key(&task.op.record) {
        return Ok(Outcome::Converged { seq });
    }
    let word = !args.range.is_empty() && args.range.len() <= MAX_WORD;
    if !word || !(1..=MOST).contains(&args.count) || !YEARS.contains(&args.year) {
        return Err(Refusal::new("invalid"));
    }
    let series = series_id(args);
    let last = last_given(task, series);
    let high = last.checked_add(args.count.into()).ok_or_else(|| Refusal::new("invalid"))?;
    let number = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let of = |more: &[(FieldNo, Value)]| {
        let mut fields = vec![
            (RANGE, Value::Text(args.range.clone())),
            (YEAR, Value::Int(args.year.into())),
            (UNIT, Value::Ref(args.unit.record())),
            (HI, number(high)),
        ];
        fields.extend_from_slice(more);
        fields
    };
    let id = task.op.id;
    let own = [
        (LO, number(last.saturating_add(1))),
        (DEVICE, Value::Int(id.device.0.cast_signed())),
        (GENERATION, Value::Int(id.generation.into())),
    ];
    write(task, task.op.record, LEASE_KIND, args.unit, of(&own));
    write(task, series, SERIES_KIND, args.unit, of(&[]));
    Ok(Outcome::Applied { seq })
}

/// Returns the last number of a series that anybody may have: by the records, or by what was noted outside them before a restore.
fn last_given(task: &Task<'_>, series: RecordId) -> u64 {
    let state = task.world.records.get(&series).and_then(|record| record.fields.get(&HI));
    let known = state.and_then(|state| state.value.as_int()).unwrap_or(0);
    let noted = match task.world.outside.get(&task.op.id) {
        Some(Outside::Issued { last }) if !crate::trap!(T66) => *last,
        Some(Outside::Issued { .. } | Outside::Promised { .. }) | None => 0,
    };
    u64::try_from(known).unwrap_or(0).max(noted)
}

fn write(
    task: &mut Task<'_>,
    id: RecordId,
    kind: u16,
    unit: UnitId,
    fields: Vec<(FieldNo, Value)>,
) {
    let (op, seq) = (task.op.id, task.stamp.seq);
    let created = task.world.records.get(&id).map_or(op, |record| record.created);
    let states =
        fields.into_iter().map(|(no, value)| (no, FieldState { value, origin: op, seq })).collect();
    task.put(Record {
        id,
        kind,
        unit,
        unit_origin: created,
        rev: seq,
        created,
        fields: states,
        elements: BTreeMap::new(),
        tombstone: None,
        open_conflicts: 0,
        conflict: None,
        held: None,
    });
}
