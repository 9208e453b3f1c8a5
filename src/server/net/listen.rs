//! The loop that takes connections: how many, from whom, and how long each may take for what.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use super::proxy::Network;
use super::stall::Stall;
use super::tls::Tls;
use crate::telemetry as field;

/// How many connections, and how long what may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address; loopback and trusted proxies stand for many and are not counted.
    pub per_address: usize,
    /// Longest time of a TLS handshake.
    pub handshake: Duration,
    /// Longest time from the first wait for a request to the end of its headers; idle connections end after it too.
    pub headers: Duration,
    /// Longest time without progress while an answer is written.
    pub stall: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 800,
            per_address: 100,
            handshake: Duration::from_secs(10),
            headers: Duration::from_secs(30),
            stall: Duration::from_secs(30),
        }
    }
}

/// What the loop needs to know.
pub(crate) struct Listening {
    /// Where connections come in.
    pub(crate) listener: TcpListener,
    /// TLS, unless a proxy in front does it or all is loopback.
    pub(crate) tls: Option<Tls>,
    /// What answers.
    pub(crate) routes: Router,
    /// How many and how long.
    pub(crate) bounds: Bounds,
    /// Proxies whose word on addresses is believed; if not empty, nobody else may connect, loopback apart.
    pub(crate) trusted: Vec<Network>,
    /// How long running requests may go on after the signal to stop.
    pub(crate) stop_timeout: Duration,
}

/// Counts open connections.
#[derive(Debug, Default)]
struct Open {
    by_address: Mutex<(usize, BTreeMap<IpAddr, usize>)>,
}

/// One counted connection.
struct Counted {
    open: Arc<Open>,
    from: IpAddr,
}

impl Open {
    fn count(self: &Arc<Self>, from: IpAddr, most: usize, each: Option<usize>) -> Option<Counted> {
        let mut held = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, by_address) = &mut *held;
        let own = by_address.entry(from).or_insert(0);
        if *all >= most || each.is_some_and(|each| *own >= each) {
            if *own == 0 {
                by_address.remove(&from);
            }
            return None;
        }
        (*all, *own) = (*all + 1, *own + 1);
        drop(held);
        Some(Counted { open: Arc::clone(self), from })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut held = self.open.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, by_address) = &mut *held;
        *all = all.saturating_sub(1);
        if let Some(own) = by_address.get_mut(&self.from) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                by_address.remove(&self.from);
            }
        }
    }
}

/// Answers requests until `stop`, then for at most `stop_timeout` those that run.
pub(crate) async fn answer(what: Listening, stop: impl Future<Output = ()> + Send + 'static) {
    let Listening { listener, tls, routes, bounds, trusted, stop_timeout } = what;
    let graceful = GracefulShutdown::new();
    let open = Arc::new(Open::default());
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let Some((stream, peer)) = taken(accepted).await else { continue };
        let from = peer.ip().to_canonical();
        let proxy = trusted.iter().any(|net| net.contains(from));
        if !trusted.is_empty() && !proxy && !from.is_loopback() {
            continue;
        }
        let each = (!proxy && !from.is_loopback()).then_some(bounds.per_address);
        let Some(counted) = open.count(from, bounds.connections, each) else { continue };
        let (tls, routes) = (tls.clone(), routes.clone());
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            serve((stream, peer), tls, routes, bounds, watcher).await;
            drop(counted);
        });
    }
    drop(listener);
    let _late = tokio::time::timeout(stop_timeout, graceful.shutdown()).await;
}

/// Returns what was accepted; after a failure it rests.
async fn taken(
    accepted: std::io::Result<(TcpStream, SocketAddr)>,
) -> Option<(TcpStream, SocketAddr)> {
    match accepted {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            // Out of file descriptors, or the other end was gone already: others must not suffer.
            tracing::warn!({ field::ERROR } = %error, "a connection was not taken");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

/// Serves one connection to its end.
async fn serve(
    (stream, peer): (TcpStream, SocketAddr),
    tls: Option<Tls>,
    routes: Router,
    bounds: Bounds,
    watcher: Watcher,
) {
    // Without this the last packet of an answer waits for the other side's acknowledgement, up to 40 ms.
    let _as_it_is = stream.set_nodelay(true);
    let stream = Stall::new(stream, bounds.stall);
    match tls {
        None => requests(stream, peer, routes, bounds, watcher).await,
        Some(tls) => {
            let hands = tls.acceptor().accept(stream);
            match tokio::time::timeout(bounds.handshake, hands).await {
                Ok(Ok(stream)) => requests(stream, peer, routes, bounds, watcher).await,
                Ok(Err(error)) => no_handshake(&error),
                Err(elapsed) => no_handshake(&elapsed),
            }
        }
    }
}

fn no_handshake(error: &dyn std::fmt::Display) {
    tracing::debug!({ field::ERROR } = %error, "no TLS handshake");
}

/// Answers the requests of one connection.
async fn requests<T>(stream: T, peer: SocketAddr, routes: Router, bounds: Bounds, watcher: Watcher)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        routes.clone().oneshot(request.map(axum::body::Body::new))
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.headers)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!({ field::ERROR } = %error, "a connection broke");
    }
}
