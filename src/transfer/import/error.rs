//! Why a whole file could not be read.

/// Why a file or sheet could not be read at all. Every variant names the file; `import-error-<code>` says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Nothing in it.
    #[error("{file} is empty")]
    Empty {
        /// Name of the file.
        file: String,
    },
    /// More bytes than are read, packed or unpacked.
    #[error("{file} is larger than {limit_mib} MiB")]
    TooLarge {
        /// Name of the file.
        file: String,
        /// The limit, in MiB.
        limit_mib: usize,
    },
    /// Not readable as what it claims to be.
    #[error("{file} is damaged: {detail}")]
    Corrupt {
        /// Name of the file.
        file: String,
        /// What the reader said, without content.
        detail: String,
    },
    /// Encrypted.
    #[error("{file} is protected by a password")]
    Password {
        /// Name of the file.
        file: String,
    },
    /// A web page that a system saved with the extension of a workbook.
    #[error("{file} is a web page, not a workbook")]
    Html {
        /// Name of the file.
        file: String,
    },
    /// A format that is not read.
    #[error("{file} is of a format that is not read")]
    Unsupported {
        /// Name of the file.
        file: String,
    },
    /// No sheet of that name.
    #[error("{file} has no sheet {sheet}")]
    NoSheet {
        /// Name of the file.
        file: String,
        /// The name asked for.
        sheet: String,
        /// The names there are.
        sheets: String,
    },
    /// No row of known headings.
    #[error("{file} has no row of headings that are known")]
    NoHeader {
        /// Name of the file.
        file: String,
    },
    /// The headings fit several kinds.
    #[error("{file} may be {kinds}")]
    Ambiguous {
        /// Name of the file.
        file: String,
        /// Keys of the kinds that fit.
        kinds: String,
    },
    /// The headings are those of another kind than the one asked for.
    #[error("{file} holds {found}, not {asked}")]
    OtherKind {
        /// Name of the file.
        file: String,
        /// Key of the kind asked for.
        asked: &'static str,
        /// Key of the kind found.
        found: &'static str,
    },
    /// Columns without which no row can be read are missing.
    #[error("{file} lacks the columns {columns}")]
    MissingColumns {
        /// Name of the file.
        file: String,
        /// Key of the kind.
        kind: &'static str,
        /// Keys of the fields that are missing.
        columns: String,
    },
}

impl ImportError {
    /// Returns the stable code; the message is `import-error-<code>`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "empty",
            Self::TooLarge { .. } => "too-large",
            Self::Corrupt { .. } => "corrupt",
            Self::Password { .. } => "password",
            Self::Html { .. } => "html",
            Self::Unsupported { .. } => "unsupported",
            Self::NoSheet { .. } => "no-sheet",
            Self::NoHeader { .. } => "no-header",
            Self::Ambiguous { .. } => "ambiguous",
            Self::OtherKind { .. } => "other-kind",
            Self::MissingColumns { .. } => "missing-columns",
        }
    }

    /// Returns the placeholders of the message.
    pub fn args(&self) -> Vec<(&'static str, String)> {
        let (file, rest) = match self {
            Self::Empty { file }
            | Self::Password { file }
            | Self::Html { file }
            | Self::Unsupported { file }
            | Self::NoHeader { file } => (file, Vec::new()),
            Self::TooLarge { file, limit_mib } => (file, vec![("limit", limit_mib.to_string())]),
            Self::Corrupt { file, detail } => (file, vec![("detail", detail.clone())]),
            Self::NoSheet { file, sheet, sheets } => {
                (file, vec![("sheet", sheet.clone()), ("sheets", sheets.clone())])
            }
            Self::Ambiguous { file, kinds } => (file, vec![("kinds", kinds.clone())]),
            Self::OtherKind { file, asked, found } => {
                (file, vec![("asked", (*asked).to_owned()), ("found", (*found).to_owned())])
            }
            Self::MissingColumns { file, kind, columns } => {
                (file, vec![("kind", (*kind).to_owned()), ("columns", columns.clone())])
            }
        };
        std::iter::once(("file", file.clone())).chain(rest).collect()
    }
}
