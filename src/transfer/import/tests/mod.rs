//! Tests of the import: each pitfall by itself, then the sample universities as a whole.

mod memory;
mod offices;
mod pitfalls;
mod samples;

use memory::Memory;

use super::*;
use crate::domain::kinds::Kind;

fn cx() -> ParseContext {
    ParseContext::sheet(jiff::civil::date(2026, 11, 23))
}

/// Reads a sheet and plans it; the memory takes note of what is planned.
fn import(
    memory: &mut Memory,
    file: &str,
    kind: Option<Kind>,
    bytes: &[u8],
    defaults: &Defaults,
) -> (ParsedSheet, Plan) {
    let request = SheetRequest { file, sheet: None, kind };
    let sheet = read_sheet(&request, bytes, &cx()).unwrap();
    let plan = plan(&sheet, defaults, memory, &cx());
    (sheet, plan)
}
