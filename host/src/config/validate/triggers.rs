//! Connections of the kind `trigger`, held against the manifests of their plugins.

use std::net::IpAddr;

use url::Url;

use crate::config::places::token;
use crate::config::{Connection, Trigger};
use crate::domain::manifest::{HostPattern, Manifest, PluginKind};
use crate::domain::spelling;
use crate::signatures::scheme::Verifier;

use super::{Check, schema};

impl<'a> Check<'a> {
    pub(super) fn triggers(&mut self) {
        for (name, connection) in &self.config.connections {
            if let Connection::Trigger(trigger) = connection {
                self.trigger(name, trigger);
            }
        }
    }

    fn trigger(&mut self, name: &str, trigger: &Trigger) {
        let at = format!("/connections/{}", token(name));
        let Some(manifest) = self.plugin(name, trigger, &at) else {
            return;
        };
        let complaints = schema::check(&manifest.config, &trigger.config, &[]);
        self.told(complaints, &format!("connections.{name}"), &at, manifest);
        self.secrets(name, trigger, manifest, &at);
        self.hosts(name, trigger, manifest, &at);
        if trigger.poll_every_ms.is_some() && manifest.poll.is_none() {
            let message = format!(
                "connections.{name}.poll_every: {} is not polled, it waits for webhooks",
                manifest.id
            );
            let remedy = "remove poll_every".to_owned();
            self.error(&format!("{at}/poll_every"), message, remedy);
        }
    }

    fn plugin(&mut self, name: &str, trigger: &Trigger, at: &str) -> Option<&'a Manifest> {
        let named = |manifest: &&Manifest| manifest.id == trigger.plugin;
        let (message, remedy) = match self.manifests.iter().find(named) {
            Some(manifest) if manifest.kind == PluginKind::Trigger => return Some(manifest),
            Some(manifest) => (
                format!("names {:?}, a {}", manifest.id, manifest.kind.as_str()),
                "name a trigger".to_owned(),
            ),
            None => {
                let triggers = self
                    .manifests
                    .iter()
                    .filter(|manifest| manifest.kind == PluginKind::Trigger)
                    .map(|manifest| manifest.id.as_str());
                (
                    format!("names {:?}, which is not installed", trigger.plugin),
                    spelling::suggest(&trigger.plugin, triggers),
                )
            }
        };
        let message = format!("connections.{name}.plugin {message}");
        self.error(&format!("{at}/plugin"), message, remedy);
        None
    }

    /// Every secret that the manifest asks for, and no other: one that nobody reads is misspelt.
    fn secrets(&mut self, name: &str, trigger: &Trigger, manifest: &Manifest, at: &str) {
        let asked = &manifest.grants.secrets;
        for secret in asked {
            let key = &secret.name;
            let pointer = format!("{at}/secrets/{}", token(key));
            match trigger.secrets.get(key) {
                // One that is written but wrong was complained about where it stands.
                None if secret.optional || self.config.places.has(&pointer) => {}
                None => {
                    let message = format!(
                        "connections.{name}.secrets lacks {key}: {}",
                        secret.reason.trim_end_matches('.')
                    );
                    let remedy = format!("add {key} = \"env:NAME\"");
                    self.error(&format!("{at}/secrets"), message, remedy);
                }
                Some(value) => {
                    let verify = manifest.verify.as_ref();
                    let verify = verify.filter(|verify| verify.secret == *key);
                    if let Some(Err(e)) = verify.map(|verify| Verifier::new(verify, value)) {
                        let message = format!("connections.{name}.secrets.{key} {e}");
                        let remedy = "copy it again from where the sender shows it".to_owned();
                        self.error(&pointer, message, remedy);
                    }
                }
            }
        }
        for key in trigger.secrets.keys() {
            if !asked.iter().any(|secret| secret.name == *key) {
                let known = asked.iter().map(|secret| secret.name.as_str());
                let remedy = if asked.is_empty() {
                    "remove it".to_owned()
                } else {
                    spelling::suggest(key, known)
                };
                let message = format!(
                    "connections.{name}.secrets.{key}: {} asks for no such secret",
                    manifest.id
                );
                self.error(&format!("{at}/secrets/{}", token(key)), message, remedy);
            }
        }
    }

    /// The administrator's hosts are among the manifest's; where the manifest leaves a host to the
    /// configuration, there is one.
    fn hosts(&mut self, name: &str, trigger: &Trigger, manifest: &Manifest, at: &str) {
        let mut granted = Vec::new();
        for grant in &manifest.grants.http {
            let Some(pointer) = grant.host.config_pointer() else {
                granted.push(grant.host.clone());
                continue;
            };
            let written = trigger.config.pointer(pointer).and_then(|url| url.as_str());
            match written.map(host_of) {
                Some(Some(host)) => granted.push(HostPattern(host)),
                // A URL that may be left out grants nothing.
                None => {}
                Some(None) => {
                    let key = pointer.replace('/', ".");
                    let message = format!("connections.{name}.config{key} is no URL with a host");
                    let remedy = "write it like https://api.example.com/v1/items".to_owned();
                    self.error(&format!("{at}/config{pointer}"), message, remedy);
                }
            }
        }
        for (index, host) in trigger.hosts.iter().flatten().enumerate() {
            if !granted.iter().any(|granted| includes(granted, host)) {
                let all: Vec<_> = granted.iter().map(|host| host.0.as_str()).collect();
                let message = format!(
                    "connections.{name}.hosts: {} does not ask for {}",
                    manifest.id, host.0
                );
                let remedy = if all.is_empty() {
                    "remove hosts: it calls nobody".to_owned()
                } else {
                    format!("use some of: {}", all.join(", "))
                };
                self.error(&format!("{at}/hosts/{index}"), message, remedy);
            }
        }
    }
}

/// The host of a web address, in lower case.
fn host_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let web = matches!(url.scheme(), "http" | "https");
    url.host_str().filter(|_| web).map(str::to_owned)
}

/// Whether everything that `narrow` means is meant by `wide`.
fn includes(wide: &HostPattern, narrow: &HostPattern) -> bool {
    let name = narrow.0.strip_prefix("*.").unwrap_or(&narrow.0);
    wide == narrow || (wide.matches(name) && name.parse::<IpAddr>().is_err())
}
