//! The sync screen: where this device and its server stand, what a running sync does, how the last one ended.

use ratatui::layout::Rect;

use super::{AttentionList, ConflictList, Page, Reply};
use crate::locale::instant_text;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Purpose, Shell, Tone};
use crate::tui::data::SyncStep;
use crate::tui::effect::Effect;
use crate::tui::text::{bar, fit};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::dialog::Dialog;

/// The screen itself holds nothing: the sync runs on whether it is shown or not.
#[derive(Debug, Default)]
pub struct SyncScreen;

fn standing(shell: &Shell) -> Vec<(String, Role)> {
    let status = &shell.status;
    let server = status.server.clone().unwrap_or_else(|| shell.text("sync-no-server"));
    let last = status.last_sync_ms.map_or_else(|| shell.text("never"), instant_text);
    let line =
        |key: &str, value: String| (format!("{} {value}", fit(&shell.text(key), 18)), Role::Text);
    let mut lines = vec![
        line("sync-user", format!("{} {}", status.user, status.unit)),
        line("sync-server", server),
        line("sync-last", last),
        line("line-pending", status.pending.to_string()),
        line("line-conflicts", status.conflicts.to_string()),
        line("line-attention", status.attention.to_string()),
    ];
    if status.server.is_none() {
        lines.push((shell.text("sync-join-hint"), Role::Warning));
    }
    lines
}

/// The phases of a sync, in their order.
const PHASES: [&str; 4] = ["connect", "push", "pull", "apply"];

fn progress(shell: &Shell) -> Vec<(String, Role)> {
    let sync = &shell.sync;
    let mut lines: Vec<(String, Role)> = Vec::new();
    let reached = sync
        .steps
        .iter()
        .filter_map(|step| PHASES.iter().position(|phase| *phase == step.phase))
        .max();
    if sync.running || !sync.steps.is_empty() {
        for (number, phase) in PHASES.into_iter().enumerate() {
            let step = sync.steps.iter().find(|step| step.phase == phase);
            let key = match reached {
                Some(reached) if number < reached || !sync.running => "done",
                Some(reached) if number == reached => "running",
                _ => "waiting",
            };
            let key = if step.is_none() && !sync.running { "waiting" } else { key };
            let role = if key == "running" { Role::Key } else { Role::Text };
            lines.push((phase_text(shell, number, phase, key, step), role));
        }
    }
    if sync.running {
        let key = if sync.cancelling { "sync-cancelling" } else { "sync-running" };
        lines.push((String::new(), Role::Text));
        lines.push((shell.text(key), Role::Key));
        lines.extend(pace(shell).map(|text| (text, Role::Text)));
        for key in ["sync-background", "sync-safe"] {
            lines.push((shell.text(key), Role::Quiet));
        }
    }
    match &sync.outcome {
        Some(Ok(figures)) if !sync.running => {
            let text = shell.text_with(
                "sync-done",
                &[
                    ("pushed", &figures.pushed.to_string()),
                    ("pulled", &figures.pulled.to_string()),
                    ("conflicts", &figures.conflicts.to_string()),
                    ("refused", &figures.refused.to_string()),
                ],
            );
            lines.push((text, Role::Good));
            if shell.status.conflicts + shell.status.attention > 0 {
                lines.push((shell.text("sync-done-then"), Role::Warning));
            }
        }
        Some(Err(text)) if !sync.running => lines.push((text.clone(), Role::Bad)),
        _ => {}
    }
    lines
}

/// Says how much went over the line, how fast, and how long the sending will take; nothing in the first second.
fn pace(shell: &Shell) -> Option<String> {
    let sync = &shell.sync;
    let took = shell.now_ms.saturating_sub(sync.begun_ms);
    let bytes = sync.steps.iter().map(|step| step.bytes).max().filter(|bytes| *bytes > 0)?;
    if took < 1_000 {
        return None;
    }
    let (kib, speed) = (bytes.div_ceil(1024), bytes.saturating_mul(1_000) / took / 1024);
    let mut text =
        shell.text_with("sync-pace", &[("kib", &kib.to_string()), ("speed", &speed.to_string())]);
    let sending = sync.steps.iter().find(|step| step.phase == "push" && step.done > 0);
    let left = sending.and_then(|step| {
        let (done, total) = (u64::try_from(step.done).ok()?, u64::try_from(step.total?).ok()?);
        let rest = took.saturating_mul(total.saturating_sub(done)) / done.max(1);
        (rest >= 1_000).then(|| (rest / 1_000).to_string())
    });
    if let Some(seconds) = left {
        text.push_str(&shell.text_with("sync-left", &[("seconds", &seconds)]));
    }
    Some(text)
}

fn phase_text(
    shell: &Shell,
    number: usize,
    phase: &str,
    standing: &str,
    step: Option<&SyncStep>,
) -> String {
    let name = fit(&shell.text(&format!("phase-{phase}")), 8);
    let standing = fit(&shell.text(&format!("sync-phase-{standing}")), 8);
    let figures = match step {
        Some(SyncStep { total: Some(total), done, .. }) => {
            format!("{} {done}/{total}", bar(*done, *total, 22))
        }
        Some(SyncStep { done, .. }) if *done > 0 => done.to_string(),
        _ => String::new(),
    };
    format!("{} {name} {standing} {figures}", number + 1)
}

impl Page for SyncScreen {
    fn chain(&self) -> &'static [Context] {
        &[Context::Sync, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("context-sync")
    }

    fn tab(&self) -> Option<usize> {
        Some(7)
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let note = if shell.sync.running { shell.text("sync-cancel-hint") } else { String::new() };
        let inner = ui.frame(area, &shell.text("sync-title"), &note);
        let lines = standing(shell).into_iter();
        let lines = lines.chain([(String::new(), Role::Text)]).chain(progress(shell));
        let wide = inner.width.saturating_sub(4);
        let mut y = inner.y + 1;
        for (text, role) in lines {
            for part in crate::tui::text::wrap(&text, usize::from(wide))
                .iter()
                .chain(text.is_empty().then_some(&text))
            {
                if y < inner.bottom() {
                    ui.put(inner.x + 2, y, part, wide, role);
                }
                y += 1;
            }
        }
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        match action {
            Action::Enrol if shell.status.server.is_some() => Err(shell.text("why-joined")),
            _ => Ok(()),
        }
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        match action {
            Action::Open if shell.status.conflicts > 0 => {
                let list = ConflictList::new(shell);
                shell.moves.push(Move::Push(Box::new(list)));
            }
            Action::Open if shell.status.attention > 0 => {
                let list = AttentionList::new(shell);
                shell.moves.push(Move::Push(Box::new(list)));
            }
            Action::Enrol => {
                let answers = vec![shell.text("answer-next"), shell.text("answer-cancel")];
                let dialog =
                    Dialog::ask(shell.text("enrol-title"), shell.text("enrol-url"), answers)
                        .with_field(shell.text("first-url"), "https://");
                shell.ask(Purpose::EnrolUrl, dialog);
            }
            Action::Back if shell.sync.running => {
                shell.sync.cancelling = true;
                shell.effects.push(Effect::CancelSync);
            }
            Action::Back => shell.moves.push(Move::Pop),
            _ => {}
        }
    }

    fn answered(&mut self, shell: &mut Shell, purpose: Purpose, reply: Reply) {
        match (purpose, reply) {
            (Purpose::EnrolUrl, Reply::Answer(0, url)) => {
                let answers = vec![shell.text("answer-join"), shell.text("answer-cancel")];
                let dialog =
                    Dialog::ask(shell.text("enrol-title"), shell.text("enrol-code"), answers)
                        .with_field(shell.text("first-code"), "");
                shell.ask(Purpose::EnrolCode(url.trim().to_owned()), dialog);
            }
            (Purpose::EnrolCode(url), Reply::Answer(0, code)) => {
                shell.say(Tone::Hint, shell.text("first-joining"));
                shell.effects.push(Effect::Enrol { url, code: code.trim().to_owned().into() });
            }
            _ => {}
        }
    }

    fn refused(&mut self, shell: &mut Shell, problem: &str, _code: &str) {
        shell.say(Tone::Bad, problem.to_owned());
    }

    fn done(&mut self, shell: &mut Shell, _note: &str) {
        shell.say(Tone::Good, shell.text("enrolled"));
        shell.changed();
    }
}
