//! What can be pressed now: after a prefix, and on every screen by a key of its own.

use super::actions::Action;
use super::app::{Body, Model, Purpose};
use super::update::enabled;
use super::widgets::pressable::Pressable;

/// How long a prefix waits before it says what may follow it, in milliseconds.
pub(super) const AFTER_MS: u64 = 600;

/// Returns what may follow the prefix that was pressed, once it waited long enough.
pub(super) fn after_prefix(model: &Model) -> Option<Pressable> {
    let shell = &model.shell;
    let (prefix, at) = shell.prefix?;
    if shell.now_ms < at + AFTER_MS {
        return None;
    }
    let after = shell.keymap.after(model.chain(), prefix).into_iter();
    let entries = after.map(|(key, action)| (key.to_string(), shell.text_of(action))).collect();
    let title = shell.text_with("which-after", &[("key", &prefix.to_string())]);
    Some(Pressable::new(title, shell.text("which-hint-prefix"), entries))
}

/// Opens the list of what can be pressed on this screen: what cannot run now is left out, help says why.
pub(super) fn open(model: &mut Model) {
    let chain = model.chain();
    let shell = &model.shell;
    let own = |action: Action| model.screens.last().and_then(|page| page.label(shell, action));
    let mut entries: Vec<(String, String)> = Vec::new();
    for context in chain {
        for action in Action::ALL.iter().filter(|action| action.is_in(chain)) {
            let Some(key) = shell.keymap.keys(&[*context], *action).first() else { continue };
            let label = own(*action).unwrap_or_else(|| shell.text_of(*action));
            let told = entries.iter().any(|(_, other)| *other == label);
            if !told && enabled(model, *action).is_ok() {
                entries.push((key.to_string(), label));
            }
        }
    }
    let title = shell.text("which-title");
    let keys = Pressable::new(title, shell.text("which-hint"), entries);
    model.shell.open(Purpose::Read, Body::Pressable(keys));
}
