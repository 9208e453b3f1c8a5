//! `act`: takes a workflow step, or lists the steps.

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::device::record_of;
use crate::cli::error::{CommandError, CommandResult};
use crate::client::{Client, ClientError, StepView};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;

#[derive(Debug, Args)]
pub(in crate::cli) struct Act {
    id: String,
    #[arg(required_unless_present = "list")]
    action: Option<String>,
    #[arg(value_name = "FIELD=VALUE")]
    values: Vec<String>,
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[arg(long, conflicts_with_all = ["action", "reason"])]
    list: bool,
}

pub(super) fn run(cx: &Context, command: &Act) -> CommandResult {
    let client = cx.open()?;
    let id = record_of(&client, &command.id)?;
    let kind = client.view(id)?.kind;
    let Some(action) = command.action.as_deref().filter(|_| !command.list) else {
        return list(cx, kind, &client.steps(id)?);
    };
    let typed = cx.typed(&client, kind, &command.values)?;
    let saved = client
        .act(id, action, command.reason.as_deref(), typed.fields)
        .map_err(|error| known_steps(cx, &client, id, kind, error))?;
    super::edit::done(cx, kind, &saved, "cli-stepped")
}

/// Names the steps there are when one was asked for that is not.
fn known_steps(
    cx: &Context,
    client: &Client,
    id: RecordId,
    kind: Kind,
    error: ClientError,
) -> CommandError {
    let unknown = matches!(error, ClientError::NotFound { what: "action", .. });
    let error = cx.explain(kind, error);
    if !unknown {
        return error;
    }
    let steps = client.steps(id).unwrap_or_default();
    error.knowing(steps.iter().map(|step| step.action))
}

fn list(cx: &Context, kind: Kind, steps: &[StepView]) -> CommandResult {
    let reason = |step: &StepView| {
        step.blocked
            .as_ref()
            .map(|issue| cx.locale.issue_of(kind.spec(), issue))
            .unwrap_or_default()
    };
    cx.table(
        || {
            let one = |step: &StepView| {
                json!({
                    "action": step.action,
                    "enabled": step.blocked.is_none(),
                    "reason": reason(step),
                })
            };
            steps.iter().map(one).collect()
        },
        &["cli-col-action", "cli-col-meaning", "cli-col-open", "cli-col-reason"],
        || {
            let row = |step: &StepView| {
                let open = if step.blocked.is_none() { "flag-yes" } else { "flag-no" };
                vec![
                    step.action.to_owned(),
                    cx.locale.step_label(kind.spec(), step.action),
                    cx.locale.text(open),
                    reason(step),
                ]
            };
            steps.iter().map(row).collect()
        },
    )?;
    Ok(0)
}
