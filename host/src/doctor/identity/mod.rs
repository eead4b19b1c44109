//! Whether the world believes an identity's mail: SPF, DKIM and DMARC of its domain, and what Gmail, Yahoo
//! and Microsoft ask of those who send much.

mod dkim;
mod dmarc;
mod spf;
#[cfg(test)]
mod tests;

use super::rules::{self, Proven};
use super::senders::{self, Sender};
use super::{Finding, OFFLINE, Zone};
use crate::config::{Config, Connection, Identity};
use crate::domain::account::is_free_mail;

pub(super) async fn look(config: &Config, zone: Option<&dyn Zone>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, identity) in &config.identities {
        findings.extend(one(config, name, identity, zone).await);
    }
    findings
}

async fn one(
    config: &Config,
    name: &str,
    identity: &Identity,
    zone: Option<&dyn Zone>,
) -> Vec<Finding> {
    let about = format!("identity {name}");
    let domain = identity.from.address.domain();
    let connection = match config.sender_of(identity) {
        None | Some((_, Connection::Capture { .. })) => {
            let found = "sends nothing: its mails are written to a folder";
            return vec![Finding::skipped(&about, found)];
        }
        Some((_, connection)) => connection,
    };
    if is_free_mail(domain) {
        return vec![Finding::problem(
            &about,
            format!(
                "writes as {domain}, which lets nobody else send for it: receivers refuse such mail"
            ),
            "write as a domain of your own",
        )];
    }
    let Some(zone) = zone else {
        return vec![Finding::skipped(&about, OFFLINE)];
    };
    let (findings, proven) = domain_of(&about, domain, senders::of(connection.kind()), zone).await;
    let mut findings = findings;
    findings.push(rules::look(&about, config, connection, proven));
    findings
}

/// What the DNS says of a domain, and what of it was proven.
async fn domain_of(
    about: &str,
    domain: &str,
    sender: Option<&Sender>,
    zone: &dyn Zone,
) -> (Vec<Finding>, Proven) {
    let (of_dkim, dkim) = dkim::look(about, domain, sender, zone).await;
    let (mut findings, spf) = spf::look(about, domain, sender, dkim == Some(true), zone).await;
    findings.extend(of_dkim);
    let (of_dmarc, dmarc) = dmarc::look(about, domain, dkim, zone).await;
    findings.push(of_dmarc);
    (findings, Proven { spf, dkim, dmarc })
}
