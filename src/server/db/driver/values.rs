//! What goes into a statement and what comes out of it.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::server::db::{DbError, DbResult};
use crate::sync::OpId;

/// One parameter. Numbers of 64 bits are kept bit for bit in signed columns.
#[derive(Clone, Debug)]
pub(in crate::server::db) enum Arg {
    /// A number.
    Int(i64),
    /// A number or nothing.
    OptInt(Option<i64>),
    /// Bytes, ids too.
    Bytes(Vec<u8>),
    /// Bytes or nothing.
    OptBytes(Option<Vec<u8>>),
    /// Text.
    Text(String),
    /// A list of bytes, for `Dialect::keys`.
    Keys(Vec<Vec<u8>>),
    /// A list of numbers, for `Dialect::numbers`.
    Numbers(Vec<i64>),
    /// A list of four numbers each, for `Dialect::fours`.
    Fours(Vec<[i64; 4]>),
}

/// Kinds of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server::db) enum Type {
    /// [`Arg::Int`].
    Int,
    /// [`Arg::OptInt`].
    OptInt,
    /// [`Arg::Bytes`].
    Bytes,
    /// [`Arg::OptBytes`].
    OptBytes,
    /// [`Arg::Text`].
    Text,
}

/// A column's name and kind.
pub(in crate::server::db) type Column = (&'static str, Type);

/// A table as it is inserted into and copied.
#[derive(Clone, Copy, Debug)]
pub(in crate::server::db) struct Table {
    /// Its name.
    pub(in crate::server::db) name: &'static str,
    /// How many of the columns, from the first, are its key.
    pub(in crate::server::db) key: usize,
    /// Its columns, in the order of the values.
    pub(in crate::server::db) columns: &'static [Column],
}

impl Table {
    /// Returns the columns of its key.
    pub(in crate::server::db) fn key(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().take(self.key)
    }

    /// Returns the columns' names with commas between.
    pub(in crate::server::db) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

macro_rules! from {
    ($($type:ty, $value:ident => $arg:expr;)*) => {
        $(impl From<$type> for Arg {
            fn from($value: $type) -> Self {
                $arg
            }
        })*
    };
}
from! {
    i64, value => Self::Int(value);
    u64, value => Self::Int(value.cast_signed());
    u32, value => Self::Int(value.into());
    u16, value => Self::Int(value.into());
    bool, value => Self::Int(value.into());
    Option<u64>, value => Self::OptInt(value.map(u64::cast_signed));
    Option<i64>, value => Self::OptInt(value);
    &str, value => Self::Text(value.to_owned());
    &[u8], value => Self::Bytes(value.to_vec());
    Vec<u8>, value => Self::Bytes(value);
    Option<Vec<u8>>, value => Self::OptBytes(value);
    Uuid, value => Self::Bytes(value.as_bytes().to_vec());
    DeviceId, value => Self::from(value.0);
    RecordId, value => Self::from(value.0);
    UnitId, value => Self::from(value.0);
    UserId, value => Self::from(value.0);
    Option<RecordId>, value => Self::OptBytes(value.map(|id| id.0.as_bytes().to_vec()));
    Option<UnitId>, value => Self::OptBytes(value.map(|id| id.0.as_bytes().to_vec()));
}

impl<const N: usize> From<&[u8; N]> for Arg {
    fn from(value: &[u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl Arg {
    /// Makes a list of ids.
    pub(in crate::server::db) fn ids<'a>(ids: impl Iterator<Item = &'a Uuid>) -> Self {
        Self::Keys(ids.map(|id| id.as_bytes().to_vec()).collect())
    }

    /// Makes a list of operation ids.
    pub(in crate::server::db) fn op_ids<'a>(ids: impl Iterator<Item = &'a OpId>) -> Self {
        Self::Fours(ids.map(|id| four(id, 0)).collect())
    }
}

/// Makes a row of an operation's device, generation and number, and one number more.
pub(in crate::server::db) fn four(id: &OpId, further: u64) -> [i64; 4] {
    let (device, n) = (id.device.0.cast_signed(), id.n.cast_signed());
    [device, id.generation.into(), n, further.cast_signed()]
}

/// Writes a list of parameters.
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::server::db::driver::Arg::from($value)),*]
    };
}
pub(in crate::server::db) use args;

/// One row of an answer.
pub(in crate::server::db) enum Row {
    /// Of a file.
    Sqlite(SqliteRow),
    /// Of a server.
    Postgres(PgRow),
}

macro_rules! get {
    ($row:expr, $column:expr, $type:ty) => {
        match $row {
            Row::Sqlite(row) => row.try_get::<$type, _>($column)?,
            Row::Postgres(row) => row.try_get::<$type, _>($column)?,
        }
    };
}

impl Row {
    /// Reads a signed number.
    pub(in crate::server::db) fn int(&self, column: &str) -> DbResult<i64> {
        Ok(get!(self, column, i64))
    }

    /// Reads a signed number that may be missing.
    pub(in crate::server::db) fn opt_int(&self, column: &str) -> DbResult<Option<i64>> {
        Ok(get!(self, column, Option<i64>))
    }

    /// Reads a 64-bit number kept bit for bit.
    pub(in crate::server::db) fn number(&self, column: &str) -> DbResult<u64> {
        Ok(self.int(column)?.cast_unsigned())
    }

    /// Reads a number of a smaller range.
    pub(in crate::server::db) fn small<T: TryFrom<i64>>(&self, column: &str) -> DbResult<T> {
        T::try_from(self.int(column)?)
            .map_err(|_out_of_range| DbError::Damaged { table: "a number" })
    }

    /// Reads text.
    pub(in crate::server::db) fn text(&self, column: &str) -> DbResult<String> {
        Ok(get!(self, column, String))
    }

    /// Reads bytes.
    pub(in crate::server::db) fn blob(&self, column: &str) -> DbResult<Vec<u8>> {
        Ok(get!(self, column, Vec<u8>))
    }

    /// Reads bytes that may be missing.
    pub(in crate::server::db) fn opt_blob(&self, column: &str) -> DbResult<Option<Vec<u8>>> {
        Ok(get!(self, column, Option<Vec<u8>>))
    }

    /// Reads a hash or other fixed number of bytes.
    pub(in crate::server::db) fn bytes<const N: usize>(&self, column: &str) -> DbResult<[u8; N]> {
        let value = get!(self, column, &[u8]);
        <[u8; N]>::try_from(value).map_err(|_length| DbError::Damaged { table: "a hash" })
    }

    /// Reads a hash or other fixed number of bytes that may be missing.
    pub(in crate::server::db) fn opt_bytes<const N: usize>(
        &self,
        column: &str,
    ) -> DbResult<Option<[u8; N]>> {
        let bytes = self.opt_blob(column)?.map(<[u8; N]>::try_from);
        bytes.transpose().map_err(|_length| DbError::Damaged { table: "a hash" })
    }

    /// Reads a 16-byte id.
    pub(in crate::server::db) fn id(&self, column: &str) -> DbResult<Uuid> {
        Ok(Uuid::from_bytes(self.bytes::<16>(column)?))
    }

    /// Reads a 16-byte id that may be missing.
    pub(in crate::server::db) fn opt_id(&self, column: &str) -> DbResult<Option<Uuid>> {
        let id = |bytes: &[u8]| {
            Uuid::from_slice(bytes).map_err(|_length| DbError::Damaged { table: "an id" })
        };
        get!(self, column, Option<&[u8]>).map(id).transpose()
    }

    /// Reads a column of any kind, for copies.
    pub(in crate::server::db) fn arg(&self, (name, kind): Column) -> DbResult<Arg> {
        Ok(match kind {
            Type::Int => Arg::Int(self.int(name)?),
            Type::OptInt => Arg::OptInt(self.opt_int(name)?),
            Type::Bytes => Arg::Bytes(self.blob(name)?),
            Type::OptBytes => Arg::OptBytes(self.opt_blob(name)?),
            Type::Text => Arg::Text(self.text(name)?),
        })
    }
}
