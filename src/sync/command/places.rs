//! The places of a class: who holds one, who waits in which order, and giving free ones away.

use std::collections::BTreeMap;

use super::{Outside, put_field};
use crate::domain::archive::ARCHIVED;
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};
use crate::domain::training::class_quota::ClassQuota;
use crate::domain::training::enrolment::{Enrolment, PLACED};
use crate::domain::training::training_class::{CLOSED, SETTLED, TrainingClass};
use crate::field;
use crate::sync::record::Record;
use crate::sync::task::Task;
use crate::sync::world::{UnitTree, World};

/// A class as far as its places go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class<'a> {
    /// Where it stands; empty for a draft.
    pub(super) status: &'a str,
    /// Places; `None` for as many as ask.
    pub(super) capacity: Option<usize>,
    /// True if requests wait for the closing.
    pub(super) ranked: bool,
}

/// One enrolment of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member<'a> {
    pub(super) id: RecordId,
    pub(super) state: &'a str,
    /// Unit of its person.
    pub(super) unit: UnitId,
    /// Place on the waiting list.
    pub(super) position: Option<i64>,
    /// Position in a lost history that a kept promise came from.
    pub(super) promised: Option<i64>,
    /// When it was asked for, and where the server stood when the state was set: the order of those who have no place in line.
    order: (i64, u64),
}

impl Member<'_> {
    /// True if it takes one of the places.
    pub(super) fn is_placed(&self) -> bool {
        PLACED.contains(&self.state)
    }
}

impl<'a> Class<'a> {
    /// Reads a class.
    pub(super) fn of(record: &'a Record) -> Self {
        let text = |no: FieldNo| value(record, no).and_then(Value::as_text);
        let capacity = value(record, field!(TrainingClass: "capacity").number());
        let capacity = capacity.and_then(Value::as_int).and_then(|places| places.try_into().ok());
        Self {
            status: text(field!(TrainingClass: "status").number()).unwrap_or_default(),
            capacity,
            ranked: text(field!(TrainingClass: "admission").number()) == Some("ranking"),
        }
    }

    /// True if requests still wait for the closing.
    pub(super) fn waits_for_closing(&self) -> bool {
        self.ranked && !CLOSED.contains(&self.status)
    }
}

fn value(record: &Record, no: FieldNo) -> Option<&Value> {
    record.fields.get(&no).map(|state| &state.value)
}

/// Returns the live enrolments of a class, by id.
pub(super) fn members(world: &World, class: RecordId) -> Vec<Member<'_>> {
    let ids = world.pointing.get(&class).into_iter().flatten();
    ids.filter_map(|id| world.records.get(id))
        .filter(|record| record.is_live() && record.kind == Kind::Enrolment.number())
        .map(member)
        .collect()
}

fn member(record: &Record) -> Member<'_> {
    let number = |no: FieldNo| value(record, no).and_then(Value::as_int);
    let status = record.fields.get(&field!(Enrolment: "status").number());
    let asked = value(record, field!(Enrolment: "requested_at").number());
    let asked = asked.and_then(Value::as_instant);
    Member {
        id: record.id,
        unit: record.unit,
        state: status.and_then(|state| state.value.as_text()).unwrap_or_default(),
        position: number(field!(Enrolment: "queue_position").number()),
        promised: number(field!(Enrolment: "promised_seq").number()),
        order: (asked.unwrap_or(i64::MAX), status.map_or(u64::MAX, |state| state.seq)),
    }
}

/// The places that are left: of the class, of each unit that was given some, and of all others together.
///
/// A unit with a quota has the places of its quota and no others; whoever is of no such unit has what the quotas leave of the capacity.
pub(super) struct Room {
    /// Left of the class; `None` for as many as ask.
    all: Option<usize>,
    /// Left of each quota, by unit.
    quotas: Vec<(UnitId, usize)>,
    /// Left for units without a quota.
    others: Option<usize>,
    /// Places given to units together.
    given: usize,
    /// How many of a unit may wait, where its quota says so (候補名額).
    lists: BTreeMap<UnitId, usize>,
}

impl Room {
    /// Counts what the placed enrolments of a class leave.
    pub(super) fn of(
        world: &World,
        id: RecordId,
        class: &Class<'_>,
        members: &[Member<'_>],
    ) -> Self {
        let quotas = quotas(world, id);
        let given = quotas.iter().map(|(_, places)| places).sum();
        let others = class.capacity.map(|places| places.saturating_sub(given));
        let lists = lists(world, id);
        let mut room = Self { all: class.capacity, quotas, others, given, lists };
        for member in members.iter().filter(|member| member.is_placed()) {
            room.fill(&world.units, member.unit);
        }
        room
    }

    /// True if the class has places by units.
    pub(super) const fn is_divided(&self) -> bool {
        !self.quotas.is_empty()
    }

    /// Returns the unit whose quota a unit's persons are under: its own or the nearest above it.
    pub(super) fn pool(&self, units: &UnitTree, unit: UnitId) -> Option<UnitId> {
        let above = |quota: UnitId| quota == unit || units.is_within(unit, quota);
        let over = self.quotas.iter().map(|(quota, _)| *quota).filter(|quota| above(*quota));
        over.reduce(|near, other| if units.is_within(other, near) { other } else { near })
    }

    fn left(&mut self, units: &UnitTree, unit: UnitId) -> Option<&mut usize> {
        match self.pool(units, unit) {
            Some(pool) => self.quotas.iter_mut().find(|(quota, _)| *quota == pool).map(|(_, n)| n),
            None => self.others.as_mut(),
        }
    }

    /// True if there is a place for a person of the unit.
    pub(super) fn has(&self, units: &UnitTree, unit: UnitId) -> bool {
        let of_unit = match self.pool(units, unit) {
            Some(pool) => self.quotas.iter().find(|(quota, _)| *quota == pool).map(|(_, n)| *n),
            None => self.others,
        };
        self.all.is_none_or(|left| left > 0) && of_unit.is_none_or(|left| left > 0)
    }

    /// True if no more of a unit may wait; `waiting` are the units of those who do.
    pub(super) fn list_is_full(
        &self,
        units: &UnitTree,
        unit: UnitId,
        waiting: impl Iterator<Item = UnitId>,
    ) -> bool {
        let Some(pool) = self.pool(units, unit) else { return false };
        let Some(most) = self.lists.get(&pool) else { return false };
        waiting.filter(|other| self.pool(units, *other) == Some(pool)).count() >= *most
    }

    fn fill(&mut self, units: &UnitTree, unit: UnitId) {
        self.all = self.all.map(|left| left.saturating_sub(1));
        if let Some(left) = self.left(units, unit) {
            *left = left.saturating_sub(1);
        }
    }
}

/// Returns the places that units were given of a class.
fn quotas(world: &World, class: RecordId) -> Vec<(UnitId, usize)> {
    by_unit(world, class, field!(ClassQuota: "places").number()).into_iter().collect()
}

/// Returns how many of each unit may wait, of the units whose quota says so.
fn lists(world: &World, class: RecordId) -> BTreeMap<UnitId, usize> {
    by_unit(world, class, field!(ClassQuota: "substitutes").number())
}

/// Adds up a number of the quotas of a class, two rows of one unit together.
fn by_unit(world: &World, class: RecordId, number: FieldNo) -> BTreeMap<UnitId, usize> {
    let ids = world.pointing.get(&class).into_iter().flatten();
    let rows = ids.filter_map(|id| world.records.get(id));
    let mut found: BTreeMap<UnitId, usize> = BTreeMap::new();
    for row in rows.filter(|row| row.is_live() && row.kind == Kind::ClassQuota.number()) {
        let unit = value(row, field!(ClassQuota: "unit").number()).and_then(Value::as_ref_id);
        let places = value(row, number).and_then(Value::as_int);
        let places = places.and_then(|places| usize::try_from(places).ok());
        if let (Some(unit), Some(places)) = (unit, places) {
            *found.entry(unit.unit()).or_default() += places;
        }
    }
    found
}

/// Returns those on the waiting list, first one first.
pub(super) fn queue<'a>(members: &[Member<'a>]) -> Vec<Member<'a>> {
    let waits = |member: &&Member<'_>| member.state == "waitlisted" && member.position.is_some();
    let mut queue: Vec<Member<'a>> = members.iter().filter(waits).copied().collect();
    queue.sort_by_key(|member| (member.position, member.id));
    queue
}

/// Writes the waiting list as it now is: states and positions.
pub(super) fn write_queue(task: &mut Task<'_>, queue: &[RecordId]) {
    for (place, id) in (1_i64..).zip(queue) {
        let Some(mut record) = task.world.records.get(id).cloned() else { continue };
        let state = Value::Code("waitlisted".to_owned());
        let stands =
            put_field(task, &mut record, field!(Enrolment: "status").number(), Some(state));
        let position = field!(Enrolment: "queue_position").number();
        let moved = put_field(task, &mut record, position, Some(Value::Int(place)));
        if stands || moved {
            task.put(record);
        }
    }
}

/// Gives an enrolment a place, and says how it came about.
pub(super) fn give_place(task: &mut Task<'_>, mut record: Record, placement: &str) {
    let mut set = |key, value| put_field(task, &mut record, key, value);
    set(field!(Enrolment: "status").number(), Some(Value::Code("confirmed".to_owned())));
    set(field!(Enrolment: "placement").number(), Some(Value::Code(placement.to_owned())));
    set(field!(Enrolment: "queue_position").number(), None);
    task.put(record);
}

/// Gives a request back that found no place, not even on its unit's list.
fn give_back(task: &mut Task<'_>, id: RecordId) {
    let Some(mut record) = task.world.records.get(&id).cloned() else { return };
    let mut set = |key, value| put_field(task, &mut record, key, value);
    set(field!(Enrolment: "status").number(), Some(Value::Code("returned".to_owned())));
    set(field!(Enrolment: "placement").number(), Some(Value::Code("list_full".to_owned())));
    set(field!(Enrolment: "queue_position").number(), None);
    task.put(record);
}

/// Gives free places away in order, and notes how many are beyond the capacity.
pub(super) fn settle(task: &mut Task<'_>, id: RecordId) {
    let Some(record) = task.world.records.get(&id).cloned() else { return };
    let owned = record.clone();
    let class = Class::of(&owned);
    let about_the_class = task.op.record == id;
    let divided = value(&record, field!(TrainingClass: "quota_places").number()).is_some()
        || task.op.kind == Kind::ClassQuota.number();
    if record.kind != Kind::TrainingClass.number()
        || (class.capacity.is_none() && !about_the_class && !divided)
        || crate::trap!(T35)
    {
        return;
    }
    // Promises that come back after a restore give places to nobody else: those who hold them may still be on their way.
    let returning = matches!(task.world.outside.get(&task.op.id), Some(Outside::Promised { .. }));
    if class.status == ARCHIVED && !returning {
        return;
    }
    leave_line(task, id);
    let members = members(task.world, id);
    let placed = members.iter().filter(|member| member.is_placed()).count();
    let mut room = Room::of(task.world, id, &class, &members);
    let line = line(&class, &members, |member| room.has(&task.world.units, member.unit));
    let asked: Vec<(RecordId, bool, UnitId)> =
        line.iter().map(|m| (m.id, m.state == "requested", m.unit)).collect();
    let open = record.is_live() && !SETTLED.contains(&class.status);
    let may_move = !returning && (open || asked.iter().any(|(_, requested, _)| *requested));
    let (mut staying, mut held) = (Vec::new(), placed);
    for (member, requested, unit) in asked {
        let waiting = task.world.records.get(&member).cloned();
        match waiting.filter(|_| may_move && room.has(&task.world.units, unit)) {
            Some(record) => {
                room.fill(&task.world.units, unit);
                held += 1;
                give_place(task, record, if requested { "ranked" } else { "promoted" });
            }
            None if requested && room.list_is_full(&task.world.units, unit, units(&staying)) => {
                give_back(task, member);
            }
            None => staying.push((member, unit)),
        }
    }
    let staying: Vec<RecordId> = staying.into_iter().map(|(member, _)| member).collect();
    write_queue(task, &staying);
    let surplus = class.capacity.map_or(0, |places| held.saturating_sub(places));
    note_sums(task, record, surplus, &room);
}

fn units(line: &[(RecordId, UnitId)]) -> impl Iterator<Item = UnitId> {
    line.iter().map(|(_, unit)| *unit)
}

/// Takes the place in line from whoever waits no more.
fn leave_line(task: &mut Task<'_>, class: RecordId) {
    let left = |member: &Member<'_>| member.position.is_some() && member.state != "waitlisted";
    let gone: Vec<RecordId> =
        members(task.world, class).iter().filter(|m| left(m)).map(|member| member.id).collect();
    for id in gone {
        if let Some(mut record) = task.world.records.get(&id).cloned() {
            put_field(task, &mut record, field!(Enrolment: "queue_position").number(), None);
            task.put(record);
        }
    }
}

/// Who is in line for a place: the waiting list; whoever headquarters put on it while there was no room for them; and, once the
/// class is closed, those who asked, in the order they asked.
fn line<'a>(
    class: &Class<'_>,
    members: &[Member<'a>],
    has_room: impl Fn(&Member<'_>) -> bool,
) -> Vec<Member<'a>> {
    let mut line = queue(members);
    let of = |state: &str| -> Vec<Member<'a>> {
        let here = |member: &&Member<'_>| member.state == state && member.position.is_none();
        let mut found: Vec<Member<'a>> = members.iter().filter(here).copied().collect();
        found.sort_by_key(|member| (member.order, member.id));
        found
    };
    line.extend(of("waitlisted").into_iter().filter(|member| !has_room(member)));
    if !class.waits_for_closing() {
        line.extend(of("requested"));
    }
    line
}

/// Notes on the class how many are beyond its places, and how many places units were given.
fn note_sums(task: &mut Task<'_>, mut class: Record, surplus: usize, room: &Room) {
    let surplus = i64::try_from(surplus).ok().filter(|surplus| *surplus > 0);
    let given = i64::try_from(room.given).ok().filter(|_| room.is_divided());
    let over = field!(TrainingClass: "over_capacity").number();
    let changed = put_field(task, &mut class, over, surplus.map(Value::Int));
    let sum = field!(TrainingClass: "quota_places").number();
    if put_field(task, &mut class, sum, given.map(Value::Int)) || changed {
        task.put(class);
    }
}
