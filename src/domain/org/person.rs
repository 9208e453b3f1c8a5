//! Persons: members, secretaries, organizers; the people every other record is about.

use crate::domain::record::{
    Code, Date, IdNumber, Identifier, Issue, Merge, Name, Phone, Text, care,
};
use crate::domain::rules::{dates, id_number};
use crate::{field, record};

record! {
    /// One person known to the Party organization of the university.
    ///
    /// Source: 黨員花名冊 of the campus system; GB/T code tables.
    pub struct Person = 2, "person" {
        /// School number (學工號), the everyday key.
        staff_no: Identifier = 1, "staff_no".width(12).unique().personal().max_chars(20);
        /// Name as in the identity document.
        name: Name = 2, "name".width(10).personal().max_chars(50);
        /// Sex, GB/T 2261.1-2003.
        sex: Option<Code> = 3, "sex".width(4).codes("sex").personal();
        /// Ethnicity, GB/T 3304-1991.
        ethnicity: Option<Code> = 4, "ethnicity".width(8).codes("ethnicity").sensitive().care(care::SENSITIVE);
        /// Resident identity number, GB 11643-1999.
        id_number: Option<IdNumber> = 5, "id_number".width(18).unique().sensitive().care(care::SENSITIVE);
        /// Date of birth.
        born_on: Option<Date> = 6, "born_on".width(10).personal();
        /// Education, GB/T 4658-2006.
        education: Option<Code> = 7, "education".width(14).codes("education").personal();
        /// Degree, GB/T 6864-2003.
        degree: Option<Code> = 8, "degree".width(10).codes("degree").personal();
        /// Professional title, GB/T 8561-2001.
        title: Option<Code> = 9, "title".width(14).codes("title").personal();
        /// Political status, GB/T 4762-1984.
        party_status: Option<Code> = 10, "party_status".width(10).codes("party_status").personal().group("membership");
        /// Day the branch meeting accepted the person as a probationary member.
        joined_on: Option<Date> = 11, "joined_on".width(10).personal().group("membership");
        /// Day of becoming a full member; Party standing counts from it (發展黨員工作細則 Art. 34).
        full_on: Option<Date> = 12, "full_on".width(10).personal().group("membership");
        /// Telephone.
        phone: Option<Phone> = 13, "phone".width(13).sensitive().care(care::SENSITIVE);
        /// What the sheet said about education beyond the code: mode of study, school and major (畢業院校及專業).
        education_detail: Option<Text> = 14, "education_detail".width(24).personal().max_chars(100);
        /// What the sheet said about the title beyond the code.
        title_detail: Option<Text> = 15, "title_detail".width(20).personal().max_chars(60);
        /// Day the professional title was granted (聘任時間).
        title_on: Option<Date> = 16, "title_on".width(10).personal();
        /// Administrative post (行政職務).
        admin_post: Option<Text> = 17, "admin_post".width(20).personal().max_chars(60);
        /// Field of research (研究方向).
        research_field: Option<Text> = 18, "research_field".width(20).personal().max_chars(100);
        /// Day of starting work (參加工作時間).
        work_started_on: Option<Date> = 19, "work_started_on".width(10).personal();
        /// Day of the written application for membership.
        applied_on: Option<Date> = 20, "applied_on".width(10).personal();
        /// Day of becoming an activist (入黨積極分子).
        activist_on: Option<Date> = 21, "activist_on".width(10).personal();
        /// Day of becoming a candidate for membership (發展對象).
        candidate_on: Option<Date> = 22, "candidate_on".width(10).personal();
        /// Day the membership was transferred to this university (組織關係轉入時間).
        transferred_on: Option<Date> = 23, "transferred_on".width(10).personal();
        /// Former name (曾用名), or the name as another system holds it.
        former_name: Option<Name> = 24, "former_name".width(10).personal().max_chars(50);
        /// Remarks of the office; never a judgement of views (PIPL Art. 6).
        note: Option<Text> = 25, "note".width(20).personal().max_chars(200).merge(Merge::LastWriter);
        /// Cadre rank (職級), from the code list `rank`; decides which yearly training duty applies.
        rank: Option<Code> = 26, "rank".width(8).codes("rank").personal();
    }
    spec { .care(care::PERSONS).list(&["name", "staff_no", "sex", "party_status", "title", "education", "joined_on", "full_on"]).title(&["name"]).natural(&["staff_no"]) }
    rules { id_check_digit, id_birth_date, id_sex, id_tail, work_after_birth, of_age_when_applying, of_age_when_joining,
        activist_after_applying, candidate_after_activist, joined_after_candidate, full_after_joined, probation_of_a_year }
}

/// Age from which one may apply (發展黨員工作細則 Art. 5).
const AGE_TO_APPLY: i16 = 18;

fn id_check_digit(person: &Person) -> Option<Issue> {
    let id = person.id_number.as_ref()?;
    id_number::check(&id.0).err().map(|code| Issue::error(field!(Person: "id_number"), code))
}

fn id_birth_date(person: &Person) -> Option<Issue> {
    let born = id_number::birth_date(&person.id_number.as_ref()?.0)?;
    let given = person.born_on?.0;
    dates::differ(given, born)
        .then(|| Issue::error(field!(Person: "born_on"), "q03-birth-date").with("born", born))
}

fn id_sex(person: &Person) -> Option<Issue> {
    let of_id = id_number::sex_code(&person.id_number.as_ref()?.0)?;
    let given = person.sex.as_ref()?.0.as_str();
    (matches!(given, "1" | "2") && given != of_id)
        .then(|| Issue::error(field!(Person: "sex"), "q04-sex"))
}

fn id_tail(person: &Person) -> Option<Issue> {
    let id = &person.id_number.as_ref()?.0;
    (id.ends_with("000") && id_number::check(id).is_ok())
        .then(|| Issue::warning(field!(Person: "id_number"), "q02-rounded-tail"))
}

fn work_after_birth(person: &Person) -> Option<Issue> {
    dates::order(person.born_on, person.work_started_on, field!(Person: "work_started_on"))
}

fn of_age_when_applying(person: &Person) -> Option<Issue> {
    of_age(person, person.applied_on?, field!(Person: "applied_on").key())
}

fn of_age_when_joining(person: &Person) -> Option<Issue> {
    of_age(person, person.joined_on?, field!(Person: "joined_on").key())
}

fn of_age(person: &Person, day: Date, field: &'static str) -> Option<Issue> {
    let of_id = || id_number::birth_date(&person.id_number.as_ref()?.0);
    let born = person.born_on.map(|born| born.0).or_else(of_id)?;
    let adult = dates::plus_years(born, AGE_TO_APPLY)?;
    adult
        .is_surely_after(day.0)
        .then(|| Issue::error(field, "q05-under-age").with("age", AGE_TO_APPLY))
}

fn activist_after_applying(person: &Person) -> Option<Issue> {
    dates::order(person.applied_on, person.activist_on, field!(Person: "activist_on"))
}

fn candidate_after_activist(person: &Person) -> Option<Issue> {
    dates::order(person.activist_on, person.candidate_on, field!(Person: "candidate_on"))
}

fn joined_after_candidate(person: &Person) -> Option<Issue> {
    dates::order(person.candidate_on, person.joined_on, field!(Person: "joined_on"))
}

fn full_after_joined(person: &Person) -> Option<Issue> {
    dates::order(person.joined_on, person.full_on, field!(Person: "full_on"))
}

/// Probation lasts a year from the branch meeting (Art. 32); meetings fall a few days early, so only a clear shortfall is named.
fn probation_of_a_year(person: &Person) -> Option<Issue> {
    const DAYS: i32 = 350;
    let (joined, full) = (person.joined_on?.0, person.full_on?.0);
    (!joined.is_surely_after(full) && dates::surely_shorter(joined, full, DAYS))
        .then(|| Issue::warning(field!(Person: "full_on"), "q05-probation"))
}

#[cfg(test)]
mod tests {
    use crate::domain::kinds::Kind;
    use crate::domain::record::{Fields, Issue, PartialDate, Value};

    const ID: &str = "350203196211152571";

    /// What is wrong, the fields that say so, the issue's code.
    type Case<'a> = (&'a str, &'a [(&'a str, Value)], &'a str);

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn month(year: i16, month: i8) -> Value {
        Value::Date(PartialDate::month(year, month).unwrap())
    }

    fn check(pairs: &[(&str, Value)]) -> Vec<Issue> {
        let number = |key: &str| Kind::Person.spec().field(key).unwrap().number;
        let mut fields = Fields::from([
            (number("staff_no"), text("10001")),
            (number("name"), text("白娜勇")),
            (number("id_number"), text(ID)),
        ]);
        fields.extend(pairs.iter().map(|(key, value)| (number(key), value.clone())));
        Kind::Person.check(&fields)
    }

    #[test]
    fn each_fault_of_a_row_is_named_once() {
        let sex = |code: &str| ("sex", Value::Code(code.to_owned()));
        let cases: [Case<'_>; 10] = [
            ("sex contradicts the number", &[sex("2")], "q04-sex"),
            ("check digit", &[("id_number", text("350203196211152572"))], "q01-check-digit"),
            ("stored as a number", &[("id_number", text("350203196211152000"))], "q01-check-digit"),
            (
                "rounded but fitting",
                &[("id_number", text("110101197701309000"))],
                "q02-rounded-tail",
            ),
            ("another birthday", &[("born_on", month(1962, 12))], "q03-birth-date"),
            ("joined as a child", &[("joined_on", month(1980, 1))], "q05-under-age"),
            ("applied as a child", &[("applied_on", month(1979, 1))], "q05-under-age"),
            (
                "full before joining",
                &[("joined_on", month(1985, 7)), ("full_on", month(1985, 6))],
                "q05-order",
            ),
            (
                "short probation",
                &[("joined_on", month(1985, 7)), ("full_on", month(1986, 1))],
                "q05-probation",
            ),
            (
                "candidate before activist",
                &[("activist_on", month(1985, 7)), ("candidate_on", month(1985, 6))],
                "q05-order",
            ),
        ];
        for (what, pairs, code) in cases {
            let codes: Vec<_> = check(pairs).into_iter().map(|issue| issue.code).collect();
            assert_eq!(codes, [code], "{what}");
        }
    }

    #[test]
    fn a_sound_row_has_no_issue() {
        let sound = [
            ("sex", Value::Code("1".to_owned())),
            ("born_on", month(1962, 11)),
            ("joined_on", month(1985, 7)),
            ("full_on", month(1986, 7)),
            ("party_status", Value::Code("02".to_owned())),
        ];
        assert_eq!(check(&sound), []);
        assert_eq!(check(&[("born_on", Value::Date(PartialDate::year(1962).unwrap()))]), []);
    }

    #[test]
    fn no_issue_repeats_the_number() {
        for issue in check(&[("id_number", text("350203196211152572"))]) {
            assert!(issue.args.iter().all(|(_, value)| !value.contains("350203")));
        }
    }
}
