//! One session in lines: tells, asks, takes what was typed, and does at once what the model asks for.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::offered::left_out;
use super::told::{ROWS, told};
use crate::client::Schedule;
use crate::domain::text::fold_width;
use crate::tui::actions::Action;
use crate::tui::app::{Body, Model, Tone};
use crate::tui::effect::Effect;
use crate::tui::matching::matches;
use crate::tui::message::Message;
use crate::tui::runtime::Ended;
use crate::tui::screens::Chosen;
use crate::tui::update::{enabled, escape, update};

/// Where lines come from and go to.
pub trait Lines {
    /// Writes a line.
    ///
    /// # Errors
    /// What writing gives.
    fn say(&mut self, line: &str) -> io::Result<()>;

    /// Asks for a line; `None` at the end of the input.
    ///
    /// # Errors
    /// What reading gives; [`io::ErrorKind::TimedOut`] from a person who is gone.
    fn ask(&mut self, prompt: &str) -> io::Result<Option<String>>;
}

/// A session.
pub struct Session<'a> {
    model: Model,
    lines: &'a mut dyn Lines,
    /// Goes on by a second with every line, so that nothing counts as typed ahead.
    now_ms: u64,
    /// First row of the screen that is told.
    from: usize,
    /// What was told last: it is not told again unless asked for.
    last: Vec<String>,
    ended: Option<Ended>,
}

/// Milliseconds between two lines.
const STEP_MS: u64 = 1000;

impl<'a> Session<'a> {
    /// Starts with a model whose files are open.
    pub fn new(model: Model, lines: &'a mut dyn Lines) -> Self {
        Self { model, lines, now_ms: 0, from: 0, last: Vec::new(), ended: None }
    }

    /// Runs until the user leaves or the input ends; what was being typed is kept.
    ///
    /// # Errors
    /// What reading or writing lines gives.
    pub fn run(mut self) -> io::Result<Ended> {
        let started = std::mem::take(&mut self.model.shell.effects);
        self.carry_out(started)?;
        let talked = self.talk();
        self.send(Message::Terminate)?;
        talked?;
        Ok(self.ended.unwrap_or(Ended::Left))
    }

    fn talk(&mut self) -> io::Result<()> {
        self.lines.say(&self.model.shell.text("plain-intro"))?;
        while !self.model.quit && self.ended.is_none() {
            self.tell()?;
            let prompt = self.prompt();
            let Some(line) = self.lines.ask(&prompt)? else { break };
            self.take(line.trim())?;
        }
        Ok(())
    }

    fn prompt(&self) -> String {
        let key = match self.model.shell.layers.last().map(|layer| &layer.body) {
            None => "plain-prompt",
            Some(Body::Picker(_)) => "plain-prompt-list",
            Some(Body::Dialog(dialog)) if dialog.field.is_some() => "plain-prompt-field",
            Some(Body::Dialog(_)) => "plain-prompt-answer",
            Some(Body::Calendar(_)) => "plain-prompt-date",
            Some(Body::Viewer(_) | Body::Pressable(_)) => "plain-prompt-read",
        };
        self.model.shell.text(key)
    }

    fn tell(&mut self) -> io::Result<()> {
        if let Some(notice) = self.model.shell.notice.take() {
            let key = match notice.tone {
                Tone::Good => "notice-good",
                Tone::Hint => "notice-hint",
                Tone::Bad => "notice-bad",
            };
            self.lines.say(&format!("{} {}", self.model.shell.text(key), notice.text))?;
        }
        let mut now = told(&self.model, self.from);
        if now.first() != self.last.first() && self.from > 0 {
            self.from = 0;
            now = told(&self.model, 0);
        }
        // The same screen with a few lines changed: only those are told.
        let same = now.first() == self.last.first() && now.len() == self.last.len();
        let old = std::mem::take(&mut self.last);
        for (at, line) in now.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            if !(same && old.get(at) == Some(line)) {
                self.lines.say(line)?;
            }
        }
        self.last = now;
        Ok(())
    }

    fn send(&mut self, message: Message) -> io::Result<()> {
        self.now_ms += STEP_MS;
        // Nothing starts by itself here: a sync that nobody asked for would speak into what is being read.
        self.model.shell.timer = Some(Schedule::new(i64::MAX / 2, i64::MAX));
        self.model.shell.used_ms = self.now_ms;
        let effects = update(&mut self.model, message, self.now_ms);
        self.carry_out(effects)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> io::Result<()> {
        for effect in effects {
            match (effect, self.model.shell.data.clone()) {
                (Effect::Lock, _) => self.ended = Some(Ended::Locked),
                (Effect::Wiped, _) => self.ended = Some(Ended::Wiped),
                (Effect::Copy(text), _) => {
                    for line in text.lines() {
                        self.lines.say(line)?;
                    }
                }
                (Effect::Figures(today), Some(data)) => {
                    self.send(Message::Figures(data.ratios(today)))?;
                }
                (Effect::Boards(today), Some(data)) => {
                    self.send(Message::Boards(data.boards(today)))?;
                }
                (Effect::Agenda(today), Some(data)) => {
                    self.send(Message::Agenda(data.agenda(today)))?;
                }
                (Effect::History(id), Some(data)) => {
                    self.send(Message::History(id, data.history(id)))?;
                }
                (Effect::Import(ask, write), Some(data)) => {
                    let imported = data.import(&ask, write);
                    self.send(Message::Imported(ask, imported))?;
                }
                (Effect::Enrol { url, code }, Some(data)) => {
                    self.send(Message::Enrolled(data.enrol(&url, &code.0)))?;
                }
                (Effect::Sync, Some(data)) => self.sync(&data)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Syncs at once; every phase is told when it begins.
    fn sync(&mut self, data: &Arc<crate::tui::data::Data>) -> io::Result<()> {
        self.lines.say(&self.model.shell.text("plain-syncing"))?;
        let steps = std::cell::RefCell::new(Vec::new());
        let result = data.sync(&|step| steps.borrow_mut().push(step), &AtomicBool::new(false));
        for step in steps.into_inner() {
            self.send(Message::SyncStep(step))?;
        }
        self.send(Message::Synced(result))
    }

    /// Takes a line: a number chooses, `0` goes back, `m` lists actions, `n` and `p` turn pages, an empty line tells again; anything else is
    /// typed, and so is everything after a slash.
    fn take(&mut self, line: &str) -> io::Result<()> {
        let folded = fold_width(line).to_lowercase();
        if line.is_empty() {
            self.last.clear();
            return self.emptied();
        }
        if let Some(text) = folded.strip_prefix('/').and_then(|_| line.char_indices().nth(1)) {
            return self.typed(line.get(text.0..).unwrap_or_default());
        }
        if let Some(Body::Dialog(dialog)) = self.model.shell.layers.last().map(|layer| &layer.body)
            && dialog.field.is_some()
            && folded != "0"
        {
            return self.typed(line);
        }
        match folded.parse::<usize>() {
            Ok(0) => return self.back(),
            Ok(number) if self.model.shell.layers.is_empty() => {
                return self.choose_row(number - 1, line);
            }
            Ok(number) => return self.send(Message::Choose(number - 1)),
            Err(_text) => {}
        }
        if !self.model.shell.layers.is_empty() {
            return self.typed(line);
        }
        match folded.as_str() {
            "n" => self.turn(true),
            "p" => self.turn(false),
            _ => match folded.strip_suffix('m').map(str::trim).filter(|_| folded.len() < 8) {
                Some("") => self.act(""),
                Some(row) if row.parse::<usize>().is_ok() => {
                    let row = row.parse::<usize>().unwrap_or(1).saturating_sub(1);
                    self.send(Message::GoTo(row))?;
                    self.act("")
                }
                _ => match folded.strip_prefix("m ") {
                    Some(name) => self.act(name),
                    None => self.typed(line),
                },
            },
        }
    }

    /// An empty line: closes what was only to be read; in a question with a field it goes on to the answers.
    fn emptied(&mut self) -> io::Result<()> {
        match self.model.shell.layers.last().map(|layer| &layer.body) {
            Some(Body::Viewer(_) | Body::Pressable(_)) => self.send(escape()),
            Some(Body::Dialog(dialog)) if dialog.field.is_some() => self.answer(),
            _ => Ok(()),
        }
    }

    fn back(&mut self) -> io::Result<()> {
        if self.model.shell.layers.is_empty() {
            self.from = 0;
            return self.send(Message::Run(Action::Back));
        }
        self.send(escape())
    }

    fn turn(&mut self, forward: bool) -> io::Result<()> {
        let count = self.model.screens.last().and_then(|page| page.count_rows()).unwrap_or(0);
        let next = if forward { self.from + ROWS } else { self.from.saturating_sub(ROWS) };
        if next < count {
            self.from = next;
            return Ok(());
        }
        self.lines.say(&self.model.shell.text("plain-no-page"))
    }

    fn typed(&mut self, text: &str) -> io::Result<()> {
        self.from = 0;
        let asked = self.model.shell.layers.last().is_some_and(
            |layer| matches!(&layer.body, Body::Dialog(dialog) if dialog.field.is_some()),
        );
        self.send(Message::Line(text.to_owned()))?;
        if asked { self.answer() } else { Ok(()) }
    }

    /// Asks for the answer to a question, once its field is filled.
    fn answer(&mut self) -> io::Result<()> {
        let Some(Body::Dialog(dialog)) = self.model.shell.layers.last().map(|layer| &layer.body)
        else {
            return Ok(());
        };
        let answers = dialog.answers.clone();
        for (at, answer) in answers.iter().enumerate() {
            self.lines.say(&format!("{} {answer}", at + 1))?;
        }
        let prompt = self.model.shell.text("plain-prompt-answer");
        let line = self.lines.ask(&prompt)?.unwrap_or_default();
        match fold_width(line.trim()).parse::<usize>() {
            Ok(number @ 1..) if number <= answers.len() => self.send(Message::Choose(number - 1)),
            _ => self.send(escape()),
        }
    }

    /// Chooses a row by its number: what Enter does there, or typing what a field is to hold.
    fn choose_row(&mut self, row: usize, line: &str) -> io::Result<()> {
        let count = self.model.screens.last().and_then(|page| page.count_rows()).unwrap_or(0);
        if row >= count {
            // A number longer than the list is something to find: the end of a staff number.
            if line.len() > 2 {
                return self.typed(line);
            }
            return self.lines.say(&self.model.shell.text("plain-no-choice"));
        }
        self.send(Message::GoTo(row))?;
        let chosen = self.model.screens.last().map(|page| page.chosen(&self.model.shell));
        match chosen {
            Some(Chosen::Run(action)) => self.send(Message::Run(action)),
            Some(Chosen::Press(key)) => self.send(Message::Key(key)),
            Some(Chosen::Type(prompt)) => {
                let keep = self.model.shell.text("plain-keep");
                match self.lines.ask(&format!("{prompt} {keep}"))? {
                    Some(text) if text == "-" => self.send(Message::Line(String::new())),
                    Some(text) if !text.is_empty() => self.send(Message::Line(text)),
                    _ => Ok(()),
                }
            }
            Some(Chosen::Nothing) | None => Ok(()),
        }
    }

    /// Lists the actions whose name matches, each with the reason if it cannot run now, and runs the one that is chosen.
    fn act(&mut self, name: &str) -> io::Result<()> {
        let chain = self.model.chain();
        let offered: Vec<Action> = Action::ALL
            .iter()
            .copied()
            .filter(|action| action.is_in(chain) && left_out(*action).is_none())
            .filter(|action| matches(&self.label(*action), name))
            .collect();
        let open: Vec<Action> = offered
            .iter()
            .copied()
            .filter(|action| enabled(&self.model, *action).is_ok())
            .collect();
        let exact = offered.iter().find(|action| self.label(**action) == name);
        if let Some(action) = exact {
            return self.send(Message::Run(*action));
        }
        if let (false, [only]) = (name.is_empty(), open.as_slice()) {
            return self.send(Message::Run(*only));
        }
        for (at, action) in open.iter().enumerate() {
            let line = format!("{} {}", at + 1, self.label(*action));
            self.lines.say(&line)?;
        }
        for action in offered.iter().filter(|action| !open.contains(action)) {
            if let Err(why) = enabled(&self.model, *action) {
                let line = format!("x {}: {why}", self.label(*action));
                self.lines.say(&line)?;
            }
        }
        let prompt = self.model.shell.text("plain-which-action");
        let Some(line) = self.lines.ask(&prompt)? else { return Ok(()) };
        let number = fold_width(line.trim()).parse::<usize>().ok();
        match number.and_then(|number| open.get(number.checked_sub(1)?)) {
            Some(action) => self.send(Message::Run(*action)),
            None => Ok(()),
        }
    }

    fn label(&self, action: Action) -> String {
        let shell = &self.model.shell;
        let own = self.model.screens.last().and_then(|page| page.label(shell, action));
        own.unwrap_or_else(|| shell.text_of(action))
    }
}
