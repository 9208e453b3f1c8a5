//! Every failure has a message and a hint in every language.

use std::io;
use std::path::PathBuf;

use ejia::client::{ClientError, StoreError, TransportError};
use ejia::domain::record::Issue;
use ejia::locale::{Lang, Locale};
use ejia::wire::{CodecError, Problem};

/// Every word a server answers with.
const PROBLEMS: [&str; 22] = [
    "unauthorized",
    "bad_code",
    "used_code",
    "expired_code",
    "disabled",
    "revoked",
    "device_taken",
    "not_permitted",
    "too_large",
    "too_many_requests",
    "busy",
    "internal",
    "protocol",
    "malformed",
    "gap",
    "fork",
    "behind",
    "epoch",
    "scope_changed",
    "unknown_record",
    "unknown_call",
    "unsupported",
];

fn failed() -> io::Error {
    io::Error::other("because")
}

fn store_errors() -> Vec<StoreError> {
    let path = || PathBuf::from("/folder");
    vec![
        StoreError::InUse { path: path(), holder: "7".into(), since: None },
        StoreError::WrongPassphrase,
        StoreError::NotCreated { path: path() },
        StoreError::AlreadyExists { path: path() },
        StoreError::NotEmpty { path: path() },
        StoreError::NotBackup { path: path() },
        StoreError::DiskFull { path: path() },
        StoreError::ReadOnly { path: path() },
        StoreError::Damaged { what: "key".into(), path: path() },
        StoreError::TooNew { version: 9 },
        StoreError::TooLong { bytes: 9 },
        StoreError::Io { path: path(), source: failed() },
        StoreError::Poisoned,
    ]
}

fn transport_errors() -> Vec<TransportError> {
    let url = || "https://ejia".to_owned();
    let refused = |code: &&str| TransportError::Refused {
        status: 400,
        problem: Problem {
            code: (*code).to_owned(),
            message: "text".into(),
            expected: None,
            request_id: "1".into(),
        },
        retry_after_ms: None,
    };
    let mut all = vec![
        TransportError::Unreachable { url: url() },
        TransportError::TimedOut { url: url() },
        TransportError::NotOurServer { url: url() },
        TransportError::BadAddress { url: url() },
    ];
    all.extend(PROBLEMS.iter().map(refused));
    all
}

fn client_errors() -> Vec<ClientError> {
    let reason = Box::new(Issue::error("status", "step-wrong-state"));
    let mut all = vec![
        ClientError::Codec(CodecError::NotOurs),
        ClientError::Invalid { issues: Vec::new() },
        ClientError::NotAllowed { action: "set".into() },
        ClientError::StepClosed { action: "confirm".into(), reason },
        ClientError::NotEnrolled,
        ClientError::AlreadyEnrolled,
        ClientError::SyncRunning,
        ClientError::Cancelled,
        ClientError::NothingToUndo,
        ClientError::ChangedSince,
        ClientError::Read { path: "/f".into(), source: failed() },
        ClientError::Write { path: "/f".into(), source: failed() },
    ];
    let whats = [
        "record",
        "conflict",
        "candidate",
        "attention",
        "report",
        "form",
        "field",
        "kind",
        "action",
        "unit",
        "class",
        "session",
    ];
    all.extend(whats.map(|what| ClientError::NotFound { what, id: "x".into() }));
    all.extend(
        ["revoked", "wiped", "upgrade", "confused"].map(|reason| ClientError::Ended { reason }),
    );
    all.extend(store_errors().into_iter().map(ClientError::from));
    all.extend(transport_errors().into_iter().map(ClientError::from));
    all
}

#[test]
fn every_failure_says_what_happened_and_what_to_do() {
    for lang in Lang::ALL {
        let locale = Locale::new(lang);
        for error in client_errors() {
            let named = error.args();
            let args: Vec<(&str, &str)> = named.iter().map(|(k, v)| (*k, v.as_str())).collect();
            for what in ["error", "hint"] {
                let key = format!("{what}-{}", error.code());
                let text = locale.find(&key, &args);
                let text = text.unwrap_or_else(|| panic!("{} has no {key}", lang.key()));
                assert!(!text.contains(['{', '$']), "{} {key}: {text}", lang.key());
            }
        }
    }
}
