//! Rounds of nomination and election in an electoral unit: totals only, never who chose whom (個人信息保護法 Art. 6).

use super::electoral_unit::{ElectoralUnit, ElectoralUnitId};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Date, Fields, Identifier, Integer, Issue, Owner, Record};
use crate::domain::rules::{Registry, policy};
use crate::{choices, field, record};

choices! {
    /// Which round.
    pub enum RoundKind {
        /// First nomination from below (一上).
        FirstNomination = "first_nomination",
        /// Second nomination (二上).
        SecondNomination = "second_nomination",
        /// List of candidates settled (確定候選人預備人選).
        Candidates = "candidates",
        /// Election (正式選舉).
        Election = "election",
    }
}

record! {
    /// One round with its totals.
    ///
    /// Source: 代表推薦提名匯總表、選舉結果報告單; 選舉工作條例.
    pub struct CongressRound = 50, "congress_round" {
        /// The electoral unit.
        electoral_unit: ElectoralUnitId = 1, "electoral_unit".width(24);
        /// Which round.
        round: RoundKind = 2, "round".width(12);
        /// Its day.
        held_on: Date = 3, "held_on".width(10);
        /// Members entitled to take part.
        entitled: Option<Integer> = 4, "entitled".width(6).range(0, 100_000);
        /// Members who took part.
        present: Option<Integer> = 5, "present".width(6).range(0, 100_000);
        /// Papers given out.
        papers_out: Option<Integer> = 6, "papers_out".width(6).range(0, 100_000);
        /// Papers that came back.
        papers_in: Option<Integer> = 7, "papers_in".width(6).range(0, 100_000);
        /// Valid ones among them.
        papers_valid: Option<Integer> = 8, "papers_valid".width(6).range(0, 100_000);
        /// Candidates named.
        candidates: Option<Integer> = 9, "candidates".width(6).range(0, 10_000);
        /// Delegates elected.
        elected: Option<Integer> = 10, "elected".width(6).range(0, 1_000);
        /// Number of the minutes or report.
        document_no: Option<Identifier> = 11, "document_no".width(20).max_chars(60);
    }
    spec { .care(super::UNITS).owner(Owner::Of("electoral_unit")).list(&["electoral_unit", "round", "held_on", "entitled", "present", "candidates", "elected"])
        .title(&["electoral_unit", "round"]).natural(&["electoral_unit", "round"]).against(enough_candidates_and_no_more_elected) }
    rules { totals_fit, enough_were_present }
}

/// 選舉工作條例: those present are among those entitled; more papers back than given out make the election void.
fn totals_fit(r: &CongressRound) -> Option<Issue> {
    let more =
        |part: Option<Integer>, whole: Option<Integer>| part.zip(whole).is_some_and(|(p, w)| p > w);
    if more(r.present, r.entitled) {
        return Some(Issue::error(field!(CongressRound: "present"), "q12-sum"));
    }
    if more(r.papers_in, r.papers_out) {
        return Some(Issue::error(field!(CongressRound: "papers_in"), "q12-sum"));
    }
    (more(r.papers_valid, r.papers_in))
        .then(|| Issue::error(field!(CongressRound: "papers_valid"), "q12-sum"))
}

/// An election needs four fifths of those entitled (選舉工作條例, certainty P).
fn enough_were_present(r: &CongressRound) -> Option<Issue> {
    let least = policy::shipped().limit("election-present-per-mille", r.held_on.0)?;
    let (present, entitled) = (r.present?.0, r.entitled?.0);
    (r.round == RoundKind::Election && present * 1000 < entitled * least)
        .then(|| Issue::warning(field!(CongressRound: "present"), "election-present"))
}

/// One fifth more candidates than places (選舉工作條例, certainty P), and not more elected than places.
fn enough_candidates_and_no_more_elected(
    others: &dyn Registry,
    _: Option<RecordId>,
    fields: &Fields,
) -> Vec<Issue> {
    let Ok(own) = CongressRound::hydrate(fields) else { return Vec::new() };
    let unit = others.fields(own.electoral_unit.0);
    let unit = unit.filter(|(kind, _)| *kind == Kind::ElectoralUnit);
    let Some(unit) = unit.and_then(|(_, fields)| ElectoralUnit::hydrate(&fields).ok()) else {
        return Vec::new();
    };
    let places = unit.places.0;
    let mut issues = Vec::new();
    let more = policy::shipped().limit("election-candidates-per-mille", own.held_on.0);
    let late = matches!(own.round, RoundKind::Candidates | RoundKind::Election);
    if let (Some(candidates), Some(more), true) = (own.candidates, more, late)
        && candidates.0 * 1000 < places * (1000 + more)
    {
        issues.push(Issue::warning("candidates", "election-candidates"));
    }
    if own.elected.is_some_and(|elected| elected.0 > places) {
        issues.push(Issue::error("elected", "q12-sum"));
    }
    issues
}
