//! The model: a stack of screens, layers over them, and the shell they share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil;

use super::actions::{Action, Context};
use super::arranged::Layout;
use super::data::{BoardLine, Data, Ratio, Status, SyncFigures, SyncStep, TaskView};
use super::effect::Effect;
use super::export::Form;
use super::import::ImportAsk;
use super::keys::Keymap;
use super::screens::{FirstRun, Overview, Page, Told, Unlock};
use super::theme::Theme;
use super::ui::Chrome;
use super::widgets::calendar::Calendar;
use super::widgets::dialog::Dialog;
use super::widgets::picker::Picker;
use super::widgets::pressable::Pressable;
use super::widgets::viewer::Viewer;
use crate::client::Schedule;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::locale::Locale;

/// Everything the program shows and remembers while it runs.
pub struct Model {
    /// What all screens share.
    pub shell: Shell,
    /// Screens, the last one is on top; never empty while running.
    pub screens: Vec<Box<dyn Page>>,
    /// True once the program is to end.
    pub quit: bool,
}

/// What all screens share.
pub struct Shell {
    /// Texts.
    pub locale: Locale,
    /// Keys.
    pub keymap: Keymap,
    /// Colours.
    pub theme: Theme,
    /// Glyphs of frames.
    pub chrome: Chrome,
    /// The use cases; `None` before the files are open.
    pub data: Option<Arc<Data>>,
    /// Figures of the title bar.
    pub status: Status,
    /// Popups, the last one is on top.
    pub layers: Vec<Layer>,
    /// The message line.
    pub notice: Option<Notice>,
    /// True if nothing may be changed.
    pub read_only: bool,
    /// The user's own keys.
    pub keymap_file: Option<std::path::PathBuf>,
    /// The prefix that was pressed and when, while its second key is awaited.
    pub prefix: Option<(super::keys::Key, u64)>,
    /// How often the next movement is made: digits typed before it.
    pub times: Option<usize>,
    /// What the palette ran last, the newest first.
    pub recent: Vec<String>,
    /// What the keys are without the user's own.
    pub base_keys: Keymap,
    /// Today's date, where the user is.
    pub today: civil::Date,
    /// Who has files on this machine; the first user's name is empty.
    pub users: Vec<String>,
    /// Which of them opens the files.
    pub chosen: usize,
    /// Milliseconds since the program started.
    pub now_ms: u64,
    /// Locks after so many milliseconds without a key; `None` for never.
    pub lock_after_ms: Option<u64>,
    /// When the last key was pressed.
    pub used_ms: u64,
    /// When a key was refused last: digits that follow at once were meant for what it did not open.
    pub refused_ms: Option<u64>,
    /// True after an input method typed a Han character at a command: hints show other keys then.
    pub han_mode: bool,
    /// The sync that runs or ran last.
    pub sync: SyncState,
    /// When to sync without being asked; `None` on a device that has joined no server.
    pub timer: Option<Schedule>,
    /// Figures of the overview, as a worker last computed them.
    pub figures: Vec<Ratio>,
    /// The boards, once somebody has looked at them.
    pub boards: Option<Vec<BoardLine>>,
    /// What is due in the coming year, once somebody has looked at it.
    pub agenda: Option<Vec<TaskView>>,
    /// How the lists are arranged that somebody arranged.
    pub layouts: BTreeMap<Kind, Layout>,
    /// Folder that files are written to and looked for in first: the one the program was started in.
    pub folder: PathBuf,
    /// What the runtime is to do.
    pub effects: Vec<Effect>,
    /// What is to happen to the stack of screens.
    pub moves: Vec<Move>,
}

/// A sync as the screens see it.
#[derive(Clone, Debug, Default)]
pub struct SyncState {
    /// True while one runs.
    pub running: bool,
    /// True if nobody asked for it: it says nothing when it ends well.
    pub quiet: bool,
    /// True once it was asked to stop.
    pub cancelling: bool,
    /// When it began, in the shell's milliseconds.
    pub begun_ms: u64,
    /// Steps reported so far.
    pub steps: Vec<SyncStep>,
    /// How the last one ended: figures, or what went wrong in words.
    pub outcome: Option<Result<SyncFigures, String>>,
}

/// A change of the stack of screens.
pub enum Move {
    /// A screen on top.
    Push(Box<dyn Page>),
    /// Back to the screen below.
    Pop,
    /// The overview instead of all.
    Home,
    /// Another screen instead of all.
    Root(Box<dyn Page>),
    /// The nearest screen below that it is meant for hears something.
    Tell(Told),
    /// Every screen reads its records again.
    Reload,
    /// Screens on top whose record is gone are left.
    LeaveGone,
    /// The screen that is on top by then runs an action.
    Act(Action),
    /// The program ends.
    Quit,
}

/// How urgent a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It went well; disappears by itself.
    Good,
    /// Something to know; disappears by itself.
    Hint,
    /// Something went wrong; stays until the next key.
    Bad,
}

/// One line for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How urgent.
    pub tone: Tone,
    /// What is said.
    pub text: String,
    /// When it disappears, in the shell's milliseconds.
    pub until_ms: Option<u64>,
}

/// How long a notice stays that needs no action.
const NOTICE_MS: u64 = 4000;

/// A popup and what its answer is for.
pub struct Layer {
    /// What the answer is for.
    pub purpose: Purpose,
    /// What is shown.
    pub body: Body,
}

/// What a popup shows.
pub enum Body {
    /// A list to choose from.
    Picker(Picker),
    /// A question.
    Dialog(Dialog),
    /// Lines to read.
    Viewer(Viewer),
    /// A month to choose a day from.
    Calendar(Calendar),
    /// What can be pressed here.
    Pressable(Pressable),
}

/// What a popup's answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Run the action or open the kind that was chosen.
    Palette,
    /// Nothing: it was only to be read.
    Read,
    /// End the program.
    Quit,
    /// Take a workflow step on the records.
    Step(Vec<RecordId>),
    /// The reason for a workflow step on the records.
    StepReason(Vec<RecordId>, String),
    /// Give each unit its submission under the task on the page.
    Deploy,
    /// Take the change under the cursor back.
    PutBack,
    /// Read the file that was chosen, or go into the folder.
    ImportFile(ImportAsk),
    /// Read the file as the kind that was chosen.
    ImportKind(ImportAsk),
    /// Write the rows that are right and leave the others out.
    Import,
    /// Sort by the chosen column.
    Sort,
    /// Sort by the chosen column where the orders before it find records equal.
    SortAlso,
    /// Put texts in order by what was chosen.
    Collation,
    /// Keep the list under the name that was typed.
    SaveView,
    /// Open the view that was chosen.
    OpenView,
    /// Throw the view away that was chosen.
    DropView,
    /// Store what was typed or chosen for a field of a record.
    Cell(RecordId, String),
    /// Write the screen in the form that was chosen.
    ExportForm,
    /// Write the screen, now that it is said what for.
    ExportWhy(Form),
    /// Filter by the chosen field.
    FilterField,
    /// The value to filter the field by.
    FilterValue(String),
    /// Delete the records, with a reason.
    Delete(Vec<RecordId>),
    /// Put the chosen code into the field of the form.
    CodeOf(usize),
    /// Put the chosen record into the field of the form.
    RecordOf(usize),
    /// Save, give up or go on with the form.
    LeaveForm,
    /// Take the draft that was found, or start anew.
    OfferDraft,
    /// The value typed instead of both sides of a conflict.
    ConflictValue,
    /// Give up a refused change, with a reason.
    Discard,
    /// Address of the server to join.
    EnrolUrl,
    /// One-time code for the server.
    EnrolCode(String),
    /// Leave the first-run steps.
    RecoveryCode,
    /// Show personal data in full.
    Reveal,
    /// The text of a note.
    Note,
    /// Ask for a place with the class or person that was chosen.
    Place,
    /// Fill the form that was chosen.
    Print,
    /// Look at a merge with the person that was chosen.
    MergeWith,
    /// Make one record of the page's person and this one.
    Merge(RecordId),
    /// Set this field on the records.
    BulkField(Vec<RecordId>),
    /// Give the field this value on the records.
    BulkValue(Vec<RecordId>, String),
    /// Open the sheet of the session that was chosen.
    Session,
    /// Sign in somebody who is not enrolled.
    SignInStranger(RecordId),
    /// Mark the person so, with a reason.
    Mark(RecordId, String),
    /// Mark the person as was chosen.
    MarkAs,
    /// Put the chosen day into the field of the form.
    DateOf(usize),
    /// Open the related records that were chosen.
    RelatedOf,
    /// Decide the same field of the other conflicts in the same way.
    SameRule,
    /// Settle every conflict that is decided.
    ApplyAll,
    /// Give every action the keys it was delivered with.
    ResetKeys,
}

/// How the program was started.
#[derive(Clone, Debug)]
pub struct Start {
    /// True if there are files to open; else they are made.
    pub exists: bool,
    /// Texts.
    pub lang: crate::locale::Lang,
    /// False to use no colours.
    pub colour: bool,
    /// Glyphs of frames.
    pub chrome: Chrome,
    /// Today's date.
    pub today: civil::Date,
}

impl Model {
    /// Starts with the screen that asks for the passphrase, or with the first-run steps.
    pub fn new(start: &Start) -> Self {
        let shell = Shell::new(start);
        let first: Box<dyn Page> =
            if start.exists { Box::new(Unlock::default()) } else { Box::new(FirstRun::default()) };
        Self { shell, screens: vec![first], quit: false }
    }

    /// Shows that the files are being opened with a passphrase that was given at the start.
    pub fn wait_for_files(&mut self) {
        self.screens = vec![Box::new(Unlock::busy())];
    }

    /// Shows that the records were locked.
    pub fn locked(&mut self) {
        self.screens = vec![Box::new(Unlock::locked())];
    }

    /// Shows the overview of opened files.
    pub fn opened(&mut self, data: Arc<Data>) {
        self.shell.data = Some(data);
        self.shell.refresh_status();
        self.shell.read_layouts();
        self.screens = vec![Box::new(Overview::new(&self.shell))];
        self.shell.layers.clear();
        self.shell.effects.push(Effect::Figures(self.shell.today));
    }

    /// Returns the contexts keys are looked up in, nearest first.
    pub fn chain(&self) -> &'static [Context] {
        self.screens.last().map_or(&[Context::Global], |page| page.chain())
    }

    /// Returns when the update must be called even if nothing happens, in the shell's milliseconds.
    pub fn wake_at(&self) -> Option<u64> {
        let notice = self.shell.notice.as_ref().and_then(|notice| notice.until_ms);
        let screen = self.screens.last().and_then(|page| page.wake_at());
        let timer = self.shell.timer.as_ref().filter(|_| !self.shell.sync.running);
        let sync = timer.map(|timer| u64::try_from(timer.next_at()).unwrap_or(0));
        let prefix = self.shell.prefix.map(|(_, at)| at + super::which_key::AFTER_MS);
        let prefix = prefix.filter(|at| *at > self.shell.now_ms);
        notice.into_iter().chain(prefix).chain(screen).chain(sync).chain(self.shell.lock_at()).min()
    }
}

impl Shell {
    fn new(start: &Start) -> Self {
        Self {
            locale: Locale::new(start.lang),
            keymap: Keymap::standard(),
            theme: if start.colour { Theme::colour() } else { Theme::mono() },
            chrome: start.chrome,
            data: None,
            status: Status::default(),
            layers: Vec::new(),
            notice: None,
            read_only: false,
            keymap_file: None,
            prefix: None,
            times: None,
            recent: Vec::new(),
            base_keys: Keymap::standard(),
            today: start.today,
            users: Vec::new(),
            chosen: 0,
            now_ms: 0,
            lock_after_ms: None,
            used_ms: 0,
            refused_ms: None,
            han_mode: false,
            sync: SyncState::default(),
            timer: None,
            figures: Vec::new(),
            boards: None,
            agenda: None,
            folder: PathBuf::from("."),
            layouts: BTreeMap::new(),
            effects: Vec::new(),
            moves: Vec::new(),
        }
    }

    /// Returns when the records lock themselves if nobody presses a key.
    pub fn lock_at(&self) -> Option<u64> {
        let after = self.lock_after_ms.filter(|_| self.data.is_some())?;
        Some(self.used_ms.saturating_add(after))
    }

    /// Returns the text of a message of tui.ftl: `tui-<key>`.
    pub fn text(&self, key: &str) -> String {
        self.locale.text(&format!("tui-{key}"))
    }

    /// Returns the text of a message of tui.ftl with placeholders.
    pub fn text_with(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.locale.text_with(&format!("tui-{key}"), args)
    }

    /// Says something in the message line.
    pub fn say(&mut self, tone: Tone, text: String) {
        let until_ms = (tone != Tone::Bad).then_some(self.now_ms + NOTICE_MS);
        self.notice = Some(Notice { tone, text, until_ms });
    }

    /// Takes away what went wrong with the key before.
    pub fn clear_problem(&mut self) {
        self.notice = self.notice.take().filter(|notice| notice.tone != Tone::Bad);
    }

    /// Says what failed.
    pub fn say_failure(&mut self, failure: &super::data::Failure) {
        let text = failure.text(&self.locale);
        self.say(Tone::Bad, text);
    }

    /// Puts a popup on top.
    pub fn open(&mut self, purpose: Purpose, body: Body) {
        self.layers.push(Layer { purpose, body });
    }

    /// Asks a question with the hint of dialogs.
    pub fn ask(&mut self, purpose: Purpose, dialog: Dialog) {
        self.open(purpose, Body::Dialog(dialog));
    }

    /// Opens a list to choose from.
    pub fn pick(&mut self, purpose: Purpose, mut picker: Picker) {
        picker.hint = self.text("hint-picker");
        picker.empty = self.text("nothing-matches");
        self.open(purpose, Body::Picker(picker));
    }

    /// Reads the figures of the title bar again.
    pub fn refresh_status(&mut self) {
        if let Some(data) = &self.data {
            self.status = data.status();
            if data.is_expired() {
                // The next key or wake-up locks; the passphrase then meets the reason.
                self.lock_after_ms = Some(0);
            }
        }
    }

    /// After a change: figures and screens are read again.
    pub fn changed(&mut self) {
        self.refresh_status();
        self.moves.push(Move::Reload);
        self.effects.push(Effect::Figures(self.today));
        if self.boards.is_some() {
            self.effects.push(Effect::Boards(self.today));
        }
        if self.agenda.is_some() {
            self.effects.push(Effect::Agenda(self.today));
        }
    }
}
