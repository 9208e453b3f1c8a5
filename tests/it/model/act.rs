//! What may happen, drawn at random.

use proptest::prelude::*;

use super::model::Part;

/// How a conflict is settled.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Choice {
    /// What holds stays.
    Current,
    /// The first candidate.
    First,
}

/// One step of a transcript. Devices 0 and 1 are headquarters', 2 and 3 unit 0's, 4 unit 1's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Create {
        device: usize,
        unit: usize,
    },
    Set {
        device: usize,
        record: usize,
        part: Part,
        value: u8,
    },
    Move {
        device: usize,
        record: usize,
        to: usize,
    },
    Delete {
        device: usize,
        record: usize,
    },
    Resolve {
        device: usize,
        nth: usize,
        choice: Choice,
    },
    Sync {
        device: usize,
    },
    /// The device's program ends and starts again.
    Reopen {
        device: usize,
    },
    /// The server's program ends and starts again.
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let device = 0..5_usize;
    let record = 0..4_usize;
    let part = prop_oneof![Just(Part::Post), Just(Part::Research)];
    let choice = prop_oneof![Just(Choice::Current), Just(Choice::First)];
    prop_oneof![
        1 => (device.clone(), 0..2_usize).prop_map(|(device, unit)| Act::Create { device, unit }),
        12 => (device.clone(), record.clone(), part, 0..3_u8)
            .prop_map(|(device, record, part, value)| Act::Set { device, record, part, value }),
        2 => (0..2_usize, record.clone(), 0..2_usize)
            .prop_map(|(device, record, to)| Act::Move { device, record, to }),
        1 => (device.clone(), record).prop_map(|(device, record)| Act::Delete { device, record }),
        4 => (device.clone(), 0..4_usize, choice)
            .prop_map(|(device, nth, choice)| Act::Resolve { device, nth, choice }),
        8 => device.clone().prop_map(|device| Act::Sync { device }),
        1 => device.prop_map(|device| Act::Reopen { device }),
        1 => Just(Act::Restart),
    ]
}

/// A transcript of up to so many steps.
pub(crate) fn transcript(steps: usize) -> impl Strategy<Value = Vec<Act>> {
    proptest::collection::vec(act(), 1..steps)
}
