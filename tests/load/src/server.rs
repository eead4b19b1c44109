//! The server under load, or the bare one, as a child process; and what the system says of it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::folder::Site;
use crate::stopwatch;

/// The unit of processor times in /proc: a constant of Linux's interface.
const TICKS_PER_S: f64 = 100.0;

/// Killed when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// From the start of the process until it listened.
    pub(crate) started_in: Duration,
    child: Child,
}

impl Server {
    /// `followup serve`.
    pub(crate) fn start(site: &Site) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?.with_file_name("followup");
        let log = std::fs::File::create(site.path("serve.log"))?;
        let mut command = Command::new(program);
        command
            .args(["serve", "--config"])
            .arg(site.config())
            .env_remove("RUST_LOG")
            .stderr(log);
        Self::spawn(&mut command)
    }

    pub(crate) fn start_bare(file: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        Self::spawn(command.arg("bare").arg(file))
    }

    fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let started = stopwatch::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("a pipe")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let started_in = started.elapsed();
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            let _ = child.kill();
            bail!("it does not start; its log is serve.log in the folder (--keep): {line}");
        };
        let address = address.parse()?;
        Ok(Self {
            address,
            started_in,
            child,
        })
    }

    /// SIGTERM, and waits for its end.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        self.child.wait()?;
        Ok(())
    }

    /// Processor time so far, in seconds.
    pub(crate) fn processor_s(&self) -> anyhow::Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name of the program comes before, in parentheses; utime and stime are the 14th and 15th.
        let (_, rest) = text.rsplit_once(") ").context("/proc/PID/stat")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<f64>().ok());
        let sum = ticks(11).zip(ticks(12)).map(|(user, system)| user + system);
        Ok(sum.context("/proc/PID/stat")? / TICKS_PER_S)
    }

    /// Resident memory now, in MB.
    pub(crate) fn resident_mb(&self) -> anyhow::Result<f64> {
        self.memory_mb("VmRSS:")
    }

    /// The most at any time.
    pub(crate) fn resident_most_mb(&self) -> anyhow::Result<f64> {
        self.memory_mb("VmHWM:")
    }

    fn memory_mb(&self, name: &str) -> anyhow::Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        Ok(kb.context("/proc/PID/status")? / 1_024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
