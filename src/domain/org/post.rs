//! Posts: who sits on which committee, in what role, from when to when.

use crate::domain::record::{Date, Flag, Identifier, Issue, Owner, PersonId, Text, UnitRef, care};
use crate::domain::rules::dates;
use crate::{choices, field, record};

choices! {
    /// Role on a committee. A sheet's empty cell means [`PostRole::Member`], as its heading says.
    pub enum PostRole {
        /// Secretary (書記).
        Secretary = "secretary",
        /// Deputy secretary (副書記).
        DeputySecretary = "deputy_secretary",
        /// Member for organization (組織委員).
        Organization = "organization",
        /// Member for publicity (宣傳委員).
        Publicity = "publicity",
        /// Member for discipline (紀檢委員).
        Discipline = "discipline",
        /// Committee member without a task of their own (委員).
        Member = "member",
        /// Member for the united front (統戰委員).
        UnitedFront = "united_front",
        /// Member for youth work (青年委員).
        Youth = "youth",
    }
}

record! {
    /// One person's role on one committee.
    ///
    /// Source: 支部委員會成員 of the campus system.
    pub struct Post = 3, "post" {
        /// The person.
        person: PersonId = 1, "person".width(10).personal();
        /// The unit or branch whose committee it is.
        unit: UnitRef = 2, "unit".width(30);
        /// Role; absent means an ordinary committee member.
        role: Option<PostRole> = 3, "role".width(10);
        /// First day in the role (任職時間).
        from_on: Option<Date> = 4, "from_on".width(10).group("period");
        /// Last day in the role; absent while in post.
        to_on: Option<Date> = 5, "to_on".width(10).group("period");
        /// Document of appointment or of the election result.
        document_no: Option<Identifier> = 6, "document_no".width(20).max_chars(60);
        /// Remarks of the office.
        note: Option<Text> = 7, "note".width(20).max_chars(200);
        /// True if the holder was selected by the double-leader method (按「雙帶頭人」方式選拔).
        by_scheme: Option<Flag> = 8, "by_scheme".width(6);
    }
    spec { .care(care::STAFFING).owner(Owner::Field("unit")).found_by("person").list(&["person", "unit", "role", "from_on", "to_on"]).title(&["person", "unit", "role"])
        .natural(&["person", "unit", "role"]) }
    rules { period_in_order, appointment_date_is_known }
}

fn period_in_order(post: &Post) -> Option<Issue> {
    dates::order(post.from_on, post.to_on, field!(Post: "to_on"))
}

/// The campus system reminds on exactly this (Q06).
fn appointment_date_is_known(post: &Post) -> Option<Issue> {
    (post.role == Some(PostRole::Secretary) && post.from_on.is_none())
        .then(|| Issue::warning(field!(Post: "from_on"), "q06-appointment-date"))
}
