//! Rules for text that people type or that arrives in sheets: cleaning, folding, and comparing.
//!
//! Pure. What is stored keeps the writer's characters; only what cannot be seen or would mislead is taken out. Folding for
//! comparison (`*_key`, [`heading`]) is never stored. Imports nothing of ours; the words it knows are in config/words.toml.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use serde::Deserialize;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The middle dot of transliterated names (GB/T 15834).
pub const MIDDLE_DOT: char = '\u{B7}';
/// What separates year, month and day in words: 年, 月, 日, 号, 號.
pub const YEAR: char = '\u{5E74}';
/// See [`YEAR`].
pub const MONTH: char = '\u{6708}';
/// See [`YEAR`].
pub const DAYS: [char; 3] = ['\u{65E5}', '\u{53F7}', '\u{865F}'];

/// What stands between the elements of a multi-valued field: the enumeration comma.
pub const LIST_MARK: char = '\u{3001}';
/// What is taken for it when it is typed: semicolons, and line breaks.
const OTHER_MARKS: [char; 3] = [';', '\u{FF1B}', '\n'];

/// Takes the text of a multi-valued field apart: trimmed, each element once, in order.
///
/// # Example
/// ```
/// assert_eq!(ejia::domain::text::elements("a; b;a"), ["a", "b"]);
/// ```
pub fn elements(joined: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for part in joined.split(|c| c == LIST_MARK || OTHER_MARKS.contains(&c)) {
        let part = part.trim();
        if !part.is_empty() && !found.contains(&part) {
            found.push(part);
        }
    }
    found
}

/// Writes elements as one text.
pub fn join_elements(elements: &[&str]) -> String {
    elements.join(&LIST_MARK.to_string())
}

/// A cell or entry that says nothing, or says "none".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blank {
    /// Nothing was given: empty, a dash, 不詳.
    Missing,
    /// The writer says that there is none: 無.
    KnownNone,
}

/// The word lists of config/words.toml.
#[derive(Debug, Default, Deserialize)]
struct Words {
    none: BTreeSet<String>,
    missing: BTreeSet<String>,
    until_now: BTreeSet<String>,
    today: BTreeSet<String>,
    yesterday: BTreeSet<String>,
    tomorrow: BTreeSet<String>,
    last_week: BTreeSet<String>,
    this_week: BTreeSet<String>,
    next_week: BTreeSet<String>,
    weekdays: Vec<String>,
    yes: BTreeSet<String>,
    no: BTreeSet<String>,
    units: BTreeSet<String>,
}

static WORDS: LazyLock<Words> =
    LazyLock::new(|| toml::from_str(include_str!("../../config/words.toml")).unwrap_or_default());

/// Returns text as it may be stored: NFC, without invisible characters, line breaks and tabs as spaces, trimmed.
///
/// CJK compatibility ideographs are left alone, because NFC would turn a name's character into another one. Characters that
/// [`find_forbidden`] names are removed too; a caller that would rather refuse asks that first.
///
/// # Example
/// ```
/// assert_eq!(ejia::domain::text::clean(" \u{FEFF}ab\u{200B}c\n"), "abc");
/// ```
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_control()) {
        return Cow::Borrowed(text.trim());
    }
    if is_nfc(text) && !text.chars().any(|c| c.is_control() || is_hidden(c) || is_misleading(c)) {
        return Cow::Borrowed(text.trim());
    }
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        if is_break(c) {
            kept.push(' ');
        } else if !(c.is_control() || is_hidden(c) || is_misleading(c)) {
            kept.push(c);
        }
    }
    Cow::Owned(compose(&kept).trim().to_owned())
}

/// Returns text as a terminal may be given it: without what would command the terminal (control characters, escape sequences) or
/// make text read otherwise than it is stored (direction marks). Line ends and tabs stay.
///
/// What is typed or imported cannot hold these; what another program sent might.
///
/// # Example
/// ```
/// use ejia::domain::text::harmless;
/// assert_eq!(harmless("a\u{1b}]52;c;eA==\u{7}b\u{202E}c\u{9b}2J\nd"), "a]52;c;eA==bc2J\nd");
/// ```
pub fn harmless(text: &str) -> Cow<'_, str> {
    let bad = |c: char| is_command(c) || is_hidden(c) || is_misleading(c);
    if text.chars().any(bad) {
        return Cow::Owned(text.chars().filter(|c| !bad(*c)).collect());
    }
    Cow::Borrowed(text)
}

/// True for what a terminal acts on.
fn is_command(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
}

/// Returns JSON with what [`harmless`] takes out written as escapes: the same JSON, and nothing for a terminal to act on.
pub fn harmless_json(json: &str) -> Cow<'_, str> {
    let bad = |c: char| is_command(c) || is_hidden(c) || is_misleading(c);
    if !json.chars().any(bad) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if bad(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _written = write!(out, "\\u{unit:04x}"); // a String takes every write
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Returns a cell as delimited text may hold it: one that a spreadsheet would take for a formula gets an apostrophe in front, as
/// OWASP advises. [`unguarded`] takes exactly that off.
///
/// # Example
/// ```
/// use ejia::domain::text::{guarded, unguarded};
/// assert_eq!(guarded("=1+1"), "'=1+1");
/// assert_eq!(unguarded(&guarded("'-1")), "'-1");
/// ```
pub fn guarded(cell: &str) -> String {
    if is_formula_like(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// True for apostrophes, or none, followed by a character that starts a formula; its full-width twin does in some programs.
fn is_formula_like(cell: &str) -> bool {
    let start = cell.trim_start_matches('\'');
    start.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ])
}

/// Takes the apostrophe off that [`guarded`] put in front of a cell.
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula_like(rest) => rest,
        _ => cell,
    }
}

/// Composes, leaving compatibility ideographs as they are.
fn compose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        if matches!(c, '\u{F900}'..='\u{FAFF}' | '\u{2F800}'..='\u{2FA1F}') {
            out.extend(run.nfc());
            run.clear();
            out.push(c);
        } else {
            run.push(c);
        }
    }
    out.extend(run.nfc());
    out
}

/// Returns the first character that must not be stored: a control character, a bidi override or a noncharacter.
///
/// Line breaks, tabs and zero-width characters are not reported: [`clean`] takes them out without changing what is read.
pub fn find_forbidden(text: &str) -> Option<char> {
    text.chars().find(|c| (c.is_control() && !is_break(*c)) || is_misleading(*c))
}

/// Line ends and tabs, which become a space.
const fn is_break(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Zero-width characters and direction marks, which show nothing: they come with pasted text.
const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Bidi overrides and isolates, which make text read otherwise than it is stored, and noncharacters.
fn is_misleading(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}' | '\u{FDD0}'..='\u{FDEF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// True if the text has private-use characters: a rare character sent by an older system, which only that system can show.
pub fn has_private_use(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
    })
}

/// Folds full-width ASCII and every kind of space, for number and code fields.
///
/// # Example
/// ```
/// assert_eq!(ejia::domain::text::fold_width("\u{FF11}\u{FF12}\u{3000}\u{FF38}"), "12 X");
/// ```
pub fn fold_width(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(fold_char).collect())
}

fn fold_char(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ if c.is_whitespace() => ' ',
        _ => c,
    }
}

/// True for Han characters, including the supplementary planes and private use.
pub const fn is_han(c: char) -> bool {
    matches!(c,
        '\u{2E80}'..='\u{2FDF}' | '\u{3005}'..='\u{3007}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{E000}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Returns a name as it is stored: clean, spaces between Han characters removed, one kind of middle dot.
///
/// A full stop counts as a middle dot only between Han characters. Width is not folded: a full-width digit in the name of a
/// unit is part of the name, and is folded for comparison only.
pub fn name(text: &str) -> String {
    let text = clean(text);
    let mut out: Vec<char> = Vec::with_capacity(text.len());
    let mut spaces = false;
    for c in text.chars() {
        if c.is_whitespace() {
            spaces = true;
            continue;
        }
        if spaces && out.last().is_some_and(|last| !(joins(*last) && joins(c))) {
            out.push(' ');
        }
        spaces = false;
        out.push(c);
    }
    dotted(&out)
}

/// True for characters between which a space is padding.
fn joins(c: char) -> bool {
    is_han(c)
        || is_dot(c)
        || c == '.'
        || matches!(c, '\u{3001}'..='\u{303F}' | '\u{FF01}'..='\u{FF5E}')
}

const fn is_dot(c: char) -> bool {
    matches!(
        c,
        '\u{B7}'
            | '\u{2022}'
            | '\u{30FB}'
            | '\u{2027}'
            | '\u{FF0E}'
            | '\u{22C5}'
            | '\u{FF65}'
            | '\u{2219}'
    )
}

fn dotted(chars: &[char]) -> String {
    let han = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| is_han(*c));
    let dot = |(at, c): (usize, &char)| {
        let between = han(at.checked_sub(1)) && han(at.checked_add(1));
        if (*c == '.' && between)
            || (is_dot(*c) && *c != '\u{2022}')
            || (*c == '\u{2022}' && between)
        {
            MIDDLE_DOT
        } else {
            *c
        }
    };
    chars.iter().enumerate().map(dot).collect()
}

/// Returns a name folded for comparison: no spaces, width, brackets, dashes, case.
pub fn name_key(text: &str) -> String {
    heading(&name(text))
}

/// Returns a column heading, or any label, folded for comparison: no spaces, half-width, one kind of bracket and dash, lower case.
///
/// # Example
/// ```
/// use ejia::domain::text::heading;
/// assert_eq!(heading(" A\u{FF08}b\u{FF09}\u{2014} "), heading("a(B)-"));
/// ```
pub fn heading(text: &str) -> String {
    let text = clean(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars().map(fold_char).filter(|c| !c.is_whitespace()) {
        match c {
            '[' | '{' | '\u{3010}' | '\u{3014}' | '\u{3016}' => out.push('('),
            ']' | '}' | '\u{3011}' | '\u{3015}' | '\u{3017}' => out.push(')'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '~' | '\u{301C}' => out.push('-'),
            '\u{201C}' | '\u{201D}' | '\u{300C}'..='\u{300F}' | '"' | '*' => {}
            _ if is_dot(c) => out.push(MIDDLE_DOT),
            _ => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// Returns a folded heading without the notes in brackets and after a colon at its end: 职务（留空默认为委员） is 职务.
pub fn heading_without_note(folded: &str) -> &str {
    let mut text = folded.trim_end_matches(':');
    while text.ends_with(')') {
        match text.rfind('(').and_then(|at| text.get(..at)) {
            Some(before) if !before.is_empty() => text = before,
            _ => break,
        }
    }
    text
}

/// Returns a school number, unit code or document number as it is stored: half-width, no spaces, no leading apostrophe.
pub fn identifier(text: &str) -> String {
    let text = clean(text);
    let folded = fold_width(&text);
    let bare = folded.trim_start().trim_start_matches(['\'', '\u{2018}', '\u{2019}', '`']);
    bare.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Returns an id number as it is stored: as [`identifier`], and x, Cyrillic Х and the multiplication sign at the end as X.
pub fn id_number(text: &str) -> String {
    let mut number = identifier(text);
    if let Some('x' | '\u{425}' | '\u{445}' | '\u{D7}') = number.chars().next_back() {
        number.pop();
        number.push('X');
    }
    number
}

/// Returns a telephone number as it is stored: half-width, dashes of one kind, no spaces.
pub fn phone(text: &str) -> String {
    identifier(text)
        .chars()
        .map(|c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c })
        .collect()
}

/// Says whether a text stands for no value, and which sort of none.
pub fn blank(text: &str) -> Option<Blank> {
    let words = &*WORDS;
    if text.trim().is_empty() {
        return Some(Blank::Missing);
    }
    if text.len() > 24 {
        return None;
    }
    let folded = heading(text);
    if folded.is_empty() || words.missing.contains(&folded) {
        Some(Blank::Missing)
    } else if words.none.contains(&folded) {
        Some(Blank::KnownNone)
    } else {
        None
    }
}

/// Reads a yes or no: 是, 否, Y, no, true, 0, √ ...
pub fn flag(text: &str) -> Option<bool> {
    let folded = heading(text);
    if WORDS.yes.contains(&folded) {
        Some(true)
    } else if WORDS.no.contains(&folded) {
        Some(false)
    } else {
        None
    }
}

/// True for 至今: an end that has not come.
pub fn is_until_now(text: &str) -> bool {
    WORDS.until_now.contains(&heading(text))
}

/// Reads a word for a day: today is 0, tomorrow 1, yesterday -1.
pub fn day_word(text: &str) -> Option<i64> {
    let folded = heading(text);
    let lists = [(&WORDS.today, 0), (&WORDS.tomorrow, 1), (&WORDS.yesterday, -1)];
    lists.into_iter().find(|(list, _)| list.contains(&folded)).map(|(_, days)| days)
}

/// Reads a word for a day of a week: weeks from this one (last is -1), and days from its Monday, 0 to 6.
pub fn week_word(text: &str) -> Option<(i64, i64)> {
    let folded = heading(text);
    let lists = [(&WORDS.last_week, -1), (&WORDS.this_week, 0), (&WORDS.next_week, 1)];
    let day_of = |rest: &str| (0..).zip(&WORDS.weekdays).find(|(_, word)| *word == rest);
    lists.into_iter().find_map(|(list, weeks)| {
        let rest = list.iter().filter_map(|word| folded.strip_prefix(word.as_str()));
        // Sunday has two words.
        rest.filter_map(day_of).map(|(day, _)| (weeks, i64::min(day, 6))).next()
    })
}

/// Takes a unit off the end of a number: "96.5分" is "96.5".
pub fn without_unit(number: &str) -> &str {
    let number = number.trim();
    let at = number.find(|c: char| is_han(c)).unwrap_or(number.len());
    match number.split_at_checked(at) {
        Some((digits, unit)) if !digits.is_empty() && WORDS.units.contains(unit.trim()) => {
            digits.trim()
        }
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_lists_are_read_and_are_in_folded_form() {
        let w = &*WORDS;
        assert!(!w.none.is_empty() && !w.units.is_empty());
        for list in [&w.none, &w.missing, &w.yes, &w.no, &w.today, &w.until_now] {
            for word in list {
                assert_eq!(&heading(word), word);
            }
        }
    }

    #[test]
    fn padded_names_are_stored_without_the_padding() {
        assert_eq!(name("張\u{3000}三"), "張三");
        assert_eq!(name(" 张 三\u{A0}"), "张三");
        assert_eq!(name("John  Smith"), "John Smith");
        assert_eq!(name("司马 𬭚\u{3000}轩"), "司马𬭚轩");
    }

    #[test]
    fn every_middle_dot_becomes_the_one_of_the_standard() {
        for dot in ["·", "•", "・", "‧", "．", "⋅", ".", " · "] {
            assert_eq!(name(&format!("阿卜杜拉{dot}买买提")), "阿卜杜拉·买买提", "{dot}");
        }
        assert_eq!(name("J. Smith"), "J. Smith");
    }

    #[test]
    fn compatibility_ideographs_stay_and_letters_are_composed() {
        assert_eq!(clean("\u{F900}e\u{301}"), "\u{F900}\u{E9}");
    }

    #[test]
    fn bidi_and_control_characters_are_found_and_removed() {
        assert_eq!(find_forbidden("a\u{202E}b"), Some('\u{202E}'));
        assert_eq!(find_forbidden("a\u{7}b"), Some('\u{7}'));
        assert_eq!(find_forbidden("a\n\u{200B}b"), None);
        assert_eq!(clean("a\u{202E}\u{7}b\r\nc"), "ab  c");
    }

    #[test]
    fn id_numbers_end_in_a_latin_capital_x() {
        for x in ["x", "X", "Ｘ", "ｘ", "Х", "х"] {
            assert_eq!(id_number(&format!("'11010519491231002{x} ")), "11010519491231002X");
        }
        assert_eq!(id_number("３７０１０２１９８８０８２１９９４４"), "370102198808219944");
    }

    #[test]
    fn headings_compare_without_brackets_spaces_and_notes() {
        assert_eq!(heading("是否大中型（企业） "), heading("是否大中型(企业)"));
        assert_eq!(heading_without_note(&heading("职务（留空默认为委员）")), "职务");
        assert_eq!(heading_without_note(&heading("（党）")), "(党)");
        assert_eq!(heading("“双带头人”"), "双带头人");
    }

    #[test]
    fn none_and_missing_are_told_apart() {
        for text in ["", "  ", "—", "/", "不詳", "未填", "-", "——"] {
            assert_eq!(blank(text), Some(Blank::Missing), "{text}");
        }
        for text in ["无", "無", " 暂无 "] {
            assert_eq!(blank(text), Some(Blank::KnownNone), "{text}");
        }
        assert_eq!(blank("无锡"), None);
    }

    #[test]
    fn private_use_characters_are_noticed() {
        assert!(has_private_use("张\u{E863}"));
        assert!(!has_private_use("𬭚𠮷"));
    }

    #[test]
    fn numbers_lose_their_unit() {
        assert_eq!(without_unit("96.5分"), "96.5");
        assert_eq!(without_unit("3 年"), "3");
        assert_eq!(without_unit("3月"), "3月");
    }
}
