//! Tests of the export: what goes out comes in again.

use jiff::civil;
use proptest::prelude::*;

use super::*;
use crate::domain::access::Office;
use crate::domain::codes;
use crate::domain::kinds::Kind;
use crate::domain::record::Shape;
use crate::domain::record::{FieldNo, ParseContext, Value, ValueKind, parse};
use crate::locale::{Lang, Locale};
use crate::transfer::import::{CellValue, FieldTarget, SheetRequest, read_sheet};

fn cx() -> ParseContext {
    ParseContext::sheet(civil::date(2026, 11, 23))
}

/// Exports one record of a kind by its field keys and reads it again.
fn back(kind: Kind, values: &[(FieldNo, Value)], extension: &str) -> Vec<(FieldNo, Value)> {
    let spec = kind.spec();
    let keys = spec.fields.iter().map(|field| field.key.to_owned());
    let mut table = Table::new("t", keys);
    let cells = spec.fields.iter().map(|field| {
        let value = values.iter().find(|(number, _)| *number == field.number);
        value.map(|(_, value)| parse::format(spec, field, value)).unwrap_or_default()
    });
    table.rows.push(cells.collect());
    let file = format!("t.{extension}");
    let bytes = to_bytes(&table, Path::new(&file)).unwrap();
    let request = SheetRequest { file: &file, sheet: None, kind: Some(kind) };
    let sheet = read_sheet(&request, &bytes, &cx()).unwrap();
    let read = |field, value: &CellValue| match (field, value) {
        (FieldTarget::Field(number), CellValue::Value(value)) => (number, value.clone()),
        (FieldTarget::Reference { field, .. }, CellValue::Text(id)) => {
            (field, Value::Ref(id.parse().unwrap()))
        }
        other => panic!("{other:?}"),
    };
    let row = sheet.rows.first().map(|row| row.cells.clone()).unwrap_or_default();
    let mut out: Vec<_> = row.iter().map(|cell| read(cell.field, &cell.value)).collect();
    out.sort();
    out
}

/// A value of each field, or none, from one typed text.
fn values(kind: Kind, texts: &[String]) -> Vec<(FieldNo, Value)> {
    let spec = kind.spec();
    let mut out = Vec::new();
    let values = spec.fields.iter().filter(|field| field.shape != Shape::Notes);
    for (place, field) in values.enumerate() {
        let mut typed = texts[place % texts.len()].clone();
        if matches!(field.kind, ValueKind::Reference(_)) {
            typed = "0192f0c1-2b3c-7def-8123-456789abcdef".into();
        }
        if let Some(code) = field.choices.first() {
            typed = (*code).to_owned();
        }
        if let Some(list) = field.codes.and_then(codes::list) {
            typed = list.entries()[place % list.entries().len()].code.clone();
        }
        let read = |typed: &str| parse::parse(spec, field, typed, &cx()).ok().flatten();
        let key = spec.natural.contains(&field.key);
        // What names a record is always given.
        let value = read(&typed).filter(|value| !key || *value != Value::Null);
        out.extend(
            value
                .or_else(|| ["2018", "2018-06-01"].into_iter().filter(|_| key).find_map(read))
                .map(|v| (field.number, v)),
        );
    }
    out.sort();
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_exported_is_imported_unchanged(
        texts in prop::collection::vec("('{0,2}[=+@-]?\\PC{1,10}|[12][0-9]{3}-[01][0-9]|[0-9]{1,3}|是)", 1..9),
        which in 0..Kind::ALL.len(),
    ) {
        let kind = Kind::ALL[which];
        let values = values(kind, &texts);
        prop_assume!(values.len() >= 2);
        for extension in ["csv", "json", "xlsx"] {
            prop_assert_eq!(&back(kind, &values, extension), &values, "{}", extension);
        }
    }
}

#[test]
fn formulas_are_defused_in_delimited_text_and_headings_come_after_a_mark() {
    let mut table = Table::new("t", ["a".to_owned(), "b".to_owned()]);
    table.rows.push(vec!["=1+1".to_owned(), "张\"三".to_owned()]);
    table.rows.push(vec!["x".to_owned()]);
    let bytes = to_bytes(&table, Path::new("t.CSV")).unwrap();
    assert_eq!(bytes, "\u{FEFF}a,b\r\n'=1+1,\"张\"\"三\"\r\nx,\r\n".as_bytes());
}

#[test]
fn json_keeps_the_order_of_columns_and_leaves_empty_cells_out() {
    let mut table = Table::new("t", ["b".to_owned(), "a".to_owned()]);
    table.rows.push(vec!["1".to_owned(), "2".to_owned()]);
    table.rows.push(vec![String::new(), "3".to_owned()]);
    let bytes = to_bytes(&table, Path::new("t.json")).unwrap();
    assert_eq!(bytes, b"[\n{\"b\":\"1\",\"a\":\"2\"},\n{\"a\":\"3\"}\n]\n");
}

/// The cells of a sheet as another program reads them.
fn cells(bytes: &[u8], sheet: &str) -> Vec<Vec<String>> {
    use calamine::Reader as _;
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range(sheet).unwrap();
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

#[test]
fn a_workbook_keeps_what_xml_has_other_uses_for() {
    let mut table = Table::new("t", ["a".to_owned(), "b".to_owned(), "c".to_owned()]);
    let row = ["<&>\"' 1", "_x0041_ _x000D_ _x", "\u{1}a\r\n b\u{FFFE}"].map(str::to_owned);
    table.rows.push(row.to_vec());
    table.rows.push(vec![String::new(), "  張𠮷  ".to_owned()]);
    let bytes = to_bytes(&table, Path::new("t.xlsx")).unwrap();
    let read = cells(&bytes, "t");
    assert_eq!(read[1][0], row[0]);
    assert_eq!(read[1][1], row[1]);
    assert_eq!(read[1][2], "\u{1}a\r\n b_xFFFE_");
    assert_eq!(read[2], ["", "  張𠮷  ", ""]);
}

#[test]
fn rows_of_several_sheets_are_written_where_they_belong() {
    let table = |title: &str, rows: usize| {
        let mut table = Table::new(title, ["a".to_owned()]);
        table.rows.extend((0..rows).map(|n| vec![format!("{title} {n}")]));
        table
    };
    let tables = [table("x", 2), table("X", 5_000), Table::new("empty", [])];
    let bytes = many_to_bytes(&tables, Path::new("t.xlsx")).unwrap();
    assert_eq!(cells(&bytes, "x"), [["a"], ["x 0"], ["x 1"]]);
    let long = cells(&bytes, "X 2");
    assert_eq!((long.len(), long[5_000][0].as_str()), (5_001, "X 4999"));
    assert_eq!(cells(&bytes, "empty"), Vec::<Vec<String>>::new());
}

#[test]
fn what_a_workbook_cannot_hold_is_refused() {
    let mut long = Table::new("t", ["a".to_owned()]);
    long.rows.push(vec!["長".repeat(32_767)]);
    assert!(to_bytes(&long, Path::new("t.xlsx")).is_ok());
    long.rows.push(vec!["長".repeat(32_768)]);
    assert!(matches!(to_bytes(&long, Path::new("t.xlsx")), Err(ExportError::Workbook(_))));
    let columns = [TableColumn { heading: "a".to_owned(), width: 1 }];
    let rows = |count| {
        let rows = std::iter::repeat_n(Cow::Owned(vec![String::new()]), count);
        to_bytes(Sheet { title: "t", columns: &columns, rows: Box::new(rows) }, Path::new("t.xlsx"))
    };
    assert!(rows(1_048_575).is_ok());
    assert!(matches!(rows(1_048_576), Err(ExportError::Workbook(_))));
}

#[test]
fn an_extension_without_a_format_is_refused() {
    let table = Table::new("t", []);
    assert!(matches!(to_bytes(&table, Path::new("t.ods")), Err(ExportError::Extension { .. })));
}

#[test]
fn every_template_is_read_by_the_import_in_every_language() {
    for lang in Lang::ALL {
        let locale = Locale::new(lang);
        for kind in Kind::ALL {
            let bytes = template::to_bytes(*kind, Office::Headquarters, &locale).unwrap();
            let request = SheetRequest { file: "t.xlsx", sheet: None, kind: Some(*kind) };
            let sheet = read_sheet(&request, &bytes, &cx()).unwrap();
            assert_eq!((sheet.kind, sheet.rows.len()), (*kind, 0));
            assert_eq!(sheet.notes, [], "{} in {}", kind.key(), lang.key());
            let owner = usize::from(kind.spec().owner == crate::domain::record::Owner::Chosen);
            let notes = kind.spec().shaped(Shape::Notes).count();
            assert_eq!(sheet.columns.len(), kind.spec().fields.len() - notes + owner);
        }
    }
}
