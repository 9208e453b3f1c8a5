//! Keys as the program sees them: full-width twins folded, names as in config/keymap.toml, and the table from key to action.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::actions::{Action, Context};
use super::chord::{Chord, Meaning};
use crate::settings::KeyProfile;

/// One key press with its modifiers. Shift is kept for named keys only: for characters the character says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// Ctrl was held.
    pub ctrl: bool,
    /// Shift was held.
    pub shift: bool,
}

/// Which key of the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A character, as it came.
    Char(char),
    /// A function key, 1 to 12.
    F(u8),
    /// A key with a name of its own.
    Named(Named),
}

macro_rules! named {
    ($($Name:ident = $text:literal from $code:path),* $(,)?) => {
        /// A key with a name of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Named { $(#[doc = concat!("The key `", $text, "`.")] $Name),* }

        impl Named {
            const fn text(self) -> &'static str {
                match self { $(Self::$Name => $text),* }
            }
            fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$Name),)* _ => None }
            }
            const fn from_code(code: KeyCode) -> Option<Self> {
                match code { $($code => Some(Self::$Name),)* _ => None }
            }
        }
    };
}
named! {
    Enter = "Enter" from KeyCode::Enter,
    Esc = "Esc" from KeyCode::Esc,
    Tab = "Tab" from KeyCode::Tab,
    Backspace = "Backspace" from KeyCode::Backspace,
    Delete = "Delete" from KeyCode::Delete,
    Insert = "Insert" from KeyCode::Insert,
    Up = "Up" from KeyCode::Up,
    Down = "Down" from KeyCode::Down,
    Left = "Left" from KeyCode::Left,
    Right = "Right" from KeyCode::Right,
    PgUp = "PgUp" from KeyCode::PageUp,
    PgDn = "PgDn" from KeyCode::PageDown,
    Home = "Home" from KeyCode::Home,
    End = "End" from KeyCode::End,
}

impl Key {
    /// Makes a named key without modifiers.
    pub const fn named(name: Named) -> Self {
        Self { code: Code::Named(name), ctrl: false, shift: false }
    }

    /// Makes a character key.
    pub const fn char(c: char) -> Self {
        Self { code: Code::Char(c), ctrl: false, shift: false }
    }

    /// Reads a terminal's key event; `None` for releases, Alt chords and keys nothing is bound to.
    pub fn from_event(event: KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release || event.modifiers.contains(KeyModifiers::ALT) {
            return None;
        }
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let shift = event.modifiers.contains(KeyModifiers::SHIFT);
        let code = match event.code {
            KeyCode::Char(c) if ctrl => Code::Char(c.to_ascii_lowercase()),
            KeyCode::Char(c) => Code::Char(c),
            KeyCode::F(n) => Code::F(n),
            KeyCode::BackTab => return Some(Self { shift: true, ..Self::named(Named::Tab) }),
            other => Code::Named(Named::from_code(other)?),
        };
        let shift = shift && !matches!(code, Code::Char(_));
        Some(Self { code, ctrl, shift })
    }

    /// Returns the character this key types, if it types one.
    pub const fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl => Some(c),
            Code::Char(_) | Code::F(_) | Code::Named(_) => None,
        }
    }

    /// True if this is the named key without modifiers.
    pub fn is(self, name: Named) -> bool {
        self == Self::named(name)
    }

    /// Returns the key as a command key: full-width characters become their ASCII twins.
    #[must_use]
    pub fn folded(self) -> Self {
        match self.code {
            Code::Char(c) => Self { code: Code::Char(fold(c)), ..self },
            Code::F(_) | Code::Named(_) => self,
        }
    }

    /// True if the key reaches the program whatever input method is on: not a plain character.
    pub const fn is_ime_proof(self) -> bool {
        !matches!(self, Self { code: Code::Char(c), ctrl: false, .. } if c != ' ')
    }
}

/// Returns the ASCII twin of a character an input method types for a command key.
fn fold(c: char) -> char {
    match c {
        '、' => '/',
        '。' => '.',
        '「' | '【' => '[',
        '」' | '】' => ']',
        '《' => '<',
        '》' => '>',
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// True for a character that only an input method types: it opens quick-find in browse mode.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        if self.shift {
            f.write_str("Shift-")?;
        }
        match self.code {
            Code::Char(' ') => f.write_str("Space"),
            Code::Char(c) if self.ctrl => write!(f, "{}", c.to_ascii_uppercase()),
            Code::Char(c) => write!(f, "{c}"),
            Code::F(n) => write!(f, "F{n}"),
            Code::Named(name) => f.write_str(name.text()),
        }
    }
}

/// A text names no key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no key is called {name}")]
pub struct KeyNameError {
    /// What was written.
    pub name: String,
}

impl FromStr for Key {
    type Err = KeyNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (text_, ctrl) = text.strip_prefix("Ctrl-").map_or((text, false), |rest| (rest, true));
        let (name, shift) =
            text_.strip_prefix("Shift-").map_or((text_, false), |rest| (rest, true));
        let mut chars = name.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) => Code::Char(if ctrl { c.to_ascii_lowercase() } else { c }),
            _ if name == "Space" => Code::Char(' '),
            (Some('F'), Some(_)) if name.len() <= 3 => match name.trim_start_matches('F').parse() {
                Ok(n) => Code::F(n),
                Err(_not_a_number) => return Err(KeyNameError { name: text.to_owned() }),
            },
            _ => Code::Named(
                Named::from_text(name).ok_or_else(|| KeyNameError { name: text.to_owned() })?,
            ),
        };
        Ok(Self { code, ctrl, shift })
    }
}

/// The table from keys to actions, by context.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    by_context: BTreeMap<Context, BTreeMap<Chord, Action>>,
    keys: BTreeMap<(Context, Action), Vec<Chord>>,
    /// Digits before a movement say how often.
    counts: bool,
}

/// A keymap file is wrong.
#[derive(Debug, thiserror::Error)]
pub enum KeymapError {
    /// It is no TOML table of tables of key names.
    #[error("the keymap is not readable")]
    Syntax(#[from] toml::de::Error),
    /// It names a key that does not exist.
    #[error(transparent)]
    Key(#[from] KeyNameError),
    /// It names a context or an action that does not exist.
    #[error("the keymap names {name}, which does not exist")]
    Unknown {
        /// What was written.
        name: String,
    },
    /// Two actions share one key in one context.
    #[error("key {key} is bound twice in {context}")]
    Twice {
        /// The key.
        key: Chord,
        /// The context's name.
        context: &'static str,
    },
}

/// What the vim profile changes.
const VIM: &str = include_str!("../../config/keymap-vim.toml");
/// The keys as they are delivered.
const DEFAULT: &str = include_str!("../../config/keymap.toml");

impl Keymap {
    /// Returns the keys as they are delivered; a test proves that the file is right.
    pub fn standard() -> Self {
        Self::parse(DEFAULT).unwrap_or_default()
    }

    /// Returns the keys of a profile.
    pub fn profile(profile: KeyProfile) -> Self {
        let mut map = Self::standard();
        if profile == KeyProfile::Vim && map.lay(VIM).is_err() {
            return Self::standard(); // a test proves that the file is right
        }
        map.counts = profile == KeyProfile::Vim;
        map
    }

    /// Reads a keymap: `[context]` tables of `action = ["Key", ...]`.
    ///
    /// # Errors
    /// [`KeymapError`] for the first thing that is wrong.
    pub fn parse(source: &str) -> Result<Self, KeymapError> {
        let mut map = Self::default();
        map.lay(source)?;
        Ok(map)
    }

    /// Lays a keymap over this one: what it names has the keys it says, instead of those it had.
    ///
    /// # Errors
    /// [`KeymapError`] for the first thing that is wrong; some of it may be laid by then.
    pub fn lay(&mut self, source: &str) -> Result<(), KeymapError> {
        let tables: BTreeMap<String, BTreeMap<String, Vec<String>>> = toml::from_str(source)?;
        let unknown = |name: &String| KeymapError::Unknown { name: name.clone() };
        let mut bound = Vec::new();
        for (context_name, table) in &tables {
            let context = Context::from_name(context_name).ok_or_else(|| unknown(context_name))?;
            for (action_name, keys) in table {
                let action = Action::from_id(action_name).ok_or_else(|| unknown(action_name))?;
                self.unbind(context, action);
                bound.push((context, action, keys));
            }
        }
        for (context, action, keys) in bound {
            for key in keys {
                self.bind(context, action, key.parse::<Chord>()?)?;
            }
        }
        Ok(())
    }

    /// Takes all keys of an action in a context away.
    pub fn unbind(&mut self, context: Context, action: Action) {
        self.keys.remove(&(context, action));
        if let Some(keys) = self.by_context.get_mut(&context) {
            keys.retain(|_, bound| *bound != action);
        }
    }

    /// Gives an action a further key in a context.
    ///
    /// # Errors
    /// [`KeymapError::Twice`] if another action has it there.
    pub fn bind(
        &mut self,
        context: Context,
        action: Action,
        key: impl Into<Chord>,
    ) -> Result<(), KeymapError> {
        let key = key.into();
        if self.taken(context, key).is_some() {
            return Err(KeymapError::Twice { key, context: context.name() });
        }
        self.by_context.entry(context).or_default().insert(key, action);
        self.keys.entry((context, action)).or_default().push(key);
        Ok(())
    }

    /// Returns the action that has a key in a context: the key itself, its prefix, or what the key would be the prefix of.
    pub fn taken(&self, context: Context, key: Chord) -> Option<Action> {
        let overlaps = |other: &Chord| {
            *other == key
                || (other.first == key.first && (other.then.is_none() || key.then.is_none()))
        };
        let table = self.by_context.get(&context)?;
        table.iter().find(|(other, _)| overlaps(other)).map(|(_, action)| *action)
    }

    /// Returns the keys of a context with their actions.
    pub(super) fn table(&self, context: Context) -> Option<&BTreeMap<Chord, Action>> {
        self.by_context.get(&context)
    }

    /// True if digits before a movement say how often.
    pub const fn counts(&self) -> bool {
        self.counts
    }

    /// Returns the action a key stands for in the first context of the chain that knows it.
    pub fn action(&self, chain: &[Context], key: Key) -> Option<Action> {
        match self.meaning(chain, key)? {
            Meaning::Runs(action) => Some(action),
            Meaning::Prefix => None,
        }
    }

    /// Returns the keys of an action in the first context of the chain that has any, in the order of the file.
    pub fn keys(&self, chain: &[Context], action: Action) -> &[Chord] {
        chain
            .iter()
            .find_map(|context| self.keys.get(&(*context, action)))
            .map_or(&[], Vec::as_slice)
    }

    /// Returns every binding, for the printed table of keys and for tests.
    pub fn bindings(&self) -> impl Iterator<Item = (Context, Action, &[Chord])> {
        self.keys.iter().map(|((context, action), keys)| (*context, *action, keys.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_names_read_back_as_they_print() {
        for name in ["Ctrl-P", "F9", "Shift-Tab", "a", "A", "/", "Space", "PgDn", "Ctrl-PgDn", "-"]
        {
            assert_eq!(name.parse::<Key>().unwrap().to_string(), name);
        }
        assert!("Ctlr-P".parse::<Key>().is_err());
        assert!("Fx".parse::<Key>().is_err());
    }

    #[test]
    fn full_width_twins_are_the_same_command_key() {
        for (typed, meant) in
            [('／', '/'), ('、', '/'), ('？', '?'), ('：', ':'), ('ａ', 'a'), ('１', '1')]
        {
            assert_eq!(Key::char(typed).folded(), Key::char(meant));
        }
        assert_eq!(Key::char('王').folded(), Key::char('王'));
    }

    #[test]
    fn the_vim_profile_moves_by_letters_and_keeps_every_other_key() {
        let vim = Keymap::profile(KeyProfile::Vim);
        let chain = [Context::List, Context::Browse, Context::Global];
        for (key, action) in
            [('h', Action::Left), ('l', Action::Right), ('j', Action::Down), ('G', Action::Last)]
        {
            assert_eq!(vim.action(&chain, Key::char(key)), Some(action), "{key}");
        }
        for (context, action, keys) in Keymap::standard().bindings() {
            let first = keys.first().filter(|key| key.is_ime_proof());
            let kept = first.is_none_or(|key| vim.action(&[context], key.first) == Some(action));
            assert!(kept, "{} in {}", action.id(), context.name());
        }
    }

    #[test]
    fn keys_of_ones_own_replace_those_of_the_same_action() {
        let mut map = Keymap::standard();
        map.lay("[list]\nsort = ['Ctrl-G']\nfilter = ['F6']\n").unwrap();
        let filter = map.action(&[Context::List], "F6".parse().unwrap());
        assert_eq!(filter, Some(Action::Filter));
        assert_eq!(map.action(&[Context::List], Key::char('s')), None);
        let taken = map.lay("[list]\nsort = ['Enter']\n");
        assert!(matches!(taken, Err(KeymapError::Twice { .. })));
    }

    #[test]
    fn a_key_bound_twice_in_a_context_is_refused() {
        let source = "[list]\nopen = [\"Enter\"]\nedit = [\"Enter\"]\n";
        assert!(matches!(Keymap::parse(source), Err(KeymapError::Twice { .. })));
    }

    #[test]
    fn releases_and_alt_chords_are_not_keys() {
        let release =
            KeyEvent::new_with_kind(KeyCode::Enter, KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(Key::from_event(release), None);
        assert_eq!(Key::from_event(KeyEvent::new(KeyCode::Char('x'), KeyModifiers::ALT)), None);
        let ctrl =
            Key::from_event(KeyEvent::new(KeyCode::Char('S'), KeyModifiers::CONTROL)).unwrap();
        assert_eq!(ctrl.to_string(), "Ctrl-S");
    }
}
