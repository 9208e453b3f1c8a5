//! This test binary again as a process of its own that can be killed, and the work such processes do.

#![expect(clippy::disallowed_methods, reason = "a child gets its orders through the environment")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ejia::client::{Client, KeyCost, NewDevice};
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;

use crate::sync::{PASSPHRASE, fields, text};

/// Persons that the edits go round.
pub(crate) const PERSONS: u64 = 8;
/// Edits between two syncs of a device that has joined a server.
const SYNC_EVERY: u64 = 7;

/// Orders for a child.
pub(crate) const ORDER: &str = "EJIA_TEST_PROC_ORDER";

/// How many of something a test does: few, unless the environment asks for the long run.
pub(crate) fn amount(name: &str, few: u64) -> u64 {
    std::env::var(name).map_or(few, |text| text.parse().unwrap())
}

/// The program: the one built with these tests, unless a long run has a copy that no build replaces.
pub(crate) fn program() -> std::ffi::OsString {
    std::env::var_os("EJIA_TEST_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_ejia").into())
}

/// Returns the orders if this process is a child.
pub(crate) fn order() -> Option<Vec<String>> {
    let text = std::env::var(ORDER).ok()?;
    Some(text.split('\n').map(str::to_owned).collect())
}

/// A command that starts this binary with one test, which finds its [`order`].
pub(crate) fn command(test: &str, order: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ORDER, order.join("\n"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// A running child whose lines can be waited for.
pub(crate) struct Running {
    pub(crate) child: Child,
    lines: Receiver<String>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _nobody_listens = send.send(line);
            }
        });
        Self { child, lines }
    }

    /// Waits for the next line; `None` when the time is over or the child has ended.
    pub(crate) fn line(&self, within: Duration) -> Option<String> {
        self.lines.recv_timeout(within).ok()
    }

    /// Kills the child and returns what it had still said.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        // Ends when the reading thread has seen the end of the pipe.
        self.lines.iter().collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Says something, at once.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

pub(crate) fn new_device(dir: &Path) -> Client {
    let new = NewDevice { user: "hq".into(), unit_code: None, cost: KeyCost::CHEAP };
    Client::create(dir, PASSPHRASE, &new).unwrap().0
}

/// Does edit `n`: the first of a person enters it, the others change its name.
pub(crate) fn edit(
    client: &Client,
    ids: &mut Vec<RecordId>,
    n: u64,
) -> Result<(), ejia::client::ClientError> {
    let name = ("name", text(&format!("v{n}")));
    if let Some(id) = ids.get(usize::try_from(n % PERSONS).unwrap()) {
        return client.set_fields(*id, fields(Kind::Person, &[name])).map(drop);
    }
    let number = ("staff_no", text(&format!("{:03}", ids.len())));
    let made = client.create_record(Kind::Person, None, fields(Kind::Person, &[number, name]))?;
    ids.push(made.id);
    Ok(())
}

/// Returns the persons in the order they were entered, with the number of the edit each shows.
pub(crate) fn shown(client: &Client) -> Vec<(RecordId, u64)> {
    let spec = Kind::Person.spec();
    let (number, name) =
        (spec.field("staff_no").unwrap().number, spec.field("name").unwrap().number);
    let mut found: Vec<(String, RecordId, u64)> = client
        .list(&ejia::client::Query::all(Kind::Person))
        .unwrap()
        .into_iter()
        .filter_map(|id| {
            let view = client.view(id).unwrap();
            let text = |no| match view.fields.get(&no) {
                Some(Value::Text(text)) => text.clone(),
                other => panic!("{other:?}"),
            };
            // Others' persons have other names.
            Some((text(number), id, text(name).strip_prefix('v')?.parse().unwrap()))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, id, n)| (id, n)).collect()
}

/// Opens the device and edits for ever from the first edit that it does not show; says each that is saved.
pub(crate) fn write_for_ever(dir: &Path, syncs: bool) {
    let client = Client::open(dir, PASSPHRASE).unwrap();
    let before = shown(&client);
    let mut ids: Vec<RecordId> = before.iter().map(|(id, _)| *id).collect();
    let mut n = before.iter().map(|(_, n)| n + 1).max().unwrap_or(0);
    say(&format!("open {n}"));
    loop {
        edit(&client, &mut ids, n).unwrap();
        say(&format!("saved {n}"));
        n += 1;
        if syncs && n.is_multiple_of(SYNC_EVERY) {
            // The server may be gone, which is none of this process's business.
            drop(client.sync(&|_| {}, &std::sync::atomic::AtomicBool::new(false)));
        }
    }
}

/// The newest edit that a line says is there.
pub(crate) fn saved(line: &str) -> Option<u64> {
    let found = line.strip_prefix("open ").map(|next| next.parse::<u64>().ok()?.checked_sub(1));
    found.unwrap_or_else(|| line.strip_prefix("saved ")?.parse().ok())
}

/// Checks that a device shows every edit up to `acked`, and nothing that was not made.
pub(crate) fn check(client: &Client, acked: Option<u64>) {
    let shown = shown(client);
    let newest = shown.iter().map(|(_, n)| *n).max();
    assert!(newest >= acked, "acknowledged {acked:?}, the newest shown is {newest:?}");
    let Some(newest) = newest else { return };
    assert!(newest <= acked.map_or(0, |n| n + 1), "{newest} was never made: {acked:?}");
    for (place, (_, n)) in (0_u64..).zip(&shown) {
        let want = newest - (newest + PERSONS - place) % PERSONS;
        assert_eq!(*n, want, "person {place}, newest {newest}");
    }
    assert_eq!(u64::try_from(shown.len()).unwrap(), PERSONS.min(newest + 1));
}
