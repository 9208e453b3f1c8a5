//! Two servers on one PostgreSQL cluster with a standby: either server and the primary database may be killed while devices push,
//! and what was acknowledged is there.
//!
//! `cargo test` does it with a few devices; `EJIA_TEST_DEVICES=20 EJIA_TEST_FAILOVER_OPS=2000` makes it long.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::child;
use super::kill::kill_server;
use super::serving::{Place, Serving};
use super::writer::Writer;
use crate::server::pg::{Cluster, SHORT_LIVED, cluster, programs};

/// Longest time that anything here may take.
const LIMIT: Duration = Duration::from_mins(2);

#[test]
fn a_server_on_postgresql_killed_during_pushes_has_every_operation_it_acknowledged() {
    let Some(cluster) = cluster() else { return };
    let folder = tempfile::tempdir().unwrap();
    let database = vec!["--database".to_owned(), cluster.database()];
    let place = Place { database, folder: folder.path(), env: Vec::new() };
    kill_server(&place, child::amount("EJIA_TEST_SERVER_KILLS", 5));
}

/// Pushes at both servers by turns, until each device has `more` operations acknowledged or `over` says that it is over.
fn push_all(writers: &mut [Writer], servers: [&str; 2], more: u64, over: &AtomicBool) {
    let end = Instant::now() + LIMIT;
    std::thread::scope(|scope| {
        for writer in writers {
            scope.spawn(move || {
                let goal = writer.acked + more;
                for url in servers.into_iter().cycle() {
                    let _either = writer.push(url);
                    if writer.acked >= goal || over.load(Ordering::SeqCst) {
                        break;
                    }
                    assert!(Instant::now() < end, "{:?} of {goal} after {LIMIT:?}", writer.acked);
                }
            });
        }
    });
}

/// Lets devices push until `kill`, which runs once enough was acknowledged; the devices may then stop at any moment.
fn push_until(writers: &mut [Writer], servers: [&str; 2], more: u64, kill: impl FnOnce() + Send) {
    let over = AtomicBool::new(false);
    let working = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for writer in writers {
            let (over, working) = (&over, &working);
            scope.spawn(move || {
                for url in servers.into_iter().cycle() {
                    let before = writer.acked;
                    let _either = writer.push(url);
                    working.fetch_add(writer.acked - before, Ordering::SeqCst);
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                }
            });
        }
        let end = Instant::now() + LIMIT;
        while working.load(Ordering::SeqCst) < more {
            assert!(Instant::now() < end, "nothing is acknowledged");
            std::thread::yield_now();
        }
        kill();
        over.store(true, Ordering::SeqCst);
    });
}

/// Waits until a server answers again.
fn wait_for(server: &Serving) {
    let end = Instant::now() + LIMIT;
    let http = crate::server::harness::http();
    let hello = || http.get(format!("{}/v1/hello", server.url)).send();
    while !hello().is_ok_and(|answer| answer.status().is_success()) {
        assert!(Instant::now() < end, "the server does not find the new primary");
    }
}

#[test]
fn the_primary_killed_and_its_standby_promoted_no_acknowledged_operation_is_lost() {
    let Some(programs) = cluster().and_then(|_| programs()) else { return };
    let (devices, more) =
        (child::amount("EJIA_TEST_DEVICES", 4), child::amount("EJIA_TEST_FAILOVER_OPS", 60));
    let primary = Cluster::start(&programs, SHORT_LIVED);
    primary.database();
    let standby = primary.standby(SHORT_LIVED);
    primary.wait_for_standby();
    let hosts = format!("{},{}", primary.folder.display(), standby.folder.display());
    let url =
        format!("postgres:///test0?host={hosts}&user=postgres&target_session_attrs=read-write");
    let folder = tempfile::tempdir().unwrap();
    let database = vec!["--database".to_owned(), url];
    let place = Place { database, folder: folder.path(), env: Vec::new() };
    let made = place.admin(&["init", "--name", "T", "--admin", "hq"]);
    let (mut first, second) = (place.serve(), place.serve());
    let mut writers = vec![Writer::enrol(&first.url, made["code"].as_str().unwrap(), 1)];
    for id in 2..=devices {
        let code = place.admin(&["code", "hq"]);
        writers.push(Writer::enrol(&second.url, code["code"].as_str().unwrap(), id));
    }
    let urls = [first.url.clone(), second.url.clone()];
    let urls = [urls[0].as_str(), urls[1].as_str()];

    push_until(&mut writers, urls, more, || first.kill());
    push_all(&mut writers, urls, 20, &AtomicBool::new(false));
    push_until(&mut writers, urls, more, || primary.kill());
    let acked: u64 = writers.iter().map(|writer| writer.acked).sum();
    let down = Instant::now();
    standby.promote();
    wait_for(&second);
    let back = down.elapsed();
    for writer in &writers {
        writer.check(&second.url);
    }

    let third = place.serve();
    push_all(&mut writers, [&second.url, &third.url], 20, &AtomicBool::new(false));
    let total: u64 = writers.iter().map(|writer| writer.acked).sum();
    let records: u64 = writers.iter().map(|writer| writer.records).sum();
    assert_eq!(writers[0].pull(&third.url), records);
    let verified = place.admin(&["verify"]);
    assert_eq!((&verified["ok"], &verified["ops"]), (&true.into(), &(total + 1).into()));
    println!(
        "{devices} devices, {acked} acknowledged when the primary was killed, 0 lost; answers again after {back:?}; {total} at the end"
    );
}
