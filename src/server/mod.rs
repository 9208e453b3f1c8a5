//! The server: takes operations, merges them, gives every device what it may see (docs/protocol.md).
//!
//! It imports `domain`, `sync`, `wire`, `settings` and `telemetry`. Start at [`serve`], then `http::router` and [`service`] (the calls), `push`
//! (the one writer), `pull` (pages), `scope` (who sees what), and [`admin`] for what runs beside it.

pub mod admin;
mod audit;
mod beside;
mod care;
pub mod clock;
pub mod db;
mod decide;
mod erase;
mod events;
mod expire;
mod history;
mod http;
mod keys;
mod load;
mod marks;
pub mod net;
mod opening;
mod pull;
mod push;
mod receipts;
mod returning;
mod scope;
mod secret;
pub mod service;
mod session;
#[cfg(test)]
mod tests;
mod upkeep;
mod writer;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use beside::Beside;
use care::{Care, CareError};
use db::location::Location;
use db::{Database, Db, DbError};
use http::{App, router};
use net::listen::{Listening, answer};
use net::tls::{Tls, TlsError, TlsFiles};
use service::Service;
use writer::Writer;

pub use net::listen::Bounds;
pub use net::proxy::Network;

use crate::settings::ServerSettings;
use crate::sync::{AppVersion, Limits};

/// How to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The SQLite file or PostgreSQL database.
    pub database: Location,
    /// Certificate and key; without them the server speaks plain HTTP, on loopback or behind a proxy.
    pub tls: Option<TlsFiles>,
    /// Folder for the marks of a PostgreSQL database, which a copy put back there does not take back; a file has them beside it.
    pub state_dir: Option<PathBuf>,
    /// True if a proxy in front does TLS: only then may plain HTTP be spoken on another address than loopback.
    pub behind_proxy: bool,
    /// Proxies whose `X-Forwarded-For` is believed; if there are any, nobody else may connect, loopback apart.
    pub trusted: Vec<Network>,
    /// How many connections, and how long what may take.
    pub bounds: Bounds,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How long running requests may go on after the signal to stop.
    pub stop_timeout: Duration,
    /// Enrolments one address may try a minute.
    pub enrol_per_minute: u32,
    /// Requests one device may make a minute in the long run; the largest number for no limit.
    pub requests_per_minute: u32,
    /// Sizes and times of the protocol.
    pub limits: Limits,
}

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Anything but loopback needs TLS.
    #[error("{listen} is not loopback: plain HTTP needs --behind-proxy and a proxy that does TLS")]
    NotLoopback {
        /// Address asked for.
        listen: SocketAddr,
    },
    /// Anybody could claim to be anybody behind a proxy that is not named.
    #[error("--behind-proxy on {listen} needs the proxy's address: --trusted-proxy")]
    NoTrustedProxy {
        /// Address asked for.
        listen: SocketAddr,
    },
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be used.
    #[error("cannot listen on {listen}")]
    Listen {
        /// Address asked for.
        listen: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Another server runs on the same database.
    #[error("another server runs on this database")]
    Running,
    /// A file beside the database cannot be used.
    #[error("cannot use {path}")]
    Beside {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl ServeOptions {
    /// Serves a database as the settings say.
    pub fn from_settings(settings: &ServerSettings, database: impl Into<Location>) -> Self {
        Self {
            listen: settings.listen,
            database: database.into(),
            tls: None,
            state_dir: Some(settings.state_dir.clone()).filter(|dir| !dir.as_os_str().is_empty()),
            behind_proxy: settings.behind_proxy,
            trusted: Vec::new(),
            bounds: Bounds {
                connections: settings.max_connections,
                per_address: settings.connections_per_address,
                ..Bounds::default()
            },
            request_timeout: Duration::from_secs(settings.request_timeout_seconds.into()),
            stop_timeout: Duration::from_secs(settings.stop_timeout_seconds.into()),
            enrol_per_minute: settings.enrol_per_minute,
            limits: Limits {
                lease_ms: i64::from(settings.lease_days).saturating_mul(86_400_000),
                min_app: AppVersion::of(&settings.min_app),
                ..Limits::default()
            },
            requests_per_minute: settings.requests_per_minute,
        }
    }

    /// Serves a database on loopback with the settings' defaults.
    pub fn new(listen: SocketAddr, database: impl Into<Location>) -> Self {
        Self {
            listen,
            database: database.into(),
            tls: None,
            state_dir: None,
            behind_proxy: false,
            trusted: Vec::new(),
            bounds: Bounds::default(),
            request_timeout: Duration::from_mins(1),
            stop_timeout: Duration::from_secs(20),
            enrol_per_minute: 30,
            requests_per_minute: u32::MAX,
            limits: Limits::default(),
        }
    }
}

/// Serves until SIGTERM or ctrl-c, finishes the running requests and returns.
///
/// `ready` is called once with the address, when requests are answered.
///
/// # Errors
/// Every variant of [`ServerError`].
pub async fn serve(
    options: ServeOptions,
    ready: impl FnOnce(SocketAddr) + Send,
) -> Result<(), ServerError> {
    serve_until(options, ready, signalled()).await
}

/// Serves until `stop` is done: for tests and the demonstration, which run the server inside their own process.
///
/// # Errors
/// As for [`serve`].
pub async fn serve_until(
    options: ServeOptions,
    ready: impl FnOnce(SocketAddr) + Send,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    may_listen(&options)?;
    let tls = options.tls.as_ref().map(Tls::open).transpose()?;
    let db = Database::open(&options.database, false).await?;
    db.tenant().await?;
    let (care, lock) = started(&db, &options).await?;
    let (listener, address) = bind(&options).await?;
    let (writer, writing) = Writer::start(db.clone(), care.marks.clone());
    let marks = care.marks.clone();
    let keys = care.keys.clone();
    let service = Service::new(db.clone(), writer, Arc::new(clock::Machine), options.limits, care);
    let rates = (options.enrol_per_minute, options.requests_per_minute);
    let app = App::new(service, rates, options.trusted.clone());
    let app = Arc::new(app);
    let reloading = tls.clone().map(|tls| tokio::spawn(reload(tls)));
    let ticking = tokio::spawn(tick(Arc::clone(&app)));
    let keeping = tokio::spawn(keep_up(db.clone(), marks.clone(), options.database.clone()));
    let housekeeping = tokio::spawn(upkeep::daily(db.clone(), keys, options.limits));
    ready(address);
    let routes = router(app, options.request_timeout);
    let ServeOptions { bounds, trusted, stop_timeout, .. } = options;
    answer(Listening { listener, tls, routes, bounds, trusted, stop_timeout }, stop).await;
    reloading.inspect(tokio::task::JoinHandle::abort);
    ticking.abort();
    let _aborted = ticking.await;
    keeping.abort();
    let _aborted = keeping.await;
    // All senders are gone with the router, so the writer ends after the last batch.
    let _ended = tokio::time::timeout(stop_timeout, writing).await;
    housekeeping.abort();
    match &options.database {
        Location::File(_) => history::mark_head(&marks, &db.tenant().await?),
        Location::Postgres(_) => {
            let _again = kept(history::keep_up(&db, &marks, &clock::Machine).await)?;
        }
    }
    db.close().await;
    drop(lock);
    Ok(())
}

/// Says whether the address may be listened on: plain HTTP never reaches another machine unasked.
fn may_listen(options: &ServeOptions) -> Result<(), ServerError> {
    let listen = options.listen;
    if options.tls.is_some() || listen.ip().is_loopback() {
        return Ok(());
    }
    if !options.behind_proxy {
        return Err(ServerError::NotLoopback { listen });
    }
    if options.trusted.is_empty() { Err(ServerError::NoTrustedProxy { listen }) } else { Ok(()) }
}

/// Reads certificate and key again at each SIGHUP, for ever. What is not usable is logged, and what was in use stays.
async fn reload(tls: Tls) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
        while hangups.recv().await.is_some() {
            if let Err(error) = tls.reload() {
                tracing::error!({ crate::telemetry::ERROR } = %error, "the certificate was not read again");
            }
        }
    }
    #[cfg(not(unix))]
    drop(tls);
}

/// How often the server looks for what has waited too long.
const TICK: Duration = Duration::from_mins(15);

/// Ends what has waited too long, for ever.
async fn tick<D: Db>(app: Arc<App<D>>) {
    let mut interval = tokio::time::interval(TICK);
    loop {
        interval.tick().await;
        if let Err(error) = app.service.tick().await {
            tracing::warn!({ crate::telemetry::ERROR } = %error, "ending what waited failed");
        }
    }
}

/// How often a server notes what others do to the same database, and looks whether it went back.
const KEEP_UP: Duration = Duration::from_mins(1);

/// Keeps the marks of a database that others serve and administer as well up with it.
async fn keep_up(db: Database, marks: marks::Marks, database: Location) {
    if marks.path().is_none() || matches!(database, Location::File(_)) {
        return;
    }
    let mut interval = tokio::time::interval(KEEP_UP);
    loop {
        interval.tick().await;
        if let Err(error) = history::keep_up(&db, &marks, &clock::Machine).await {
            tracing::warn!({ crate::telemetry::ERROR } = %error, "the marks were not kept up");
        }
    }
}

/// Makes sure that nobody else serves the file, that a new history has begun if the database went back, and that what outlives
/// that holds.
async fn started(
    db: &Database,
    options: &ServeOptions,
) -> Result<(Care, Option<std::fs::File>), ServerError> {
    let location = &options.database;
    let failed = |path: std::path::PathBuf| {
        move |source| ServerError::Beside { path: path.display().to_string(), source }
    };
    let beside = Beside::of(location);
    let lock = match &beside {
        Some(beside) => {
            let lock = beside.lock().map_err(failed(beside.with("lock")))?;
            Some(lock.ok_or(ServerError::Running)?)
        }
        None => None,
    };
    let opened = Care::open(db, location, options.state_dir.as_deref(), &clock::Machine).await;
    let care = kept(opened)?;
    if matches!(location, Location::Postgres(_)) {
        let _again = kept(history::keep_up(db, &care.marks, &clock::Machine).await)?;
        return Ok((care, lock));
    }
    let named = care.marks.path().cloned().unwrap_or_default();
    let read = care.marks.read().map_err(failed(named))?;
    if history::check(db, &care.marks, &read, &clock::Machine).await? {
        history::reapply(db, &read).await?;
        erase::again(db, &care.keys, &history::erased(&read), &clock::Machine).await?;
    }
    history::mark_head(&care.marks, &db.tenant().await?);
    Ok((care, lock))
}

fn kept<T>(result: Result<T, CareError>) -> Result<T, ServerError> {
    result.map_err(|error| match error {
        CareError::Beside { path, source } => ServerError::Beside { path, source },
        CareError::Database(error) => ServerError::Database(error),
    })
}

/// Takes the address.
async fn bind(options: &ServeOptions) -> Result<(TcpListener, SocketAddr), ServerError> {
    let listen = options.listen;
    let failed = |source| ServerError::Listen { listen, source };
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Waits for SIGTERM or ctrl-c.
async fn signalled() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = async {
            match signal(SignalKind::terminate()) {
                Ok(mut signals) => {
                    signals.recv().await;
                }
                Err(_unavailable) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}
