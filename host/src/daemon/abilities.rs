//! What a configured connection can do for us: take in webhooks, send mail, be asked for details.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretSlice};

use crate::config::{BaseUrl, Config, Connection};
use crate::crm::cloudevents::CloudEvents;
use crate::crm::hubspot::Hubspot;
use crate::deliver::Transport;
use crate::domain::hook::Hook;
use crate::domain::mail::Provider;
use crate::hydrate::Source;
use crate::inbound::{Inbound, Ours};
use crate::ingest;
use crate::net::Reach;
use crate::providers::resend::Resend;
use crate::providers::sendgrid::SendGrid;

/// What one connection can do.
#[derive(Default)]
pub(super) struct Abilities {
    pub(super) hook: Option<ingest::Connection>,
    pub(super) transport: Option<Transport>,
    pub(super) source: Option<Source>,
}

pub(super) fn of(
    config: &Config,
    connection: &Connection,
    key: &SecretSlice<u8>,
) -> anyhow::Result<Abilities> {
    let hook = |hook: Arc<dyn Hook>, creates_contacts| {
        Some(ingest::Connection {
            hook,
            creates_contacts,
        })
    };
    Ok(match connection {
        Connection::Hubspot {
            client_secret,
            access_token,
            base_url,
        } => {
            let hubspot = Arc::new(Hubspot::new(
                client_secret.clone(),
                access_token.clone(),
                base_url.url.clone(),
            ));
            Abilities {
                hook: hook(Arc::clone(&hubspot) as Arc<dyn Hook>, true),
                source: Some(Source {
                    hubspot,
                    reach: reach(base_url),
                }),
                ..Abilities::default()
            }
        }
        Connection::CloudEvents { secret } => Abilities {
            hook: hook(Arc::new(CloudEvents::new(secret)?), true),
            ..Abilities::default()
        },
        Connection::SendGrid {
            api_key,
            webhook_public_key,
            base_url,
        } => {
            let sendgrid = Arc::new(SendGrid::new(
                api_key.clone(),
                webhook_public_key.as_ref().map(ExposeSecret::expose_secret),
                base_url.url.clone(),
            )?);
            Abilities {
                hook: hook(Arc::clone(&sendgrid) as Arc<dyn Hook>, false),
                transport: Some(http(sendgrid, base_url)),
                ..Abilities::default()
            }
        }
        Connection::Resend {
            api_key,
            webhook_secret,
            base_url,
        } => {
            let resend = Arc::new(Resend::new(
                api_key.clone(),
                webhook_secret.as_ref(),
                base_url.url.clone(),
            )?);
            Abilities {
                hook: hook(Arc::clone(&resend) as Arc<dyn Hook>, false),
                transport: Some(http(resend, base_url)),
                ..Abilities::default()
            }
        }
        Connection::Inbound { secret, .. } => {
            let ours = Ours {
                addresses: config
                    .identities
                    .values()
                    .map(|identity| identity.from.address.clone())
                    .collect(),
                key: key.expose_secret().to_vec(),
            };
            Abilities {
                hook: hook(Arc::new(Inbound::new(secret.clone(), ours)?), false),
                ..Abilities::default()
            }
        }
        Connection::Capture { folder } => Abilities {
            transport: Some(Transport::Capture {
                folder: folder
                    .clone()
                    .unwrap_or_else(|| config.deliver.outbox.clone()),
            }),
            ..Abilities::default()
        },
        // What plugins do is wired in `triggers`.
        Connection::Trigger(_) => Abilities::default(),
    })
}

fn http(provider: Arc<dyn Provider>, base_url: &BaseUrl) -> Transport {
    Transport::Http {
        provider,
        reach: reach(base_url),
    }
}

/// Private addresses may be called only where the administrator wrote the address.
fn reach(base_url: &BaseUrl) -> Reach {
    if base_url.written {
        Reach::Configured
    } else {
        Reach::Public
    }
}
