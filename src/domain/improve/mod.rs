//! Surveys and what they find: visits, lagging branches, the yearly assessment of branches (notice, item 1).

pub mod branch_assessment;
pub mod lagging_branch;
pub mod survey_visit;
