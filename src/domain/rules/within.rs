//! Which unit a branch belongs to, as far as the units are known here.

use super::Registry;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::unit::Unit;
use crate::domain::record::{FieldId, Issue, Record, UnitRef, Value};
use crate::field;

/// Longest way up that is followed; a ring of parents is refused elsewhere.
const LEVELS: usize = 8;

/// Returns an error at the field if the branch is surely in another unit than the one named.
pub fn branch_of(
    others: &dyn Registry,
    unit: UnitRef,
    branch: Option<UnitRef>,
    at: FieldId,
) -> Vec<Issue> {
    let outside = branch.is_some_and(|branch| !is_within(others, branch.0, unit.0));
    outside.then(|| Issue::error(at, "branch-of-other-unit")).into_iter().collect()
}

/// False if a unit is surely not the other one and not below it.
pub fn is_within(others: &dyn Registry, unit: RecordId, above: RecordId) -> bool {
    let parent = field!(Unit: "parent").number();
    let mut at = unit;
    for _ in 0..LEVELS {
        if at == above {
            return true;
        }
        if !matches!(others.fields(at), Some((Kind::Unit, _))) {
            return true; // not known here: nobody can tell
        }
        match others.field_of(at, parent).as_ref().and_then(Value::as_ref_id) {
            Some(next) => at = next,
            None => return false,
        }
    }
    true
}

/// Returns the secondary unit that a unit is in: the highest below the one without a parent, or itself.
pub fn secondary(others: &dyn Registry, unit: RecordId) -> Option<RecordId> {
    let parent_of = |at: RecordId| {
        let (kind, fields) = others.fields(at)?;
        (kind == Kind::Unit).then(|| Unit::hydrate(&fields).ok())?
    };
    let mut at = unit;
    for _ in 0..LEVELS {
        let Some(above) = parent_of(at)?.parent else { return Some(at) };
        match parent_of(above.0) {
            Some(top) if top.parent.is_some() => at = above.0,
            _ => return Some(at),
        }
    }
    None
}
