//! `admin fleet`, `revoke`, `confirm`, `quarantine` and `restore`: when something went wrong, or may have.

use std::path::Path;

use clap::Subcommand;
use serde_json::{Value as Json, json};

use super::admin::{device_json, devices, facts_of, wait};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult, NEEDS_PERSON};
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

#[derive(Debug, Subcommand)]
pub(super) enum QuarantineCommand {
    Show {
        no: u64,
    },
    Take {
        #[arg(required = true)]
        no: Vec<u64>,
    },
    Reject {
        no: u64,
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

pub(super) fn quarantine(
    cx: &Context,
    file: &Location,
    command: Option<&QuarantineCommand>,
) -> CommandResult {
    match command {
        None => list_quarantine(cx, &wait(admin::quarantine(file))?),
        Some(QuarantineCommand::Show { no }) => show_quarantine(cx, file, *no),
        Some(QuarantineCommand::Take { no }) => {
            let mut taken = Vec::with_capacity(no.len());
            for no in no {
                let outcome = wait(admin::quarantine_take(file, *no))?;
                taken.push(json!({ "no": no, "outcome": outcome.key() }));
            }
            let row = |one: &Json| {
                let text = |key: &str| one.get(key).map(|v| v.to_string().replace('"', ""));
                vec![text("no").unwrap_or_default(), text("outcome").unwrap_or_default()]
            };
            cx.table(
                || Json::Array(taken.clone()),
                &["cli-col-n", "cli-col-outcome"],
                || taken.iter().map(row).collect(),
            )?;
            Ok(0)
        }
        Some(QuarantineCommand::Reject { no, reason }) => {
            wait(admin::quarantine_reject(file, *no, reason))?;
            cx.facts(|| json!({ "no": no, "state": "rejected" }), Vec::new)?;
            Ok(0)
        }
    }
}

fn quarantine_json(info: &admin::QuarantineInfo) -> Json {
    json!({
        "no": info.row.no,
        "device": info.row.id.device.to_string(),
        "user": info.user,
        "received_at": iso(info.row.recv_at),
        "state": info.row.state,
        "kind": info.kind,
        "change": info.body(),
    })
}

fn list_quarantine(cx: &Context, found: &[admin::QuarantineInfo]) -> CommandResult {
    let row = |info: &admin::QuarantineInfo| {
        vec![
            info.row.no.to_string(),
            info.row.id.device.to_string(),
            info.user.clone(),
            instant_text(info.row.recv_at),
            info.row.state.clone(),
            info.kind.to_owned(),
            info.body().to_owned(),
        ]
    };
    cx.table(
        || found.iter().map(quarantine_json).collect(),
        &[
            "cli-col-n",
            "cli-col-device",
            "cli-col-user",
            "cli-col-at",
            "cli-col-state",
            "cli-col-kind",
            "cli-col-change",
        ],
        || found.iter().map(row).collect(),
    )?;
    Ok(0)
}

fn show_quarantine(cx: &Context, file: &Location, no: u64) -> CommandResult {
    let found = wait(admin::quarantine(file))?.into_iter().find(|info| info.row.no == no);
    let Some(found) = found else {
        return Err(CommandError::new(NEEDS_PERSON, "admin-no-quarantine").with("no", no));
    };
    let values = found.values();
    let record = found.op.as_ref().map(|op| op.record.to_string());
    let json = || {
        let mut json = quarantine_json(&found);
        if let Some(object) = json.as_object_mut() {
            object.insert("record".to_owned(), json!(record));
            let values = values.iter().map(|(key, value)| json!({ "field": key, "value": value }));
            object.insert("values".to_owned(), values.collect());
        }
        json
    };
    if cx.output.is_table() {
        list_quarantine(cx, std::slice::from_ref(&found))?;
        cx.table(
            || Json::Null,
            &["cli-col-field", "cli-col-value"],
            || values.iter().map(|(key, value)| vec![key.clone(), value.clone()]).collect(),
        )?;
        return Ok(0);
    }
    cx.facts(json, Vec::new).map(|()| 0)
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
