//! The domains of counted links: they must lead to this server, and be the sender's own.

use std::collections::BTreeSet;

use super::{Finding, OFFLINE, Zone, address, host_name};
use crate::config::Config;

pub(super) async fn look(config: &Config, zone: Option<&dyn Zone>) -> Vec<Finding> {
    let hosts: BTreeSet<String> = config
        .identities
        .values()
        .filter_map(|identity| identity.tracking.as_ref())
        .filter_map(|tracking| host_name(&tracking.url))
        .collect();
    let mut findings = Vec::new();
    for host in hosts {
        let about = format!("tracking domain {host}");
        findings.push(match zone {
            None => Finding::skipped(&about, OFFLINE),
            Some(zone) => address::resolves(&about, &host, zone).await,
        });
    }
    findings
}
