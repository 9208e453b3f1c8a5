//! A store in memory, indexed as a plan needs it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Fields, Issue, Value};
use crate::domain::rules::registry::{Registry, check_against};
use crate::transfer::import::{Existing, Lookup};

#[derive(Default)]
pub(super) struct Memory {
    records: BTreeMap<RecordId, (Kind, Existing)>,
    index: BTreeMap<(Kind, FieldNo, Value), BTreeSet<RecordId>>,
    names: BTreeMap<String, BTreeSet<UnitId>>,
    root: Option<UnitId>,
    next: u128,
    /// Units the user may write; all if empty.
    pub(super) scope: BTreeSet<UnitId>,
}

impl Memory {
    /// Makes a store that holds the university only.
    pub(super) fn with_root() -> Self {
        let mut memory = Self::default();
        let id = memory.new_id();
        let texts = [("code", "000000"), ("name", "大学")];
        let mut fields = Fields::new();
        for (key, text) in texts {
            fields.insert(no(Kind::Unit, key), Value::Text(text.into()));
        }
        fields.insert(no(Kind::Unit, "type"), Value::Code("university".into()));
        memory.root = Some(id.unit());
        memory.planned(Kind::Unit, &Existing { id, fields, unit: id.unit() });
        memory
    }

    pub(super) fn count(&self, kind: Kind) -> usize {
        self.records.values().filter(|(found, _)| *found == kind).count()
    }

    pub(super) fn add(&mut self, kind: Kind, unit: UnitId, fields: Fields) -> RecordId {
        let id = self.new_id();
        self.planned(kind, &Existing { id, fields, unit });
        id
    }
}

pub(super) fn no(kind: Kind, key: &str) -> FieldNo {
    kind.spec().field(key).unwrap().number
}

impl Registry for Memory {
    fn fields(&self, id: RecordId) -> Option<(Kind, Fields)> {
        self.records.get(&id).map(|(kind, record)| (*kind, record.fields.clone()))
    }

    fn find(&self, kind: Kind, field: FieldNo, value: &Value) -> Vec<RecordId> {
        let found = self.index.get(&(kind, field, value.clone()));
        found.into_iter().flatten().copied().collect()
    }
}

impl Lookup for Memory {
    fn by_unique(&self, kind: Kind, field: FieldNo, text: &str) -> Vec<RecordId> {
        self.find(kind, field, &Value::Text(text.to_owned()))
    }

    fn unit_by_code(&self, code: &str) -> Option<UnitId> {
        self.by_unique(Kind::Unit, no(Kind::Unit, "code"), code).first().map(|id| id.unit())
    }

    fn unit_by_name(&self, key: &str) -> Vec<UnitId> {
        self.names.get(key).into_iter().flatten().copied().collect()
    }

    fn root_unit(&self) -> Option<UnitId> {
        self.root
    }

    fn may_write(&self, unit: UnitId) -> bool {
        self.scope.is_empty() || self.scope.contains(&unit)
    }

    fn get(&self, id: RecordId) -> Option<(Kind, Existing)> {
        self.records.get(&id).cloned()
    }

    fn existing(&self, kind: Kind, natural: &[(FieldNo, Value)]) -> Vec<Existing> {
        let sets = natural.iter().filter(|(_, value)| *value != Value::Null);
        let fewest = sets.map(|(no, value)| self.find(kind, *no, value)).min_by_key(Vec::len);
        let records = fewest.unwrap_or_default().into_iter().filter_map(|id| self.get(id));
        let same = |record: &Existing| {
            natural.iter().all(|(no, value)| record.fields.get(no).unwrap_or(&Value::Null) == value)
        };
        records.map(|(_, record)| record).filter(same).collect()
    }

    fn check(&self, kind: Kind, id: Option<RecordId>, fields: &Fields) -> Vec<Issue> {
        let mut issues = kind.check(fields);
        issues.extend(check_against(self, kind, id, fields));
        issues
    }

    fn new_id(&mut self) -> RecordId {
        self.next += 1;
        RecordId(Uuid::from_u128(self.next))
    }

    fn planned(&mut self, kind: Kind, record: &Existing) {
        if let Some((_, old)) = self.records.insert(record.id, (kind, record.clone())) {
            for (no, value) in old.fields {
                if let Some(ids) = self.index.get_mut(&(kind, no, value)) {
                    ids.remove(&record.id);
                }
            }
        }
        for (no, value) in &record.fields {
            self.index.entry((kind, *no, value.clone())).or_default().insert(record.id);
        }
        if kind == Kind::Unit {
            for key in ["name", "short_name"] {
                if let Some(name) = record.fields.get(&no(kind, key)).and_then(Value::as_text) {
                    self.names
                        .entry(crate::transfer::import::unit_key(name))
                        .or_default()
                        .insert(record.unit);
                }
            }
        }
    }
}
