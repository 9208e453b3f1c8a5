//! Conflicts and refused changes against a real server, settled with the keys a person presses.

use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;

use super::desk::Desk;
use crate::server::harness::Server;
use crate::sync::{Device, text};

struct Office {
    server: Server,
    hq: Device,
    a: Device,
    b: Device,
    person: RecordId,
}

fn office() -> Office {
    let server = Server::start();
    let hq = Device::hq(&server);
    hq.sync();
    let college = hq.unit("020100", None);
    let person = hq.person(college, "10001", "歐陽若明");
    hq.sync();
    let a = Device::joined(&server, "甲", Role::Organizer, "020100");
    let b = Device::joined(&server, "乙", Role::Organizer, "020100");
    a.sync();
    b.sync();
    Office { server, hq, a, b, person }
}

#[test]
fn a_conflict_is_reviewed_side_by_side_and_the_chosen_side_reaches_everybody() {
    let Office { server, hq, a, b, person } = office();
    a.set(person, "name", "歐陽一");
    b.set(person, "name", "歐陽二");
    a.sync();
    let mut desk = Desk::new(b);
    desk.press("F5").shows("衝突 1").shows("同步完成");
    desk.press("Enter").shows("姓名");
    desk.press("Enter").shows("歐陽若明").shows("歐陽一").shows("歐陽二").shows("（未選）");
    desk.press("Ctrl-S").shows("還有欄位未選");
    desk.press("Right").shows("(o) 歐陽二").shows("您（");
    desk.press("Ctrl-S").shows("衝突已處理");
    desk.press("F5").shows("同步完成");
    hq.sync();
    assert_eq!(hq.value(person, "name"), Some(text("歐陽二")));
    assert!(hq.client.conflicts().is_empty());
    drop(server);
}

#[test]
fn a_value_of_ones_own_settles_a_conflict_too() {
    let Office { server, hq, a, b, person } = office();
    a.set(person, "name", "歐陽一");
    b.set(person, "name", "歐陽二");
    a.sync();
    let mut desk = Desk::new(b);
    desk.press("F5 6 Enter Right F2").shows("[歐陽二");
    desk.press("Ctrl-U 歐陽三 Enter Enter").shows("另行輸入：歐陽三");
    desk.press("Ctrl-S F5").shows("同步完成");
    hq.sync();
    assert_eq!(hq.value(person, "name"), Some(text("歐陽三")));
    drop(server);
}

#[test]
fn a_refused_change_is_corrected_in_the_form_and_sent_again() {
    let Office { server, hq, a, b, .. } = office();
    a.add(Kind::Person, &[("staff_no", text("30001")), ("name", text("張三"))]);
    a.sync();
    b.add(Kind::Person, &[("staff_no", text("30001")), ("name", text("李四"))]);
    let mut desk = Desk::new(b);
    desk.press("F5 7").shows("李四").shows("重複");
    desk.press("Enter").shows("修改後重送：李四").shows("x 未接受：");
    desk.press("Ctrl-U 30002 Ctrl-S").shows("沒有需要處理的變更");
    desk.press("F5").shows("同步完成");
    hq.sync();
    let numbers: Vec<Option<Value>> = hq
        .client
        .list(&ejia::client::Query::all(Kind::Person))
        .unwrap()
        .into_iter()
        .map(|id| hq.value(id, "staff_no"))
        .collect();
    assert!(numbers.contains(&Some(text("30002"))), "{numbers:?}");
    drop(server);
}

#[test]
fn the_history_of_a_record_is_shown_newest_first() {
    let Office { server, b, person, .. } = office();
    b.set(person, "name", "歐陽二");
    let mut desk = Desk::new(b);
    desk.press("5 Ctrl-T").shows("歷程").shows("歐陽若明 -> 歐陽二").shows("新增");
    drop(server);
}

#[test]
fn what_is_chosen_is_kept_until_it_is_applied_and_followed_by_the_others_that_are_shown() {
    let Office { server, hq, a, b, person } = office();
    let other = a.add(Kind::Person, &[("staff_no", text("10002")), ("name", text("慕容"))]);
    a.sync();
    b.sync();
    for id in [person, other] {
        a.set(id, "admin_post", "系主任");
        b.set(id, "admin_post", "系副主任");
    }
    a.sync();
    let mut desk = Desk::new(b);
    desk.press("F5").shows("衝突 2");
    desk.press("6 Enter Right").shows("(o)");
    desk.press("F6").shows("另外 1 筆");
    desk.press("Enter").shows("另外 1 筆已照樣選好");
    desk.press("Esc").shows("已選");
    assert_eq!(desk.data.conflicts().len(), 2, "nothing is applied yet");
    desk.press("Enter F8").shows("要套用已選好的 2 筆嗎");
    desk.press("Tab Enter").shows("已套用 2 筆");
    desk.press("F5").shows("同步完成");
    hq.sync();
    for id in [person, other] {
        assert_eq!(hq.value(id, "admin_post"), Some(text("系副主任")));
    }
    drop(server);
}

#[test]
fn an_undo_of_what_was_sent_is_sent_too_and_says_so() {
    let Office { server, hq, b, person, .. } = office();
    b.set(person, "name", "歐陽二");
    b.sync();
    let mut desk = Desk::new(b);
    desk.press("Ctrl-Z").shows("已復原：歐陽若明").shows("抵銷");
    desk.press("F4").shows("已復原，可重做").shows("已送出");
    desk.press("Esc F5").shows("同步完成");
    hq.sync();
    assert_eq!(hq.value(person, "name"), Some(text("歐陽若明")));
    drop(server);
}
