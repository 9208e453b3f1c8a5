//! What a record keeps of the moment it is made or judged: the rule that was used, and the post held then.
//!
//! A later rule or a later post does not rewrite it (時任單位及職務, 判定依據: dated policy rows). What a person wrote is never replaced.

use super::state::Inner;
use crate::domain::codes;
use crate::domain::figures::World;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::post::Post;
use crate::domain::record::{Fields, PartialDate, Record as _, Value};
use crate::domain::rules::Registry as _;
use crate::domain::rules::policy::{Dated as _, Policies};
use crate::domain::staff::appointment::Appointment;
use crate::domain::staff::staff_file::StaffFile;
use crate::domain::training::enrolment::Enrolment;
use crate::field;

/// Steps of a cultivation that judge by the conditions.
const JUDGING: [&str; 2] = ["cultivating", "recognised"];

impl Inner {
    /// The rules in force: the shipped ones with headquarters' records.
    pub(super) fn policies(&self) -> Policies {
        let mut world = World::default();
        for id in self.of_kind(Kind::Policy) {
            if let Ok(record) = self.record(id) {
                world.add(Kind::Policy, id, record.unit.record(), &record.values());
            }
        }
        world.policies
    }

    pub(super) fn today(&self) -> Option<PartialDate> {
        PartialDate::from_civil(self.env.today()).ok()
    }

    /// Fills what a new record keeps of its moment.
    pub(super) fn snapshot(&self, kind: Kind, fields: &mut Fields) {
        match kind {
            Kind::Enrolment => self.keep_post(fields),
            Kind::CultivationAssessment | Kind::Appointment => self.keep_rule(kind, fields),
            _ => {}
        }
    }

    /// Adds the rule's name to a change that judges.
    pub(super) fn judge(&self, kind: Kind, before: &Fields, changes: &mut Fields) {
        let Some(state) = kind.spec().state_field() else { return };
        let to = changes.get(&state.number).and_then(Value::as_text);
        let judging = kind == Kind::Cultivation && to.is_some_and(|to| JUDGING.contains(&to));
        let Some(field) = kind.spec().field("rule_version").filter(|_| judging) else { return };
        let kept =
            |fields: &Fields| fields.get(&field.number).is_some_and(|value| !value.is_blank());
        if kept(changes) || kept(before) {
            return;
        }
        let name = self.today().and_then(|day| {
            self.policies().double_leader_rule(day).map(|rule| rule.id().to_owned())
        });
        changes.extend(name.map(|name| (field.number, Value::Text(name))));
    }

    fn keep_rule(&self, kind: Kind, fields: &mut Fields) {
        let Some(field) = kind.spec().field("rule_version") else { return };
        if fields.get(&field.number).is_some_and(|value| !value.is_blank()) {
            return;
        }
        let rules = self.policies();
        let name = if kind == Kind::CultivationAssessment {
            let rule = self.today().and_then(|day| rules.double_leader_rule(day));
            rule.map(|rule| rule.id().to_owned())
        } else {
            self.promotion(&rules, fields)
        };
        fields.extend(name.map(|name| (field.number, Value::Text(name))));
    }

    /// The rule that an appointment to a higher rank goes by: the one that leads from the file's rank to it.
    fn promotion(&self, rules: &Policies, fields: &Fields) -> Option<String> {
        let appointment = Appointment::hydrate(fields).ok()?;
        let (_, file) = self.fields(appointment.staff_file.0)?;
        let rank = StaffFile::hydrate(&file).ok()?.rank?;
        let rule = rules.promotion_rule(&rank.0, appointment.from_on.0)?;
        (rule.to == appointment.rank?.0).then(|| rule.id().to_owned())
    }

    /// Unit and post of the person now, if nobody wrote it (時任單位及職務).
    fn keep_post(&self, fields: &mut Fields) {
        let field = field!(Enrolment: "post_then").number();
        if fields.get(&field).is_some_and(|value| !value.is_blank()) {
            return;
        }
        let person = fields.get(&field!(Enrolment: "person").number()).and_then(Value::as_ref_id);
        let text = person.map(|person| self.posts_of(person)).unwrap_or_default();
        if !text.is_empty() {
            let most = Kind::Enrolment
                .spec()
                .field_no(field)
                .map_or(0, |spec| usize::from(spec.max_chars));
            fields.insert(field, Value::Text(text.chars().take(most).collect()));
        }
    }

    /// Returns the units and posts of a person today, as one text; empty if none are known.
    pub(super) fn posts_of(&self, person: RecordId) -> String {
        let Some(today) = self.today() else { return String::new() };
        let by_person = field!(Post: "person").number();
        let posts = self.find(Kind::Post, by_person, &Value::Ref(person));
        let mut held: Vec<String> = posts
            .into_iter()
            .filter_map(|id| Post::hydrate(&self.fields(id)?.1).ok())
            .filter(|post| post.to_on.is_none_or(|to| !today.is_surely_after(to.0)))
            .map(|post| {
                let role = post.role.as_ref().and_then(|role| {
                    codes::choice_list("post", "role")?
                        .by_code(role.key())
                        .map(|entry| entry.label_hans.clone())
                });
                self.unit_name(post.unit.0.unit()) + &role.unwrap_or_default()
            })
            .collect();
        held.sort_unstable();
        held.dedup();
        held.join(" ")
    }
}
