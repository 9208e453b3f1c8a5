//! Sessions: the half days and days of a class; hours come from them.

use crate::domain::record::{ClassId, Code, Hours, Instant, Issue, Merge, Name, Owner, Text, care};
use crate::{field, record};

/// Milliseconds of half a day of teaching: a longer session counts as a whole day.
const HALF_DAY_MS: i64 = 5 * 3_600_000;
/// Most hours that half a day counts, in tenths (校組通字〔2021〕31號 Art. 14).
pub const HALF_DAY_TENTHS: i64 = 40;
/// Most hours that a day counts, in tenths.
pub const DAY_TENTHS: i64 = 80;

record! {
    /// One session of a class.
    ///
    /// Source: 課程表 of the class; 校組通字〔2021〕31號 Art. 14.
    pub struct Session = 5, "session" {
        /// The class.
        class: ClassId = 1, "class".width(24);
        /// Topic or half day.
        name: Option<Name> = 2, "name".width(24).max_chars(100);
        /// Start.
        starts_at: Instant = 3, "starts_at".width(16).group("period");
        /// End.
        ends_at: Option<Instant> = 4, "ends_at".width(16).group("period");
        /// Hours it counts, in tenths; at most 4 per half day.
        hours: Option<Hours> = 5, "hours".width(6).range(0, 240);
        /// How it is taught, from the code list `session_mode`.
        mode: Option<Code> = 6, "mode".width(10).codes("session_mode");
        /// Lecturer.
        lecturer: Option<Name> = 7, "lecturer".width(10).max_chars(50);
        /// Where it is held.
        place: Option<Text> = 8, "place".width(20).max_chars(100).merge(Merge::LastWriter);
    }
    spec { .care(care::CLASSES).owner(Owner::Of("class")).published().list(&["class", "name", "starts_at", "ends_at", "hours", "mode"])
        .title(&["class", "name", "starts_at"]).natural(&["class", "starts_at"]) }
    rules { starts_before_it_ends, hours_within_the_half_day }
}

fn starts_before_it_ends(session: &Session) -> Option<Issue> {
    (session.ends_at?.0 <= session.starts_at.0)
        .then(|| Issue::error(field!(Session: "ends_at"), "q05-order"))
}

fn hours_within_the_half_day(session: &Session) -> Option<Issue> {
    let whole_day = session.ends_at.is_some_and(|end| end.0 - session.starts_at.0 > HALF_DAY_MS);
    let most = if whole_day { DAY_TENTHS } else { HALF_DAY_TENTHS };
    (session.hours?.0 > most)
        .then(|| Issue::warning(field!(Session: "hours"), "q09-hours-cap").with("hours", most / 10))
}
