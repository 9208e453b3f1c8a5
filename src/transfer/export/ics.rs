//! Days for a calendar program: iCalendar (RFC 5545), one entry for the whole day each.

use icalendar::{Calendar, Component, Event, Property};

use crate::domain::record::PartialDate;

/// One day of a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Names the entry for ever: a file read in again replaces what it brought before.
    pub uid: String,
    /// The day; of a month or a year its last.
    pub on: PartialDate,
    /// What is due.
    pub summary: String,
    /// About what and for whom.
    pub description: String,
}

/// Writes entries as of a day; a date that no calendar has is left out. Entries are marked private, and nobody is shown as busy.
pub fn to_ics(title: &str, entries: &[Entry], as_of: PartialDate) -> Vec<u8> {
    let stamp = format!("{}T000000Z", compact(as_of).unwrap_or_default());
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//ejia//ejia//ZH"))
        .append_property(("CALSCALE", "GREGORIAN"))
        .append_property(("X-WR-CALNAME", title));
    for entry in entries {
        let Some(on) = compact(entry.on) else { continue };
        let mut day = Property::new("DTSTART", on);
        day.add_parameter("VALUE", "DATE");
        let mut event = Event::with_uid(&entry.uid);
        event
            .add_property("DTSTAMP", stamp.as_str())
            .append_property(day)
            .add_property("CLASS", "PRIVATE")
            .add_property("TRANSP", "TRANSPARENT")
            .summary(&entry.summary)
            .description(&entry.description);
        calendar.push(event.done());
    }
    calendar.to_string().into_bytes()
}

/// The last day a date may mean, as `20261231`.
fn compact(date: PartialDate) -> Option<String> {
    let on = date.last_day()?;
    Some(format!("{:04}{:02}{:02}", on.year(), on.month(), on.day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_private_day_whose_text_is_escaped_and_folded() {
        let entry = Entry {
            uid: "1@ejia".to_owned(),
            on: PartialDate::month(2027, 2).unwrap(),
            summary: "整改；到期, 一".to_owned(),
            description: "黨支部".repeat(12),
        };
        let as_of = PartialDate::day(2026, 11, 24).unwrap();
        let text = String::from_utf8(to_ics("日程", &[entry], as_of)).unwrap();
        assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"));
        assert!(text.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n"));
        for line in [
            "UID:1@ejia",
            "DTSTAMP:20261124T000000Z",
            "DTSTART;VALUE=DATE:20270228",
            "CLASS:PRIVATE",
            "SUMMARY:整改；到期\\, 一",
        ] {
            assert!(text.contains(&format!("{line}\r\n")), "{line} is not in {text}");
        }
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        let unfolded = text.replace("\r\n ", "");
        assert!(unfolded.contains(&"黨支部".repeat(12)));
    }
}
