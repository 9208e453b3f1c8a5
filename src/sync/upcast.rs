//! Operations of earlier field catalogues: brought to today's before they are applied, never where they are stored (protocol,
//! Versions). The bytes of an operation stay as its author wrote them.

use std::borrow::Cow;

use super::op::Op;

/// Version of the field catalogue that this build applies.
pub const SCHEMA: u16 = 1;

/// Turns an operation of one catalogue into one of the next.
type Step = fn(&mut Op);

/// One step for each catalogue that was shipped before today's: the first leads from 1 to 2.
const STEPS: &[Step] = &[];

/// Returns the operation in today's catalogue. One of a later catalogue is left as it is: what it holds that is not known here is
/// kept and passed on.
pub(super) fn current(op: &Op) -> Cow<'_, Op> {
    through(STEPS, op)
}

fn through<'a>(steps: &[Step], op: &'a Op) -> Cow<'a, Op> {
    let done = usize::from(op.schema.max(1)) - 1;
    let Some(rest) = steps.get(done..).filter(|rest| !rest.is_empty()) else {
        return Cow::Borrowed(op);
    };
    let mut op = op.clone();
    for step in rest {
        step(&mut op);
        op.schema = op.schema.max(1).saturating_add(1);
    }
    Cow::Owned(op)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::{DeviceId, RecordId, UserId};
    use crate::domain::record::{FieldNo, Value};
    use crate::sync::{Base, OpBody, OpId};

    fn op(schema: u16, field: u16) -> Op {
        Op {
            id: OpId { device: DeviceId(1), generation: 1, n: 1 },
            prev: [0; 16],
            salt: 0,
            hlc: 0,
            clock_off_ms: 0,
            clock_conf: 3,
            actor: UserId(Uuid::nil()),
            schema,
            group: None,
            kind: 2,
            record: RecordId(Uuid::nil()),
            body: OpBody::Set { sets: vec![(FieldNo(field), Base::Absent, Value::Int(1))] },
            was: None,
        }
    }

    /// A catalogue that gives every field the next number.
    fn renumbered(op: &mut Op) {
        if let OpBody::Set { sets } = &mut op.body {
            for (no, _, _) in sets {
                no.0 += 1;
            }
        }
    }

    #[test]
    fn an_operation_goes_through_every_catalogue_since_its_own() {
        let steps: [Step; 2] = [renumbered, renumbered];
        for (schema, field, expected, after) in
            [(1, 4, 6, 3), (2, 4, 5, 3), (3, 4, 4, 3), (0, 4, 6, 3), (9, 4, 4, 9)]
        {
            let given = op(schema, field);
            let done = through(&steps, &given);
            assert_eq!(*done, op(after, expected), "from catalogue {schema}");
        }
    }

    #[test]
    fn every_catalogue_that_was_shipped_has_its_step() {
        assert_eq!(STEPS.len(), usize::from(SCHEMA) - 1);
        let given = op(SCHEMA, 4);
        assert_eq!(*current(&given), given);
    }
}
