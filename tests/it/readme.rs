//! What README and the guide tell people to type exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_dir(root.join("docs/guide")).unwrap();
    let mut found: Vec<PathBuf> = guide.map(|entry| entry.unwrap().path()).collect();
    found.push(root.join("README.md"));
    found.push(root.join("docs/admin.md"));
    found
}

/// Returns the command words and the options of each line in a fenced block that calls `ejia`.
fn calls(text: &str) -> Vec<(Vec<String>, Vec<String>)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let call = line.trim_start().trim_start_matches("$ ");
        let Some(call) = call.strip_prefix("ejia ").filter(|call| fenced && !call.starts_with('['))
        else {
            continue;
        };
        let call = call.split(" #").next().unwrap();
        let words: Vec<&str> = call.split_whitespace().collect();
        let options: Vec<String> = words
            .iter()
            .filter(|word| word.starts_with("--"))
            .map(|word| word.split('=').next().unwrap().to_owned())
            .collect();
        let mut command = Vec::new();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if ["--data", "--lang", "--format", "--passphrase-file"].contains(word) {
                rest.next();
            } else if !word.starts_with('-') {
                command.push((*word).to_owned());
                let nested = *word == "admin" || (*word == "user" && command.len() == 2);
                if !nested {
                    break;
                }
            }
        }
        found.push((command, options));
    }
    found
}

fn help(command: &[String]) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_ejia"))
        .args(command)
        .args(["--lang", "en", "--help"])
        .output()
        .unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

#[test]
fn every_command_and_option_in_the_documents_exists() {
    let mut seen: BTreeSet<(Vec<String>, Vec<String>)> = BTreeSet::new();
    let mut missing = Vec::new();
    for path in documents().into_iter().filter(|path| path.extension().is_some_and(|e| e == "md")) {
        let text = std::fs::read_to_string(&path).unwrap();
        for call in calls(&text) {
            if seen.insert(call.clone()) {
                let Some(help) = help(&call.0) else {
                    missing.push(format!("{}: {:?}", path.display(), call.0));
                    continue;
                };
                for option in call.1.iter().filter(|option| !help.contains(option.as_str())) {
                    missing.push(format!("{}: {:?} {option}", path.display(), call.0));
                }
            }
        }
    }
    assert!(seen.len() > 10 && missing.is_empty(), "{} calls, {missing:#?}", seen.len());
}
