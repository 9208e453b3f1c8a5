//! Several people on one machine: each has a data directory of their own under the first one's, with a key of their own. Nobody's
//! passphrase opens another's.

use std::path::{Path, PathBuf};

use super::Client;

/// Folder of the further users.
const USERS: &str = "users";
/// Longest name of a profile, characters.
const LONGEST: usize = 40;

/// Returns the data directory of a user of this machine, `None` if the name is none: letters, digits, `-`, `_`.
///
/// ```
/// use std::path::Path;
/// use ejia::client::users::dir_of;
/// assert!(dir_of(Path::new("/d"), "li-4").is_some_and(|dir| dir.ends_with("users/li-4")));
/// assert!(dir_of(Path::new("/d"), "../x").is_none() && dir_of(Path::new("/d"), "").is_none());
/// ```
pub fn dir_of(base: &Path, name: &str) -> Option<PathBuf> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let good = !name.is_empty() && name.chars().count() <= LONGEST && name.chars().all(fits);
    good.then(|| base.join(USERS).join(name))
}

/// Lists who has files on this machine: the first user, whose name is empty here, then the others by name.
pub fn all(base: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(base.join(USERS)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if dir_of(base, &name).is_some_and(|dir| Client::exists(&dir)) {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    if Client::exists(base) {
        found.insert(0, (String::new(), base.to_owned()));
    }
    found
}
