//! A pseudo terminal with an emulator behind it. Everything waits for a condition, with a deadline.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::child::CHILD;

/// Longer than anything takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);
/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(5);

/// Types into the terminal; the emulator answers there too.
type Writer = Arc<Mutex<Option<Box<dyn Write + Send>>>>;
/// The program asks where the cursor is.
const WHERE: &[u8] = b"\x1b[6n";

/// The program asks what colour the background is.
const GROUND: &[u8] = b"\x1b]11;?";

/// How a terminal behaves.
#[derive(Clone, Copy)]
pub(crate) struct Manners {
    /// Cells it draws ambiguous characters in; 0 if it never says where its cursor is.
    pub(crate) cells: u16,
    /// What it answers when asked for its background; `None` for nothing.
    pub(crate) ground: Option<&'static str>,
    /// True if it has colours.
    pub(crate) colours: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self { cells: 1, ground: None, colours: false }
    }
}

/// One program in one terminal.
pub(crate) struct Term {
    writer: Writer,
    master: Option<Box<dyn MasterPty + Send>>,
    reader: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    held: Arc<(Mutex<bool>, Condvar)>,
    raw: Arc<Mutex<Vec<u8>>>,
    screen: Arc<Mutex<vt100::Parser>>,
    child: Box<dyn Child + Send + Sync>,
}

impl Term {
    /// Starts the program as a person does, 24 rows of 80 cells; the passphrase comes from a file beside the data directory.
    pub(crate) fn start(dir: &Path) -> Self {
        Self::start_with(dir, &[], 1)
    }

    /// Starts it with further arguments, in a terminal that draws ambiguous characters in so many cells; 0 for one that never answers.
    pub(crate) fn start_with(dir: &Path, args: &[&str], cells: u16) -> Self {
        Self::start_in(dir, args, Manners { cells, ..Manners::default() })
    }

    /// Starts it with further arguments in a terminal with these manners.
    pub(crate) fn start_in(dir: &Path, args: &[&str], manners: Manners) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ejia"));
        command.arg("--data");
        command.arg(dir);
        command.arg("--passphrase-file");
        command.arg(dir.with_file_name("passphrase"));
        command.cwd(dir.parent().unwrap());
        command.env("HOME", dir.parent().unwrap());
        command.env("XDG_CONFIG_HOME", dir.parent().unwrap());
        command.args(args);
        Self::spawn(command, manners)
    }

    /// Starts this test binary once more with one of its tests, told by the environment that it is the child.
    pub(crate) fn start_test(test: &str, dir: &Path) -> Self {
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
        command.env(CHILD, dir);
        command.env("RUST_BACKTRACE", "0");
        Self::spawn(command, Manners::default())
    }

    fn spawn(mut command: CommandBuilder, manners: Manners) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        command.env("TERM", "xterm-256color");
        command.env("LANG", "zh_TW.UTF-8");
        command.env("LC_ALL", "zh_TW.UTF-8");
        command.env("COLORTERM", "truecolor");
        if !manners.colours {
            command.env("NO_COLOR", "1");
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave); // or the reader never sees the end
        let screen = Arc::new(Mutex::new(vt100::Parser::new(
            24.try_into().unwrap(),
            80.try_into().unwrap(),
            0,
        )));
        let bytes = pair.master.try_clone_reader().unwrap();
        let mut term = Self {
            writer: Arc::new(Mutex::new(Some(pair.master.take_writer().unwrap()))),
            master: Some(pair.master),
            reader: None,
            stop: Arc::default(),
            held: Arc::default(),
            raw: Arc::default(),
            screen,
            child,
        };
        term.reader = Some(term.read(bytes, manners));
        term
    }

    /// Reads what the program writes, on a thread of its own, and answers what it asks.
    fn read(&self, mut bytes: Box<dyn Read + Send>, manners: Manners) -> JoinHandle<()> {
        let (screen, raw) = (Arc::clone(&self.screen), Arc::clone(&self.raw));
        let (stop, held) = (Arc::clone(&self.stop), Arc::clone(&self.held));
        let writer = Arc::clone(&self.writer);
        let answer = move |text: &str| {
            if let Some(writer) = writer.lock().unwrap().as_mut() {
                writer.write_all(text.as_bytes()).unwrap();
            }
        };
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = bytes.read(&mut buffer) {
                let read = &buffer[..count];
                let asks = |what: &[u8]| read.windows(what.len()).any(|bytes| bytes == what);
                screen.lock().unwrap().process(read);
                raw.lock().unwrap().extend_from_slice(read);
                if let Some(ground) = manners.ground.filter(|_| asks(GROUND)) {
                    answer(&format!("\u{1b}]11;{ground}\u{7}"));
                }
                if manners.cells > 0 && asks(WHERE) {
                    let (row, column) = screen.lock().unwrap().screen().cursor_position();
                    answer(&format!("\u{1b}[{};{}R", row + 1, column + manners.cells));
                }
                let (flag, changed) = &*held;
                drop(changed.wait_while(flag.lock().unwrap(), |held| *held).unwrap());
                if stop.load(Ordering::SeqCst) {
                    return; // and with it the last handle of the terminal
                }
            }
        })
    }

    /// Stops reading what the program writes, and has it write until nothing more is taken.
    pub(crate) fn hold(&mut self) {
        *self.held.0.lock().unwrap() = true;
        let size = PtySize { rows: 60, cols: 200, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
        let call = format!("/proc/{0}/task/{0}/syscall", self.pid());
        let writes = || std::fs::read_to_string(&call).ok().map(|call| call.starts_with("1 "));
        let mut seen = 0;
        for _frame in 0..400 {
            self.send("\u{c}");
            thread::sleep(LOOK);
            seen = if writes() == Some(true) { seen + 1 } else { 0 };
            if seen == 20 {
                return;
            }
        }
        assert!(writes().unwrap_or(true), "the program is not held up");
    }

    /// Returns what the program wrote so far.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw.lock().unwrap()).into_owned()
    }

    /// Waits until the program wrote something.
    pub(crate) fn wait_raw(&self, text: &str) {
        let start = Instant::now();
        while !self.raw().contains(text) {
            assert!(start.elapsed() < DEADLINE, "waited for {text:?}");
            thread::sleep(LOOK);
        }
    }

    /// Types bytes.
    pub(crate) fn send(&mut self, text: &str) {
        let mut writer = self.writer.lock().unwrap();
        let writer = writer.as_mut().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Pastes text as a terminal does.
    pub(crate) fn paste(&mut self, text: &str) {
        self.send(&format!("\u{1b}[200~{text}\u{1b}[201~"));
    }

    /// Returns what is on the screen.
    pub(crate) fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Looks at the emulator.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.screen.lock().unwrap().screen())
    }

    /// Waits until a text is on the screen.
    pub(crate) fn wait(&self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    /// Waits until the emulator shows something.
    pub(crate) fn until(&self, what: &str, condition: impl Fn(&vt100::Screen) -> bool) {
        let start = Instant::now();
        while !self.look(&condition) {
            assert!(start.elapsed() < DEADLINE, "waited for {what}:\n{}", self.text());
            thread::sleep(LOOK);
        }
    }

    /// Kills the program without a chance to tidy up; `Child::kill` would hang up first, which is a chance.
    pub(crate) fn kill(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        self.child.wait().unwrap();
        self.close();
    }

    /// Waits until the program ends by itself; what it wrote is read to the end.
    pub(crate) fn ends(&mut self) -> u32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.release();
                self.writer.lock().unwrap().take();
                self.reader.take().unwrap().join().unwrap();
                return status.exit_code();
            }
            assert!(start.elapsed() < DEADLINE, "still running:\n{}", self.text());
            thread::sleep(LOOK);
        }
    }

    /// Hangs the terminal up and waits until the program has ended.
    pub(crate) fn hang_up(mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if !*self.held.0.lock().unwrap() {
            self.send("\u{c}"); // paints anew, which wakes the reader
        }
        self.release();
        self.reader.take().unwrap().join().unwrap();
        self.close();
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < DEADLINE, "the program outlived its terminal");
            thread::sleep(LOOK);
        }
    }

    /// Reads on.
    fn release(&self) {
        *self.held.0.lock().unwrap() = false;
        self.held.1.notify_all();
    }

    /// Returns the program's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    fn close(&mut self) {
        self.writer.lock().unwrap().take();
        self.master = None;
    }
}
