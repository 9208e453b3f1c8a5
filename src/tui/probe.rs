//! What the terminal says of itself when it is asked at the start: how wide it draws characters whose width is ambiguous (one is printed,
//! and the terminal asked where its cursor is), and whether its background is dark.
//!
//! What a person typed meanwhile comes in the same stream and is not lost. The question about the cursor comes last, since every
//! terminal answers it: whoever has answered that one and not the other never will.

use std::io::{self, Write as _, stdin, stdout};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::keys::{Code, Key, Named};
use super::ui::Chrome;
use crate::settings::{Ambiguous, LookSettings, ThemeName};

/// How long a terminal may take to answer; one that says nothing is taken for narrow, with a background that is not known.
const LIMIT: Duration = Duration::from_millis(150);
/// What colour is the background?
const BACKGROUND: &[u8] = b"\x1b]11;?\x1b\\";
/// A line of a frame, and the question where the cursor is.
const CURSOR: &[u8] = "\r─\u{1b}[6n".as_bytes();

/// What the terminal answered.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Probed {
    /// Cells of the character; `None` if there was no answer in time.
    pub cells: Option<u16>,
    /// True if the background is dark; `None` if it was not asked for, or there was no answer.
    pub dark: Option<bool>,
    /// Keys that were pressed meanwhile.
    pub keys: Vec<Key>,
}

impl Probed {
    /// Returns the glyphs of frames that the terminal takes.
    pub fn chrome(&self, look: &LookSettings) -> Chrome {
        let wide = match look.ambiguous {
            Ambiguous::Auto => look.slow_line || self.cells.is_some_and(|cells| cells > 1),
            Ambiguous::Wide => true,
            Ambiguous::Narrow => look.slow_line,
        };
        if wide { Chrome::Ascii } else { Chrome::Narrow }
    }
}

/// Asks what the settings leave open, and nothing on a slow line. The screen must be ours.
///
/// # Errors
/// What the terminal says when it refuses.
pub fn ask(look: &LookSettings) -> io::Result<Probed> {
    let background = look.color && look.theme == ThemeName::Auto;
    if look.slow_line || (!background && look.ambiguous != Ambiguous::Auto) {
        return Ok(Probed::default());
    }
    let mut out = stdout();
    if background {
        out.write_all(BACKGROUND)?;
    }
    out.write_all(CURSOR)?;
    out.flush()?;
    let input = stdin();
    let start = Instant::now();
    let mut bytes = Vec::new();
    let mut probed = Probed::default();
    while let Some(left) = LIMIT.checked_sub(start.elapsed()) {
        let mut fds = [PollFd::new(&input, PollFlags::IN)];
        let ready = match poll(&mut fds, Timespec::try_from(left).ok().as_ref()) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        let mut buffer = [0; 256];
        let count = if ready == 0 { 0 } else { rustix::io::read(&input, &mut buffer)? };
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
        probed = read(&bytes);
        if probed.cells.is_some() {
            break;
        }
    }
    out.write_all(b"\r\x1b[K")?;
    out.flush()?;
    Ok(probed)
}

/// Reads what came: the answers, and keys before, between and after them.
fn read(bytes: &[u8]) -> Probed {
    let text = String::from_utf8_lossy(bytes);
    let (dark, rest) = match background(&text) {
        Some((dark, rest)) => (Some(dark), rest),
        None => (None, text.into_owned()),
    };
    let (cells, keys) = cursor(&rest);
    Probed { cells, dark, keys }
}

/// Reads `ESC ] 11 ; rgb:RRRR/GGGG/BBBB`, ended by `BEL` or `ESC \\`; returns the rest without it.
fn background(text: &str) -> Option<(bool, String)> {
    let (before, answer) = text.split_once("\u{1b}]11;")?;
    let end = answer.find(['\u{7}', '\u{1b}'])?;
    let (colour, after) = answer.split_at_checked(end)?;
    let after = after.strip_prefix('\u{7}').or_else(|| after.strip_prefix("\u{1b}\\"))?;
    let (_, colour) = colour.split_once(':')?; // rgb or rgba
    let parts: Vec<f64> = colour.split('/').filter_map(share).collect();
    let [red, green, blue, ..] = parts.as_slice() else { return None };
    let luma = 0.299 * red + 0.587 * green + 0.114 * blue; // as of ITU-R BT.601
    Some((luma < 0.5, format!("{before}{after}")))
}

/// Returns what one to four hexadecimal digits are of the most they can say.
fn share(digits: &str) -> Option<f64> {
    let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok()?)?.checked_sub(1)?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    (most > 0 && digits.len() <= 4).then(|| f64::from(number) / f64::from(most))
}

/// Reads `ESC [ row ; column R`, and the keys around it.
fn cursor(text: &str) -> (Option<u16>, Vec<Key>) {
    for (at, _) in text.match_indices("\u{1b}[") {
        let (before, answer) = text.split_at_checked(at).unwrap_or_default();
        let Some((place, after)) = answer.strip_prefix("\u{1b}[").and_then(|s| s.split_once('R'))
        else {
            continue;
        };
        let column = place.split_once(';').and_then(|(row, column)| {
            row.parse::<u16>().ok()?;
            column.parse::<u16>().ok()
        });
        if let Some(column) = column {
            let keys = keys(before).into_iter().chain(keys(after)).collect();
            return (Some(column.saturating_sub(1)), keys);
        }
    }
    (None, keys(text))
}

/// Reads plain keys; from an escape sequence on nothing is guessed.
fn keys(text: &str) -> Vec<Key> {
    let plain = text.split('\u{1b}').next().unwrap_or_default();
    plain.chars().filter_map(key).collect()
}

fn key(c: char) -> Option<Key> {
    Some(match c {
        '\r' => Key::named(Named::Enter),
        '\t' => Key::named(Named::Tab),
        '\u{7f}' => Key::named(Named::Backspace),
        '\u{1}'..='\u{1a}' => {
            let letter = char::from_u32(u32::from(c) + 0x60)?;
            Key { code: Code::Char(letter), ctrl: true, shift: false }
        }
        c if c.is_control() || c == char::REPLACEMENT_CHARACTER => return None,
        c => Key::char(c),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_says_how_wide_the_line_was_drawn() {
        assert_eq!(read(b"\x1b[1;2R").cells, Some(1));
        assert_eq!(read(b"\x1b[24;3R").cells, Some(2));
        assert_eq!(read(b"").cells, None);
        assert_eq!(read(b"\x1b[1;2").cells, None);
        assert_eq!(read(b"\x1b[A\x1b[1;3R").cells, Some(2));
    }

    #[test]
    fn what_was_typed_meanwhile_is_kept() {
        let probed = read("王\x1b[1;2R\u{6}5\r".as_bytes());
        let names: Vec<String> = probed.keys.iter().map(ToString::to_string).collect();
        assert_eq!(
            (probed.cells, names),
            (Some(1), ["王", "Ctrl-F", "5", "Enter"].map(String::from).to_vec())
        );
        let silent = read("ab".as_bytes());
        assert_eq!((silent.cells, silent.keys.len()), (None, 2));
    }

    #[test]
    fn the_background_is_dark_or_light_and_what_was_typed_around_the_answer_is_kept() {
        for (answer, dark) in [
            ("\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", Some(true)),
            ("\x1b]11;rgb:ffff/ffff/dddd\x07", Some(false)),
            ("\x1b]11;rgba:ff/ff/ff/ff\x07", Some(false)),
            ("\x1b]11;rgb:0/0/0\x07", Some(true)),
            ("\x1b]11;rgb:zz/zz/zz\x07", None),
            ("", None),
        ] {
            let probed = read(format!("王{answer}a\x1b[1;2Rb").as_bytes());
            assert_eq!((probed.dark, probed.cells), (dark, Some(1)), "{answer:?}");
            if dark.is_some() || answer.is_empty() {
                assert_eq!(probed.keys.len(), 3, "{answer:?}");
            }
        }
        assert_eq!(read(b"\x1b]11;rgb:1e1e/1e").dark, None, "not all of it is there yet");
    }

    #[test]
    fn a_setting_decides_before_any_answer() {
        let look = |text: &str| {
            let layer = crate::settings::Layer::parse("file", &format!("[look]\n{text}")).unwrap();
            crate::settings::Settings::load(&[layer]).unwrap().look
        };
        let wide = Probed { cells: Some(2), ..Probed::default() };
        assert_eq!(wide.chrome(&look("ambiguous = 'narrow'")), Chrome::Narrow);
        assert_eq!(Probed::default().chrome(&look("ambiguous = 'wide'")), Chrome::Ascii);
        assert_eq!(wide.chrome(&look("")), Chrome::Ascii);
        assert_eq!(Probed::default().chrome(&look("slow_line = true")), Chrome::Ascii);
    }
}
