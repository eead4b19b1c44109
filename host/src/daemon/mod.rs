//! The composition root: open the store, load the plugins, wire the rooms, start door and loops,
//! stop gracefully.
//!
//! The only room beside `cli` that reads the configuration; all others get plain values from here.

mod abilities;
mod connections;
mod gateway;
mod outgoing;
mod plugins;
mod ready;
mod recover;
mod rules;
mod sandbox;
mod telemetry;
mod triggers;
mod web;
mod wire;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::recover::Recovery;
use crate::clock::Clock;
use crate::config::{Config, Validated};
use crate::decide::Engine;
use crate::deliver::Deliverer;
use crate::domain::manifest::Manifest;
use crate::hydrate::Hydrator;
use crate::poll::Poller;
use crate::pulse::{Pulse, Watched};
use crate::reconcile::Reconciler;
use crate::store;
use crate::store::place::Place;
use crate::traces::Collecting;
use crate::writeback::Scribe;
use ready::Readiness;

pub use abilities::api;
pub(crate) use abilities::of as abilities;
pub use gateway::Gateway;
pub use outgoing::{identity, letterhead};
pub use plugins::{Installed, Plugins};
pub use rules::shared_calendar as calendar;
pub use sandbox::open as open_sandbox;
pub(crate) use wire::reactions;

/// How long a stop waits for requests and calls that are under way. A call cut off after that is
/// found again, in doubt, at the next start.
const STOP_MAX_MS: u64 = 35_000;

/// A running host.
pub struct Daemon {
    pub address: SocketAddr,
    pub store: store::Shared,
    pub engine: Engine,
    pub deliverer: Deliverer,
    pub hydrator: Hydrator,
    pub poller: Poller,
    pub reconciler: Reconciler,
    pub scribe: Scribe,
    collecting: Option<Collecting>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Where the doors listen. Outlives a daemon: while one follows the other, nobody is turned away.
pub struct Listener(std::net::TcpListener);

impl Listener {
    pub fn bind(address: SocketAddr) -> anyhow::Result<Self> {
        let listener = std::net::TcpListener::bind(address)
            .with_context(|| format!("cannot listen on {address} (server.listen)"))?;
        listener.set_nonblocking(true)?;
        Ok(Self(listener))
    }

    fn share(&self) -> anyhow::Result<TcpListener> {
        Ok(TcpListener::from_std(self.0.try_clone()?)?)
    }
}

/// Who turns the loops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loops {
    /// Tasks of their own, woken by the clock and by each other's commits.
    Run,
    /// The caller, tick by tick: tests and the demo.
    ByHand,
}

impl Daemon {
    /// Starts everything; returns when webhooks are taken in.
    pub async fn start(
        config: &Config,
        validated: Validated,
        plugins: Plugins,
        clock: Arc<dyn Clock>,
        loops: Loops,
    ) -> anyhow::Result<Self> {
        let listener = Listener::bind(config.server.listen)?;
        Self::start_on(&listener, config, validated, plugins, clock, loops).await
    }

    /// The same, on an address that is listened on already.
    pub async fn start_on(
        listener: &Listener,
        config: &Config,
        validated: Validated,
        plugins: Plugins,
        clock: Arc<dyn Clock>,
        loops: Loops,
    ) -> anyhow::Result<Self> {
        let collecting = telemetry::start(config)?;
        let manifests = plugins.manifests();
        let named = |plugin: &Manifest| format!("{} {}", plugin.id, plugin.version);
        let loaded: Vec<_> = manifests.iter().map(named).collect();
        let parts = wire::wire(config, validated, plugins, clock.now()).await?;
        let recovery = Recovery {
            store: Arc::clone(&parts.store),
            deliverer: parts.deliverer.clone(),
            scribe: parts.scribe.clone(),
        };
        recovery.once(clock.now()).await?;
        let listener = listener.share()?;
        let address = listener.local_addr()?;
        let door = wire::door(config, &parts, address, Arc::clone(&clock));
        let pages = wire::pages(config, &door);
        let (pulses, watched) = pulses(loops);
        let readiness = Readiness {
            store: Arc::clone(&parts.store),
            clock: Arc::clone(&clock),
            loops: watched,
            plugins: loaded.into(),
            folder: match &config.store.place {
                Place::File(path, _) => folder(path),
                // The database's disk is its own; ours holds compiled plugins.
                Place::Server(_) => config.sandbox.cache.clone(),
            },
        };
        let app = web::app(door, pages, readiness)?;

        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let mut asked_to_stop = stopped.clone();
        let limits = connections::Limits {
            connections_max: config.server.connections_max,
            header_timeout_ms: config.server.header_timeout_ms,
        };
        let door_clock = Arc::clone(&clock);
        tasks.spawn(async move {
            let stopping = async move {
                // An error means that the daemon is gone: stop as well.
                let _ = asked_to_stop.wait_for(|stop| *stop).await;
            };
            connections::serve(listener, app, limits, door_clock, stopping).await;
        });
        if let Some([engine, deliverer, hydrator, poller, reconciler, scribe]) = pulses {
            let run = parts
                .engine
                .clone()
                .run(Arc::clone(&clock), stopped.clone(), engine);
            tasks.spawn(run);
            let run = parts
                .deliverer
                .clone()
                .run(Arc::clone(&clock), stopped.clone(), deliverer);
            tasks.spawn(run);
            let run = parts
                .hydrator
                .clone()
                .run(Arc::clone(&clock), stopped.clone(), hydrator);
            tasks.spawn(run);
            let run = parts
                .poller
                .clone()
                .run(Arc::clone(&clock), stopped.clone(), poller);
            tasks.spawn(run);
            let run = parts
                .reconciler
                .clone()
                .run(Arc::clone(&clock), stopped.clone(), reconciler);
            tasks.spawn(run);
            let run = parts
                .scribe
                .clone()
                .run(Arc::clone(&clock), stopped.clone(), scribe);
            tasks.spawn(run);
            tasks.spawn(web::keep_figures(Arc::clone(&clock), stopped.clone()));
            tasks.spawn(recovery.run(Arc::clone(&clock), stopped.clone()));
            let store = Arc::clone(&parts.store);
            tasks.spawn(async move {
                if let Err(e) = store.watch(clock.as_ref(), stopped).await {
                    tracing::error!(error = %e, "what other processes import is noticed with the next event only");
                }
            });
        }
        tracing::info!(%address, sequences = config.sequences.len(), "ready");
        Ok(Self {
            address,
            store: parts.store,
            engine: parts.engine,
            deliverer: parts.deliverer,
            hydrator: parts.hydrator,
            poller: parts.poller,
            reconciler: parts.reconciler,
            scribe: parts.scribe,
            collecting,
            stop,
            tasks,
        })
    }

    /// Closes the door, lets the loops finish what they hold, and returns.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_millis(STOP_MAX_MS), all)
            .await
            .is_err()
        {
            tracing::warn!(
                waited_ms = STOP_MAX_MS,
                "stopped with calls under way; they are in doubt"
            );
        }
        telemetry::stop(self.collecting.take()).await;
    }
}

/// One for each loop, in the order in which they are started; none where nobody runs them.
fn pulses(loops: Loops) -> (Option<[Pulse; 6]>, Arc<[Watched]>) {
    if loops == Loops::ByHand {
        return (None, Arc::new([]));
    }
    let names = [
        "decide",
        "deliver",
        "hydrate",
        "poll",
        "reconcile",
        "writeback",
    ];
    let mut watched = Vec::new();
    let pulses = names.map(|name| {
        let (pulse, seen) = Pulse::of(name);
        watched.push(seen);
        pulse
    });
    (Some(pulses), watched.into())
}

/// The folder of a file.
fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
