//! Numerators, denominators and the lists behind them.

use std::collections::BTreeMap;

use super::double_leader_conditions::Condition;
use super::promotion_eligibility::Missing;
use crate::domain::ids::RecordId;
use crate::domain::record::PartialDate;

/// What is said of one record of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Tenths of an hour that are lacking.
    HoursLacking(i64),
    /// Days since it was due.
    DaysOver(i32),
    /// Days until it is due.
    DaysLeft(i32),
    /// Posts that are lacking.
    PostsLacking(i64),
    /// Full months of service.
    Months(i32),
    /// So many of so many.
    Of(usize, usize),
    /// Conditions for a double leader that are lacking.
    Lacks([Option<Condition>; 3]),
    /// A rule that is not kept; the text, which names its article, is `cli-rule-<code>`.
    Rule(&'static str),
    /// What may be done from one day to another; `None`: no such end.
    Window {
        /// First day.
        from: Option<PartialDate>,
        /// Last day.
        to: Option<PartialDate>,
    },
    /// When the years are full, and the conditions that are missing.
    Blocked {
        /// First day or month on which the years are full.
        from: Option<PartialDate>,
        /// Conditions, in the order of the rule.
        by: [Option<Missing>; 5],
        /// The places approved for the next rank, where a rule asks for one and a decision says how many there are.
        places: Option<Places>,
    },
}

/// Places of a unit for a rank, and the decision that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// The establishment that the number comes from.
    pub source: RecordId,
    /// Organizers in post who hold one.
    pub held: usize,
    /// Places approved.
    pub approved: usize,
}

impl Places {
    /// True if nobody holds one of them.
    pub const fn has_room(self) -> bool {
        self.held < self.approved
    }
}

/// One record of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// The record: a person, branch, unit, class or item, by the report.
    pub id: RecordId,
    /// What is said of it.
    pub note: Option<Note>,
}

impl Item {
    /// Makes an item of which nothing more is said.
    pub const fn plain(id: RecordId) -> Self {
        Self { id, note: None }
    }
}

/// A numerator, a denominator, and the records on both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that have it.
    pub numerator: usize,
    /// All that should.
    pub denominator: usize,
    /// Records that have it, in order of their ids; empty where amounts are counted.
    pub met: Vec<RecordId>,
    /// Records that have not, in order of their ids.
    pub missing: Vec<Item>,
}

/// A figure: one row for each secondary unit, and the total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// By secondary unit; `None` for what hangs under no unit that the caller knows.
    pub rows: BTreeMap<Option<RecordId>, Share>,
    /// Sum of the rows.
    pub total: Share,
}

/// One of the figures of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Which: `all` for the first, else a category such as `teachers`.
    pub key: &'static str,
    /// The figure.
    pub figure: Figure,
}

/// Something about a whole figure that a person should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Stable word.
    pub code: &'static str,
    /// The line that is not reached, in thousandths.
    pub limit_per_mille: i64,
}

/// The answer to a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Figures; the first is the report's own, the others its parts.
    pub sections: Vec<Section>,
    /// Lists that are in no denominator: vacancies, those under way, what is overdue.
    pub lists: Vec<(&'static str, Vec<Item>)>,
    /// What a person should look at.
    pub warnings: Vec<Warning>,
}

impl Share {
    /// Returns the share in tenths of a per cent, rounded half up; `None` without a denominator.
    pub fn per_mille(&self) -> Option<usize> {
        per_mille(self.numerator, self.denominator)
    }
}

/// Returns a share in thousandths, rounded half up; `None` without a denominator.
pub fn per_mille(part: usize, whole: usize) -> Option<usize> {
    (whole > 0).then(|| (part * 2000 + whole) / (whole * 2))
}

impl Figure {
    /// Counts one record.
    pub(super) fn count(&mut self, unit: Option<RecordId>, id: RecordId, has: bool) {
        self.note(unit, id, has, None);
    }

    /// Counts one record, and says something of it if it is missing.
    pub(super) fn note(
        &mut self,
        unit: Option<RecordId>,
        id: RecordId,
        has: bool,
        note: Option<Note>,
    ) {
        let share = self.rows.entry(unit).or_default();
        share.denominator += 1;
        if has {
            share.numerator += 1;
            share.met.push(id);
        } else {
            share.missing.push(Item { id, note });
        }
    }

    /// Adds amounts; a record with less than the whole is missing.
    pub(super) fn amount(
        &mut self,
        unit: Option<RecordId>,
        id: RecordId,
        part: usize,
        whole: usize,
    ) {
        let share = self.rows.entry(unit).or_default();
        share.numerator += part;
        share.denominator += whole;
        if part < whole {
            share.missing.push(Item { id, note: Some(Note::Of(part, whole)) });
        } else {
            share.met.push(id);
        }
    }

    /// Adds amounts of which no list is kept.
    pub(super) fn add(&mut self, unit: Option<RecordId>, part: usize, whole: usize) {
        let share = self.rows.entry(unit).or_default();
        share.numerator += part;
        share.denominator += whole;
    }

    /// Puts cells with fewer than so many together, under no unit and without their lists, until none of them can be told from the others;
    /// a whole that is too small is not shown at all (個人信息保護法 Art. 6).
    #[must_use]
    pub(super) fn without_small(self, least: usize) -> Self {
        let is_small = |n: usize| (1..least).contains(&n);
        let small = |share: &Share| is_small(share.denominator) || is_small(share.numerator);
        let (hidden, mut rows): (Vec<_>, BTreeMap<_, _>) = {
            let (small, large): (Vec<_>, Vec<_>) =
                self.rows.into_iter().partition(|(_, share)| small(share));
            (small, large.into_iter().collect())
        };
        let mut folded = Share::default();
        let mut count = hidden.len();
        let fold = |into: &mut Share, share: Share| {
            into.numerator += share.numerator;
            into.denominator += share.denominator;
        };
        for (_, share) in hidden {
            fold(&mut folded, share);
        }
        // One hidden cell could be computed from the whole: the smallest of the others goes with it.
        while count > 0 && (count == 1 || small(&folded)) {
            let next =
                rows.iter().min_by_key(|(_, share)| share.denominator).map(|(unit, _)| *unit);
            let Some(share) = next.and_then(|unit| rows.remove(&unit)) else { break };
            fold(&mut folded, share);
            count += 1;
        }
        if count > 0 && !small(&folded) {
            fold(rows.entry(None).or_default(), folded);
        }
        Self { rows, total: Share::default() }
    }

    /// Puts the lists in order and makes the total.
    pub(super) fn done(mut self) -> Self {
        for share in self.rows.values_mut() {
            share.met.sort_unstable();
            share.missing.sort_by_key(|item| item.id);
            self.total.numerator += share.numerator;
            self.total.denominator += share.denominator;
            self.total.met.extend_from_slice(&share.met);
            self.total.missing.extend_from_slice(&share.missing);
        }
        self.total.met.sort_unstable();
        self.total.missing.sort_by_key(|item| item.id);
        self
    }
}

impl Answer {
    /// Starts an answer with the report's own figure.
    pub(super) fn new(figure: Figure) -> Self {
        Self::default().with("all", figure)
    }

    /// Adds a part.
    #[must_use]
    pub(super) fn with(mut self, key: &'static str, figure: Figure) -> Self {
        self.sections.push(Section { key, figure: figure.done() });
        self
    }

    /// Adds a list.
    #[must_use]
    pub(super) fn listing(mut self, key: &'static str, mut items: Vec<Item>) -> Self {
        items.sort_by_key(|item| item.id);
        self.lists.push((key, items));
        self
    }

    /// Adds a list with the most overdue first, and those with most days left last.
    #[must_use]
    pub(super) fn ranked(mut self, key: &'static str, mut items: Vec<Item>) -> Self {
        let over = |item: &Item| match item.note {
            Some(Note::DaysOver(days)) => days,
            Some(Note::DaysLeft(days)) => -days,
            _ => i32::MIN,
        };
        items.sort_by_key(|item| (std::cmp::Reverse(over(item)), item.id));
        self.lists.push((key, items));
        self
    }

    /// Warns if the report's own figure is below a line.
    #[must_use]
    pub(super) fn at_least(mut self, code: &'static str, limit: Option<i64>) -> Self {
        let share = self.sections.first().and_then(|first| first.figure.total.per_mille());
        let share = share.and_then(|share| i64::try_from(share).ok());
        if let (Some(limit_per_mille), Some(share)) = (limit, share)
            && share < limit_per_mille
        {
            self.warnings.push(Warning { code, limit_per_mille });
        }
        self
    }

    /// Returns the list with that name.
    pub fn list(&self, key: &str) -> &[Item] {
        self.lists.iter().find(|(name, _)| *name == key).map_or(&[], |(_, items)| items)
    }

    /// Returns the section with that name.
    pub fn section(&self, key: &str) -> Option<&Figure> {
        self.sections.iter().find(|section| section.key == key).map(|section| &section.figure)
    }
}
