//! Organisation life (三會一課、主題黨日、組織生活會、談心談話): that it was held, when, and how many came; of talks the date only.

use crate::domain::record::{Date, Identifier, Integer, Issue, Owner, Text, UnitRef};
use crate::{choices, field, record};

choices! {
    /// What was held.
    pub enum MeetingKind {
        /// 支部黨員大會.
        Members = "members",
        /// 支部委員會.
        Committee = "committee",
        /// 黨小組會.
        Group = "group",
        /// 黨課.
        Lecture = "lecture",
        /// 主題黨日.
        ThemeDay = "theme_day",
        /// 組織生活會.
        LifeMeeting = "life_meeting",
        /// 談心談話.
        Talks = "talks",
    }
}

record! {
    /// One meeting of a branch.
    ///
    /// Source: 支部工作條例（試行） Art. 11-19; 三會一課記錄.
    pub struct BranchMeeting = 52, "branch_meeting" {
        /// The branch.
        branch: UnitRef = 1, "branch".width(30);
        /// What was held.
        meeting: MeetingKind = 2, "meeting".width(12);
        /// Its day.
        held_on: Date = 3, "held_on".width(10);
        /// Members who should have come.
        entitled: Option<Integer> = 4, "entitled".width(6).range(0, 10_000);
        /// Members who came.
        present: Option<Integer> = 5, "present".width(6).range(0, 10_000);
        /// Who was in the chair.
        host: Option<Text> = 6, "host".width(10).personal().max_chars(50);
        /// Its announced subject; never of a talk.
        subject: Option<Text> = 7, "subject".width(24).max_chars(80);
        /// Number of the minutes.
        document_no: Option<Identifier> = 8, "document_no".width(20).max_chars(60);
    }
    spec { .care(super::PERSONS).owner(Owner::Field("branch")).list(&["branch", "meeting", "held_on", "entitled", "present", "host", "subject"])
        .title(&["branch", "meeting", "held_on"]).natural(&["branch", "meeting", "held_on"]) }
    rules { no_more_came_than_should, talks_have_a_date_only }
}

fn no_more_came_than_should(m: &BranchMeeting) -> Option<Issue> {
    (m.present? > m.entitled?).then(|| Issue::warning(field!(BranchMeeting: "present"), "q12-sum"))
}

/// Of talks nothing is kept but that they were held (個人信息保護法 Art. 6).
fn talks_have_a_date_only(m: &BranchMeeting) -> Option<Issue> {
    (m.meeting == MeetingKind::Talks && m.subject.is_some())
        .then(|| Issue::error(field!(BranchMeeting: "subject"), "talks-date-only"))
}
