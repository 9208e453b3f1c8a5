//! A sealed copy of the notes beside the store, as of the last `flush`: the profile without which a device cannot reach its
//! server again must outlive sled.

use std::fs;
use std::path::Path;

use crate::store::StoreError;
use crate::store::bytes::{Reader, put_bytes};
use crate::store::files;
use crate::store::seal::Sealer;

/// Notes beyond this are not mirrored: the profile is small, and what is long can be fetched or made again.
const MOST: usize = 4 << 20;

/// Writes the copy beside the store in `dir`.
pub(super) fn write(
    dir: &Path,
    sealer: &Sealer,
    notes: &[(String, Vec<u8>)],
) -> Result<(), StoreError> {
    let mut plain = Vec::new();
    for (name, value) in notes {
        if plain.len() + value.len() <= MOST {
            put_bytes(&mut plain, name.as_bytes());
            put_bytes(&mut plain, value);
        }
    }
    files::write_whole(&files::beside(dir, "notes"), &sealer.seal("mirror", b"", &plain))
}

/// Reads the copy; nothing when there is none or it is damaged.
pub(super) fn read(dir: &Path, sealer: &Sealer) -> Vec<(String, Vec<u8>)> {
    let sealed = fs::read(files::beside(dir, "notes")).unwrap_or_default();
    let plain = sealer.open("mirror", b"", &sealed).unwrap_or_default();
    let mut reader = Reader(&plain);
    let mut notes = Vec::new();
    while let (Some(name), Some(value)) = (reader.bytes(), reader.bytes()) {
        notes.extend(String::from_utf8(name.to_vec()).ok().map(|name| (name, value.to_vec())));
    }
    notes
}
