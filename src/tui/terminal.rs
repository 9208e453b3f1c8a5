//! The terminal itself: entering and leaving it, restoring it after a panic, and the signals and hang-ups that end or stop us.

use std::backtrace::Backtrace;
use std::cell::Cell;
use std::io::{self, Stdout, Write, stderr, stdout};
use std::panic;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, Once, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyModifiers};
use crossterm::execute;
use crossterm::style::force_color_output;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::layout::Position;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{QueueSelector, tcflush};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use super::backend::Atomic;
use super::message::Message;

/// True between entering and leaving, so that leaving twice (a panic while leaving) does no harm.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Where a panic is reported to.
static REPORT: OnceLock<PathBuf> = OnceLock::new();
/// Name of the report in the data directory; a later one replaces it.
pub const REPORT_FILE: &str = "panic.txt";

/// Has panics reported to a file in the data directory. The first directory of a process stays.
pub fn report_panics_to(dir: &Path) {
    let _first = REPORT.set(dir.join(REPORT_FILE));
}

/// Threads whose name starts like this report their own panics; the terminal stays as it is.
pub const WORKER: &str = "worker";

/// The screen we draw on, from entering to leaving.
pub struct Screen {
    /// ratatui's terminal over our writer.
    pub terminal: Terminal<Atomic<Stdout>>,
    park: Rc<Cell<Position>>,
}

impl Screen {
    /// Takes the terminal over: raw mode, alternate screen, bracketed paste; a panic gives it back.
    ///
    /// # Errors
    /// What the terminal says when it refuses; it is given back before.
    pub fn enter() -> io::Result<Self> {
        install_panic_hook();
        force_color_output(true); // our themes decide; crossterm's own NO_COLOR wipes the selection's reverse video
        take()?;
        let park = Rc::new(Cell::new(Position::ORIGIN));
        let terminal = Terminal::new(Atomic::new(stdout(), Rc::clone(&park)))
            .inspect_err(|_refused| leave())?;
        Ok(Self { terminal, park })
    }

    /// Returns the place where the hidden cursor waits: an input method opens its window there.
    pub fn park(&self) -> Rc<Cell<Position>> {
        Rc::clone(&self.park)
    }

    /// Paints everything anew with the next frame.
    ///
    /// # Errors
    /// What the terminal says when it refuses.
    pub fn redraw(&mut self) -> io::Result<()> {
        self.terminal.backend_mut().forget();
        self.terminal.clear()
    }

    /// Gives the terminal back, stops the process until the shell resumes it, and takes the terminal over again.
    ///
    /// # Errors
    /// What the terminal says when it refuses.
    pub fn suspend(&mut self) -> io::Result<()> {
        leave();
        kill_process(getpid(), Signal::STOP)?; // SIGTSTP to oneself is ignored in an orphaned process group
        self.resume()
    }

    /// Takes the terminal over again and paints everything anew.
    ///
    /// # Errors
    /// What the terminal says when it refuses.
    fn resume(&mut self) -> io::Result<()> {
        take()?;
        self.redraw()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste).inspect_err(|_gone| leave())
}

/// Gives the terminal back if we have it. What fails here fails because the terminal is gone.
pub fn leave() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        let shown = execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
        let cooked = disable_raw_mode();
        drop((shown, cooked));
    }
}

/// Restores the terminal before a panic is reported; the report names the place only, since a message may hold personal data.
fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            let thread = thread::current().name().unwrap_or_default().to_owned();
            let report = write_report(&place, &thread);
            if thread.starts_with(WORKER) {
                return;
            }
            leave();
            let version = env!("CARGO_PKG_VERSION");
            let report = report.map(|file| format!(" Report: {}", file.display()));
            let written = writeln!(
                stderr(),
                "ejia {version}: internal error at {place}. What was saved is safe.{}",
                report.unwrap_or_default()
            );
            drop(written);
        }));
    });
}

/// Writes where it happened and by which calls, never what was said: a message may hold personal data.
fn write_report(place: &str, thread: &str) -> Option<&'static Path> {
    let file = REPORT.get()?;
    let version = env!("CARGO_PKG_VERSION");
    let day = crate::client::clock::today();
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let calls = Backtrace::force_capture();
    let text = format!(
        "ejia {version}, {os} {arch}, {day}\nthread {thread}\ninternal error at {place}\n\n{calls}\n"
    );
    crate::client::files::write(file, text.as_bytes()).ok()?;
    Some(file)
}

/// Starts the threads that turn keys, signals and a hang-up into messages.
///
/// # Errors
/// What the system says when it refuses a signal handler or a thread.
pub fn listen(to: &Sender<Message>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT])?;
    let sender = to.clone();
    spawn("signals", move || {
        for signal in signals.forever() {
            let message = match signal {
                SIGTSTP => Message::Suspend,
                SIGCONT => Message::Resumed,
                _ => Message::Terminate,
            };
            let ends = matches!(message, Message::Terminate);
            if sender.send(message).is_err() {
                return;
            }
            if ends {
                see_to_the_end();
            }
        }
    })?;
    let sender = to.clone();
    spawn("hang-up", move || watch_hang_up(&sender))?;
    let sender = to.clone();
    spawn("keys", move || {
        let mut late = LateAnswer::default();
        while let Ok(event) = crossterm::event::read() {
            if late.is_part(&event) {
                continue;
            }
            if let Some(message) = Message::from_event(event)
                && sender.send(message).is_err()
            {
                return;
            }
        }
        drop(sender.send(Message::Terminate));
        see_to_the_end();
    })
}

/// Waits, without waking up, until the terminal hangs up: a reader of an orphaned terminal would spin for ever.
fn watch_hang_up(to: &Sender<Message>) {
    let stdin = io::stdin();
    loop {
        let mut fds = [PollFd::new(&stdin, PollFlags::empty())];
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(_) | Err(_) => break,
        }
    }
    drop(to.send(Message::Terminate));
    see_to_the_end();
}

/// What is done for the files when the program has to be ended from outside its loop.
type Save = Box<dyn Fn() + Send>;
static SAVE: Mutex<Option<Save>> = Mutex::new(None);

/// Says what is to be done for the files before the program is ended because its loop does not end by itself. It must hold no key of
/// files that are locked meanwhile.
pub fn save_before_the_end(save: impl Fn() + Send + 'static) {
    if let Ok(mut slot) = SAVE.lock() {
        *slot = Some(Box::new(save));
    }
}

/// How long the loop has for ending by itself.
const TIDY: Duration = Duration::from_secs(1);
/// How long it has after that, while nothing that it writes is waited for.
const UNBLOCKED: Duration = Duration::from_secs(2);
/// How long saving may take for a program that hangs.
const SAVING: Duration = Duration::from_secs(2);
/// Status of a program that had to be ended: as of one that a hang-up killed.
const HUNG_UP: i32 = 129;

/// Sees to it that the program ends a few seconds after it was asked to. The loop ends between two frames, with drafts kept; one that waits
/// for a terminal that reads nothing is freed by throwing away what waits there, and one that does not come back from a frame is ended
/// from here. What was said to be saved is on the disk by then.
fn see_to_the_end() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(spawn("watchdog", end_for_sure)));
}

fn end_for_sure() {
    /// Between two looks at a terminal that may be full again.
    const STEP: Duration = Duration::from_millis(20);
    thread::sleep(TIDY);
    let freed = Instant::now();
    while freed.elapsed() < UNBLOCKED && tcflush(stdout(), QueueSelector::OFlush).is_ok() {
        // A write that waits looks for room again only after a signal; this one has a handler, of the reader of keys.
        kill_process(getpid(), Signal::WINCH).unwrap_or_default();
        thread::sleep(STEP);
    }
    let (done, saved) = std::sync::mpsc::channel();
    let saving = spawn("saving", move || {
        if let Ok(slot) = SAVE.lock()
            && let Some(save) = slot.as_ref()
        {
            save();
        }
        done.send(()).unwrap_or_default();
    });
    if saving.is_ok() {
        saved.recv_timeout(SAVING).unwrap_or_default();
    }
    if ENTERED.load(Ordering::SeqCst) {
        drop(disable_raw_mode()); // the rest of leaving is written, which may wait for ever
    }
    std::process::exit(HUNG_UP)
}

/// Keeps an answer of the terminal that came too late for the question about its background from being taken for keys.
#[derive(Debug, Default)]
struct LateAnswer {
    /// Keys of it that may still come; 0 outside an answer.
    left: u8,
}

impl LateAnswer {
    /// Most characters of an answer: `11;rgb:ffff/ffff/ffff`.
    const MOST: u8 = 24;

    /// True if an event is a part of an answer: `ESC ]`, which arrives as Alt-], up to `BEL` or `ESC \\`.
    fn is_part(&mut self, event: &Event) -> bool {
        let Event::Key(key) = event else { return false };
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char(']') if alt => self.left = Self::MOST,
            KeyCode::Char('\\') if alt && self.left > 0 => self.left = 0,
            KeyCode::Char('g') if key.modifiers == KeyModifiers::CONTROL && self.left > 0 => {
                self.left = 0;
            }
            KeyCode::Char(c)
                if self.left > 0 && (c.is_ascii_hexdigit() || ";rgb:/".contains(c)) =>
            {
                self.left -= 1;
            }
            _ => {
                self.left = 0;
                return false;
            }
        }
        true
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(body).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyEvent;

    fn taken(keys: &[(char, KeyModifiers)]) -> Vec<bool> {
        let mut late = LateAnswer::default();
        keys.iter()
            .map(|(c, with)| late.is_part(&Event::Key(KeyEvent::new(KeyCode::Char(*c), *with))))
            .collect()
    }

    #[test]
    fn an_answer_that_comes_late_is_no_typing() {
        let none = KeyModifiers::NONE;
        let mut keys = vec![(']', KeyModifiers::ALT)];
        keys.extend("11;rgb:1e1e/1e1e/1E1e".chars().map(|c| (c, none)));
        keys.push(('\\', KeyModifiers::ALT));
        assert!(taken(&keys).iter().all(|part| *part));
        keys.push(('1', none));
        assert_eq!(taken(&keys).last(), Some(&false));
        assert_eq!(taken(&[('1', none), ('g', KeyModifiers::CONTROL)]), [false, false]);
        assert_eq!(
            taken(&[(']', KeyModifiers::ALT), ('王', none), ('1', none)]),
            [true, false, false]
        );
    }
}
