//! Organisational units: the university, its committees, general branches and branches.

use crate::domain::access::Office;
use crate::domain::record::{
    Code, Date, Flag, Identifier, Integer, Issue, Merge, Name, Owner, Phone, Text, UnitRef, care,
};
use crate::domain::rules::dates;
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
        /// Sort of branch as the sheet names it (支部類別), from the code list `branch_kind`.
        branch_kind: Option<Code> = 13, "branch_kind".width(16).codes("branch_kind");
        /// Sort of organization as the sheet names it (組織類別), from the code list `org_kind`.
        org_kind: Option<Code> = 14, "org_kind".width(12).codes("org_kind");
        /// Document that allows the term to run longer or shorter (延期、提前換屆), at most one year either way.
        term_approval_no: Option<Identifier> = 15, "term_approval_no".width(20).max_chars(60).group("term");
        /// Last day of the present term, when approved to differ from the regular one.
        term_ends_on: Option<Date> = 16, "term_ends_on".width(10).group("term");
    }
    spec { .care(care::UNITS).owner(Owner::Itself).published().office(Office::Headquarters).list(&["code", "name", "type", "branch_type", "parent", "founded_on"])
        .title(&["name"]).natural(&["code"]) }
    rules { a_branch_has_a_parent, the_university_has_none, branch_type_is_for_branches, founded_before_the_term, long_term_needs_approval }
}

/// A branch hangs under a unit; a unit without a parent stands directly under the university.
fn a_branch_has_a_parent(unit: &Unit) -> Option<Issue> {
    (unit.parent.is_none() && unit.r#type == UnitType::Branch)
        .then(|| Issue::error(field!(Unit: "parent"), "required"))
}

fn the_university_has_none(unit: &Unit) -> Option<Issue> {
    (unit.parent.is_some() && unit.r#type == UnitType::University)
        .then(|| Issue::error(field!(Unit: "parent"), "root-has-parent"))
}

fn branch_type_is_for_branches(unit: &Unit) -> Option<Issue> {
    let no_branch =
        matches!(unit.r#type, UnitType::University | UnitType::Committee | UnitType::GeneralBranch);
    (no_branch && unit.branch_type.is_some())
        .then(|| Issue::warning(field!(Unit: "branch_type"), "branches-only"))
}

fn founded_before_the_term(unit: &Unit) -> Option<Issue> {
    dates::order(unit.founded_on, unit.term_starts_on, field!(Unit: "term_starts_on"))
}

/// 2021 條例 Art. 5, 7, 8: usually three years for a branch, five for a unit.
fn long_term_needs_approval(unit: &Unit) -> Option<Issue> {
    let usual = match unit.r#type {
        UnitType::Branch => 3,
        UnitType::University
        | UnitType::Committee
        | UnitType::GeneralBranch
        | UnitType::DirectBranch
        | UnitType::Other(_) => 5,
    };
    (unit.term_years?.0 > usual && unit.term_approval_no.is_none())
        .then(|| Issue::warning(field!(Unit: "term_years"), "q06-long-term").with("years", usual))
}
