//! What can happen: keys, pastes, signals, and what workers report. Defined below the screens, so that no screen calls another.

use std::sync::Arc;

use crossterm::event::Event;

use super::actions::Action;
use super::data::{
    BoardLine, Data, Failure, History, Imported, Ratio, SyncFigures, SyncStep, TaskView,
};
use super::import::ImportAsk;
use super::keys::Key;
use crate::domain::ids::RecordId;

/// One thing that happened.
#[derive(Debug)]
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size; it is painted anew.
    Resized,
    /// The shell asks us to stop until it resumes us.
    Suspend,
    /// We were resumed.
    Resumed,
    /// The terminal hung up, or we are asked to end.
    Terminate,
    /// Time passed that somebody waited for.
    Wake,
    /// The files were opened.
    Opened(Result<Arc<Data>, Failure>),
    /// The files were made; with the recovery code to show once.
    Created(Result<(Arc<Data>, String), Failure>),
    /// Joining the server ended.
    Enrolled(Result<(), Failure>),
    /// The figures of the overview were computed.
    Figures(Vec<Ratio>),
    /// The boards were computed.
    Boards(Vec<BoardLine>),
    /// What is due was looked up.
    Agenda(Vec<TaskView>),
    /// A worker broke.
    Failed(Failure),
    /// The sync went on.
    SyncStep(SyncStep),
    /// The sync ended.
    Synced(Result<SyncFigures, Failure>),
    /// A whole line was typed, in the line mode.
    Line(String),
    /// The choice with this number, from 0, was made in the popup on top, in the line mode.
    Choose(usize),
    /// The screen's cursor goes to this row, from 0, in the line mode.
    GoTo(usize),
    /// An action was chosen by its name, in the line mode.
    Run(Action),
    /// The history of a record was fetched.
    History(RecordId, Result<History, Failure>),
    /// A sheet was read, or written.
    Imported(ImportAsk, Result<Box<Imported>, Failure>),
}

impl Message {
    /// Reads a terminal's event; `None` for what means nothing to us.
    pub fn from_event(event: Event) -> Option<Self> {
        match event {
            Event::Key(key) => Key::from_event(key).map(Self::Key),
            Event::Paste(text) => Some(Self::Paste(text)),
            Event::Resize(..) => Some(Self::Resized),
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
        }
    }
}
