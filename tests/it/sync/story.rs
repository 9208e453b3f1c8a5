//! What an office lives through with two laptops and headquarters.

use std::sync::atomic::{AtomicBool, Ordering};

use ejia::client::{Client, ClientError, Progress, Resolution, RowState, Vault};
use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;

use super::{Device, PASSPHRASE, text};
use crate::server::harness::Server;

/// Headquarters, two devices of one college, one of another, and a person of the college that all of the first three have.
struct Office {
    server: Server,
    hq: Device,
    a: Device,
    b: Device,
    other: Device,
    college: RecordId,
    person: RecordId,
}

fn office() -> Office {
    let server = Server::start();
    let hq = Device::hq(&server);
    hq.sync();
    let college = hq.unit("020100", None);
    let elsewhere = hq.unit("030100", None);
    let person = hq.person(college, "10001", "歐陽若明");
    hq.person(elsewhere, "20001", "司馬相如");
    hq.sync();
    let a = Device::joined(&server, "a", Role::Organizer, "020100");
    let b = Device::joined(&server, "b", Role::Organizer, "020100");
    let other = Device::joined(&server, "other", Role::Organizer, "030100");
    for device in [&a, &b, &other] {
        device.sync();
    }
    Office { server, hq, a, b, other, college, person }
}

#[test]
fn different_fields_merge_and_the_same_field_is_settled_by_a_person() {
    let office = office();
    let Office { hq, a, b, person, .. } = &office;
    a.set(*person, "phone", "13800000001");
    b.set(*person, "staff_no", "10009");
    a.set(*person, "name", "歐陽一");
    b.set(*person, "name", "歐陽二");
    assert_eq!(a.sync().conflicts, 0);
    assert_eq!(b.sync().conflicts, 1);
    a.sync();
    hq.sync();
    for device in [a, b, hq] {
        assert_eq!(device.value(*person, "phone"), Some(text("13800000001")));
        assert_eq!(device.value(*person, "staff_no"), Some(text("10009")));
        assert_eq!(device.value(*person, "name"), Some(text("歐陽一")));
        let conflicts = device.client.conflicts();
        assert_eq!(conflicts.len(), 1);
        let field = &conflicts[0].fields[0];
        assert_eq!(field.base, Some(text("歐陽若明")));
        assert_eq!(field.current.value, Some(text("歐陽一")));
        assert_eq!((field.current.by.as_str(), field.current.at > 0), ("a", true));
        assert_eq!(field.candidates[0].value.by, "b");
        assert_eq!(field.candidates[0].value.value, Some(text("歐陽二")));
        assert_eq!(device.client.view(*person).unwrap().state, RowState::Conflict);
    }
    let conflict = b.client.conflicts()[0].id;
    b.client.resolve(conflict, &Resolution::Candidate(1)).unwrap();
    assert!(b.client.conflicts().is_empty(), "settled here before the network knows");
    b.sync();
    for device in [a, hq] {
        device.sync();
        assert!(device.client.conflicts().is_empty());
        assert_eq!(device.value(*person, "name"), Some(text("歐陽二")));
    }
    let mut transport = a.client.connect().unwrap();
    let history = a.client.history_over(&mut transport, *person).unwrap();
    let written: Vec<String> = history
        .iter()
        .flat_map(|entry| &entry.changes)
        .filter(|change| change.key == "name")
        .map(|change| format!("{:?}", change.new.as_ref().and_then(|v| v.as_text())))
        .collect();
    for value in ["歐陽若明", "歐陽一", "歐陽二"] {
        assert!(written.iter().any(|w| w.contains(value)), "{value} is in {written:?}");
    }
}

#[test]
fn a_unit_never_receives_a_byte_of_another_units_persons() {
    let office = office();
    assert_eq!(office.other.count(Kind::Person), 1);
    assert_eq!(office.a.count(Kind::Person), 1);
    assert!(office.other.client.view(office.person).is_err());
    assert_eq!(office.hq.count(Kind::Person), 2);
}

#[test]
fn a_record_that_moves_leaves_one_device_and_arrives_on_the_other() {
    let office = office();
    let Office { hq, a, other, person, college, .. } = &office;
    let elsewhere = other.client.profile().unit;
    hq.client.move_record(*person, elsewhere).unwrap();
    hq.sync();
    let summary = a.sync();
    assert_eq!(summary.removed, 1);
    assert!(a.client.view(*person).is_err());
    other.sync();
    assert_eq!(other.value(*person, "name"), Some(text("歐陽若明")));
    hq.client.move_record(*person, college.unit()).unwrap();
    hq.sync();
    a.sync();
    other.sync();
    assert!(a.client.view(*person).is_ok());
    assert!(other.client.view(*person).is_err());
}

#[test]
fn an_edit_of_a_record_that_left_the_unit_is_kept_for_headquarters() {
    let office = office();
    let Office { hq, a, other, person, .. } = &office;
    a.set(*person, "name", "歐陽改");
    hq.client.move_record(*person, other.client.profile().unit).unwrap();
    hq.sync();
    a.sync();
    hq.sync();
    let conflicts = hq.client.conflicts();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].fields[0].candidates[0].value.value, Some(text("歐陽改")));
    hq.client.resolve(*person, &Resolution::Candidate(1)).unwrap();
    hq.sync();
    other.sync();
    assert_eq!(other.value(*person, "name"), Some(text("歐陽改")));
}

#[test]
fn what_was_entered_before_joining_is_kept_and_sent() {
    let server = Server::start();
    let hq = Device::hq(&server);
    hq.sync();
    hq.unit("020100", None);
    hq.sync();
    let alone = Device::new("alone");
    let person = alone.add(Kind::Person, &[("staff_no", text("1")), ("name", text("甲"))]);
    alone.set(person, "name", "乙");
    assert_eq!(alone.client.view(person).unwrap().state, RowState::Local);
    alone.join(&server, "alone", Role::Organizer, "020100");
    let alone = alone.reopen();
    assert_eq!(alone.value(person, "name"), Some(text("乙")));
    let summary = alone.sync();
    assert_eq!((summary.pushed, summary.refused, summary.pending), (2, 0, 0));
    hq.sync();
    assert_eq!(hq.value(person, "name"), Some(text("乙")));
    assert_eq!(alone.client.view(person).unwrap().unit, alone.client.profile().unit);
}

#[test]
fn a_refused_change_is_listed_corrected_and_sent_again() {
    let office = office();
    let Office { hq, a, person, .. } = &office;
    let twin = a.add(Kind::Person, &[("staff_no", text("20001")), ("name", text("丙"))]);
    a.set(twin, "name", "丁");
    let summary = a.sync();
    assert_eq!(summary.refused, 2);
    let attention = a.client.attention();
    assert_eq!(attention[0].code, "duplicate");
    assert_eq!(attention[0].field, "staff_no");
    assert_eq!(attention[1].code, "blocked");
    a.client.discard(attention[1].n, "not needed").unwrap();
    let corrected = super::fields(Kind::Person, &[("staff_no", text("10002"))]);
    a.client.resend(attention[0].n, &corrected).unwrap();
    let summary = a.sync();
    assert_eq!((summary.refused, summary.pending), (0, 0));
    hq.sync();
    assert_eq!(hq.value(twin, "staff_no"), Some(text("10002")));
    assert!(hq.value(*person, "name").is_some());
}

#[test]
fn an_interrupted_sync_goes_on_and_repeats_nothing() {
    let mut office = office();
    for n in 0..30 {
        office.a.person(office.college, &format!("3{n:04}"), "某人");
    }
    office.server.stop();
    let failed = office.a.client.sync(&|_| {}, &std::sync::atomic::AtomicBool::new(false));
    assert!(matches!(failed, Err(ClientError::Transport(_))));
    assert_eq!(office.a.client.status().pending, 30);
    office.server.run();
    let summary = office.a.sync();
    assert_eq!((summary.pushed, summary.pending, summary.refused), (30, 0, 0));
    office.hq.sync();
    assert_eq!(office.hq.count(Kind::Person), 32);
}

#[test]
fn many_records_travel_in_batches_and_pages_and_a_cancelled_sync_goes_on() {
    let Office { hq, a, college, server: _server, .. } = office();
    for n in 0..2_300 {
        a.person(college, &format!("4{n:05}"), "某人");
    }
    let cancel = AtomicBool::new(false);
    let stop_early = |progress: Progress| {
        if progress.pushed >= 1_000 {
            cancel.store(true, Ordering::SeqCst);
        }
    };
    let stopped = a.client.sync(&stop_early, &cancel);
    assert!(matches!(stopped, Err(ClientError::Cancelled)), "{stopped:?}");
    assert_eq!(a.client.status().pending, 1_300);
    let a = a.reopen();
    assert_eq!(
        a.count(Kind::Person),
        2_301,
        "what was acknowledged stays in view until it comes back"
    );
    let rest = a.sync();
    assert_eq!((rest.pushed, rest.pending), (1_300, 0));
    let a = a.reopen();
    assert_eq!(a.count(Kind::Person), 2_301, "what was shown after the sync is on the disk");

    let cancel = AtomicBool::new(false);
    let stop_early = |progress: Progress| {
        if progress.pulled >= 1_000 {
            cancel.store(true, Ordering::SeqCst);
        }
    };
    assert!(matches!(hq.client.sync(&stop_early, &cancel), Err(ClientError::Cancelled)));
    assert_eq!(hq.count(Kind::Person), 2, "half a pull is not shown");
    let hq = hq.reopen();
    let rest = hq.sync();
    assert!(rest.pulled < 2_300, "what was staged is not fetched again: {}", rest.pulled);
    assert_eq!(hq.count(Kind::Person), 2_302);
    let hq = hq.reopen();
    assert_eq!(hq.count(Kind::Person), 2_302);
}

#[test]
fn pages_that_come_between_batches_are_all_on_the_disk() {
    let Office { hq, college, server: _server, .. } = office();
    for n in 0..2_300 {
        hq.person(college, &format!("5{n:05}"), "某人");
    }
    hq.sync();
    assert_eq!(hq.count(Kind::Person), 2_302);
    let hq = hq.reopen();
    assert_eq!(hq.count(Kind::Person), 2_302);
}

#[test]
fn reopening_shows_the_same_and_no_file_shows_a_name() {
    let office = office();
    let Office { a, person, server, .. } = office;
    a.set(person, "name", "歐陽離線");
    assert!(!a.holds_bytes("歐陽".as_bytes()));
    assert!(!a.holds_bytes(b"10001"));
    let a = a.reopen();
    assert_eq!(a.value(person, "name"), Some(text("歐陽離線")));
    assert_eq!(a.client.status().pending, 1);
    a.sync();
    let a = a.reopen();
    assert_eq!(a.value(person, "name"), Some(text("歐陽離線")));
    assert_eq!(a.client.status().pending, 0);
    let verified = crate::server::harness::block(ejia::server::admin::verify(&server.database));
    assert!(verified.is_ok());
}

#[test]
fn an_everyday_sync_is_one_request() {
    let office = office();
    office.a.set(office.person, "name", "歐陽每日");
    let summary = office.a.sync();
    assert_eq!(summary.requests, 1);
    assert!(summary.bytes_sent <= 600, "{} bytes", summary.bytes_sent);
    assert_eq!((summary.pushed, summary.pending), (1, 0));
    let idle = office.a.sync();
    assert_eq!((idle.requests, idle.pulled), (1, 0));
}

#[test]
fn a_device_restored_from_an_old_copy_loses_nothing_and_nobody_is_overwritten() {
    let Office { hq, a, person, server: _server, .. } = office();
    a.set(person, "name", "歐陽備份");
    let copy = a.folder.path().join("copy");
    a.client.backup(&copy).unwrap();
    a.set(person, "name", "歐陽之後");
    a.sync();
    let dir = a.folder.path().join("restored");
    let vault = Vault::restore(&copy, &dir, PASSPHRASE).unwrap();
    let restored = Client::from_vault(&dir, vault).unwrap();
    let cancel = AtomicBool::new(false);
    restored.sync(&|_| {}, &cancel).unwrap();
    hq.sync();
    let values: Vec<_> = hq
        .client
        .conflicts()
        .iter()
        .flat_map(|conflict| &conflict.fields)
        .flat_map(|field| &field.candidates)
        .map(|candidate| candidate.value.value.clone())
        .collect();
    let current = hq.value(person, "name");
    assert_eq!(current, Some(text("歐陽之後")));
    assert!(values.is_empty() || values == [Some(text("歐陽備份"))]);
    assert_eq!(restored.status().pending, 0);
}

#[test]
fn a_lost_store_is_refilled_from_journal_and_server() {
    let Office { a, person, server: _server, .. } = office();
    a.client.flush().unwrap();
    a.set(person, "name", "歐陽未送");
    let Device { client, folder } = a;
    drop(client);
    std::fs::remove_dir_all(folder.path().join("data/store")).unwrap();
    let client = Client::open(&folder.path().join("data"), PASSPHRASE).unwrap();
    let a = Device { client, folder };
    assert!(!a.client.findings().is_empty());
    let summary = a.sync();
    assert_eq!((summary.pending, summary.refused), (0, 0));
    assert_eq!(a.value(person, "name"), Some(text("歐陽未送")));
}

#[test]
fn a_server_put_back_to_an_old_copy_is_filled_again_by_its_devices() {
    let Office { mut server, hq, a, b, person, college, .. } = office();
    a.set(person, "name", "歐陽先");
    a.sync();
    server.stop();
    let copy = server.file().with_extension("copy");
    std::fs::copy(server.file(), &copy).unwrap();
    server.run();
    a.set(person, "name", "歐陽後");
    let late = a.person(college, "60001", "後來");
    a.sync();
    b.sync();
    b.set(late, "name", "後來改");
    b.sync();
    server.stop();
    for suffix in ["-wal", "-shm"] {
        let mut name = server.file().to_owned().into_os_string();
        name.push(suffix);
        let _gone = std::fs::remove_file(name);
    }
    std::fs::copy(&copy, server.file()).unwrap();
    server.run();
    for _ in 0..2 {
        for device in [&a, &b, &hq] {
            device.sync();
        }
    }
    for device in [&a, &b, &hq] {
        assert_eq!(device.value(person, "name"), Some(text("歐陽後")));
        assert_eq!(device.value(late, "name"), Some(text("後來改")));
        assert_eq!(device.client.status().attention, 0);
        assert!(device.client.conflicts().is_empty());
    }
}

/// One device deletes a person while the other changes it; `first` says whose sync comes first.
fn deletion_meets_edit(deletion_first: bool) -> Office {
    let office = office();
    office.a.set(office.person, "name", "歐陽改");
    office.b.client.delete(office.person, "調出").unwrap();
    let (first, second) =
        if deletion_first { (&office.b, &office.a) } else { (&office.a, &office.b) };
    first.sync();
    second.sync();
    for device in [&office.a, &office.b, &office.hq] {
        device.sync();
        let conflicts = device.client.conflicts();
        assert_eq!(conflicts.len(), 1);
        assert!(!conflicts[0].title.is_empty(), "a person sees whom it is about");
    }
    office
}

#[test]
fn a_deletion_and_an_edit_are_settled_by_a_person_in_either_order_and_either_way() {
    for deletion_first in [true, false] {
        for keep_current in [true, false] {
            let Office { hq, a, b, person, server: _server, .. } =
                deletion_meets_edit(deletion_first);
            let choice = if keep_current { Resolution::Current } else { Resolution::Candidate(1) };
            a.client.resolve(person, &choice).unwrap();
            let stays = keep_current != deletion_first;
            for _ in 0..2 {
                for device in [&a, &b, &hq] {
                    let summary = device.sync();
                    assert_eq!((summary.refused, summary.pending), (0, 0));
                }
            }
            for device in [&a, &b, &hq] {
                assert!(device.client.conflicts().is_empty());
                let shown = device.client.view(person).unwrap();
                assert_eq!(shown.deleted, !stays, "{deletion_first} {keep_current}");
                if stays {
                    assert_eq!(device.value(person, "name"), Some(text("歐陽改")));
                    assert_eq!(device.value(person, "staff_no"), Some(text("10001")));
                }
            }
        }
    }
}
