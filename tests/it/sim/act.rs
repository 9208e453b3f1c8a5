//! What people do on their devices: the same few records again and again, so that they meet.

use ejia::client::{Client, ClientError, Query, Resolution};
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::{FieldNo, Fields, PartialDate, Value};

use super::world::World;

/// Fields of a person that anybody changes, each a merge group of its own.
const HOT: [&str; 5] = ["name", "education_detail", "title_detail", "admin_post", "research_field"];

fn number(kind: Kind, key: &str) -> FieldNo {
    kind.spec().field(key).unwrap().number
}

impl World {
    /// One thing a person does; it may be refused, it may not be lost.
    pub(crate) fn edit(&mut self, i: usize) {
        if !self.is_up(i) {
            return;
        }
        let client = self.client(i);
        self.arm(i, 3);
        self.devices[i].values += 1;
        let persons = client.live_ids(Kind::Person);
        let (what, result) = match self.rng.below(100) {
            _ if persons.is_empty() => ("adds", self.add_person(i, &client)),
            0..18 => ("adds", self.add_person(i, &client)),
            18..46 => ("sets", self.set_person(i, &client, &persons)),
            46..48 => ("cultivates", self.add_cultivation(&client, &persons)),
            48..56 => ("lists", self.change_elements(i, &client, &persons)),
            56..60 => ("certifies", self.certify(&client)),
            60..66 => ("deletes", self.delete(&client, &persons)),
            66..72 => ("undoes", client.undo().map(|saved| saved.id)),
            72..78 => ("moves", self.relocate(&client, &persons)),
            78..82 => ("posts", self.add_post(&client, &persons)),
            82..86 => ("asks", self.ask(&client, &persons)),
            86..87 => ("gives back", self.give_back(&client)),
            87..88 => ("runs a class", self.run_class(i, &client)),
            88..89 => ("merges", self.merge(&client, &persons)),
            89..95 => ("settles", self.settle(i, &client)),
            _ => ("attends", self.attend(i, &client)),
        };
        if !self.devices[i].busy {
            self.devices[i].disk.disarm();
        }
        self.harvest(i);
        let said = match &result {
            Ok(id) => id.to_string(),
            Err(error) => error.code(),
        };
        self.note(|| format!("device {i} {what}: {said}"));
        drop(client);
        if self.is_up(i) {
            self.check_shown(i);
        }
    }

    fn value(&self, i: usize, what: &str) -> Value {
        Value::Text(format!("{what} {i}.{}", self.devices[i].values))
    }

    fn add_person(&mut self, i: usize, client: &Client) -> Result<RecordId, ClientError> {
        // A small pool of numbers, so that two devices give the same one.
        let number_given = if self.rng.per_mille(150) {
            Value::Text(format!("S{}", self.rng.below(6)))
        } else {
            Value::Text(format!("P{i}.{}", self.devices[i].values))
        };
        let fields: Fields = [
            (number(Kind::Person, "staff_no"), number_given),
            (number(Kind::Person, "name"), self.value(i, "name")),
        ]
        .into();
        let unit = if self.rng.per_mille(500) { self.rng.pick(&self.units).copied() } else { None };
        client.create_record(Kind::Person, unit, fields).map(|saved| saved.id)
    }

    /// Most changes are to the few oldest persons.
    fn one_of(&mut self, persons: &[RecordId]) -> RecordId {
        let few = if self.rng.per_mille(700) { persons.len().min(3) } else { persons.len() };
        persons[self.rng.below(few)]
    }

    fn set_person(
        &mut self,
        i: usize,
        client: &Client,
        persons: &[RecordId],
    ) -> Result<RecordId, ClientError> {
        let id = self.one_of(persons);
        let mut changes = Fields::new();
        for _ in 0..self.rng.between(1, 2) {
            match self.rng.below(12) {
                0..7 => {
                    let key = HOT[self.rng.below(HOT.len())];
                    changes.insert(number(Kind::Person, key), self.value(i, key));
                }
                7 => {
                    let key = HOT[self.rng.between(1, HOT.len() - 1)];
                    changes.insert(number(Kind::Person, key), Value::Null);
                }
                8 => {
                    // Two people who write the same.
                    let same = Value::Text(format!("same {}", self.rng.below(2)));
                    changes.insert(number(Kind::Person, "research_field"), same);
                }
                9 => {
                    changes.insert(number(Kind::Person, "note"), self.value(i, "note"));
                }
                _ => {
                    let (key, from) = if self.rng.per_mille(500) {
                        ("joined_on", 2000)
                    } else {
                        ("full_on", 2004)
                    };
                    let year = i16::try_from(from + self.rng.below(6)).unwrap();
                    let day = PartialDate::day(year, 5, 4).unwrap();
                    changes.insert(number(Kind::Person, key), Value::Date(day));
                }
            }
        }
        client.set_fields(id, changes).map(|saved| saved.id)
    }

    fn delete(&mut self, client: &Client, persons: &[RecordId]) -> Result<RecordId, ClientError> {
        let posts = client.live_ids(Kind::Post);
        let id = match self.rng.pick(&posts) {
            Some(post) if self.rng.per_mille(300) => *post,
            _ => self.one_of(persons),
        };
        client.delete(id, "gone").map(|saved| saved.id)
    }

    fn relocate(&mut self, client: &Client, persons: &[RecordId]) -> Result<RecordId, ClientError> {
        let id = self.one_of(persons);
        let to = *self.rng.pick(&self.units).unwrap();
        client.move_record(id, to).map(|saved| saved.id)
    }

    fn add_post(&mut self, client: &Client, persons: &[RecordId]) -> Result<RecordId, ClientError> {
        let person = self.one_of(persons);
        let unit = *self.rng.pick(&self.units).unwrap();
        let fields: Fields = [
            (number(Kind::Post, "person"), Value::Ref(person)),
            (number(Kind::Post, "unit"), Value::Ref(unit.record())),
            (number(Kind::Post, "role"), Value::Code("member".into())),
        ]
        .into();
        client.create_record(Kind::Post, None, fields).map(|saved| saved.id)
    }

    /// Asks for a place in one of the classes, which have too few.
    fn ask(&mut self, client: &Client, persons: &[RecordId]) -> Result<RecordId, ClientError> {
        let classes = client.live_ids(Kind::TrainingClass);
        let missing = || ClientError::NotFound { what: "class", id: String::new() };
        let class = *self.rng.pick(&classes).ok_or_else(missing)?;
        let person = persons[self.rng.below(persons.len())];
        client.request_places(class, &[person])?;
        Ok(person)
    }

    fn give_back(&mut self, client: &Client) -> Result<RecordId, ClientError> {
        let enrolments = client.live_ids(Kind::Enrolment);
        let missing = || ClientError::NotFound { what: "enrolment", id: String::new() };
        let id = *self.rng.pick(&enrolments).ok_or_else(missing)?;
        client.cancel_place(id, "cannot come").map(|saved| saved.id)
    }

    /// A class goes one step on, in the end into the archive; or somebody corrects one of its records, perhaps not knowing of that.
    fn run_class(&mut self, i: usize, client: &Client) -> Result<RecordId, ClientError> {
        let classes = client.live_ids(Kind::TrainingClass);
        let missing = || ClientError::NotFound { what: "class", id: String::new() };
        let class = *self.rng.pick(&classes).ok_or_else(missing)?;
        let text = self.value(i, "text");
        if self.rng.per_mille(300) {
            return client
                .set_fields(class, [(number(Kind::TrainingClass, "organiser"), text)].into())
                .map(|saved| saved.id);
        }
        let enrolments = client.live_ids(Kind::Enrolment);
        if self.rng.per_mille(400)
            && let Some(id) = self.rng.pick(&enrolments)
        {
            return client
                .set_fields(*id, [(number(Kind::Enrolment, "post_then"), text)].into())
                .map(|saved| saved.id);
        }
        let record = client.visible(class).ok_or_else(missing)?;
        let status = record.fields.get(&number(Kind::TrainingClass, "status"));
        let action = match status.and_then(|state| state.value.as_text()) {
            Some("published") => "start",
            Some("running") => "finish",
            _ => "archive",
        };
        client.act(class, action, None, Fields::new()).map(|saved| saved.id)
    }

    /// Headquarters takes numbers, lets people complete their class, and gives them certificates.
    fn certify(&mut self, client: &Client) -> Result<RecordId, ClientError> {
        let enrolments = client.live_ids(Kind::Enrolment);
        let missing = || ClientError::NotFound { what: "enrolment", id: String::new() };
        let id = *self.rng.pick(&enrolments).ok_or_else(missing)?;
        if client.leases().iter().all(|lease| lease.left() == 0) && self.rng.per_mille(500) {
            return client.lease_numbers(2026, 2).map(|saved| saved.id);
        }
        let status = number(Kind::Enrolment, "status");
        let record = client.visible(id).ok_or_else(missing)?;
        let status = record.fields.get(&status).map(|state| &state.value);
        if status.and_then(Value::as_text) == Some("completed") {
            client.certify(&[id], None).map(|_certified| id)
        } else {
            client.act(id, "complete", None, Fields::new()).map(|saved| saved.id)
        }
    }

    fn merge(&mut self, client: &Client, persons: &[RecordId]) -> Result<RecordId, ClientError> {
        let keep = self.one_of(persons);
        let dropped = persons[self.rng.below(persons.len())];
        client.merge_persons(keep, dropped).map(|saved| saved.id)
    }

    fn settle(&mut self, i: usize, client: &Client) -> Result<RecordId, ClientError> {
        let open = client.conflicts();
        let Some(conflict) = self.rng.pick(&open) else {
            let all = client.list(&Query::all(Kind::Person))?;
            return self.set_person(i, client, &all);
        };
        let decision = match self.rng.below(3) {
            0 => Resolution::Current,
            1 => Resolution::Candidate(1),
            _ => {
                let text = HOT.map(|key| number(Kind::Person, key));
                let own = conflict.fields.iter().filter(|field| text.contains(&field.field));
                let own: Vec<_> = own.map(|field| (field.field, self.value(i, "own"))).collect();
                if own.is_empty() { Resolution::Current } else { Resolution::Values(own) }
            }
        };
        client.resolve(conflict.id, &decision)
    }

    fn attend(&mut self, i: usize, client: &Client) -> Result<RecordId, ClientError> {
        let list = client.attention();
        let Some(item) = self.rng.pick(&list) else {
            return Err(ClientError::NotFound { what: "attention", id: String::new() });
        };
        self.devices[i].attended.push(item.n);
        if self.rng.per_mille(500) {
            return client.discard(item.n, "no");
        }
        let mut corrections = Fields::new();
        if item.code == "duplicate" {
            let other = Value::Text(format!("R{}", self.rng.next() % 1_000_000));
            corrections.insert(number(Kind::Person, "staff_no"), other);
        }
        client.resend(item.n, &corrections)
    }
}
