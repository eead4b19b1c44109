//! Looks at everything that mail and webhooks need, and says what to do: `followup doctor`.
//!
//! In: a configuration with what is wrong with it, its plugins, and the means to look (a clock, the
//! network, the DNS; without the last two only what lies on this machine is looked at). Out: findings, a
//! line each. One file per check; the judgement of DNS records is pure and in `records`. Never changes
//! anything: probes are calls that only ask, nothing is sent or stored.

mod address;
mod backlog;
mod clock;
mod configuration;
mod connections;
mod dns;
mod finding;
mod identity;
mod inbound;
mod plugins;
pub mod records;
mod rules;
mod senders;
mod store;
mod tracking;

use std::path::Path;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Config, Problem};
use crate::domain::manifest::Manifest;
use crate::net::Net;

pub use connections::{Probed, probe};
pub use dns::{Dns, Record, Unanswered, Zone};
pub use finding::{Finding, Report, Verdict};

/// What is looked at.
pub struct Subject<'a> {
    pub config: &'a Config,
    /// What `followup check` found.
    pub problems: &'a [Problem],
    /// Of every plugin that could be loaded.
    pub plugins: &'a [Manifest],
}

/// What it is looked at with.
pub struct Means<'a> {
    pub clock: &'a dyn Clock,
    /// None where nobody may be called.
    pub net: Option<&'a Arc<Net>>,
    /// None where nobody may be asked.
    pub zone: Option<&'a dyn Zone>,
}

/// Looks at everything.
pub async fn examine(subject: &Subject<'_>, means: &Means<'_>) -> Report {
    let config = subject.config;
    let mut findings = configuration::look(&config.file, subject.problems);
    findings.extend(plugins::look(subject.plugins));
    findings.extend(store::look(&config.store.place).await);
    findings.extend(address::look(config, means.zone).await);
    let (of_connections, dates) = connections::look(config, means).await;
    findings.push(clock::look(config, dates, means).await);
    findings.extend(of_connections);
    findings.extend(inbound::look(config, means.zone).await);
    findings.extend(identity::look(config, means.zone).await);
    findings.extend(tracking::look(config, means.zone).await);
    Report::of(findings)
}

/// How much room there is where the store lies.
pub fn disk(folder: &Path) -> Finding {
    store::room(folder)
}

/// Where the DNS may not be asked.
const OFFLINE: &str = "not looked at: offline";

/// The host of an address, unless it is a number or this very machine.
fn host_name(url: &str) -> Option<String> {
    match url::Url::parse(url).ok()?.host()? {
        url::Host::Domain(name) if name != "localhost" => Some(name.to_owned()),
        _ => None,
    }
}
