//! From the configuration to the parts: each gets the plain values it works with.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use tokio::sync::Semaphore;

use super::triggers::Triggers;
use super::{Plugins, abilities, outgoing, rules};
use crate::clock::Clock;
use crate::config::{Config, Validated};
use crate::decide::{self, Engine, Sequence, Sequences, Version};
use crate::deliver::{self, Deliverer, Transport, Unanswered};
use crate::domain::Instant;
use crate::domain::backoff::Backoff;
use crate::domain::enrollment::AccountStop;
use crate::domain::install::Running;
use crate::guardrails::Sender;
use crate::hydrate::Hydrator;
use crate::ingest::{self, Door};
use crate::net::{Net, NetLimits};
use crate::poll::Poller;
use crate::recipient;
use crate::reconcile::Reconciler;
use crate::store::intake::Reactions;
use crate::store::work::{SequenceSetup, Setup};
use crate::store::{self, DEFAULT_TENANT};
use crate::writeback::Scribe;

/// The parts, ready to run.
pub(super) struct Parts {
    pub(super) store: store::Shared,
    pub(super) engine: Engine,
    pub(super) deliverer: Deliverer,
    pub(super) hydrator: Hydrator,
    pub(super) poller: Poller,
    pub(super) reconciler: Reconciler,
    pub(super) scribe: Scribe,
    net: Arc<Net>,
    hooks: HashMap<String, ingest::Connection>,
    listeners: HashMap<String, ingest::Listener>,
    reactions: Arc<Reactions>,
}

pub(super) async fn wire(
    config: &Config,
    validated: Validated,
    plugins: Plugins,
    now: Instant,
) -> anyhow::Result<Parts> {
    let store = config.store.place.open().context("store.url")?;
    // Before anything that is held may be freed.
    let restored_at = begin_restored(&store, now).await?;
    let key = store.signing_key(DEFAULT_TENANT).await?;
    let net = Arc::new(Net::new(NetLimits {
        total_timeout_ms: config.deliver.timeout_ms,
        ..NetLimits::default()
    })?);
    let calendar = rules::shared_calendar(config);
    let templates = Arc::new(validated.templates);

    let (mut hooks, mut transports, mut sources) = (HashMap::new(), HashMap::new(), HashMap::new());
    let (mut asked, mut crms, mut writers) = (HashMap::new(), HashMap::new(), Vec::new());
    transports.insert(
        outgoing::CAPTURE.to_owned(),
        Transport::Capture {
            folder: config.deliver.outbox.clone(),
        },
    );
    for (name, connection) in &config.connections {
        let can = abilities::of(config, name, connection, &key, &net)
            .with_context(|| format!("connections.{name}"))?;
        hooks.extend(can.hook.map(|hook| (name.clone(), hook)));
        let inbound = can.inbound.map(|hook| (ingest::inbound(name), hook));
        hooks.extend(inbound);
        transports.extend(can.transport.map(|transport| (name.clone(), transport)));
        sources.extend(can.source.map(|source| (name.clone(), source)));
        asked.extend(can.asked);
        if let Some((writer, crm)) = can.writer {
            crms.insert(name.clone(), crm);
            writers.push(writer);
        }
    }
    store.register_writers(DEFAULT_TENANT, writers, now).await?;
    let polls = asked
        .iter()
        .map(|(poll, asked)| asked.setup(poll))
        .collect();
    store.register_polls(DEFAULT_TENANT, polls, now).await?;

    let shared_key = Arc::new(key.clone());
    let triggers = Triggers::of(config, &plugins, &calendar, &shared_key)?;
    store
        .register_polls(DEFAULT_TENANT, triggers.polls(), now)
        .await?;

    let identities: HashMap<_, _> = config
        .identities
        .iter()
        .map(|(name, identity)| {
            let sender = Sender {
                identity: outgoing::identity(config, name, identity),
                rules: identity.limits.clone(),
            };
            (name.clone(), sender)
        })
        .collect();
    let enrol = validated.rules;
    let sequences = sequences(config, &enrol, &plugins, &identities, &store, now).await?;
    let reactions = Arc::new(reactions(config));
    let lookback = rules::lookback(config);
    let letterhead = Arc::new(outgoing::letterhead(config, key));
    Ok(Parts {
        poller: Poller {
            store: Arc::clone(&store),
            sandbox: Arc::clone(&plugins.sandbox),
            calendar: Arc::clone(&calendar),
            reactions: Arc::clone(&reactions),
            key: shared_key,
            polled: Arc::new(triggers.polled),
        },
        reconciler: Reconciler {
            store: Arc::clone(&store),
            reactions: Arc::clone(&reactions),
            asked: Arc::new(asked),
        },
        scribe: Scribe {
            store: Arc::clone(&store),
            crms: Arc::new(crms),
        },
        listeners: triggers.listeners,
        engine: Engine {
            store: Arc::clone(&store),
            sandbox: plugins.sandbox,
            calendar: Arc::clone(&calendar),
            templates: Arc::clone(&templates),
            letterhead: Arc::clone(&letterhead),
            sequences: Arc::new(Sequences::new(sequences.clone())),
            limits: decide::Limits {
                batch_max: config.decide.batch_max,
                history_max: config.decide.history_max,
                touches_max: config.decide.touches_max,
                lookback,
                backoff: Backoff {
                    first_ms: config.decide.retry_first_ms,
                    max_ms: config.decide.retry_max_ms,
                    attempts_max: config.decide.attempts_max,
                },
                plugin_failures_max: config.decide.plugin_failures_max,
                restored_at,
            },
        },
        deliverer: Deliverer {
            store: Arc::clone(&store),
            templates,
            letterhead,
            calendar,
            sequences: Arc::new(
                sequences
                    .iter()
                    .map(|sequence| (sequence.name.clone(), Arc::clone(&sequence.rules)))
                    .collect(),
            ),
            identities: Arc::new(identities),
            transports: Arc::new(transports),
            net: Arc::clone(&net),
            lookback,
            breaker: config.breaker,
            unanswered: Unanswered::default(),
            limits: deliver::Limits {
                concurrent_max: config.deliver.concurrent_max,
                backoff: Backoff {
                    first_ms: config.deliver.retry_first_ms,
                    max_ms: config.deliver.retry_max_ms,
                    attempts_max: config.deliver.attempts_max,
                },
            },
        },
        hydrator: Hydrator {
            store: Arc::clone(&store),
            reactions: Arc::clone(&reactions),
            sources: Arc::new(sources),
        },
        store,
        net,
        hooks,
        reactions,
    })
}

/// When a backup was restored, if ever. Says so where this is the first start on it.
async fn begin_restored(store: &store::Shared, now: Instant) -> anyhow::Result<Option<Instant>> {
    if let Some(restored) = store.begin_restored(now).await? {
        tracing::warn!(
            backup.taken_at = %restored.taken_at,
            held = restored.held,
            in_doubt = restored.doubtful,
            writes_looked_for = restored.searched,
            "this is a restored backup: what may have been sent since is held, see `followup outbox --rule restored`"
        );
    }
    Ok(store.restored_at().await?)
}

/// What events do at once.
pub(crate) fn reactions(config: &Config) -> Reactions {
    Reactions {
        exits: config
            .sequences
            .iter()
            .map(|(name, sequence)| (name.clone(), sequence.exits.clone()))
            .collect(),
        account_stop: config
            .sequences
            .iter()
            .map(|(name, sequence)| {
                let rules = rules::of_sequence(&config.guardrails, sequence);
                (name.clone(), rules.account_stop)
            })
            .filter(|(_, stop)| *stop != AccountStop::Nothing)
            .collect(),
        touch_events: config.guardrails.touch_events.clone(),
        auto_reply_pause_ms: config.guardrails.auto_reply_pause_ms,
        soft_bounces_max: config.guardrails.soft_bounces_max,
        free_mail_domains: config.guardrails.free_mail_domains.clone(),
        zone: config.calendar.time_zone,
    }
}

/// The door to the parts.
pub(super) fn door(
    config: &Config,
    parts: &Parts,
    bound: SocketAddr,
    clock: Arc<dyn Clock>,
) -> Door {
    let server = &config.server;
    Door {
        store: Arc::clone(&parts.store),
        clock,
        net: Arc::clone(&parts.net),
        connections: Arc::new(parts.hooks.clone()),
        triggers: Arc::new(parts.listeners.clone()),
        reactions: Arc::clone(&parts.reactions),
        certificates: Arc::default(),
        public_url: server.public_url(bound),
        limits: ingest::Limits {
            body_max_bytes: server.body_max_bytes,
            body_timeout_ms: server.body_timeout_ms,
            concurrent_max: server.concurrent_max,
            exit_wait_ms: server.exit_wait_ms,
        },
        permits: Arc::new(Semaphore::new(server.concurrent_max)),
    }
}

/// The door for recipients, beside the other: both share what may be under way at once.
pub(super) fn pages(config: &Config, door: &Door) -> recipient::Door {
    recipient::Door {
        store: Arc::clone(&door.store),
        clock: Arc::clone(&door.clock),
        reactions: Arc::clone(&door.reactions),
        body_timeout_ms: config.server.body_timeout_ms,
        exit_wait_ms: config.server.exit_wait_ms,
        permits: Arc::clone(&door.permits),
    }
}

async fn sequences(
    config: &Config,
    enrol: &std::collections::BTreeMap<String, decide::enrol::EnrolRule>,
    plugins: &Plugins,
    identities: &HashMap<String, Sender>,
    store: &store::Shared,
    now: Instant,
) -> anyhow::Result<Vec<Sequence>> {
    let guardrails = &config.guardrails;
    let mut setups = Vec::new();
    let mut sequences = Vec::new();
    for (name, sequence) in &config.sequences {
        let unknown = |what: &str| format!("sequences.{name}: {what}");
        let installed = plugins
            .by_id
            .get(&sequence.policy)
            .with_context(|| unknown("no such policy"))?;
        let plugin = installed.plugin.clone();
        let older: Vec<_> = installed.older.clone();
        let config = sequence.config.to_string();
        let deciding = std::iter::once(&plugin).chain(
            older
                .iter()
                .filter(|_| installed.running == Running::FinishOnOld),
        );
        setups.push(SequenceSetup {
            name: name.clone(),
            plugin: plugin.manifest().id.clone(),
            plugin_version: plugin.manifest().version.clone(),
            plugin_digest: plugin.digest().to_owned(),
            fingerprints: deciding
                .map(|plugin| Sequence::fingerprint(plugin.digest(), &config))
                .collect(),
            older: older
                .iter()
                .map(|plugin| plugin.digest().to_owned())
                .collect(),
        });
        let unnumbered = |plugin| Version {
            plugin,
            plugin_id: 0,
        };
        sequences.push(Sequence {
            name: name.clone(),
            sequence_id: 0,
            active: unnumbered(plugin),
            older: older.into_iter().map(unnumbered).collect(),
            running: installed.running,
            config,
            enrol: enrol
                .get(name)
                .with_context(|| unknown("no enrol rule"))?
                .clone(),
            exits: sequence.exits.clone(),
            rules: Arc::new(rules::of_sequence(guardrails, sequence)),
            sender: identities
                .get(&sequence.identity)
                .with_context(|| unknown("no such identity"))?
                .clone(),
        });
    }
    let registered = store
        .register(Setup {
            tenant: DEFAULT_TENANT,
            now,
            sequences: setups,
            texts: outgoing::texts(config, &plugins.manifests()),
        })
        .await?;
    if registered.resumed > 0 {
        tracing::info!(
            enrollments = registered.resumed,
            "parked enrollments are tried again"
        );
    }
    let known = registered.sequences.into_iter().zip(registered.older);
    for (sequence, (known, older)) in sequences.iter_mut().zip(known) {
        (sequence.sequence_id, sequence.active.plugin_id) = (known.sequence_id, known.plugin_id);
        // A version that never decided has no enrollments to finish.
        let numbered = std::mem::take(&mut sequence.older).into_iter().zip(older);
        sequence.older = numbered
            .filter_map(|(version, id)| {
                id.map(|plugin_id| Version {
                    plugin_id,
                    ..version
                })
            })
            .collect();
    }
    Ok(sequences)
}
