//! Why a field is kept, by what right, for how long, and who sees it (PIPL Art. 5, 6, 13, 17, 19). Every kind has a rule for its fields;
//! a field that differs has its own. A test refuses a field without one.

/// By what right a value is kept (PIPL Art. 13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// A duty that Party regulations or laws give the unit.
    Duty,
    /// Management of staff by the rules of the university.
    Staff,
    /// No personal data.
    None,
}

impl Ground {
    /// Returns its word in the data dictionary.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Duty => "duty",
            Self::Staff => "staff rules",
            Self::None => "no personal data",
        }
    }
}

/// How long a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// While the unit or class is of use to the university: no person is named.
    Standing,
    /// Until the person leaves and the record was handed over; then erased by headquarters.
    WhileHere,
    /// For good, as evidence of hours and certificates.
    Kept,
    /// So many days after the class; the server erases it by itself.
    DaysAfterClass(u16),
}

impl Retention {
    /// Returns its words in the data dictionary.
    pub fn text(self) -> String {
        match self {
            Self::Standing => "while in use".to_owned(),
            Self::WhileHere => "until the person leaves".to_owned(),
            Self::Kept => "kept".to_owned(),
            Self::DaysAfterClass(days) => format!("{days} days after the class"),
        }
    }
}

/// Who sees a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenBy {
    /// The unit, the units above it and headquarters.
    Unit,
    /// The same, masked; in full by a noted action only.
    UnitMasked,
    /// The units below, too.
    Everybody,
}

impl SeenBy {
    /// Returns its words in the data dictionary.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Unit => "unit, HQ",
            Self::UnitMasked => "unit, HQ, masked",
            Self::Everybody => "all units",
        }
    }
}

/// Why, by what right, for how long and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Care {
    /// What it is for; goes into the data dictionary.
    pub purpose: &'static str,
    /// By what right.
    pub ground: Ground,
    /// For how long.
    pub retention: Retention,
    /// For whom.
    pub seen_by: SeenBy,
}

const fn care(
    purpose: &'static str,
    ground: Ground,
    retention: Retention,
    seen_by: SeenBy,
) -> Care {
    Care { purpose, ground, retention, seen_by }
}

/// The tree of units, and what a unit is.
pub const UNITS: Care =
    care("who belongs where", Ground::None, Retention::Standing, SeenBy::Everybody);
/// What every other record is about.
pub const PERSONS: Care =
    care("membership and staff administration", Ground::Duty, Retention::WhileHere, SeenBy::Unit);
/// Numbers that tell persons apart, or reach them.
pub const SENSITIVE: Care = care(
    "telling persons apart and reaching them",
    Ground::Duty,
    Retention::WhileHere,
    SeenBy::UnitMasked,
);
/// Classes and their sessions.
pub const CLASSES: Care =
    care("planning of training", Ground::None, Retention::Standing, SeenBy::Everybody);
/// Who attended what: hours and certificates.
pub const TRAINING: Care =
    care("evidence of training", Ground::Duty, Retention::Kept, SeenBy::Unit);
/// What a class needs on the day and nobody afterwards.
pub const LOGISTICS: Care = care(
    "running the class on the day",
    Ground::Duty,
    Retention::DaysAfterClass(30),
    SeenBy::UnitMasked,
);
/// Cultivation of secretaries.
pub const CULTIVATION: Care =
    care("cultivation by plan", Ground::Duty, Retention::WhileHere, SeenBy::Unit);
/// Posts, appointments and reviews of organizers.
pub const STAFFING: Care =
    care("posts and promotion", Ground::Staff, Retention::WhileHere, SeenBy::Unit);
/// Establishment of posts: numbers only.
pub const ESTABLISHMENT: Care =
    care("numbers of posts", Ground::None, Retention::Standing, SeenBy::Unit);

/// Surveys, rectification, assessments and forms by number: no person is named.
pub const IMPROVEMENT: Care =
    care("work of units and branches", Ground::None, Retention::Standing, SeenBy::Unit);
/// Member development: days and documents of the steps.
pub const DEVELOPMENT: Care =
    care("member development by its steps", Ground::Duty, Retention::WhileHere, SeenBy::Unit);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kinds::Kind;

    #[test]
    fn every_field_of_every_kind_says_why_it_is_kept_and_for_how_long() {
        let mut missing = Vec::new();
        for kind in Kind::ALL {
            for field in kind.spec().fields {
                let named = || format!("{}.{}", kind.key(), field.key);
                match kind.spec().care_of(field) {
                    None => missing.push(named()),
                    Some(care) => {
                        let personal = field.personal || field.sensitive;
                        let ground = care.ground != Ground::None;
                        assert!(
                            !personal || ground,
                            "{} is personal data without a ground",
                            named()
                        );
                        let masked = care.seen_by == SeenBy::UnitMasked;
                        assert!(
                            !field.sensitive || masked,
                            "{} is sensitive and not masked",
                            named()
                        );
                    }
                }
            }
        }
        assert!(missing.is_empty(), "without a purpose (spec .care(...)): {missing:?}");
    }
}
