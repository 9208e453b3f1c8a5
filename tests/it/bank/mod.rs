//! The bug bank: tests that notice mistakes no other test noticed, and the run that proves each mistake is noticed
//! (docs/reliability.md, Bug bank).

mod device;
mod never;
mod run;
mod seeds;
mod server;
mod table;
