//! Between columns and typed rows.

use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::server::db::driver::Row;
use crate::server::db::rows::{
    Account, Device, HistoryRow, OpRow, RecordRow, Refused, Tenant, UniqueRow,
};
use crate::server::db::{DbError, DbResult};
use crate::sync::{Author, OpId};

pub(super) fn op_id(row: &Row) -> DbResult<OpId> {
    Ok(OpId {
        device: DeviceId(row.number("device")?),
        generation: row.small("gen")?,
        n: row.number("n")?,
    })
}

fn role(row: &Row) -> DbResult<Role> {
    Role::from_key(&row.text("role")?).ok_or(DbError::Damaged { table: "account" })
}

pub(super) fn tenant(row: &Row) -> DbResult<Tenant> {
    Ok(Tenant {
        id: row.id("id")?,
        name: row.text("name")?,
        root: UnitId(row.id("root")?),
        server_device: DeviceId(row.number("server_device")?),
        epoch: row.id("epoch")?,
        epoch_no: row.number("epoch_no")?,
        head_seq: row.number("head_seq")?,
        head_chain: row.bytes("head_chain")?,
        reparent_seq: row.number("reparent_seq")?,
        tomb_floor: row.number("tomb_floor")?,
        backup_at: row.int("backup_at")?,
        event_no: row.number("event_no")?,
        event_chain: row.bytes("event_chain")?,
    })
}

pub(super) fn record(row: &Row) -> DbResult<RecordRow> {
    Ok(RecordRow {
        id: RecordId(row.id("id")?),
        kind: row.small("kind")?,
        unit: UnitId(row.id("unit")?),
        last_seq: row.number("last_seq")?,
        tomb_seq: row.opt_int("tomb_seq")?.map(i64::cast_unsigned),
        about: row.opt_id("about")?.map(RecordId),
        follows: row.opt_id("follows")?.map(RecordId),
        points: row.opt_id("points")?.map(RecordId),
        body: row.blob("body")?,
    })
}

pub(super) fn op(row: &Row) -> DbResult<OpRow> {
    Ok(OpRow {
        seq: row.number("seq")?,
        id: op_id(row)?,
        record: RecordId(row.id("record")?),
        kind: row.small("kind")?,
        bytes: row.blob("bytes")?,
        hash: row.bytes("hash")?,
        chain: row.bytes("chain")?,
        author: Author {
            user: UserId(row.id("actor")?),
            role: role(row)?,
            home: UnitId(row.id("home")?),
        },
        recv_at: row.int("recv_at")?,
        outcome: row.blob("outcome")?,
        refused: Refused::from_number(row.int("refused")?)
            .ok_or(DbError::Damaged { table: "op" })?,
        was: row.opt_id("was")?.map(RecordId),
        outside: row.opt_blob("outside")?,
    })
}

/// Reads an account whose id and name are called `account` and `account_name`.
pub(super) fn account(row: &Row) -> DbResult<Account> {
    Ok(Account {
        id: UserId(row.id("account")?),
        name: row.text("account_name")?,
        role: role(row)?,
        unit: UnitId(row.id("unit")?),
        disabled: row.int("disabled")? != 0,
    })
}

/// Reads a device, with its `id` and `name` columns named so.
pub(super) fn device(row: &Row) -> DbResult<Device> {
    Ok(Device {
        id: DeviceId(row.number("id")?),
        account: UserId(row.id("account")?),
        name: row.text("name")?,
        state: row.text("state")?,
        generation: row.small("generation")?,
        last_n: row.number("last_n")?,
        last_hash: row.bytes("last_hash")?,
        durable_n: row.number("durable_n")?,
        acked_seq: row.number("acked_seq")?,
        last_seen: row.int("last_seen")?,
        outbox_depth: row.number("outbox_depth")?,
        app_version: row.text("app_version")?,
        clock_off_ms: row.int("clock_off_ms")?,
        wipe: row.int("wipe")? != 0,
        clone_seen_at: row.int("clone_seen_at")?,
    })
}

pub(super) fn history(row: &Row) -> DbResult<HistoryRow> {
    Ok(HistoryRow {
        seq: row.number("seq")?,
        recv_at: row.int("recv_at")?,
        actor: row.text("actor")?,
        bytes: row.blob("bytes")?,
        outcome: row.blob("outcome")?,
    })
}

pub(super) fn unique(row: &Row) -> DbResult<UniqueRow> {
    Ok(UniqueRow {
        kind: row.small("kind")?,
        field: row.small("field")?,
        key: row.blob("value_key")?,
        record: RecordId(row.id("record")?),
    })
}
