//! What the update asks the runtime to do: work on a thread of its own, and things only the terminal's owner can do.

use zeroize::Zeroizing;

use super::import::ImportAsk;
use crate::domain::ids::RecordId;

/// Most characters put on the clipboard: terminals cut longer sequences off (kitty and tmux at 74,994 bytes of base64, three bytes a character).
pub const CLIPBOARD_CHARS: usize = 18_000;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Open the files with this passphrase.
    Open(Secret),
    /// Make the files.
    Create {
        /// Name of the user.
        user: String,
        /// Code of the unit; empty if not known.
        unit: String,
        /// What locks the files.
        passphrase: Secret,
    },
    /// Join a server with a one-time code.
    Enrol {
        /// Address.
        url: String,
        /// The code.
        code: Secret,
    },
    /// Exchange changes with the server.
    Sync,
    /// Stop the exchange after the step it is in.
    CancelSync,
    /// Compute the figures of the overview for a day.
    Figures(jiff::civil::Date),
    /// Compute the boards for a day.
    Boards(jiff::civil::Date),
    /// Look up what is due in the year after a day.
    Agenda(jiff::civil::Date),
    /// Fetch the history of a record.
    History(RecordId),
    /// Read a sheet; with true the rows that are right are stored.
    Import(ImportAsk, bool),
    /// Put text on the clipboard.
    Copy(String),
    /// Paint everything anew.
    Redraw,
    /// Stop until the shell resumes us.
    Suspend,
    /// End: headquarters had the data of this device destroyed.
    Wiped,
    /// Forget everything and ask for the passphrase again.
    Lock,
}

/// A text that no debug output shows and that is erased from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Zeroizing<String>);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}
