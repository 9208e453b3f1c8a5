//! Colours by role: sixteen ANSI colours over the terminal's own foreground and background, colours of our own, or none at all.
//!
//! A word or an ASCII mark carries the meaning first; colour repeats it. The roles are read from config/themes.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

use crate::settings::ThemeName;

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

/// Dark on white.
const LIGHT: &str = include_str!("../../config/themes/light.toml");
/// Light on black.
const DARK: &str = include_str!("../../config/themes/dark.toml");
/// High contrast.
const CONTRAST: &str = include_str!("../../config/themes/contrast.toml");

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Every colour.
    Full,
    /// The 256 of xterm.
    Indexed,
    /// The sixteen of ANSI.
    Ansi,
}

impl Depth {
    /// Reads `COLORTERM` and `TERM`.
    pub fn of(colorterm: Option<&str>, term: Option<&str>) -> Self {
        if colorterm.is_some_and(|text| matches!(text, "truecolor" | "24bit")) {
            return Self::Full;
        }
        if term.is_some_and(|term| term.contains("direct")) {
            return Self::Full;
        }
        if term.is_some_and(|term| term.contains("256color")) { Self::Indexed } else { Self::Ansi }
    }

    /// Returns the colour of this terminal that is nearest.
    fn nearest(self, color: Color) -> Color {
        let Color::Rgb(r, g, b) = color else { return color };
        match self {
            Self::Full => color,
            Self::Indexed => indexed([r, g, b]),
            Self::Ansi => {
                let far = |(rgb, _): &&([u8; 3], Color)| distance(*rgb, [r, g, b]);
                ANSI.iter().min_by_key(far).map_or(Color::Reset, |(_, color)| *color)
            }
        }
    }
}

/// The sixteen colours, as xterm draws them.
const ANSI: [([u8; 3], Color); 16] = [
    ([0, 0, 0], Color::Black),
    ([205, 0, 0], Color::Red),
    ([0, 205, 0], Color::Green),
    ([205, 205, 0], Color::Yellow),
    ([0, 0, 238], Color::Blue),
    ([205, 0, 205], Color::Magenta),
    ([0, 205, 205], Color::Cyan),
    ([229, 229, 229], Color::Gray),
    ([127, 127, 127], Color::DarkGray),
    ([255, 0, 0], Color::LightRed),
    ([0, 255, 0], Color::LightGreen),
    ([255, 255, 0], Color::LightYellow),
    ([92, 92, 255], Color::LightBlue),
    ([255, 0, 255], Color::LightMagenta),
    ([0, 255, 255], Color::LightCyan),
    ([255, 255, 255], Color::White),
];

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

/// Steps of the 6x6x6 cube of xterm's 256 colours.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn indexed(rgb: [u8; 3]) -> Color {
    let mut best = (u32::MAX, 0);
    for (index, color) in (16..=u8::MAX).map(|index| (index, indexed_rgb(index))) {
        let far = distance(color, rgb);
        if far < best.0 {
            best = (far, index);
        }
    }
    Color::Indexed(best.1)
}

/// Returns the colour behind a number from 16 on.
fn indexed_rgb(index: u8) -> [u8; 3] {
    if index >= 232 {
        return [(index - 232) * 10 + 8; 3];
    }
    let at = index.saturating_sub(16);
    [at / 36, at / 6 % 6, at % 6].map(|step| STEPS.get(usize::from(step)).copied().unwrap_or(0))
}

impl Theme {
    /// Returns a theme in the colours the terminal has; `dark` says whether its background is, if that is known.
    pub fn named(name: ThemeName, depth: Depth, dark: Option<bool>) -> Self {
        let mut theme = match name {
            ThemeName::Auto => match dark.filter(|_| depth != Depth::Ansi) {
                Some(true) => Self::parse(DARK).on_any_ground(),
                Some(false) => Self::parse(LIGHT).on_any_ground(),
                None => Self::colour(),
            },
            ThemeName::Colour => Self::colour(),
            ThemeName::Light => Self::parse(LIGHT),
            ThemeName::Dark => Self::parse(DARK),
            ThemeName::Contrast => Self::parse(CONTRAST),
            ThemeName::Mono => Self::mono(),
        };
        for style in theme.styles.values_mut() {
            style.fg = style.fg.map(|color| depth.nearest(color));
            style.bg = style.bg.map(|color| depth.nearest(color));
        }
        theme
    }

    /// Leaves the terminal's own text and background as they are.
    fn on_any_ground(mut self) -> Self {
        self.styles.insert(Role::Text, Style::new());
        self
    }

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
        word => match (rgb(word), word.strip_prefix("on-").and_then(rgb)) {
            (Some(color), _) => style.fg(color),
            (None, Some(color)) => style.bg(color),
            (None, None) => style,
        },
    })
}

/// Reads `#rrggbb`.
fn rgb(word: &str) -> Option<Color> {
    let hex = word.strip_prefix('#').filter(|hex| hex.len() == 6)?;
    let [_, r, g, b] = u32::from_str_radix(hex, 16).ok()?.to_be_bytes();
    Some(Color::Rgb(r, g, b))
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

    /// Contrast of two colours (WCAG 2.1, 1.4.3).
    fn contrast(a: Color, b: Color) -> f64 {
        let light = |color: Color| {
            let Color::Rgb(r, g, b) = color else { panic!("{color:?} is no colour of our own") };
            let [r, g, b] = [r, g, b].map(|part| {
                let part = f64::from(part) / 255.0;
                if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
        };
        let (a, b) = (light(a), light(b));
        if a > b { a / b } else { b / a }
    }

    #[test]
    fn colours_of_our_own_can_be_read() {
        let themes = [(ThemeName::Light, 4.5), (ThemeName::Dark, 4.5), (ThemeName::Contrast, 7.0)];
        for (name, least) in themes {
            let theme = Theme::named(name, Depth::Full, None);
            assert_eq!(theme.styles.len(), Role::ALL.len());
            let base = theme.style(Role::Text);
            for (role, word) in Role::ALL {
                let fg = theme.style(role).fg.or(base.fg).unwrap();
                let found = contrast(fg, base.bg.unwrap());
                assert!(found >= least, "{name:?} {word}: {found:.1}");
            }
        }
    }

    #[test]
    fn colours_follow_the_background_the_terminal_says_it_has() {
        let key = |depth, dark| Theme::named(ThemeName::Auto, depth, dark).style(Role::Key).fg;
        let plain = Theme::colour().style(Role::Key).fg;
        assert_eq!(key(Depth::Full, None), plain);
        assert_eq!(key(Depth::Ansi, Some(true)), plain, "sixteen colours have no finer shades");
        let (dark, light) = (key(Depth::Full, Some(true)), key(Depth::Full, Some(false)));
        assert!(dark != light && dark != plain && light != plain);
        let text = Theme::named(ThemeName::Auto, Depth::Full, Some(true)).style(Role::Text);
        assert_eq!((text.fg, text.bg), (None, None), "the terminal's own");
    }

    #[test]
    fn fewer_colours_give_the_nearest_one() {
        assert_eq!(Depth::Ansi.nearest(Color::Rgb(255, 250, 250)), Color::White);
        assert_eq!(Depth::Ansi.nearest(Color::Rgb(180, 0, 10)), Color::Red);
        assert_eq!(Depth::Indexed.nearest(Color::Rgb(95, 215, 255)), Color::Indexed(81));
        assert_eq!(Depth::Indexed.nearest(Color::Rgb(8, 8, 8)), Color::Indexed(232));
        assert_eq!(Depth::Full.nearest(Color::Rgb(1, 2, 3)), Color::Rgb(1, 2, 3));
        assert_eq!(Depth::of(Some("truecolor"), Some("xterm")), Depth::Full);
        assert_eq!(Depth::of(None, Some("tmux-256color")), Depth::Indexed);
        assert_eq!(Depth::of(None, Some("xterm")), Depth::Ansi);
    }

    #[test]
    fn the_selection_is_reversed_in_both_themes() {
        for theme in [Theme::colour(), Theme::mono()] {
            assert!(theme.style(Role::Selected).add_modifier.contains(Modifier::REVERSED));
        }
    }
}
