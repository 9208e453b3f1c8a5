//! Persons: members, secretaries, organizers; the people every other record is about.

use crate::domain::record::{Code, Date, IdNumber, Identifier, Name, Phone};
use crate::record;

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
        ethnicity: Option<Code> = 4, "ethnicity".width(8).codes("ethnicity").sensitive();
        /// Resident identity number, GB 11643-1999.
        id_number: Option<IdNumber> = 5, "id_number".width(18).unique().sensitive();
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
        phone: Option<Phone> = 13, "phone".width(13).sensitive();
    }
    spec { .list(&["name", "staff_no", "sex", "party_status", "title", "education", "joined_on", "full_on"]).title(&["name"]).natural(&["staff_no"]) }
    rules { }
}
