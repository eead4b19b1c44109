//! A whole Followup in a temporary folder, with a clock that is moved.
//!
//! Everything is real: the configuration file, the server on loopback, signed webhooks over HTTP, the
//! database, the policy in the sandbox; mail goes to files. Nothing here sleeps: a month takes as
//! long as its decisions take.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::mails::{self, SentMail};
use crate::clock::{Clock, ManualClock};
use crate::config;
use crate::daemon::{Daemon, Loops, Plugins};
use crate::domain::http::{Method, Request};
use crate::domain::{EmailAddress, Instant};
use crate::net::{Net, NetLimits, Reach};
use crate::signatures::standard_webhooks::{self, Secret};
use crate::store::DEFAULT_TENANT;
use crate::store::ledger::{ContactReport, Recorded, Whose};

/// Rounds of the loops that one moment, and moments that one scenario may take.
const ROUNDS_MAX: usize = 10_000;
/// Decisions that are looked at again after a scenario.
const RECORDED_MAX: usize = 1_000;

const FRAME: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[connections.crm]\nkind = \"cloudevents\"\n\
    secret = \"file:crm-secret\"\n[identities.ada]\nfrom = \"Ada Lovelace <ada@acme.example>\"\n";

pub(super) struct Stage {
    daemon: Daemon,
    clock: Arc<ManualClock>,
    folder: TempDir,
    secret: Secret,
    net: Net,
    sent: u64,
}

/// Something that happens to somebody, as the CRM tells it.
pub(super) struct Heard<'a> {
    pub(super) kind: &'a str,
    pub(super) email: &'a str,
    pub(super) data: Value,
    /// The CRM's id; without one, every webhook is a new event.
    pub(super) id: Option<&'a str>,
    /// When it happened; without it, when it is sent.
    pub(super) at: Option<Instant>,
}

impl Stage {
    /// Starts one. `toml` is what is special about it: calendar and sequences.
    pub(super) async fn set(
        begins_at: Instant,
        toml: &str,
        files: &[(String, Vec<u8>)],
        plugins: &Plugins,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("followup-scenario-")
            .tempdir()?;
        // A secret of this stage alone: its server is open to this machine while it plays.
        let key: [u8; 32] = rand::random();
        let secret = format!("whsec_{}", STANDARD.encode(key));
        let own = [
            (
                "followup.toml".to_owned(),
                format!("{FRAME}{toml}").into_bytes(),
            ),
            ("crm-secret".to_owned(), secret.clone().into_bytes()),
        ];
        for (name, bytes) in own.iter().chain(files) {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().context("a file in a folder")?)?;
            std::fs::write(path, bytes)?;
        }
        let clock = Arc::new(ManualClock::new(begins_at));
        let daemon = start(folder.path(), plugins, &clock).await?;
        Ok(Self {
            daemon,
            clock,
            folder,
            secret: Secret::parse(&secret.into())?,
            net: Net::new(NetLimits::default())?,
            sent: 0,
        })
    }

    /// The CRM's webhook, signed, over HTTP; then everything that follows from it at this moment.
    pub(super) async fn hear(&mut self, heard: Heard<'_>) -> anyhow::Result<()> {
        self.sent += 1;
        let now = self.clock.now();
        let event = json!({
            "specversion": "1.0",
            "id": heard.id.map_or_else(|| format!("event-{}", self.sent), str::to_owned),
            "source": "https://crm.acme.example",
            "type": heard.kind,
            "subject": heard.email,
            "time": heard.at.unwrap_or(now).to_string(),
            "data": heard.data,
        });
        let body = serde_json::to_vec(&event)?;
        let id = format!("msg_{}", self.sent);
        let timestamp_s = now.0.div_euclid(1000);
        let signature = standard_webhooks::sign(&self.secret, &id, timestamp_s, &body);
        let request = Request {
            method: Method::Post,
            url: format!("http://{}/hooks/crm", self.daemon.address),
            headers: vec![
                ("content-type", "application/cloudevents+json".to_owned()),
                ("webhook-signature", signature),
                ("webhook-id", id),
                ("webhook-timestamp", timestamp_s.to_string()),
            ],
            body,
        };
        let answer = self.net.call(&request, Reach::Configured).await?;
        if answer.status != 200 {
            let told = String::from_utf8_lossy(&answer.body);
            bail!("the event was not taken in, {}: {told}", answer.status);
        }
        self.settle().await
    }

    /// Turns the loops until neither has anything to do at this moment.
    async fn settle(&self) -> anyhow::Result<()> {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        for _ in 0..ROUNDS_MAX {
            let decided = self.daemon.engine.tick(self.clock.now()).await?.contacts;
            if decided == 0 && self.daemon.deliverer.tick(&clock).await?.due == 0 {
                return Ok(());
            }
        }
        bail!("it goes in circles at {}", self.clock.now());
    }

    /// Lets everything happen that is due before `at`, each at its own time; then it is `at`.
    pub(super) async fn live_until(&self, at: Instant) -> anyhow::Result<()> {
        for _ in 0..ROUNDS_MAX {
            self.settle().await?;
            let store = &self.daemon.store;
            let due = [store.next_due_at().await?, store.next_message_at().await?];
            match due.into_iter().flatten().min() {
                Some(next) if next < at => self.clock.set(next.max(self.clock.now())),
                _ => {
                    self.clock.set(at.max(self.clock.now()));
                    return Ok(());
                }
            }
        }
        bail!("it goes in circles before {at}");
    }

    /// All that is known of somebody; an error where nobody is.
    pub(super) async fn report(&self, email: &str) -> anyhow::Result<ContactReport> {
        let address = EmailAddress::parse(email)?;
        let report = self.daemon.store.contact(DEFAULT_TENANT, &address).await?;
        report.with_context(|| format!("nobody known by {email}"))
    }

    /// The decisions of a plugin, oldest first.
    pub(super) async fn recorded(&self, plugin: &str) -> anyhow::Result<Vec<Recorded>> {
        let whose = Whose::Plugin(plugin.to_owned());
        let store = &self.daemon.store;
        let mut recorded = store.recorded(DEFAULT_TENANT, whose, RECORDED_MAX).await?;
        recorded.reverse();
        Ok(recorded)
    }

    pub(super) fn mails(&self) -> anyhow::Result<BTreeMap<String, SentMail>> {
        mails::read_all(&self.folder.path().join("outbox"))
    }

    pub(super) async fn strike(self) {
        self.daemon.stop().await;
    }
}

async fn start(
    folder: &Path,
    plugins: &Plugins,
    clock: &Arc<ManualClock>,
) -> anyhow::Result<Daemon> {
    let shown = |problems: &[config::Problem]| {
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", lines.join("\n"))
    };
    let config = config::load(&folder.join("followup.toml"), &|_| None);
    let config = config.map_err(|problems| shown(&problems))?.config;
    let validated = config::validate(&config, &plugins.manifests());
    let validated = validated.map_err(|problems| shown(&problems))?;
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Daemon::start(&config, validated, plugins.clone(), clock, Loops::ByHand).await
}
