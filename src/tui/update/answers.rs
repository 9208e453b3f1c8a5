//! What the answers of popups do that no screen owns: running an action, a workflow step, a deletion, leaving.

use super::{is_global, run};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::tui::actions::Action;
use crate::tui::app::{Model, Move, Purpose, Shell, Tone};
use crate::tui::arranged::StoredView;
use crate::tui::data::Failure;
use crate::tui::export;
use crate::tui::import;
use crate::tui::screens::{List, Page, Reply};
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::picker::Item;

/// Prefix of palette items that open a kind.
pub(super) const OPEN: &str = "open:";

pub(super) fn answer(model: &mut Model, purpose: Purpose, reply: Reply) {
    if !is_global(&purpose) {
        if let Some(mut page) = model.screens.pop() {
            page.answered(&mut model.shell, purpose, reply);
            model.screens.push(page);
        }
        return;
    }
    match (purpose, reply) {
        (Purpose::Palette, Reply::Item(item)) => chosen(model, &item.id),
        (Purpose::Quit, Reply::Answer(1, _)) => model.shell.moves.push(Move::Quit),
        (Purpose::Step(ids), Reply::Item(item)) => model.shell.chosen_action(ids, &item.id),
        (Purpose::BulkField(ids), Reply::Item(item)) => {
            model.shell.pick_bulk_value(ids, &item.id, "", String::new());
        }
        (Purpose::BulkValue(ids, key), reply) => model.shell.chosen_value(ids, &key, &reply),
        (Purpose::Session, Reply::Item(item)) => {
            if let Ok(session) = item.id.parse::<RecordId>() {
                model.shell.open_check_in(session);
            }
        }
        (Purpose::StepReason(ids, action), Reply::Answer(1, reason)) => {
            model.shell.take_step(&ids, &action, &reason);
        }
        (Purpose::OpenView, Reply::Item(item)) => open_view(model, &item.id),
        (Purpose::DropView, Reply::Item(item)) => drop_view(&mut model.shell, &item.id),
        (Purpose::ExportForm, Reply::Item(item)) => {
            with_page(model, |shell, page| export::chosen(shell, page, &item.id));
        }
        (Purpose::ExportWhy(form), Reply::Answer(0, purpose)) => {
            with_page(model, |shell, page| export::write(shell, page, form, &purpose));
        }
        (Purpose::ImportFile(ask), Reply::Item(item)) => {
            import::chosen(&mut model.shell, &ask, &item.id);
        }
        (Purpose::ImportKind(ask), Reply::Item(item)) => {
            import::as_kind(&mut model.shell, ask, &item.id);
        }
        (Purpose::ResetKeys, Reply::Answer(1, _)) => model.shell.reset_keys(),
        (Purpose::Delete(ids), Reply::Answer(1, reason)) => model.shell.delete(&ids, &reason),
        _ => {}
    }
}

/// Prefix of palette items that open a view that was kept.
const VIEW: &str = "view:";

/// Returns the palette items of the views that were kept.
pub(super) fn view_items(shell: &Shell) -> Vec<Item> {
    let views = shell.data.as_ref().map(|data| data.stored_views()).unwrap_or_default();
    let item = |view: StoredView| Item {
        id: format!("{VIEW}{}/{}", view.kind, view.name),
        label: shell.text_with("open-view-named", &[("name", &view.name)]),
        ..Item::default()
    };
    views.into_iter().filter(|view| !view.name.is_empty()).map(item).collect()
}

fn with_page(model: &mut Model, act: impl FnOnce(&mut Shell, &dyn Page)) {
    if let Some(page) = model.screens.pop() {
        act(&mut model.shell, page.as_ref());
        model.screens.push(page);
    }
}

/// Opens a view by its kind and name.
fn open_view(model: &mut Model, id: &str) {
    let views = model.shell.data.as_ref().map(|data| data.stored_views()).unwrap_or_default();
    let view = views.into_iter().find(|view| format!("{}/{}", view.kind, view.name) == id);
    if let Some(list) = view.and_then(|view| List::of_view(&mut model.shell, &view)) {
        model.shell.moves.push(Move::Root(Box::new(list)));
    }
}

fn drop_view(shell: &mut Shell, id: &str) {
    let Some((data, (kind, name))) = shell.data.clone().zip(id.split_once('/')) else { return };
    match data.drop_view(kind, name) {
        Ok(()) => shell.say(Tone::Good, shell.text_with("view-dropped", &[("name", name)])),
        Err(failure) => shell.say_failure(&failure),
    }
}

/// Most actions that are remembered as used last.
const MOST_RECENT: usize = 8;

fn chosen(model: &mut Model, id: &str) {
    let recent = &mut model.shell.recent;
    recent.retain(|other| other != id);
    recent.insert(0, id.to_owned());
    recent.truncate(MOST_RECENT);
    if let Some(view) = id.strip_prefix(VIEW) {
        return open_view(model, view);
    }
    if let Some(kind) = id.strip_prefix(OPEN).and_then(Kind::from_key) {
        let list = List::new(&model.shell, kind, Vec::new());
        model.shell.moves.push(Move::Root(Box::new(list)));
    } else if let Some(action) = Action::from_id(id) {
        run(model, action);
    }
}

impl Shell {
    /// Takes a step, after a question if it needs a reason.
    pub(super) fn start_step(&mut self, ids: Vec<RecordId>, action: &str) {
        let Some(data) = self.data.clone() else { return };
        let first = ids.first().map(|id| data.steps(*id)).unwrap_or_default();
        let step = first.into_iter().find(|step| step.action == action);
        if step.is_some_and(|step| step.needs_reason) {
            let answers = vec![self.text("answer-cancel"), self.text("answer-do")];
            let dialog = Dialog::ask(self.text("step-title"), self.text("step-reason"), answers)
                .with_field(self.text("reason"), "");
            self.ask(Purpose::StepReason(ids, action.to_owned()), dialog);
        } else {
            self.take_step(&ids, action, "");
        }
    }

    fn take_step(&mut self, ids: &[RecordId], action: &str, reason: &str) {
        let Some(data) = self.data.clone() else { return };
        self.for_each(ids, |id| data.act(id, action, reason), "step-done");
    }

    fn delete(&mut self, ids: &[RecordId], reason: &str) {
        let Some(data) = self.data.clone() else { return };
        self.for_each(ids, |id| data.delete(id, reason), "delete-done");
        self.moves.push(Move::LeaveGone);
    }

    /// Does the same to several records; the first failure is said, the others go on.
    fn for_each(
        &mut self,
        ids: &[RecordId],
        mut each: impl FnMut(RecordId) -> Result<(), Failure>,
        done: &str,
    ) {
        let failures: Vec<Failure> = ids.iter().filter_map(|id| each(*id).err()).collect();
        let count = (ids.len() - failures.len()).to_string();
        match failures.first() {
            None => self.say(Tone::Good, self.text_with(done, &[("count", &count)])),
            Some(failure) => {
                let text = format!("{} ({count}/{})", failure.text(&self.locale), ids.len());
                self.say(Tone::Bad, text);
            }
        }
        self.changed();
    }
}
