//! Whether an .xls file claims a sheet larger than the format holds.
//!
//! The reader reserves room for every cell that a sheet's DIMENSIONS record claims; a damaged record would ask for more memory
//! than there is, which ends the program. So the records are walked first ([MS-CFB] 2.2-2.6, [MS-XLS] 2.4.90).

/// Most rows and columns of the format.
const MAX_ROWS: u32 = 65_536;
const MAX_COLUMNS: u32 = 256;
const DIMENSIONS: u32 = 0x0200;
/// Allocation tables listed in the header itself; a file with more of them is 7 MB or larger.
const HEADER_TABLES: usize = 109;
const NO_SECTOR: u32 = 0xFFFF_FFF8;

/// True if a sheet claims more cells than the format holds, or the header more tables than the file has room for.
pub(super) fn claims_too_much(file: &[u8]) -> bool {
    let Some(cfb) = Container::new(file) else { return false };
    let sectors = u32::try_from(file.len() / cfb.sector).unwrap_or(u32::MAX);
    let claimed = [44, 64, 72].into_iter().filter_map(|at| u32_at(file, at));
    if claimed.into_iter().any(|count| count > sectors) {
        return true;
    }
    let stream = cfb.workbook().unwrap_or_default();
    let mut at = 0_usize;
    while let (Some(kind), Some(len)) = (u16_at(&stream, at), u16_at(&stream, at.saturating_add(2)))
    {
        let body = at.saturating_add(4);
        if kind == DIMENSIONS && len == 14 {
            let rows = u32_at(&stream, body.saturating_add(4)).unwrap_or(0);
            let columns = u16_at(&stream, body.saturating_add(10)).unwrap_or(0);
            if rows > MAX_ROWS || columns > MAX_COLUMNS {
                return true;
            }
        }
        at = body.saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
    }
    false
}

struct Container<'a> {
    file: &'a [u8],
    sector: usize,
    table: Vec<u32>,
}

impl<'a> Container<'a> {
    fn new(file: &'a [u8]) -> Option<Self> {
        let sector =
            1_usize.checked_shl(u16_at(file, 30)?).filter(|size| [512, 4096].contains(size))?;
        let mut cfb = Self { file, sector, table: Vec::new() };
        let listed = (0..HEADER_TABLES).filter_map(|place| u32_at(file, 76 + place * 4));
        let tables: Vec<u32> = listed.take_while(|id| *id < NO_SECTOR).collect();
        for id in tables {
            let words = cfb.sector(id)?.chunks_exact(4).filter_map(|word| u32_at(word, 0));
            cfb.table.extend(words.collect::<Vec<_>>());
        }
        Some(cfb)
    }

    fn sector(&self, id: u32) -> Option<&'a [u8]> {
        let start = usize::try_from(id).ok()?.checked_add(1)?.checked_mul(self.sector)?;
        let rest = self.file.get(start..)?;
        Some(rest.get(..self.sector).unwrap_or(rest))
    }

    /// Joins a chain of sectors, as far as it goes and at most as long as the file.
    fn chain(&self, first: u32) -> Vec<u8> {
        let mut out = Vec::new();
        let mut id = first;
        while id < NO_SECTOR && out.len() < self.file.len() {
            let Some(sector) = self.sector(id) else { break };
            out.extend_from_slice(sector);
            let next = usize::try_from(id).ok().and_then(|place| self.table.get(place));
            id = next.copied().unwrap_or(NO_SECTOR);
        }
        out
    }

    /// Returns the stream that holds the sheets.
    fn workbook(&self) -> Option<Vec<u8>> {
        let directory = self.chain(u32_at(self.file, 48)?);
        let named = |entry: &&[u8], name: &str| {
            let wanted: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            entry.starts_with(&wanted) && u16_at(entry, wanted.len()) == Some(0)
        };
        let entries = || directory.chunks_exact(128);
        let entry = entries().find(|entry| named(entry, "Workbook") || named(entry, "Book"))?;
        let mut stream = self.chain(u32_at(entry, 116)?);
        stream.truncate(usize::try_from(u32_at(entry, 120)?).ok()?);
        Some(stream)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u32::from(u16::from_le_bytes(bytes.try_into().ok()?)))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}
