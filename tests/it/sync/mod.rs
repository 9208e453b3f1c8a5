//! Real devices and a real server: joining, editing offline, meeting, settling.

mod archive;
mod commands;
mod drills;
mod elements;
mod erase;
mod quotas;
mod secrets;
mod story;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use ejia::client::{Client, KeyCost, NewDevice, SyncSummary};
use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::{Fields, Value};
use ejia::server::admin;

use crate::server::harness::{Server, block};

/// A device in a folder of its own.
pub(crate) struct Device {
    pub(crate) client: Client,
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) const PASSPHRASE: &str = "correct horse 電池";

impl Device {
    pub(crate) fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let new = NewDevice { user: name.into(), unit_code: None, cost: KeyCost::CHEAP };
        let (client, _) = Client::create(&data(folder.path()), PASSPHRASE, &new).unwrap();
        Self { client, folder }
    }

    /// A device that has joined as the server's first administrator.
    pub(crate) fn hq(server: &Server) -> Self {
        let device = Self::new("hq");
        device.client.enrol(&server.url, &server.first_code, "test").unwrap();
        device
    }

    /// A device that has joined as a new user of a unit.
    pub(crate) fn joined(server: &Server, name: &str, role: Role, unit: &str) -> Self {
        let device = Self::new(name);
        device.join(server, name, role, unit);
        device
    }

    pub(crate) fn join(&self, server: &Server, name: &str, role: Role, unit: &str) {
        self.join_at(server, name, role, Some(unit));
    }

    pub(crate) fn join_at(&self, server: &Server, name: &str, role: Role, unit: Option<&str>) {
        block(admin::user_add(&server.database, name, role, unit)).unwrap();
        let code = block(admin::code(&server.database, name, 72)).unwrap();
        self.client.enrol(&server.url, &code.code, "test").unwrap();
    }

    pub(crate) fn sync(&self) -> SyncSummary {
        self.client.sync(&|_| {}, &AtomicBool::new(false)).unwrap()
    }

    /// Closes and opens the same data directory.
    pub(crate) fn reopen(self) -> Self {
        let Self { client, folder } = self;
        drop(client);
        let client = Client::open(&data(folder.path()), PASSPHRASE).unwrap();
        Self { client, folder }
    }

    pub(crate) fn add(&self, kind: Kind, pairs: &[(&str, Value)]) -> RecordId {
        self.client.create_record(kind, None, fields(kind, pairs)).unwrap().id
    }

    pub(crate) fn unit(&self, code: &str, parent: Option<RecordId>) -> RecordId {
        let mut pairs = vec![
            ("code", text(code)),
            ("name", text(&format!("單位{code}"))),
            ("type", Value::Code("committee".into())),
        ];
        pairs.extend(parent.map(|id| ("parent", Value::Ref(id))));
        self.add(Kind::Unit, &pairs)
    }

    pub(crate) fn person(&self, unit: RecordId, number: &str, name: &str) -> RecordId {
        let fields = fields(Kind::Person, &[("staff_no", text(number)), ("name", text(name))]);
        self.client.create_record(Kind::Person, Some(unit.unit()), fields).unwrap().id
    }

    pub(crate) fn set(&self, id: RecordId, key: &str, value: &str) {
        self.client.set_fields(id, fields(Kind::Person, &[(key, text(value))])).unwrap();
    }

    pub(crate) fn value(&self, id: RecordId, key: &str) -> Option<Value> {
        let view = self.client.view(id).ok()?;
        view.fields.get(&view.kind.spec().field(key)?.number).cloned()
    }

    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.client.list(&ejia::client::Query::all(kind)).unwrap().len()
    }

    /// True if the bytes stand somewhere in the data directory.
    pub(crate) fn holds_bytes(&self, wanted: &[u8]) -> bool {
        fn search(dir: &Path, wanted: &[u8]) -> bool {
            std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
                if path.is_dir() {
                    return search(&path, wanted);
                }
                let bytes = std::fs::read(&path).unwrap();
                bytes.windows(wanted.len()).any(|window| window == wanted)
            })
        }
        search(&data(self.folder.path()), wanted)
    }
}

pub(crate) fn data(folder: &Path) -> std::path::PathBuf {
    folder.join("data")
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

pub(crate) fn fields(kind: Kind, pairs: &[(&str, Value)]) -> Fields {
    pairs
        .iter()
        .map(|(key, value)| (kind.spec().field(key).unwrap().number, value.clone()))
        .collect()
}
