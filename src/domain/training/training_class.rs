//! Training classes: what is held, when, for whom, and whether its hours count.

use crate::domain::access::Office;
use crate::domain::record::{
    Code, Date, Flag, Hours, Instant, Integer, Issue, Many, Merge, Name, Notes, Step, Text,
    UnitRef, care,
};
use crate::domain::rules::dates;
use crate::{choices, field, record};

choices! {
    /// Where a class stands.
    pub enum ClassStatus {
        /// Being written.
        Draft = "draft",
        /// Sent to headquarters (已報送).
        Submitted = "submitted",
        /// Approved by headquarters.
        Approved = "approved",
        /// Sent back with a reason.
        Returned = "returned",
        /// Open for enrolment.
        Published = "published",
        /// No more enrolments.
        Closed = "closed",
        /// Being held.
        Running = "running",
        /// Over; results are being entered.
        Finished = "finished",
        /// Will not be held.
        Cancelled = "cancelled",
        /// Frozen.
        Archived = "archived",
    }
}

choices! {
    /// Where a class is held.
    pub enum Delivery {
        /// Online.
        Online = "online",
        /// Face to face.
        Offline = "offline",
    }
}

choices! {
    /// How a class is taught.
    pub enum Teaching {
        /// Taught together.
        Classroom = "classroom",
        /// Studied alone.
        SelfStudy = "self_study",
    }
}

choices! {
    /// What a class is made of.
    pub enum Content {
        /// Theory.
        Theory = "theory",
        /// Visits and practice.
        Practice = "practice",
    }
}

choices! {
    /// Who gets the places of a class with more requests than places.
    pub enum Admission {
        /// Whoever the server hears of first.
        Arrival = "arrival",
        /// Whoever asked first, ranked when the class closes.
        Ranking = "ranking",
    }
}

/// State in which places are given to whoever asks.
pub const OPEN: &str = "published";

/// States in which requests that waited for the closing are ranked.
pub const CLOSED: &[&str] = &["closed", "running", "finished"];

/// States in which nobody moves up any more.
pub const SETTLED: &[&str] = &["running", "finished", "cancelled", "archived"];

const STEPS: &[Step] = &[
    Step {
        action: "submit",
        from: &["draft", "returned"],
        to: "submitted",
        office: Office::Organizer,
        needs: &["starts_on", "ends_on", "planned_hours"],
        reason: false,
    },
    Step {
        action: "approve",
        from: &["submitted"],
        to: "approved",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
    Step {
        action: "return",
        from: &["submitted", "approved"],
        to: "returned",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
    Step {
        action: "publish",
        from: &["draft", "submitted", "approved"],
        to: "published",
        office: Office::Headquarters,
        needs: &["starts_on", "ends_on"],
        reason: false,
    },
    Step {
        action: "close",
        from: &["published"],
        to: "closed",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
    Step {
        action: "reopen",
        from: &["closed"],
        to: "published",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
    Step {
        action: "start",
        from: &["published", "closed"],
        to: "running",
        office: Office::Organizer,
        needs: &[],
        reason: false,
    },
    Step {
        action: "finish",
        from: &["running"],
        to: "finished",
        office: Office::Organizer,
        needs: &["ends_on"],
        reason: false,
    },
    Step {
        action: "cancel",
        from: &["draft", "submitted", "approved", "returned", "published", "closed"],
        to: "cancelled",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
    Step {
        action: "archive",
        from: &["finished", "cancelled"],
        to: "archived",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
];

record! {
    /// One training class.
    ///
    /// Source: 培訓班 of the campus system; 校組通字〔2021〕31號 Art. 14-16.
    pub struct TrainingClass = 4, "training_class" {
        /// Year the hours count for; not derivable from dates when a class spans New Year.
        year: Integer = 1, "year".width(6).range(1990, 2199);
        /// Name (第四屆教工黨支部書記論壇).
        name: Name = 2, "name".width(30).max_chars(100);
        /// Sort of training, from the code list `class_category`.
        category: Option<Code> = 3, "category".width(10).codes("class_category");
        /// Level of whoever holds it, from the code list `organiser_level`.
        organiser_level: Option<Code> = 4, "organiser_level".width(8).codes("organiser_level");
        /// First day.
        starts_on: Option<Date> = 5, "starts_on".width(10).group("period");
        /// Last day.
        ends_on: Option<Date> = 6, "ends_on".width(10).group("period");
        /// Moment enrolment ends; it has a time of day.
        enrol_by: Option<Instant> = 7, "enrol_by".width(16).group("period");
        /// Hours planned (計劃學時), in tenths.
        planned_hours: Option<Hours> = 8, "planned_hours".width(6).range(0, 10_000);
        /// Places.
        capacity: Option<Integer> = 9, "capacity".width(6).range(0, 10_000);
        /// True if the hours count towards the yearly duty (是否計入年度學習任務).
        counts: Option<Flag> = 10, "counts".width(6);
        /// Where the class stands; absent means a draft.
        status: Option<ClassStatus> = 11, "status".width(8).group("decision").merge(Merge::Steps);
        /// Reason of the last return or cancellation.
        status_reason: Option<Text> = 12, "status_reason".width(20).max_chars(200).group("decision");
        /// The organiser's name (主辦方).
        organiser: Option<Text> = 13, "organiser".width(20).max_chars(100);
        /// Unit that the class is for; absent: every unit.
        for_unit: Option<UnitRef> = 14, "for_unit".width(24);
        /// Where it is held.
        place: Option<Text> = 15, "place".width(20).max_chars(100).merge(Merge::LastWriter);
        /// How it is taught, from the code list `session_mode`.
        mode: Option<Code> = 16, "mode".width(10).codes("session_mode");
        /// Hours taught online, in tenths; part of the planned hours.
        online_hours: Option<Hours> = 17, "online_hours".width(6).range(0, 10_000);
        /// True if an enrolled person may send a substitute.
        substitutes: Option<Flag> = 18, "substitutes".width(6);
        /// Lecturers and timetable, as announced.
        programme: Option<Text> = 19, "programme".width(30).max_chars(2000);
        /// Share of the sessions a person must attend, per cent; 75 in the rules seen.
        min_attendance: Option<Integer> = 20, "min_attendance".width(6).range(0, 100);
        /// Remarks of the office.
        note: Option<Text> = 21, "note".width(20).max_chars(500).merge(Merge::LastWriter);
        /// Who gets the places when more ask than there is room for; absent means by arrival.
        admission: Option<Admission> = 22, "admission".width(10).office(Office::Headquarters);
        /// Persons with a place beyond the capacity; absent while there are none.
        over_capacity: Option<Integer> = 23, "over_capacity".width(6).range(1, 1_000_000).office(Office::Server);
        /// Places given to units together (名額分配), as the server counts them; absent while the class has no quotas.
        quota_places: Option<Integer> = 29, "quota_places".width(6).range(0, 1_000_000).office(Office::Server);
        /// Online or face to face (線上、線下).
        delivery: Option<Delivery> = 24, "delivery".width(8);
        /// Taught together or studied alone (集中授課、自學).
        teaching: Option<Teaching> = 25, "teaching".width(8);
        /// Theory or practice (理論學習、考察實踐).
        content: Option<Content> = 26, "content".width(8);
        /// Lowest mark of the examination that passes, of 100.
        pass_mark: Option<Integer> = 27, "pass_mark".width(6).range(0, 100);
        /// Sessions a person may miss without excuse.
        max_absences: Option<Integer> = 28, "max_absences".width(6).range(0, 1000);
        /// Names of those who teach it.
        lecturers: Many<Name> = 30, "lecturers".width(20).max_chars(50);
        /// What the office did about it, with day and name.
        log: Notes = 31, "log".width(30).max_chars(500);
    }
    spec { .care(care::CLASSES).published().list(&["year", "name", "category", "organiser_level", "starts_on", "ends_on", "planned_hours", "status"])
        .title(&["year", "name"]).natural(&["year", "name"]).steps(STEPS) }
    rules { starts_before_it_ends, enrolment_ends_before_the_class, online_hours_within_the_plan, nobody_beyond_the_places }
}

fn starts_before_it_ends(class: &TrainingClass) -> Option<Issue> {
    dates::order(class.starts_on, class.ends_on, field!(TrainingClass: "ends_on"))
}

fn enrolment_ends_before_the_class(class: &TrainingClass) -> Option<Issue> {
    let deadline = dates::day_of(class.enrol_by?.0)?;
    let end = class.ends_on.or(class.starts_on)?.0;
    deadline
        .is_surely_after(end)
        .then(|| Issue::error(field!(TrainingClass: "enrol_by"), "q05-deadline"))
}

fn online_hours_within_the_plan(class: &TrainingClass) -> Option<Issue> {
    (class.online_hours?.0 > class.planned_hours?.0)
        .then(|| Issue::warning(field!(TrainingClass: "online_hours"), "q09-hours-plan"))
}

/// Lowering the capacity, an assignment, or a promise that was kept may lead here; nobody is dropped, a person looks.
fn nobody_beyond_the_places(class: &TrainingClass) -> Option<Issue> {
    let over = class.over_capacity?.0;
    (over > 0).then(|| {
        Issue::warning(field!(TrainingClass: "capacity"), "q14-over-capacity").with("over", over)
    })
}
