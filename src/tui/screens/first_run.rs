//! The first steps on a new machine: language, user and unit, passphrase, recovery code, server. Nothing is written before the
//! passphrase is confirmed.

use ratatui::layout::Rect;

use super::{Page, Reply};
use crate::locale::{Lang, Locale};
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Purpose, Shell, Tone};
use crate::tui::effect::Effect;
use crate::tui::keys::{Code, Key, Named};
use crate::tui::opening::is_good;
use crate::tui::text::{bar, cells, width, wrap};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::input::{SCHEME, TextInput};

/// Where the steps stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// Choosing a language.
    #[default]
    Language,
    /// Name and unit.
    User,
    /// The passphrase, twice.
    Passphrase,
    /// The files are being made.
    Busy,
    /// The recovery code is shown.
    Recovery,
    /// Address and code of the server, or neither.
    Server,
}

/// What has been entered so far.
#[derive(Debug)]
pub struct FirstRun {
    step: Step,
    lang: usize,
    focus: usize,
    user: TextInput,
    unit: TextInput,
    secret: TextInput,
    again: TextInput,
    url: TextInput,
    code: TextInput,
    recovery: String,
    /// The end of the recovery code, typed to show that it was written down.
    copied: TextInput,
    problem: String,
}

impl Default for FirstRun {
    fn default() -> Self {
        Self {
            step: Step::default(),
            lang: 0,
            focus: 0,
            user: TextInput::default(),
            unit: TextInput::default(),
            secret: TextInput::secret(),
            again: TextInput::secret(),
            url: TextInput::new(SCHEME),
            code: TextInput::default(),
            recovery: String::new(),
            copied: TextInput::default(),
            problem: String::new(),
        }
    }
}

impl FirstRun {
    /// Returns the two fields of the step, with the keys of their labels.
    fn fields(&self) -> Option<[(&'static str, &TextInput); 2]> {
        match self.step {
            Step::User => Some([("first-user", &self.user), ("first-unit", &self.unit)]),
            Step::Passphrase => Some([("passphrase", &self.secret), ("first-again", &self.again)]),
            Step::Server => Some([("first-url", &self.url), ("first-code", &self.code)]),
            Step::Language | Step::Busy | Step::Recovery => None,
        }
    }

    fn field_mut(&mut self) -> Option<&mut TextInput> {
        match (self.step, self.focus) {
            (Step::User, 0) => Some(&mut self.user),
            (Step::User, _) => Some(&mut self.unit),
            (Step::Passphrase, 0) => Some(&mut self.secret),
            (Step::Passphrase, _) => Some(&mut self.again),
            (Step::Server, 0) => Some(&mut self.url),
            (Step::Server, _) => Some(&mut self.code),
            (Step::Recovery, _) => Some(&mut self.copied),
            (Step::Language | Step::Busy, _) => None,
        }
    }

    fn enter(&mut self, shell: &mut Shell) {
        self.problem.clear();
        if self.fields().is_some() && self.focus == 0 {
            self.focus = 1;
            return;
        }
        match self.step {
            Step::Language => self.go(Step::User),
            Step::User if self.user.text().trim().is_empty() => {
                (self.focus, self.problem) = (0, shell.text("first-user-missing"));
            }
            Step::User => self.go(Step::Passphrase),
            Step::Passphrase => self.create(shell),
            Step::Busy => {}
            Step::Recovery if !self.is_copied() => {
                self.copied.set("");
                self.problem = shell.text("first-recovery-wrong");
            }
            Step::Recovery => self.go(Step::Server),
            Step::Server => self.join(shell),
        }
    }

    /// True if the last group of the recovery code was typed.
    fn is_copied(&self) -> bool {
        let last = self.recovery.trim().rsplit('-').next().unwrap_or_default();
        let typed: String = self
            .copied
            .text()
            .chars()
            .map(|c| Key::char(c).folded())
            .filter_map(Key::typed)
            .collect();
        let typed = typed.trim().rsplit('-').next().unwrap_or_default().trim().to_owned();
        typed.eq_ignore_ascii_case(last)
    }

    fn create(&mut self, shell: &mut Shell) {
        let secret = self.secret.text();
        if !is_good(&secret) {
            (self.focus, self.problem) = (0, shell.text("first-too-short"));
        } else if secret != self.again.text() {
            self.again.set("");
            (self.focus, self.problem) = (1, shell.text("first-differ"));
        } else {
            self.go(Step::Busy);
            shell.effects.push(Effect::Create {
                user: self.user.text().trim().to_owned(),
                unit: self.unit.text().trim().to_owned(),
                passphrase: secret.into(),
            });
        }
    }

    fn join(&mut self, shell: &mut Shell) {
        let (url, code) = (self.url.text().trim().to_owned(), self.code.text().trim().to_owned());
        if code.is_empty() || url.is_empty() || url.ends_with("://") {
            shell.say(Tone::Hint, shell.text("first-offline"));
            shell.moves.push(Move::Home);
        } else {
            self.problem = shell.text("first-joining");
            shell.effects.push(Effect::Enrol { url, code: code.into() });
        }
    }

    fn go(&mut self, step: Step) {
        self.step = step;
        self.focus = 0;
        self.problem.clear();
    }

    fn back(&mut self, shell: &mut Shell) {
        match self.step {
            Step::Language => shell.moves.push(Move::Quit),
            Step::User => self.go(Step::Language),
            Step::Passphrase => self.go(Step::User),
            Step::Busy | Step::Recovery => {}
            Step::Server => shell.moves.push(Move::Home),
        }
    }

    fn choose_language(&mut self, shell: &mut Shell, key: Key) {
        let last = Lang::ALL.len() - 1;
        if key.is(Named::Up) {
            self.lang = self.lang.saturating_sub(1);
        } else if key.is(Named::Down) {
            self.lang = (self.lang + 1).min(last);
        } else if let Some(digit) = key.folded().typed().and_then(|c| c.to_digit(10)) {
            let wanted = usize::try_from(digit).unwrap_or(0);
            self.lang = wanted.saturating_sub(1).min(last);
        }
        if let Some(lang) = Lang::ALL.get(self.lang) {
            shell.locale = Locale::new(*lang);
        }
    }

    fn draw_fields(&self, shell: &Shell, ui: &mut Ui<'_>, inner: Rect, y: u16) {
        let Some(fields) = self.fields() else { return };
        let wide = fields.iter().map(|(key, _)| width(&shell.text(key))).max().unwrap_or(0);
        for (number, (key, input)) in fields.into_iter().enumerate() {
            let row = y + cells(number) * 2;
            let label = shell.text(key);
            ui.label(inner.x + 2, row, &label, inner.right(), Role::Title);
            let x = inner.x + 3 + cells(wide);
            let count = inner.right().saturating_sub(x + 4).min(46);
            ui.put(x, row, "[", 1, Role::Border);
            input.draw(ui, x + 1, row, count, number == self.focus);
            ui.put(x + 1 + count, row, "]", 1, Role::Border);
        }
        if self.step == Step::Passphrase {
            let strength = strength(&self.secret.text());
            let text = format!("{} {}", shell.text("first-strength"), bar(strength, 10, 12));
            ui.label(inner.x + 2, y + 4, &text, inner.right(), Role::Text);
        }
    }

    fn draw_languages(&self, ui: &mut Ui<'_>, inner: Rect, y: u16) {
        for (number, lang) in Lang::ALL.into_iter().enumerate() {
            let name = Locale::new(lang).text(&format!("lang-{}", lang.key()));
            let mark = if number == self.lang { "> (o)" } else { "  ( )" };
            let role = if number == self.lang { Role::Selected } else { Role::Text };
            let text = format!("{mark} {} {name} ", number + 1);
            ui.label(inner.x + 2, y + cells(number), &text, inner.right(), role);
        }
    }

    const fn step_key(&self) -> &'static str {
        match self.step {
            Step::Language => "first-text-language",
            Step::User => "first-text-user",
            Step::Passphrase => "first-text-passphrase",
            Step::Busy => "first-text-busy",
            Step::Recovery => "first-text-recovery",
            Step::Server => "first-text-server",
        }
    }
}

/// Guesses the strength of a passphrase, 0 to 10: length counts, sorts of characters count a little.
fn strength(secret: &str) -> usize {
    let sorts: [fn(char) -> bool; 3] =
        [|c| c.is_ascii_digit(), |c| c.is_ascii_lowercase(), |c| !c.is_ascii_alphanumeric()];
    let found = sorts.iter().filter(|sort| secret.chars().any(**sort)).count();
    (secret.chars().count() / 2 + found).min(10)
}

impl Page for FirstRun {
    fn chain(&self) -> &'static [Context] {
        &[Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("first-title")
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let title = format!("{} {}", shell.text("first-title"), shell.text("first-steps"));
        let inner = ui.popup(area.width.min(78), 18, &title, &shell.text("first-hint"));
        let wide = usize::from(inner.width.saturating_sub(4));
        let lines = wrap(&shell.text(self.step_key()), wide);
        for (line, y) in lines.iter().zip(inner.y + 1..) {
            ui.put(inner.x + 2, y, line, inner.width.saturating_sub(4), Role::Text);
        }
        let y = inner.y + 2 + cells(lines.len());
        match self.step {
            Step::Language => self.draw_languages(ui, inner, y),
            Step::Recovery => {
                ui.put(inner.x + 4, y, &self.recovery, inner.width.saturating_sub(6), Role::Key);
                let label = shell.text("first-copied");
                let x = ui.label(inner.x + 2, y + 2, &label, inner.right(), Role::Title) + 1;
                ui.put(x, y + 2, "[", 1, Role::Border);
                self.copied.draw(ui, x + 1, y + 2, 12, true);
                ui.put(x + 13, y + 2, "]", 1, Role::Border);
            }
            _ => self.draw_fields(shell, ui, inner, y),
        }
        let row = inner.bottom().saturating_sub(2);
        ui.put(inner.x + 2, row, &self.problem, inner.width.saturating_sub(4), Role::Bad);
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        let (_, _) = (shell, action);
    }

    fn typed(&mut self, shell: &mut Shell, key: Key) -> bool {
        match key.code {
            Code::Named(Named::Enter) => self.enter(shell),
            Code::Named(Named::Esc) => self.back(shell),
            Code::Named(Named::Tab | Named::Up | Named::Down) if self.fields().is_some() => {
                self.focus = 1 - self.focus.min(1);
            }
            Code::F(2) => {
                self.secret.toggle_secret();
                self.again.toggle_secret();
            }
            _ if self.step == Step::Language && !key.ctrl => self.choose_language(shell, key),
            _ => return self.field_mut().is_some_and(|field| field.key(key)),
        }
        true
    }

    fn pasted(&mut self, _shell: &mut Shell, text: &str) -> bool {
        self.field_mut().map(|field| field.insert(text)).is_some()
    }

    fn refused(&mut self, _shell: &mut Shell, problem: &str, code: &str) {
        if self.step == Step::Busy {
            self.go(Step::Passphrase);
        } else if self.step == Step::Server {
            self.focus = usize::from(code.ends_with("-code")); // else the server was not reached: the address
        }
        problem.clone_into(&mut self.problem);
    }

    fn done(&mut self, shell: &mut Shell, note: &str) {
        if self.step == Step::Busy {
            self.go(Step::Recovery);
            note.clone_into(&mut self.recovery);
        } else {
            shell.say(Tone::Good, shell.text("enrolled"));
            shell.moves.push(Move::Home);
        }
    }

    fn answered(&mut self, _shell: &mut Shell, _purpose: Purpose, _reply: Reply) {}
}
