//! The program in a pseudo terminal of 120x40 over many records: how soon a key shows, what it costs on the line, whether idling is idle.
//!
//! `cargo bench --bench terminal` measures over 100,000 persons; after `--`, `million` takes a million instead (keys, first paint), and
//! `quick` leaves out the minute of idling, `sync` takes only the keys while a sync
//! runs. The persons are made once and kept in target/tmp.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark fails loudly, says what it measured and is nobody's library"
)]

#[path = "figures/data.rs"]
#[expect(dead_code, reason = "sheets of Excel are for the other bench")]
mod data;
#[path = "figures/report.rs"]
#[expect(dead_code, reason = "shared with the other bench")]
mod report;
#[path = "figures/server.rs"]
#[expect(dead_code, reason = "shared with the other bench")]
mod server;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ejia::client::{Client, ImportRequest, NewDevice};
use ejia::domain::kinds::Kind;
use ejia::domain::record::{Fields, Value};
use ejia::store::KeyCost;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use report::{Report, Target, ms};
use rustix::process::{Pid, Signal, kill_process};
use server::Server;

/// Passphrase of the files.
const PASSPHRASE: &str = "p";
/// Rows and columns of the terminal.
const SIZE: (u16, u16) = (40, 120);
/// No output for so long: the program has said what it had to say.
const QUIET: Duration = Duration::from_millis(25);
/// Longer than anything takes.
const DEADLINE: Duration = Duration::from_mins(1);
/// End of a frame.
const FRAME_END: &[u8] = b"\x1b[?2026l";
/// Said in the title once the files are open, wherever the program was left.
const OPEN: &str = "[離線使用]";
/// The program asks where the cursor is.
const WHERE: &[u8] = b"\x1b[6n";

/// What was read at once, and when.
type Chunk = (Instant, Vec<u8>);

/// The program in its terminal.
struct Term {
    write: Arc<Mutex<Box<dyn std::io::Write + Send>>>,
    chunks: Receiver<Chunk>,
    screen: vt100::Parser,
    started: Instant,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

/// What came after something was done.
#[derive(Default)]
struct Output {
    /// From the deed to the first byte.
    first: Option<Duration>,
    /// From the deed to the last byte.
    last: Duration,
    bytes: usize,
    frames: usize,
    /// Frames small enough for one read that came in more.
    split: usize,
}

impl Term {
    fn start(dir: &Path) -> Self {
        let (rows, cols) = SIZE;
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ejia"));
        command.args(["--data".as_ref(), dir.as_os_str()]);
        command.args(["--passphrase-file".as_ref(), dir.with_extension("pass").as_os_str()]);
        command.cwd(dir);
        for (name, value) in [("HOME", dir), ("XDG_CONFIG_HOME", dir)] {
            command.env(name, value);
        }
        for (name, value) in
            [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LC_ALL", "zh_TW.UTF-8")]
        {
            command.env(name, value);
        }
        let mut bytes = pair.master.try_clone_reader().expect("a reader");
        let write = Arc::new(Mutex::new(pair.master.take_writer().expect("a writer")));
        let (sender, chunks) = channel();
        let answers = Arc::clone(&write);
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).expect("started");
        drop(pair.slave);
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = bytes.read(&mut buffer) {
                let now = Instant::now();
                let read = &buffer[..count];
                if read.windows(WHERE.len()).any(|bytes| bytes == WHERE) {
                    answers.lock().expect("alone").write_all(b"\x1b[1;2R").expect("written");
                }
                if sender.send((now, read.to_vec())).is_err() {
                    return;
                }
            }
        });
        let screen =
            vt100::Parser::new(rows.try_into().expect("few"), cols.try_into().expect("few"), 0);
        Self { write, chunks, screen, started, child, _master: pair.master }
    }

    fn send(&self, keys: &str) -> Instant {
        let mut write = self.write.lock().expect("alone");
        let now = Instant::now();
        write.write_all(keys.as_bytes()).expect("written");
        write.flush().expect("written");
        now
    }

    /// Reads until nothing came for a while.
    fn settle(&mut self, since: Instant, quiet: Duration) -> Output {
        let mut out = Output::default();
        let (mut open, mut held) = (0, 0);
        loop {
            let wait = if out.first.is_none() { DEADLINE } else { quiet };
            match self.chunks.recv_timeout(wait) {
                Ok((at, bytes)) => {
                    let after = at.saturating_duration_since(since);
                    out.first.get_or_insert(after);
                    out.last = after;
                    out.bytes += bytes.len();
                    open += 1;
                    held += bytes.len();
                    let ends = bytes.windows(FRAME_END.len()).filter(|b| *b == FRAME_END).count();
                    out.frames += ends;
                    if ends > 0 {
                        out.split += usize::from(open > 1 && held < 4096);
                        (open, held) = (0, 0);
                    }
                    self.screen.process(&bytes);
                }
                Err(RecvTimeoutError::Timeout) if out.first.is_some() => return out,
                Err(error) => panic!("{error}:\n{}", self.text()),
            }
        }
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Reads until a text is shown; returns the time since the start and the bytes read meanwhile.
    fn wait(&mut self, text: &str) -> (Duration, usize) {
        let begun = Instant::now();
        let mut bytes = 0;
        while !self.text().contains(text) {
            assert!(begun.elapsed() < DEADLINE, "waited for {text}:\n{}", self.text());
            if let Ok((at, read)) = self.chunks.recv_timeout(Duration::from_millis(100)) {
                bytes += read.len();
                self.screen.process(&read);
                if self.text().contains(text) {
                    return (at.saturating_duration_since(self.started), bytes);
                }
            }
        }
        (begun.saturating_duration_since(self.started), bytes)
    }

    /// Adds up how often the threads of the program were woken.
    fn wake_ups(&self) -> u64 {
        let pid = self.child.process_id().expect("running");
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("threads").flatten();
        tasks
            .map(|task| {
                let status =
                    std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
                let count = status.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"));
                count.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0)
            })
            .sum()
    }

    fn end(mut self) {
        let pid = i32::try_from(self.child.process_id().expect("running")).expect("a number");
        let pid = Pid::from_raw(pid).expect("a number");
        kill_process(pid, Signal::KILL).expect("ended"); // `Child::kill` hangs up first
        self.child.wait().expect("ended");
    }
}

/// Makes the files once; later runs take them again.
fn files(count: usize) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("terminal-{count}"));
    let made = place.with_extension("pass");
    if made.exists() && Client::open(&place, PASSPHRASE).is_ok() {
        return place;
    }
    let _absent = std::fs::remove_dir_all(&place);
    let new = NewDevice { user: "李組織".to_owned(), unit_code: None, cost: KeyCost::CHEAP };
    let (client, _) = Client::create(&place, PASSPHRASE, &new).expect("made");
    let fields = |pairs: &[(&str, Value)]| -> Fields {
        let number = |key: &str| Kind::Unit.spec().field(key).expect("a field").number;
        pairs.iter().map(|(key, value)| (number(key), value.clone())).collect()
    };
    for n in 0..data::UNITS {
        let pairs = [
            ("code", Value::Text(data::unit_code(n))),
            ("name", Value::Text(format!("第{n}黨支部"))),
            ("type", Value::Code("committee".to_owned())),
        ];
        client.create_record(Kind::Unit, None, fields(&pairs)).expect("made");
    }
    let rows = data::persons(count, 1);
    let sheet = place.join("persons.csv");
    for part in rows.chunks(100_000) {
        data::write_csv(&sheet, part);
        let request = ImportRequest {
            file: sheet.clone(),
            kind: Some(Kind::Person),
            sheet: None,
            class: None,
            session: None,
            dry_run: false,
            all_or_nothing: true,
        };
        assert!(client.import(&request).expect("read").written, "the sheet is refused");
    }
    std::fs::remove_file(&sheet).expect("removed");
    drop(client);
    std::fs::write(&made, PASSPHRASE).expect("written");
    place
}

/// Returns a share of sorted times, milliseconds.
fn share(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    times
        .get((times.len() * percent / 100).min(times.len().saturating_sub(1)))
        .copied()
        .map_or(0.0, ms)
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("few"))
}

const DOWN: &str = "\x1b[B";
const PAGE_DOWN: &str = "\x1b[6~";

/// Presses keys one by one, each after the one before has been answered.
fn keys(report: &mut Report, term: &mut Term, name: &str, said: bool) {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    let (mut bytes, mut most, mut frames, mut split) = (0, 0, 0, 0);
    // No key takes back what the one before did: two of them in one frame would leave nothing to draw.
    let pressed = [DOWN, DOWN, DOWN, PAGE_DOWN, DOWN, DOWN, DOWN, DOWN];
    for round in 0..160 {
        let since = term.send(pressed[round % pressed.len()]);
        let out = term.settle(since, QUIET);
        first.push(out.first.expect("an answer"));
        last.push(out.last);
        bytes += out.bytes;
        most = most.max(out.bytes);
        frames += out.frames;
        split += out.split;
    }
    let count = first.len();
    report.line(
        &format!("key to first output, p50{name}"),
        share(&mut first, 50),
        "ms",
        Target::AtMost(1.5),
    );
    report.line(
        &format!("key to first output, p95{name}"),
        share(&mut first, 95),
        "ms",
        Target::AtMost(16.0),
    );
    report.line(&format!("  slowest{name}"), share(&mut first, 100), "ms", Target::None);
    report.line(
        &format!("  key to the last byte, p95{name}"),
        share(&mut last, 95),
        "ms",
        Target::None,
    );
    if said {
        report.line(
            "bytes a key press, mean",
            float(bytes) / float(count),
            "bytes",
            Target::AtMost(2048.0),
        );
        report.line("  most", float(most), "bytes", Target::None);
        report.line(
            "frames a key press",
            float(frames) / float(count),
            "frames",
            Target::AtMost(1.0),
        );
        report.line(
            "small frames that came in pieces",
            float(split),
            "frames",
            Target::AtMost(0.0),
        );
    }
}

/// Holds a key as a keyboard repeats it, and sooner than that.
fn held(report: &mut Report, term: &mut Term) {
    for (every, name) in [(33, "30 a second"), (2, "500 a second")] {
        let mut since = Instant::now();
        for _press in 0..200 {
            thread::sleep(Duration::from_millis(every));
            since = term.send(DOWN);
        }
        let mut last = Duration::ZERO;
        while let Ok((at, bytes)) = term.chunks.recv_timeout(Duration::from_millis(60)) {
            last = last.max(at.saturating_duration_since(since));
            term.screen.process(&bytes);
        }
        report.line(
            &format!("backlog after holding a key, {name}"),
            ms(last),
            "ms",
            Target::AtMost(16.0),
        );
    }
}

/// Types a name to look for, character by character.
fn searching(report: &mut Report, term: &mut Term) {
    let mut times = Vec::new();
    for text in ["wangx", "zhang", "10012", "王小"] {
        term.send("\x06");
        term.settle_any();
        for c in text.chars() {
            let since = term.send(&c.to_string());
            times.push(term.settle(since, Duration::from_millis(60)).first.expect("an answer"));
        }
        term.send("\x1b");
        term.settle_any();
        if !term.text().contains("[5人員]") {
            term.send("5");
            term.wait("[5人員]");
        }
    }
    report.line(
        "character of a search to first output, p50",
        share(&mut times, 50),
        "ms",
        Target::None,
    );
    report.line(
        "character of a search to first output, slowest",
        share(&mut times, 100),
        "ms",
        Target::None,
    );
}

fn first_paint(report: &mut Report, dir: &Path, list: bool) {
    let (mut paints, mut opens, mut bytes) = (Vec::new(), Vec::new(), 0);
    for _run in 0..5 {
        let mut term = Term::start(dir);
        let (at, _) = term.wait("黨建e家");
        paints.push(at);
        opens.push(term.wait(OPEN).0);
        term.settle_any();
        if list {
            let since = term.send("\x0c");
            bytes = term.settle(since, Duration::from_millis(120)).bytes;
        }
        term.end();
    }
    report.line(
        "first paint from exec, p50 of 5",
        share(&mut paints, 50),
        "ms",
        Target::AtMost(100.0),
    );
    report.line(
        "  overview with the files open, p50 of 5",
        share(&mut opens, 50),
        "ms",
        Target::None,
    );
    if list {
        report.line("whole overview painted anew", float(bytes), "bytes", Target::AtMost(14336.0));
    }
}

impl Term {
    /// Reads what comes until half a second was quiet, or nothing comes at all.
    fn settle_any(&mut self) {
        while let Ok((_, bytes)) = self.chunks.recv_timeout(Duration::from_millis(500)) {
            self.screen.process(&bytes);
        }
    }

    /// Opens the list of persons.
    fn persons(&mut self) {
        self.wait("待送出"); // in the title once the files are open
        self.settle_any();
        self.send("5");
        self.wait("[5人員]");
        thread::sleep(Duration::from_secs(3)); // the figures of the overview are computed meanwhile
        self.settle_any();
    }
}

fn idle(report: &mut Report, term: &mut Term) {
    term.settle_any();
    thread::sleep(Duration::from_secs(3));
    let (before, since) = (term.wake_ups(), Instant::now());
    thread::sleep(Duration::from_mins(1));
    let woken = term.wake_ups() - before;
    let written = term.chunks.try_iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    let seconds = since.elapsed().as_secs_f64();
    report.line(
        "wake-ups of all threads in 60 s of idling",
        report::float(woken) * 60.0 / seconds,
        "",
        Target::AtMost(0.0),
    );
    report.line("bytes written meanwhile", float(written), "bytes", Target::AtMost(0.0));
}

/// The same keys while a device with everything to send syncs with a server in this process.
fn while_syncing(report: &mut Report, dir: &Path) {
    let temp = tempfile::tempdir().expect("a directory");
    let server = Server::start(temp.path());
    let copy = temp.path().join("d");
    copy_tree(dir, &copy);
    std::fs::copy(dir.with_extension("pass"), copy.with_extension("pass")).expect("copied");
    let client = Client::open(&copy, PASSPHRASE).expect("opened");
    client.enrol(&server.url, &server.code(), "bench").expect("joined");
    drop(client);
    let mut term = Term::start(&copy);
    term.persons();
    term.send("\x1b[15~");
    term.wait("[同步中]");
    term.send("5"); // the sync goes on in the background
    term.wait("[5人員]");
    keys(report, &mut term, ", while a sync runs", false);
    let still = term.text().contains("[同步中]");
    println!(
        "  the sync {} when the last key was pressed",
        if still { "was still running" } else { "had ended" }
    );
    term.end();
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("listed").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let asked = |name: &str| args.iter().any(|arg| arg == name);
    Report::machine();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load {}", load.trim());
    let mut report = Report::default();
    let million = asked("million");
    let dir = files(if million { 1_000_000 } else { 100_000 });
    if !asked("sync") {
        first_paint(&mut report, &dir, !million);
    }
    if asked("sync") {
        return while_syncing(&mut report, &dir);
    }
    let mut term = Term::start(&dir);
    term.persons();
    let since = term.send("\x0c");
    let bytes = term.settle(since, Duration::from_millis(120)).bytes;
    report.line("whole list painted anew", float(bytes), "bytes", Target::AtMost(14336.0));
    keys(&mut report, &mut term, "", true);
    held(&mut report, &mut term);
    searching(&mut report, &mut term);
    if !million && !asked("quick") {
        idle(&mut report, &mut term);
    }
    term.end();
    if !million {
        while_syncing(&mut report, &dir);
    }
    report.end();
}
