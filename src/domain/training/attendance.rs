//! Attendance: one person at one session.

use crate::domain::record::{Code, Instant, Issue, Merge, Owner, PersonId, SessionId, Text, care};
use crate::{choices, field, record};

choices! {
    /// Whether the person was there.
    pub enum AttendanceState {
        /// Signed in.
        Present = "present",
        /// Excused.
        Leave = "leave",
        /// Neither there nor excused.
        Absent = "absent",
        /// Missed, and made up for (補課).
        MadeUp = "made_up",
    }
}

record! {
    /// One person at one session.
    ///
    /// Source: 簽到表; campus sheet 培訓簽到. Photographs and remarks on attitude are never kept (PIPL Art. 6, 28).
    pub struct Attendance = 7, "attendance" {
        /// The session.
        session: SessionId = 1, "session".width(24);
        /// The person.
        person: PersonId = 2, "person".width(10).personal();
        /// Whether the person was there; absent means present, as on a sign-in sheet.
        state: Option<AttendanceState> = 3, "state".width(8).group("mark");
        /// Moment of signing in.
        marked_at: Option<Instant> = 4, "marked_at".width(16).group("mark");
        /// Why the person was excused, or how the mark was made good; no more than that.
        note: Option<Text> = 5, "note".width(20).personal().max_chars(60).merge(Merge::LastWriter);
        /// Moment of signing out.
        left_at: Option<Instant> = 6, "left_at".width(16);
        /// How it was marked, from the code list `sign_type`.
        marked_by: Option<Code> = 7, "marked_by".width(8).codes("sign_type");
    }
    spec { .care(care::TRAINING).owner(Owner::Of("person")).list(&["session", "person", "state", "marked_at"]).title(&["person", "session"])
        .natural(&["session", "person"]) }
    rules { signed_out_after_signing_in }
}

fn signed_out_after_signing_in(a: &Attendance) -> Option<Issue> {
    (a.left_at?.0 < a.marked_at?.0)
        .then(|| Issue::warning(field!(Attendance: "left_at"), "q08-sign-out"))
}
