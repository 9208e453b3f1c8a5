//! Erasure: the content goes everywhere, the history stays verifiable.

use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;
use ejia::server::admin;

use super::{Device, text};
use crate::server::harness::{Server, block};

/// A server with a person whose records, edits and conflict hold what must go, and another person who stays.
struct Office {
    server: Server,
    hq: Device,
    device: Device,
    person: RecordId,
    other: RecordId,
}

const SECRETS: &[&str] = &["歐陽若明", "歐陽甲改", "歐陽乙改", "13812340001", "考核優秀甲"];

fn office() -> Office {
    let server = Server::start();
    let hq = Device::hq(&server);
    let college = hq.unit("020100", None);
    let person = hq.person(college, "10001", "歐陽若明");
    let other = hq.person(college, "10002", "留下的人");
    let class =
        hq.add(Kind::TrainingClass, &[("year", Value::Int(2026)), ("name", text("輪訓一班"))]);
    hq.sync();
    for who in [person, other] {
        hq.add(
            Kind::Enrolment,
            &[
                ("class", Value::Ref(class)),
                ("person", Value::Ref(who)),
                ("result", text("考核優秀甲")),
            ],
        );
    }
    hq.set(person, "phone", "13812340001");
    hq.sync();
    let device = Device::joined(&server, "organizer", Role::Organizer, "020100");
    device.sync();
    device.set(person, "name", "歐陽甲改");
    hq.set(person, "name", "歐陽乙改");
    hq.sync();
    device.sync();
    assert_eq!(device.client.conflicts().len(), 1);
    Office { server, hq, device, person, other }
}

fn in_file(server: &Server, wanted: &str) -> bool {
    let mut found = false;
    for end in ["", "-wal"] {
        let mut name = server.file().to_owned().into_os_string();
        name.push(end);
        let bytes = std::fs::read(name).unwrap_or_default();
        found |= bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes());
    }
    found
}

#[test]
fn an_erased_person_stands_in_no_table_and_the_chain_still_verifies() {
    let Office { mut server, hq, device, person, other } = office();
    assert!(SECRETS.iter().all(|secret| in_file(&server, secret)));
    let before = block(admin::verify(&server.database)).unwrap();
    assert_eq!((before.difference, before.erased), (None, 0));
    let done = block(admin::erase(&server.database, person, "request of 3 May")).unwrap();
    assert_eq!(done.records, 2, "the person and the enrolment: {done:?}");
    assert!(done.ops >= 4, "{done:?}");
    let after = block(admin::verify(&server.database)).unwrap();
    assert_eq!(after.difference, None);
    assert_eq!(usize::try_from(after.erased).unwrap(), done.ops);
    let list = block(admin::events(&server.database, 0, 1_000)).unwrap();
    let noted = list.iter().find(|info| info.row.event.word == "record.erased").unwrap();
    assert!(noted.row.event.detail.contains("request of 3 May"));
    let again = block(admin::erase(&server.database, person, "again")).unwrap();
    assert_eq!(again.ops, 0, "what is erased stays so");
    assert_eq!(block(admin::verify(&server.database)).unwrap().difference, None);

    device.sync();
    hq.sync();
    for client in [&device, &hq] {
        assert!(client.value(person, "name").is_none(), "gone from devices");
        assert_eq!(client.value(other, "name"), Some(text("留下的人")));
    }
    assert!(device.client.conflicts().is_empty(), "nothing is left to decide");
    assert!(device.client.history(person).is_ok(), "its history can still be asked for");
    server.stop();
    block(admin::verify(&server.database)).unwrap();
    for secret in &SECRETS[..4] {
        assert!(!in_file(&server, secret), "{secret} stands in the database");
    }
}

#[test]
fn a_payload_that_no_erasure_accounts_for_is_still_found() {
    let Office { mut server, person, other, .. } = office();
    block(admin::erase(&server.database, person, "request")).unwrap();
    server.stop();
    let file = server.file().to_owned();
    let changed = block(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        let of = |id: RecordId| id.0.as_bytes().to_vec();
        // The other person's operation gets the payload of an erased one, which is well formed.
        let rows = sqlx::query("UPDATE op SET bytes = (SELECT bytes FROM op WHERE record = $1 ORDER BY seq LIMIT 1) WHERE record = $2")
            .bind(of(person))
            .bind(of(other))
            .execute(&pool)
            .await
            .unwrap()
            .rows_affected();
        pool.close().await;
        rows
    });
    assert!(changed > 0);
    let told = block(admin::verify(&server.database)).unwrap().difference;
    assert!(matches!(told, Some(admin::Difference::Hash { .. })), "{told:?}");
}

#[test]
fn what_was_erased_stays_erased_after_a_restore() {
    let Office { mut server, hq, person, .. } = office();
    let folder = server.folder().join("backups");
    std::fs::create_dir(&folder).unwrap();
    block(admin::backup(&server.database, &folder)).unwrap();
    block(admin::erase(&server.database, person, "request")).unwrap();
    server.stop();
    let restored = block(admin::restore(&server.database, &folder)).unwrap();
    assert_eq!(restored.reapplied.erased, 2);
    for secret in &SECRETS[..4] {
        assert!(!in_file(&server, secret), "{secret} came back");
    }
    assert_eq!(block(admin::verify(&server.database)).unwrap().difference, None);
    server.run();
    hq.sync();
    assert!(hq.value(person, "name").is_none());
}

#[test]
fn what_a_class_needed_goes_thirty_days_after_it() {
    let mut server = Server::start();
    let hq = Device::hq(&server);
    let college = hq.unit("020100", None);
    let person = hq.person(college, "10001", "王小明");
    let day = |year| Value::Date(ejia::domain::record::PartialDate::day(year, 6, 1).unwrap());
    let mut enrolled = Vec::new();
    for (year, diet) in [(2020, "清真餐"), (2190, "素食餐")] {
        let class = hq.add(
            Kind::TrainingClass,
            &[
                ("year", Value::Int(year)),
                ("name", text("班")),
                ("ends_on", day(i16::try_from(year).unwrap())),
            ],
        );
        hq.sync();
        enrolled.push(hq.add(
            Kind::Enrolment,
            &[
                ("class", Value::Ref(class)),
                ("person", Value::Ref(person)),
                ("diet", text(diet)),
                ("result", text("優")),
            ],
        ));
    }
    hq.sync();
    let done = block(admin::expire(&server.database)).unwrap();
    assert_eq!((done.records, done.ops), (1, 1));
    assert_eq!(block(admin::expire(&server.database)).unwrap().records, 0);
    hq.sync();
    assert_eq!(hq.value(enrolled[0], "diet"), None);
    assert_eq!(hq.value(enrolled[0], "result"), Some(text("優")), "hours and results are kept");
    assert_eq!(hq.value(enrolled[1], "diet"), Some(text("素食餐")));
    let verified = block(admin::verify(&server.database)).unwrap();
    assert_eq!((verified.difference, verified.erased), (None, 1));
    server.stop();
    assert!(!in_file(&server, "清真餐") && in_file(&server, "素食餐"));
}
