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
use crate::reconcile::{Asked, What, renewal};
use crate::store::writebacks::Writer;
use crate::writeback::Crm;

/// What one connection can do.
#[derive(Default)]
pub(crate) struct Abilities {
    pub(crate) hook: Option<ingest::Connection>,
    /// Under `/hooks/NAME/inbound`.
    pub(crate) inbound: Option<ingest::Connection>,
    pub(super) transport: Option<Transport>,
    pub(super) source: Option<Source>,
    /// By the name of the poll.
    pub(super) asked: Vec<(String, Asked)>,
    pub(super) writer: Option<(Writer, Crm)>,
}

pub(crate) fn of(
    config: &Config,
    name: &str,
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
        Connection::Kind(known) => known_kind(config, name, known, ours(), net),
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
fn known_kind(config: &Config, name: &str, known: &Known, ours: Ours, net: &Arc<Net>) -> Abilities {
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
    let writes = connector.writes.as_ref().filter(|_| known.write_back);
    Abilities {
        asked: asked(config, name, known, &api),
        writer: writes.map(|writes| {
            let writer = Writer {
                connection: name.to_owned(),
                log_mail: known.log_mail,
            };
            let crm = Crm {
                writes: Arc::clone(writes),
                api: Arc::clone(&api),
            };
            (writer, crm)
        }),
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
            Sends::Smtp(server) => Transport::Smtp(Arc::new(net.submitter(Arc::clone(server)))),
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

/// What is asked of a CRM at an interval. A subscription is renewed only where webhooks can arrive.
fn asked(config: &Config, name: &str, known: &Known, api: &Arc<Api>) -> Vec<(String, Asked)> {
    let of = |what, every_ms| Asked {
        connection: name.to_owned(),
        what,
        api: Arc::clone(api),
        every_ms,
    };
    let connector = &known.connector;
    let mut all = Vec::new();
    if let (Some(source), Some(every_ms)) = (&connector.reconciles, known.reconcile_every_ms) {
        all.push((
            name.to_owned(),
            of(What::Modified(Arc::clone(source)), every_ms),
        ));
    }
    if let (Some(renews), Some(public_url)) = (&connector.renews, &config.server.public_url) {
        let url = format!("{}/hooks/{name}", public_url.trim_end_matches('/'));
        let what = What::Renewal {
            renews: Arc::clone(renews),
            url,
        };
        all.push((renewal(name), of(what, renews.every_ms())));
    }
    all
}

/// Private addresses may be called only where the administrator wrote the address.
fn reach(known: &Known) -> Reach {
    if known.base_url_written {
        Reach::Configured
    } else {
        Reach::Public
    }
}
