//! `admin`: accounts, codes, devices, backup and verification of the server's database.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use super::fleet;
use super::serve::{database, database_failed, runtime, tls_failed, tls_files};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult, NEEDS_PERSON, USAGE};
use crate::cli::output::say;
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId};
use crate::domain::record::parse::instant_text as iso;
use crate::locale::instant_text;
use crate::server::admin::{self, AdminError, DeviceInfo, OneTimeCode, UserInfo, Verified};
use crate::server::db::location::Location;
use crate::server::net::tls::self_signed;

#[derive(Debug, Args)]
pub(in crate::cli) struct Admin {
    #[arg(long, global = true, value_name = "PATH")]
    database: Option<PathBuf>,
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    Init {
        #[arg(long, value_name = "TEXT")]
        name: String,
        #[arg(long, value_name = "USER")]
        admin: String,
    },
    #[command(subcommand)]
    User(UserCommand),
    Code {
        user: String,
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=8_760))]
        hours: Option<u32>,
    },
    Devices,
    Fleet,
    Revoke {
        device: DeviceId,
        #[arg(long)]
        wipe: bool,
    },
    Confirm {
        device: DeviceId,
    },
    Unlock {
        device: DeviceId,
        #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=90))]
        days: u16,
    },
    Erase {
        record: RecordId,
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    Quarantine {
        #[command(subcommand)]
        command: Option<fleet::QuarantineCommand>,
    },
    Events {
        #[arg(long, value_name = "N", default_value_t = 0)]
        after: u64,
        #[arg(long, value_name = "N", default_value_t = 1_000)]
        limit: u32,
    },
    Backup {
        folder: PathBuf,
    },
    Restore {
        backup: PathBuf,
    },
    Verify,
    Tls {
        folder: PathBuf,
        #[arg(long, value_name = "NAME")]
        host: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    Add {
        name: String,
        #[arg(long, value_name = "ROLE", value_parser = role)]
        role: Role,
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
    },
    List,
    Disable {
        name: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    let keys = || Role::ALL.map(Role::key).join(", ");
    Role::from_key(text).ok_or_else(keys)
}

pub(super) fn run(cx: &Context, command: &Admin) -> CommandResult {
    if let AdminCommand::Tls { folder, host } = &command.command {
        return tls(cx, folder, host);
    }
    let file = database(cx, command.database.as_ref())?;
    match &command.command {
        AdminCommand::Init { name, admin } => init(cx, &file, name, admin),
        AdminCommand::User(command) => user(cx, &file, command),
        AdminCommand::Code { user, hours } => {
            let hours = hours.unwrap_or(cx.config.settings.server.code_hours);
            let code = wait(admin::code(&file, user, hours))?;
            tell_code(cx, None, &code)
        }
        AdminCommand::Devices => devices(cx, &wait(admin::devices(&file))?),
        AdminCommand::Fleet => fleet::run(cx, &file),
        AdminCommand::Revoke { device, wipe } => fleet::revoke(cx, &file, *device, *wipe),
        AdminCommand::Confirm { device } => fleet::confirm(cx, &file, *device),
        AdminCommand::Unlock { device, days } => fleet::unlock(cx, &file, *device, *days),
        AdminCommand::Erase { record, reason } => fleet::erase(cx, &file, *record, reason),
        AdminCommand::Quarantine { command } => fleet::quarantine(cx, &file, command.as_ref()),
        AdminCommand::Events { after, limit } => fleet::events(cx, &file, *after, *limit),
        AdminCommand::Backup { folder } => backup(cx, &file, folder),
        AdminCommand::Restore { backup } => fleet::restore(cx, &file, backup),
        AdminCommand::Verify | AdminCommand::Tls { .. } => {
            let found = wait(admin::verify(&file))?;
            facts_of(cx, &found, &[])?;
            Ok(if found.difference.is_none() { 0 } else { NEEDS_PERSON })
        }
    }
}

/// Runs one of the server's functions to its end.
pub(super) fn wait<T>(future: impl Future<Output = Result<T, AdminError>>) -> CommandResult<T> {
    runtime()?.block_on(future).map_err(|error| failed(&error))
}

fn failed(error: &AdminError) -> CommandError {
    let needs = |code: &str| CommandError::new(NEEDS_PERSON, code);
    match error {
        AdminError::Database(error) => database_failed(error),
        AdminError::NoUser { name } => needs("admin-no-user").with("name", name),
        AdminError::NoUnit { code } => needs("admin-no-unit").with("code", code),
        AdminError::NoDevice { device } => needs("admin-no-device").with("device", device),
        AdminError::NoRecord { id } => needs("not-found-record").with("id", id),
        AdminError::UnitNeeded { role } => {
            CommandError::usage("admin-unit-needed").with("role", role.key())
        }
        AdminError::File { path, source } => {
            CommandError::new(USAGE, "write").with("path", path).with("cause", source)
        }
        AdminError::NotVerified { difference } => {
            needs("admin-not-verified").with("detail", difference)
        }
        AdminError::Running => CommandError::usage("admin-running"),
        AdminError::NoBackup { path } => CommandError::usage("admin-no-backup").with("path", path),
        AdminError::NoQuarantine { no } => needs("admin-no-quarantine").with("no", no),
        AdminError::Refused => needs("admin-refused"),
    }
}

fn init(cx: &Context, file: &Location, name: &str, user: &str) -> CommandResult {
    let folder = if let Location::File(path) = file { path.parent() } else { None };
    if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|source| {
            CommandError::usage("write").with("path", folder.display()).with("cause", source)
        })?;
    }
    let made = wait(admin::init(file, name, user))?;
    tell_code(cx, Some(&made.tenant.to_string()), &made.code)
}

fn tell_code(cx: &Context, tenant: Option<&str>, code: &OneTimeCode) -> CommandResult {
    let line = to_type(cx, &code.code)?;
    let json = || {
        let mut json =
            json!({ "user": code.user, "code": code.code, "expires_at": iso(code.expires_at) });
        let more = line.as_ref().map(|(pin, line)| [("pin", pin), ("enrol", line)]);
        if let Some(object) = json.as_object_mut() {
            object.extend(tenant.map(|tenant| ("tenant".to_owned(), json!(tenant))));
            let more = more.into_iter().flatten();
            object.extend(more.map(|(key, value)| (key.to_owned(), json!(value))));
        }
        json
    };
    cx.facts(json, || {
        vec![
            ("cli-col-user", code.user.clone()),
            ("cli-col-code", code.code.clone()),
            ("cli-col-expires", instant_text(code.expires_at)),
        ]
    })?;
    if let Some((_, line)) = &line {
        say(line);
    }
    Ok(0)
}

/// Makes a certificate signed by itself, or tells the fingerprint of the one that is there.
fn tls(cx: &Context, folder: &Path, hosts: &[String]) -> CommandResult {
    let own = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let hosts: Vec<String> = hosts.iter().cloned().chain(own).collect();
    let made = self_signed(folder, &hosts).map_err(|error| tls_failed(&error))?;
    let (cert, key) = (made.files.cert.display().to_string(), made.files.key.display().to_string());
    let pin = made.fingerprint.to_string();
    cx.facts(
        || json!({ "cert": cert, "key": key, "pin": pin, "made": made.made }),
        || {
            vec![
                ("cli-col-cert", cert.clone()),
                ("cli-col-key", key.clone()),
                ("cli-col-pin", pin.clone()),
            ]
        },
    )?;
    Ok(0)
}

/// Returns the fingerprint devices must pin, and the line to type on a device, where a certificate is set.
fn to_type(cx: &Context, code: &str) -> CommandResult<Option<(String, String)>> {
    let Some(files) = tls_files(cx) else { return Ok(None) };
    let pin = files.fingerprint().map_err(|error| tls_failed(&error))?.to_string();
    let settings = &cx.config.settings.server;
    let address = if settings.address.is_empty() {
        format!("https://{}", settings.listen)
    } else {
        settings.address.clone()
    };
    let line = format!("ejia enrol --server {address} --code {code} --pin {pin}");
    Ok(Some((pin, line)))
}

fn user(cx: &Context, file: &Location, command: &UserCommand) -> CommandResult {
    match command {
        UserCommand::Add { name, role, unit } => {
            let made = wait(admin::user_add(file, name, *role, unit.as_deref()))?;
            cx.facts(
                || json!({ "user": made.name, "role": made.role.key(), "unit": made.unit }),
                || {
                    vec![
                        ("cli-col-user", made.name.clone()),
                        ("cli-col-role", cx.locale.text(&format!("role-{}", made.role.key()))),
                        ("cli-col-unit", made.unit.clone()),
                    ]
                },
            )?;
            say(&cx.locale.text_with("cli-admin-now-code", &[("name", &made.name)]));
        }
        UserCommand::List => users(cx, &wait(admin::user_list(file))?)?,
        UserCommand::Disable { name } => {
            wait(admin::user_disable(file, name))?;
            cx.facts(|| json!({ "user": name, "disabled": true }), Vec::new)?;
            say(&cx.locale.text_with("cli-admin-disabled", &[("name", name)]));
        }
    }
    Ok(0)
}

fn users(cx: &Context, users: &[UserInfo]) -> CommandResult<()> {
    let one = |user: &UserInfo| json!({ "user": user.name, "role": user.role.key(), "unit": user.unit, "disabled": user.disabled });
    let row = |user: &UserInfo| {
        vec![
            user.name.clone(),
            cx.locale.text(&format!("role-{}", user.role.key())),
            user.unit.clone(),
            cx.locale.text(if user.disabled { "cli-disabled" } else { "cli-active" }),
        ]
    };
    cx.table(
        || users.iter().map(one).collect(),
        &["cli-col-user", "cli-col-role", "cli-col-unit", "cli-col-state"],
        || users.iter().map(row).collect(),
    )
}

/// What is told of one device.
pub(super) fn device_json(info: &DeviceInfo) -> Json {
    let seen = |ms: i64| if ms == 0 { Json::Null } else { json!(iso(ms)) };
    let device = &info.device;
    json!({
        "device": device.id.to_string(),
        "user": info.user,
        "name": device.name,
        "state": device.state,
        "last_seen_at": seen(device.last_seen),
        "outbox_depth": device.outbox_depth,
        "app_version": device.app_version,
        "clock_off_ms": device.clock_off_ms,
        "clone_seen_at": seen(device.clone_seen_at),
    })
}

pub(super) fn devices(cx: &Context, devices: &[DeviceInfo]) -> CommandResult {
    let row = |info: &DeviceInfo| {
        let device = &info.device;
        let seen =
            if device.last_seen == 0 { String::new() } else { instant_text(device.last_seen) };
        let state = cx.locale.find(&format!("cli-{}", device.state), &[]);
        vec![
            device.id.to_string(),
            info.user.clone(),
            state.unwrap_or_else(|| device.state.clone()),
            seen,
            device.outbox_depth.to_string(),
            device.app_version.clone(),
        ]
    };
    cx.table(
        || devices.iter().map(device_json).collect(),
        &[
            "cli-col-device",
            "cli-col-user",
            "cli-col-state",
            "cli-col-last-sync",
            "cli-col-pending",
            "cli-col-version",
        ],
        || devices.iter().map(row).collect(),
    )?;
    Ok(0)
}

fn backup(cx: &Context, file: &Location, folder: &Path) -> CommandResult {
    let done = wait(admin::backup(file, folder))?;
    let copy = done.file.display().to_string();
    facts_of(cx, &done.verified, &[("file", copy), ("bytes", done.size_bytes.to_string())])?;
    Ok(0)
}

/// Tells what a verification counted, after other facts.
pub(super) fn facts_of(
    cx: &Context,
    found: &Verified,
    first: &[(&'static str, String)],
) -> CommandResult<()> {
    let difference = found.difference.as_ref().map(ToString::to_string);
    let json = || {
        let mut json = json!({
            "ok": difference.is_none(),
            "ops": found.ops,
            "erased": found.erased,
            "erased": found.erased,
            "events": found.events,
            "records": found.records,
            "conflicts": found.conflicts,
            "head_seq": found.head_seq,
            "difference": difference,
        });
        if let Some(object) = json.as_object_mut() {
            for (key, value) in first {
                let number = value.parse::<u64>().map(|number| json!(number));
                object.insert((*key).to_owned(), number.unwrap_or_else(|_text| json!(value)));
            }
        }
        json
    };
    cx.facts(json, || {
        let label = |key| if key == "file" { "cli-col-file" } else { "cli-col-bytes" };
        let mut facts: Vec<(&'static str, String)> =
            first.iter().map(|(key, value)| (label(*key), value.clone())).collect();
        facts.push(("cli-col-ops", found.ops.to_string()));
        facts.push(("cli-col-events", found.events.to_string()));
        facts.push(("cli-col-records", found.records.to_string()));
        facts.push(("cli-col-conflicts", found.conflicts.to_string()));
        facts
    })?;
    let word = if difference.is_none() { "cli-admin-verified" } else { "cli-admin-differs" };
    say(&cx.locale.text_with(word, &[("detail", difference.as_deref().unwrap_or_default())]));
    Ok(())
}
