//! The demo's machinery: a temporary folder, a real server, a clock that is moved.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretString;

use super::script::{self, Scene};
use crate::cli::load;
use crate::clock::{Clock, ManualClock};
use crate::daemon::{Daemon, Loops};
use crate::domain::Instant;
use crate::domain::http::{Method, Request};
use crate::embedded;
use crate::net::{Net, NetLimits, Reach};
use crate::signatures::standard_webhooks::{self, Secret};
use crate::store::DEFAULT_TENANT;
use crate::store::ledger::ContactReport;

/// Rounds of the loops that one moment may take; a story that needs more goes in circles.
const ROUNDS_MAX: usize = 1_000;

pub(super) struct World {
    pub(super) folder: PathBuf,
    pub(super) daemon: Daemon,
    clock: Arc<ManualClock>,
    secret: Secret,
    net: Net,
}

impl World {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("followup-demo-")
            .tempdir()?
            .keep();
        let secret = write(&folder).with_context(|| folder.display().to_string())?;
        let setup = tokio::task::block_in_place(|| load::setup(&folder.join("followup.toml")))?
            .context("the demo's own configuration is wrong")?;
        let clock = Arc::new(ManualClock::new(script::begins_at()));
        let daemon = Daemon::start(
            &setup.config,
            setup.validated,
            setup.plugins,
            Arc::clone(&clock) as Arc<dyn Clock>,
            Loops::ByHand,
        )
        .await?;
        Ok(Self {
            folder,
            daemon,
            clock,
            secret: Secret::parse(&secret)?,
            net: Net::new(NetLimits::default())?,
        })
    }

    /// Lets everything happen that is due until `at`, each at its own time.
    pub(super) async fn live_until(&mut self, at: Instant) -> anyhow::Result<()> {
        for _ in 0..ROUNDS_MAX {
            self.settle().await?;
            let due = [
                self.daemon.store.next_due_at().await?,
                self.daemon.store.next_message_at().await?,
            ];
            match due.into_iter().flatten().min() {
                Some(next) if next < at => self.clock.set(next.max(self.clock.now())),
                _ => {
                    self.clock.set(at);
                    return Ok(());
                }
            }
        }
        bail!("the demo goes in circles before {at}");
    }

    /// Turns the loops until none has anything to do now.
    async fn settle(&self) -> anyhow::Result<()> {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        for _ in 0..ROUNDS_MAX {
            let decided = self.daemon.engine.tick(self.clock.now()).await?;
            let delivered = self.daemon.deliverer.tick(&clock).await?;
            if decided.contacts == 0 && delivered.due == 0 {
                return Ok(());
            }
        }
        bail!("the demo goes in circles at {}", self.clock.now());
    }

    /// The CRM's webhook: signed, over HTTP.
    pub(super) async fn send(&self, scene: &Scene) -> anyhow::Result<()> {
        let body = serde_json::to_vec(&scene.event)?;
        let id = format!("msg_{}", scene.at.0);
        let timestamp_s = self.clock.now().0 / 1000;
        let request = Request {
            method: Method::Post,
            url: format!("http://{}/hooks/crm", self.daemon.address),
            headers: vec![
                ("content-type", "application/cloudevents+json".to_owned()),
                (
                    "webhook-signature",
                    standard_webhooks::sign(&self.secret, &id, timestamp_s, &body),
                ),
                ("webhook-id", id),
                ("webhook-timestamp", timestamp_s.to_string()),
            ],
            body,
        };
        let answer = self.net.call(&request, Reach::Configured).await?;
        if answer.status != 200 {
            bail!(
                "the webhook was answered {}: {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            );
        }
        self.settle().await
    }

    /// What the ledger knows of somebody.
    pub(super) async fn report(&self, email: &str) -> anyhow::Result<Option<ContactReport>> {
        let address = crate::domain::EmailAddress::parse(email)?;
        Ok(self.daemon.store.contact(DEFAULT_TENANT, &address).await?)
    }

    pub(super) async fn stop(self) {
        self.daemon.stop().await;
    }
}

/// Writes the working folder; returns the secret that the CRM signs with.
fn write(folder: &Path) -> anyhow::Result<SecretString> {
    let mut key = [0; 32];
    SystemRandom::new()
        .fill(&mut key)
        .map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    let secret = format!("whsec_{}", STANDARD.encode(key));
    let files: [(&str, &[u8]); 4] = [
        (
            "followup.toml",
            include_bytes!("../../../demo/followup.toml"),
        ),
        (
            "templates/after-click.md",
            include_bytes!("../../../demo/templates/after-click.md"),
        ),
        ("plugins/endless.wasm", embedded::ENDLESS),
        ("secrets/crm-webhook", secret.as_bytes()),
    ];
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().context("a file in a folder")?)?;
        std::fs::write(path, bytes)?;
    }
    Ok(secret.into())
}
