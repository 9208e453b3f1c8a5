//! One test per pitfall of real sheets.
