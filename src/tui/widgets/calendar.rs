//! A month to choose a day from.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan as _};

use crate::tui::keys::{Code, Key, Named};
use crate::tui::text::{cells, width};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;

/// What a key did to the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// Nothing yet.
    Open,
    /// This day was chosen.
    Chosen(Date),
    /// The calendar was closed.
    Closed,
}

/// A month with the cursor on one of its days.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Title of the frame: what the day is for.
    pub title: String,
    /// Keys, at the bottom of the frame.
    pub hint: String,
    /// Names of the days of the week, Monday first, two cells each.
    pub weekdays: String,
    today: Date,
    day: Date,
}

/// Cells of a day.
const DAY_CELLS: u16 = 4;

impl Calendar {
    /// Opens the month of a day.
    pub const fn new(today: Date, day: Date) -> Self {
        Self { title: String::new(), hint: String::new(), weekdays: String::new(), today, day }
    }

    fn go(&mut self, span: Span) {
        self.day = self.day.checked_add(span).unwrap_or(self.day);
    }

    /// Handles a key.
    pub fn key(&mut self, key: Key) -> Day {
        let Code::Named(name) = key.code else { return Day::Open };
        match name {
            Named::Esc => return Day::Closed,
            Named::Enter => return Day::Chosen(self.day),
            Named::Left => self.go(-1.days()),
            Named::Right => self.go(1.days()),
            Named::Up => self.go(-7.days()),
            Named::Down => self.go(7.days()),
            Named::Tab if key.shift => self.go(-1.years()),
            Named::Tab => self.go(1.years()),
            Named::PgUp if key.shift || key.ctrl => self.go(-1.years()),
            Named::PgDn if key.shift || key.ctrl => self.go(1.years()),
            Named::PgUp => self.go(-1.months()),
            Named::PgDn => self.go(1.months()),
            Named::Home => self.day = self.today,
            _ => {}
        }
        Day::Open
    }

    /// Draws the month as a popup.
    pub fn draw(&self, ui: &mut Ui<'_>) {
        let wide = cells(width(&self.hint)).max(7 * DAY_CELLS + 2) + 2;
        let inner = ui.popup(wide, 10, &self.title, &self.hint);
        let x = inner.x + inner.width.saturating_sub(7 * DAY_CELLS) / 2;
        let month = format!("{:04}-{:02}", self.day.year(), self.day.month());
        ui.label(x, inner.y, &month, inner.right(), Role::Title);
        for (column, name) in (0..7).zip(self.weekdays.split(' ')) {
            ui.label(x + column * DAY_CELLS + 1, inner.y + 1, name, inner.right(), Role::Quiet);
        }
        let first = self.day.first_of_month();
        let mut column = u16::try_from(monday_offset(first.weekday())).unwrap_or(0);
        let mut y = inner.y + 2;
        for number in 1..=self.day.days_in_month() {
            let on = number == self.day.day();
            let is_today = first.with().day(number).build().is_ok_and(|day| day == self.today);
            let mark = if is_today { "*" } else { " " };
            let role = match (on, is_today) {
                (true, _) => Role::Selected,
                (false, true) => Role::Key,
                (false, false) => Role::Text,
            };
            let text = format!("{number:>3}{mark}");
            ui.label(x + column * DAY_CELLS, y, &text, inner.right(), role);
            column += 1;
            if column == 7 {
                (column, y) = (0, y + 1);
            }
        }
        ui.park_cursor(inner.x, inner.y);
    }
}

fn monday_offset(weekday: Weekday) -> i8 {
    weekday.to_monday_zero_offset()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn arrows_move_by_days_and_weeks_and_pages_by_months() {
        let mut calendar = Calendar::new(date(2026, 8, 23), date(2026, 1, 31));
        calendar.key(Key::named(Named::PgDn));
        assert_eq!(calendar.key(Key::named(Named::Enter)), Day::Chosen(date(2026, 2, 28)));
        calendar.key(Key::named(Named::Down));
        calendar.key(Key::named(Named::Left));
        assert_eq!(calendar.key(Key::named(Named::Enter)), Day::Chosen(date(2026, 3, 6)));
        calendar.key(Key::named(Named::Home));
        assert_eq!(calendar.key(Key::named(Named::Enter)), Day::Chosen(date(2026, 8, 23)));
        assert_eq!(calendar.key(Key::named(Named::Esc)), Day::Closed);
    }

    #[test]
    fn tab_jumps_a_year_and_shift_tab_back() {
        let mut calendar = Calendar::new(date(2026, 8, 23), date(2024, 2, 29));
        calendar.key(Key::named(Named::Tab));
        assert_eq!(calendar.key(Key::named(Named::Enter)), Day::Chosen(date(2025, 2, 28)));
        let back = Key { shift: true, ..Key::named(Named::Tab) };
        calendar.key(back);
        calendar.key(back);
        assert_eq!(calendar.key(Key::named(Named::Enter)), Day::Chosen(date(2023, 2, 28)));
    }
}
