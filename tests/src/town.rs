//! A whole Followup in a temporary folder, with a clock that the test moves.
//!
//! Everything is real: the configuration file, the server on loopback, signed webhooks over HTTP,
//! the database, the shipped policies in the sandbox; mail goes to files. In: webhooks (`hear`) and the
//! passing of time (`live_until`). Out: the ledger (`report`, `ledger`) and the mails (`mails`).
//! Nothing here sleeps: a month takes as long as its decisions take.

mod eml;
mod hook;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, bail};
use followup::clock::{Clock, ManualClock};
use followup::config;
use followup::daemon::{Daemon, Loops, Plugins};
use followup::domain::{EmailAddress, Instant};
use followup::store::DEFAULT_TENANT;
use followup::store::ledger::{ContactReport, StatusReport};
use tempfile::TempDir;

pub use eml::Eml;
pub use hook::{Event, Sender};

/// Rounds of the loops that one moment, and moments that one story may take.
const ROUNDS_MAX: usize = 10_000;

/// Limits that do not depend on how busy the machine is: fuel ends a guest long before a deadline.
/// Compiled components are kept beside the build, so that each is compiled once.
const FRAME: &str = concat!(
    "[server]\nlisten = \"127.0.0.1:0\"\n[connections.crm]\nkind = \"cloudevents\"\n",
    "secret = \"file:crm-secret\"\n[identities.ada]\nfrom = \"Ada Lovelace <ada@acme.example>\"\n",
    "[sandbox]\ndeadline_ms = 60_000\ncache = \"",
    env!("OUT_DIR"),
    "/compiled\"\n",
);

pub struct Town {
    pub daemon: Daemon,
    pub clock: Arc<ManualClock>,
    sender: Sender,
    folder: TempDir,
    /// Ids of plugins that the configuration's own files bring.
    foreign: bool,
}

impl Town {
    /// Starts one at `begins_at`. `toml` says what is special about it: calendar, sequences, ...
    pub async fn found(begins_at: Instant, toml: &str) -> anyhow::Result<Self> {
        Self::found_with(begins_at, toml, &[]).await
    }

    /// The same with files (templates, plugins) beside the configuration.
    pub async fn found_with(
        begins_at: Instant,
        toml: &str,
        files: &[(String, Vec<u8>)],
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let sender = Sender::new("crm")?;
        let secret = ("crm-secret".to_owned(), sender.secret().as_bytes().to_vec());
        for (name, bytes) in std::iter::once(&secret).chain(files) {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().context("a file in a folder")?)?;
            std::fs::write(path, bytes)?;
        }
        let foreign = toml.contains("[plugins]");
        let clock = Arc::new(ManualClock::new(begins_at));
        std::fs::write(
            folder.path().join("followup.toml"),
            format!("{FRAME}{toml}"),
        )?;
        let daemon = start(folder.path(), foreign, &clock).await?;
        Ok(Self {
            daemon,
            clock,
            sender,
            folder,
            foreign,
        })
    }

    /// A power cut: what the files hold at this moment is all that is left, and a new daemon starts
    /// on that. (On a copy, since the old one, in this process, would still close its files.)
    pub async fn crash(self) -> anyhow::Result<Self> {
        let left = tempfile::tempdir()?;
        copy(self.folder.path(), left.path())?;
        let Self {
            clock,
            sender,
            foreign,
            ..
        } = self;
        let daemon = start(left.path(), foreign, &clock).await?;
        Ok(Self {
            daemon,
            clock,
            sender,
            folder: left,
            foreign,
        })
    }

    /// Stops gracefully and starts with another configuration.
    pub async fn restart_with(self, toml: &str) -> anyhow::Result<Self> {
        let Self {
            daemon,
            clock,
            sender,
            folder,
            foreign,
        } = self;
        daemon.stop().await;
        std::fs::write(
            folder.path().join("followup.toml"),
            format!("{FRAME}{toml}"),
        )?;
        let daemon = start(folder.path(), foreign, &clock).await?;
        Ok(Self {
            daemon,
            clock,
            sender,
            folder,
            foreign,
        })
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The CRM's webhook with one event that happens now. Returns the server's answer once it is
    /// acknowledged; nothing is decided yet.
    pub async fn hear(&self, event: Event) -> anyhow::Result<serde_json::Value> {
        self.hear_all(&[event]).await
    }

    /// One webhook with several events.
    pub async fn hear_all(&self, events: &[Event]) -> anyhow::Result<serde_json::Value> {
        self.sender
            .send(self.daemon.address, self.now(), events)
            .await
    }

    /// Turns the loops until neither has anything to do at this moment.
    pub async fn settle(&self) -> anyhow::Result<()> {
        for _ in 0..ROUNDS_MAX {
            if !self.decide().await? && !self.deliver().await? {
                return Ok(());
            }
        }
        bail!("the town goes in circles at {}", self.now());
    }

    /// One tick of the decide loop. False where nothing was due.
    pub async fn decide(&self) -> anyhow::Result<bool> {
        Ok(self.daemon.engine.tick(self.now()).await?.contacts > 0)
    }

    /// One tick of the deliver loop. False where nothing was due.
    pub async fn deliver(&self) -> anyhow::Result<bool> {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Ok(self.daemon.deliverer.tick(&clock).await?.due > 0)
    }

    /// The next moment at which anything is due.
    pub async fn next_at(&self) -> anyhow::Result<Option<Instant>> {
        let store = &self.daemon.store;
        let due = [store.next_due_at().await?, store.next_message_at().await?];
        Ok(due.into_iter().flatten().min())
    }

    /// Lets everything happen that is due before `at`, each at its own time; then it is `at`.
    pub async fn live_until(&self, at: Instant) -> anyhow::Result<()> {
        for _ in 0..ROUNDS_MAX {
            self.settle().await?;
            match self.next_at().await? {
                Some(next) if next < at => self.clock.set(next.max(self.now())),
                _ => {
                    self.clock.set(at.max(self.now()));
                    return Ok(());
                }
            }
        }
        bail!("the town goes in circles before {at}");
    }

    /// All that is known of somebody; an error where nobody is.
    pub async fn report(&self, email: &str) -> anyhow::Result<ContactReport> {
        let address = EmailAddress::parse(email)?;
        let report = self.daemon.store.contact(DEFAULT_TENANT, &address).await?;
        report.with_context(|| format!("nobody known by {email}"))
    }

    pub async fn status(&self) -> anyhow::Result<StatusReport> {
        Ok(self.daemon.store.status(DEFAULT_TENANT).await?)
    }

    /// The mails written so far, by the name of their file: the message's id.
    pub fn mails(&self) -> anyhow::Result<BTreeMap<String, Eml>> {
        eml::read_all(&self.folder.path().join("outbox"))
    }

    /// The store's file, for looking only.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("followup.db")
    }

    pub async fn stop(self) {
        self.daemon.stop().await;
    }
}

async fn start(folder: &Path, foreign: bool, clock: &Arc<ManualClock>) -> anyhow::Result<Daemon> {
    let config = config::load(&folder.join("followup.toml"), &|_| None)
        .map_err(|problems| shown(&problems))?
        .config;
    let plugins = if foreign {
        Plugins::load(&config)?
    } else {
        shipped(&config)?
    };
    let validated =
        config::validate(&config, &plugins.manifests()).map_err(|problems| shown(&problems))?;
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Daemon::start(&config, validated, plugins, clock, Loops::ByHand).await
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if path.is_dir() {
            std::fs::create_dir(to.join(&name))?;
            copy(&path, &to.join(&name))?;
        } else if !name.to_string_lossy().ends_with("-shm") {
            // SQLite's shared memory does not outlive a power cut: the log is read anew.
            std::fs::copy(&path, to.join(&name))?;
        }
    }
    Ok(())
}

fn shown(problems: &[config::Problem]) -> anyhow::Error {
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{}", lines.join("\n"))
}

/// The shipped plugins in one sandbox for all towns of a test binary: starting an engine takes
/// longer than a town lives.
fn shipped(config: &config::Config) -> anyhow::Result<Plugins> {
    static SHIPPED: OnceLock<Plugins> = OnceLock::new();
    if let Some(shipped) = SHIPPED.get() {
        return Ok(shipped.clone());
    }
    let loaded = Plugins::load(config)?;
    Ok(SHIPPED.get_or_init(|| loaded).clone())
}
