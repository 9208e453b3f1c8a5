//! The only writer of the model: takes one message, changes the model, and says what the runtime is to do.

mod answers;
mod bulk;
mod global;
mod lines;
mod place;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_craft;
#[cfg(test)]
mod tests_import;
#[cfg(test)]
mod tests_keys;
#[cfg(test)]
mod tests_work;

use super::actions::{Action, Context};
use super::app::{Body, Layer, Model, Move, Purpose, Tone};
use super::chord::Meaning;
use super::data::Failure;
use super::effect::Effect;
use super::keys::{Key, Named, is_han};
use super::matching::matches;
use super::message::Message;
use super::screens::{Page, Reply};
use super::widgets::calendar::Day;
use super::widgets::dialog::Answer;
use super::widgets::input::is_many_lines;
use super::widgets::picker::{Item, Picked};
use super::widgets::pressable::Pressed;

pub use global::TABS;

/// Takes one message at a moment (milliseconds since the start) and returns what is to be done.
pub fn update(model: &mut Model, message: Message, now_ms: u64) -> Vec<Effect> {
    model.shell.now_ms = now_ms;
    if matches!(message, Message::Key(_) | Message::Paste(_) | Message::Opened(_)) {
        // A key that comes after the time is up only asks for the passphrase.
        if lock_if_due(model) {
            return std::mem::take(&mut model.shell.effects);
        }
        model.shell.used_ms = now_ms;
    }
    match message {
        Message::Key(key) => on_key(model, key),
        Message::Paste(text) => on_paste(model, &text),
        Message::Resized | Message::Resumed => model.shell.effects.push(Effect::Redraw),
        Message::Suspend => model.shell.effects.push(Effect::Suspend),
        Message::Terminate => {
            keep_all(model);
            place::save(model);
            model.quit = true;
        }
        Message::Wake => on_wake(model),
        Message::Line(text) => lines::typed(model, &text),
        Message::Choose(number) => lines::chosen(model, number),
        Message::GoTo(row) => tell(model, |page, _| page.go_to(row)),
        Message::Run(action) => run(model, action),
        other => on_report(model, other),
    }
    global::sync_if_due(model);
    settle(model);
    lock_if_due(model);
    std::mem::take(&mut model.shell.effects)
}

/// Says whether an action can run now.
///
/// # Errors
/// The reason in the user's language.
pub fn enabled(model: &Model, action: Action) -> Result<(), String> {
    if model.shell.data.is_none()
        && !matches!(action, Action::Quit | Action::Language | Action::Redraw | Action::Suspend)
    {
        return Err(model.shell.text("why-closed"));
    }
    if model.shell.read_only && action.writes() {
        return Err(model.shell.text("why-read-only"));
    }
    match action {
        Action::SyncNow if model.shell.status.server.is_none() => {
            Err(model.shell.text("why-no-server"))
        }
        Action::SyncNow if model.shell.sync.running => Err(model.shell.text("why-syncing")),
        _ => model.screens.last().map_or(Ok(()), |page| page.enabled(&model.shell, action)),
    }
}

/// Decides whether a list's item matches what is typed.
pub fn item_matches(item: &Item, text: &str) -> bool {
    matches(&item.label, text)
        || (!text.is_empty() && item.note.eq_ignore_ascii_case(text))
        || (!text.is_empty() && item.note.split(' ').any(|key| key.eq_ignore_ascii_case(text)))
}

fn on_key(model: &mut Model, key: Key) {
    if !model.shell.layers.is_empty() {
        model.shell.clear_problem();
        notice_input_method(model, key);
        return on_layer_key(model, key);
    }
    let chain = model.chain();
    let browsing = chain.contains(&Context::Browse);
    if is_left_over(model, key) && browsing {
        return;
    }
    model.shell.clear_problem();
    if model.screens.last().is_some_and(|page| page.wants_raw_keys()) {
        return tell(model, |page, shell| {
            page.typed(shell, key);
        });
    }
    if browsing && takes_prefix(model, key) {
        return;
    }
    let Some(mut page) = model.screens.pop() else { return };
    let action = if browsing { None } else { model.shell.keymap.action(chain, key) };
    let takes = action == Some(Action::Pick) && page.enabled(&model.shell, Action::Pick).is_err();
    let taken = (action.is_none() || takes) && page.typed(&mut model.shell, key);
    model.screens.push(page);
    if taken {
        notice_input_method(model, key);
        return;
    }
    let Some(action) = model.shell.keymap.action(chain, key.folded()) else {
        return say_not_here(model, key.folded());
    };
    if key.is_ime_proof() && model.shell.han_mode && key.typed().is_none() {
        // the hints that are shown work, so they stay as they are
    } else if key.typed().is_some_and(|c| c.is_ascii_alphabetic()) {
        model.shell.han_mode = false;
    }
    run_often(model, action);
}

/// Most times a movement is made at once.
const MOST_TIMES: usize = 100_000;

/// Takes digits before a movement, a prefix, and the key after one; false if the key is none of these.
fn takes_prefix(model: &mut Model, key: Key) -> bool {
    let chain = model.chain();
    let key = key.folded();
    let shell = &mut model.shell;
    if let Some((prefix, _)) = shell.prefix.take() {
        let after = shell.keymap.after(chain, prefix);
        match after.into_iter().find(|(then, _)| *then == key) {
            Some((_, action)) => run_often(model, action),
            None => shell.times = None,
        }
        return true;
    }
    let meaning = shell.keymap.meaning(chain, key);
    if meaning == Some(Meaning::Prefix) {
        shell.prefix = Some((key, shell.now_ms));
        return true;
    }
    let digit = key.typed().and_then(|c| c.to_digit(10)).filter(|_| meaning.is_none());
    let digit =
        digit.filter(|digit| shell.keymap.counts() && (*digit > 0 || shell.times.is_some()));
    if let Some(digit) = digit.and_then(|digit| usize::try_from(digit).ok()) {
        let times = shell.times.unwrap_or(0) * 10 + digit;
        shell.times = Some(times.min(MOST_TIMES));
        return true;
    }
    if meaning.is_none() {
        shell.times = None;
    }
    false
}

/// Runs an action as often as was typed before it: movements only; to the first or last row with a number, to the row of that number.
fn run_often(model: &mut Model, action: Action) {
    let Some(times) = model.shell.times.take() else { return run(model, action) };
    match action {
        Action::First | Action::Last => {
            run(model, Action::First);
            (1..times).for_each(|_| run(model, Action::Down));
        }
        action if action.is_movement() => (0..times).for_each(|_| run(model, action)),
        action => run(model, action),
    }
}

/// A Han character typed into any field says that an input method is on: hints show the keys it lets through from then on.
fn notice_input_method(model: &mut Model, key: Key) {
    if key.typed().is_some_and(is_han) {
        model.shell.han_mode = true;
    }
}

/// How long digits typed after a refused key are taken for the text that was to follow it.
const AFTER_REFUSED_MS: u64 = 1000;

/// True if a digit was typed right after a refused key, as in a search that did not open: it must not switch the tab.
fn is_left_over(model: &mut Model, key: Key) -> bool {
    let now = model.shell.now_ms;
    let recent = model.shell.refused_ms.is_some_and(|at| now < at + AFTER_REFUSED_MS);
    let left_over = recent && key.folded().typed().is_some_and(|c| c.is_ascii_digit());
    model.shell.refused_ms = if left_over { Some(now) } else { None };
    left_over
}

/// Says that a key does something on other screens only; a key that does nothing anywhere says nothing.
fn say_not_here(model: &mut Model, key: Key) {
    let shell = &mut model.shell;
    let elsewhere = Context::ALL.iter().find_map(|context| shell.keymap.action(&[*context], key));
    let Some(action) = elsewhere.filter(|action| !action.is_movement()) else { return };
    if shell.data.is_none() || key.typed().is_some_and(|c| c.is_ascii_digit()) {
        return;
    }
    let args = [("action", shell.text_of(action)), ("key", key.to_string())];
    let args = args.each_ref().map(|(name, text)| (*name, text.as_str()));
    shell.say(Tone::Bad, shell.text_with("not-here", &args));
    shell.refused_ms = Some(shell.now_ms);
}

/// Runs an action, or says why it cannot run.
pub(super) fn run(model: &mut Model, action: Action) {
    if let Err(reason) = enabled(model, action) {
        model.shell.say(Tone::Bad, reason);
        model.shell.refused_ms = Some(model.shell.now_ms);
        return;
    }
    if global::run(model, action) {
        return;
    }
    if let Some(mut page) = model.screens.pop() {
        page.act(&mut model.shell, action);
        model.screens.push(page);
    }
}

fn on_layer_key(model: &mut Model, key: Key) {
    if global::edits_key_of_palette(model, key) {
        return;
    }
    let Some(mut layer) = model.shell.layers.pop() else { return };
    let now = model.shell.now_ms;
    let reply = match &mut layer.body {
        Body::Viewer(viewer) => {
            if viewer.key(key) {
                model.shell.layers.push(layer);
            }
            return;
        }
        Body::Pressable(keys) => {
            match keys.key(key) {
                Pressed::Stay => model.shell.layers.push(layer),
                Pressed::Closed => {}
                Pressed::Through => on_key(model, key),
            }
            return;
        }
        Body::Calendar(calendar) => match calendar.key(key) {
            Day::Open => None,
            Day::Closed => return,
            Day::Chosen(day) => Some(Reply::Answer(0, day.to_string())),
        },
        Body::Dialog(dialog) => match dialog.key(key, now) {
            Answer::Open => None,
            Answer::Closed => return,
            Answer::Given(number) => Some(Reply::Answer(number, dialog.input.text())),
        },
        Body::Picker(picker) => match picker.key(key) {
            Picked::Nothing => None,
            Picked::Closed => return,
            Picked::Typed => {
                search(model, &mut layer);
                None
            }
            Picked::Refused(item) => {
                model.shell.say(Tone::Bad, item.disabled.unwrap_or_default());
                None
            }
            Picked::Chosen(item) => Some(Reply::Item(item)),
        },
    };
    match reply {
        None => model.shell.layers.push(layer),
        Some(reply) => answers::answer(model, layer.purpose, reply),
    }
}

/// Shows what matches the text typed into a list: the screen searches, or the list narrows itself.
fn search(model: &Model, layer: &mut Layer) {
    let Body::Picker(picker) = &mut layer.body else { return };
    let text = picker.input.text();
    let page = model.screens.last();
    let ours = model.shell.searched_value(&layer.purpose, &text);
    match ours.or_else(|| page?.searched(&model.shell, &layer.purpose, &text)) {
        Some(items) => picker.set_items(items),
        // The ids of actions and kinds are their English names.
        None if layer.purpose == Purpose::Palette => picker.narrow(|item, text| {
            item_matches(item, text)
                || item.id.replace(['-', '_'], " ").contains(&text.to_lowercase())
        }),
        None => picker.narrow(item_matches),
    }
}

/// Most characters of a paste that are taken: no field may hold more (`Limits::text_bytes`).
const PASTED: usize = 16 << 10;

fn on_paste(model: &mut Model, text: &str) {
    match text.char_indices().nth(PASTED) {
        Some((end, _)) => {
            paste(model, text.get(..end).unwrap_or_default());
            let count = PASTED.to_string();
            model.shell.say(Tone::Hint, model.shell.text_with("pasted-cut", &[("count", &count)]));
        }
        None => paste(model, text),
    }
}

fn paste(model: &mut Model, text: &str) {
    if let Some(mut layer) = model.shell.layers.pop() {
        match &mut layer.body {
            Body::Picker(picker) => picker.input.insert(text),
            Body::Dialog(dialog) => dialog.paste(text),
            Body::Viewer(_) | Body::Calendar(_) | Body::Pressable(_) => {
                return model.shell.layers.push(layer);
            }
        }
        say_joined(model, text);
        if matches!(layer.body, Body::Picker(_)) {
            search(model, &mut layer);
        }
        model.shell.layers.push(layer);
    } else if let Some(mut page) = model.screens.pop() {
        let taken = page.pasted(&mut model.shell, text);
        model.screens.push(page);
        if taken {
            say_joined(model, text);
        }
    }
}

/// Says that several lines became one.
fn say_joined(model: &mut Model, text: &str) {
    if is_many_lines(text) {
        model.shell.say(Tone::Hint, model.shell.text("pasted-lines"));
    }
}

fn on_wake(model: &mut Model) {
    let now = model.shell.now_ms;
    if model.shell.notice.as_ref().is_some_and(|n| n.until_ms.is_some_and(|until| until <= now)) {
        model.shell.notice = None;
    }
    let due = model.screens.last().and_then(|page| page.wake_at()).is_some_and(|at| at <= now);
    if due {
        keep_top(model);
    }
}

/// Locks when nobody pressed a key for long enough; true if it did.
fn lock_if_due(model: &mut Model) -> bool {
    let due = model.shell.lock_at().is_some_and(|at| at <= model.shell.now_ms);
    if due {
        lock(model);
    }
    due
}

/// Keeps what was being typed, sealed, and forgets the rest.
pub(super) fn lock(model: &mut Model) {
    keep_all(model);
    place::save(model);
    model.shell.data = None;
    model.screens.clear();
    model.shell.layers.clear();
    model.shell.effects = vec![Effect::Lock];
}

fn keep_top(model: &mut Model) {
    if let Some(mut page) = model.screens.pop() {
        page.keep(&mut model.shell);
        model.screens.push(page);
    }
}

/// Every screen keeps what must not be lost.
fn keep_all(model: &mut Model) {
    for page in &mut model.screens {
        page.keep(&mut model.shell);
    }
}

/// What workers report.
fn on_report(model: &mut Model, message: Message) {
    match message {
        Message::Opened(Ok(data)) => {
            model.opened(data);
            place::restore(model);
        }
        Message::Created(Ok((data, recovery))) => {
            model.shell.data = Some(data);
            model.shell.refresh_status();
            tell(model, |page, shell| page.done(shell, &recovery));
        }
        Message::Enrolled(Ok(())) => {
            model.shell.refresh_status();
            tell(model, |page, shell| page.done(shell, ""));
        }
        Message::Opened(Err(failure))
        | Message::Created(Err(failure))
        | Message::Enrolled(Err(failure))
        | Message::Failed(failure) => refuse(model, &failure),
        Message::SyncStep(step) => {
            let steps = &mut model.shell.sync.steps;
            match steps.iter_mut().find(|old| old.phase == step.phase) {
                Some(old) => *old = step,
                None => steps.push(step),
            }
        }
        Message::Figures(figures) => {
            model.shell.figures = figures;
            model.shell.moves.push(Move::Reload);
        }
        Message::Boards(boards) => {
            model.shell.boards = Some(boards);
            model.shell.moves.push(Move::Reload);
        }
        Message::Agenda(agenda) => {
            model.shell.agenda = Some(agenda);
            model.shell.moves.push(Move::Reload);
        }
        Message::Synced(result) => global::synced(model, result),
        Message::History(id, result) => global::history(model, id, result),
        Message::Imported(ask, result) => global::imported(model, ask, result),
        _ => {}
    }
}

fn tell(model: &mut Model, what: impl FnOnce(&mut dyn Page, &mut super::app::Shell)) {
    if let Some(mut page) = model.screens.pop() {
        what(page.as_mut(), &mut model.shell);
        model.screens.push(page);
    }
}

fn refuse(model: &mut Model, failure: &Failure) {
    let problem = failure.text(&model.shell.locale);
    tell(model, |page, shell| page.refused(shell, &problem, &failure.code));
}

/// Carries out what was asked of the stack of screens.
fn settle(model: &mut Model) {
    for step in std::mem::take(&mut model.shell.moves) {
        match step {
            Move::Push(page) => {
                keep_top(model);
                model.screens.push(page);
            }
            Move::Pop if model.screens.len() > 1 => {
                model.screens.pop();
                reload_top(model);
            }
            Move::Pop => {}
            Move::Home => {
                if let Some(data) = model.shell.data.clone() {
                    model.opened(data);
                }
            }
            Move::Root(page) => {
                keep_all(model);
                model.screens.truncate(1);
                model.screens.push(page);
            }
            Move::Reload => {
                for page in &mut model.screens {
                    page.reload(&model.shell);
                }
            }
            Move::LeaveGone => {
                while model.screens.len() > 1
                    && model.screens.last().is_some_and(|page| page.is_gone(&model.shell))
                {
                    model.screens.pop();
                    reload_top(model);
                }
            }
            Move::Tell(told) => {
                let mut below = model.screens.iter_mut().rev().skip(1);
                below.any(|page| page.told(&model.shell, &told));
            }
            Move::Act(action) => run(model, action),
            Move::Quit => {
                keep_all(model);
                place::save(model);
                model.quit = true;
            }
        }
    }
}

fn reload_top(model: &mut Model) {
    if let Some(page) = model.screens.last_mut() {
        page.reload(&model.shell);
    }
}

/// True if a purpose's answer concerns no screen.
fn is_global(purpose: &Purpose) -> bool {
    matches!(
        purpose,
        Purpose::Palette
            | Purpose::Read
            | Purpose::Quit
            | Purpose::Step(_)
            | Purpose::StepReason(..)
            | Purpose::Delete(_)
            | Purpose::BulkField(_)
            | Purpose::BulkValue(..)
            | Purpose::Session
            | Purpose::OpenView
            | Purpose::DropView
            | Purpose::ExportForm
            | Purpose::ExportWhy(_)
            | Purpose::ResetKeys
            | Purpose::ImportFile(_)
            | Purpose::ImportKind(_)
    )
}

/// Returns a key that closes a popup.
pub fn escape() -> Message {
    Message::Key(Key::named(Named::Esc))
}
