//! Hostile bytes: whatever is put before a decoder, it answers, and what it takes for whole it can write again.
//!
//! `PROPTEST_CASES=100000 cargo test --test it fuzz` runs longer.

#[cfg(target_os = "linux")]
mod bomb;
mod seeds;
mod sheets;

use ejia::domain::record::FieldNo;
use ejia::wire::codec::MAX_ITEMS;
use ejia::wire::frame::Blob;
use ejia::wire::packet::{Message, envelope};
use ejia::wire::{
    EnrolAnswer, EnrolRequest, Hello, HistoryAnswer, Page, Problem, PullRequest, PushAnswer,
    PushRequest, SyncAnswer, SyncRequest, created_record, decode_op, decode_record, encode_op,
    encode_record, frame, head, is_deleted, op_head, pack, peek, peek_one, peek_ref, unpack,
};
use proptest::prelude::*;

/// One change to valid bytes.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    /// Where, as a share of the length.
    at: u16,
    kind: u8,
    byte: u8,
    len: u8,
}

pub(crate) fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = (any::<u16>(), 0..8_u8, any::<u8>(), any::<u8>());
    let edit = edit.prop_map(|(at, kind, byte, len)| Edit { at, kind, byte, len });
    proptest::collection::vec(edit, 0..6)
}

/// Changes bytes: single ones, stretches, lengths; cuts, repeats, removes.
pub(crate) fn edited(bytes: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for edit in edits {
        let at = bytes.len() * usize::from(edit.at) / (1 << 16);
        let end = (at + usize::from(edit.len)).min(bytes.len());
        match edit.kind {
            0 | 1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = edit.byte),
            2 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (edit.byte % 8)),
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..end)),
            5 => bytes[at..end].fill(edit.byte),
            // What bincode reads as the longest length.
            6 => bytes.iter_mut().skip(at).take(9).for_each(|byte| *byte = 0xfd),
            _ => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
    bytes
}

/// Everything that reads an operation.
fn read_op(bytes: &[u8]) {
    drop(frame::open(bytes));
    drop(op_head(bytes));
    drop(created_record(bytes));
    if let Ok(op) = decode_op(bytes) {
        let again = encode_op(&op).unwrap();
        assert_eq!(decode_op(&again).unwrap(), op);
        drop(serde_json::to_string(&op.body).unwrap());
    }
}

/// Everything that reads a record.
fn read_record(bytes: &[u8]) {
    drop(head(bytes));
    let _deleted = is_deleted(bytes);
    drop(peek(bytes, &[FieldNo(1), FieldNo(2)], |_number, value| drop(value)));
    drop(peek_one(bytes, FieldNo(2)));
    let _value = peek_ref(bytes, FieldNo(2));
    if let Ok(record) = decode_record(bytes) {
        let again = encode_record(&record).unwrap();
        assert_eq!(decode_record(&again).unwrap(), record);
    }
}

fn read_as<M: Message + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(message) = unpack::<M>(bytes) {
        assert_eq!(unpack::<M>(&pack(&message).unwrap()).unwrap(), message);
    }
}

/// Every message that either side may be sent.
fn read_packet(bytes: &[u8]) {
    read_as::<Hello>(bytes);
    read_as::<EnrolRequest>(bytes);
    read_as::<EnrolAnswer>(bytes);
    read_as::<SyncRequest>(bytes);
    read_as::<SyncAnswer>(bytes);
    read_as::<PushRequest>(bytes);
    read_as::<PushAnswer>(bytes);
    read_as::<PullRequest>(bytes);
    read_as::<Page>(bytes);
    read_as::<HistoryAnswer>(bytes);
    read_as::<Problem>(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn changed_operations_are_read_or_refused(
        seed in 0..seeds::ops().len(), edits in edits(),
    ) {
        read_op(&edited(&seeds::ops()[seed], &edits));
    }

    #[test]
    fn changed_records_are_read_or_refused(
        seed in 0..seeds::records().len(), edits in edits(),
    ) {
        read_record(&edited(&seeds::records()[seed], &edits));
    }

    #[test]
    fn changed_packets_are_read_or_refused(
        seed in 0..seeds::packets().len(), edits in edits(),
    ) {
        read_packet(&edited(&seeds::packets()[seed], &edits));
    }

    #[test]
    fn changed_contents_of_compressed_packets_are_read_or_refused(
        seed in 0..seeds::packets().len(), edits in edits(),
    ) {
        read_packet(&seeds::compressed(&edited(&seeds::plain(&seeds::packets()[seed]), &edits)));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), tag in 0_u16..0x210) {
        read_op(&bytes);
        read_record(&bytes);
        read_packet(&bytes);
        read_op(&frame::seal(ejia::wire::op::OP_TAG, &bytes));
        read_record(&frame::seal(ejia::wire::record::RECORD_TAG, &bytes));
        let framed = frame::seal(tag, &bytes);
        read_packet(&envelope(0, &framed));
        read_packet(&seeds::compressed(&framed));
    }
}

#[test]
fn a_list_longer_than_any_batch_or_page_is_refused() {
    let push = |count: usize| PushRequest {
        generation: 1,
        from_n: 1,
        prev: [0; 16],
        ops: vec![Blob(Vec::new()); count],
        receipts: Vec::new(),
    };
    assert!(unpack::<PushRequest>(&pack(&push(MAX_ITEMS)).unwrap()).is_ok());
    assert!(unpack::<PushRequest>(&pack(&push(MAX_ITEMS + 1)).unwrap()).is_err());
    let json = serde_json::to_string(&push(MAX_ITEMS + 1)).unwrap();
    assert!(serde_json::from_str::<PushRequest>(&json).is_err());
}
