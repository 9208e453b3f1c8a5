//! A PostgreSQL database that is put back: from a backup of ours, or by PostgreSQL's own programs without a word to anybody.

use std::path::Path;

use ejia::domain::access::Role;
use ejia::domain::kinds::Kind;
use ejia::server::admin;
use ejia::server::db::location::Location;

use super::harness::{Server, block};
use super::pg::{Cluster, cluster};
use crate::sync::{Device, text};

/// Name of the database of a location.
fn name(database: &Location) -> String {
    database.to_string().rsplit('/').next().unwrap().to_owned()
}

/// Dumps a database as an operator would.
fn dump(cluster: &Cluster, database: &Location) -> std::path::PathBuf {
    let file = cluster.folder.join(format!("{}.dump", name(database)));
    let mut dump = cluster.tool("pg_dump", &["-Fc", "-f", file.to_str().unwrap(), &name(database)]);
    assert!(dump.status().unwrap().success());
    file
}

/// Puts a dump back over the database.
fn put_back(cluster: &Cluster, database: &Location, file: &Path) {
    let url = name(database);
    let args = ["--clean", "--if-exists", "-d", &url, file.to_str().unwrap()];
    assert!(cluster.tool("pg_restore", &args).status().unwrap().success());
}

fn alarms(database: &Location) -> Vec<String> {
    let fleet = block(admin::fleet(database)).unwrap();
    fleet.alarms.into_iter().map(|alarm| alarm.word).collect()
}

fn epoch_no(database: &Location) -> u64 {
    block(admin::fleet(database)).unwrap().tenant.epoch_no
}

fn whole(database: &Location) {
    assert_eq!(block(admin::verify(database)).unwrap().difference, None);
}

#[test]
fn a_dump_put_back_neither_lets_a_revoked_device_in_nor_gives_a_number_out_twice() {
    let Some(cluster) = cluster() else { return };
    let mut first = Server::on(Location::Postgres(cluster.database()));
    let mut second = first.another();
    let hq = Device::hq(&first);
    let lost = Device::joined(&first, "lost", Role::Hq, "000000");
    for device in [&hq, &lost] {
        device.sync();
    }
    let old = dump(cluster, &first.database);
    // All of this happens at the first server or by hand; the second one only has it from the database.
    hq.client.lease_numbers(2026, 10).unwrap();
    let unit = hq.unit("020100", None);
    let person = hq.person(unit, "A1", "王小明");
    hq.sync();
    let leased = hq.client.leases().remove(0).lease;
    let devices = block(admin::devices(&first.database)).unwrap();
    let which = devices.iter().find(|device| device.user == "lost").unwrap();
    block(admin::revoke(&first.database, which.device.id, false)).unwrap();
    block(admin::user_disable(&first.database, "lost")).unwrap();
    second.stop();
    first.stop();
    put_back(cluster, &first.database, &old);
    second.run();
    assert!(alarms(&second.database).contains(&"rolled_back".to_owned()));
    let devices = block(admin::devices(&second.database)).unwrap();
    let which = devices.iter().find(|device| device.user == "lost").unwrap();
    assert_eq!(which.device.state, "revoked");
    let users = block(admin::user_list(&second.database)).unwrap();
    assert!(users.iter().any(|user| user.name == "lost" && user.disabled));
    let other = Device::joined(&second, "other", Role::Hq, "000000");
    other.client.lease_numbers(2026, 10).unwrap();
    other.sync();
    let next = other.client.leases().remove(0).lease;
    assert!(next.lo > leased.hi, "{} after {}", next.lo, leased.hi);
    // The first server comes back, sees that the new history is noticed, and begins none of its own.
    let noticed = epoch_no(&first.database);
    first.run();
    assert_eq!(epoch_no(&first.database), noticed);
    hq.sync();
    hq.sync();
    assert_eq!(hq.value(person, "name"), Some(text("王小明")));
    other.sync();
    assert_eq!(other.count(Kind::Person), 1, "what the dump lacked came back from its device");
    whole(&first.database);
}

#[test]
fn a_server_that_runs_while_its_database_is_put_back_notices() {
    let Some(cluster) = cluster() else { return };
    let server = Server::on(Location::Postgres(cluster.database()));
    let hq = Device::hq(&server);
    hq.sync();
    let old = dump(cluster, &server.database);
    let unit = hq.unit("020100", None);
    let person = hq.person(unit, "A1", "王小明");
    hq.sync();
    put_back(cluster, &server.database, &old);
    // The device's cursor proves it, before the server looks by itself.
    hq.sync();
    hq.sync();
    assert!(alarms(&server.database).contains(&"rolled_back".to_owned()));
    let other = Device::joined(&server, "other", Role::Hq, "000000");
    other.sync();
    assert_eq!(other.value(person, "name"), Some(text("王小明")));
    whole(&server.database);
}

#[test]
fn a_backup_is_restored_into_an_empty_postgresql_database() {
    let Some(cluster) = cluster() else { return };
    let mut server = Server::on(Location::Postgres(cluster.database()));
    let hq = Device::hq(&server);
    hq.sync();
    let unit = hq.unit("020100", None);
    let before = hq.person(unit, "A1", "王小明");
    hq.sync();
    let backups = server.folder().join("backups");
    block(admin::backup(&server.database, &backups)).unwrap();
    hq.sync();
    let after = hq.person(unit, "A2", "李大紅");
    hq.sync();
    server.stop();
    let full = block(admin::restore(&server.database, &backups));
    assert!(full.is_err(), "the target must be empty");
    server.database = Location::Postgres(cluster.database());
    let done = block(admin::restore(&server.database, &backups)).unwrap();
    assert_eq!(done.epoch_no, 2);
    assert!(alarms(&server.database).contains(&"restored".to_owned()));
    server.run();
    hq.sync();
    hq.sync();
    let other = Device::joined(&server, "other", Role::Hq, "000000");
    other.sync();
    for (id, name) in [(before, "王小明"), (after, "李大紅")] {
        assert_eq!(other.value(id, "name"), Some(text(name)), "{name}");
    }
    whole(&server.database);
}

#[test]
fn a_database_of_a_newer_program_is_not_served() {
    let Some(cluster) = cluster() else { return };
    let mut server = Server::on(Location::Postgres(cluster.database()));
    server.stop();
    cluster.query(&name(&server.database), "UPDATE layout SET number = 99");
    let opened = block(ejia::server::db::Database::open(&server.database, false));
    let error = opened.map(drop).unwrap_err();
    assert!(error.to_string().contains("layout 99"), "{error}");
}
