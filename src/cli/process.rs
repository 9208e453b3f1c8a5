//! What the process is before it does anything: one whose memory nobody gets to see.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Lets no core dump be written. On Linux the process's memory is also hidden from other programs of the same user. What the
/// system refuses here it refuses to everybody; the program runs all the same.
pub(super) fn harden() {
    let _refused = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    let _refused =
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}
