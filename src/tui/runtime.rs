//! The loop: receives messages, calls update, runs effects, draws only when something changed. No ticks: it sleeps until a message comes
//! or until something that was asked for is due.

use std::io::{self, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::clipboard::CopyToClipboard;
use crossterm::execute;
use ratatui::layout::Position;
use rustix::io::Errno;

use super::app::{Model, Start};
use super::data::{Data, Failure};
use super::effect::{CLIPBOARD_CHARS, Effect, Secret};
use super::message::Message;
use super::probe;
use super::terminal::{Screen, WORKER, listen, report_panics_to, save_before_the_end};
use super::theme::{Depth, Theme};
use super::ui::Ui;
use super::update::update;
use super::view::view;
use crate::locale::Lang;
use crate::settings::LookSettings;

/// How the program is started.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Data directory.
    pub dir: PathBuf,
    /// Who else has files on this machine: name and data directory; the first user's name is empty.
    pub users: Vec<(String, PathBuf)>,
    /// Opens the files without asking.
    pub passphrase: Option<Secret>,
    /// True if the records were open before and were locked.
    pub locked: bool,
    /// Locks after so long without a key; `None` for never.
    pub lock_after: Option<Duration>,
    /// Language of the texts.
    pub lang: Lang,
    /// Line by line, without a full screen: for screen readers and terminals without cursor control.
    pub plain: bool,
    /// How things are shown.
    pub look: LookSettings,
    /// How many colours the terminal has.
    pub depth: Depth,
    /// Nothing may be changed, and nothing is written.
    pub read_only: bool,
    /// The user's own keys, laid over those of the profile; need not exist.
    pub keymap: Option<PathBuf>,
}

/// How the terminal interface ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The user left it.
    Left,
    /// Headquarters revoked this device and had its data destroyed.
    Wiped,
    /// The records are to be locked: everything that is in this process's memory is to go.
    Locked,
}

/// The terminal interface ended for a reason that is no wish of the user.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal refused something.
    #[error("the terminal cannot be used")]
    Terminal(#[from] io::Error),
}

/// Shortest time between two frames.
const FRAME: Duration = Duration::from_millis(10);
/// Shortest time between two frames on a slow line.
const SLOW_FRAME: Duration = Duration::from_millis(250);

/// Runs the terminal interface until the user leaves it.
///
/// # Errors
/// [`TuiError::Terminal`] if standard input or output is no terminal, or it is lost in a way that is no hang-up.
pub fn run(options: RunOptions) -> Result<Ended, TuiError> {
    if options.plain {
        return Ok(super::plain::run(&options)?);
    }
    report_panics_to(&options.dir);
    let screen = Screen::enter()?;
    let (sender, receiver) = channel();
    let probed = probe::ask(&options.look)?;
    for key in &probed.keys {
        drop(sender.send(Message::Key(*key)));
    }
    listen(&sender)?;
    let exists = Data::exists(&options.dir) || !options.users.is_empty();
    let mut model = Model::new(&Start {
        exists,
        lang: options.lang,
        colour: options.look.color,
        chrome: probed.chrome(&options.look),
        today: crate::client::clock::today(),
    });
    if options.look.color {
        model.shell.theme = Theme::named(options.look.theme, options.depth, probed.dark);
    }
    model.shell.read_only = options.read_only;
    model.shell.read_keys(options.look.keys, options.keymap);
    let after =
        options.lock_after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
    model.shell.lock_after_ms = after;
    model.shell.users = options.users.iter().map(|(name, _)| name.clone()).collect();
    if options.locked && exists {
        model.locked();
    }
    let first = options.passphrase.clone().filter(|_| exists);
    let mut runtime = Runtime {
        screen,
        sender,
        dir: options.dir,
        users: options.users.into_iter().map(|(_, dir)| dir).collect(),
        started: Instant::now(),
        cancel: Arc::new(AtomicBool::new(false)),
        counting: Arc::new(AtomicBool::new(false)),
        read_only: options.read_only,
        frame: if options.look.slow_line { SLOW_FRAME } else { FRAME },
        ended: None,
    };
    runtime.draw(&model)?; // painted before any key is derived
    if let Some(passphrase) = first {
        model.wait_for_files();
        runtime.draw(&model)?;
        runtime.effect(&model, Effect::Open(passphrase))?;
    }
    runtime.turn(&mut model, &receiver)?;
    Ok(runtime.ended.unwrap_or(Ended::Left))
}

struct Runtime {
    screen: Screen,
    sender: Sender<Message>,
    dir: PathBuf,
    users: Vec<PathBuf>,
    started: Instant,
    cancel: Arc<AtomicBool>,
    /// True while figures are asked for and not begun.
    counting: Arc<AtomicBool>,
    /// Nothing may be changed.
    read_only: bool,
    /// Shortest time between two frames.
    frame: Duration,
    /// How it is to end, once that is known.
    ended: Option<Ended>,
}

impl Runtime {
    /// Goes round until the end, and keeps at the end what must not be lost.
    fn turn(&mut self, model: &mut Model, messages: &Receiver<Message>) -> Result<(), TuiError> {
        let went = self.rounds(model, messages);
        if went.is_err() {
            // The terminal is gone. What was typed before that still counts, and is kept.
            for message in messages.try_iter() {
                drop(update(model, message, self.now_ms()));
            }
            drop(update(model, Message::Terminate, self.now_ms()));
        }
        self.cancel.store(true, Ordering::SeqCst);
        if let Some(data) = &model.shell.data {
            data.flush();
        }
        went.or_else(|error| if is_hang_up(&error) { Ok(()) } else { Err(error.into()) })
    }

    fn rounds(&mut self, model: &mut Model, messages: &Receiver<Message>) -> io::Result<()> {
        let mut drawn = Instant::now();
        while !model.quit && self.ended.is_none() {
            let Some(first) = self.next(model, messages) else { break };
            let mut message = Some(first);
            while let Some(current) = message.take() {
                if let Message::Opened(Ok(data)) | Message::Created(Ok((data, _))) = &current {
                    let files = Arc::downgrade(data);
                    save_before_the_end(move || {
                        files.upgrade().iter().for_each(|data| data.flush());
                    });
                }
                for effect in update(model, current, self.now_ms()) {
                    self.effect(model, effect)?;
                }
                message = messages.try_recv().ok().filter(|_| !model.quit && self.ended.is_none());
            }
            if model.quit || self.ended.is_some() {
                break;
            }
            if let Some(wait) = self.frame.checked_sub(drawn.elapsed()) {
                thread::sleep(wait);
            }
            self.draw(model)?;
            drawn = Instant::now();
        }
        Ok(())
    }

    /// Waits for a message, or until the model wants to be woken; `None` when nobody can send any more.
    fn next(&self, model: &Model, messages: &Receiver<Message>) -> Option<Message> {
        let Some(at) = model.wake_at() else { return messages.recv().ok() };
        let wait = Duration::from_millis(at.saturating_sub(self.now_ms()));
        match messages.recv_timeout(wait) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => Some(Message::Wake),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn draw(&mut self, model: &Model) -> io::Result<()> {
        let shell = &model.shell;
        let park = self.screen.park();
        self.screen.terminal.draw(|frame| {
            let mut ui = Ui::new(frame.buffer_mut(), &shell.theme, shell.chrome);
            view(model, &mut ui);
            let (cursor, parked) = ui.cursor();
            park.set(parked.unwrap_or(Position::ORIGIN));
            if let Some(cursor) = cursor {
                frame.set_cursor_position(cursor);
            }
        })?;
        Ok(())
    }

    fn effect(&mut self, model: &Model, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Redraw => self.screen.redraw()?,
            Effect::Lock | Effect::Wiped => {
                self.cancel.store(true, Ordering::SeqCst);
                let ended = if effect == Effect::Lock { Ended::Locked } else { Ended::Wiped };
                self.ended = Some(ended);
            }
            Effect::Suspend => self.screen.suspend()?,
            Effect::Copy(text) => {
                let text: String = text.chars().take(CLIPBOARD_CHARS).collect();
                execute!(stdout(), CopyToClipboard::to_clipboard_from(text))?;
            }
            Effect::CancelSync => self.cancel.store(true, Ordering::SeqCst),
            Effect::Open(secret) => {
                let dir = self.users.get(model.shell.chosen).unwrap_or(&self.dir).clone();
                let read_only = self.read_only;
                self.work(move |_| {
                    let opened = Data::open(&dir, &secret.0);
                    Message::Opened(opened.map(|data| Arc::new(data.read_only(read_only))))
                })?;
            }
            Effect::Create { user, unit, passphrase } => {
                let dir = self.dir.clone();
                self.work(move |_| Message::Created(create(&dir, &user, &unit, &passphrase)))?;
            }
            other => self.with_data(model, other)?,
        }
        Ok(())
    }

    /// Starts what needs open files.
    fn with_data(&mut self, model: &Model, effect: Effect) -> io::Result<()> {
        let Some(data) = model.shell.data.clone() else { return Ok(()) };
        match effect {
            Effect::Enrol { url, code } => {
                self.work(move |_| Message::Enrolled(data.enrol(&url, &code.0)))
            }
            Effect::History(id) => self.work(move |_| Message::History(id, data.history(id))),
            Effect::Import(ask, write) => self.work(move |_| {
                let imported = data.import(&ask, write);
                Message::Imported(ask, imported)
            }),
            Effect::Figures(today) => {
                if !self.counting.swap(true, Ordering::SeqCst) {
                    let counting = Arc::clone(&self.counting);
                    self.work(move |_| {
                        counting.store(false, Ordering::SeqCst); // a change from here on asks again
                        data.warm();
                        Message::Figures(data.ratios(today))
                    })?;
                }
                Ok(())
            }
            Effect::Boards(today) => self.work(move |_| Message::Boards(data.boards(today))),
            Effect::Agenda(today) => self.work(move |_| Message::Agenda(data.agenda(today))),
            Effect::Sync => {
                self.cancel = Arc::new(AtomicBool::new(false));
                let cancel = Arc::clone(&self.cancel);
                self.work(move |sender| {
                    let report = |step| drop(sender.send(Message::SyncStep(step)));
                    Message::Synced(data.sync(&report, &cancel))
                })
            }
            _ => Ok(()),
        }
    }

    /// Runs slow work on a thread; a panic in it becomes a failure that is shown.
    fn work(
        &self,
        job: impl FnOnce(&Sender<Message>) -> Message + Send + 'static,
    ) -> io::Result<()> {
        let sender = self.sender.clone();
        let name = format!("{WORKER}-{}", self.now_ms());
        thread::Builder::new().name(name).spawn(move || {
            let ended = catch_unwind(AssertUnwindSafe(|| job(&sender)));
            let message = ended.unwrap_or_else(|_panic| Message::Failed(Failure::of("internal")));
            drop(sender.send(message));
        })?;
        Ok(())
    }
}

/// True for what a terminal that is gone answers.
fn is_hang_up(error: &io::Error) -> bool {
    let gone = [Errno::IO, Errno::NXIO, Errno::NODEV, Errno::PIPE, Errno::BADF];
    Errno::from_io_error(error).is_some_and(|errno| gone.contains(&errno))
}

fn create(
    dir: &Path,
    user: &str,
    unit: &str,
    passphrase: &Secret,
) -> Result<(Arc<Data>, String), Failure> {
    Data::create(dir, &passphrase.0, user, unit).map(|(data, code)| (Arc::new(data), code))
}
