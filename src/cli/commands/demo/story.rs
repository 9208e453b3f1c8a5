//! The story, step by step: each does one thing, counts what came of it, and says whether it is what must be.

use serde_json::{Value as Json, json};

use super::office::{Device, Office, broken};
use super::sample::{enter, fields};
use super::{Figures, Found};
use crate::cli::commands::admin::wait;
use crate::cli::error::{CommandError, CommandResult};
use crate::client::{
    Client, ClientError, Query, ReportRequest, Resolution, RowState, Vault, clock,
};
use crate::domain::access::Role;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Fields, PartialDate, Value};
use crate::server::admin;

/// A step.
type Step = fn(&mut Office) -> CommandResult<Found>;

/// All steps in order.
pub(super) const STEPS: [(&str, Step); 16] = [
    ("server", server),
    ("headquarters", headquarters),
    ("offline-first", offline_first),
    ("join", join),
    ("enter", enter_records),
    ("isolation", isolation),
    ("workflow", workflow),
    ("server-killed", server_killed),
    ("edit-offline", edit_offline),
    ("merge", merge),
    ("resolve", resolve),
    ("history", history),
    ("refused", refused),
    ("report", report),
    ("backup", backup),
    ("verify", verify),
];

/// What is done before the terminal opens; it leaves a conflict to settle.
pub(super) const SETUP: [&str; 8] = [
    "server",
    "headquarters",
    "offline-first",
    "join",
    "enter",
    "server-killed",
    "edit-offline",
    "merge",
];

/// The unit whose organizer the terminal opens for, and the other one.
const HERE: usize = 0;
const THERE: usize = 1;

fn found<const N: usize>(ok: bool, figures: [(&str, Json); N]) -> Found {
    let figures: Figures =
        figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Found { ok, figures }
}

fn count(client: &Client, kind: Kind) -> CommandResult<usize> {
    Ok(client.list(&Query::all(kind))?.len())
}

fn value(client: &Client, id: RecordId, key: &str) -> CommandResult<Option<Value>> {
    let view = client.view(id)?;
    let field = view.kind.spec().field(key).ok_or_else(broken)?;
    Ok(view.fields.get(&field.number).cloned())
}

fn is(client: &Client, id: RecordId, key: &str, text: &str) -> CommandResult<bool> {
    Ok(value(client, id, key)?.as_ref().and_then(Value::as_text) == Some(text))
}

fn person_fields(client: &Client, typed: &[(&str, &str)]) -> CommandResult<Fields> {
    fields(client, Kind::Person, typed)
}

fn server(office: &mut Office) -> CommandResult<Found> {
    let database = office.server.database.clone();
    if let Some(folder) = database.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let made =
        wait(admin::init(&database, &office.sample.university, &office.sample.administrator))?;
    office.first_code = made.code.code;
    office.root = Some(made.root.record());
    office.server.start()?;
    Ok(found(true, [("url", json!(office.server.url))]))
}

fn headquarters(office: &mut Office) -> CommandResult<Found> {
    let sample = &office.sample;
    let dir = office.folder.join("headquarters");
    let device = Device::new(dir, &sample.administrator, "000000", &sample.passphrase)?;
    device.client.enrol(&office.server.url, &office.first_code, &sample.administrator)?;
    device.sync()?;
    let root = office.root.ok_or_else(broken)?;
    office.class = Some(sample.enter_frame(&device.client, root)?);
    let done = device.sync()?;
    let (units, classes) =
        (count(&device.client, Kind::Unit)?, count(&device.client, Kind::TrainingClass)?);
    let ok = done.refused == 0 && done.pending == 0 && classes == 1;
    office.headquarters = Some(device);
    Ok(found(
        ok,
        [("units", json!(units)), ("classes", json!(classes)), ("pushed", json!(done.pushed))],
    ))
}

/// Each organizer enters a person on a device that has joined nothing.
fn offline_first(office: &mut Office) -> CommandResult<Found> {
    let sample = &office.sample;
    let mut before = 0;
    let mut pending = 0;
    for (at, unit) in sample.units.iter().enumerate() {
        let dir = office.folder.join(format!("organizer-{}", at + 1));
        let device = Device::new(dir, &unit.organizer, &unit.code, &sample.passphrase)?;
        before += sample.persons_of(unit);
        let person = sample.enter_person(&device.client, None, before)?;
        pending += device.client.status().pending;
        if let Some(entered) = office.entered.get_mut(at) {
            entered.persons.push(person);
        }
        office.organizers.push(device);
    }
    let devices = office.organizers.len();
    Ok(found(pending == devices, [("devices", json!(devices)), ("pending", json!(pending))]))
}

fn join(office: &mut Office) -> CommandResult<Found> {
    let (mut pushed, mut pulled) = (0, 0);
    for (unit, device) in office.sample.units.iter().zip(&office.organizers) {
        let (database, name) = (&office.server.database, &unit.organizer);
        wait(admin::user_add(database, name, Role::Organizer, Some(&unit.code)))?;
        let code = wait(admin::code(database, name, 1))?;
        device.client.enrol(&office.server.url, &code.code, name)?;
        let done = device.sync()?;
        pushed += done.pushed;
        pulled += done.pulled;
    }
    let devices = office.organizers.len();
    let ok = pushed == devices && pulled > 0;
    Ok(found(
        ok,
        [("devices", json!(devices)), ("pushed", json!(pushed)), ("pulled", json!(pulled))],
    ))
}

fn enter_records(office: &mut Office) -> CommandResult<Found> {
    let (class, _session) = office.class.ok_or_else(broken)?;
    let (mut pushed, mut refused) = (0, 0);
    for (at, device) in office.organizers.iter().enumerate() {
        let mut entered = office.entered.get(at).cloned().unwrap_or_default();
        // The person from before joining stays the last one: the first is a branch secretary.
        let early = std::mem::take(&mut entered.persons);
        office.sample.enter_unit(&device.client, at, class, &mut entered)?;
        entered.persons.extend(early);
        let done = device.sync()?;
        pushed += done.pushed;
        refused += done.refused + done.pending;
        if let Some(place) = office.entered.get_mut(at) {
            *place = entered;
        }
    }
    let pulled = office.hq()?.sync()?.pulled;
    let persons = count(&office.hq()?.client, Kind::Person)?;
    let expected: usize = office.entered.iter().map(|entered| entered.persons.len()).sum();
    let ok = persons == expected && refused == 0;
    Ok(found(
        ok,
        [
            ("persons", json!(persons)),
            ("pushed", json!(pushed)),
            ("pulled", json!(pulled)),
            ("refused", json!(refused)),
        ],
    ))
}

/// Nobody but headquarters has another unit's persons.
fn isolation(office: &mut Office) -> CommandResult<Found> {
    let mut own = Vec::new();
    let mut foreign = 0;
    for (at, device) in office.organizers.iter().enumerate() {
        own.push(count(&device.client, Kind::Person)?);
        for (_, entered) in office.entered.iter().enumerate().filter(|(other, _)| *other != at) {
            foreign += entered.persons.iter().filter(|id| device.client.view(**id).is_ok()).count();
        }
    }
    let expected: Vec<usize> = office.entered.iter().map(|entered| entered.persons.len()).collect();
    let all = count(&office.hq()?.client, Kind::Person)?;
    let ok = own == expected && foreign == 0 && all == expected.iter().sum::<usize>();
    Ok(found(
        ok,
        [("own_persons", json!(own)), ("foreign_persons", json!(foreign)), ("persons", json!(all))],
    ))
}

/// The organizer submits an enrolment, headquarters confirms it, the organizer sees that.
fn workflow(office: &mut Office) -> CommandResult<Found> {
    let (hq, here) = (office.hq()?, office.organizer(HERE)?);
    let enrolment = *office.unit(HERE)?.open_enrolments.first().ok_or_else(broken)?;
    let early = here.client.act(enrolment, "confirm", None, Fields::new());
    let closed = matches!(early, Err(ClientError::StepClosed { .. }));
    here.client.act(enrolment, "submit", None, Fields::new())?;
    here.sync()?;
    hq.sync()?;
    hq.client.act(enrolment, "confirm", None, Fields::new())?;
    hq.sync()?;
    here.sync()?;
    let confirmed = is(&here.client, enrolment, "status", "confirmed")?;
    Ok(found(
        closed && confirmed,
        [("steps", json!(2)), ("closed_to_the_organizer", json!(closed))],
    ))
}

/// The server is gone: a sync says so, and what is entered stays.
fn server_killed(office: &mut Office) -> CommandResult<Found> {
    office.server.kill()?;
    let here = office.organizer(HERE)?;
    let unreachable = match here.sync() {
        Err(ClientError::Transport(error)) => error.is_retryable(),
        Ok(_) | Err(_) => false,
    };
    let persons = count(&here.client, Kind::Person)?;
    let ok = unreachable && persons == office.unit(HERE)?.persons.len();
    Ok(found(ok, [("unreachable", json!(unreachable)), ("persons", json!(persons))]))
}

/// Two devices edit the same people while neither reaches the other.
fn edit_offline(office: &mut Office) -> CommandResult<Found> {
    let (hq, here) = (office.hq()?, office.organizer(HERE)?);
    let (apart, same) = two(office)?;
    let sample = &office.sample;
    let set = |device: &Device, id, typed: &[(&str, &str)]| -> CommandResult<()> {
        device.client.set_fields(id, person_fields(&device.client, typed)?)?;
        Ok(())
    };
    set(here, apart, &[("phone", "13911112222")])?;
    set(hq, apart, &[("degree", "2")])?;
    set(hq, apart, &[("research_field", &sample.new_post)])?;
    set(here, same, &[("admin_post", &sample.new_post)])?;
    set(hq, same, &[("admin_post", &sample.other_post)])?;
    let pending = (here.client.status().pending, hq.client.status().pending);
    let waiting = here.client.view(same)?.state == RowState::Pending;
    Ok(found(
        waiting && pending.0 == 2 && pending.1 >= 2,
        [("pending_organizer", json!(pending.0)), ("pending_headquarters", json!(pending.1))],
    ))
}

/// Returns the person whose different fields are edited, and the one whose same field is.
fn two(office: &Office) -> CommandResult<(RecordId, RecordId)> {
    match office.unit(HERE)?.persons.as_slice() {
        [_, apart, same, ..] => Ok((*apart, *same)),
        _ => Err(broken()),
    }
}

/// The server is back: different fields are both kept, the same field waits for a person with everything that was written.
fn merge(office: &mut Office) -> CommandResult<Found> {
    office.server.start()?;
    let (hq, here) = (office.hq()?, office.organizer(HERE)?);
    let (apart, same) = two(office)?;
    let base = value(&here.client, same, "admin_post")?;
    hq.sync()?;
    let second = here.sync()?;
    hq.sync()?;
    let mut merged = true;
    let mut open = Vec::new();
    for device in [hq, here] {
        merged &= is(&device.client, apart, "phone", "13911112222")?;
        merged &= is(&device.client, apart, "research_field", &office.sample.new_post)?;
        open.push(device.client.conflicts().len());
    }
    let conflicts = here.client.conflicts();
    let conflict = conflicts.iter().find(|conflict| conflict.record == same).ok_or_else(broken)?;
    let field = conflict.fields.iter().find(|f| f.key == "admin_post").ok_or_else(broken)?;
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_text).map(str::to_owned);
    let shown = text(&field.current.value).as_deref() == Some(office.sample.other_post.as_str())
        && field.candidates.first().and_then(|c| text(&c.value.value)).as_deref()
            == Some(office.sample.new_post.as_str())
        && field.base.is_some()
        && base.is_some();
    let ok = merged && shown && open == [1, 1] && second.pending == 0;
    Ok(found(
        ok,
        [
            ("merged", json!(merged)),
            ("conflicts", json!(open)),
            ("base", json!(text(&field.base))),
            ("current", json!(text(&field.current.value))),
            ("candidate", json!(field.candidates.first().and_then(|c| text(&c.value.value)))),
        ],
    ))
}

/// Settled on one device, settled everywhere.
fn resolve(office: &mut Office) -> CommandResult<Found> {
    let (hq, here) = (office.hq()?, office.organizer(HERE)?);
    let (_, same) = two(office)?;
    here.client.resolve(same, &Resolution::Candidate(1))?;
    here.sync()?;
    hq.sync()?;
    let open = [here.client.conflicts().len(), hq.client.conflicts().len()];
    let mut equal = true;
    for device in [hq, here] {
        equal &= is(&device.client, same, "admin_post", &office.sample.new_post)?;
    }
    Ok(found(equal && open == [0, 0], [("conflicts", json!(open)), ("same_value", json!(equal))]))
}

/// The history has the value before, both that were written, and the decision.
fn history(office: &mut Office) -> CommandResult<Found> {
    let here = office.organizer(HERE)?;
    let (_, same) = two(office)?;
    let mut transport = here.client.connect()?;
    let changes = here.client.history_over(&mut transport, same)?;
    let written: Vec<String> = changes
        .iter()
        .flat_map(|change| &change.changes)
        .filter(|change| change.key == "admin_post")
        .filter_map(|change| change.new.as_ref()?.as_text().map(str::to_owned))
        .collect();
    let sample = &office.sample;
    let all = [&sample.new_post, &sample.other_post].iter().all(|value| written.contains(value));
    let settled = changes.iter().any(|change| change.action == "resolve");
    let ok = all && settled && written.len() >= 3;
    Ok(found(ok, [("changes", json!(changes.len())), ("values", json!(written))]))
}

/// A school number that another unit has is refused by the server, corrected, and sent again.
fn refused(office: &mut Office) -> CommandResult<Found> {
    let here = office.organizer(HERE)?;
    let taken = *office.unit(THERE)?.persons.first().ok_or_else(broken)?;
    let number = value(&office.organizer(THERE)?.client, taken, "staff_no")?;
    let number = number.as_ref().and_then(Value::as_text).unwrap_or_default().to_owned();
    let typed = [("staff_no", number.as_str()), ("name", office.sample.mentor())];
    let person = enter(&here.client, Kind::Person, None, &typed)?;
    let first = here.sync()?;
    let items = here.client.attention();
    let item = items.first().ok_or_else(broken)?;
    let (code, field) = (item.code.clone(), item.field.clone());
    here.client.resend(item.n, &person_fields(&here.client, &[("staff_no", "99001")])?)?;
    let second = here.sync()?;
    here.client.delete(person, &office.sample.delete_reason)?;
    here.client.undo()?;
    here.client.delete(person, &office.sample.delete_reason)?;
    let third = here.sync()?;
    office.hq()?.sync()?;
    let gone = office.hq()?.client.view(person).map_or(true, |view| view.deleted);
    let ok =
        (first.refused, second.refused, third.refused) == (1, 0, 0) && field == "staff_no" && gone;
    Ok(found(
        ok,
        [
            ("refused", json!(first.refused)),
            ("code", json!(code)),
            ("field", json!(field)),
            ("refused_after_correction", json!(second.refused)),
        ],
    ))
}

/// The figures are those of what was entered.
fn report(office: &mut Office) -> CommandResult<Found> {
    let client = &office.hq()?.client;
    let today = clock::today();
    let as_of = PartialDate::from_civil(today).map_err(|_out_of_range| broken())?;
    let figures = |name: &str| -> CommandResult<(usize, usize)> {
        let year = i64::from(today.year());
        let request = ReportRequest { name: name.to_owned(), as_of, year, unit: None };
        let total = client.report(&request)?.total;
        Ok((total.numerator, total.denominator))
    };
    let coverage = figures("training-coverage")?;
    let ratio = figures("double-leader-ratio")?;
    let sum =
        |of: fn(&super::office::Entered) -> usize| -> usize { office.entered.iter().map(of).sum() };
    let ok = coverage == (sum(|e| e.trained), sum(|e| e.secretaries))
        && ratio == (sum(|e| e.recognised), sum(|e| e.led));
    let told =
        |(numerator, denominator): (usize, usize)| json!(format!("{numerator}/{denominator}"));
    Ok(found(ok, [("training_coverage", told(coverage)), ("double_leader_ratio", told(ratio))]))
}

/// A copy of the organizer's device opens elsewhere with the same records.
fn backup(office: &mut Office) -> CommandResult<Found> {
    let here = office.organizer(HERE)?;
    let file = office.folder.join("organizer-1.backup");
    let copy = office.folder.join("organizer-1-restored");
    let done = here.client.backup(&file)?;
    let vault = Vault::restore(&file, &copy, &office.sample.passphrase)?;
    let restored = Client::from_vault(&copy, vault)?;
    let (before, after) = (here.client.status().records, restored.status().records);
    let records: usize = after.iter().map(|(_, count)| count).sum();
    drop(restored);
    std::fs::remove_dir_all(&copy).map_err(CommandError::from)?;
    let findings = here.client.check_store().len();
    let ok = before == after && findings == 0;
    Ok(found(
        ok,
        [("records", json!(records)), ("bytes", json!(done.bytes)), ("findings", json!(findings))],
    ))
}

/// The server's log, applied again from the beginning, gives exactly the records it has.
fn verify(office: &mut Office) -> CommandResult<Found> {
    let done = wait(admin::verify(&office.server.database))?;
    Ok(found(
        done.difference.is_none(),
        [("changes", json!(done.ops)), ("records", json!(done.records))],
    ))
}
