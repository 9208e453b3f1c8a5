//! The terminal interface: an Elm core (model, message, update, view) around the use cases of `client`.
//!
//! It may import `client`, `domain`, `settings` and `locale`; only it may name ratatui and crossterm. Start at [`run`]; the model is
//! [`app::Model`], everything that happens is a [`message::Message`], [`update`](mod@update) is its only writer and [`view`] draws it. Slow work runs on
//! threads that report back as messages ([`runtime`]). One record kind needs nothing here: lists and forms read its spec.

pub mod actions;
pub mod app;
pub mod arranged;
pub mod backend;
pub mod chord;
pub mod data;
mod decided;
pub mod effect;
mod export;
mod figures;
pub mod import;
pub mod keys;
pub mod matching;
pub mod message;
mod opening;
mod own_keys;
mod paper;
pub mod plain;
pub mod probe;
pub mod runtime;
pub mod screens;
mod sent;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod ui;
pub mod update;
pub mod view;
mod which_key;
pub mod widgets;
pub mod work;

pub use effect::Secret;
pub use runtime::{Ended, RunOptions, TuiError, run};
