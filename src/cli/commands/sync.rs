//! `sync`: sends what waits, receives what is new; once, or again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use clap::Args;
use serde_json::{Value as Json, json};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::{CONFLICTS, CommandError, CommandResult};
use crate::cli::output::{data, say};
use crate::client::{Client, ClientError, Compared, Schedule, SyncSummary, TransportError, clock};

#[derive(Debug, Args)]
pub(in crate::cli) struct Sync {
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    watch: Option<u32>,
    #[arg(long, conflicts_with = "watch")]
    check: bool,
}

pub(super) fn run(cx: &Context, command: &Sync) -> CommandResult {
    let client = cx.open_any()?;
    if let Some(seconds) = command.watch {
        return watch(cx, &client, seconds);
    }
    let summary = client.sync(&|_progress| {}, &AtomicBool::new(false))?;
    if command.check {
        let compared = client.compare(&|_progress| {}, &AtomicBool::new(false))?;
        let word = match compared {
            Compared { compared: false, .. } => "cli-sync-not-compared",
            Compared { repaired: 0, .. } => "cli-sync-same",
            Compared { .. } => "cli-sync-repaired",
        };
        say(&cx.locale.text_with(word, &[("units", &compared.repaired.to_string())]));
    }
    client.flush()?;
    tell(cx, &summary)?;
    Ok(exit_of(&summary))
}

const fn exit_of(summary: &SyncSummary) -> u8 {
    if summary.conflicts + summary.refused > 0 { CONFLICTS } else { 0 }
}

fn summary_json(summary: &SyncSummary) -> Json {
    json!({
        "pushed": summary.pushed,
        "pulled": summary.pulled,
        "removed": summary.removed,
        "conflicts": summary.conflicts,
        "refused": summary.refused,
        "pending": summary.pending,
        "requests": summary.requests,
        "bytes_sent": summary.bytes_sent,
        "bytes_received": summary.bytes_received,
    })
}

fn tell(cx: &Context, summary: &SyncSummary) -> CommandResult<()> {
    cx.facts(
        || summary_json(summary),
        || {
            vec![
                ("cli-sync-pushed", summary.pushed.to_string()),
                ("cli-sync-pulled", summary.pulled.to_string()),
                ("cli-sync-removed", summary.removed.to_string()),
                ("cli-sync-pending", summary.pending.to_string()),
                ("cli-col-conflicts", summary.conflicts.to_string()),
                ("cli-col-attention", summary.refused.to_string()),
            ]
        },
    )?;
    if summary.conflicts > 0 {
        say(&cx.locale.text("cli-sync-see-conflicts"));
    }
    if summary.refused > 0 {
        say(&cx.locale.text("cli-sync-see-attention"));
    }
    Ok(())
}

/// Syncs until SIGINT or SIGTERM. There is always a next attempt: a failure is told and the timer armed again.
fn watch(cx: &Context, client: &Client, seconds: u32) -> CommandResult {
    let cancel = Arc::new(AtomicBool::new(false));
    let stop = stop_signal(Arc::clone(&cancel))?;
    let mut schedule = Schedule::new(i64::from(seconds) * 1_000, clock::now_ms());
    loop {
        match client.sync(&|_progress| {}, &cancel) {
            Ok(summary) => {
                schedule.succeeded(clock::now_ms());
                tell_round(cx, &summary)?;
            }
            Err(ClientError::Cancelled) => return Ok(0),
            Err(error) if is_passing(&error) => {
                schedule.failed(clock::now_ms(), rand::random(), retry_after(&error));
                cx.output.error(&error.into(), &cx.locale);
            }
            Err(error) => return Err(error.into()),
        }
        client.flush()?;
        let wait = u64::try_from(schedule.next_at().saturating_sub(clock::now_ms())).unwrap_or(0);
        match stop.recv_timeout(Duration::from_millis(wait)) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(0),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// One line a round: a watcher's output is read line by line.
fn tell_round(cx: &Context, summary: &SyncSummary) -> CommandResult<()> {
    match cx.output.format {
        Format::Table | Format::Csv => tell(cx, summary),
        Format::Json | Format::Jsonl => data(&format!("{}\n", summary_json(summary))),
    }
}

const fn is_passing(error: &ClientError) -> bool {
    matches!(error, ClientError::Transport(error) if error.is_retryable())
}

const fn retry_after(error: &ClientError) -> Option<i64> {
    match error {
        ClientError::Transport(TransportError::Refused { retry_after_ms, .. }) => *retry_after_ms,
        _ => None,
    }
}

fn stop_signal(cancel: Arc<AtomicBool>) -> Result<Receiver<()>, CommandError> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            cancel.store(true, Ordering::SeqCst);
            let _ended_already = sender.send(());
        }
    });
    Ok(receiver)
}
