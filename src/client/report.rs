//! Figures with the list behind each of them (domain notes B4).

use super::Client;
use super::error::ClientError;
use super::state::Inner;
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::{Fields, PartialDate};
use crate::domain::rules::coverage::{
    Figure, Share, Sources, double_leader_ratio, training_coverage,
};
use crate::sync::Record;

/// The reports there are.
const NAMES: [&str; 2] = ["training-coverage", "double-leader-ratio"];

/// Returns the names of the reports.
pub const fn report_names() -> [&'static str; 2] {
    NAMES
}

/// Which figures are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRequest {
    /// One of [`report_names`].
    pub name: String,
    /// Day the figures are for.
    pub as_of: PartialDate,
    /// Year the hours count for.
    pub year: i64,
    /// Only this secondary unit.
    pub unit: Option<UnitId>,
}

/// One figure: numerator, denominator and who is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// Secondary unit; `None` for the whole and for records under none.
    pub unit: Option<UnitId>,
    /// Its name.
    pub unit_name: String,
    /// Those that meet the rule.
    pub numerator: usize,
    /// Those it applies to.
    pub denominator: usize,
    /// Those that do not meet it: persons, or branches for the double-leader ratio.
    pub missing: Vec<RecordId>,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportView {
    /// Its name.
    pub name: String,
    /// Day the figures are for.
    pub as_of: PartialDate,
    /// Year.
    pub year: i64,
    /// By secondary unit.
    pub rows: Vec<ReportRow>,
    /// The whole.
    pub total: ReportRow,
    /// Branches without a secretary, where the report counts branches.
    pub vacant: Vec<RecordId>,
}

impl ReportRow {
    /// Returns the rate in thousandths; `None` if nothing is counted.
    pub fn per_mille(&self) -> Option<usize> {
        (self.numerator * 1000).checked_div(self.denominator)
    }
}

impl Client {
    /// Computes a report over what is on this device.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] for an unknown name.
    pub fn report(&self, request: &ReportRequest) -> Result<ReportView, ClientError> {
        let inner = self.lock();
        let data = Data::new(&inner);
        let from = data.sources();
        let (figure, vacant) = match request.name.as_str() {
            "training-coverage" => {
                let year = request.year;
                (training_coverage(&from, request.as_of, year, None), Vec::new())
            }
            "double-leader-ratio" => {
                let found = double_leader_ratio(&from, request.as_of);
                (found.ratio, found.vacant)
            }
            name => {
                return Err(ClientError::NotFound { what: "report", id: name.to_owned() });
            }
        };
        Ok(inner.report_view(request, &figure, vacant))
    }
}

impl Inner {
    fn report_view(
        &self,
        request: &ReportRequest,
        figure: &Figure,
        vacant: Vec<RecordId>,
    ) -> ReportView {
        let wanted = |unit: &Option<RecordId>| {
            request.unit.is_none_or(|only| unit.map(RecordId::unit) == Some(only))
        };
        let rows: Vec<ReportRow> = figure
            .rows
            .iter()
            .filter(|(unit, _)| wanted(unit))
            .map(|(unit, share)| self.report_row(unit.map(RecordId::unit), share))
            .collect();
        let total = match (request.unit, rows.first()) {
            (Some(_), Some(only)) => only.clone(),
            (Some(unit), None) => self.report_row(Some(unit), &Share::default()),
            (None, _) => self.report_row(None, &figure.total),
        };
        ReportView {
            name: request.name.clone(),
            as_of: request.as_of,
            year: request.year,
            rows,
            total,
            vacant,
        }
    }

    fn report_row(&self, unit: Option<UnitId>, share: &Share) -> ReportRow {
        ReportRow {
            unit,
            unit_name: unit.map(|unit| self.unit_name(unit)).unwrap_or_default(),
            numerator: share.numerator,
            denominator: share.denominator,
            missing: share.missing.clone(),
        }
    }
}

/// The records the figures are made from.
struct Data {
    kinds: Vec<(Kind, Vec<(RecordId, Fields)>)>,
}

impl Data {
    fn new(inner: &Inner) -> Self {
        let kinds = [
            Kind::Unit,
            Kind::Post,
            Kind::TrainingClass,
            Kind::Enrolment,
            Kind::Cultivation,
            Kind::StaffFile,
            Kind::Establishment,
        ];
        let rows = |kind| {
            let record = |id| inner.record(id).ok().filter(Record::is_live);
            inner.of_kind(kind).filter_map(|id| Some((id, record(id)?.values()))).collect()
        };
        Self { kinds: kinds.into_iter().map(|kind| (kind, rows(kind))).collect() }
    }

    fn of(&self, kind: Kind) -> &[(RecordId, Fields)] {
        self.kinds.iter().find(|(other, _)| *other == kind).map_or(&[], |(_, rows)| rows)
    }

    fn sources(&self) -> Sources<'_> {
        Sources {
            units: self.of(Kind::Unit),
            posts: self.of(Kind::Post),
            classes: self.of(Kind::TrainingClass),
            enrolments: self.of(Kind::Enrolment),
            cultivations: self.of(Kind::Cultivation),
            staff_files: self.of(Kind::StaffFile),
            establishments: self.of(Kind::Establishment),
        }
    }
}
