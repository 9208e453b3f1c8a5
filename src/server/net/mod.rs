//! Connections: who may open one, TLS, and what ends those that are slow (docs/security.md, Network and server).
//!
//! It imports `telemetry` and `wire`. Start at [`listen`], then [`tls`]; [`proxy`] says whose address a request has.

pub mod listen;
pub mod proxy;
mod stall;
pub mod tls;
