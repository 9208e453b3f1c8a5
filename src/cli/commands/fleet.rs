//! `admin fleet`, `revoke`, `confirm`, `quarantine` and `restore`: when something went wrong, or may have.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::admin::{device_json, devices, facts_of, wait};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::say;
use crate::domain::ids::{DeviceId, RecordId};
use crate::domain::record::parse::instant_text as iso;
use crate::locale::instant_text;
use crate::server::admin::{self, Fleet};
use crate::server::db::location::Location;
use crate::server::db::rows::Alarm;

/// Days without a verified backup after which headquarters is warned.
const BACKUP_DAYS: u32 = 90;

pub(super) fn run(cx: &Context, file: &Location) -> CommandResult {
    let fleet = wait(admin::fleet(file))?;
    if !cx.output.is_table() {
        return cx.facts(|| fleet_json(&fleet), Vec::new).map(|()| 0);
    }
    devices(cx, &fleet.devices)?;
    for alarm in fleet.alarms.iter().rev() {
        say(&alarm_line(cx, alarm));
    }
    if fleet.wants_backup(BACKUP_DAYS) {
        say(&cx.locale.text("cli-fleet-no-backup"));
    }
    Ok(0)
}

fn fleet_json(fleet: &Fleet) -> Json {
    let backup = fleet.tenant.backup_at;
    json!({
        "head_seq": fleet.tenant.head_seq,
        "history": fleet.tenant.epoch_no,
        "backup_at": if backup == 0 { Json::Null } else { json!(iso(backup)) },
        "devices": fleet.devices.iter().map(device_json).collect::<Vec<_>>(),
        "alarms": fleet.alarms.iter().map(alarm_json).collect::<Vec<_>>(),
    })
}

fn alarm_json(alarm: &Alarm) -> Json {
    json!({
        "at": iso(alarm.at),
        "code": alarm.word,
        "device": alarm.device.map(|device| device.to_string()),
        "detail": alarm.detail,
    })
}

fn alarm_line(cx: &Context, alarm: &Alarm) -> String {
    let key = format!("cli-alarm-{}", alarm.word.replace('_', "-"));
    let what = cx.locale.find(&key, &[]).unwrap_or_else(|| alarm.word.clone());
    let device = alarm.device.map(|device| device.to_string()).unwrap_or_default();
    let parts = [instant_text(alarm.at), what, device, alarm.detail.clone()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
}

pub(super) fn revoke(cx: &Context, file: &Location, device: DeviceId, wipe: bool) -> CommandResult {
    wait(admin::revoke(file, device, wipe))?;
    let name = device.to_string();
    cx.facts(|| json!({ "device": name, "state": "revoked", "wipe": wipe }), Vec::new)?;
    say(&cx.locale.text_with("cli-fleet-revoked", &[("device", &name)]));
    Ok(0)
}

pub(super) fn unlock(cx: &Context, file: &Location, device: DeviceId, days: u16) -> CommandResult {
    let made = wait(admin::unlock(file, device, days))?;
    let until = instant_text(made.until);
    cx.facts(
        || json!({ "device": device.to_string(), "code": made.code, "until": iso(made.until) }),
        || {
            vec![
                ("cli-col-device", device.to_string()),
                ("cli-col-unlock-code", made.code.clone()),
                ("cli-col-until", until.clone()),
            ]
        },
    )?;
    Ok(0)
}

pub(super) fn erase(
    cx: &Context,
    file: &Location,
    record: RecordId,
    reason: &str,
) -> CommandResult {
    if reason.trim().is_empty() {
        return Err(CommandError::usage("reason-missing"));
    }
    let done = wait(admin::erase(file, record, reason))?;
    let (records, ops) = (done.records.to_string(), done.ops.to_string());
    cx.facts(|| json!({ "records": done.records, "ops": done.ops }), Vec::new)?;
    let args = [("records", records.as_str()), ("ops", &ops)];
    say(&cx.locale.text_with("cli-admin-erased", &args));
    Ok(0)
}

pub(super) fn confirm(cx: &Context, file: &Location, device: DeviceId) -> CommandResult {
    wait(admin::confirm(file, device))?;
    let name = device.to_string();
    cx.facts(|| json!({ "device": name, "state": "active" }), Vec::new)?;
    say(&cx.locale.text_with("cli-fleet-confirmed", &[("device", &name)]));
    Ok(0)
}

pub(super) fn quarantine(cx: &Context, file: &Location) -> CommandResult {
    let found = wait(admin::quarantine(file))?;
    let one = |info: &admin::QuarantineInfo| {
        json!({
            "device": info.device.to_string(),
            "ops": info.ops,
            "received_at": iso(info.recv_at),
        })
    };
    let row = |info: &admin::QuarantineInfo| {
        vec![info.device.to_string(), info.ops.to_string(), instant_text(info.recv_at)]
    };
    cx.table(
        || found.iter().map(one).collect(),
        &["cli-col-device", "cli-col-ops", "cli-col-at"],
        || found.iter().map(row).collect(),
    )?;
    Ok(0)
}

pub(super) fn events(cx: &Context, file: &Location, after: u64, limit: u32) -> CommandResult {
    let found = wait(admin::events(file, after, limit))?;
    let one = |info: &admin::EventInfo| {
        let event = &info.row.event;
        json!({
            "no": info.row.no,
            "at": iso(event.at),
            "event": event.word,
            "device": event.device.map(|device| device.to_string()),
            "user": info.user,
            "detail": event.detail,
        })
    };
    let row = |info: &admin::EventInfo| {
        let event = &info.row.event;
        vec![
            info.row.no.to_string(),
            instant_text(event.at),
            event.word.clone(),
            event.device.map(|device| device.to_string()).unwrap_or_default(),
            info.user.clone(),
            event.detail.clone(),
        ]
    };
    cx.table(
        || found.iter().map(one).collect(),
        &[
            "cli-col-n",
            "cli-col-at",
            "cli-col-event",
            "cli-col-device",
            "cli-col-user",
            "cli-col-detail",
        ],
        || found.iter().map(row).collect(),
    )?;
    Ok(0)
}

pub(super) fn restore(cx: &Context, file: &Location, from: &Path) -> CommandResult {
    if !from.exists() {
        return Err(CommandError::usage("no-file").with("path", from.display()));
    }
    let done = wait(admin::restore(file, from))?;
    let copy = done.from.display().to_string();
    facts_of(cx, &done.verified, &[("file", copy)])?;
    if let Some(kept) = &done.kept {
        let kept = kept.display().to_string();
        say(&cx.locale.text_with("cli-restore-kept", &[("path", &kept)]));
    }
    let history = done.epoch_no.to_string();
    let (revoked, accounts) =
        (done.reapplied.revoked.to_string(), done.reapplied.accounts.to_string());
    let args = [("history", history.as_str()), ("revoked", &revoked), ("accounts", &accounts)];
    say(&cx.locale.text_with("cli-restore-done", &args));
    if done.reapplied.unreadable > 0 {
        let lines = done.reapplied.unreadable.to_string();
        say(&cx.locale.text_with("cli-restore-unreadable", &[("lines", &lines)]));
    }
    Ok(0)
}
