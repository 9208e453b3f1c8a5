//! Member development: one person's way from the application to full membership, by documents and decisions.

use super::application_book::BookId;
use super::spans;
use crate::domain::access::Office;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::development_plan::PlanLine;
use crate::domain::org::person::Person;
use crate::domain::org::unit::{Unit, UnitType};
use crate::domain::record::{
    Date, Fields, Flag, Hours, Identifier, Integer, Issue, Many, Merge, Name, Notes, Owner,
    PartialDate, PersonId, Record, Step, Text, UnitRef, care,
};
use crate::domain::rules::policy::Policies;
use crate::domain::rules::{Registry, dates};
use crate::{choices, field, record};

choices! {
    /// How far the person is.
    pub enum DevelopmentStatus {
        /// Has applied (入黨申請人).
        Applicant = "applicant",
        /// Activist (入黨積極分子).
        Activist = "activist",
        /// To be developed (發展對象).
        Candidate = "candidate",
        /// In the year's plan (列入發展計劃).
        Planned = "planned",
        /// Has the numbered form (領取志願書).
        Form = "form",
        /// Probationary member (預備黨員).
        Probationary = "probationary",
        /// Probation extended (延長預備期).
        Extended = "extended",
        /// Full member (正式黨員).
        Full = "full",
        /// Ended before that.
        Ended = "ended",
        /// Filed.
        Archived = "archived",
    }
}

choices! {
    /// Why a development ended.
    pub enum EndReason {
        /// The person withdrew the application.
        Withdrew = "withdrew",
        /// The person went to another organization, with the papers.
        Transferred = "transferred",
        /// The organization decided not to go on.
        NotContinued = "not_continued",
        /// The superior did not approve.
        NotApproved = "not_approved",
        /// The probation was not confirmed (取消預備黨員資格).
        NotConfirmed = "not_confirmed",
    }
}

const fn step(
    action: &'static str,
    from: &'static [&'static str],
    to: &'static str,
    office: Office,
    needs: &'static [&'static str],
) -> Step {
    Step { action, from, to, office, needs, reason: false }
}

const STEPS: &[Step] = &[
    step("activist", &["applicant"], "activist", Office::Organizer, &["talked_on", "activist_on"]),
    step(
        "candidate",
        &["activist"],
        "candidate",
        Office::UnitLead,
        &["contacts", "candidate_on", "candidate_filed_on"],
    ),
    step("plan", &["candidate"], "planned", Office::Headquarters, &["plan_year"]),
    step(
        "issue",
        &["planned"],
        "form",
        Office::Headquarters,
        &["trained_on", "pre_reviewed_on", "book"],
    ),
    step(
        "accept",
        &["form"],
        "probationary",
        Office::UnitLead,
        &["introducers", "joined_on", "approval_talk_on", "approved_on", "approved_by"],
    ),
    Step {
        action: "extend",
        from: &["probationary"],
        to: "extended",
        office: Office::UnitLead,
        needs: &["extended_until", "extension_no"],
        reason: true,
    },
    step(
        "confirm",
        &["probationary", "extended"],
        "full",
        Office::UnitLead,
        &["full_applied_on", "full_meeting_on", "full_approved_on"],
    ),
    step(
        "end",
        &["applicant", "activist", "candidate", "planned", "form", "probationary", "extended"],
        "ended",
        Office::UnitLead,
        &["end_reason", "ended_on"],
    ),
    step("archive", &["full", "ended"], "archived", Office::Headquarters, &[]),
];

record! {
    /// One person's development, from the application to full membership.
    ///
    /// Source: 中國共產黨發展黨員工作細則 (中辦發〔2014〕33號). Days, documents and decisions only: no opinions, no votes, no family facts (個人信息保護法 Art. 6).
    pub struct MemberDevelopment = 28, "member_development" {
        /// The person.
        person: PersonId = 1, "person".width(10).personal();
        /// The branch.
        branch: UnitRef = 2, "branch".width(26);
        /// Line of the plan: teachers or students.
        line: PlanLine = 3, "line".width(8);
        /// How far the person is; absent means applicant.
        status: Option<DevelopmentStatus> = 4, "status".width(10).group("decision").merge(Merge::Steps).personal();
        /// Day of the written application.
        applied_on: Date = 5, "applied_on".width(10).personal();
        /// Day the branch first talked with the person; the day only.
        talked_on: Option<Date> = 6, "talked_on".width(10).personal();
        /// Day of becoming an activist.
        activist_on: Option<Date> = 7, "activist_on".width(10).personal();
        /// Day the superior had it on file (備案).
        activist_filed_on: Option<Date> = 8, "activist_filed_on".width(10).personal();
        /// Contacts for cultivation, by name (培養聯繫人): one or two full members.
        contacts: Many<Name> = 9, "contacts".width(14).personal().max_chars(50);
        /// Days of the half-yearly reviews of an activist; days only.
        reviewed_on: Many<Text> = 10, "reviewed_on".width(22).personal().max_chars(10);
        /// First day of the publicity before becoming a candidate.
        candidate_publicised_on: Option<Date> = 11, "candidate_publicised_on".width(10).personal();
        /// Day of becoming a candidate for membership (發展對象).
        candidate_on: Option<Date> = 12, "candidate_on".width(10).personal();
        /// Day the superior agreed to that.
        candidate_filed_on: Option<Date> = 13, "candidate_filed_on".width(10).personal();
        /// Introducers, by name: two full members.
        introducers: Many<Name> = 14, "introducers".width(14).personal().max_chars(50);
        /// Last day of the centralised training.
        trained_on: Option<Date> = 15, "trained_on".width(10).personal().group("training");
        /// Its hours.
        training_hours: Option<Hours> = 16, "training_hours".width(6).personal().range(0, 5000).group("training");
        /// Its days.
        training_days: Option<Integer> = 17, "training_days".width(6).personal().range(0, 100).group("training");
        /// Day the check of the papers was concluded; its contents stay on paper.
        checked_on: Option<Date> = 18, "checked_on".width(10).personal();
        /// File number of that check.
        check_file_no: Option<Identifier> = 19, "check_file_no".width(16).max_chars(60).personal();
        /// Day the superior was asked for the pre-review (預審).
        pre_review_asked_on: Option<Date> = 20, "pre_review_asked_on".width(10).personal();
        /// Day of the superior's answer.
        pre_reviewed_on: Option<Date> = 21, "pre_reviewed_on".width(10).personal();
        /// Year of the plan that has the person.
        plan_year: Option<Integer> = 22, "plan_year".width(6).range(1990, 2199).office(Office::Headquarters);
        /// The numbered form.
        book: Option<BookId> = 23, "book".width(16).personal();
        /// Day the person will leave the university, where it is known.
        leaves_on: Option<Date> = 24, "leaves_on".width(10).personal();
        /// Day of the branch meeting that accepted the person as a probationary member.
        joined_on: Option<Date> = 25, "joined_on".width(10).personal().group("acceptance");
        /// Number of the meeting's resolution.
        meeting_no: Option<Identifier> = 26, "meeting_no".width(16).max_chars(60).personal().group("acceptance");
        /// Day the superior's talk before the approval was held; the day only.
        approval_talk_on: Option<Date> = 27, "approval_talk_on".width(10).personal();
        /// Day of the approval.
        approved_on: Option<Date> = 28, "approved_on".width(10).personal().group("approval");
        /// The Party committee that approved; never a general branch.
        approved_by: Option<UnitRef> = 29, "approved_by".width(24).group("approval");
        /// Document of the approval.
        approval_no: Option<Identifier> = 30, "approval_no".width(20).max_chars(60).personal().group("approval");
        /// True if the time for the approval was extended for special reasons.
        approval_extended: Option<Flag> = 31, "approval_extended".width(6).group("approval");
        /// Last day of an extended probation.
        extended_until: Option<Date> = 32, "extended_until".width(10).personal().group("extension");
        /// Document of the extension.
        extension_no: Option<Identifier> = 33, "extension_no".width(20).max_chars(60).personal().group("extension");
        /// Day of the written application for full membership.
        full_applied_on: Option<Date> = 34, "full_applied_on".width(10).personal();
        /// First day of the publicity before it.
        full_publicised_on: Option<Date> = 35, "full_publicised_on".width(10).personal();
        /// Day of the branch meeting about full membership.
        full_meeting_on: Option<Date> = 36, "full_meeting_on".width(10).personal();
        /// Day of its approval.
        full_approved_on: Option<Date> = 37, "full_approved_on".width(10).personal();
        /// Document of that approval.
        full_approval_no: Option<Identifier> = 38, "full_approval_no".width(20).max_chars(60).personal();
        /// Why the development ended.
        end_reason: Option<EndReason> = 39, "end_reason".width(12).personal().group("end");
        /// Day it ended.
        ended_on: Option<Date> = 40, "ended_on".width(10).personal().group("end");
        /// Reason of an extension, by its document.
        status_reason: Option<Text> = 41, "status_reason".width(20).max_chars(200).personal().group("decision");
        /// What was done about the papers, with day and name. No opinions on the person.
        log: Notes = 42, "log".width(30).max_chars(300);
    }
    spec { .care(care::DEVELOPMENT).owner(Owner::Field("branch")).found_by("person")
        .list(&["person", "branch", "line", "status", "applied_on", "activist_on", "candidate_on", "joined_on", "full_meeting_on"])
        .title(&["person", "branch"]).natural(&["person"]).steps(STEPS).against(against).awaits(spans::awaited) }
    rules { review_days_are_days, extension_has_a_document, an_end_has_its_day }
}

/// The half-yearly reviews are written as days; nothing else is kept of them.
fn review_days_are_days(d: &MemberDevelopment) -> Option<Issue> {
    let wrong = d.reviewed_on.0.iter().find(|day| dates::written(&day.0).is_none())?;
    let issue = Issue::error(field!(MemberDevelopment: "reviewed_on"), "review-day");
    Some(issue.with("day", &wrong.0))
}

fn extension_has_a_document(d: &MemberDevelopment) -> Option<Issue> {
    (d.extended_until.is_some() && d.extension_no.is_none())
        .then(|| Issue::warning(field!(MemberDevelopment: "extension_no"), "q11-empty"))
}

fn an_end_has_its_day(d: &MemberDevelopment) -> Option<Issue> {
    (d.end_reason.is_some() && d.ended_on.is_none())
        .then(|| Issue::warning(field!(MemberDevelopment: "ended_on"), "q11-empty"))
}

/// Every span of the 細則, the age, the approver, the days in the person's file, and the numbered form.
fn against(others: &dyn Registry, id: Option<RecordId>, fields: &Fields) -> Vec<Issue> {
    let rules = Policies::of(others);
    let Ok(own) = MemberDevelopment::hydrate(fields) else { return Vec::new() };
    let born = born(others, own.person.0);
    let mut issues: Vec<Issue> =
        spans::broken(fields, born, &rules, None).iter().map(spans::Finding::issue).collect();
    issues.extend(a_committee_approves(others, &own));
    issues.extend(days_of_the_person(others, &own));
    issues.extend(the_form_is_the_units(others, id, &own));
    issues
}

fn born(others: &dyn Registry, person: RecordId) -> Option<PartialDate> {
    others.field_of(person, field!(Person: "born_on").number())?.as_date()
}

/// Art. 23: only a Party committee approves, never a general branch.
fn a_committee_approves(others: &dyn Registry, own: &MemberDevelopment) -> Option<Issue> {
    let (kind, fields) = others.fields(own.approved_by?.0)?;
    let unit = (kind == Kind::Unit).then(|| Unit::hydrate(&fields).ok())??;
    let may = matches!(unit.r#type, UnitType::University | UnitType::Committee);
    (!may).then(|| Issue::error(field!(MemberDevelopment: "approved_by"), "development-approver"))
}

/// Q13: what the person's file says differs; Party standing counts from there (Art. 34).
fn days_of_the_person(others: &dyn Registry, own: &MemberDevelopment) -> Option<Issue> {
    let of = |field| others.field_of(own.person.0, field)?.as_date();
    let joined = of(field!(Person: "joined_on").number());
    if let (Some(mine), Some(theirs)) = (own.joined_on, joined)
        && dates::differ(mine.0, theirs)
    {
        return Some(Issue::warning(field!(MemberDevelopment: "joined_on"), "q13-snapshot"));
    }
    let full = of(field!(Person: "full_on").number())?;
    let first = own.joined_on?.0;
    let early = dates::plus_years(first, 1)?.is_surely_after(full);
    early.then(|| Issue::warning(field!(MemberDevelopment: "joined_on"), "development-standing"))
}

/// The numbered form was given to this unit, for this year, and to nobody else.
fn the_form_is_the_units(
    others: &dyn Registry,
    id: Option<RecordId>,
    own: &MemberDevelopment,
) -> Option<Issue> {
    use super::application_book::ApplicationBook;
    use crate::domain::record::Value;
    use crate::domain::rules::within;
    let at = field!(MemberDevelopment: "book");
    let book_id = own.book?.0;
    let taken = others
        .find(Kind::MemberDevelopment, at.number(), &Value::Ref(book_id))
        .into_iter()
        .any(|other| Some(other) != id);
    if taken {
        return Some(Issue::error(at, "book-taken"));
    }
    let (kind, fields) = others.fields(book_id)?;
    let book =
        (kind == Kind::ApplicationBook).then(|| ApplicationBook::hydrate(&fields).ok())??;
    if !within::is_within(others, own.branch.0, book.unit.0) {
        return Some(Issue::error(at, "book-of-other-unit"));
    }
    let other_year = own.plan_year.is_some_and(|year| year != book.year);
    other_year.then(|| Issue::error(at, "book-of-other-year"))
}
