//! Colours by role: sixteen ANSI colours over the terminal's own foreground and background, or none at all.
//!
//! A word or an ASCII mark carries the meaning first; colour repeats it. The roles are read from config/themes.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

/// What a piece of the screen is, and so how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Frames and rules.
    Border,
    /// Titles and headings.
    Title,
    /// The row or choice the cursor is on.
    Selected,
    /// A key in a hint.
    Key,
    /// Text that may be typed into.
    Input,
    /// Something that went well.
    Good,
    /// Something a person should look at.
    Warning,
    /// Something a person must fix.
    Bad,
    /// Secondary text.
    Quiet,
}

impl Role {
    /// Every role, with its name in a theme file.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Text, "text"),
        (Self::Border, "border"),
        (Self::Title, "title"),
        (Self::Selected, "selected"),
        (Self::Key, "key"),
        (Self::Input, "input"),
        (Self::Good, "good"),
        (Self::Warning, "warning"),
        (Self::Bad, "bad"),
        (Self::Quiet, "quiet"),
    ];
}

/// The styles of all roles.
#[derive(Clone, Debug)]
pub struct Theme {
    styles: BTreeMap<Role, Style>,
}

/// Colours by role, for a terminal with colours.
const COLOUR: &str = include_str!("../../config/themes/colour.toml");
/// Bold, underline and reverse only: for `NO_COLOR` and for printing.
const MONO: &str = include_str!("../../config/themes/mono.toml");

impl Theme {
    /// Returns the theme with colours.
    pub fn colour() -> Self {
        Self::parse(COLOUR)
    }

    /// Returns the theme without colours.
    pub fn mono() -> Self {
        Self::parse(MONO)
    }

    /// Returns the style of a role; an unlisted role looks like the terminal's own text.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(&role).copied().unwrap_or_default()
    }

    /// Reads `role = "words"`: a colour name and any of bold, underline, reverse, dim. Unknown words are left out.
    fn parse(source: &str) -> Self {
        let table: BTreeMap<String, String> = toml::from_str(source).unwrap_or_default();
        let styles = Role::ALL
            .into_iter()
            .filter_map(|(role, name)| Some((role, style_of(table.get(name)?))))
            .collect();
        Self { styles }
    }
}

fn style_of(words: &str) -> Style {
    words.split_whitespace().fold(Style::new(), |style, word| match word {
        "bold" => style.add_modifier(Modifier::BOLD),
        "underline" => style.add_modifier(Modifier::UNDERLINED),
        "reverse" => style.add_modifier(Modifier::REVERSED),
        "dim" => style.add_modifier(Modifier::DIM),
        "red" => style.fg(Color::Red),
        "green" => style.fg(Color::Green),
        "cyan" => style.fg(Color::Cyan),
        "magenta" => style.fg(Color::Magenta),
        _ => style,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_themes_name_every_role_and_mono_has_no_colour() {
        for theme in [Theme::colour(), Theme::mono()] {
            assert_eq!(theme.styles.len(), Role::ALL.len());
        }
        assert!(
            Theme::mono().styles.values().all(|style| style.fg.is_none() && style.bg.is_none())
        );
    }

    #[test]
    fn the_selection_is_reversed_in_both_themes() {
        for theme in [Theme::colour(), Theme::mono()] {
            assert!(theme.style(Role::Selected).add_modifier.contains(Modifier::REVERSED));
        }
    }
}
