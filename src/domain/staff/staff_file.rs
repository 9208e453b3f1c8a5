//! Organizers' staff files: one person's or one vacant post as organizer of a unit.

use crate::domain::access::Office;
use crate::domain::record::{
    Code, Date, Flag, Identifier, Integer, Issue, Merge, Name, Owner, PersonId, Phone, Step, Text,
    UnitRef, care,
};
use crate::domain::rules::dates;
use crate::{choices, field, record};

choices! {
    /// Whether the post is the person's main work.
    pub enum Employment {
        /// Full-time (專職).
        FullTime = "full_time",
        /// Part-time (兼職).
        PartTime = "part_time",
    }
}

choices! {
    /// Where a post or its holder stands.
    pub enum StaffStatus {
        /// Nobody holds the post.
        Vacant = "vacant",
        /// Candidates are being looked for.
        Selecting = "selecting",
        /// Announced, five working days.
        Publicised = "publicised",
        /// In post, on probation.
        Probation = "probation",
        /// In post.
        InPost = "in_post",
        /// Has left.
        Left = "left",
        /// History (歷任).
        Former = "former",
    }
}

impl StaffStatus {
    /// True while the person works as an organizer: what staffing figures count.
    pub const fn is_in_post(&self) -> bool {
        matches!(self, Self::Probation | Self::InPost)
    }
}

const STEPS: &[Step] = &[
    Step {
        action: "select",
        from: &["vacant"],
        to: "selecting",
        office: Office::Organizer,
        needs: &[],
        reason: false,
    },
    Step {
        action: "publicise",
        from: &["selecting"],
        to: "publicised",
        office: Office::Headquarters,
        needs: &["person"],
        reason: false,
    },
    Step {
        action: "return",
        from: &["publicised"],
        to: "selecting",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
    Step {
        action: "appoint",
        from: &["publicised", "selecting"],
        to: "probation",
        office: Office::Headquarters,
        needs: &["person", "appointed_on"],
        reason: false,
    },
    Step {
        action: "confirm",
        from: &["probation"],
        to: "in_post",
        office: Office::Headquarters,
        needs: &["appointed_on"],
        reason: false,
    },
    Step {
        action: "leave",
        from: &["probation", "in_post"],
        to: "left",
        office: Office::Headquarters,
        needs: &["left_on"],
        reason: true,
    },
    Step {
        action: "reappoint",
        from: &["left", "former"],
        to: "in_post",
        office: Office::Headquarters,
        needs: &["appointed_on"],
        reason: false,
    },
    Step {
        action: "archive",
        from: &["left"],
        to: "former",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
    Step {
        action: "withdraw",
        from: &["selecting"],
        to: "vacant",
        office: Office::Organizer,
        needs: &[],
        reason: true,
    },
];

record! {
    /// One organizer of one unit, or one vacant post.
    ///
    /// Source: 組織員信息 of the campus system; 2021 條例 Art. 35.
    pub struct StaffFile = 12, "staff_file" {
        /// The person; absent while the post is vacant.
        person: Option<PersonId> = 1, "person".width(10).personal();
        /// The unit (聯繫黨委).
        unit: UnitRef = 2, "unit".width(30);
        /// Full-time or part-time.
        employment: Option<Employment> = 3, "employment".width(6);
        /// Rank, from the code list `rank`.
        rank: Option<Code> = 4, "rank".width(8).codes("rank").personal().group("rank");
        /// Day of the present rank.
        rank_since: Option<Date> = 5, "rank_since".width(10).personal().group("rank");
        /// Day of appointment (任職時間).
        appointed_on: Option<Date> = 6, "appointed_on".width(10).group("period");
        /// Day of leaving (離任時間).
        left_on: Option<Date> = 7, "left_on".width(10).group("period");
        /// Where the post stands; absent means left if there is a day of leaving, else in post.
        status: Option<StaffStatus> = 8, "status".width(10).group("decision").merge(Merge::Steps);
        /// Reason of a return, a leaving or a withdrawal.
        status_reason: Option<Text> = 9, "status_reason".width(20).max_chars(200).group("decision");
        /// Year of the ledger the row came from (年度).
        year: Option<Integer> = 10, "year".width(6).range(1990, 2199).merge(Merge::LastWriter);
        /// Telephone of the office (聯繫方式).
        phone: Option<Phone> = 11, "phone".width(14).personal();
        /// Name of the post (崗位名稱).
        post_name: Option<Name> = 12, "post_name".width(16).max_chars(60);
        /// Within the establishment or not, from the code list `establishment_type`.
        establishment_type: Option<Code> = 13, "establishment_type".width(8).codes("establishment_type");
        /// Staff grade (職員等級), from the code list `staff_class`.
        staff_class: Option<Code> = 14, "staff_class".width(8).codes("staff_class").personal();
        /// Number of the document of appointment (聘文號).
        document_no: Option<Identifier> = 15, "document_no".width(20).max_chars(60);
        /// Branches the organizer looks after (分管支部).
        branches: Option<Text> = 16, "branches".width(30).max_chars(500);
        /// Duties of the post, from the regulation's list (崗位職責).
        duties: Option<Text> = 17, "duties".width(30).max_chars(500);
        /// Why the person left, GB/T 14946.1-2009 A.10.
        leave_reason: Option<Code> = 18, "leave_reason".width(12).codes("leave_reason").personal();
        /// In what manner, GB/T 14946.1-2009 A.9.
        leave_manner: Option<Code> = 19, "leave_manner".width(10).codes("leave_manner").personal();
        /// True if the hand-over list is done.
        handed_over: Option<Flag> = 20, "handed_over".width(6);
        /// First day of Party work (黨務工作), from which its years are counted.
        party_work_since: Option<Date> = 21, "party_work_since".width(10).personal();
        /// Remarks of the office.
        note: Option<Text> = 22, "note".width(20).max_chars(200).merge(Merge::LastWriter);
    }
    spec { .care(care::STAFFING).owner(Owner::Field("unit")).found_by("person").list(&["person", "unit", "employment", "rank", "appointed_on", "left_on", "status"])
        .title(&["person", "unit"]).natural(&["person", "unit"]).steps(STEPS) }
    rules { in_order, in_post_has_a_person, left_has_a_day, rank_is_dated_sanely }
}

fn in_order(file: &StaffFile) -> Option<Issue> {
    dates::order(file.appointed_on, file.left_on, field!(StaffFile: "left_on"))
}

fn in_post_has_a_person(file: &StaffFile) -> Option<Issue> {
    let empty = matches!(file.status, Some(StaffStatus::Vacant | StaffStatus::Selecting));
    (file.person.is_none() && !empty).then(|| Issue::error(field!(StaffFile: "person"), "required"))
}

fn left_has_a_day(file: &StaffFile) -> Option<Issue> {
    (file.status == Some(StaffStatus::Left) && file.left_on.is_none())
        .then(|| Issue::warning(field!(StaffFile: "left_on"), "q11-empty"))
}

fn rank_is_dated_sanely(file: &StaffFile) -> Option<Issue> {
    dates::order(file.rank_since, file.left_on, field!(StaffFile: "rank_since"))
}
