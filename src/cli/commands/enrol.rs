//! `enrol`: joins a server with a one-time code.

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::error::CommandResult;
use crate::cli::output::say;
use crate::client::Pin;

#[derive(Debug, Args)]
pub(in crate::cli) struct Enrol {
    #[arg(long, value_name = "URL")]
    server: String,
    #[arg(long, value_name = "CODE")]
    code: String,
    #[arg(long, value_name = "SHA256")]
    pin: Option<Pin>,
}

pub(super) fn run(cx: &Context, command: &Enrol) -> CommandResult {
    let client = cx.open_any()?;
    let name = client.profile().user_name;
    let done = match command.pin {
        Some(pin) => client.enrol_pinned((&command.server, Some(pin)), &command.code, &name)?,
        None => client.enrol(&command.server, &command.code, &name)?,
    };
    cx.facts(
        || {
            json!({
                "device": done.device.to_string(),
                "user": done.user,
                "role": done.role.key(),
                "unit": done.unit.to_string(),
            })
        },
        || {
            vec![
                ("cli-col-server", done.tenant.clone()),
                ("cli-col-user", done.user.clone()),
                ("cli-col-role", cx.locale.text(&format!("role-{}", done.role.key()))),
                ("cli-col-device", done.device.to_string()),
            ]
        },
    )?;
    say(&cx.locale.text("cli-enrol-now-sync"));
    Ok(0)
}
