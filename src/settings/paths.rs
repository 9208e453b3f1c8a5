//! Where files live unless a setting says otherwise.

use std::path::PathBuf;

use super::Settings;

/// Settings of the whole machine.
pub const SYSTEM_FILE: &str = "/etc/ejia/settings.toml";

/// No place for files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathsError {
    /// The platform names no home.
    #[error("no home directory; name a data directory with --data or EJIA_DATA")]
    NoHome,
}

/// Returns the data folder: the setting, else the platform's (`~/.local/share/ejia` on Linux).
///
/// # Errors
/// [`PathsError::NoHome`].
pub fn data_dir(settings: &Settings) -> Result<PathBuf, PathsError> {
    if !settings.data.dir.as_os_str().is_empty() {
        return Ok(settings.data.dir.clone());
    }
    platform_data().ok_or(PathsError::NoHome)
}

#[cfg(feature = "client")]
fn platform_data() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "ejia")?;
    Some(dirs.data_dir().to_owned())
}

#[cfg(not(feature = "client"))]
const fn platform_data() -> Option<PathBuf> {
    None
}

/// Returns the user's settings file (`~/.config/ejia/settings.toml` on Linux), existing or not.
#[cfg(feature = "client")]
pub fn user_file() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "ejia")?;
    Some(dirs.config_dir().join("settings.toml"))
}

/// Returns nothing: a server alone has no user.
#[cfg(not(feature = "client"))]
pub const fn user_file() -> Option<PathBuf> {
    None
}

/// Returns the user's own folder.
#[cfg(feature = "client")]
pub fn home() -> Option<PathBuf> {
    Some(directories::BaseDirs::new()?.home_dir().to_owned())
}

/// Returns the user's own keys, beside the settings file, existing or not.
pub fn keymap_file() -> Option<PathBuf> {
    Some(user_file()?.with_file_name("keymap.toml"))
}
