//! sled's flush, woken when sled forgets to.
//!
//! sled 0.34.7 looks for a failed write before it waits for one, and a write that fails in between tells nobody: the flush then
//! waits for ever, although the disk has long answered. Another flush finds the failure at once and wakes whoever waits.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use sled::Db;

/// How long a flush may take before another one looks after it. A slow disk costs no more than a thread for each such time.
const PATIENCE: Duration = Duration::from_secs(2);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Makes everything written so far durable, as far as sled does.
pub(super) fn flush(db: &Db) -> sled::Result<()> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        let mut flush = pin!(db.flush_async());
        if let Poll::Ready(done) = flush.as_mut().poll(&mut context) {
            return done.map(drop);
        }
        thread::park_timeout(PATIENCE);
        if let Poll::Ready(done) = flush.as_mut().poll(&mut context) {
            return done.map(drop);
        }
    }
}
