//! `serve`: headquarters' server.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult, INTERNAL, NEEDS_PERSON, USAGE};
use crate::cli::output::{data, say};
use crate::server::db::DbError;
use crate::server::db::location::Location;
use crate::server::net::tls::{TlsError, TlsFiles};
use crate::server::{Network, ServeOptions, ServerError, serve};
use crate::telemetry;

#[derive(Debug, Args)]
pub(in crate::cli) struct Serve {
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    #[arg(long, value_name = "PATH")]
    database: Option<PathBuf>,
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    #[arg(long, value_name = "PATH")]
    state_dir: Option<PathBuf>,
    #[arg(long)]
    behind_proxy: bool,
    #[arg(long, value_name = "ADDR")]
    trusted_proxy: Vec<Network>,
}

pub(super) fn run(cx: &Context, command: &Serve) -> CommandResult {
    let mut settings = cx.config.settings.server.clone();
    settings.listen = command.listen.unwrap_or(settings.listen);
    settings.behind_proxy |= command.behind_proxy;
    let database = database(cx, command.database.as_ref())?;
    if let Some(folder) = &command.state_dir {
        settings.state_dir.clone_from(folder);
    }
    if matches!(database, Location::Postgres(_)) && settings.state_dir.as_os_str().is_empty() {
        settings.state_dir = cx.dir()?.join("state");
    }
    let log = &cx.config.settings.log;
    let format = telemetry::Format::from_key(&log.format).unwrap_or(telemetry::Format::Text);
    telemetry::start(format, &log.level);
    let mut options = ServeOptions::from_settings(&settings, database);
    let given = command.tls_cert.clone().zip(command.tls_key.clone());
    options.tls = given.map(|(cert, key)| TlsFiles { cert, key }).or_else(|| tls_files(cx));
    options.trusted.clone_from(&command.trusted_proxy);
    for proxy in &settings.trusted_proxies {
        let network = proxy.parse().map_err(|_no_network| {
            CommandError::usage("usage-value")
                .with("argument", "server.trusted_proxies")
                .with("value", proxy)
        })?;
        options.trusted.push(network);
    }
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    runtime()?.block_on(serve(options, |address| ready(scheme, address))).map_err(failed)?;
    Ok(0)
}

/// Returns the certificate and key of the settings.
pub(super) fn tls_files(cx: &Context) -> Option<TlsFiles> {
    let settings = &cx.config.settings.server;
    let (cert, key) = (settings.tls_cert.clone(), settings.tls_key.clone());
    (!cert.as_os_str().is_empty()).then_some(TlsFiles { cert, key })
}

/// Says where requests are answered: one line, for people and scripts. That nobody reads it is no reason to stop serving.
fn ready(scheme: &str, address: SocketAddr) {
    if data(&format!("ready {scheme}://{address}\n")).is_err() {
        say(&format!("ready {scheme}://{address}"));
    }
}

/// Returns the database: the option, the setting, or `server.sqlite` in the data directory.
pub(super) fn database(cx: &Context, given: Option<&PathBuf>) -> CommandResult<Location> {
    let set = &cx.config.settings.server.database;
    let named = given.or_else(|| Some(set).filter(|path| !path.as_os_str().is_empty()));
    let Some(named) = named else { return Ok(cx.dir()?.join("server.sqlite").into()) };
    match named.to_str() {
        None => Ok(named.into()),
        Some(text) => Location::parse(text).ok_or_else(|| {
            let scheme = text.split_once("://").map_or("", |(scheme, _rest)| scheme);
            CommandError::usage("database-url").with("url", scheme)
        }),
    }
}

/// Makes the runtime that server code needs.
pub(super) fn runtime() -> CommandResult<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn failed(error: ServerError) -> CommandError {
    match error {
        ServerError::NotLoopback { listen } => {
            CommandError::usage("serve-not-loopback").with("address", listen)
        }
        ServerError::Listen { listen, source } => {
            CommandError::usage("serve-listen").with("address", listen).with("cause", source)
        }
        ServerError::Database(error) => database_failed(&error),
        ServerError::Running => CommandError::usage("admin-running"),
        ServerError::Beside { path, source } => {
            CommandError::new(USAGE, "write").with("path", path).with("cause", source)
        }
        ServerError::NoTrustedProxy { listen } => {
            CommandError::usage("serve-no-trusted-proxy").with("address", listen)
        }
        ServerError::Tls(error) => tls_failed(&error),
    }
}

/// Turns what is wrong with certificate or key into an error for people.
pub(super) fn tls_failed(error: &TlsError) -> CommandError {
    match error {
        TlsError::File { path, message } => {
            CommandError::usage("tls-file").with("path", path).with("cause", message)
        }
        TlsError::Mismatch { path } => CommandError::usage("tls-mismatch").with("path", path),
    }
}

/// Turns what the database says into an error for people.
pub(super) fn database_failed(error: &DbError) -> CommandError {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let (exit, code) = match error {
        DbError::Open { .. } => (USAGE, "database-open"),
        DbError::TooNew { .. } => (USAGE, "database-too-new"),
        DbError::NoTenant => (USAGE, "database-no-tenant"),
        DbError::Exists { what: "the tenant" } => (NEEDS_PERSON, "database-exists"),
        DbError::Exists { .. } => (NEEDS_PERSON, "account-exists"),
        DbError::Damaged { .. } => (NEEDS_PERSON, "database-damaged"),
        DbError::Statement(_) | DbError::Stopped | DbError::NoFile => {
            (INTERNAL, "database-statement")
        }
    };
    let path = if let DbError::Open { path, .. } = error { path.as_str() } else { "" };
    CommandError::new(exit, code).with("detail", error).with("cause", cause).with("path", path)
}
