//! Who writes, and what their mails carry, from the configuration.

use secrecy::SecretSlice;

use crate::compose::Letterhead;
use crate::config::{self, Config, Connection};
use crate::domain::mail::{Identity, TrackingDomain};
use crate::domain::manifest::Manifest;
use crate::domain::{EmailAddress, digest};

/// The name of the transport that identities without a provider use.
pub(super) const CAPTURE: &str = "capture";

/// An identity, ready to write.
pub fn identity(config: &Config, name: &str, identity: &config::Identity) -> Identity {
    Identity {
        name: name.to_owned(),
        from: identity.from.clone(),
        reply_to: identity.reply_to.clone(),
        connection: identity
            .connection
            .clone()
            .unwrap_or_else(|| CAPTURE.to_owned()),
        quirks: config.quirks_of(identity),
        inbound: inbound(config, identity),
        unsubscribe_mailto: identity.unsubscribe_mailto.clone(),
        tracking: identity.tracking.as_ref().map(|tracking| TrackingDomain {
            base_url: tracking.url.clone(),
            opens: tracking.opens,
            clicks: tracking.clicks,
        }),
    }
}

/// Where answers come in. An identity that names an address of its own for them gets them there, and
/// has to pass them on.
fn inbound(config: &Config, identity: &config::Identity) -> Option<EmailAddress> {
    if identity.reply_to.is_some() {
        return None;
    }
    let mut connections = config.connections.values();
    connections.find_map(Connection::inbound_address).cloned()
}

/// A digest of everything that mails are composed from beside the contact.
pub(super) fn texts(config: &Config, plugins: &[Manifest]) -> String {
    let files = &config.templates;
    let sources = files
        .templates
        .iter()
        .chain(&files.snippets)
        .flat_map(|file| {
            let sequence = file.sequence.as_deref().unwrap_or_default();
            [sequence, file.name.as_str(), file.source.as_str()]
        });
    let defaults = plugins.iter().flat_map(|plugin| {
        plugin.templates.iter().flat_map(|(name, template)| {
            [
                name.as_str(),
                template.subject.as_str(),
                template.body.as_str(),
            ]
        })
    });
    let names = config.identities.values().map(|identity| {
        let name = identity.from.name.as_deref();
        name.unwrap_or_default()
    });
    let company = [&config.company.name, &config.company.postal_address]
        .map(|text| text.as_deref().unwrap_or_default());
    let url = config.server.public_url.as_deref().unwrap_or_default();
    let parts: Vec<&[u8]> = sources
        .chain(defaults)
        .chain(names)
        .chain(company)
        .chain([url])
        .map(str::as_bytes)
        .collect();
    digest::id("txt", &parts)
}

/// What every mail carries; `key` signs what leads back to it.
pub fn letterhead(config: &Config, key: SecretSlice<u8>) -> Letterhead {
    Letterhead {
        company_name: config.company.name.clone(),
        postal_address: config.company.postal_address.clone(),
        // Not the address it listens on: that leads recipients nowhere.
        public_url: config.server.public_url.clone(),
        key,
        plain_text: config
            .sequences
            .iter()
            .filter(|(_, sequence)| sequence.plain_text)
            .map(|(name, _)| name.clone())
            .collect(),
        identify: config.visits.identify.clone(),
    }
}
