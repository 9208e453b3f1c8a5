//! 「雙帶頭人」 cultivation: the record of one secretary, its evidence, measures and yearly assessments (教黨〔2018〕26號).

pub mod assessment;
pub mod evidence;
pub mod measure;
pub mod record;
