//! A server in this process on its own threads, over SQLite and real HTTP.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use ejia::server::{ServeOptions, admin, serve_until};
use tokio::sync::oneshot;

/// A server that ends when dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    database: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

fn block<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime").block_on(future)
}

impl Server {
    pub(crate) fn start(dir: &Path) -> Self {
        let database = dir.join("server.sqlite");
        block(admin::init(&database, "同舟大學", "admin")).expect("set up");
        let (stop, stopped) = oneshot::channel();
        let (ready, address) = std::sync::mpsc::channel();
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let options = ServeOptions::new(listen, database.clone());
        let thread = std::thread::spawn(move || {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            let runtime = builder.worker_threads(2).enable_all().build().expect("a runtime");
            let stopped = async move {
                let _sender_gone = stopped.await;
            };
            let ready = |address| ready.send(address).expect("waited for");
            runtime.block_on(serve_until(options, ready, stopped)).expect("served");
        });
        let url = format!("http://{}", address.recv().expect("listening"));
        Self { url, database, stop: Some(stop), thread: Some(thread) }
    }

    /// Returns a one-time code of the administrator.
    pub(crate) fn code(&self) -> String {
        block(admin::code(&self.database, "admin", 72)).expect("a code").code
    }

    /// Returns the bytes of the database with its log.
    pub(crate) fn size(&self) -> u64 {
        let of = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        of(&self.database) + of(&self.database.with_extension("sqlite-wal"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _failed = thread.join();
        }
    }
}
