//! `status`: where the device stands, in figures.

use serde_json::{Map, Value as Json, json};

use crate::cli::context::Context;
use crate::cli::error::CommandResult;
use crate::cli::output::{Grid, Human};
use crate::cli::values::json_at;
use crate::client::Status;
use crate::locale::instant_text;

pub(super) fn run(cx: &Context) -> CommandResult {
    let status = cx.open()?.status();
    cx.output.answer(|| json(&status), || Human::Grid(grid(cx, &status)))?;
    Ok(0)
}

fn json(status: &Status) -> Json {
    let records: Map<String, Json> =
        status.records.iter().map(|(kind, count)| (kind.key().to_owned(), json!(count))).collect();
    json!({
        "user": status.user,
        "unit": status.unit,
        "server": status.server,
        "last_sync_at": status.last_sync_at.map(json_at),
        "pending": status.pending,
        "conflicts": status.conflicts,
        "attention": status.attention,
        "records": records,
    })
}

fn grid(cx: &Context, status: &Status) -> Grid {
    let text = |key: &str| cx.locale.text(key);
    let mut unit = status.unit.clone();
    if status.unit_name != unit {
        unit = [unit.as_str(), &status.unit_name].join(" ");
    }
    let server = status.server.clone().unwrap_or_else(|| text("cli-status-no-server"));
    let synced = status.last_sync_at.map_or_else(|| text("cli-status-never"), instant_text);
    let mut rows = vec![
        vec![text("cli-col-user"), status.user.clone()],
        vec![text("cli-col-role"), text(&format!("role-{}", status.role.key()))],
        vec![text("cli-col-unit"), unit.trim().to_owned()],
        vec![text("cli-col-server"), server],
        vec![text("cli-col-last-sync"), synced],
        vec![text("cli-col-pending"), status.pending.to_string()],
        vec![text("cli-col-conflicts"), status.conflicts.to_string()],
        vec![text("cli-col-attention"), status.attention.to_string()],
    ];
    for (kind, count) in &status.records {
        rows.push(vec![cx.locale.kind_label(kind.spec()), count.to_string()]);
    }
    Grid { headings: Vec::new(), rows }
}
