//! Backup, verification and accounts beside a running server.

use ejia::domain::access::Role;
use ejia::domain::kinds::Kind;
use ejia::server::admin::{self, AdminError, Difference};
use ejia::server::{ServeOptions, ServerError, serve_until};
use ejia::sync::{Base, OpBody};

use super::harness::{Server, block};

/// Some history of every sort.
fn busy(server: &Server) {
    let mut hq = server.hq();
    let a = hq.unit("A", server.root);
    hq.unit("B", server.root);
    let mut one = server.user("one", Role::Organizer, "A");
    let mut two = server.user("two", Role::Organizer, "A");
    for n in 0..5 {
        let (person, made) = one.person(&format!("A{n:04}"), "某人");
        one.set(Kind::Person, person, "name", Base::Seen(made), "甲");
        two.set(Kind::Person, person, "name", Base::Seen(made), "乙");
        one.set(Kind::Person, person, "staff_no", Base::Seen(made), &format!("B{n:04}"));
        if n == 2 {
            hq.do_one(Kind::Person, person, OpBody::Move { base: Base::Seen(made), to: a });
            hq.do_one(Kind::Person, person, OpBody::Delete { saw: 1, reason: String::new() });
        }
    }
}

#[test]
fn a_replay_of_the_log_gives_the_stored_records() {
    let server = Server::start();
    busy(&server);
    let verified = block(admin::verify(&server.database)).unwrap();
    assert_eq!(verified.difference, None);
    assert!(verified.ops >= 25 && verified.conflicts >= 5, "{verified:?}");
}

#[test]
fn a_tampered_record_is_found() {
    let mut server = Server::start();
    busy(&server);
    let (person, _) = server.device_of("one").person("A9999", "王小明");
    server.stop();
    let mut bytes = std::fs::read(server.file()).unwrap();
    let name = "王小明".as_bytes();
    let places: Vec<usize> = bytes
        .windows(name.len())
        .enumerate()
        .filter(|(_, window)| *window == name)
        .map(|(place, _)| place)
        .collect();
    assert_eq!(places.len(), 2, "in the log and in the record");
    let found: Vec<_> = places
        .into_iter()
        .map(|place| {
            bytes[place..place + 3].copy_from_slice("汪".as_bytes());
            std::fs::write(server.file(), &bytes).unwrap();
            bytes[place..place + 3].copy_from_slice("王".as_bytes());
            block(admin::verify(&server.database)).unwrap().difference.unwrap()
        })
        .collect();
    assert!(found.contains(&Difference::Record { id: person }), "{found:?}");
    assert!(found.iter().any(|difference| matches!(difference, Difference::Hash { .. })));
}

#[test]
fn a_verified_backup_tells_devices_what_is_safe() {
    let server = Server::start();
    busy(&server);
    let folder = server.folder().join("backup");
    let backup = block(admin::backup(&server.database, &folder)).unwrap();
    assert_eq!(backup.devices, 3);
    assert_eq!(backup.verified.difference, None);
    let devices = block(admin::devices(&server.database)).unwrap();
    assert!(devices.iter().all(|info| info.device.durable_n == info.device.last_n));
    let mut one = server.device_of("one");
    one.person("A9999", "某人");
    assert_eq!(one.open().known.durable_n, 0, "a new device is in no backup yet");
}

#[test]
fn users_and_devices_are_listed() {
    let server = Server::start();
    busy(&server);
    let users = block(admin::user_list(&server.database)).unwrap();
    let one = users.iter().find(|user| user.name == "one").unwrap();
    assert_eq!((one.role, one.unit.as_str(), one.disabled), (Role::Organizer, "A", false));
    let again = block(admin::user_add(&server.database, "one", Role::Hq, None));
    assert!(matches!(again, Err(AdminError::Database(_))), "{again:?}");
    let nowhere = block(admin::user_add(&server.database, "x", Role::Organizer, Some("ZZ")));
    assert!(matches!(nowhere, Err(AdminError::NoUnit { .. })), "{nowhere:?}");
    let devices = block(admin::devices(&server.database)).unwrap();
    assert_eq!(devices.len(), 3);
    assert!(devices.iter().any(|info| info.user == "one" && info.device.last_n == 15));
}

#[test]
fn a_database_is_set_up_once_and_only_then_served() {
    let server = Server::start();
    let again = block(admin::init(&server.database, "再來", "admin"));
    assert!(matches!(again, Err(AdminError::Database(_))), "{again:?}");
    let missing = server.folder().join("none.sqlite");
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let never = std::future::pending::<()>();
    let answer = block(serve_until(ServeOptions::new(listen, missing), |_| {}, never));
    assert!(matches!(answer, Err(ServerError::Database(_))), "{answer:?}");
    let open = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
    let never = std::future::pending::<()>();
    let options = ServeOptions::new(open, server.database.clone());
    let answer = block(serve_until(options, |_| {}, never));
    assert!(matches!(answer, Err(ServerError::NotLoopback { .. })), "{answer:?}");
}

#[test]
fn a_stopped_server_goes_on_where_it_was() {
    let mut server = Server::start();
    busy(&server);
    server.stop();
    server.run();
    let mut one = server.device_of("one");
    assert_eq!(one.pull().0.iter().filter(|r| r.kind == Kind::Person.number()).count(), 5);
}
