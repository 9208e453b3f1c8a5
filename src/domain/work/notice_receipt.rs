//! Receipts of notices: which unit received one, when, by whom and on which device.

use super::notice::NoticeId;
use crate::domain::record::{Date, Identifier, Issue, Owner, Text, UnitRef};
use crate::{field, record};

record! {
    /// One receipt of one notice.
    ///
    /// Source: 通知簽收登記 (notice, item 8).
    pub struct NoticeReceipt = 54, "notice_receipt" {
        /// The notice.
        notice: NoticeId = 1, "notice".width(30);
        /// The unit that received it.
        unit: UnitRef = 2, "unit".width(30);
        /// Day on which it was opened.
        received_on: Date = 3, "received_on".width(10);
        /// Who opened it.
        reader: Option<Text> = 4, "reader".width(12).personal().max_chars(60);
        /// On which device.
        device: Option<Identifier> = 5, "device".width(20).max_chars(60);
    }
    spec { .care(super::PERSONS).owner(Owner::Field("unit")).found_by("notice").list(&["notice", "unit", "received_on", "reader", "device"])
        .title(&["notice", "unit"]).natural(&["notice", "unit", "reader"]) }
    rules { a_reader_is_named }
}

fn a_reader_is_named(r: &NoticeReceipt) -> Option<Issue> {
    r.reader.is_none().then(|| Issue::warning(field!(NoticeReceipt: "reader"), "q11-empty"))
}
