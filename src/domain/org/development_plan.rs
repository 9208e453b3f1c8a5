//! The yearly plan of member development, with the states of the numbered forms.

use crate::domain::access::Office;
use crate::domain::record::{Integer, Issue, Owner, Text, UnitRef, care};
use crate::{choices, field, record};

choices! {
    /// Which line of the plan; teachers have one of their own (計劃單列, notice, item 2).
    pub enum PlanLine {
        /// Teachers and staff.
        Teachers = "teachers",
        /// Students.
        Students = "students",
    }
}

record! {
    /// How many members a unit may develop in a year, and what became of the forms it was given.
    ///
    /// Source: 發展黨員工作細則; the numbered 入黨志願書. Counts only: who is in which step stands in the persons.
    pub struct DevelopmentPlan = 21, "development_plan" {
        /// The unit.
        unit: UnitRef = 1, "unit".width(30);
        /// Year.
        year: Integer = 2, "year".width(6).range(1990, 2199);
        /// Line of the plan.
        line: PlanLine = 3, "line".width(8);
        /// Members planned.
        planned: Integer = 4, "planned".width(6).range(0, 100_000).office(Office::Headquarters);
        /// Members accepted, where the persons are not recorded one by one; absent: counted from the persons.
        accepted: Option<Integer> = 5, "accepted".width(6).range(0, 100_000);
        /// Forms given to the unit.
        forms_issued: Option<Integer> = 6, "forms_issued".width(6).range(0, 100_000).group("forms");
        /// Forms used.
        forms_used: Option<Integer> = 7, "forms_used".width(6).range(0, 100_000).group("forms");
        /// Forms made void.
        forms_void: Option<Integer> = 8, "forms_void".width(6).range(0, 100_000).group("forms");
        /// Forms lost.
        forms_lost: Option<Integer> = 9, "forms_lost".width(6).range(0, 100_000).group("forms");
        /// Forms not used yet.
        forms_unused: Option<Integer> = 10, "forms_unused".width(6).range(0, 100_000).group("forms");
        /// Remarks of the office.
        note: Option<Text> = 11, "note".width(20).max_chars(200);
    }
    spec { .care(care::ESTABLISHMENT).owner(Owner::Field("unit")).list(&["unit", "year", "line", "planned", "accepted", "forms_issued", "forms_used"])
        .title(&["unit", "year", "line"]).natural(&["unit", "year", "line"]) }
    rules { forms_add_up }
}

/// A table-internal sum (Q12): forms issued are the sum of their states.
fn forms_add_up(p: &DevelopmentPlan) -> Option<Issue> {
    let of = |number: Option<Integer>| number.map_or(0, |number| number.0);
    let states = [p.forms_used, p.forms_void, p.forms_lost, p.forms_unused];
    let sum: i64 = states.into_iter().map(of).sum();
    (p.forms_issued?.0 != sum)
        .then(|| Issue::error(field!(DevelopmentPlan: "forms_issued"), "q12-sum").with("sum", sum))
}
