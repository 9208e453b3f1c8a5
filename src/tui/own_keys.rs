//! The keys a person chose: read from keymap.toml beside the settings, laid over those of the profile.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::app::{Shell, Tone};
use super::keys::Keymap;
use crate::settings::KeyProfile;

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
}
