//! What is pressed for an action: one key, or a key after a prefix (`g g`). It may import `keys` and `actions`.

use std::fmt;
use std::str::FromStr;

use super::actions::{Action, Context};
use super::keys::{Code, Key, KeyNameError, Keymap};

/// One key, or two pressed one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chord {
    /// The key, or the prefix.
    pub first: Key,
    /// What follows the prefix.
    pub then: Option<Key>,
}

impl From<Key> for Chord {
    fn from(key: Key) -> Self {
        Self { first: key, then: None }
    }
}

impl Chord {
    /// True if it reaches the program whatever input method is on.
    pub fn is_ime_proof(self) -> bool {
        self.first.is_ime_proof() && self.then.is_none_or(Key::is_ime_proof)
    }

    /// True if a field that is typed into takes its first key for text.
    pub fn is_typed(self) -> bool {
        matches!(self.first.code, Code::Char(_)) && !self.first.ctrl
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        self.then.map_or(Ok(()), |then| write!(f, " {then}"))
    }
}

impl FromStr for Chord {
    type Err = KeyNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(' ').filter(|(first, then)| !first.is_empty() && !then.is_empty()) {
            Some((first, then)) => Ok(Self { first: first.parse()?, then: Some(then.parse()?) }),
            None => Ok(text.parse::<Key>()?.into()),
        }
    }
}

/// What a key means where it was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It runs an action.
    Runs(Action),
    /// It waits for another key.
    Prefix,
}

impl Keymap {
    /// Returns what a key means in the first context of the chain that knows it.
    pub fn meaning(&self, chain: &[Context], key: Key) -> Option<Meaning> {
        chain.iter().find_map(|context| {
            let table = self.table(*context)?;
            let runs = table.get(&Chord::from(key)).map(|action| Meaning::Runs(*action));
            let prefix = || table.keys().any(|chord| chord.first == key && chord.then.is_some());
            runs.or_else(|| prefix().then_some(Meaning::Prefix))
        })
    }

    /// Returns what follows a prefix: each key with its action, in the order of the chain.
    pub fn after(&self, chain: &[Context], prefix: Key) -> Vec<(Key, Action)> {
        let mut found: Vec<(Key, Action)> = Vec::new();
        for table in chain.iter().filter_map(|context| self.table(*context)) {
            for (chord, action) in table.iter().filter(|(chord, _)| chord.first == prefix) {
                if let Some(then) = chord.then
                    && found.iter().all(|(key, _)| *key != then)
                {
                    found.push((then, *action));
                }
            }
        }
        found
    }

    /// Writes what differs from another keymap, as [`Keymap::lay`] reads it.
    pub fn written_over(&self, base: &Self) -> String {
        let mut out = String::new();
        for context in Context::ALL {
            let mut rows = String::new();
            for action in Action::ALL {
                let keys = self.keys(&[*context], *action);
                if keys != base.keys(&[*context], *action) {
                    let names: Vec<String> =
                        keys.iter().map(|chord| format!("{:?}", chord.to_string())).collect();
                    rows.extend([action.id(), " = [", &names.join(", "), "]\n"]);
                }
            }
            if !rows.is_empty() {
                out.extend(["\n[", context.name(), "]\n", &rows]);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::KeyProfile;

    #[test]
    fn two_keys_read_back_as_they_print() {
        for name in ["g g", "Ctrl-W d", "Space", "d"] {
            assert_eq!(name.parse::<Chord>().unwrap().to_string(), name);
        }
        assert!("g nokey".parse::<Chord>().is_err());
    }

    #[test]
    fn a_prefix_waits_and_says_what_follows() {
        let vim = Keymap::profile(KeyProfile::Vim);
        let chain = [Context::List, Context::Browse, Context::Global];
        assert_eq!(vim.meaning(&chain, Key::char('g')), Some(Meaning::Prefix));
        let after = vim.after(&chain, Key::char('g'));
        assert!(after.contains(&(Key::char('g'), Action::First)));
        assert_eq!(vim.after(&chain, Key::char('d')), [(Key::char('d'), Action::Delete)]);
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let base = Keymap::standard();
        let mut own = base.clone();
        own.lay("[list]\nsort = ['F11', 'o']\nfilter = []\n").unwrap();
        let text = own.written_over(&base);
        let mut read = base.clone();
        read.lay(&text).unwrap();
        assert_eq!(read.written_over(&base), text);
        assert!(text.contains("filter = []") && text.contains("sort = [\"F11\", \"o\"]"), "{text}");
    }

    #[test]
    fn a_key_is_no_prefix_and_action_at_once() {
        assert!(Keymap::parse("[list]\nopen = ['g']\nedit = ['g g']\n").is_err());
        assert!(Keymap::parse("[list]\nopen = ['g g']\nedit = ['g']\n").is_err());
    }
}
