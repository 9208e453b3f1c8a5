//! The invented university of config/demo.toml, and how its records are entered.

use serde::Deserialize;

use super::office::Entered;
use crate::cli::error::{CommandError, CommandResult, INTERNAL};
use crate::cli::values;
use crate::client::{Client, ClientError, clock};
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::Fields;
use crate::domain::rules::id_number;

const SOURCE: &str = include_str!("../../../../config/demo.toml");

/// What the demonstration is made of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sample {
    pub(super) university: String,
    pub(super) administrator: String,
    pub(super) passphrase: String,
    persons_per_branch: usize,
    region: String,
    surnames: Vec<String>,
    given: Vec<String>,
    administrative_posts: Vec<String>,
    pub(super) new_post: String,
    pub(super) other_post: String,
    mentor: String,
    document: String,
    pub(super) delete_reason: String,
    class: Class,
    pub(super) units: Vec<Unit>,
}

/// A class.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    name: String,
    session: String,
    place: String,
}

/// A secondary unit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unit {
    pub(super) code: String,
    name: String,
    short_name: String,
    pub(super) organizer: String,
    branches: Vec<Branch>,
}

/// A branch.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Branch {
    code: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    secretary: bool,
}

/// Field keys with typed values.
type Typed<'a> = &'a [(&'a str, &'a str)];

/// Enters a record by typed values, as the command line does.
pub(super) fn enter(
    client: &Client,
    kind: Kind,
    unit: Option<UnitId>,
    typed: Typed<'_>,
) -> CommandResult<RecordId> {
    Ok(client.create_record(kind, unit, fields(client, kind, typed)?)?.id)
}

/// Reads typed values.
pub(super) fn fields(client: &Client, kind: Kind, typed: Typed<'_>) -> CommandResult<Fields> {
    let mut fields = Fields::new();
    for (key, text) in typed {
        let missing = || ClientError::NotFound { what: "field", id: (*key).to_owned() };
        let field = kind.spec().field(key).ok_or_else(missing)?;
        let value = values::value(client, kind.spec(), field, text)
            .map_err(|issue| ClientError::Invalid { issues: vec![issue] })?;
        fields.extend(value.map(|value| (field.number, value)));
    }
    Ok(fields)
}

impl Sample {
    /// Reads the sample that is compiled in.
    pub(super) fn load() -> CommandResult<Self> {
        toml::from_str(SOURCE)
            .map_err(|error| CommandError::new(INTERNAL, "demo").with("step", error))
    }

    /// Returns a name for a person who is entered by mistake.
    pub(super) fn mentor(&self) -> &str {
        &self.mentor
    }

    /// Enters the units and the class, as headquarters does.
    pub(super) fn enter_frame(
        &self,
        client: &Client,
        root: RecordId,
    ) -> CommandResult<(RecordId, RecordId)> {
        let (root, year) = (root.to_string(), clock::today().year());
        let founded = format!("{}-09-01", year - 20);
        for unit in &self.units {
            let of_unit = [
                ("code", unit.code.as_str()),
                ("name", &unit.name),
                ("short_name", &unit.short_name),
                ("type", "committee"),
                ("parent", &root),
                ("founded_on", &founded),
            ];
            let parent = enter(client, Kind::Unit, None, &of_unit)?.to_string();
            for branch in &unit.branches {
                let of_branch = [
                    ("code", branch.code.as_str()),
                    ("name", &branch.name),
                    ("type", "branch"),
                    ("parent", &parent),
                    ("branch_type", &branch.kind),
                    ("founded_on", &founded),
                ];
                enter(client, Kind::Unit, None, &of_branch)?;
            }
            let from = format!("{}-01-01", year - 1);
            let approved =
                [("unit", parent.as_str()), ("posts_approved", "2"), ("valid_from", &from)];
            enter(client, Kind::Establishment, None, &approved)?;
        }
        self.enter_class(client, year)
    }

    fn enter_class(&self, client: &Client, year: i16) -> CommandResult<(RecordId, RecordId)> {
        let (starts, ends) = (format!("{year}-01-05"), format!("{year}-01-12"));
        let year = year.to_string();
        let of_class = [
            ("year", year.as_str()),
            ("name", &self.class.name),
            ("category", "rotation"),
            ("organiser_level", "university"),
            ("starts_on", &starts),
            ("ends_on", &ends),
            ("planned_hours", "56"),
            ("capacity", "60"),
            ("counts", "true"),
            ("status", "published"),
            ("place", &self.class.place),
        ];
        let class = enter(client, Kind::TrainingClass, None, &of_class)?;
        let (of, at) = (class.to_string(), format!("{starts} 09:00"));
        let end = format!("{starts} 12:00");
        let of_session = [
            ("class", of.as_str()),
            ("name", &self.class.session),
            ("starts_at", &at),
            ("ends_at", &end),
            ("hours", "4"),
            ("mode", "classroom"),
        ];
        Ok((class, enter(client, Kind::Session, None, &of_session)?))
    }

    /// Returns how many persons a unit has; the last one is entered before joining, without a branch.
    pub(super) fn persons_of(&self, unit: &Unit) -> usize {
        unit.branches.len() * self.persons_per_branch + 1
    }

    /// Enters one person; `n` counts over the whole university and makes every one of them different.
    pub(super) fn enter_person(
        &self,
        client: &Client,
        branch: Option<UnitId>,
        n: usize,
    ) -> CommandResult<RecordId> {
        let born = i16::try_from(1966 + n * 7 % 32).unwrap_or(1970);
        let (month, day) = (1 + n * 5 % 12, 1 + n * 11 % 28);
        let pick = |list: &[String], at: usize| {
            list.get(at % list.len().max(1)).cloned().unwrap_or_default()
        };
        let name = pick(&self.surnames, n) + &pick(&self.given, n * 3 + n / 18);
        let joined = format!("{}-{month:02}-{day:02}", born + 20);
        let full = format!("{}-{month:02}-{day:02}", born + 21);
        let title = ["011", "012", "013", "014"].get(n % 4).copied().unwrap_or("013");
        let typed = [
            ("staff_no", format!("{}", 10_001 + n)),
            ("name", name),
            ("sex", (if n % 2 == 1 { "1" } else { "2" }).to_owned()),
            ("ethnicity", "01".to_owned()),
            ("id_number", self.id_number(born, month, day, n)),
            ("party_status", "01".to_owned()),
            ("joined_on", joined),
            ("full_on", full),
            ("title", title.to_owned()),
            ("degree", (if n.is_multiple_of(3) { "2" } else { "3" }).to_owned()),
            ("phone", format!("1390000{n:04}")),
            ("admin_post", pick(&self.administrative_posts, n)),
        ];
        let typed: Vec<(&str, &str)> =
            typed.iter().map(|(key, text)| (*key, text.as_str())).collect();
        enter(client, Kind::Person, branch, &typed)
    }

    /// Makes an identity number that is well formed: the check character is the one that fits.
    fn id_number(&self, year: i16, month: usize, day: usize, n: usize) -> String {
        let order = n % 500 * 2 + n % 2;
        let digits = format!("{}{year:04}{month:02}{day:02}{order:03}", self.region);
        let whole = |check: char| format!("{digits}{check}");
        let fits = "0123456789X".chars().map(whole).find(|number| id_number::check(number).is_ok());
        fits.unwrap_or(digits)
    }

    /// Enters a unit's persons, posts, cultivations, enrolments and staff file, as its organizer does.
    pub(super) fn enter_unit(
        &self,
        client: &Client,
        at: usize,
        class: RecordId,
        entered: &mut Entered,
    ) -> CommandResult<()> {
        let Some(unit) = self.units.get(at) else { return Ok(()) };
        let mut n: usize = self.units.iter().take(at).map(|unit| self.persons_of(unit)).sum();
        for branch in &unit.branches {
            let home = unit_with(client, &branch.code)?;
            let first = entered.persons.len();
            for _ in 0..self.persons_per_branch {
                n += 1;
                entered.persons.push(self.enter_person(client, Some(home.unit()), n)?);
            }
            if let (true, Some(person)) = (branch.secretary, entered.persons.get(first).copied()) {
                self.enter_secretary(client, branch, home, person, class, entered)?;
            }
        }
        enter_staff(client, unit, entered)
    }

    fn enter_secretary(
        &self,
        client: &Client,
        branch: &Branch,
        home: RecordId,
        person: RecordId,
        class: RecordId,
        entered: &mut Entered,
    ) -> CommandResult<()> {
        let year = clock::today().year();
        let (person, home, class) = (person.to_string(), home.to_string(), class.to_string());
        let since = format!("{}-09-01", year - 4);
        let post = [
            ("person", person.as_str()),
            ("unit", &home),
            ("role", "secretary"),
            ("from_on", &since),
        ];
        enter(client, Kind::Post, None, &post)?;
        // Every second secretary has finished the class, and the first teachers' branch of a unit is led by a recognised one.
        let trained = entered.secretaries.is_multiple_of(2);
        entered.secretaries += 1;
        let attends =
            if branch.kind == "teachers" { "teacher_secretary" } else { "student_secretary" };
        let mut enrolment =
            vec![("class", class.as_str()), ("person", &person), ("attends_as", attends)];
        if trained {
            entered.trained += 1;
            enrolment.extend([("status", "completed"), ("hours", "56")]);
            enter(client, Kind::Enrolment, None, &enrolment)?;
        } else {
            enrolment.push(("status", "draft"));
            entered.open_enrolments.push(enter(client, Kind::Enrolment, None, &enrolment)?);
        }
        if branch.kind == "teachers" {
            self.enter_cultivation(client, &person, &home, entered)?;
        }
        Ok(())
    }

    fn enter_cultivation(
        &self,
        client: &Client,
        person: &str,
        branch: &str,
        entered: &mut Entered,
    ) -> CommandResult<()> {
        let year = clock::today().year();
        let (starts, target) = (format!("{}-03-01", year - 2), format!("{}-12-31", year + 1));
        let recognised = entered.recognised == 0;
        let (on, number) = (format!("{}-06-30", year - 1), format!("{}-07", year - 1));
        let mut typed = vec![
            ("person", person),
            ("branch", branch),
            ("direction", "secretary_to_academic"),
            ("starts_on", &starts),
            ("target_on", &target),
            ("mentor", &self.mentor),
            ("status", if recognised { "recognised" } else { "cultivating" }),
        ];
        if recognised {
            typed.extend([("recognised_on", on.as_str()), ("document_no", &number)]);
        }
        entered.led += 1;
        entered.recognised += usize::from(recognised);
        let cultivation = enter(client, Kind::Cultivation, None, &typed)?.to_string();
        let evidence = [
            ("cultivation", cultivation.as_str()),
            ("trait", "academic"),
            ("document", &self.document),
            ("met", "true"),
        ];
        enter(client, Kind::CultivationEvidence, None, &evidence)?;
        let measure =
            [("cultivation", cultivation.as_str()), ("type", "training"), ("planned_on", &target)];
        enter(client, Kind::CultivationMeasure, None, &measure)?;
        Ok(())
    }
}

fn enter_staff(client: &Client, unit: &Unit, entered: &Entered) -> CommandResult<()> {
    let year = clock::today().year();
    let Some(person) = entered.persons.first() else { return Ok(()) };
    let (person, home) = (person.to_string(), unit_with(client, &unit.code)?.to_string());
    let (since, last) = (format!("{}-09-01", year - 5), (year - 1).to_string());
    let file = [
        ("person", person.as_str()),
        ("unit", &home),
        ("employment", "full_time"),
        ("rank", "section_chief"),
        ("rank_since", &since),
        ("appointed_on", &since),
        ("status", "in_post"),
    ];
    let file = enter(client, Kind::StaffFile, None, &file)?.to_string();
    let appointment = [("staff_file", file.as_str()), ("from_on", &since)];
    enter(client, Kind::Appointment, None, &appointment)?;
    let review = [("staff_file", file.as_str()), ("year", &last), ("grade", "competent")];
    enter(client, Kind::StaffReview, None, &review)?;
    Ok(())
}

/// Returns the unit with that code.
pub(super) fn unit_with(client: &Client, code: &str) -> CommandResult<RecordId> {
    match client.named(Kind::Unit, code).as_slice() {
        [one] => Ok(*one),
        _ => Err(ClientError::NotFound { what: "unit", id: code.to_owned() }.into()),
    }
}
