//! The screens. Each reads records through [`Data`](super::data::Data), draws itself and answers keys and actions; it asks for another
//! screen with a [`Move`](super::app::Move) and never calls one.

mod agenda;
mod attention;
mod boards;
mod bulk;
mod checkin;
mod choices;
mod columns;
mod commands;
mod conflict;
mod coverage;
mod detail;
mod first_run;
mod form;
mod history;
mod import;
mod keyboard;
mod list;
mod overview;
mod said;
mod sync;
mod unlock;
mod values;

use ratatui::layout::Rect;

use super::actions::{Action, Context};
use super::app::{Purpose, Shell};
use super::arranged::{Sheet, StoredView};
use super::data::{History, Imported};
use super::keys::Key;
use super::ui::Ui;
use super::widgets::picker::Item;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::query::Facet;

pub use attention::AttentionList;
pub use bulk::BulkPage;
pub use checkin::CheckIn;
pub use commands::CommandList;
pub use conflict::{ConflictList, ConflictReview};
pub use detail::Detail;
pub use first_run::FirstRun;
pub use form::Form;
pub(super) use form::{code_items, found_records};
pub use history::HistoryPage;
pub use import::ImportPage;
pub use keyboard::Keyboard;
pub use list::List;
pub use overview::Overview;
pub use sync::SyncScreen;
pub use unlock::Unlock;
pub use values::Values;

pub(in crate::tui) use list::pick_view;

/// What came back from a popup that a screen opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// This item was chosen.
    Item(Item),
    /// The answer with this number was given, with what was typed.
    Answer(usize, String),
}

/// What choosing a row by its number does, in the line mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// An action runs.
    Run(Action),
    /// A key is pressed.
    Press(Key),
    /// A text is asked for, with this prompt.
    Type(String),
    /// Only the cursor moves.
    Nothing,
}

/// What a screen tells the ones below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// These values are ticked now for the list of a kind.
    Facets(Kind, Vec<Facet>),
}

/// One screen of the stack.
pub trait Page {
    /// Returns the contexts keys are looked up in, nearest first.
    fn chain(&self) -> &'static [Context];

    /// Returns the breadcrumb.
    fn crumb(&self, shell: &Shell) -> String;

    /// Draws the screen into the area between title bar and footer.
    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect);

    /// Runs an action.
    fn act(&mut self, shell: &mut Shell, action: Action);

    /// Says whether an action can run now; the reason if not.
    ///
    /// # Errors
    /// The reason in the user's language.
    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        let (_, _) = (shell, action);
        Ok(())
    }

    /// Returns what an action is called here, where its usual name says too little.
    fn label(&self, shell: &Shell, action: Action) -> Option<String> {
        let (_, _) = (shell, action);
        None
    }

    /// Takes in the changes of a record that were asked for; false if it does not show them.
    fn found(&mut self, id: RecordId, history: &History) -> bool {
        let (_, _) = (id, history);
        false
    }

    /// Takes in a sheet that was written for this screen; gives back one that was not asked for here.
    fn imported(&mut self, shell: &mut Shell, imported: Box<Imported>) -> Option<Box<Imported>> {
        let _ = shell;
        Some(imported)
    }

    /// True if what it shows is gone, so that there is nothing to come back to.
    fn is_gone(&self, shell: &Shell) -> bool {
        let _ = shell;
        false
    }

    /// Takes a key as typing; false if nothing here is being typed into.
    fn typed(&mut self, shell: &mut Shell, key: Key) -> bool {
        let (_, _) = (shell, key);
        false
    }

    /// True while it takes the very next key, whatever it is bound to.
    fn wants_raw_keys(&self) -> bool {
        false
    }

    /// Takes pasted text; false if there is nothing to paste into.
    fn pasted(&mut self, shell: &mut Shell, text: &str) -> bool {
        let (_, _) = (shell, text);
        false
    }

    /// Takes the answer of a popup.
    fn answered(&mut self, shell: &mut Shell, purpose: Purpose, reply: Reply) {
        let (_, _, _) = (shell, purpose, reply);
    }

    /// Searches the items of a list for what was typed; `None` if the list narrows itself.
    fn searched(&self, shell: &Shell, purpose: &Purpose, text: &str) -> Option<Vec<Item>> {
        let (_, _, _) = (shell, purpose, text);
        None
    }

    /// Hears what a screen above it says; true if it was meant.
    fn told(&mut self, shell: &Shell, told: &Told) -> bool {
        let (_, _) = (shell, told);
        false
    }

    /// Returns its rows for a file; `None` if it has no rows: then it is written as it looks.
    fn sheet(&self, shell: &Shell) -> Option<Sheet> {
        let _ = shell;
        None
    }

    /// Reads its records again, after a change.
    fn reload(&mut self, shell: &Shell) {
        let _ = shell;
    }

    /// Returns how many rows it has for the line mode; `None` if it is told as it looks.
    fn count_rows(&self) -> Option<usize> {
        None
    }

    /// Says a row in the line mode.
    fn row_text(&self, shell: &Shell, row: usize) -> String {
        let (_, _) = (shell, row);
        String::new()
    }

    /// Says in the line mode what stands above its rows.
    fn intro(&self, shell: &Shell) -> Vec<String> {
        let _ = shell;
        Vec::new()
    }

    /// Puts the cursor on a row.
    fn go_to(&mut self, row: usize) {
        let _ = row;
    }

    /// Says what choosing the row under the cursor by its number does.
    fn chosen(&self, shell: &Shell) -> Chosen {
        let _ = shell;
        Chosen::Run(Action::Open)
    }

    /// Takes a whole line of the line mode as typing; false if nothing is typed into.
    fn line(&mut self, shell: &mut Shell, text: &str) -> bool {
        let (_, _) = (shell, text);
        false
    }

    /// Returns when it wants to be woken, in the shell's milliseconds.
    fn wake_at(&self) -> Option<u64> {
        None
    }

    /// Was woken, or is about to be left behind: keeps what must not be lost.
    fn keep(&mut self, shell: &mut Shell) {
        let _ = shell;
    }

    /// What it asked a worker for was refused; `code` is the stable word of the problem.
    fn refused(&mut self, shell: &mut Shell, problem: &str, code: &str) {
        let (_, _, _) = (shell, problem, code);
    }

    /// What it asked a worker for was done; `note` is what it is to show.
    fn done(&mut self, shell: &mut Shell, note: &str) {
        let (_, _) = (shell, note);
    }

    /// Returns the list a person comes back to here, with the record the cursor is on.
    fn left(&self, shell: &Shell) -> Option<(StoredView, Option<RecordId>)> {
        let _ = shell;
        None
    }

    /// Returns the number of its tab.
    fn tab(&self) -> Option<usize> {
        None
    }
}
