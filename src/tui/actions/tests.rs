//! What must hold of every action.

use super::*;
use crate::locale::{Lang, Locale};
use crate::tui::keys::Keymap;

/// Actions of the menu and the palette only; both open with a key that every input method lets through.
const MENU_ONLY: &[Action] = &[
    Action::Suspend,
    Action::EditKeys,
    Action::Collation,
    Action::Totals,
    Action::OpenView,
    Action::DropView,
    Action::SelectRange,
    Action::SelectSame,
    Action::GoOverview,
    Action::GoTraining,
    Action::GoCultivation,
    Action::GoStaff,
    Action::GoPersons,
    Action::GoConflicts,
    Action::GoAttention,
    Action::GoSync,
];

#[test]
fn the_keymap_as_delivered_is_right() {
    let source = include_str!("../../../config/keymap.toml");
    assert!(Keymap::parse(source).is_ok(), "{:?}", Keymap::parse(source).err());
}

#[test]
fn every_action_has_a_key_that_passes_every_input_method() {
    let keymap = Keymap::standard();
    for action in Action::ALL.iter().filter(|action| !MENU_ONLY.contains(action)) {
        for context in action.contexts() {
            let chain = [*context, Context::Browse, Context::Global];
            let keys = keymap.keys(&chain, *action);
            let first = keys.first().map(|key| key.is_ime_proof());
            assert_eq!(first, Some(true), "{} in {}: {keys:?}", action.id(), context.name());
        }
    }
}

#[test]
fn every_action_and_context_has_a_name_in_three_languages() {
    for lang in Lang::ALL {
        let locale = Locale::new(lang);
        for action in Action::ALL {
            assert!(locale.has(&action.label_key()), "{} in {}", action.id(), lang.key());
        }
        for context in Context::ALL {
            assert!(locale.has(&format!("tui-context-{}", context.name())), "{}", context.name());
        }
    }
}

#[test]
fn the_printed_tables_of_keys_are_up_to_date() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir_all(root.join("target/keys")).unwrap();
    let mut stale = Vec::new();
    for lang in Lang::ALL {
        let page = docs::keys_page(&Locale::new(lang), &Keymap::standard());
        let name = format!("keys.{}.md", lang.key());
        std::fs::write(root.join("target/keys").join(&name), &page).unwrap();
        let printed = std::fs::read_to_string(root.join("docs").join(&name)).unwrap_or_default();
        if printed != page {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "copy these from target/keys to docs: {stale:?}");
}
