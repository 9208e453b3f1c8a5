//! A device's terminal without a terminal: keys in, screen out, and what workers do is done at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ejia::locale::Lang;
use ejia::tui::app::{Model, Start};
use ejia::tui::data::Data;
use ejia::tui::effect::Effect;
use ejia::tui::keys::Key;
use ejia::tui::message::Message;
use ejia::tui::ui::{Chrome, Ui, dump};
use ejia::tui::update::update;
use ejia::tui::view::view;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::sync::Device;

/// The model of a device's terminal, and the folder it is in.
pub(super) struct Desk {
    pub(super) model: Model,
    pub(super) data: Arc<Data>,
    now_ms: u64,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub(super) fn new(device: Device) -> Self {
        let Device { client, folder } = device;
        let data = Arc::new(Data::of(client));
        let mut model = Model::new(&Start {
            exists: true,
            lang: Lang::Hant,
            colour: false,
            chrome: Chrome::Narrow,
            today: jiff::civil::date(2026, 8, 23),
        });
        model.opened(Arc::clone(&data));
        Self { model, data, now_ms: 0, _folder: folder }
    }

    pub(super) fn press(&mut self, keys: &str) -> &mut Self {
        for word in keys.split(' ') {
            match word.parse::<Key>() {
                Ok(key) => self.send(Message::Key(key)),
                Err(_typed) => word.chars().for_each(|c| self.send(Message::Key(Key::char(c)))),
            }
        }
        self
    }

    pub(super) fn send(&mut self, message: Message) {
        self.now_ms += 1000;
        for effect in update(&mut self.model, message, self.now_ms) {
            let done = match effect {
                Effect::Sync => Message::Synced(self.data.sync(&|_| {}, &AtomicBool::new(false))),
                Effect::History(id) => Message::History(id, self.data.history(id)),
                Effect::Figures(today) => Message::Figures(self.data.ratios(today)),
                Effect::Boards(today) => Message::Boards(self.data.boards(today)),
                Effect::Agenda(today) => Message::Agenda(self.data.agenda(today)),
                Effect::Import(ask, write) => {
                    let imported = self.data.import(&ask, write);
                    Message::Imported(ask, imported)
                }
                _ => continue,
            };
            self.send(done);
        }
    }

    pub(super) fn screen(&self) -> String {
        self.screen_of(80, 24)
    }

    pub(super) fn screen_of(&self, wide: u16, high: u16) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, wide, high));
        let shell = &self.model.shell;
        let mut ui = Ui::new(&mut buf, &shell.theme, shell.chrome);
        view(&self.model, &mut ui);
        dump(&buf)
    }

    pub(super) fn shows(&self, text: &str) -> &Self {
        let screen = self.screen();
        assert!(screen.contains(text), "{text} is not in\n{screen}");
        self
    }
}
