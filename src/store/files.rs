//! Small helpers over the file system, each of which says durable only when it is.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::StoreError;

/// Folds an `io::Result` at `path` into a store result.
pub(super) trait At<T> {
    fn at(self, path: &Path) -> Result<T, StoreError>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, path: &Path) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::io(path, source))
    }
}

/// Makes the entries of a directory durable; elsewhere than on Unix a directory cannot be synced and need not be.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    if cfg!(unix) {
        File::open(dir).and_then(|dir| dir.sync_all()).at(dir)?;
    }
    Ok(())
}

/// Makes a directory that only its owner may enter, and its missing parents.
pub(super) fn make_dir(dir: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).at(dir)?;
    dir.parent().filter(|up| !up.as_os_str().is_empty()).map_or(Ok(()), sync_dir)
}

/// Opens a new file that only its owner may read, in place of any of that name.
pub(super) fn create(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).at(path)
}

/// Writes a whole file: temporary name, sync, rename, sync of the directory. After a failure the old file stands.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let temporary = beside(path, "new");
    let written = create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()).at(path));
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, path).at(path)) {
        drop(fs::remove_file(&temporary));
        return Err(error);
    }
    path.parent().map_or(Ok(()), sync_dir)
}

/// Writes zeros over everything an open file holds.
pub(super) fn blank(file: &mut File) -> std::io::Result<()> {
    let size = file.metadata()?.len();
    file.write_all(&vec![0; usize::try_from(size).unwrap_or(0)])?;
    file.sync_all()
}

/// Returns `path` with another ending appended.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Returns the first of `path.ending-1`, `path.ending-2`, ... that does not exist.
pub(super) fn free_name(path: &Path, ending: &str) -> PathBuf {
    let mut n = 1_u32;
    loop {
        let name = beside(path, &format!("{ending}-{n}"));
        if !name.exists() {
            return name;
        }
        n = n.saturating_add(1);
    }
}
