//! Files that people import: workbooks and texts with anything wrong in them are read or refused, never more.

use std::sync::OnceLock;

use ejia::domain::kinds::Kind;
use ejia::domain::record::ParseContext;
use ejia::transfer::import::{ImportError, SheetRequest, read_sheet};
use proptest::prelude::*;
use rust_xlsxwriter::Workbook;

use super::{edited, edits};

fn context() -> ParseContext {
    ParseContext::sheet(jiff::civil::date(2026, 11, 23))
}

fn read(bytes: &[u8], sheet: Option<&str>) -> Result<(), ImportError> {
    let request = SheetRequest { file: "f.xlsx", sheet, kind: Some(Kind::Person) };
    read_sheet(&request, bytes, &context()).map(drop)
}

pub(super) fn workbook() -> &'static [u8] {
    static BOOK: OnceLock<Vec<u8>> = OnceLock::new();
    BOOK.get_or_init(|| {
        let mut book = Workbook::new();
        for name in ["一", "二"] {
            let sheet = book.add_worksheet();
            sheet.set_name(name).unwrap();
            for (column, heading) in (0..).zip(["学工号", "姓名", "性别", "出生日期", "备注"])
            {
                sheet.write_string(0, column, heading).unwrap();
            }
            for row in 1..6 {
                sheet.write_string(row, 0, format!("{row:05}")).unwrap();
                sheet.write_string(row, 1, "王小明").unwrap();
                sheet.write_number(row, 3, f64::from(row) * 1_000.5).unwrap();
                sheet.write_boolean(row, 4, true).unwrap();
            }
        }
        book.save_to_buffer().unwrap()
    })
}

/// The parts of a stored (not compressed) archive can be changed without its checks noticing first.
pub(super) fn parts() -> &'static [(String, Vec<u8>)] {
    static PARTS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    PARTS.get_or_init(|| {
        let sheet = r#"<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:C3"/><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>学工号</t></is></c><c r="B1" t="s"><v>0</v></c></row><row r="2"><c r="A2"><v>12</v></c><c r="B2" t="s"><v>1</v></c><c r="C2" s="1"><v>43000</v></c></row></sheetData><mergeCells count="1"><mergeCell ref="A3:C3"/></mergeCells></worksheet>"#;
        let texts = r#"<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="2" uniqueCount="2"><si><t>姓名</t></si><si><r><t>王</t></r><r><t>明</t></r></si></sst>"#;
        let book = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="一" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
        let links = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
        let root = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
        [
            ("_rels/.rels", root),
            ("xl/workbook.xml", book),
            ("xl/_rels/workbook.xml.rels", links),
            ("xl/sharedStrings.xml", texts),
            ("xl/worksheets/sheet1.xml", sheet),
        ]
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .to_vec()
    })
}

/// Writes an archive of stored parts; the one named `deflated` is a compressed stream that claims to be so long.
pub(super) fn archive(parts: &[(String, Vec<u8>)], deflated: Option<(&str, u32)>) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let crc = crc32(content);
        let size = u32::try_from(content.len()).unwrap();
        let claimed = deflated.filter(|(deflated, _)| deflated == name);
        let (method, plain) = claimed.map_or((0_u16, size), |(_, claimed)| (8, claimed));
        let mut fields = Vec::new();
        fields.extend(20_u16.to_le_bytes());
        fields.extend(0_u16.to_le_bytes());
        fields.extend(method.to_le_bytes());
        fields.extend([0; 4]);
        fields.extend(crc.to_le_bytes());
        fields.extend(size.to_le_bytes());
        fields.extend(plain.to_le_bytes());
        fields.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        fields.extend(0_u16.to_le_bytes());
        let at = u32::try_from(out.len()).unwrap();
        out.extend(b"PK\x03\x04");
        out.extend(&fields);
        out.extend(name.as_bytes());
        out.extend(content);
        directory.extend(b"PK\x01\x02");
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&fields);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(parts.len()).unwrap();
    let at = u32::try_from(out.len()).unwrap();
    let size = u32::try_from(directory.len()).unwrap();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0; 2]);
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _bit in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[test]
fn the_archive_written_by_hand_is_a_workbook() {
    read(&archive(parts(), None), None).unwrap();
    read(workbook(), Some("二")).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn changed_workbooks_are_read_or_refused(edits in edits()) {
        drop(read(&edited(workbook(), &edits), None));
    }

    #[test]
    fn workbooks_with_changed_parts_are_read_or_refused(part in 0..5_usize, edits in edits()) {
        let mut parts = parts().to_vec();
        parts[part].1 = edited(&parts[part].1, &edits);
        drop(read(&archive(&parts, None), None));
    }

    #[test]
    fn changed_texts_are_read_or_refused(
        edits in edits(), delimiter in "[,;\t\"]", quote in any::<bool>(), json in any::<bool>(),
    ) {
        let text = if json {
            r#"[{"staff_no":"1","name":"王","fields":{"name":"x"}},{"name":null,"sex":1.50}]"#.to_owned()
        } else {
            let quoted = if quote { "\"王\n明\"" } else { "王明" };
            ["学工号", "姓名", "\n1", quoted, "\n", "2"].join(&delimiter)
        };
        drop(read(&edited(text.as_bytes(), &edits), None));
    }

    #[test]
    fn any_bytes_are_no_workbook(bytes in proptest::collection::vec(any::<u8>(), 0..600), kind in 0..3_usize) {
        let magic: &[u8] = [&b"PK\x03\x04"[..], &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], b""][kind];
        drop(read(&[magic, &bytes].concat(), None));
    }
}
