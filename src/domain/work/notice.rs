//! Notices of headquarters to all units (黨建宣傳), read offline.

use crate::domain::access::Office;
use crate::domain::record::{Date, Identifier, Issue, Merge, Step, Text, UnitRef};
use crate::domain::rules::dates;
use crate::{choices, field, record, reference};

reference! {
    /// A notice.
    NoticeId -> "notice";
}

choices! {
    /// What a notice is.
    pub enum NoticeTopic {
        /// Something to do (通知).
        Work = "work",
        /// News of Party building (宣傳).
        News = "news",
        /// What others can learn from a model branch (經驗交流).
        Experience = "experience",
        /// Study material (學習資料).
        Study = "study",
    }
}

choices! {
    /// Where a notice stands.
    pub enum NoticeStatus {
        /// Being written.
        Draft = "draft",
        /// Issued.
        Issued = "issued",
        /// Taken back.
        Withdrawn = "withdrawn",
    }
}

const STEPS: &[Step] = &[
    Step {
        action: "issue",
        from: &["draft"],
        to: "issued",
        office: Office::Headquarters,
        needs: &["body", "issued_on"],
        reason: false,
    },
    Step {
        action: "withdraw",
        from: &["issued"],
        to: "withdrawn",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
];

record! {
    /// One notice.
    ///
    /// Source: 組織部通知 (notice, item 8: 黨建宣傳).
    pub struct Notice = 53, "notice" {
        /// Its title.
        title: Text = 1, "title".width(36).max_chars(120);
        /// Number of the document.
        document_no: Option<Identifier> = 2, "document_no".width(20).max_chars(60);
        /// What it is.
        topic: Option<NoticeTopic> = 3, "topic".width(8);
        /// Day of issue.
        issued_on: Option<Date> = 4, "issued_on".width(10);
        /// Its text.
        body: Option<Text> = 5, "body".width(30).max_chars(8000);
        /// Day by which units answer.
        reply_by: Option<Date> = 6, "reply_by".width(10);
        /// The unit or branch it tells of.
        about: Option<UnitRef> = 7, "about".width(30);
        /// Where the notice stands; absent means a draft.
        status: Option<NoticeStatus> = 8, "status".width(8).group("decision").merge(Merge::Steps);
        /// Reason of a withdrawal.
        status_reason: Option<Text> = 9, "status_reason".width(20).max_chars(200).group("decision");
    }
    spec { .care(super::PUBLISHED).published().office(Office::Headquarters).list(&["issued_on", "title", "document_no", "topic", "reply_by", "status"])
        .title(&["title"]).natural(&["title", "issued_on"]).steps(STEPS) }
    rules { answered_after_it_was_issued }
}

fn answered_after_it_was_issued(n: &Notice) -> Option<Issue> {
    dates::order(n.issued_on, n.reply_by, field!(Notice: "reply_by"))
}
