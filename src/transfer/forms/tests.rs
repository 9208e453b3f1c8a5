//! Templates as word processors write them, filled from a table of values.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::docx::Template;
use super::registry::{forms, read_roster};
use super::tags::{Format, ListTag, Piece, pieces};
use super::{Filled, FormError, Source, Unknown, ledger};
use crate::domain::record::PartialDate;

/// A source of fixed values; each list has rows of its own.
#[derive(Default)]
struct Table {
    values: BTreeMap<String, String>,
    lists: BTreeMap<String, Vec<BTreeMap<String, String>>>,
}

impl Table {
    fn of(values: &[(&str, &str)]) -> Self {
        Self { values: owned(values), lists: BTreeMap::new() }
    }

    fn with(mut self, list: &str, rows: &[&[(&str, &str)]]) -> Self {
        self.lists.insert(list.to_owned(), rows.iter().map(|row| owned(row)).collect());
        self
    }
}

fn owned(values: &[(&str, &str)]) -> BTreeMap<String, String> {
    values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

impl Source for Table {
    fn value(&self, path: &[&str]) -> Result<Filled, Unknown> {
        let name = path.join(".");
        match self.values.get(&name) {
            Some(text) => Ok(Filled::Text(text.clone())),
            None => Err(Unknown { name, known: self.values.keys().cloned().collect() }),
        }
    }

    fn list(&self, list: &ListTag) -> Result<Vec<Box<dyn Source + '_>>, Unknown> {
        let unknown = || Unknown { name: list.name.clone(), known: Vec::new() };
        let rows = self.lists.get(&list.name).ok_or_else(unknown)?;
        let mut found: Vec<Box<dyn Source + '_>> = Vec::new();
        for values in rows {
            found.push(Box::new(Self { values: values.clone(), lists: BTreeMap::new() }));
        }
        Ok(found)
    }

    fn blank(&self, list: &ListTag) -> Result<Box<dyn Source + '_>, Unknown> {
        let rows = self.lists.get(&list.name);
        let first = rows.and_then(|rows| rows.first()).cloned().unwrap_or_default();
        let values = first.into_keys().map(|key| (key, String::new())).collect();
        Ok(Box::new(Self { values, lists: BTreeMap::new() }))
    }
}

const HEAD: &str =
    r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document xmlns:w="w">"#;

fn package(body: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("word/media/seal.bin", SimpleFileOptions::default()).unwrap();
    zip.write_all(&[7; 100]).unwrap();
    zip.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    zip.write_all(format!("{HEAD}{body}</w:document>").as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

fn part(package: &[u8], name: &str) -> Vec<u8> {
    let mut zip = ZipArchive::new(Cursor::new(package)).unwrap();
    let mut out = Vec::new();
    zip.by_name(name).unwrap().read_to_end(&mut out).unwrap();
    out
}

fn filled(body: &str, source: &Table) -> Result<String, FormError> {
    let document = Template::read(package(body))?.fill(source)?;
    assert_eq!(part(&document, "word/media/seal.bin"), [7; 100], "what holds no text is untouched");
    let xml = String::from_utf8(part(&document, "word/document.xml")).unwrap();
    Ok(xml.strip_prefix(HEAD).unwrap().strip_suffix("</w:document>").unwrap().to_owned())
}

fn run(text: &str) -> String {
    format!(r#"<w:r><w:t xml:space="preserve">{text}</w:t></w:r>"#)
}

#[test]
fn a_tag_cut_into_runs_is_filled_in_the_look_of_its_first_run() {
    let body = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>姓名：{</w:t></w:r><w:r><w:t>{na</w:t></w:r>\
                <w:r><w:t>me}}，</w:t></w:r></w:p>";
    let expected = format!(
        "<w:p><w:r><w:rPr><w:b/></w:rPr>{}</w:r>{}{}</w:p>",
        r#"<w:t xml:space="preserve">姓名：任春雨</w:t>"#,
        run(""),
        run("，"),
    );
    assert_eq!(filled(body, &Table::of(&[("name", "任春雨")])).unwrap(), expected);
}

#[test]
fn values_never_become_markup_and_lines_become_breaks() {
    let out = filled(
        "<w:p><w:r><w:t>A&amp;B {{note}}</w:t></w:r></w:p>",
        &Table::of(&[("note", "<w:p/>&\nzwei\u{7}")]),
    );
    let expected = r#"<w:p><w:r><w:t xml:space="preserve">A&amp;B &lt;w:p/&gt;&amp;</w:t><w:br/><w:t xml:space="preserve">zwei</w:t></w:r></w:p>"#;
    assert_eq!(out.unwrap(), expected);
}

#[test]
fn a_row_repeats_and_empty_lines_fill_the_paper() {
    let cell = |text: &str| format!("<w:tc><w:p>{}</w:p></w:tc>", run(text));
    let body = format!(
        "<w:tbl><w:tr>{}</w:tr><w:tr>{}{}</w:tr></w:tbl>",
        cell("姓名"),
        cell("{{#people | 3}}{{name}}"),
        cell("{{post}}{{/people}}")
    );
    let source = Table::of(&[]).with(
        "people",
        &[&[("name", "甲"), ("post", "书记")], &[("name", "乙"), ("post", "委员")]],
    );
    let row = |name: &str, post: &str| format!("<w:tr>{}{}</w:tr>", cell(name), cell(post));
    let rows = [row("甲", "书记"), row("乙", "委员"), row("", "")].concat();
    let expected = format!("<w:tbl><w:tr>{}</w:tr>{rows}</w:tbl>", cell("姓名"));
    assert_eq!(filled(&body, &source).unwrap(), expected);
}

#[test]
fn what_cannot_be_filled_names_the_tag() {
    let source = Table::of(&[("name", "甲")]).with("people", &[]);
    let fails = |text: &str| filled(&format!("<w:p>{}</w:p>", run(text)), &source).unwrap_err();
    let error = fails("{{nmae}}");
    assert_eq!(error.args(), [("tag", "nmae".to_owned()), ("name", "nmae".to_owned())]);
    let FormError::UnknownName { unknown, .. } = error else { panic!("{error}") };
    assert_eq!(unknown.known, ["name"]);
    for (text, tag) in [("{{name|loud}}", "name|loud"), ("{{name..x}}", "name..x"), ("{{}}", "")] {
        assert!(matches!(fails(text), FormError::BadTag { tag: t } if t == tag), "{text}");
    }
    let row = |text: &str| format!("<w:tr><w:p>{}</w:p></w:tr>", run(text));
    let open = filled(&row("{{#people}}{{name}}"), &source).unwrap_err();
    assert!(matches!(open, FormError::BadTag { tag } if tag == "#people"));
    let nobody = filled(&row("{{#folk}}{{/folk}}"), &source).unwrap_err();
    assert!(matches!(nobody, FormError::UnknownName { tag, .. } if tag == "#folk"));
}

#[test]
fn what_is_no_document_is_told_apart_from_a_bad_tag() {
    for bytes in [b"".to_vec(), b"PK\x03\x04".to_vec(), package("")[..40].to_vec()] {
        assert!(matches!(Template::read(bytes), Err(FormError::NotADocument { .. })));
    }
    assert!(matches!(Template::read(package("<w:p>")), Err(FormError::NotADocument { .. })));
    let deep = "<a>".repeat(1_000) + &"</a>".repeat(1_000);
    assert!(matches!(Template::read(package(&deep)), Err(FormError::TooLarge)));
    let large = " ".repeat(9 << 20);
    assert!(matches!(Template::read(package(&large)), Err(FormError::TooLarge)));
}

#[test]
fn dates_are_written_no_more_precisely_than_they_are_known() {
    let day = PartialDate::day(2021, 6, 15).unwrap();
    let month = PartialDate::month(2018, 6).unwrap();
    let year = PartialDate::year(1962).unwrap();
    let cases = [
        (Format::Dotted, ["2021.06.15", "2018.06", "1962"]),
        (Format::Month, ["2021.06", "2018.06", "1962"]),
        (Format::Long, ["2021年6月15日", "2018年6月", "1962年"]),
    ];
    for (format, expected) in cases {
        assert_eq!([day, month, year].map(|date| format.date(date)), expected, "{format:?}");
    }
    // 2026-05-10 08:30 and 14:00 in the offices' time zone.
    assert_eq!(Format::HalfDay.moment(1_778_373_000_000), "5月10日上午");
    assert_eq!(Format::HalfDay.moment(1_778_392_800_000), "5月10日下午");
    assert_eq!(Format::Dotted.moment(1_778_373_000_000), "2026.05.10 08:30");
}

#[test]
fn lists_are_read_with_conditions_and_lines() {
    let tag = ListTag::parse("enrolment status!=draft, hours>=4 | 20").unwrap();
    assert_eq!((tag.name.as_str(), tag.filters.len(), tag.lines), ("enrolment", 2, 20));
    assert_eq!(ListTag::parse("people").unwrap().lines, 0);
    for text in ["", " | 3", "people nonsense", "people | many"] {
        assert_eq!(ListTag::parse(text), None, "{text}");
    }
}

#[test]
fn every_form_has_a_template_that_reads() {
    assert!(forms().len() >= 33);
    for form in forms() {
        let template = form.template().unwrap();
        assert!(form.of().is_some(), "{}", form.name);
        if let Some(roster) = &form.roster {
            let text = String::from_utf8(template).unwrap();
            let read = read_roster(&text).unwrap_or_else(|e| panic!("{}: {e}\n{text}", form.name));
            assert_eq!(read.columns.len(), roster.columns.len());
        } else {
            assert!(Template::read(template).is_ok(), "{}", form.name);
        }
    }
}

#[test]
fn a_roster_has_its_title_headings_rows_and_stamp_line() {
    use calamine::{Reader as _, Xlsx};
    let roster = read_roster(
        "title = \"{{unit}}花名册\"\nhead = \"\"\nfoot = \"盖章\"\nrows = \"people | 3\"\n\
         [[columns]]\nheading = \"姓名\"\nvalue = \"{{name}}\"\nwidth = 10\n\
         [each]\nlist = \"sessions\"\nheading = \"{{day}}\"\nwidth = 8\n",
    );
    let source = Table::of(&[("unit", "文学院")])
        .with("people", &[&[("name", "=1+1")]])
        .with("sessions", &[&[("day", "上午")], &[("day", "下午")]]);
    let bytes = ledger::to_bytes(&roster.unwrap(), &source).unwrap();
    let mut book = Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range("文学院花名册").unwrap();
    let rows: Vec<Vec<String>> =
        range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
    assert_eq!(rows[0], row(["文学院花名册", "", ""]));
    assert_eq!(rows[2], row(["姓名", "上午", "下午"]));
    assert_eq!(rows[3], row(["=1+1", "", ""]), "text, never a formula");
    assert_eq!((rows.len(), rows[6][0].as_str()), (7, "盖章"));
}

proptest! {
    #[test]
    fn cutting_a_text_into_pieces_loses_nothing(text in "[{}a#/ |名]{0,40}") {
        let again: String = pieces(&text)
            .into_iter()
            .map(|piece| match piece {
                Piece::Plain(plain) => plain.to_owned(),
                Piece::Tag(tag) => format!("{{{{{tag}}}}}"),
            })
            .collect();
        prop_assert_eq!(again, text);
    }

    #[test]
    fn no_template_makes_it_panic(body in "[<>/w:ptr {}#a&;\"=]{0,80}") {
        if let Ok(template) = Template::read(package(&body)) {
            let _filled_or_told = template.fill(&Table::of(&[("a", "b")]));
        }
    }
}
