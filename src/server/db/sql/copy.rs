//! Whole tables from one database into another: how a PostgreSQL database is backed up into a file and filled again from one.

use std::path::Path;

use super::{Database, DbError, DbResult, Link};
use crate::server::db::driver::{Arg, Bytes, Int, OptBytes, OptInt, Table, Text};

/// The log.
pub(super) const OP: Table = Table {
    name: "op",
    key: 2,
    columns: &[
        ("tenant", Int),
        ("seq", Int),
        ("device", Int),
        ("gen", Int),
        ("n", Int),
        ("record", Bytes),
        ("kind", Int),
        ("bytes", Bytes),
        ("hash", Bytes),
        ("chain", Bytes),
        ("actor", Bytes),
        ("role", Text),
        ("home", Bytes),
        ("recv_at", Int),
        ("outcome", Bytes),
        ("refused", Int),
        ("outside", OptBytes),
        ("was", OptBytes),
    ],
};
/// Records.
pub(super) const RECORD: Table = Table {
    name: "record",
    key: 2,
    columns: &[
        ("tenant", Int),
        ("id", Bytes),
        ("kind", Int),
        ("unit", Bytes),
        ("last_seq", Int),
        ("tomb_seq", OptInt),
        ("about", OptBytes),
        ("follows", OptBytes),
        ("points", OptBytes),
        ("body", Bytes),
    ],
};
/// Units that records left.
pub(super) const EXIT: Table = Table {
    name: "scope_exit",
    key: 3,
    columns: &[("tenant", Int), ("unit", Bytes), ("record", Bytes), ("seq", Int)],
};
/// Unique values.
pub(super) const UNIQUE: Table = Table {
    name: "unique_value",
    key: 4,
    columns: &[
        ("tenant", Int),
        ("kind", Int),
        ("field", Int),
        ("value_key", Bytes),
        ("record", Bytes),
    ],
};
/// The tree of units.
pub(super) const UNIT: Table = Table {
    name: "unit",
    key: 2,
    columns: &[("tenant", Int), ("id", Bytes), ("parent", OptBytes)],
};
const TENANT_ROW: Table = Table {
    name: "tenant",
    key: 1,
    columns: &[
        ("tenant", Int),
        ("id", Bytes),
        ("name", Text),
        ("root", Bytes),
        ("server_device", Int),
        ("epoch", Bytes),
        ("epoch_no", Int),
        ("head_seq", Int),
        ("head_chain", Bytes),
        ("reparent_seq", Int),
        ("tomb_floor", Int),
        ("backup_at", Int),
        ("event_no", Int),
        ("event_chain", Bytes),
    ],
};
const ACCOUNT: Table = Table {
    name: "account",
    key: 2,
    columns: &[
        ("tenant", Int),
        ("id", Bytes),
        ("name", Text),
        ("role", Text),
        ("unit", Bytes),
        ("disabled", Int),
    ],
};
const DEVICE: Table = Table {
    name: "device",
    key: 2,
    columns: &[
        ("tenant", Int),
        ("id", Int),
        ("account", Bytes),
        ("public_key", Bytes),
        ("name", Text),
        ("state", Text),
        ("generation", Int),
        ("last_n", Int),
        ("last_hash", Bytes),
        ("durable_n", Int),
        ("acked_seq", Int),
        ("scope_token", Int),
        ("last_seen", Int),
        ("outbox_depth", Int),
        ("app_version", Text),
        ("clock_off_ms", Int),
        ("wipe", Int),
        ("clone_seen_at", Int),
    ],
};
const CODE: Table = Table {
    name: "code",
    key: 2,
    columns: &[
        ("tenant", Int),
        ("hash", Bytes),
        ("account", Bytes),
        ("expires_at", Int),
        ("used_at", OptInt),
    ],
};
/// What is inside a verified backup.
pub(super) const DURABLE: Table = Table {
    name: "durable",
    key: 3,
    columns: &[("tenant", Int), ("device", Int), ("gen", Int), ("n", Int)],
};
const SCOPE: Table =
    Table { name: "scope", key: 2, columns: &[("tenant", Int), ("token", Int), ("body", Bytes)] };
const ALARM: Table = Table {
    name: "alarm",
    key: 2,
    columns: &[
        ("tenant", Int),
        ("no", Int),
        ("at", Int),
        ("word", Text),
        ("device", OptInt),
        ("detail", Text),
    ],
};
/// What must be provable later.
const EVENT: Table = Table {
    name: "event",
    key: 2,
    columns: &[
        ("tenant", Int),
        ("no", Int),
        ("at", Int),
        ("word", Text),
        ("device", OptInt),
        ("actor", OptBytes),
        ("detail", Text),
        ("chain", Bytes),
    ],
};
/// What revoked devices handed in.
pub(super) const QUARANTINE: Table = Table {
    name: "quarantine",
    key: 5,
    columns: &[
        ("tenant", Int),
        ("device", Int),
        ("gen", Int),
        ("n", Int),
        ("hash", Bytes),
        ("bytes", Bytes),
        ("recv_at", Int),
        ("no", Int),
        ("state", Text),
    ],
};
const SECRET: Table = Table { name: "secret", key: 1, columns: &[("tenant", Int), ("key", Bytes)] };
/// Every table, each after those it refers to.
const TABLES: [&Table; 15] = [
    &TENANT_ROW,
    &ACCOUNT,
    &DEVICE,
    &CODE,
    &UNIT,
    &OP,
    &RECORD,
    &EXIT,
    &UNIQUE,
    &DURABLE,
    &SCOPE,
    &ALARM,
    &EVENT,
    &QUARANTINE,
    &SECRET,
];
/// Rows read and written at once.
const WINDOW: u32 = 2_000;

/// Writes everything that a snapshot sees into a new file.
pub(super) async fn into_file(from: &mut Link, file: &Path) -> DbResult<()> {
    if file.exists() {
        return Err(DbError::Exists { what: "the file" });
    }
    let copy = Database::open(file, true).await?;
    let mut into = copy.pool.write().await?;
    copy_all(from, &mut into).await?;
    into.commit().await?;
    // The last connection to be closed empties the log beside the file into it.
    copy.pool.close().await;
    Ok(())
}

impl Database {
    /// Takes everything over from a file; [`DbError::Exists`] if there is a tenant already.
    pub(crate) async fn fill_from(&self, file: &Path) -> DbResult<()> {
        let copy = Self::open(file, false).await?;
        let mut from = copy.pool.snapshot().await?;
        let mut into = self.pool.write().await?;
        match super::read::read_tenant(&mut into).await {
            Err(DbError::NoTenant) => {}
            Ok(_) => return Err(DbError::Exists { what: "the tenant" }),
            Err(other) => return Err(other),
        }
        copy_all(&mut from, &mut into).await?;
        into.commit().await?;
        drop(from);
        copy.pool.close().await;
        Ok(())
    }
}

/// Copies every table. The snapshot must not see the other side's rows, and the other side must hold none.
pub(super) async fn copy_all(from: &mut Link, into: &mut Link) -> DbResult<()> {
    for table in TABLES {
        copy_table(from, into, table).await?;
    }
    Ok(())
}

/// Copies one table, a window at a time, by its key.
async fn copy_table(from: &mut Link, into: &mut Link, table: &Table) -> DbResult<()> {
    let key = table.key().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let parameters: Vec<String> = (1..=table.key).map(|number| format!("${number}")).collect();
    let begin = format!("SELECT {} FROM {}", table.names(), table.name);
    let end = format!("ORDER BY {key} LIMIT {WINDOW}");
    let after = format!("{begin} WHERE ({key}) > ({}) {end}", parameters.join(", "));
    let mut rows = from.all(format!("{begin} {end}"), Vec::new()).await?;
    while let Some(last) = rows.last() {
        let last = table.key().map(|column| last.arg(*column)).collect::<DbResult<Vec<Arg>>>()?;
        let values = rows
            .iter()
            .map(|row| table.columns.iter().map(|column| row.arg(*column)).collect())
            .collect::<DbResult<Vec<Vec<Arg>>>>()?;
        into.append(table, values).await?;
        rows = from.all(after.clone(), last).await?;
    }
    Ok(())
}
