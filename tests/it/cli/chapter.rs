//! Chapters of the guide whose commands are a script: run as they stand, on devices with cheap keys.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ejia::client::{Client, KeyCost, NewDevice};

use super::Case;

/// A chapter, and who has a device in it: folder, user, unit.
pub(super) struct Chapter {
    pub(super) name: &'static str,
    pub(super) devices: &'static [(&'static str, &'static str, Option<&'static str>)],
}

impl Chapter {
    fn file(&self, extension: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide");
        folder.join(format!("{}.{extension}", self.name))
    }

    fn read(&self, extension: &str) -> String {
        std::fs::read_to_string(self.file(extension)).unwrap()
    }

    /// Expects that the fenced blocks of the chapter, with an empty line between them, are the script.
    pub(super) fn is_its_script(&self) {
        let name = self.name;
        assert!(
            blocks(&self.read("md")) == self.read("sh"),
            "write it anew: awk '/^```sh/{{f=1;if(n++)print \"\";next}}/^```/{{f=0}}f' docs/guide/{name}.md > docs/guide/{name}.sh"
        );
    }

    /// Makes the devices as `init` does, with cheap keys, and runs the script, which finds them; returns what it printed.
    pub(super) fn run(&self, case: &Case, set: &[(&str, &Path)]) -> String {
        let script = self.read("sh");
        let passphrase = script.split('\'').nth(1).unwrap();
        for (folder, user, unit) in self.devices {
            let unit_code = unit.map(str::to_owned);
            let new = NewDevice { user: (*user).to_owned(), unit_code, cost: KeyCost::CHEAP };
            drop(Client::create(&case.path(folder), passphrase, &new).unwrap());
        }
        let mut shell = Command::new("bash");
        shell.arg(self.file("sh")).current_dir(case.folder.path()).stdin(Stdio::null());
        for name in ["EJIA_DATA", "EJIA_PASSPHRASE_FILE", "EJIA_LANG", "LC_ALL", "LC_MESSAGES"] {
            shell.env_remove(name);
        }
        shell.env("PATH", search_path()).env("HOME", case.folder.path()).env("PORT", "0");
        shell.env_remove("XDG_CONFIG_HOME").env_remove("XDG_DATA_HOME").env("LANG", "zh_TW.UTF-8");
        shell.envs(set.iter().copied());
        let output = shell.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let told: Vec<&str> = said.lines().filter(|line| !line.contains(" INFO ")).collect();
        let last = &told[told.len().saturating_sub(20)..];
        assert!(output.status.success(), "{}", last.join("\n"));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Returns the fenced blocks that a shell runs, with an empty line between them.
fn blocks(chapter: &str) -> String {
    let mut blocks: Vec<String> = Vec::new();
    let mut inside = false;
    for line in chapter.lines() {
        match line {
            "```sh" => {
                inside = true;
                blocks.push(String::new());
            }
            "```" => inside = false,
            line if inside => blocks.last_mut().unwrap().extend([line, "\n"]),
            _ => {}
        }
    }
    blocks.join("\n")
}

#[expect(clippy::disallowed_methods, reason = "the script needs the tools of a shell")]
fn search_path() -> OsString {
    let own = Path::new(env!("CARGO_BIN_EXE_ejia")).parent().unwrap().to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&others))).unwrap()
}
