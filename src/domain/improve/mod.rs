//! Surveys and what they find: visits, lagging branches, the yearly assessment of branches (notice, item 1).

pub mod survey_visit;
