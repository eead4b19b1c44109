//! Connections that plugins work for: listeners for the door, and what the poll loop asks.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use secrecy::SecretSlice;
use tokio::sync::Semaphore;

use super::Plugins;
use crate::calendar::Calendar;
use crate::config::{Config, Connection, Trigger};
use crate::domain::instant::SECOND_MS;
use crate::ingest::{CALLS_MAX, Listener};
use crate::poll::Polled;
use crate::sandbox::{Authority, AuthoritySetup, Plugin};
use crate::signatures::scheme::Verifier;
use crate::store::triggers::{PollKind, PollSetup};

/// By connection; a trigger may be in both.
#[derive(Default)]
pub(super) struct Triggers {
    pub(super) listeners: HashMap<String, Listener>,
    pub(super) polled: HashMap<String, Polled>,
}

impl Triggers {
    /// All of the configuration's. `key` proves the tokens behind our links.
    pub(super) fn of(
        config: &Config,
        plugins: &Plugins,
        calendar: &Arc<Calendar>,
        key: &Arc<SecretSlice<u8>>,
    ) -> anyhow::Result<Self> {
        let mut all = Self::default();
        for (name, connection) in &config.connections {
            let Connection::Trigger(trigger) = connection else {
                continue;
            };
            let at = || format!("connections.{name}");
            let installed = plugins.by_id.get(&trigger.plugin);
            let installed = installed.with_context(|| format!("{}: no such plugin", at()))?;
            let plugin = installed.plugin.clone();
            let authority = authority(trigger, &plugin).with_context(at)?;
            if plugin.can_receive() {
                let listener = Listener {
                    sandbox: Arc::clone(&plugins.sandbox),
                    verifier: verifier(trigger, &plugin).with_context(at)?,
                    plugin: plugin.clone(),
                    authority: Arc::clone(&authority),
                    calendar: Arc::clone(calendar),
                    config: trigger.config.to_string(),
                    creates_contacts: trigger.creates_contacts,
                    key: Arc::clone(key),
                    permits: Arc::new(Semaphore::new(CALLS_MAX)),
                };
                all.listeners.insert(name.clone(), listener);
            }
            if let Some(every_ms) = every_ms(trigger, &plugin) {
                let polled = Polled {
                    plugin,
                    authority,
                    config: trigger.config.to_string(),
                    every_ms,
                    creates_contacts: trigger.creates_contacts,
                };
                all.polled.insert(name.clone(), polled);
            }
        }
        Ok(all)
    }

    pub(super) fn polls(&self) -> Vec<PollSetup> {
        let setup = |(name, polled): (&String, &Polled)| PollSetup {
            kind: PollKind::Trigger,
            connection: name.clone(),
            every_ms: polled.every_ms,
        };
        self.polled.iter().map(setup).collect()
    }
}

/// How often it is asked; none where it is not: it cannot, or its manifest names no interval.
fn every_ms(trigger: &Trigger, plugin: &Plugin) -> Option<i64> {
    let poll = plugin.manifest().poll.filter(|_| plugin.can_poll())?;
    let own = poll.every_s as i64 * SECOND_MS;
    Some(trigger.poll_every_ms.unwrap_or(own))
}

fn authority(trigger: &Trigger, plugin: &Plugin) -> anyhow::Result<Arc<Authority>> {
    Authority::new(AuthoritySetup {
        grants: plugin.manifest().grants.clone(),
        config: trigger.config.clone(),
        secrets: trigger.secrets.clone(),
        hosts: trigger.hosts.clone(),
        allow_private: trigger.allow_private.clone(),
    })
    .map_err(|e| anyhow!(e))
}

fn verifier(trigger: &Trigger, plugin: &Plugin) -> anyhow::Result<Option<Verifier>> {
    let Some(verify) = &plugin.manifest().verify else {
        return Ok(None);
    };
    let name = &verify.secret;
    let secret = trigger.secrets.get(name);
    let secret = secret.with_context(|| format!("secrets.{name} is missing"))?;
    let verifier = Verifier::new(verify, secret).with_context(|| format!("secrets.{name}"))?;
    Ok(Some(verifier))
}
