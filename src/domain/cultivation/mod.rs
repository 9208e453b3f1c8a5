//! 「雙帶頭人」 cultivation: the record of one secretary, its evidence, measures and yearly assessments (domain notes B2).

pub mod assessment;
pub mod evidence;
pub mod measure;
pub mod record;
