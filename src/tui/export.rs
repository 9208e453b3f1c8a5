//! Any screen as a file: its rows as CSV, or as text in columns.

use std::path::{Path, PathBuf};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::{Purpose, Shell, Tone};
use super::arranged::{Sheet, TakenOut};
use super::screens::Page;
use super::text::{fit, shown, width};
use super::ui::{Chrome, Ui, dump};
use super::widgets::dialog::Dialog;
use super::widgets::picker::{Item, Picker};
use crate::domain::kinds::Kind;

/// Cells and rows of a screen that has no rows of its own.
const PAPER: (u16, u16) = (120, 60);
/// Widest column of a text file.
const WIDEST: usize = 40;

/// How the file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated, with a mark that spreadsheets know UTF-8 by.
    Csv,
    /// Columns of text.
    Text,
}

impl Form {
    const ALL: [Self; 2] = [Self::Csv, Self::Text];

    const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Text => "txt",
        }
    }
}

/// Asks how the screen is to be written.
pub(super) fn pick(shell: &mut Shell) {
    let item = |form: Form| Item {
        id: form.extension().to_owned(),
        label: shell.text(&format!("export-{}", form.extension())),
        note: format!(".{}", form.extension()),
        disabled: None,
    };
    let items = Form::ALL.into_iter().map(item).collect();
    let title = shell.text("export-title");
    shell.pick(Purpose::ExportForm, Picker::new(&title, items));
}

/// Takes the form; where personal data leave it asks what for, else it writes.
pub(super) fn chosen(shell: &mut Shell, page: &dyn Page, extension: &str) {
    let Some(form) = Form::ALL.into_iter().find(|form| form.extension() == extension) else {
        return;
    };
    if sheet_of(shell, page).taken.is_none() {
        return write(shell, page, form, "");
    }
    let answers = vec![shell.text("answer-export"), shell.text("answer-cancel")];
    let dialog = Dialog::ask(shell.text("export-title"), shell.text("export-purpose"), answers)
        .with_field(shell.text("export-why"), "");
    shell.ask(Purpose::ExportWhy(form), dialog);
}

/// Writes the screen into a new file and says where it is.
pub(super) fn write(shell: &mut Shell, page: &dyn Page, form: Form, purpose: &str) {
    let Some(data) = shell.data.clone() else { return };
    let sheet = sheet_of(shell, page);
    let file = free_name(&shell.folder, &sheet.name, &shell.today.to_string(), form);
    let bytes = match form {
        Form::Csv => csv(&sheet),
        Form::Text => text(&sheet),
    };
    match data.take_out(&sheet, purpose, &file, bytes.as_bytes()) {
        Ok(()) => {
            let path = file.canonicalize().unwrap_or(file).display().to_string();
            let count = sheet.rows.len().saturating_sub(1).to_string();
            let args = [("count", count.as_str()), ("path", path.as_str())];
            shell.say(Tone::Good, shell.text_with("exported", &args));
        }
        Err(failure) => shell.say_failure(&failure),
    }
}

/// Returns the rows of a screen; of one that has none, what it looks like.
fn sheet_of(shell: &Shell, page: &dyn Page) -> Sheet {
    page.sheet(shell).unwrap_or_else(|| {
        let area = Rect::new(0, 0, PAPER.0, PAPER.1);
        let mut buf = Buffer::empty(area);
        let mut ui = Ui::new(&mut buf, &shell.theme, Chrome::Ascii);
        page.draw(shell, &mut ui, area);
        let painted = dump(&buf);
        let lines = painted.trim_end().lines().map(|line| vec![line.to_owned()]);
        Sheet {
            name: "screen".to_owned(),
            title: page.crumb(shell),
            rows: std::iter::once(vec![page.crumb(shell)]).chain(lines).collect(),
            // What it shows is not known field by field, so it counts as a person's.
            taken: Some(TakenOut {
                kind: Kind::Person,
                fields: Vec::new(),
                count: 1,
                whole: false,
            }),
        }
    })
}

/// Returns a name that no file has yet.
fn free_name(folder: &Path, name: &str, day: &str, form: Form) -> PathBuf {
    let path = |n: u32| {
        let number = if n == 0 { String::new() } else { format!("-{n}") };
        folder.join(format!("ejia-{name}-{day}{number}.{}", form.extension()))
    };
    (0..10_000).map(path).find(|path| !path.exists()).unwrap_or_else(|| path(10_000))
}

/// Writes rows as CSV; what a spreadsheet would take for a formula gets an apostrophe.
fn csv(sheet: &Sheet) -> String {
    let mut out = String::from('\u{feff}');
    for row in &sheet.rows {
        let cells: Vec<String> = row.iter().map(|cell| csv_cell(cell)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

fn csv_cell(text: &str) -> String {
    let text = shown(text);
    let guarded = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text };
    if guarded.contains([',', '"']) {
        return format!("\"{}\"", guarded.replace('"', "\"\""));
    }
    guarded
}

/// Writes rows as columns of text under their title.
fn text(sheet: &Sheet) -> String {
    let mut out = format!("{}\n\n", sheet.title);
    let columns = sheet.rows.iter().map(Vec::len).max().unwrap_or(0);
    let wide: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = sheet.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| width(&shown(cell))).max().unwrap_or(0)
        })
        .collect();
    for row in &sheet.rows {
        let last = row.len().saturating_sub(1);
        let cells: Vec<String> = row
            .iter()
            .zip(&wide)
            .enumerate()
            .map(
                |(n, (cell, wide))| {
                    if n == last { shown(cell) } else { fit(&shown(cell), (*wide).min(WIDEST)) }
                },
            )
            .collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let rows = [["姓名", "備註"], ["王小明", "=1+1"], ["單", "說「好」, \"ok\""]];
        Sheet {
            title: "人員".into(),
            rows: rows.map(|row| row.map(str::to_owned).to_vec()).to_vec(),
            ..Sheet::default()
        }
    }

    #[test]
    fn cells_with_commas_are_quoted_and_formulas_are_defused() {
        let wanted = "\u{feff}姓名,備註\r\n王小明,'=1+1\r\n單,\"說「好」, \"\"ok\"\"\"\r\n";
        assert_eq!(csv(&sheet()), wanted);
    }

    #[test]
    fn columns_of_text_stand_below_one_another() {
        assert_eq!(
            text(&sheet()),
            "人員\n\n姓名    備註\n王小明  =1+1\n單      說「好」, \"ok\"\n"
        );
    }

    #[test]
    fn a_file_that_is_there_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let first = free_name(dir.path(), "person", "2026-08-23", Form::Csv);
        std::fs::write(&first, "x").unwrap();
        let second = free_name(dir.path(), "person", "2026-08-23", Form::Csv);
        assert!(second.ends_with("ejia-person-2026-08-23-1.csv"), "{second:?}");
    }
}
