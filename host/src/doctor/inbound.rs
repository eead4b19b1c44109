//! Where replies come in: the domain of a reply address must have its mail handed to whoever passes it on.

use super::senders::{self, Sender};
use super::{Finding, OFFLINE, Record, Zone};
use crate::config::{Config, Connection};

pub(super) async fn look(config: &Config, zone: Option<&dyn Zone>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, connection) in &config.connections {
        let Some(address) = connection.inbound_address() else {
            continue;
        };
        let about = format!("replies {name}");
        let Some(zone) = zone else {
            findings.push(Finding::skipped(&about, OFFLINE));
            continue;
        };
        let domain = address.domain();
        findings.push(match zone.ask(domain, Record::Mx).await {
            Ok(hosts) => judge(&about, domain, &hosts, connection),
            Err(unanswered) => Finding::skipped(&about, unanswered.to_string()),
        });
    }
    findings
}

fn judge(about: &str, domain: &str, hosts: &[String], connection: &Connection) -> Finding {
    let sender = senders::of(connection.kind());
    let wanted = sender.and_then(|sender| sender.mx);
    let whose = sender.map_or("your mail server", |sender| sender.title);
    let remedy = match wanted {
        Some(host) => format!("add an MX record for {domain}: {host}, as {whose} shows it"),
        None => format!("add an MX record for {domain} that leads to {whose}"),
    };
    // RFC 7505, 3: "a single MX RR with an RDATA section consisting of preference number 0 and a
    // zero-length label [...] as the exchange domain" says that the domain takes no mail.
    let names: Vec<&str> = hosts
        .iter()
        .filter_map(|host| host.split_whitespace().nth(1))
        .collect();
    if names.is_empty() || names == ["."] {
        let found = format!("{domain} takes no mail: replies are lost");
        return Finding::problem(about, found, remedy);
    }
    let leads = |sender: &Sender| {
        sender
            .mx
            .is_none_or(|wanted| names.iter().any(|name| name.ends_with(wanted)))
    };
    if sender.is_some_and(|sender| !leads(sender)) {
        let found = format!(
            "mail for {domain} goes to {}, not to {whose}",
            names.join(", ")
        );
        return Finding::problem(about, found, remedy);
    }
    Finding::ok(
        about,
        format!("mail for {domain} goes to {}", names.join(", ")),
    )
}
