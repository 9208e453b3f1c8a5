//! Which actions the line mode offers: all but those that stand for something else there.

use crate::tui::actions::Action;

/// Returns the message key that says why an action is not offered line by line; `None` if it is.
pub const fn left_out(action: Action) -> Option<&'static str> {
    Some(match action {
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::First
        | Action::Last
        | Action::NextHit
        | Action::PrevHit
        | Action::NextField
        | Action::PrevField => "plain-why-numbers",
        Action::SelectUp | Action::SelectDown => "plain-why-select",
        Action::Find => "plain-why-type",
        Action::Palette | Action::Menu | Action::Help | Action::WhichKey => "plain-why-menu",
        Action::EditKeys
        | Action::PressKey
        | Action::AddKey
        | Action::DropKey
        | Action::ResetKey
        | Action::ResetKeys => "plain-why-keys",
        Action::Redraw => "plain-why-painted",
        Action::Suspend => "plain-why-shell",
        _ => return None,
    })
}
