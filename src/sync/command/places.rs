//! The places of a class: who holds one, who waits in which order, and giving free ones away.

use super::{Outside, put_field};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};
use crate::domain::training::enrolment::{Enrolment, PLACED};
use crate::domain::training::training_class::{CLOSED, SETTLED, TrainingClass};
use crate::field;
use crate::sync::record::Record;
use crate::sync::task::Task;
use crate::sync::world::World;

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
        state: status.and_then(|state| state.value.as_text()).unwrap_or_default(),
        position: number(field!(Enrolment: "queue_position").number()),
        promised: number(field!(Enrolment: "promised_seq").number()),
        order: (asked.unwrap_or(i64::MAX), status.map_or(u64::MAX, |state| state.seq)),
    }
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

/// Gives free places away in order, and notes how many are beyond the capacity.
pub(super) fn settle(task: &mut Task<'_>, id: RecordId) {
    let Some(record) = task.world.records.get(&id).cloned() else { return };
    let owned = record.clone();
    let class = Class::of(&owned);
    let about_the_class = task.op.record == id;
    if record.kind != Kind::TrainingClass.number()
        || (class.capacity.is_none() && !about_the_class)
        || crate::trap!(T35)
    {
        return;
    }
    leave_line(task, id);
    let members = members(task.world, id);
    let placed = members.iter().filter(|member| member.is_placed()).count();
    let line = line(&class, &members, placed);
    let asked: Vec<(RecordId, bool)> =
        line.iter().map(|member| (member.id, member.state == "requested")).collect();
    let open = record.is_live() && !SETTLED.contains(&class.status);
    // Promises that come back after a restore give places to nobody else: those who hold them may still be on their way.
    let returning = matches!(task.world.outside.get(&task.op.id), Some(Outside::Promised { .. }));
    let may_move = !returning && (open || asked.iter().any(|(_, requested)| *requested));
    let free = class.capacity.map_or(usize::MAX, |places| places.saturating_sub(placed));
    let (moving, staying) = asked.split_at(if may_move { free.min(asked.len()) } else { 0 });
    for (member, requested) in moving {
        if let Some(record) = task.world.records.get(member).cloned() {
            give_place(task, record, if *requested { "ranked" } else { "promoted" });
        }
    }
    let staying: Vec<RecordId> = staying.iter().map(|(member, _)| *member).collect();
    write_queue(task, &staying);
    let held = placed + moving.len();
    note_surplus(task, record, class.capacity.map_or(0, |places| held.saturating_sub(places)));
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

/// Who is in line for a place: the waiting list; whoever headquarters put on it while the class was full; and, once the class
/// is closed, those who asked, in the order they asked.
fn line<'a>(class: &Class<'_>, members: &[Member<'a>], placed: usize) -> Vec<Member<'a>> {
    let mut line = queue(members);
    let of = |state: &str| -> Vec<Member<'a>> {
        let here = |member: &&Member<'_>| member.state == state && member.position.is_none();
        let mut found: Vec<Member<'a>> = members.iter().filter(here).copied().collect();
        found.sort_by_key(|member| (member.order, member.id));
        found
    };
    if class.capacity.is_some_and(|places| placed >= places) {
        line.extend(of("waitlisted"));
    }
    if !class.waits_for_closing() {
        line.extend(of("requested"));
    }
    line
}

fn note_surplus(task: &mut Task<'_>, mut class: Record, surplus: usize) {
    let surplus = i64::try_from(surplus).ok().filter(|surplus| *surplus > 0);
    let no = field!(TrainingClass: "over_capacity").number();
    if put_field(task, &mut class, no, surplus.map(Value::Int)) {
        task.put(class);
    }
}
