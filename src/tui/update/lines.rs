//! What the line mode says instead of keys: a whole line typed, a numbered choice, a row gone to.

use super::{answers, search, tell};
use crate::domain::record::ParseContext;
use crate::domain::record::parse::parse_date;
use crate::tui::app::{Body, Model, Tone};
use crate::tui::screens::Reply;

/// Takes a whole line into what is being typed into.
pub(super) fn typed(model: &mut Model, text: &str) {
    let Some(mut layer) = model.shell.layers.pop() else {
        let mut taken = false;
        tell(model, |page, shell| taken = page.line(shell, text));
        if !taken {
            model.shell.say(Tone::Bad, model.shell.text("plain-no-choice"));
        }
        return;
    };
    match &mut layer.body {
        Body::Picker(picker) => {
            picker.input.set(text);
            search(model, &mut layer);
        }
        Body::Dialog(dialog) => dialog.input.set(text),
        Body::Calendar(_) => {
            let date = parse_date(text, &ParseContext::typed(model.shell.today));
            if let Some(date) = date {
                let reply = Reply::Answer(0, date.to_string());
                return answers::answer(model, layer.purpose, reply);
            }
            model.shell.say(Tone::Bad, model.shell.text("plain-date"));
        }
        Body::Viewer(_) | Body::Pressable(_) => return,
    }
    model.shell.layers.push(layer);
}

/// Takes the choice with a number, from 0, of the popup on top.
pub(super) fn chosen(model: &mut Model, number: usize) {
    let Some(layer) = model.shell.layers.pop() else { return };
    let reply = match &layer.body {
        Body::Picker(picker) => {
            picker.listed().get(number).map(|item| Reply::Item((*item).clone()))
        }
        Body::Dialog(dialog) if number < dialog.answers.len() => {
            Some(Reply::Answer(number, dialog.input.text()))
        }
        Body::Dialog(_) | Body::Calendar(_) => None,
        Body::Viewer(_) | Body::Pressable(_) => return,
    };
    match reply {
        Some(Reply::Item(item)) if item.disabled.is_some() => {
            model.shell.say(Tone::Bad, item.disabled.unwrap_or_default());
            model.shell.layers.push(layer);
        }
        Some(reply) => answers::answer(model, layer.purpose, reply),
        None => {
            model.shell.say(Tone::Bad, model.shell.text("plain-no-choice"));
            model.shell.layers.push(layer);
        }
    }
}
