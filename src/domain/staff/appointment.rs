//! Appointments: the chain from selection to confirmation, one record for each term.

use crate::domain::record::{Code, Date, Identifier, Issue, Owner, StaffFileId, Text, care};
use crate::domain::rules::{dates, policy, workdays};
use crate::{choices, field, record};

choices! {
    /// How far an appointment has come (組織員聘任審批表).
    pub enum Stage {
        /// Open selection or recommendation.
        Selection = "selection",
        /// Check of qualifications.
        Qualification = "qualification",
        /// Inspection (考察).
        Inspection = "inspection",
        /// Decision of the Party committee.
        Decision = "decision",
        /// Publicity, five working days.
        Publicity = "publicity",
        /// Appointed.
        Appointed = "appointed",
        /// On probation.
        Probation = "probation",
        /// Confirmed.
        Confirmed = "confirmed",
    }
}

record! {
    /// One appointment of an organizer to a post.
    ///
    /// Source: 組織員聘任審批表.
    pub struct Appointment = 13, "appointment" {
        /// The staff file.
        staff_file: StaffFileId = 1, "staff_file".width(24);
        /// Name of the post.
        post: Option<Text> = 2, "post".width(20).max_chars(60);
        /// First day (起聘).
        from_on: Date = 3, "from_on".width(10).group("period");
        /// Last day (止聘); absent while it lasts.
        to_on: Option<Date> = 4, "to_on".width(10).group("period");
        /// Number of the document.
        document_no: Option<Identifier> = 5, "document_no".width(20).max_chars(60);
        /// How far it has come.
        stage: Option<Stage> = 6, "stage".width(10);
        /// Rank given by it, from the code list `rank`.
        rank: Option<Code> = 7, "rank".width(8).codes("rank").personal();
        /// Sort of change, GB/T 14946.1-2009 A.7.
        change: Option<Code> = 8, "change".width(12).codes("post_change").personal();
        /// Day of the Party committee's decision.
        decided_on: Option<Date> = 9, "decided_on".width(10);
        /// First day of the publicity.
        publicised_on: Option<Date> = 10, "publicised_on".width(10);
        /// Day of the end of probation.
        confirmed_on: Option<Date> = 11, "confirmed_on".width(10);
        /// Remarks of the office.
        note: Option<Text> = 12, "note".width(20).max_chars(200);
        /// First day of the selection or the day of the recommendation.
        selected_on: Option<Date> = 13, "selected_on".width(10);
        /// Day the qualifications were found in order.
        qualified_on: Option<Date> = 14, "qualified_on".width(10);
        /// Day the inspection ended.
        inspected_on: Option<Date> = 15, "inspected_on".width(10);
        /// Name of the promotion rule that was used; a later rule does not rewrite it.
        rule_version: Option<Identifier> = 16, "rule_version".width(12).max_chars(40);
    }
    spec { .care(care::STAFFING).owner(Owner::Of("staff_file")).list(&["staff_file", "post", "from_on", "to_on", "stage", "document_no"])
        .title(&["staff_file", "post", "from_on"]).natural(&["staff_file", "from_on"]) }
    rules { in_order, confirmed_after_the_start, chain_in_order, publicity_lasts_its_working_days }
}

fn in_order(a: &Appointment) -> Option<Issue> {
    dates::order(Some(a.from_on), a.to_on, field!(Appointment: "to_on"))
}

fn confirmed_after_the_start(a: &Appointment) -> Option<Issue> {
    dates::order(Some(a.from_on), a.confirmed_on, field!(Appointment: "confirmed_on"))
}

/// Selection, qualification, inspection, decision, publicity (組織員聘任審批表): the first pair out of order is named.
fn chain_in_order(a: &Appointment) -> Option<Issue> {
    let chain = [
        (a.selected_on, field!(Appointment: "selected_on")),
        (a.qualified_on, field!(Appointment: "qualified_on")),
        (a.inspected_on, field!(Appointment: "inspected_on")),
        (a.decided_on, field!(Appointment: "decided_on")),
        (a.publicised_on, field!(Appointment: "publicised_on")),
    ];
    let known = chain.into_iter().filter(|(day, _)| day.is_some());
    let known: Vec<_> = known.collect();
    known.windows(2).find_map(|pair| match pair {
        [(first, _), (second, field)] => dates::order(*first, *second, *field),
        _ => None,
    })
}

/// The appointment begins after the working days of publicity; its first day counts if it is worked.
fn publicity_lasts_its_working_days(a: &Appointment) -> Option<Issue> {
    let first = a.publicised_on?.0;
    let days = policy::shipped().limit("publicity-working-days", first)?;
    let last = workdays::last_of(first, days)?;
    let short = !dates::end_of(a.from_on.0).is_surely_after(last);
    short.then(|| {
        let issue = Issue::warning(field!(Appointment: "from_on"), "publicity-short");
        issue.with("days", days).with("last", last)
    })
}

#[cfg(test)]
mod tests {
    use crate::domain::ids::RecordId;
    use crate::domain::kinds::Kind;
    use crate::domain::record::{Fields, PartialDate, Value};

    fn codes(pairs: &[(&str, (i16, i8, i8))]) -> Vec<&'static str> {
        let no = |key: &str| Kind::Appointment.spec().field(key).unwrap().number;
        let file = Value::Ref(RecordId(uuid::Uuid::from_u128(1)));
        let mut fields = Fields::from([(no("staff_file"), file)]);
        for (key, (year, month, day)) in pairs {
            fields.insert(no(key), Value::Date(PartialDate::day(*year, *month, *day).unwrap()));
        }
        Kind::Appointment.check(&fields).into_iter().map(|issue| issue.code).collect()
    }

    /// Five working days as 貴州 (2016) carries the 發展黨員工作細則 out; National Day of 2026 by the State Council's notice.
    #[test]
    fn an_appointment_begins_after_five_working_days_of_publicity() {
        let publicised = ("publicised_on", (2026, 9, 28));
        assert_eq!(codes(&[publicised, ("from_on", (2026, 10, 9))]), ["publicity-short"]);
        assert_eq!(codes(&[publicised, ("from_on", (2026, 10, 10))]), Vec::<&str>::new());
        assert_eq!(
            codes(&[("publicised_on", (2026, 6, 1)), ("from_on", (2026, 6, 6))]),
            Vec::<&str>::new()
        );
    }

    #[test]
    fn the_chain_of_an_appointment_is_in_order_even_with_gaps() {
        let from = ("from_on", (2026, 8, 1));
        let wrong = [("selected_on", (2026, 5, 2)), ("decided_on", (2026, 5, 1)), from];
        assert_eq!(codes(&wrong), ["q05-order"]);
        let right = [("selected_on", (2026, 5, 1)), ("decided_on", (2026, 5, 1)), from];
        assert_eq!(codes(&right), Vec::<&str>::new());
    }
}
