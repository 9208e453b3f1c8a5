//! Between SQL columns and typed rows.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::server::db::rows::{Account, Device, OpRow, RecordRow, Refused, Tenant};
use crate::server::db::{DbError, DbResult};
use crate::sync::{Author, Digest, OpId};

/// The one tenant of a file; a shared database has more.
pub(super) const TENANT: i64 = 1;

/// Reads a 64-bit number kept bit for bit.
pub(super) fn number(row: &SqliteRow, column: &str) -> DbResult<u64> {
    Ok(row.try_get::<i64, _>(column)?.cast_unsigned())
}

/// Reads a number of a smaller range.
pub(super) fn small<T: TryFrom<i64>>(row: &SqliteRow, column: &str) -> DbResult<T> {
    let value: i64 = row.try_get(column)?;
    T::try_from(value).map_err(|_out_of_range| DbError::Damaged { table: "a number" })
}

/// Reads a hash or other fixed number of bytes.
pub(super) fn bytes<const N: usize>(row: &SqliteRow, column: &str) -> DbResult<[u8; N]> {
    let value: &[u8] = row.try_get(column)?;
    <[u8; N]>::try_from(value).map_err(|_length| DbError::Damaged { table: "a hash" })
}

/// Reads a 16-byte id.
pub(super) fn id(row: &SqliteRow, column: &str) -> DbResult<Uuid> {
    Ok(Uuid::from_bytes(bytes::<16>(row, column)?))
}

/// Reads a 16-byte id that may be missing.
pub(super) fn optional_id(row: &SqliteRow, column: &str) -> DbResult<Option<Uuid>> {
    let value: Option<&[u8]> = row.try_get(column)?;
    value
        .map(|bytes| Uuid::from_slice(bytes).map_err(|_length| DbError::Damaged { table: "an id" }))
        .transpose()
}

pub(super) fn op_id(row: &SqliteRow) -> DbResult<OpId> {
    Ok(OpId {
        device: DeviceId(number(row, "device")?),
        generation: small(row, "gen")?,
        n: number(row, "n")?,
    })
}

/// Reads generation and number of another operation of the same device.
pub(super) fn optional_name(
    row: &SqliteRow,
    generation: &str,
    n: &str,
) -> DbResult<Option<(u32, u64)>> {
    let found: (Option<i64>, Option<i64>) = (row.try_get(generation)?, row.try_get(n)?);
    let (Some(generation), Some(n)) = found else { return Ok(None) };
    let generation =
        u32::try_from(generation).map_err(|_range| DbError::Damaged { table: "op" })?;
    Ok(Some((generation, n.cast_unsigned())))
}

pub(super) fn role(row: &SqliteRow) -> DbResult<Role> {
    Role::from_key(row.try_get("role")?).ok_or(DbError::Damaged { table: "account" })
}

pub(super) fn tenant(row: &SqliteRow) -> DbResult<Tenant> {
    Ok(Tenant {
        id: id(row, "id")?,
        name: row.try_get("name")?,
        root: UnitId(id(row, "root")?),
        server_device: DeviceId(number(row, "server_device")?),
        epoch: id(row, "epoch")?,
        epoch_no: number(row, "epoch_no")?,
        head_seq: number(row, "head_seq")?,
        head_chain: bytes(row, "head_chain")?,
        reparent_seq: number(row, "reparent_seq")?,
        tomb_floor: number(row, "tomb_floor")?,
        backup_at: row.try_get("backup_at")?,
    })
}

pub(super) fn record(row: &SqliteRow) -> DbResult<RecordRow> {
    let tomb: Option<i64> = row.try_get("tomb_seq")?;
    Ok(RecordRow {
        id: RecordId(id(row, "id")?),
        kind: small(row, "kind")?,
        unit: UnitId(id(row, "unit")?),
        last_seq: number(row, "last_seq")?,
        tomb_seq: tomb.map(i64::cast_unsigned),
        about: optional_id(row, "about")?.map(RecordId),
        follows: optional_id(row, "follows")?.map(RecordId),
        body: row.try_get("body")?,
    })
}

pub(super) fn op(row: &SqliteRow) -> DbResult<OpRow> {
    Ok(OpRow {
        seq: number(row, "seq")?,
        id: op_id(row)?,
        record: RecordId(id(row, "record")?),
        kind: small(row, "kind")?,
        bytes: row.try_get("bytes")?,
        hash: bytes::<16>(row, "hash")?,
        chain: bytes(row, "chain")?,
        author: Author {
            user: UserId(id(row, "actor")?),
            role: role(row)?,
            home: UnitId(id(row, "home")?),
        },
        recv_at: row.try_get("recv_at")?,
        outcome: row.try_get("outcome")?,
        refused: Refused::from_number(row.try_get("refused")?),
        was: optional_name(row, "was_gen", "was_n")?,
        same: optional_name(row, "same_gen", "same_n")?,
    })
}

/// Reads an account whose columns are named as in its table.
pub(super) fn account(row: &SqliteRow) -> DbResult<Account> {
    Ok(Account {
        id: UserId(id(row, "account")?),
        name: row.try_get("account_name")?,
        role: role(row)?,
        unit: UnitId(id(row, "unit")?),
        disabled: row.try_get::<i64, _>("disabled")? != 0,
    })
}

/// Reads a device, with its `id` and `name` columns named so.
pub(super) fn device(row: &SqliteRow) -> DbResult<Device> {
    let last_hash: Digest = bytes(row, "last_hash")?;
    Ok(Device {
        id: DeviceId(number(row, "id")?),
        account: UserId(id(row, "account")?),
        name: row.try_get("name")?,
        state: row.try_get("state")?,
        generation: small(row, "generation")?,
        last_n: number(row, "last_n")?,
        last_hash,
        durable_n: number(row, "durable_n")?,
        acked_seq: number(row, "acked_seq")?,
        last_seen: row.try_get("last_seen")?,
        outbox_depth: number(row, "outbox_depth")?,
        app_version: row.try_get("app_version")?,
        clock_off_ms: row.try_get("clock_off_ms")?,
        wipe: row.try_get::<i64, _>("wipe")? != 0,
        clone_seen_at: row.try_get("clone_seen_at")?,
    })
}

/// Writes ids as a JSON array of hexadecimal texts, for `json_each` and `unhex`.
pub(super) fn id_list<'a>(ids: impl Iterator<Item = &'a Uuid>) -> String {
    let mut out = String::from("[");
    for id in ids {
        if out.len() > 1 {
            out.push(',');
        }
        out.push('"');
        out.push_str(id.simple().encode_lower(&mut Uuid::encode_buffer()));
        out.push('"');
    }
    out.push(']');
    out
}

/// Writes operation ids as a JSON array of triples.
pub(super) fn op_list<'a>(ids: impl Iterator<Item = &'a OpId>) -> String {
    let triples: Vec<String> = ids
        .map(|id| {
            let (device, n) = (id.device.0.cast_signed(), id.n.cast_signed());
            format!("[{device},{},{n}]", id.generation)
        })
        .collect();
    format!("[{}]", triples.join(","))
}
