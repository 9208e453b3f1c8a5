//! Tags in a template: `{{person.name}}`, `{{born_on|month}}`, `{{#enrolment status!=withdrawn | 20}} … {{/enrolment}}`.

use jiff::{Timestamp, tz};

use super::{FormError, Source, registry, written};
use crate::domain::query::Filter;
use crate::domain::record::{PartialDate, Precision};

/// Before a tag.
const OPEN: &str = "{{";
/// After a tag.
const CLOSE: &str = "}}";
/// Most empty lines a list may ask for.
const MOST_LINES: usize = 200;
/// Hours that the offices' clock is ahead of UTC: China keeps one time zone, without summer time.
const OFFICE_OFFSET_HOURS: i8 = 8;

/// How a date or moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// `2021.06.15`, as far as it is known.
    #[default]
    Dotted,
    /// `2021.06`: year and month (出生年月).
    Month,
    /// `2021年6月15日`, as far as it is known.
    Long,
    /// `6月15日上午`: the half day of a moment.
    HalfDay,
}

impl Format {
    fn named(name: &str) -> Option<Self> {
        match name {
            "month" => Some(Self::Month),
            "long" => Some(Self::Long),
            "half" => Some(Self::HalfDay),
            _ => None,
        }
    }

    /// Writes a date no more precisely than it is known.
    pub(super) fn date(self, date: PartialDate) -> String {
        let words = registry::words();
        let Some(day) = date.civil() else { return date.to_string() };
        let precision = match (self, date.precision()) {
            (Self::Month, Precision::Day) => Precision::Month,
            (_, precision) => precision,
        };
        let (year, month) = (day.year(), day.month());
        match (self, precision) {
            (Self::Long | Self::HalfDay, Precision::Year) => format!("{year}{}", words.year),
            (Self::Long | Self::HalfDay, Precision::Month) => {
                format!("{year}{}{month}{}", words.year, words.month)
            }
            (Self::Long | Self::HalfDay, Precision::Day) => {
                format!("{year}{}{month}{}{}{}", words.year, words.month, day.day(), words.day)
            }
            (Self::Dotted | Self::Month, Precision::Year) => year.to_string(),
            (Self::Dotted | Self::Month, Precision::Month) => format!("{year}.{month:02}"),
            (Self::Dotted | Self::Month, Precision::Day) => {
                format!("{year}.{month:02}.{:02}", day.day())
            }
        }
    }

    /// Writes a moment in the offices' time zone.
    pub(super) fn moment(self, ms: i64) -> String {
        let Ok(at) = Timestamp::from_millisecond(ms) else { return String::new() };
        let at = tz::offset(OFFICE_OFFSET_HOURS).to_datetime(at);
        let words = registry::words();
        match self {
            Self::HalfDay => {
                let half = match at.hour() {
                    0..12 => &words.morning,
                    12..18 => &words.afternoon,
                    _ => &words.evening,
                };
                format!("{}{}{}{}{half}", at.month(), words.month, at.day(), words.day)
            }
            Self::Month => at.strftime("%Y.%m").to_string(),
            Self::Long => PartialDate::from_civil(at.date())
                .map_or_else(|_out_of_range| String::new(), |date| self.date(date)),
            Self::Dotted => at.strftime("%Y.%m.%d %H:%M").to_string(),
        }
    }
}

/// A list in a template: which records, which of them, and how many lines there are at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListTag {
    /// Kind of the records, or a name the source knows.
    pub name: String,
    /// Conditions, all of which hold.
    pub filters: Vec<Filter>,
    /// Lines at least; those without a record are empty.
    pub lines: usize,
}

impl ListTag {
    /// Reads `name condition, condition | lines`. `None` if it is not written so.
    pub fn parse(text: &str) -> Option<Self> {
        let (what, lines) = match text.rsplit_once('|') {
            Some((what, lines)) => (what, lines.trim().parse().ok()?),
            None => (text, 0),
        };
        let what = what.trim();
        let (name, conditions) = what.split_once(char::is_whitespace).unwrap_or((what, ""));
        let filters = conditions
            .split(',')
            .map(str::trim)
            .filter(|condition| !condition.is_empty())
            .map(|condition| condition.parse().ok())
            .collect::<Option<Vec<Filter>>>()?;
        let name = (!name.is_empty()).then(|| name.to_owned())?;
        Some(Self { name, filters, lines: usize::min(lines, MOST_LINES) })
    }
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Stands as it is.
    Plain(&'a str),
    /// A tag: what stands between the braces.
    Tag(&'a str),
}

/// Cuts a text into plain parts and tags; braces that are not closed are plain.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let Some((tag, behind)) = after.split_once(CLOSE) else { break };
        if !before.is_empty() {
            found.push(Piece::Plain(before));
        }
        found.push(Piece::Tag(tag));
        rest = behind;
    }
    if !rest.is_empty() {
        found.push(Piece::Plain(rest));
    }
    found
}

/// Returns the list that a text opens, with the tag.
pub(super) fn opened(text: &str) -> Result<Option<ListTag>, FormError> {
    let open = pieces(text).into_iter().find_map(|piece| match piece {
        Piece::Tag(tag) => tag.trim().strip_prefix('#'),
        Piece::Plain(_) => None,
    });
    let Some(open) = open else { return Ok(None) };
    let list = ListTag::parse(open).ok_or_else(|| bad(&format!("#{open}")))?;
    let closed = pieces(text).iter().any(|piece| match piece {
        Piece::Tag(tag) => tag.trim().strip_prefix('/').map(str::trim) == Some(&list.name),
        Piece::Plain(_) => false,
    });
    if closed { Ok(Some(list)) } else { Err(bad(&format!("#{open}"))) }
}

fn bad(tag: &str) -> FormError {
    FormError::BadTag { tag: tag.trim().to_owned() }
}

/// Returns what stands in the place of a tag: nothing for the ends of a list.
pub(super) fn replacement(tag: &str, source: &dyn Source) -> Result<String, FormError> {
    let tag = tag.trim();
    if tag.starts_with(['#', '/']) {
        return Ok(String::new());
    }
    let (path, format) = match tag.split_once('|') {
        None => (tag, Format::Dotted),
        Some((path, format)) => {
            (path.trim(), Format::named(format.trim()).ok_or_else(|| bad(tag))?)
        }
    };
    let steps: Vec<&str> = path.split('.').map(str::trim).collect();
    if steps.iter().any(|step| step.is_empty()) {
        return Err(bad(tag));
    }
    let filled = source.value(&steps).map_err(|unknown| unknown_name(tag, unknown))?;
    Ok(written(filled, format))
}

pub(super) fn unknown_name(tag: &str, unknown: super::Unknown) -> FormError {
    FormError::UnknownName { tag: tag.to_owned(), unknown }
}

/// Fills a text that stands alone, such as a title or a cell of a roster.
pub(super) fn fill(text: &str, source: &dyn Source) -> Result<String, FormError> {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Plain(plain) => out.push_str(plain),
            Piece::Tag(tag) => out.push_str(&replacement(tag, source)?),
        }
    }
    Ok(out)
}
