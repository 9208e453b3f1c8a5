//! A standby that follows a cluster, and what befalls both.

use super::pg::{Cluster, folder};

impl Cluster {
    /// Makes and starts a standby that follows this cluster.
    pub(crate) fn standby(&self, settings: &[&str]) -> Self {
        let folder = folder();
        let mut copy = self.tool("pg_basebackup", &["-R", "-c", "fast", "--no-sync", "-D"]);
        let made = copy.arg(folder.join("data")).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self::run(&self.programs, folder, settings)
    }

    /// Makes every commit wait for the standby, from now on.
    pub(crate) fn wait_for_standby(&self) {
        self.query("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.query("postgres", "SELECT pg_reload_conf()");
        let synchronous = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        while self.query("postgres", synchronous) != "1" {
            std::thread::yield_now();
        }
    }

    /// Makes a standby the primary.
    pub(crate) fn promote(&self) {
        assert_eq!(self.query("postgres", "SELECT pg_promote()"), "t");
    }

    /// Kills the server as a failing machine would.
    pub(crate) fn kill(&self) {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let id = file.lines().next().unwrap().parse().unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
    }
}
