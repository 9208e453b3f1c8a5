//! The portable copy: one encrypted file with the key file, rows, notes and journal.
//!
//! `magic 16 | key file | backup id 16 | chunks | 0 u32 | SHA-256 of all before`, where a chunk is `len u32 | sealed(length |
//! zstd(records))`. A chunk is sealed for its place in this one backup, and the last record tells the counts, so a file cut,
//! rearranged or mixed is refused. The hash tells a rotten copy before anybody is asked for a passphrase.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::bytes::{Reader, len32, len64, put_bytes, put_row, take_row};
use super::files::{self, At};
use super::keyfile::KeyFile;
use super::seal::{Key, Sealer, random};
use super::{Entry, Journal, MAX_VALUE, Row, Store, StoreError};

const MAGIC: &[u8; 16] = b"ejia backup v1\n\0";
const MAGIC_STEM: &[u8] = b"ejia backup v";
/// Bytes of records in a chunk before compression.
const CHUNK: usize = 1 << 20;
/// The most a chunk may hold: one value of the greatest length on top of an almost full one.
const MOST: usize = CHUNK + MAX_VALUE + 1_024;
const LEVEL: i32 = 3;
const ROW: u8 = 1;
const NOTE: u8 = 2;
const ENTRY: u8 = 3;
const END: u8 = 4;

/// What a backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackupSummary {
    /// Confirmed records.
    pub rows: u64,
    /// Notes.
    pub notes: u64,
    /// Journal entries.
    pub entries: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// One thing in a backup.
pub(super) enum Record {
    Row(Row),
    Note(String, Vec<u8>),
    Entry(Entry),
}

/// Writes a backup to `to`: under a temporary name, synced, then renamed over what is there.
pub(super) fn write(
    to: &Path,
    keys: &KeyFile,
    key: &Key,
    store: &dyn Store,
    journal: &dyn Journal,
) -> Result<BackupSummary, StoreError> {
    let temporary = files::beside(to, "new");
    let file = files::create(&temporary)?;
    let written = write_all(file, to, keys, key, store, journal)
        .and_then(|summary| fs::rename(&temporary, to).at(to).map(|()| summary));
    if written.is_err() {
        drop(fs::remove_file(&temporary));
    }
    let summary = written?;
    to.parent().filter(|dir| !dir.as_os_str().is_empty()).map_or(Ok(()), files::sync_dir)?;
    Ok(summary)
}

fn write_all(
    file: File,
    to: &Path,
    keys: &KeyFile,
    key: &Key,
    store: &dyn Store,
    journal: &dyn Journal,
) -> Result<BackupSummary, StoreError> {
    let mut writer = Writer {
        out: Hashed { inner: BufWriter::new(file), hash: Sha256::new(), bytes: 0 },
        sealer: Sealer::new(key),
        backup: random(),
        index: 0,
        raw: Vec::with_capacity(CHUNK),
        failed: None,
        summary: BackupSummary::default(),
    };
    writer.head(&keys.text()).at(to)?;
    store.rows(&mut |row| writer.record(&Record::Row(row)))?;
    for (name, value) in store.notes("")? {
        writer.record(&Record::Note(name, value));
    }
    journal.read(&mut |entry| writer.record(&Record::Entry(entry)))?;
    writer.end().at(to)
}

/// Passes bytes on and hashes them.
struct Hashed<T> {
    inner: T,
    hash: Sha256,
    bytes: u64,
}

impl<T: Write> Hashed<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.bytes = self.bytes.saturating_add(len64(bytes.len()));
        self.inner.write_all(bytes)
    }
}

struct Writer {
    out: Hashed<BufWriter<File>>,
    sealer: Sealer,
    backup: [u8; 16],
    index: u64,
    raw: Vec<u8>,
    failed: Option<io::Error>,
    summary: BackupSummary,
}

impl Writer {
    fn head(&mut self, keys: &str) -> io::Result<()> {
        self.out.write(MAGIC)?;
        self.out.write(&len32(keys.len()).to_be_bytes())?;
        self.out.write(keys.as_bytes())?;
        self.out.write(&self.backup)
    }

    /// Takes a record; the first failure is kept for the end.
    fn record(&mut self, record: &Record) {
        match record {
            Record::Row(row) => {
                self.raw.push(ROW);
                put_row(&mut self.raw, row);
                self.summary.rows += 1;
            }
            Record::Note(name, value) => {
                self.raw.push(NOTE);
                put_bytes(&mut self.raw, name.as_bytes());
                put_bytes(&mut self.raw, value);
                self.summary.notes += 1;
            }
            Record::Entry(entry) => {
                self.raw.push(ENTRY);
                self.raw.extend_from_slice(&entry.generation.to_be_bytes());
                self.raw.extend_from_slice(&entry.n.to_be_bytes());
                put_bytes(&mut self.raw, &entry.bytes);
                self.summary.entries += 1;
            }
        }
        if self.raw.len() >= CHUNK && self.failed.is_none() {
            self.failed = self.chunk().err();
        }
    }

    fn chunk(&mut self) -> io::Result<()> {
        let mut plain = len32(self.raw.len()).to_be_bytes().to_vec();
        plain.extend(zstd::bulk::compress(&self.raw, LEVEL)?);
        self.raw.clear();
        let sealed = self.sealer.seal("backup", &place(self.backup, self.index), &plain);
        self.index += 1;
        self.out.write(&len32(sealed.len()).to_be_bytes())?;
        self.out.write(&sealed)
    }

    fn end(mut self) -> io::Result<BackupSummary> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.raw.push(END);
        for count in [self.summary.rows, self.summary.notes, self.summary.entries] {
            self.raw.extend_from_slice(&count.to_be_bytes());
        }
        self.chunk()?;
        self.out.write(&0_u32.to_be_bytes())?;
        let hash: [u8; 32] = self.out.hash.clone().finalize().into();
        self.out.write(&hash)?;
        self.out.inner.flush()?;
        self.out.inner.get_ref().sync_all()?;
        Ok(BackupSummary { bytes: self.out.bytes, ..self.summary })
    }
}

/// An opened backup file, its hash checked.
pub(super) struct Backup {
    file: BufReader<File>,
    path: std::path::PathBuf,
    pub(super) keys: KeyFile,
    id: [u8; 16],
}

impl Backup {
    /// Opens a backup and reads all of it once to check its hash.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut file = File::open(path).at(path)?;
        verify(&mut file, path)?;
        file.rewind().at(path)?;
        let mut backup = BufReader::new(file);
        let mut skip = [0; MAGIC.len()];
        backup.read_exact(&mut skip).at(path)?;
        let damaged = || StoreError::damaged("backup", path);
        let text = read_chunk(&mut backup, path)?.ok_or_else(damaged)?;
        let text = String::from_utf8(text).ok().ok_or_else(damaged)?;
        let keys = KeyFile::parse(&text, path)?;
        let mut id = [0; 16];
        backup.read_exact(&mut id).at(path)?;
        Ok(Self { file: backup, path: path.into(), keys, id })
    }

    /// Visits every record; fails unless the counts at the end are right.
    pub(super) fn read(
        mut self,
        key: &Key,
        visit: &mut dyn FnMut(Record) -> Result<(), StoreError>,
    ) -> Result<BackupSummary, StoreError> {
        let sealer = Sealer::new(key);
        let path = self.path.clone();
        let damaged = || StoreError::damaged("backup", &path);
        let mut summary = BackupSummary::default();
        let mut index = 0;
        while let Some(sealed) = read_chunk(&mut self.file, &path)? {
            let plain = sealer.open("backup", &place(self.id, index), &sealed);
            let raw = plain.and_then(|plain| unpack(&plain)).ok_or_else(damaged)?;
            index += 1;
            let mut reader = Reader(&raw);
            while !reader.is_done() {
                match decode(&mut reader).ok_or_else(damaged)? {
                    Decoded::Record(record) => {
                        count(&mut summary, &record);
                        visit(record)?;
                    }
                    Decoded::End(end) => {
                        let whole = end == summary && reader.is_done();
                        return if whole { Ok(summary) } else { Err(damaged()) };
                    }
                }
            }
        }
        Err(damaged())
    }
}

enum Decoded {
    Record(Record),
    End(BackupSummary),
}

fn decode(reader: &mut Reader<'_>) -> Option<Decoded> {
    let record = match reader.u8()? {
        ROW => Record::Row(take_row(reader)?),
        NOTE => {
            let name = std::str::from_utf8(reader.bytes()?).ok()?.to_owned();
            Record::Note(name, reader.bytes()?.to_vec())
        }
        ENTRY => {
            let (generation, n) = (reader.u32()?, reader.u64()?);
            Record::Entry(Entry { generation, n, bytes: reader.bytes()?.to_vec() })
        }
        END => {
            let (rows, notes, entries) = (reader.u64()?, reader.u64()?, reader.u64()?);
            return Some(Decoded::End(BackupSummary { rows, notes, entries, bytes: 0 }));
        }
        _ => return None,
    };
    Some(Decoded::Record(record))
}

fn count(summary: &mut BackupSummary, record: &Record) {
    match record {
        Record::Row(_) => summary.rows += 1,
        Record::Note(..) => summary.notes += 1,
        Record::Entry(_) => summary.entries += 1,
    }
}

fn unpack(plain: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader(plain);
    let len = usize::try_from(reader.u32()?).ok().filter(|len| *len <= MOST)?;
    zstd::bulk::decompress(reader.0, len).ok()
}

/// Reads a length and that many bytes; `None` at length 0, the end.
fn read_chunk(file: &mut impl Read, path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let mut len = [0; 4];
    file.read_exact(&mut len).at(path)?;
    let len = usize::try_from(u32::from_be_bytes(len)).unwrap_or(usize::MAX);
    // Compression can make a chunk of noise a little longer.
    if len > MOST + MOST / 64 {
        return Err(StoreError::damaged("backup", path));
    }
    let mut bytes = vec![0; len];
    file.read_exact(&mut bytes).at(path)?;
    Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
}

fn verify(file: &mut File, path: &Path) -> Result<(), StoreError> {
    let damaged = || StoreError::damaged("backup", path);
    let len = file.metadata().at(path)?.len();
    let mut start = Vec::new();
    Read::by_ref(file).take(len64(MAGIC.len())).read_to_end(&mut start).at(path)?;
    if !start.starts_with(MAGIC_STEM) {
        return Err(StoreError::NotBackup { path: path.into() });
    }
    let body = len.checked_sub(32).filter(|body| *body > len64(MAGIC.len())).ok_or_else(damaged)?;
    let magic = start.as_slice();
    if magic != *MAGIC {
        let digit = magic.strip_prefix(MAGIC_STEM).and_then(<[u8]>::first).copied();
        return Err(match digit {
            Some(digit @ b'2'..=b'9') => StoreError::TooNew { version: u32::from(digit - b'0') },
            _ => damaged(),
        });
    }
    file.rewind().at(path)?;
    let mut hash = Sha256::new();
    let mut reader = BufReader::with_capacity(1 << 16, Read::by_ref(file).take(body));
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = reader.read(&mut buffer).at(path)?;
        if read == 0 {
            break;
        }
        hash.update(buffer.get(..read).unwrap_or_default());
    }
    drop(reader);
    let mut stored = [0; 32];
    file.seek(io::SeekFrom::Start(body)).at(path)?;
    file.read_exact(&mut stored).at(path)?;
    let hash: [u8; 32] = hash.finalize().into();
    if hash == stored { Ok(()) } else { Err(damaged()) }
}

fn place(backup: [u8; 16], index: u64) -> Vec<u8> {
    let mut place = backup.to_vec();
    place.extend_from_slice(&index.to_be_bytes());
    place
}
