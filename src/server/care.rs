//! What the server keeps so that a restore does not undo it: its secret and its marks.

use std::path::Path;

use super::beside::Beside;
use super::clock::{Ambient, random_of};
use super::db::location::Location;
use super::db::rows::Mend;
use super::db::{Db, DbError, Tx};
use super::keys::Keys;
use super::marks::Marks;

/// The secret and the marks of one database.
#[derive(Clone, Debug)]
pub(crate) struct Care {
    /// Its secret.
    pub(crate) keys: Keys,
    /// Its marks.
    pub(crate) marks: Marks,
}

/// Why they cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CareError {
    /// A file beside the database.
    #[error("cannot use {path}")]
    Beside {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Care {
    /// Opens what stands beside a database's file; for any other database the secret is in it, and the marks are in the folder
    /// `state`, if there is one.
    pub(crate) async fn open<D: Db>(
        db: &D,
        location: &Location,
        state: Option<&Path>,
        ambient: &dyn Ambient,
    ) -> Result<Self, CareError> {
        let Some(beside) = Beside::of(location) else {
            let inside = Self::inside(db, ambient).await?;
            let Some(folder) = state else { return Ok(inside) };
            let failed = |source| CareError::Beside { path: folder.display().to_string(), source };
            std::fs::create_dir_all(folder).map_err(failed)?;
            let beside = Beside::inside(folder, db.tenant().await?.id);
            return Ok(Self { marks: Marks::of(Some(&beside)), ..inside });
        };
        let failed =
            |source| CareError::Beside { path: beside.key().display().to_string(), source };
        Ok(Self { keys: Keys::load(&beside).map_err(failed)?, marks: Marks::of(Some(&beside)) })
    }

    /// Takes the secret from the database, or makes one there.
    pub(crate) async fn inside<D: Db>(db: &D, ambient: &dyn Ambient) -> Result<Self, DbError> {
        let secret = if let Some(secret) = db.secret().await? {
            secret
        } else {
            let mut tx = db.begin().await?;
            tx.mend(&Mend::Secret(random_of(ambient))).await?;
            tx.commit().await?;
            db.secret().await?.ok_or(DbError::Damaged { table: "secret" })?
        };
        Ok(Self { keys: Keys::of(secret), marks: Marks::of(None) })
    }
}
