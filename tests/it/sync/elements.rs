//! Fields with several values, and notes, on two devices that were apart.

use ejia::client::{ClientError, ElementView, Resolution};
use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::{FieldSpec, Value};

use super::{Device, fields, text};
use crate::server::harness::Server;

fn field(key: &str) -> &'static FieldSpec {
    Kind::Enrolment.spec().field(key).unwrap()
}

/// Headquarters and a college that both have one enrolment.
fn apart() -> (Server, Device, Device, RecordId) {
    let server = Server::start();
    let hq = Device::hq(&server);
    hq.sync();
    let unit = hq.unit("060000", Some(server.root.record()));
    let pairs = [("year", Value::Int(2026)), ("name", text("論壇"))];
    let class = hq.add(Kind::TrainingClass, &pairs);
    hq.sync();
    let college = Device::joined(&server, "organizer", Role::Organizer, "060000");
    college.sync();
    let person = college.person(unit, "06001", "王小明");
    let pairs = [
        ("class", Value::Ref(class)),
        ("person", Value::Ref(person)),
        ("identities", text("雙肩挑;支部書記")),
    ];
    let id = college.add(Kind::Enrolment, &pairs);
    college.sync();
    hq.sync();
    (server, hq, college, id)
}

fn listed(device: &Device, id: RecordId) -> Option<Value> {
    device.value(id, "identities")
}

fn elements(device: &Device, id: RecordId, key: &str) -> Vec<ElementView> {
    let all = device.client.view(id).unwrap().elements;
    all.into_iter().filter(|element| element.field == field(key).number).collect()
}

fn meet(hq: &Device, college: &Device) {
    hq.sync();
    college.sync();
    hq.sync();
}

#[test]
fn what_two_devices_add_to_a_list_is_both_there() {
    let (_server, hq, college, id) = apart();
    assert_eq!(listed(&hq, id), Some(text("雙肩挑、支部書記")), "sent with the record");
    hq.client.add_element(id, field("identities"), "黨委委員").unwrap();
    college.client.add_element(id, field("identities"), "組織員").unwrap();
    college.client.remove_element(id, field("identities"), "雙肩挑").unwrap();
    meet(&hq, &college);
    assert!(hq.client.conflicts().is_empty() && college.client.conflicts().is_empty());
    let mut all: Vec<Value> =
        elements(&hq, id, "identities").into_iter().map(|element| element.value).collect();
    all.sort();
    let mut wanted = ["支部書記", "黨委委員", "組織員"].map(text);
    wanted.sort();
    assert_eq!(all, wanted);
    assert_eq!(listed(&hq, id), listed(&college, id));
    let missing = college.client.remove_element(id, field("identities"), "雙肩挑");
    assert!(matches!(missing, Err(ClientError::NotFound { what: "element", .. })));
}

#[test]
fn one_element_changed_on_two_devices_is_put_before_a_person() {
    let (_server, hq, college, id) = apart();
    let element = elements(&hq, id, "identities")[0].id;
    hq.client.change_element(id, field("identities"), element, "雙帶頭人").unwrap();
    // Typed as a whole, as in a form: the entry in the first place is another one now.
    let typed = fields(Kind::Enrolment, &[("identities", text("肩挑雙職、支部書記"))]);
    college.client.set_fields(id, typed).unwrap();
    meet(&hq, &college);
    assert_eq!(listed(&college, id), Some(text("雙帶頭人、支部書記")));
    let open = college.client.conflicts();
    assert_eq!((open.len(), open[0].fields[0].key.as_str()), (1, "identities"));
    let about = &open[0].fields[0];
    assert_eq!(about.base, Some(text("雙肩挑")));
    assert_eq!(about.current.value, Some(text("雙帶頭人")));
    assert_eq!(about.candidates[0].value.value, Some(text("肩挑雙職")));
    assert_eq!(about.current.by, "admin", "who wrote what holds is told");
    college.client.resolve(open[0].id, &Resolution::Candidate(1)).unwrap();
    assert_eq!(
        listed(&college, id),
        Some(text("肩挑雙職、支部書記")),
        "a decision is shown at once"
    );
    meet(&college, &hq);
    for device in [&hq, &college] {
        assert_eq!(listed(device, id), Some(text("肩挑雙職、支部書記")));
        assert!(device.client.conflicts().is_empty());
    }
}

#[test]
fn notes_of_two_devices_stand_one_after_the_other_with_their_authors() {
    let (_server, hq, college, id) = apart();
    hq.client.add_note(id, field("log"), "已電話通知").unwrap();
    college.client.add_note(id, field("log"), "已收回執").unwrap();
    let refused = college.client.undo();
    assert!(matches!(refused, Err(ClientError::CannotUndo)), "{refused:?}");
    meet(&hq, &college);
    let notes = elements(&hq, id, "log");
    let mut texts: Vec<&Value> = notes.iter().map(|note| &note.value).collect();
    texts.sort();
    assert_eq!(texts, [&text("已收回執"), &text("已電話通知")]);
    let authors: Vec<&str> = notes.iter().map(|note| note.by.as_str()).collect();
    assert!(authors.contains(&"organizer"), "{authors:?}");
    assert!(notes.iter().all(|note| note.at > 0));
    assert_eq!(elements(&hq, id, "log"), elements(&college, id, "log"));
    assert!(hq.client.conflicts().is_empty());
}

#[test]
fn a_list_is_taken_back_by_undo_until_somebody_else_has_changed_it() {
    let (_server, hq, college, id) = apart();
    college.client.remove_element(id, field("identities"), "雙肩挑").unwrap();
    college.client.undo().unwrap();
    assert_eq!(listed(&college, id), Some(text("雙肩挑、支部書記")));
    let element = elements(&college, id, "identities")[1].id;
    college.client.change_element(id, field("identities"), element, "書記").unwrap();
    college.sync();
    hq.sync();
    hq.client.change_element(id, field("identities"), element, "副書記").unwrap();
    meet(&hq, &college);
    let late = college.client.undo();
    assert!(matches!(late, Err(ClientError::ChangedSince)), "{late:?}");
    assert_eq!(listed(&college, id), Some(text("雙肩挑、副書記")));
}
