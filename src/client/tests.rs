//! The use cases over a store in memory, without a network.

use super::*;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Fields, Value};

pub(super) fn client() -> Client {
    let mut vault = Vault::memory();
    let profile = Profile {
        device: crate::domain::ids::DeviceId(7),
        generation: 1,
        user: crate::domain::ids::UserId(uuid::Uuid::from_u128(1)),
        user_name: "tester".into(),
        role: crate::domain::access::Role::HqAdmin,
        unit: crate::domain::ids::UnitId::HOME,
        unit_code: None,
        server: None,
    };
    journal::save_profile(&mut vault, &profile).unwrap();
    Client::from_vault(Path::new("memory"), vault).unwrap()
}

pub(super) fn fields(kind: Kind, pairs: &[(&str, Value)]) -> Fields {
    pairs
        .iter()
        .map(|(key, value)| (kind.spec().field(key).unwrap().number, value.clone()))
        .collect()
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn person(client: &Client, number: &str, name: &str) -> RecordId {
    let fields = fields(Kind::Person, &[("staff_no", text(number)), ("name", text(name))]);
    client.create_record(Kind::Person, None, fields).unwrap().id
}

fn value(client: &Client, id: RecordId, key: &str) -> Option<Value> {
    let view = client.view(id).unwrap();
    view.fields.get(&view.kind.spec().field(key).unwrap().number).cloned()
}

#[test]
fn a_saved_record_is_listed_found_and_counted() {
    let client = client();
    let id = person(&client, "10001", "歐陽若明");
    person(&client, "10002", "王小明");
    let found = |search: &str| {
        client.list(&Query { search: search.into(), ..Query::all(Kind::Person) }).unwrap()
    };
    assert_eq!(found("oy"), [id]);
    assert_eq!(found("欧阳"), [id]);
    assert_eq!(found("10001"), [id]);
    assert_eq!(found("").len(), 2);
    assert_eq!(client.status().pending, 2);
    assert_eq!(client.view(id).unwrap().state, RowState::Local);
}

#[test]
fn a_second_person_with_the_same_school_number_is_refused() {
    let client = client();
    person(&client, "10001", "甲");
    let again = fields(Kind::Person, &[("staff_no", text("10001")), ("name", text("乙"))]);
    let refused = client.create_record(Kind::Person, None, again);
    assert!(matches!(refused, Err(ClientError::Invalid { .. })));
    assert_eq!(client.status().pending, 1);
}

#[test]
fn undo_takes_back_one_command_after_the_other() {
    let client = client();
    let id = person(&client, "10001", "甲");
    let change = |name: &str| {
        client.set_fields(id, fields(Kind::Person, &[("name", text(name))])).unwrap();
    };
    change("乙");
    change("丙");
    client.undo().unwrap();
    assert_eq!(value(&client, id, "name"), Some(text("乙")));
    client.undo().unwrap();
    assert_eq!(value(&client, id, "name"), Some(text("甲")));
    client.undo().unwrap();
    assert!(client.view(id).unwrap().deleted);
    assert!(matches!(client.undo(), Err(ClientError::NothingToUndo)));
}

#[test]
fn filters_and_orders_follow_the_type_of_the_field() {
    let client = client();
    for (number, name, year) in [("3", "丙", 1990), ("1", "甲", 1970), ("2", "乙", 1980)] {
        let id = person(&client, number, name);
        let date = crate::domain::record::PartialDate::month(year, 5).unwrap();
        client.set_fields(id, fields(Kind::Person, &[("born_on", Value::Date(date))])).unwrap();
    }
    let names = |filters: &[&str], sorts: &[&str]| -> Vec<String> {
        let query = Query {
            filters: filters.iter().map(|f| f.parse().unwrap()).collect(),
            sorts: sorts.iter().map(|s| s.parse().unwrap()).collect(),
            ..Query::all(Kind::Person)
        };
        client.list(&query).unwrap().into_iter().map(|id| client.title(id)).collect()
    };
    assert_eq!(names(&[], &["born_on"]), ["甲", "乙", "丙"]);
    assert_eq!(names(&[], &["born_on:desc"]), ["丙", "乙", "甲"]);
    assert_eq!(names(&["born_on<1980-06"], &["staff_no"]), ["甲", "乙"]);
    assert_eq!(names(&["name~乙"], &[]), ["乙"]);
    assert_eq!(names(&["phone="], &[]).len(), 3);
    let unknown = Query { filters: vec!["nothing=1".parse().unwrap()], ..Query::all(Kind::Person) };
    assert!(client.list(&unknown).is_err());
}

#[test]
fn drafts_are_kept_until_they_are_dropped() {
    let client = client();
    let draft = Draft {
        kind: "person".into(),
        record: None,
        texts: vec![("name".into(), "歐陽".into())],
        saved_at: 5,
    };
    client.save_draft(&draft).unwrap();
    assert_eq!(client.draft("person", None).unwrap(), Some(draft));
    client.drop_draft("person", None).unwrap();
    assert_eq!(client.draft("person", None).unwrap(), None);
}

#[test]
fn a_store_that_lost_its_end_has_every_operation_answered_again() {
    use crate::store::{Finding, FindingCode};
    use crate::sync::Outcome;

    let before = client();
    for number in ["10001", "10002", "10003"] {
        person(&before, number, "王小明");
    }
    let refused = Outcome::Rejected {
        seq: 2,
        code: "duplicate".into(),
        field: String::new(),
        message: String::new(),
    };
    let results =
        [(1, Outcome::Applied { seq: 1 }), (2, refused), (3, Outcome::Applied { seq: 3 })];
    sync_store::Session::results(&mut before.lock(), &results).unwrap();
    assert_eq!(before.attention().len(), 1);
    let reopened = |client: Client, findings: Vec<Finding>| {
        let mut vault = client.inner.into_inner().unwrap().vault;
        vault.findings = findings;
        Client::from_vault(Path::new("memory"), vault).unwrap()
    };
    let short = Finding::new(FindingCode::StoreShort, "store", &[]);
    let mut client = reopened(before, vec![short]);
    for _ in 0..2 {
        let sent: Vec<u64> = client.lock().outbox.after(0).map(|(n, _)| n).collect();
        assert_eq!(sent, [1, 2, 3], "a batch has no holes");
        assert_eq!(client.inside().acked_n, 0);
        // The finding is told once; what follows from it holds until the server has answered.
        client = reopened(client, Vec::new());
    }
}

#[test]
fn a_new_generation_takes_no_numbers_that_one_cut_short_has_left() {
    let client = client();
    let one = person(&client, "10001", "one");
    {
        let mut inner = client.lock();
        // The renumbering came as far as the journal, the profile still names the first generation.
        let left = inner.outbox.after(0).next().map(|(_, op)| op.bytes.clone()).unwrap();
        let left = crate::store::Entry { generation: 2, n: 1, bytes: left };
        inner.vault.journal.append(&[left]).unwrap();
    }
    let two = person(&client, "10002", "two");
    let mut inner = client.lock();
    inner.renumber(2).unwrap();
    assert_eq!(inner.profile.generation, 3);
    let mut names = std::collections::BTreeSet::new();
    let mut unique = true;
    let mut see = |entry: crate::store::Entry| {
        unique &= entry.generation == 0 || names.insert((entry.generation, entry.n));
    };
    inner.vault.journal.read(&mut see).unwrap();
    assert!(unique, "{names:?}");
    drop(inner);
    assert!(client.view(one).is_ok() && client.view(two).is_ok());
}

#[test]
fn a_new_generation_does_not_take_what_a_second_copy_wrote_for_its_own() {
    let client = client();
    let theirs = person(&client, "10001", "one");
    {
        // It was the second copy that wrote this as its first operation, and the server has it.
        let mut inner = client.lock();
        let row = inner.rows.get(&theirs).cloned();
        inner.outbox.remove(1);
        inner.outbox.last_n = 0;
        inner.put_base(theirs, row).unwrap();
    }
    let own = person(&client, "10002", "two");
    for id in [theirs, own] {
        client.set_fields(id, fields(Kind::Person, &[("name", text("three"))])).unwrap();
    }
    let seen = |client: &Client| -> Vec<Vec<(u32, u64)>> {
        let inner = client.lock();
        let ops = inner.outbox.after(0).map(|(_, op)| crate::wire::decode_op(&op.bytes).unwrap());
        ops.map(|op| op.bases().into_iter().map(|id| (id.generation, id.n)).collect()).collect()
    };
    assert_eq!(seen(&client), [vec![], vec![(1, 1)], vec![(1, 1)]]);
    client.lock().renumber(2).unwrap();
    assert_eq!(seen(&client), [vec![], vec![(1, 1)], vec![(2, 1)]]);
}

/// Opens a copy of a device with more in its store.
fn reopened(client: &Client, more: &crate::store::Change) -> Client {
    let inner = client.lock();
    let mut vault = Vault::memory();
    let mut entries = Vec::new();
    inner.vault.journal.read(&mut |entry| entries.push(entry)).unwrap();
    vault.journal.append(&entries).unwrap();
    let notes = inner.vault.store.notes("").unwrap();
    let notes = notes.into_iter().map(|(name, value)| (name, Some(value))).collect();
    drop(inner);
    vault.store.commit(&crate::store::Change { notes, ..Default::default() }).unwrap();
    vault.store.commit(more).unwrap();
    Client::from_vault(Path::new("memory"), vault).unwrap()
}

/// A record that says that this operation was held and then applied.
fn released(op: &crate::sync::Op) -> crate::sync::Record {
    use crate::sync::{Author, HELD_KIND, Held, HeldPart, HeldState, Need, Outcome, Record};
    let author = Author {
        user: op.actor,
        role: crate::domain::access::Role::HqAdmin,
        home: crate::domain::ids::UnitId::HOME,
    };
    let held = Held {
        parts: vec![HeldPart::new(op)],
        author,
        hlc: 0,
        recv_at: 0,
        seq: 1,
        need: Need::Op(op.id),
        state: HeldState::Released { by: op.id, outcomes: vec![Outcome::Applied { seq: 2 }] },
    };
    Record {
        id: RecordId(uuid::Uuid::from_u128(77)),
        kind: HELD_KIND,
        unit: crate::domain::ids::UnitId::HOME,
        unit_origin: op.id,
        rev: 2,
        created: op.id,
        fields: std::collections::BTreeMap::new(),
        elements: std::collections::BTreeMap::new(),
        tombstone: None,
        open_conflicts: 0,
        conflict: None,
        held: Some(Box::new(held)),
    }
}

#[test]
fn what_an_earlier_history_decided_about_a_held_change_is_not_believed_of_the_present_one() {
    use crate::sync::{Cursor, Outcome};
    use crate::wire::encode;
    let client = client();
    let id = person(&client, "10001", "one");
    let bytes = client.lock().outbox.after(0).next().map(|(_, op)| op.bytes.clone()).unwrap();
    let row = state::row_of(&released(&crate::wire::decode_op(&bytes).unwrap())).unwrap();
    let held = Outcome::Held { seq: 1, why: "missing_base".into() };
    for (base, waits) in [(0, 1), (9, 0)] {
        let cursor = Cursor { seq: base, ..Cursor::START };
        let standing = state::SyncState { generation: 1, acked_n: 1, cursor, ..Default::default() };
        let notes = vec![
            (state::SYNC_STATE.to_owned(), Some(encode(&standing).unwrap())),
            (attention::note_of(1, 1), Some(attention::encode_outcome(&held).unwrap())),
        ];
        let change = crate::store::Change { puts: vec![row.clone()], notes, ..Default::default() };
        let again = reopened(&client, &change);
        assert_eq!(again.attention().len(), waits, "base at {base}");
        assert_eq!(again.visible(id).is_some(), waits == 1, "the view at {base}");
    }
}

#[test]
fn a_store_that_lost_its_end_does_not_bring_an_earlier_generation_back() {
    let client = client();
    person(&client, "10001", "one");
    let before = client.lock().vault.store.notes("").unwrap();
    client.lock().renumber(2).unwrap();
    let two = person(&client, "10002", "two");
    let notes = before.into_iter().map(|(name, value)| (name, Some(value))).collect();
    let again = reopened(&client, &crate::store::Change { notes, ..Default::default() });
    assert_eq!((again.profile().generation, again.status().pending), (2, 2));
    assert!(again.visible(two).is_some(), "what was saved under the later generation waits");
}

#[test]
fn values_are_counted_and_ticked_and_text_is_found_in_any_field() {
    use crate::client::Bucket;
    use crate::domain::query::Facet;
    let client = client();
    for (number, name, year) in
        [("1", "歐陽鋒", 1970), ("2", "黃藥師", 1970), ("3", "洪七公", 1988)]
    {
        let id = person(&client, number, name);
        let date = crate::domain::record::PartialDate::month(year, 5).unwrap();
        client.set_fields(id, fields(Kind::Person, &[("born_on", Value::Date(date))])).unwrap();
    }
    person(&client, "4", "段智興");
    let all = Query::all(Kind::Person);
    let bins = client.bins(&all, "born_on").unwrap();
    let counted: Vec<(String, usize)> =
        bins.iter().map(|bin| (bin.bucket.key(), bin.count)).collect();
    let wanted = [("1970", 2), ("1988", 1), ("", 1)].map(|(key, count)| (key.to_owned(), count));
    assert_eq!(counted, wanted);
    assert_eq!(bins.last().map(|bin| bin.bucket.clone()), Some(Bucket::Empty));
    let ticked = |values: &[&str]| {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let facets = vec![Facet { field: "born_on".into(), values }];
        client.list(&Query { facets, ..all.clone() }).unwrap().len()
    };
    assert_eq!(
        [ticked(&["1970"]), ticked(&["1970", ""]), ticked(&["1988-05"]), ticked(&[])],
        [2, 3, 1, 4]
    );
    let found =
        |text: &str| client.list(&Query { search: text.into(), ..all.clone() }).unwrap().len();
    assert_eq!([found("*欧阳"), found("*歐陽"), found("＊黃"), found("*没有")], [1, 1, 1, 0]);
    let ids = client.list(&all).unwrap();
    let totals = client.totals(Kind::Person, &ids, &["born_on", "name"]).unwrap();
    assert_eq!([totals[0].filled, totals[0].distinct, totals[1].distinct], [3, 2, 4]);
}

#[test]
fn a_view_is_stored_under_its_name_and_thrown_away() {
    let client = client();
    let view = crate::client::StoredView {
        kind: "person".into(),
        name: "甲".into(),
        ..Default::default()
    };
    client.save_view(&view).unwrap();
    assert_eq!(client.stored_views().unwrap(), [view]);
    client.drop_view("person", "甲").unwrap();
    assert!(client.stored_views().unwrap().is_empty());
}

/// What somebody else wrote is put back as one's own change, and only where the whole history is known.
#[test]
fn a_change_of_the_history_is_put_back_whoever_made_it() {
    let client = client();
    let id = person(&client, "10001", "王小明");
    let phone = |text_of: &str| fields(Kind::Person, &[("phone", text(text_of))]);
    client.set_fields(id, phone("13900000001")).unwrap();
    client.set_fields(id, phone("13900000002")).unwrap();
    client.set_fields(id, fields(Kind::Person, &[("name", text("王曉明"))])).unwrap();
    let history = client.history(id).unwrap();
    let [created, first, second, renamed] = &history[..] else { panic!("{history:?}") };
    let preview = client.put_back_preview(id, second).unwrap();
    assert_eq!(preview.changes[0].old, Some(text("13900000002")));
    assert_eq!(preview.changes[0].new, Some(text("13900000001")));
    assert!(!preview.changed_since);
    assert!(client.put_back_preview(id, first).unwrap().changed_since, "the second came after it");
    client.put_back(id, second).unwrap();
    assert_eq!(value(&client, id, "phone"), Some(text("13900000001")));
    assert_eq!(value(&client, id, "name"), Some(text("王曉明")), "other fields stay");
    assert_eq!(client.put_back_preview(id, second).unwrap().changes, [], "it holds that already");
    let count = client.history(id).unwrap().len();
    client.put_back(id, second).unwrap();
    assert_eq!(client.history(id).unwrap().len(), count, "nothing is written then");
    client.put_back(id, renamed).unwrap();
    assert_eq!(value(&client, id, "name"), Some(text("王小明")));
    client.undo().unwrap();
    assert_eq!(value(&client, id, "name"), Some(text("王曉明")), "it is a command like others");
    let refused = client.put_back(id, created);
    assert!(matches!(refused, Err(ClientError::CannotUndo)), "{refused:?}");
    client.put_back(id, first).unwrap();
    assert_eq!(value(&client, id, "phone").filter(|v| *v != Value::Null), None, "empty before it");
}

#[test]
fn a_deletion_in_the_history_is_put_back() {
    let client = client();
    let id = person(&client, "10001", "王小明");
    client.delete(id, "重複").unwrap();
    let history = client.history(id).unwrap();
    assert_eq!(history[1].action, "delete");
    client.put_back(id, &history[1]).unwrap();
    assert!(client.view(id).is_ok());
    assert_eq!(client.list(&Query::all(Kind::Person)).unwrap(), [id]);
}
