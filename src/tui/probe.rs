//! How wide the terminal draws characters whose width is ambiguous: one is printed, and the terminal asked where its cursor is.
//!
//! What a person typed meanwhile comes in the same stream and is not lost.

use std::io::{self, Write as _, stdin, stdout};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::keys::{Code, Key, Named};
use super::ui::Chrome;
use crate::settings::{Ambiguous, LookSettings};

/// How long a terminal may take to answer; one that says nothing is taken for narrow.
const LIMIT: Duration = Duration::from_millis(150);
/// A line of a frame, and the question where the cursor is.
const QUESTION: &[u8] = "\r─\u{1b}[6n".as_bytes();

/// What the terminal answered.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Probed {
    /// Cells of the character; `None` if there was no answer in time.
    pub cells: Option<u16>,
    /// Keys that were pressed meanwhile.
    pub keys: Vec<Key>,
}

/// Returns the glyphs of frames that a terminal takes, and the keys that were pressed while it was asked. The screen must be ours.
///
/// # Errors
/// What the terminal says when it refuses.
pub fn chrome(look: &LookSettings) -> io::Result<(Chrome, Vec<Key>)> {
    if look.slow_line || look.ambiguous == Ambiguous::Wide {
        return Ok((Chrome::Ascii, Vec::new()));
    }
    if look.ambiguous == Ambiguous::Narrow {
        return Ok((Chrome::Narrow, Vec::new()));
    }
    let probed = ask()?;
    let wide = probed.cells.is_some_and(|cells| cells > 1);
    Ok((if wide { Chrome::Ascii } else { Chrome::Narrow }, probed.keys))
}

fn ask() -> io::Result<Probed> {
    let mut out = stdout();
    out.write_all(QUESTION)?;
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

/// Reads what came: the answer `ESC [ row ; column R`, and keys before and after it.
fn read(bytes: &[u8]) -> Probed {
    let text = String::from_utf8_lossy(bytes);
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
            return Probed { cells: Some(column.saturating_sub(1)), keys };
        }
    }
    Probed { cells: None, keys: keys(&text) }
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
}
