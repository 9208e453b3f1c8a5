//! What must hold of every screen and every action, and what is remembered of a person's way of working.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

use proptest::prelude::*;
use ratatui::layout::{Position, Rect};
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::tests::{Desk, PEOPLE, start};
use super::tests_work::{SIZES, class, without_clock};
use super::*;
use crate::domain::kinds::Kind;
use crate::tui::backend::Atomic;
use crate::tui::data::{Query, Ratio, UnitShare};
use crate::tui::theme::Theme;
use crate::tui::ui::{Chrome, Ui, dump};
use crate::tui::view::view;

/// Every screen and popup, with the keys that lead there.
const SCREENS: &[(&str, &str)] = &[
    ("overview", "1"),
    ("by-unit", "1 Down Down Down F8"),
    ("boards", "1 F6"),
    ("agenda", "1 Ctrl-D"),
    ("history", "5 F6 學工號 Enter Home Enter Ctrl-T"),
    ("list", "5 F6 學工號 Enter Home"),
    ("find", "5 Ctrl-F sxx"),
    ("values", "5 F6 學工號 Enter Home Right Ctrl-D"),
    ("columns", "5 F6 學工號 Enter Home Ctrl-O"),
    ("detail", "5 F6 學工號 Enter Home Enter"),
    ("form", "5 Ctrl-N 2021 Tab 張三"),
    ("calendar", "5 Ctrl-N Tab Tab Tab Ctrl-D"),
    ("import", "5 Shift-F5 Esc"),
    ("conflicts", "6"),
    ("attention", "7"),
    ("sync", "8"),
    ("bulk", "5 F6 學工號 Enter Home Ctrl-A F8 設定 Enter 性別 Enter 男 Enter"),
    ("checkin", "F7 Enter"),
    ("commands", "F4"),
    ("palette", "5 F6 學工號 Enter Home Ctrl-P"),
    ("menu", "5 F6 學工號 Enter Home F9"),
    ("help", "5 F6 學工號 Enter Home F1"),
    ("delete", "5 F6 學工號 Enter Home Delete"),
    ("quit", "Ctrl-Q"),
];

/// Opens files with a class and figures, and goes to a screen.
fn at(keys: &str) -> Desk {
    let mut desk = Desk::new(PEOPLE);
    class(&desk);
    let missing = desk.data.list(&Query { search: "國".into(), ..Query::all(Kind::Person) });
    let share = UnitShare { unit: "哲學系".into(), part: 3, whole: 4, missing: missing.clone() };
    let name = "training-coverage".to_owned();
    let units = vec![share];
    desk.send(Message::Figures(vec![Ratio {
        name,
        figure: "all",
        kind: Kind::Person,
        part: 3,
        whole: 4,
        missing,
        units,
    }]));
    let today = desk.model.shell.today;
    desk.send(Message::Boards(desk.data.boards(today)));
    desk.send(Message::Agenda(desk.data.agenda(today)));
    desk.press(keys);
    if keys.contains("Shift-F5") {
        super::tests_import::read_in(&mut desk);
    }
    let asked = desk.effects.iter().find_map(|effect| match effect {
        Effect::History(id) => Some(*id),
        _ => None,
    });
    if let Some(id) = asked {
        desk.send(Message::History(id, desk.data.history(id)));
    }
    desk
}

/// The first-run steps and the screen that asks for the passphrase.
fn closed() -> Vec<(&'static str, Desk)> {
    [("first-run", false), ("unlock", true)]
        .into_iter()
        .map(|(name, exists)| {
            let mut desk = Desk::new(&[]);
            desk.model = Model::new(&start(exists));
            (name, desk)
        })
        .collect()
}

fn every_screen() -> Vec<(&'static str, Desk)> {
    let mut all: Vec<(&str, Desk)> = SCREENS.iter().map(|(name, keys)| (*name, at(keys))).collect();
    all.extend(closed());
    all
}

/// Replaces the glyphs of narrow frames by those that every terminal draws one cell wide.
fn in_ascii(screen: &str) -> String {
    let glyph = |c: char| match c {
        '─' => '-',
        '│' => '|',
        '┌' | '┐' | '┘' | '└' => '+',
        c => c,
    };
    screen.chars().map(glyph).collect()
}

#[test]
fn every_screen_looks_like_this_at_three_sizes_and_the_same_in_ascii_and_in_colour() {
    for (name, mut desk) in every_screen() {
        let mut all = String::new();
        for (wide, high) in SIZES {
            desk.model.shell.chrome = Chrome::Narrow;
            desk.model.shell.theme = Theme::mono();
            let narrow = desk.screen(wide, high);
            desk.model.shell.theme = Theme::colour();
            assert_eq!(desk.screen(wide, high), narrow, "{name}: a colour changed the text");
            desk.model.shell.chrome = Chrome::Ascii;
            let ascii = desk.screen(wide, high);
            assert!(!ascii.contains(['─', '│', '┌', '┐', '└', '┘', '…', '█']), "{name}\n{ascii}");
            assert_eq!(ascii, in_ascii(&narrow), "{name}");
            writeln!(all, "== {wide}x{high} ==").unwrap();
            all += &without_clock(&narrow);
        }
        insta::assert_snapshot!(format!("screen_{name}"), all);
    }
}

#[test]
fn on_every_screen_an_action_can_run_or_says_why_not() {
    for (name, desk) in every_screen() {
        let chain = desk.model.chain();
        for action in Action::ALL.iter().filter(|action| action.is_in(chain)) {
            if let Err(reason) = enabled(&desk.model, *action) {
                assert!(!reason.trim().is_empty(), "{name}: {}", action.id());
            }
            let shell = &desk.model.shell;
            assert_ne!(shell.text_of(*action), action.label_key(), "{name}");
        }
    }
}

#[test]
fn help_names_every_action_of_a_screen_that_has_a_key() {
    for (name, keys) in SCREENS.iter().filter(|(name, _)| !matches!(*name, "quit" | "delete")) {
        let mut desk = at(keys);
        desk.model.shell.layers.clear();
        let chain = desk.model.chain();
        desk.press("F1");
        let Some(Layer { body: Body::Viewer(help), .. }) = desk.model.shell.layers.last() else {
            panic!("{name}: no help")
        };
        let text = help.lines.join("\n");
        let shell = &desk.model.shell;
        for action in Action::ALL.iter().filter(|action| action.is_in(chain)) {
            let bound = !shell.keymap.keys(chain, *action).is_empty();
            let label = crate::tui::text::fit(&shell.text_of(*action), 20);
            assert!(!bound || text.contains(label.trim_end()), "{name}: {}", action.id());
        }
    }
}

#[test]
fn no_size_from_one_to_two_hundred_breaks_a_screen() {
    for (name, desk) in every_screen() {
        for size in 1..=200 {
            let (buf, (cursor, _)) = desk.buffer(size, size);
            let inside = cursor.is_none_or(|(x, y)| x < size && y < size);
            assert!(inside && buf.area.width == size, "{name} at {size}");
        }
    }
}

/// Bytes that can be looked at while a terminal holds their writer.
#[derive(Clone, Default)]
struct Written(Rc<RefCell<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Draws frames through the real writer and reads the bytes back with a terminal emulator.
fn replayed(keys: &str, then: &str) -> Result<(), TestCaseError> {
    let mut desk = at(keys);
    let bytes = Written::default();
    let mut shown = (String::new(), None);
    let painted = {
        let park = Rc::new(Cell::new(Position::ORIGIN));
        let backend = Atomic::new(bytes.clone(), Rc::clone(&park));
        let viewport = Viewport::Fixed(Rect::new(0, 0, 80, 24));
        let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
        for more in ["", then] {
            if !more.is_empty() {
                desk.press(more);
            }
            terminal
                .draw(|frame| {
                    let shell = &desk.model.shell;
                    let mut ui = Ui::new(frame.buffer_mut(), &shell.theme, shell.chrome);
                    view(&desk.model, &mut ui);
                    let (cursor, parked) = ui.cursor();
                    park.set(parked.unwrap_or(Position::ORIGIN));
                    if let Some(cursor) = cursor {
                        frame.set_cursor_position(cursor);
                    }
                    shown = (dump(frame.buffer_mut()), cursor);
                })
                .unwrap();
        }
        bytes.0.borrow().clone() // before the terminal is dropped, which shows the cursor again
    };
    let mut emulator = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
    emulator.process(&painted);
    let screen = emulator.screen();
    let rows = |text: &str| text.lines().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>();
    let painted: Vec<String> = screen.rows(0, 80).map(|row| row.trim_end().to_owned()).collect();
    prop_assert_eq!(painted, rows(&shown.0));
    prop_assert_eq!(screen.hide_cursor(), shown.1.is_none());
    if let Some(cursor) = shown.1 {
        prop_assert_eq!(screen.cursor_position(), (cursor.y, cursor.x));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn two_frames_read_back_by_a_terminal_are_what_the_model_shows(
        place in 0..SCREENS.len(),
        then in prop::sample::select(vec![
            "Down", "Ctrl-P", "F1", "Esc", "5", "Ctrl-N", "王小明", "Tab", "F9", "Right", "Ctrl-Q", "Space",
        ]),
    ) {
        replayed(SCREENS[place].1, then)?;
    }
}

#[test]
fn the_terminal_comes_back_where_it_was_left() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 F6 學工號 Enter Home Down Ctrl-F 2021 Enter");
    desk.press("Down").shows("2021");
    desk.model.shell.han_mode = false; // which keys hints show is told by what is typed, anew each time
    let before = desk.screen(80, 24);
    desk.send(Message::Terminate);
    desk.model = Model::new(&start(true));
    desk.send(Message::Opened(Ok(Arc::clone(&desk.data))));
    assert_eq!(desk.screen(80, 24), before);
    desk.press("8");
    desk.send(Message::Terminate);
    desk.model = Model::new(&start(true));
    desk.send(Message::Opened(Ok(Arc::clone(&desk.data))));
    assert_eq!(desk.model.screens.last().and_then(|page| page.tab()), Some(7));
}

#[test]
fn who_only_looks_is_told_so_and_changes_nothing() {
    let mut desk = Desk::new(PEOPLE);
    desk.data.only_look();
    desk.model.shell.read_only = true;
    desk.shows("[只讀]");
    desk.press("5 Ctrl-N").shows("這次以只讀方式打開").shows("王小明");
    desk.press("Delete").shows("這次以只讀方式打開");
    desk.press("Enter").shows("學工號");
    for action in Action::ALL.iter().filter(|action| action.writes()) {
        assert!(enabled(&desk.model, *action).is_err(), "{}", action.id());
    }
    assert_eq!(desk.count(Kind::Person), 4);
}

#[test]
fn files_that_are_only_looked_at_refuse_every_change() {
    let desk = Desk::new(PEOPLE);
    desk.data.only_look();
    let id = desk.data.list(&Query::all(Kind::Person))[0];
    assert_eq!(desk.data.delete(id, "x").unwrap_err().code, "read-only");
    assert_eq!(desk.count(Kind::Person), 4);
}
