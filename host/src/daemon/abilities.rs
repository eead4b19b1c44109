//! What a configured connection can do for us: take in webhooks and mails, send, be asked.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretSlice};

use crate::config::{Config, Connection, Known};
use crate::deliver::Transport;
use crate::domain::connector::{Sends, Sort};
use crate::hydrate::Source;
use crate::inbound::{Inbound, Ours, Through};
use crate::ingest;
use crate::net::{Api, Net, Reach};

/// What one connection can do.
#[derive(Default)]
pub(crate) struct Abilities {
    pub(crate) hook: Option<ingest::Connection>,
    /// Under `/hooks/NAME/inbound`.
    pub(crate) inbound: Option<ingest::Connection>,
    pub(super) transport: Option<Transport>,
    pub(super) source: Option<Source>,
}

pub(crate) fn of(
    config: &Config,
    connection: &Connection,
    key: &SecretSlice<u8>,
    net: &Arc<Net>,
) -> anyhow::Result<Abilities> {
    let ours = || Ours {
        addresses: config
            .identities
            .values()
            .map(|identity| identity.from.address.clone())
            .collect(),
        key: key.expose_secret().to_vec(),
    };
    Ok(match connection {
        Connection::Kind(known) => known_kind(known, ours(), net),
        Connection::Inbound { secret, .. } => Abilities {
            hook: Some(ingest::Connection {
                hook: Arc::new(Inbound::new(secret.clone(), ours())?),
                creates_contacts: false,
            }),
            ..Abilities::default()
        },
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

/// A CRM knows people we should know; a provider only reports on our mail.
fn known_kind(known: &Known, ours: Ours, net: &Arc<Net>) -> Abilities {
    let creates_contacts = known.kind.sort != Sort::Provider;
    let connector = &known.connector;
    let reach = reach(known);
    let api = Arc::new(api(known, net));
    let through = connector
        .receives
        .as_ref()
        .map(|receives| Arc::new(Through::new(Arc::clone(receives), ours)));
    let hydrates = match &through {
        Some(through) => Some(Arc::clone(through) as _),
        None => connector.hydrates.clone(),
    };
    Abilities {
        hook: connector.hook.clone().map(|hook| ingest::Connection {
            hook,
            creates_contacts,
        }),
        inbound: through.map(|through| ingest::Connection {
            hook: through,
            creates_contacts: false,
        }),
        transport: connector.sends.as_ref().map(|sends| match sends {
            Sends::Http(provider) => Transport::Http {
                provider: Arc::clone(provider) as _,
                reach,
            },
        }),
        source: hydrates.map(|hydrates| Source {
            hydrates,
            api,
            creates_contacts,
        }),
    }
}

/// The API of a connection, called at its pace.
pub fn api(known: &Known, net: &Arc<Net>) -> Api {
    let connector = &known.connector;
    Api::new(
        Arc::clone(net),
        reach(known),
        connector.refreshes.clone(),
        connector.pace,
    )
}

/// Private addresses may be called only where the administrator wrote the address.
fn reach(known: &Known) -> Reach {
    if known.base_url_written {
        Reach::Configured
    } else {
        Reach::Public
    }
}
