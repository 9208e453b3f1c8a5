//! Who may do what: roles, and the office that moves a workflow step.

use serde::{Deserialize, Serialize};

/// What a user account may do. Stored by the server, carried in every answer to `enrol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Full-time organizer (專職組織員): keeps the records of one unit and the units below it.
    Organizer,
    /// Secretary or deputy secretary of the unit: also takes the unit's own workflow steps.
    UnitLead,
    /// Staff of the Organization Department (組織部): sees everything, takes headquarters' steps.
    Hq,
    /// Headquarters, and user accounts too.
    HqAdmin,
    /// Reads within its unit, changes nothing.
    Auditor,
}

impl Role {
    /// Every role, in the order of growing rights, the reader last.
    pub const ALL: [Self; 5] =
        [Self::Organizer, Self::UnitLead, Self::Hq, Self::HqAdmin, Self::Auditor];

    /// Returns the name used on the command line and in JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Organizer => "organizer",
            Self::UnitLead => "unit-lead",
            Self::Hq => "hq",
            Self::HqAdmin => "hq-admin",
            Self::Auditor => "auditor",
        }
    }

    /// Returns the role with that name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.key() == key)
    }

    /// True for the two headquarters roles.
    pub const fn is_headquarters(self) -> bool {
        matches!(self, Self::Hq | Self::HqAdmin)
    }

    /// True if this role may take steps or write fields reserved for `office`.
    pub const fn acts_for(self, office: Office) -> bool {
        match (self, office) {
            (Self::Auditor, _) | (_, Office::Server) => false,
            (Self::Hq | Self::HqAdmin, _)
            | (_, Office::Organizer)
            | (Self::UnitLead, Office::UnitLead) => true,
            (Self::Organizer, Office::UnitLead) | (_, Office::Headquarters) => false,
        }
    }
}

/// The office a step or a field belongs to; a higher office may always act for a lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Office {
    /// The unit's organizer.
    Organizer,
    /// The unit's secretary or deputy secretary (院系審核).
    UnitLead,
    /// The Organization Department.
    Headquarters,
    /// Nobody: only the server writes it, as the answer to a command.
    Server,
}
