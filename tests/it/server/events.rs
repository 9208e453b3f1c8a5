//! Events and verification: what devices note is listed, and one byte changed anywhere is named.

use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::server::admin;
use ejia::sync::command::{Arguments as _, EVENT_KIND, EventNote};
use ejia::sync::{OpBody, Outcome};
use sqlx::Row as _;

use super::harness::{Device, Server, block, fresh};

fn note(device: &mut Device<'_>, note: &EventNote) -> Outcome {
    let body = OpBody::Command { name: EventNote::NAME.into(), args: note.seal() };
    let (_, bytes) = device.op_by(device.user, EVENT_KIND, RecordId(fresh()), body);
    device.push(&[bytes]).unwrap().results.remove(0).1
}

fn reveal() -> EventNote {
    EventNote {
        word: "reveal".into(),
        record: Some(RecordId(fresh())),
        kind: Kind::Person.number(),
        fields: vec![Kind::Person.spec().field("id_number").unwrap().number.0],
        count: 1,
        detail: "核對".into(),
        at: 1_795_000_000_000,
    }
}

#[test]
fn what_a_device_notes_is_listed_with_its_author_and_changes_no_record() {
    let server = Server::start();
    let mut hq = server.hq();
    hq.unit("020100", server.root);
    let mut auditor = server.user("auditor", Role::Auditor, "020100");
    let told = reveal();
    let outcome = note(&mut auditor, &told);
    assert!(matches!(outcome, Outcome::Applied { .. }), "an auditor's too: {outcome:?}");
    for wrong in ["", "Reveal", "a b", &"x".repeat(41)] {
        let refused = note(&mut auditor, &EventNote { word: wrong.into(), ..reveal() });
        assert!(matches!(refused, Outcome::Rejected { .. }), "{wrong:?}: {refused:?}");
    }
    let list = block(admin::events(&server.database, 0, 100)).unwrap();
    let words: Vec<&str> = list.iter().map(|info| info.row.event.word.as_str()).collect();
    assert_eq!(words.iter().filter(|word| word.starts_with("note.")).count(), 1, "{words:?}");
    for word in ["code.issued", "code.used", "user.added", "note.reveal"] {
        assert!(words.contains(&word), "{word} in {words:?}");
    }
    let seen = list.iter().find(|info| info.row.event.word == "note.reveal").unwrap();
    assert_eq!((seen.user.as_str(), seen.row.event.device), ("auditor", Some(auditor.id)));
    let detail: serde_json::Value = serde_json::from_str(&seen.row.event.detail).unwrap();
    assert_eq!(detail["fields"][0], "id_number");
    assert_eq!(detail["record"], told.record.unwrap().to_string());
    let verified = block(admin::verify(&server.database)).unwrap();
    assert_eq!(verified.difference, None);
    assert_eq!(verified.events, u64::try_from(list.len()).unwrap());
}

#[test]
fn a_wrong_code_is_an_event() {
    let server = Server::start();
    assert_eq!(server.enrol("AAAAA-BBBBB").err().unwrap().code, "bad_code");
    let list = block(admin::events(&server.database, 0, 100)).unwrap();
    assert!(list.iter().any(|info| info.row.event.word == "code.refused"));
}

/// Changes one column of one row of the log, the events or the counter row, every column in turn, and returns what was changed.
async fn spoil(file: &std::path::Path, table: &str, key: &str, at: i64, column: &str, kind: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let read = format!("SELECT {column} AS c FROM {table} WHERE {key} = {at}");
    let row = sqlx::query(sqlx::AssertSqlSafe(read)).fetch_one(&pool).await.unwrap();
    let write = format!("UPDATE {table} SET {column} = $1 WHERE {key} = {at}");
    let write = sqlx::query(sqlx::AssertSqlSafe(write));
    let write = match kind {
        "INTEGER" => {
            let old: Option<i64> = row.get("c");
            write.bind(old.map_or(77, |old| old ^ (1 << 20)))
        }
        "TEXT" => {
            let mut text: Vec<u8> = row.get::<String, _>("c").into_bytes();
            match text.last_mut() {
                Some(last) => *last ^= 1,
                None => text.push(b'x'),
            }
            write.bind(String::from_utf8(text).unwrap())
        }
        _ => {
            let mut bytes: Vec<u8> = row.get::<Option<Vec<u8>>, _>("c").unwrap_or(vec![0; 16]);
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            write.bind(bytes)
        }
    };
    write.execute(&pool).await.unwrap();
    pool.close().await;
}

async fn columns(file: &std::path::Path, table: &str) -> Vec<(String, String)> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let sql = format!("SELECT name, type FROM pragma_table_info('{table}')");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&pool).await.unwrap();
    pool.close().await;
    rows.iter().map(|row| (row.get("name"), row.get("type"))).collect()
}

#[test]
fn one_byte_changed_in_any_column_of_log_or_events_is_named() {
    let mut server = Server::start();
    {
        let mut hq = server.hq();
        hq.unit("020100", server.root);
        note(&mut hq, &reveal());
        let (person, created) = hq.person("1001", "王小明");
        hq.set(Kind::Person, person, "name", ejia::sync::Base::Seen(created), "王大明");
        hq.person("1002", "李小明");
    }
    server.stop();
    assert_eq!(block(admin::verify(&server.database)).unwrap().difference, None);
    let copy = server.folder().join("spoilt.sqlite");
    let mut tried = 0;
    for (table, key, at) in [("op", "seq", 3), ("event", "no", 2), ("op", "seq", 6)] {
        for (column, kind) in block(columns(server.file(), table)) {
            std::fs::copy(server.file(), &copy).unwrap();
            block(spoil(&copy, table, key, at, &column, &kind));
            let difference = block(admin::verify_file(&copy)).unwrap().difference;
            let told = difference.as_ref().map(ToString::to_string).unwrap_or_default();
            let place = if table == "op" { [at, at + 1] } else { [at, at] };
            let named = place.iter().any(|at| told.contains(&at.to_string()));
            assert!(named, "{table}.{column} at {at}: {told:?}");
            tried += 1;
        }
    }
    for column in ["head_seq", "head_chain", "event_no", "event_chain"] {
        std::fs::copy(server.file(), &copy).unwrap();
        let kind = if column.ends_with("chain") { "BLOB" } else { "INTEGER" };
        block(spoil(&copy, "tenant", "tenant", 1, column, kind));
        let difference = block(admin::verify_file(&copy)).unwrap().difference;
        assert!(difference.is_some(), "{column}");
        tried += 1;
    }
    assert!(tried > 40, "{tried}");
    println!("{tried} columns changed by one byte, {tried} named");
}
