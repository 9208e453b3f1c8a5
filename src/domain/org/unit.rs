//! Organisational units: the university, its committees, general branches and branches.

use crate::domain::access::Office;
use crate::domain::record::{
    Date, Flag, Identifier, Integer, Issue, Merge, Name, Owner, Phone, Text, UnitRef,
};
use crate::{choices, field, record};

choices! {
    /// What sort of Party organization a unit is.
    pub enum UnitType {
        /// The university (學校黨委), the root.
        University = "university",
        /// A secondary Party committee (院系黨委、分黨委).
        Committee = "committee",
        /// A general branch (黨總支).
        GeneralBranch = "general_branch",
        /// A branch directly under the university (直屬黨支部).
        DirectBranch = "direct_branch",
        /// A branch (黨支部).
        Branch = "branch",
    }
}

choices! {
    /// Whose branch a branch is.
    pub enum BranchType {
        /// Teachers and staff (教師、教工黨支部).
        Teachers = "teachers",
        /// Students (學生黨支部).
        Students = "students",
        /// Retired staff (離退休黨支部).
        Retired = "retired",
        /// Teachers and students together (師生聯合黨支部).
        Mixed = "mixed",
    }
}

record! {
    /// One Party organization of the university.
    ///
    /// Source: 基層黨組織 and 黨支部 sheets of the campus system.
    pub struct Unit = 1, "unit" {
        /// Office code of the organization, as in the campus system.
        code: Identifier = 1, "code".width(10).unique().max_chars(20);
        /// Full name, as on the seal.
        name: Name = 2, "name".width(30).max_chars(100);
        /// Short name for lists.
        short_name: Option<Name> = 3, "short_name".width(20).max_chars(60);
        /// Sort of organization.
        r#type: UnitType = 4, "type".width(10);
        /// The organization above; absent for the university.
        parent: Option<UnitRef> = 5, "parent".width(24);
        /// Whose branch it is; for branches only.
        branch_type: Option<BranchType> = 6, "branch_type".width(10);
        /// Day it was founded.
        founded_on: Option<Date> = 7, "founded_on".width(10);
        /// First day of the present term of its committee.
        term_starts_on: Option<Date> = 8, "term_starts_on".width(10).group("term");
        /// Length of the term in years: usually 3 for a branch, 5 for a unit (2021 條例 Art. 5, 7, 8).
        term_years: Option<Integer> = 9, "term_years".width(6).range(1, 9).group("term");
        /// Office telephone.
        phone: Option<Phone> = 10, "phone".width(14).merge(Merge::LastWriter);
        /// True for a branch of teachers in teaching and research (專業教師黨支部).
        academic: Option<Flag> = 11, "academic".width(6);
        /// Remarks of the office.
        note: Option<Text> = 12, "note".width(20).max_chars(500);
    }
    spec { .owner(Owner::Itself).published().office(Office::Headquarters).list(&["code", "name", "type", "branch_type", "parent", "founded_on"])
        .title(&["name"]).natural(&["code"]) }
    rules { only_the_university_has_no_parent }
}

fn only_the_university_has_no_parent(unit: &Unit) -> Option<Issue> {
    (unit.parent.is_none() && unit.r#type != UnitType::University)
        .then(|| Issue::error(field!(Unit: "parent"), "required"))
}
