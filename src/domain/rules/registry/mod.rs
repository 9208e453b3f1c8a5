//! Checks that need other records: references, duplicates, double enrolments (Q06-Q08, Q10, Q13). A kind may bring its own (`.against(..)`).

mod classes;

use crate::domain::cultivation::assessment::CultivationAssessment;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::post::{Post, PostRole};
use crate::domain::org::work_report::WorkReport;
use crate::domain::record::{
    FieldNo, FieldSpec, Fields, Issue, PartialDate, Record, Value, ValueKind,
};
use crate::domain::rules::dates;

/// Where a check looks up other records; the device's store and the server's each are one.
pub trait Registry {
    /// Returns the kind and fields of a live record.
    fn fields(&self, id: RecordId) -> Option<(Kind, Fields)>;

    /// Returns one field of a live record; the default reads them all.
    fn field_of(&self, id: RecordId, field: FieldNo) -> Option<Value> {
        self.fields(id)?.1.remove(&field)
    }

    /// Returns the live records of a kind whose field holds exactly that value.
    fn find(&self, kind: Kind, field: FieldNo, value: &Value) -> Vec<RecordId>;
}

/// Checks a record against the others; `id` is its own, `None` for a new one.
///
/// Order of the issues: by field, references first. It never changes anything and never says who the other record is about.
pub fn check_against(
    registry: &dyn Registry,
    kind: Kind,
    id: Option<RecordId>,
    fields: &Fields,
) -> Vec<Issue> {
    let mut issues = references(registry, kind, fields);
    issues.extend(duplicates(registry, kind, id, fields));
    issues.extend(kind.spec().against.into_iter().flat_map(|check| check(registry, id, fields)));
    match kind {
        Kind::Person => issues.extend(same_name_and_birth(registry, id, fields)),
        Kind::Enrolment => {
            issues.extend(double(registry, kind, id, fields, ["class", "person"]));
            issues.extend(classes::overlap(registry, id, fields));
            issues.extend(classes::more_hours_than_planned(registry, fields));
            issues.extend(classes::pass_rule(registry, fields));
            issues.extend(classes::makes_up(registry, fields));
        }
        Kind::Attendance => {
            issues.extend(double(registry, kind, id, fields, ["session", "person"]));
        }
        Kind::Post => {
            issues.extend(secretary_standing(registry, fields));
            issues.extend(second_secretary(registry, id, fields));
        }
        Kind::CultivationAssessment => issues.extend(grade_of_the_report(registry, fields)),
        Kind::Cultivation => issues.extend(snapshot_title(registry, fields)),
        _ => {}
    }
    issues
}

/// Q10: every reference points to a live record of the kind that the field names.
fn references(registry: &dyn Registry, kind: Kind, fields: &Fields) -> Vec<Issue> {
    let mut issues = Vec::new();
    for spec in kind.spec().fields {
        let ValueKind::Reference(target) = spec.kind else { continue };
        let Some(id) = fields.get(&spec.number).and_then(Value::as_ref_id) else { continue };
        match registry.fields(id) {
            None => issues.push(Issue::error(spec.key, "q10-no-such-record").with("kind", target)),
            Some((found, _)) if found.key() != target => {
                issues.push(Issue::error(spec.key, "q10-other-kind").with("kind", target));
            }
            Some(_) => {}
        }
    }
    issues
}

/// Q07: no other live record shares a value that must be unique.
fn duplicates(
    registry: &dyn Registry,
    kind: Kind,
    id: Option<RecordId>,
    fields: &Fields,
) -> Vec<Issue> {
    let others = |spec: &FieldSpec| {
        let value = fields.get(&spec.number).filter(|value| !value.is_blank())?;
        registry.find(kind, spec.number, value).into_iter().find(|other| Some(*other) != id)
    };
    let unique = kind.spec().fields.iter().filter(|spec| spec.unique);
    let duplicate = |spec: &FieldSpec| {
        Some(Issue::error(spec.key, "q07-duplicate").with("other", others(spec)?))
    };
    unique.filter_map(duplicate).collect()
}

/// Q07: two persons of one name born on one day are probably one person; a person must look.
fn same_name_and_birth(
    registry: &dyn Registry,
    id: Option<RecordId>,
    fields: &Fields,
) -> Option<Issue> {
    let spec = Kind::Person.spec();
    let (name, born) = (spec.field("name")?.number, spec.field("born_on")?.number);
    let birthday = fields.get(&born)?.as_date()?;
    registry
        .find(Kind::Person, name, fields.get(&name)?)
        .into_iter()
        .filter(|other| Some(*other) != id)
        .filter_map(|other| registry.field_of(other, born)?.as_date())
        .any(|other| other == birthday)
        .then(|| Issue::warning("name", "q07-same-person"))
}

/// Q08: the same person twice in one class or session.
fn double(
    registry: &dyn Registry,
    kind: Kind,
    id: Option<RecordId>,
    fields: &Fields,
    keys: [&'static str; 2],
) -> Option<Issue> {
    let [whole, person] = keys.map(|key| kind.spec().field(key).map(|spec| spec.number));
    let (whole, person) = (whole?, person?);
    let same = fields.get(&whole)?;
    registry
        .find(kind, person, fields.get(&person)?)
        .into_iter()
        .filter(|other| Some(*other) != id)
        .any(|other| registry.field_of(other, whole).as_ref() == Some(same))
        .then(|| Issue::error("person", "q08-twice"))
}

/// Q06: a secretary has a year of Party standing (支部工作條例 Art. 23).
fn secretary_standing(registry: &dyn Registry, fields: &Fields) -> Option<Issue> {
    let post = Post::hydrate(fields).ok()?;
    let secretary = matches!(post.role, Some(PostRole::Secretary));
    let from = post.from_on.filter(|_| secretary)?.0;
    let (_, person) = registry.fields(post.person.0)?;
    let full_on: PartialDate =
        person.get(&Kind::Person.spec().field("full_on")?.number)?.as_date()?;
    dates::plus_years(full_on, 1)?
        .is_surely_after(from)
        .then(|| Issue::warning("from_on", "q06-standing"))
}

/// Q06: a branch has one secretary at a time.
fn second_secretary(
    registry: &dyn Registry,
    id: Option<RecordId>,
    fields: &Fields,
) -> Option<Issue> {
    let current = |post: &Post| post.role == Some(PostRole::Secretary) && post.to_on.is_none();
    let own = Post::hydrate(fields).ok().filter(current)?;
    let unit = Kind::Post.spec().field("unit")?.number;
    let others = registry.find(Kind::Post, unit, &Value::Ref(own.unit.0));
    others
        .into_iter()
        .filter(|other| Some(*other) != id)
        .filter_map(|other| Post::hydrate(&registry.fields(other)?.1).ok())
        .any(|other| current(&other) && other.person != own.person)
        .then(|| Issue::warning("role", "q06-second-secretary"))
}

/// Q13: the grade of an assessment differs from the one of the work-report review of that year.
fn grade_of_the_report(registry: &dyn Registry, fields: &Fields) -> Option<Issue> {
    let own = CultivationAssessment::hydrate(fields).ok()?;
    let grade = own.grade?;
    let (_, cultivation) = registry.fields(own.cultivation.0)?;
    let person = cultivation.get(&Kind::Cultivation.spec().field("person")?.number)?;
    let by_person = Kind::WorkReport.spec().field("person")?.number;
    registry
        .find(Kind::WorkReport, by_person, person)
        .into_iter()
        .filter_map(|report| WorkReport::hydrate(&registry.fields(report)?.1).ok())
        .filter(|report| report.year == own.year)
        .any(|report| report.grade.is_some_and(|told| told != grade))
        .then(|| Issue::warning("grade", "q13-report-grade"))
}

/// Q13: the title written into a cultivation differs from the person's present one; both are kept.
fn snapshot_title(registry: &dyn Registry, fields: &Fields) -> Option<Issue> {
    let spec = Kind::Cultivation.spec();
    let then = fields.get(&spec.field("title_then")?.number)?;
    let person = fields.get(&spec.field("person")?.number)?.as_ref_id()?;
    let (_, person) = registry.fields(person)?;
    let now = person.get(&Kind::Person.spec().field("title")?.number)?;
    (!then.is_blank() && !now.is_blank() && then != now)
        .then(|| Issue::warning("title_then", "q13-snapshot"))
}

#[cfg(test)]
mod tests;
