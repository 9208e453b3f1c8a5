//! When sled is beyond opening or reading: it is moved aside whole, and what can still be read goes into a new store.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::codec::{self, Item};
use super::{Guard, SledStore, keys, mirror};
use crate::store::bytes::{Reader, len64};
use crate::store::files::{self, At};
use crate::store::seal::Sealer;
use crate::store::{Change, Finding, FindingCode, StoreError};

/// Moves the store in `dir` to `dir.damaged-N` and puts one with everything readable in its place. The rest has to come from
/// the server again.
pub(in crate::store) fn move_aside(
    dir: &Path,
    sealer: &Sealer,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    // Read from a copy, for sled writes even when it is asked to read, and the evidence is to stay as it is.
    let fresh = files::beside(dir, "fresh");
    let copy = files::beside(dir, "copy");
    remove_dir(&fresh)?;
    remove_dir(&copy)?;
    let mut change = match copy_dir(dir, &copy) {
        Ok(()) => readable(&copy, sealer),
        Err(error @ StoreError::DiskFull { .. }) => return Err(error),
        // A part that the disk no longer gives out: only the mirror is left.
        Err(_) => Change::default(),
    };
    let known: BTreeSet<String> = change.notes.iter().map(|(name, _)| name.clone()).collect();
    let mirrored = mirror::read(dir, sealer).into_iter().filter(|(name, _)| !known.contains(name));
    change.notes.extend(mirrored.map(|(name, value)| (name, Some(value))));
    remove_dir(&copy)?;
    let mut store = SledStore::open(&fresh, sealer.clone(), None, &mut Vec::new())?;
    store.write_change(&change)?;
    store.tidy()?;
    drop(store);
    // The new store counts its commits anew, and the reserve of the old one serves it.
    for counted in [
        files::beside(&fresh, "reserve"),
        files::beside(&fresh, "notes"),
        files::beside(&fresh, "seen"),
        files::beside(dir, "seen"),
    ] {
        drop(fs::remove_file(counted));
    }
    let aside = files::free_name(dir, "damaged");
    fs::rename(dir, &aside).at(dir)?;
    fs::rename(&fresh, dir).at(&fresh)?;
    dir.parent().map_or(Ok(()), files::sync_dir)?;
    let numbers = [("rows", len64(change.puts.len())), ("notes", len64(change.notes.len()))];
    findings.push(Finding::new(FindingCode::StoreMovedAside, aside, &numbers));
    Ok(())
}

/// Finishes a [`move_aside`] that was cut between its two renames, and clears up after one cut before.
pub(in crate::store) fn resume(dir: &Path) -> Result<(), StoreError> {
    let fresh = files::beside(dir, "fresh");
    remove_dir(&files::beside(dir, "copy"))?;
    if dir.exists() {
        return remove_dir(&fresh);
    }
    if !fresh.exists() {
        return Ok(());
    }
    fs::rename(&fresh, dir).at(&fresh)?;
    dir.parent().map_or(Ok(()), files::sync_dir)
}

/// Reads whatever opens: notes, single rows and visible blocks.
fn readable(dir: &Path, sealer: &Sealer) -> Change {
    let mut change = Change::default();
    let Ok(guard) = Guard::open(dir, &mut Vec::new()) else {
        return change;
    };
    for (key, plain) in values(&guard, keys::NOTE, sealer) {
        if let Some(name) = keys::name(&key) {
            change.notes.push((name.to_owned(), Some(plain)));
        }
    }
    let mut seen = BTreeSet::new();
    let mut take = |item: Item| {
        if seen.insert(item.id())
            && let Item::Put(row) = item
        {
            change.puts.push(row);
        }
    };
    for (_, plain) in values(&guard, keys::SINGLE, sealer) {
        codec::decode(&mut Reader(&plain)).into_iter().for_each(&mut take);
    }
    let mut live = BTreeSet::new();
    guard.salvage(&[keys::LIVE], &mut |key, _| live.extend(keys::stamp_and_block(key)));
    let blocks: std::collections::BTreeMap<_, _> =
        values(&guard, keys::BLOCK, sealer).into_iter().collect();
    let mut unpacker = None;
    for (_, block) in live.into_iter().rev() {
        let packed = blocks.get(&keys::numbered(keys::BLOCK, block));
        let raw =
            packed.and_then(|packed| codec::unpack(packed, &mut unpacker)).unwrap_or_default();
        let mut reader = Reader(&raw);
        while let Some(item) = codec::decode(&mut reader) {
            take(item);
        }
    }
    drop(guard);
    drop(fs::remove_file(files::beside(dir, "reserve")));
    change
}

/// Returns keys and plain values of a family, as far as they are whole.
fn values(guard: &Guard, family: u8, sealer: &Sealer) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut pieces = std::collections::BTreeMap::new();
    guard.salvage(&[family], &mut |key, value| {
        if let Some((key, piece)) = keys::split_piece(key) {
            pieces.insert((key.to_vec(), piece), value.to_vec());
        }
    });
    let mut joined: std::collections::BTreeMap<Vec<u8>, Vec<u8>> =
        std::collections::BTreeMap::new();
    for ((key, _), value) in pieces {
        joined.entry(key).or_default().extend(value);
    }
    let open = |(key, whole): (Vec<u8>, Vec<u8>)| {
        let plain = sealer.open("store", &key, keys::join(&whole)?)?;
        Some((key, plain))
    };
    joined.into_iter().filter_map(open).collect()
}

fn copy_dir(from: &Path, to: &Path) -> Result<(), StoreError> {
    files::make_dir(to)?;
    for entry in fs::read_dir(from).at(from)? {
        let path = entry.at(from)?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy_dir(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name)).at(&path)?;
        }
    }
    Ok(())
}

fn remove_dir(dir: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io(dir, error))
        }
        _ => Ok(()),
    }
}
