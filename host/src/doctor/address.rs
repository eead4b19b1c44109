//! `server.public_url`: where senders post and where the links of mails lead.

use super::{Finding, OFFLINE, Record, Zone, host_name};
use crate::config::Config;

const ABOUT: &str = "server.public_url";

pub(super) async fn look(config: &Config, zone: Option<&dyn Zone>) -> Vec<Finding> {
    let Some(url) = &config.server.public_url else {
        return vec![Finding::warning(
            ABOUT,
            "is not set: links in mails lead nowhere, and senders that sign the address are refused",
            "set it to the https address of this server, as senders and recipients call it",
        )];
    };
    let mut findings = Vec::new();
    let host = host_name(url);
    if !url.starts_with("https://") {
        findings.push(Finding::warning(
            ABOUT,
            format!("{url} is not encrypted: who listens can forge webhooks, and RFC 8058 needs https for one-click unsubscribe"),
            "put a reverse proxy with a certificate in front, and write https://",
        ));
    }
    match (host, zone) {
        (None, _) => findings.push(Finding::warning(
            ABOUT,
            format!("{url} is a number or this machine: nobody outside calls it by that"),
            "write the name that the world knows this server by",
        )),
        (Some(_), None) => findings.push(Finding::skipped(ABOUT, OFFLINE)),
        (Some(host), Some(zone)) => findings.push(resolves(ABOUT, &host, zone).await),
    }
    findings
}

/// Whether a name that leads to this server leads anywhere.
pub(super) async fn resolves(about: &str, host: &str, zone: &dyn Zone) -> Finding {
    let addresses = match zone.ask(host, Record::Address).await {
        Ok(addresses) => addresses,
        Err(unanswered) => return Finding::skipped(about, unanswered.to_string()),
    };
    if addresses.is_empty() {
        return Finding::problem(
            about,
            format!("{host} has no address in the DNS"),
            format!("add an A or CNAME record for {host} that leads to this server"),
        );
    }
    let alias = zone.ask(host, Record::Cname).await.unwrap_or_default();
    let by = alias
        .first()
        .map_or(String::new(), |name| format!(" by {name}"));
    Finding::ok(
        about,
        format!("{host} leads to {}{by}", addresses.join(", ")),
    )
}
