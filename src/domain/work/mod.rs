//! Party work of units and branches besides training and posts (notice, items 7 and 9 to 12): research, awards, model branches, care,
//! the congress, organisation life, notices. Documents, decisions and totals only (個人信息保護法 Art. 6).

use super::record::care::{Care, Ground, Retention, SeenBy};

pub mod award;
pub mod award_quota;
pub mod branch_meeting;
pub mod care_visit;
pub mod congress;
pub mod congress_round;
pub mod delegate;
pub mod electoral_unit;
pub mod model_branch;
pub mod model_criterion;
pub mod model_evidence;
pub mod notice;
pub mod notice_receipt;
pub mod research_call;
pub mod research_project;

/// What names no person: calls, quotas, meetings, totals.
const UNITS: Care = Care {
    purpose: "Party work of units by document and number",
    ground: Ground::None,
    retention: Retention::Standing,
    seen_by: SeenBy::Unit,
};
/// What names persons by a decision about them: projects, awards, visits, delegates.
const PERSONS: Care = Care {
    purpose: "decisions on projects, awards, visits and delegates",
    ground: Ground::Duty,
    retention: Retention::WhileHere,
    seen_by: SeenBy::Unit,
};
/// What headquarters tells all units.
const PUBLISHED: Care = Care {
    purpose: "what headquarters tells all units",
    ground: Ground::None,
    retention: Retention::Standing,
    seen_by: SeenBy::Everybody,
};
