//! Views of lists that people gave a name, and how they left each list: sealed like the records, because conditions name people.

use super::Client;
use super::error::ClientError;
use crate::domain::ids::RecordId;
use crate::wire::{decode, encode};
use serde::{Deserialize, Serialize};

const PREFIX: &str = "view/";

/// A list as somebody arranged it. An empty name stands for how the list was left last.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredView {
    /// Key of the kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Columns in their order: key, cells (0 for as many as the field says), shown.
    pub columns: Vec<(String, u16, bool)>,
    /// How many of the first columns never scroll away.
    pub pinned: u16,
    /// Word of what the last line of the list says: `none`, `count`, `sum`, `mean`, `distinct`.
    pub measure: String,
    /// Name of the collation.
    pub collation: String,
    /// Orders, as on the command line.
    pub sorts: Vec<String>,
    /// Conditions: field, sign, text.
    pub filters: Vec<(String, String, String)>,
    /// Ticked values: field, values.
    pub facets: Vec<(String, Vec<String>)>,
    /// What is searched for.
    pub search: String,
}

impl std::fmt::Debug for StoredView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredView({}, {} columns)", self.kind, self.columns.len())
    }
}

/// Name of the note that says where a person was.
const PLACE: &str = "place";

/// Where a person was when the terminal was left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftAt {
    /// Number of the tab, from 0.
    pub tab: u8,
    /// The list, if it was one, with its conditions.
    pub list: Option<StoredView>,
    /// Record the cursor was on.
    pub record: Option<RecordId>,
}

impl Client {
    /// Remembers where a person was.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub fn save_place(&self, place: &LeftAt) -> Result<(), ClientError> {
        self.lock().note(vec![(PLACE.to_owned(), Some(encode(place)?))])
    }

    /// Returns where a person was; `None` if nobody left the terminal in order, or an older build wrote it otherwise.
    pub fn place(&self) -> Option<LeftAt> {
        let bytes = self.lock().vault.store.note(PLACE).ok()??;
        decode(&bytes, "place").ok()
    }

    /// Stores a view; one of the same kind and name is replaced.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub fn save_view(&self, view: &StoredView) -> Result<(), ClientError> {
        let name = name_of(&view.kind, &view.name);
        self.lock().note(vec![(name, Some(encode(view)?))])
    }

    /// Throws a view away.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub fn drop_view(&self, kind: &str, name: &str) -> Result<(), ClientError> {
        self.lock().note(vec![(name_of(kind, name), None)])
    }

    /// Returns every view, by kind and name; what an older build wrote and this one cannot read is left out.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub fn stored_views(&self) -> Result<Vec<StoredView>, ClientError> {
        let notes = self.lock().vault.store.notes(PREFIX)?;
        Ok(notes.iter().filter_map(|(_, bytes)| decode(bytes, "view").ok()).collect())
    }
}

fn name_of(kind: &str, name: &str) -> String {
    format!("{PREFIX}{kind}/{name}")
}
