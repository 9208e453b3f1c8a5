//! The library of shim.c: built once, put under a process, its log read.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

/// Returns the built library.
pub(crate) fn library() -> &'static Path {
    static BUILT: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("shim.c");
        std::fs::write(&source, include_str!("shim.c")).unwrap();
        let path = dir.path().join("shim.so");
        let mut command = Command::new("cc");
        command.args(["-shared", "-fPIC", "-O2", "-o"]).args([&path, &source]).arg("-lpthread");
        assert!(command.status().unwrap().success());
        (dir, path)
    });
    path
}

/// What a process needs in its environment to have the changes below `dir` written down in `log`.
pub(crate) fn recording(dir: &Path, log: &Path) -> Vec<(&'static str, String)> {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    vec![
        ("LD_PRELOAD", text(library())),
        ("EJIA_SHIM_DIR", text(dir)),
        ("EJIA_SHIM_LOG", text(log)),
    ]
}

/// One change, or something that was said.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Bytes written into a file.
    Write(PathBuf, usize, Arc<[u8]>),
    /// A file got another length.
    Cut(PathBuf, usize),
    /// A file is durable.
    Sync(PathBuf),
    /// The names in a directory are durable.
    SyncDir(PathBuf),
    /// A new file, or directory.
    Make(PathBuf, bool),
    /// Another name.
    Rename(PathBuf, PathBuf),
    /// A file or directory is gone.
    Remove(PathBuf),
    /// Said by the process, or noted by the test.
    Said(String),
}

/// Reads a log.
pub(crate) fn read(log: &Path) -> Vec<Step> {
    let bytes = std::fs::read(log).unwrap();
    let mut rest = bytes.as_slice();
    let mut steps = Vec::new();
    while let Some((head, after)) = rest.split_at_checked(17) {
        let u32_at = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
        let path_len = usize::try_from(u32_at(1)).unwrap();
        let data_len = usize::try_from(u32_at(13)).unwrap();
        let at = u64::from_le_bytes(head[5..13].try_into().unwrap());
        let at = usize::try_from(at).unwrap();
        // The process may have been killed while it wrote the last line.
        let Some((path, after)) = after.split_at_checked(path_len) else { break };
        let Some((data, after)) = after.split_at_checked(data_len) else { break };
        rest = after;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let path = PathBuf::from(text(path));
        steps.push(match head[0] {
            b'W' => Step::Write(path, at, data.into()),
            b'T' => Step::Cut(path, at),
            b'S' => Step::Sync(path),
            b'D' => Step::SyncDir(path),
            b'C' => Step::Make(path, false),
            b'K' => Step::Make(path, true),
            b'R' => Step::Rename(path, text(data).into()),
            b'U' => Step::Remove(path),
            b'A' | b'M' => Step::Said(text(data)),
            other => panic!("a line of type {other}"),
        });
    }
    steps
}

/// Adds to a log what a process outside of it had been told by now.
pub(crate) struct Notes(File);

impl Notes {
    pub(crate) fn open(log: &Path) -> Self {
        Self(OpenOptions::new().append(true).create(true).open(log).unwrap())
    }

    pub(crate) fn note(&self, text: &str) {
        let mut line = vec![b'M'];
        line.extend([0; 12]);
        line.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        line.extend(text.as_bytes());
        (&self.0).write_all(&line).unwrap();
    }
}

/// What failing calls answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failing {
    /// ENOSPC.
    Full,
    /// EIO.
    Broken,
}

/// What a process needs in its environment to have its calls below `dir` fail when it says so.
pub(crate) fn faults(dir: &Path) -> Vec<(&'static str, String)> {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    vec![("LD_PRELOAD", text(library())), ("EJIA_SHIM_DIR", text(dir))]
}

fn tell(order: &str) -> i32 {
    let answer = File::open(format!("/ejia-shim/{order}"));
    answer.err().and_then(|error| error.raw_os_error()).unwrap()
}

/// From now on, in this process: `count` calls fail, beginning with the `first` one.
pub(crate) fn fail(failing: Failing, first: u64, count: u64) {
    let errno = match failing {
        Failing::Full => rustix::io::Errno::NOSPC,
        Failing::Broken => rustix::io::Errno::IO,
    };
    tell(&format!("{}/{first}/{count}", errno.raw_os_error()));
}

/// The disk is well again.
pub(crate) fn heal() {
    tell("0/0/0");
}

/// Returns how many calls there were since the last order.
pub(crate) fn calls() -> u64 {
    u64::try_from(tell("calls") - 100).unwrap()
}
