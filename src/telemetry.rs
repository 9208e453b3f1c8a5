//! Logging: set-up and the names of fields, so that a search finds all places. It imports nothing of ours.
//!
//! What is logged says which request, device and position; never a name, a value, a code or a token.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Why something failed.
pub const ERROR: &str = "error";
/// Names one request.
pub const REQUEST: &str = "request";
/// Device id, hexadecimal.
pub const DEVICE: &str = "device";
/// Device generation.
pub const GENERATION: &str = "generation";
/// Last operation of a device.
pub const LAST_N: &str = "last_n";
/// HTTP method.
pub const METHOD: &str = "method";
/// Route as declared, without ids.
pub const ROUTE: &str = "route";
/// HTTP status.
pub const STATUS: &str = "status";
/// How long it took, milliseconds.
pub const DURATION_MS: &str = "duration_ms";
/// Stable word of a refusal.
pub const CODE: &str = "code";

/// Key of a kind of records.
pub const KIND: &str = "kind";
/// Rows that left in a file.
pub const ROWS: &str = "rows";
/// Keys of the columns that left in a file.
pub const COLUMNS: &str = "columns";

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Format {
    /// Returns the format with that name.
    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Starts logging to standard error. `level` is a directive such as `info` or `ejia=debug`; an unreadable one means `info`.
///
/// Returns false if logging was started before; nothing changes then.
pub fn start(format: Format, level: &str) -> bool {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_unreadable| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    match format {
        Format::Text => registry.with(lines.with_ansi(false)).try_init().is_ok(),
        Format::Json => registry.with(lines.json()).try_init().is_ok(),
    }
}
