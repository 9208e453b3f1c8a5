//! The server over real HTTP: enrolment, pushes, pages, scope, limits, and what the administrator does beside it.

mod accounts;
mod admin;
mod document;
mod events;
#[cfg(test)]
pub(crate) mod harness;
mod limits;
pub(crate) mod pg;
mod pg_restore;
mod pg_servers;
mod pg_standby;
mod push;
mod quarantine;
mod rights;
mod scope;
mod sessions;
mod slow;
mod tls;
