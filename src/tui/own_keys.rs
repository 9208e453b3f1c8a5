//! The keys a person chose: read from keymap.toml beside the settings, laid over those of the profile, changed in the program and written
//! back as one whole file.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::actions::{Action, Context};
use super::app::{Shell, Tone};
use super::chord::Chord;
use super::keys::{Code, Keymap, Named};
use crate::settings::KeyProfile;

/// Places where text is typed: a plain character is text there.
const TYPED_INTO: &[Context] =
    &[Context::Global, Context::Form, Context::Bulk, Context::Checkin, Context::Keys];

impl Shell {
    /// Takes the keys of a profile and the user's own over them; a file that is wrong is told, and left out.
    pub fn read_keys(&mut self, profile: KeyProfile, file: Option<PathBuf>) {
        self.base_keys = Keymap::profile(profile);
        self.keymap = self.base_keys.clone();
        let read = file.as_ref().map(fs::read_to_string);
        self.keymap_file = file;
        let cause = match read {
            None => return,
            Some(Err(error)) if error.kind() == ErrorKind::NotFound => return,
            Some(Err(error)) => error.to_string(),
            Some(Ok(source)) => {
                let mut own = self.base_keys.clone();
                match own.lay(&source) {
                    Ok(()) => {
                        self.keymap = own;
                        return;
                    }
                    Err(error) => error.to_string(),
                }
            }
        };
        let text = self.text_with("keymap-wrong", &[("cause", &cause)]);
        self.say(Tone::Bad, text);
    }

    /// Gives an action its keys in a place and writes the user's file; says why not, or what these keys hide.
    pub(super) fn change_keys(&mut self, context: Context, action: Action, keys: &[Chord]) {
        if let Err(why) = self.may_have(context, action, keys) {
            return self.say(Tone::Bad, why);
        }
        let mut map = self.keymap.clone();
        map.unbind(context, action);
        for key in keys {
            if map.bind(context, action, *key).is_err() {
                return; // may_have has told
            }
        }
        if !self.keep_keys(map) {
            return;
        }
        let names = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join("  ");
        let names = if names.is_empty() { self.text("keys-none") } else { names };
        let mut text =
            self.text_with("keys-changed", &[("action", &self.text_of(action)), ("keys", &names)]);
        if let Some(warning) = self.hidden_by(context, action, keys) {
            text = format!("{text} {warning}");
        }
        self.say(Tone::Good, text);
    }

    /// Gives every action the keys it was delivered with.
    pub(super) fn reset_keys(&mut self) {
        if self.keep_keys(self.base_keys.clone()) {
            self.say(Tone::Good, self.text("keys-reset"));
        }
    }

    /// Says whether an action may have these keys in a place; the reason if not.
    fn may_have(&self, context: Context, action: Action, keys: &[Chord]) -> Result<(), String> {
        let why =
            |key: &str, chord: &Chord| Err(self.text_with(key, &[("key", &chord.to_string())]));
        for (number, chord) in keys.iter().enumerate() {
            if keys.iter().take(number).any(|other| other.first == chord.first) {
                return why("keys-why-twice", chord);
            }
            if TYPED_INTO.contains(&context) && chord.is_typed() {
                return why("keys-why-typed", chord);
            }
            let esc = chord.first.is(Named::Esc);
            if esc != (esc && action == Action::Back) {
                return why("keys-why-esc", chord);
            }
            if chord.first.code == Code::Char(' ') && chord.first.ctrl {
                return why("keys-why-swallowed", chord);
            }
            let taken = self.keymap.taken(context, *chord).filter(|other| *other != action);
            if let Some(other) = taken {
                let place = self.text(&format!("context-{}", context.name()));
                let (key, other) = (chord.to_string(), self.text_of(other));
                let args = [("key", key.as_str()), ("place", &place), ("other", &other)];
                return Err(self.text_with("keys-why-taken", &args));
            }
        }
        let proof = |keys: &[Chord]| keys.iter().any(|key| key.is_ime_proof());
        if proof(self.base_keys.keys(&[context], action)) && !proof(keys) {
            return Err(self.text("keys-why-proof"));
        }
        Ok(())
    }

    /// Says what a key does elsewhere that it does not reach any more, or where something else takes it.
    fn hidden_by(&self, context: Context, action: Action, keys: &[Chord]) -> Option<String> {
        let shared = matches!(context, Context::Browse | Context::Global);
        let others: &[Context] =
            if shared { Context::ALL } else { &[Context::Browse, Context::Global] };
        for chord in keys {
            for other in others.iter().filter(|other| **other != context) {
                let taken = self.keymap.taken(*other, *chord).filter(|taken| *taken != action);
                if let Some(taken) = taken {
                    let key = if shared { "keys-hidden-there" } else { "keys-hides" };
                    let place = self.text(&format!("context-{}", other.name()));
                    let (name, taken) = (chord.to_string(), self.text_of(taken));
                    let args = [("key", name.as_str()), ("place", &place), ("other", &taken)];
                    return Some(self.text_with(key, &args));
                }
            }
        }
        None
    }

    /// Writes a keymap as the user's file and uses it; false, and said, if the file could not be written.
    fn keep_keys(&mut self, map: Keymap) -> bool {
        let text = map.written_over(&self.base_keys);
        let Some(file) = self.keymap_file.clone() else {
            self.say(Tone::Bad, self.text("keys-no-file"));
            return false;
        };
        match write(&file, &text) {
            Ok(()) => {
                self.keymap = map;
                true
            }
            Err(error) => {
                let (path, cause) = (file.display().to_string(), error.to_string());
                let args = [("path", path.as_str()), ("cause", cause.as_str())];
                self.say(Tone::Bad, self.text_with("keys-not-written", &args));
                false
            }
        }
    }
}

/// First line of the file.
const HEAD: &str = "# Written by the key editor of ejia; keymap.toml.old is the file before. [context] tables of action = [\"Key\", ...].\n";

/// Writes the file whole or not at all; the one before it is kept beside it.
fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let fresh = file.with_extension("toml.new");
    let mut out = fs::File::create(&fresh)?;
    out.write_all(HEAD.as_bytes())?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    drop(out);
    match fs::copy(file, file.with_extension("toml.old")) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::rename(&fresh, file)
}
