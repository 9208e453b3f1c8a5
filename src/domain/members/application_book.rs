//! Numbered forms (入黨志願書): each with its state, so that forms issued are the sum of their states.

use crate::domain::access::Office;
use crate::domain::record::{
    Date, Due, Identifier, Integer, Issue, Merge, Name, Owner, PersonId, Step, Text, UnitRef, care,
};
use crate::domain::rules::dates;
use crate::{choices, field, record, reference};

choices! {
    /// What became of a form.
    pub enum BookState {
        /// Not used yet (未使用).
        Unused = "unused",
        /// Used as it should be (正常使用).
        Normal = "normal",
        /// Made void (作廢).
        Void = "void",
        /// Lost (遺失).
        Lost = "lost",
    }
}

reference! {
    /// A numbered form.
    BookId -> "application_book";
}

const STEPS: &[Step] = &[
    Step {
        action: "use",
        from: &["unused"],
        to: "normal",
        office: Office::Organizer,
        needs: &["person", "used_on"],
        reason: false,
    },
    Step {
        action: "void",
        from: &["unused", "normal"],
        to: "void",
        office: Office::Organizer,
        needs: &["document_no"],
        reason: true,
    },
    Step {
        action: "lose",
        from: &["unused", "normal"],
        to: "lost",
        office: Office::Organizer,
        needs: &["document_no"],
        reason: true,
    },
    Step {
        action: "correct",
        from: &["normal", "void", "lost"],
        to: "unused",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
];

const DUES: &[Due] = &[Due {
    code: "book-return",
    on: "return_by",
    states: &["unused", "void"],
    until: Some("returned_on"),
    notice: 30,
}];

record! {
    /// One numbered form, from headquarters to its use.
    ///
    /// Source: numbered forms since 2023-04 (貴州: province, year and month, six digits). Collected by the full-time organizer; not used across years or units.
    pub struct ApplicationBook = 29, "application_book" {
        /// Number of the form.
        number: Identifier = 1, "number".width(18).unique().max_chars(30).office(Office::Headquarters);
        /// The unit it was given to.
        unit: UnitRef = 2, "unit".width(26);
        /// Year it may be used in.
        year: Integer = 3, "year".width(6).range(1990, 2199).office(Office::Headquarters);
        /// Day it was given out.
        issued_on: Date = 4, "issued_on".width(10).office(Office::Headquarters);
        /// Full-time organizer who collected it, by name.
        collected_by: Option<Name> = 5, "collected_by".width(10).personal().max_chars(50).care(care::STAFFING);
        /// What became of it; absent means unused.
        state: Option<BookState> = 6, "state".width(8).group("decision").merge(Merge::Steps);
        /// The person who filled it in.
        person: Option<PersonId> = 7, "person".width(10).personal().care(care::DEVELOPMENT);
        /// Day it was given to that person.
        used_on: Option<Date> = 8, "used_on".width(10);
        /// Document that says why it is void or lost.
        document_no: Option<Identifier> = 9, "document_no".width(20).max_chars(60);
        /// Last day for giving an unused or void form back.
        return_by: Option<Date> = 10, "return_by".width(10);
        /// Day headquarters had it back.
        returned_on: Option<Date> = 11, "returned_on".width(10).office(Office::Headquarters);
        /// Why it is void or lost, or was corrected.
        status_reason: Option<Text> = 12, "status_reason".width(20).max_chars(200).group("decision");
        /// Remarks of the office.
        note: Option<Text> = 13, "note".width(20).max_chars(200);
    }
    spec { .care(care::IMPROVEMENT).owner(Owner::Field("unit")).list(&["number", "unit", "year", "issued_on", "state", "person", "used_on"])
        .title(&["number"]).natural(&["number"]).steps(STEPS).dues(DUES) }
    rules { used_after_issue, used_in_its_year, a_used_form_has_its_person, void_or_lost_has_a_document }
}

fn used_after_issue(b: &ApplicationBook) -> Option<Issue> {
    dates::order(Some(b.issued_on), b.used_on, field!(ApplicationBook: "used_on"))
}

/// Forms do not go over into another year.
fn used_in_its_year(b: &ApplicationBook) -> Option<Issue> {
    let year = dates::year_of(b.used_on?.0)?;
    (i64::from(year) != b.year.0)
        .then(|| Issue::error(field!(ApplicationBook: "used_on"), "book-of-other-year"))
}

fn a_used_form_has_its_person(b: &ApplicationBook) -> Option<Issue> {
    (b.state == Some(BookState::Normal) && b.person.is_none())
        .then(|| Issue::warning(field!(ApplicationBook: "person"), "q11-empty"))
}

fn void_or_lost_has_a_document(b: &ApplicationBook) -> Option<Issue> {
    let gone = matches!(b.state, Some(BookState::Void | BookState::Lost));
    (gone && b.document_no.is_none())
        .then(|| Issue::warning(field!(ApplicationBook: "document_no"), "q11-empty"))
}
