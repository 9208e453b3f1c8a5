//! Mistakes that the shape of the program leaves no place for; these tests keep the shape.

use ejia::sync::Cursor;

/// The text of the queries that give pages of the feed.
const FEED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/server/db/sql/page.rs");

#[test]
fn the_feed_is_read_by_position_and_knows_no_time() {
    // A cursor is a history, a position and the chain value there: a further part would not compile here.
    let Cursor { epoch: _, seq: _, chain: _ } = Cursor::START;
    let text = std::fs::read_to_string(FEED).unwrap();
    assert!(text.contains("last_seq > $"), "the feed goes by position");
    for word in ["recv_at", "updated_at", "_at ", "now()", "device_time", "clock"] {
        assert!(!text.contains(word), "the feed's queries name {word}");
    }
}
