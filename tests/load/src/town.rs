//! Fills a server's store before it starts: people who asked for prices, and what was decided for them,
//! through the host's own doors and loops, under a clock of the past.

use std::sync::Arc;

use followup::clock::ManualClock;
use followup::config;
use followup::crm::cloudevents::CloudEvents;
use followup::daemon::{Daemon, Loops, Plugins};
use followup::domain::hook::{Hook, HookRequest};
use followup::domain::{Instant, NewEvent};
use followup::store::DEFAULT_TENANT;
use followup::store::intake::{Arrival, Reactions};

use crate::folder::Site;
use crate::people::{People, SECRET};

/// Events of one arrival.
const BATCH: usize = 500;

/// The host in this process, its loops turned by hand.
pub(crate) struct Town {
    daemon: Daemon,
    hook: CloudEvents,
    now: Instant,
}

impl Town {
    pub(crate) async fn open(site: &Site, now: Instant) -> anyhow::Result<Self> {
        let loaded = config::load(&site.config(), &|_| None)
            .map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
        let plugins = Plugins::load(&loaded.config)?;
        let validated = config::validate(&loaded.config, &plugins.manifests())
            .map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
        let clock = Arc::new(ManualClock::new(now));
        let started = Daemon::start(&loaded.config, validated, plugins, clock, Loops::ByHand);
        Ok(Self {
            daemon: started.await?,
            hook: CloudEvents::new(&SECRET.to_owned().into())?,
            now,
        })
    }

    /// So many people ask for prices; nothing is decided yet.
    pub(crate) async fn hear(&self, people: &People, count: usize) -> anyhow::Result<()> {
        let mut left = count;
        while left > 0 {
            let batch = left.min(BATCH);
            let events = (0..batch)
                .map(|_| self.normalized(people))
                .collect::<Result<Vec<_>, _>>()?;
            let arrival = Arrival {
                tenant: DEFAULT_TENANT,
                connection: "crm".to_owned(),
                received_at: self.now,
                events: events.into_iter().flatten().collect(),
                creates_contacts: true,
                reactions: Arc::new(Reactions::default()),
            };
            self.daemon.store.ingest(arrival).await?;
            left -= batch;
        }
        Ok(())
    }

    /// Decides until nothing is due.
    pub(crate) async fn decide(&self) -> anyhow::Result<()> {
        while self.daemon.engine.tick(self.now).await?.contacts > 0 {}
        Ok(())
    }

    pub(crate) async fn close(self) {
        self.daemon.stop().await;
    }

    fn normalized(&self, people: &People) -> anyhow::Result<Vec<NewEvent>> {
        let request = HookRequest {
            method: "POST".to_owned(),
            url: String::new(),
            headers: vec![(
                "content-type".to_owned(),
                "application/cloudevents+json".to_owned(),
            )],
            body: people.event(self.now).1,
            certificate: None,
        };
        let batch = self.hook.normalize(&request, self.now);
        Ok(batch.map_err(|e| anyhow::anyhow!("{e:?}"))?.events)
    }
}
