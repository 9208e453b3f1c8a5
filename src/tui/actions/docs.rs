//! The printed table of keys (docs/keys.LANGUAGE.md), generated from the registry and the keymap.

use super::{Action, Context};
use crate::locale::Locale;
use crate::tui::keys::Keymap;

/// Returns the table of keys in a language, as Markdown.
pub fn keys_page(locale: &Locale, keymap: &Keymap) -> String {
    let mut page =
        format!("# {}\n\n{}\n", locale.text("tui-keys-title"), locale.text("tui-keys-intro"));
    for context in Context::ALL {
        let rows = rows(locale, keymap, *context);
        if rows.is_empty() {
            continue;
        }
        let title = locale.text(&format!("tui-context-{}", context.name()));
        let (action, keys) = (locale.text("tui-keys-action"), locale.text("tui-keys-keys"));
        page.extend(["\n## ", &title, "\n\n| ", &action, " | ", &keys, " |\n|---|---|\n", &rows]);
    }
    page
}

fn rows(locale: &Locale, keymap: &Keymap, context: Context) -> String {
    let mut rows = String::new();
    for action in Action::ALL {
        let bound = keymap.bindings().find(|(c, a, _)| (*c, *a) == (context, *action));
        if let Some((_, _, keys)) = bound {
            let names: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            let label = locale.text(&action.label_key());
            rows.extend(["| ", &label, " | ", &names.join(" "), " |\n"]);
        }
    }
    rows
}
