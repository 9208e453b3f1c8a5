//! Servers on PostgreSQL: everything a server on a file does, and several servers on one database.

use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;
use ejia::server::admin;
use ejia::server::db::location::Location;
use ejia::sync::{Base, OpBody, Outcome};

use super::harness::{Device, Server, again_on_postgres, block, fresh, no};
use super::pg;

#[test]
fn what_holds_of_a_server_on_a_file_holds_of_one_on_postgresql() {
    if pg::cluster().is_none() {
        return;
    }
    let which =
        ["server::push", "server::scope", "server::admin", "sync::story::a_d", "story::different"];
    // These two look into the file.
    let files = ["--skip", "a_tampered_record_is_found", "--skip", "put_back_to_an_old_copy"];
    let out = again_on_postgres(&[which.as_slice(), &files].concat());
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && said.contains("story::different"), "{said}");
}

#[test]
fn two_servers_on_one_database_are_one_server() {
    let Some(cluster) = pg::cluster() else { return };
    let first = Server::on(Location::Postgres(cluster.database()));
    let second = first.another();
    let mut hq = first.hq();
    let a = hq.unit("A", first.root);
    let mut one = first.user("one", Role::Organizer, "A");
    // The first server knows the units as they were; the second changes them meanwhile.
    let (person, made) = one.person("A0001", "王小明");
    let mut chief = second.device_of("admin");
    let b = chief.unit("B", a);
    let mut two = second.user("two", Role::Organizer, "B");
    let (_, outcome) = two.set(Kind::Person, person, "name", Base::Seen(made), "李大紅");
    assert!(!matches!(outcome, Outcome::Applied { .. }), "B sees nothing of A: {outcome:?}");
    // A person of the new unit, which only the second server has seen come.
    let fields = vec![
        (no(Kind::Person, "staff_no"), Value::Text("B0001".into())),
        (no(Kind::Person, "name"), Value::Text("某人".into())),
    ];
    let body = OpBody::Create { unit: b, fields };
    let (_, outcome) = one.do_one(Kind::Person, RecordId(fresh()), body);
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    one.server = &second;
    let (_, outcome) = one.set(Kind::Person, person, "name", Base::Seen(made), "李大紅");
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    assert_eq!(persons(&mut one), 2);
    let verified = block(admin::verify(&first.database)).unwrap();
    assert_eq!(verified.difference, None);
}

#[test]
fn writers_at_two_servers_at_once_leave_one_log() {
    const EACH: usize = 30;
    let Some(cluster) = pg::cluster() else { return };
    let first = Server::on(Location::Postgres(cluster.database()));
    let second = first.another();
    first.hq().unit("A", first.root);
    block(admin::user_add(&first.database, "one", Role::Organizer, Some("A"))).unwrap();
    std::thread::scope(|scope| {
        for (place, server) in [&first, &second, &first, &second].into_iter().enumerate() {
            scope.spawn(move || {
                let mut device = server.device_of("one");
                for n in 0..EACH {
                    device.person(&format!("P{place}{n:03}"), "王小明");
                }
            });
        }
    });
    let verified = block(admin::verify(&second.database)).unwrap();
    assert_eq!(verified.difference, None);
    assert_eq!(persons(&mut second.device_of("one")), 4 * EACH);
}

fn persons(device: &mut Device<'_>) -> usize {
    let (records, _) = device.pull();
    records.iter().filter(|record| record.kind == Kind::Person.number()).count()
}
