//! HubSpot: webhooks of an app, and the CRM objects API that completes them.
//!
//! In: signed batches of thin events (`verify`, `events`), answers of the objects API (`hydrate`).
//! Out: events in our words, and the GET requests that fill them in. Never: v1 and v2 signatures
//! (they sign neither a time nor, in v1, the URL), and webhooks of workflow actions, which are another
//! thing with rules of their own.
//!
//! HubSpot promises no order; `occurredAt` decides. It never retries after 400, 401, 403, 404 or 405,
//! so a wrong secret on our side loses events for good: `followup check` is the place to notice.

mod events;
mod fields;
mod hydrate;
mod hydrated;
mod verify;
mod words;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::domain::Instant;
use crate::domain::connector::{Authenticity, Connector, Field, Kind, Settings, Sort, Unfit};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};

pub use hydrated::ASSOCIATED_MAX;
pub use verify::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

pub const KIND: Kind = Kind {
    name: "hubspot",
    title: "HubSpot",
    sort: Sort::Crm,
    fields: &[
        Field::secret(
            "client_secret",
            "env:HUBSPOT_CLIENT_SECRET",
            "The app's client secret: signs webhooks.",
        )
        .needed(),
        Field::secret(
            "access_token",
            "env:HUBSPOT_ACCESS_TOKEN",
            "The app's access token: without it, webhooks that only name a contact stay unread.",
        ),
        Field::base_url("https://api.hubapi.com"),
    ],
    authenticity: Authenticity::SignedWithTime,
    steps: &[
        "In HubSpot: Settings > Integrations > Private Apps (or your developer account > Apps), open the app.",
        "Scopes: crm.objects.contacts.read and .write, crm.objects.deals.read, crm.objects.owners.read, \
         sales-email-read.",
        "Webhooks: set the target URL to {url}, and subscribe to contact, deal, meeting and e-mail events: \
         created, deleted, merged, privacy deleted, and changes of the properties that you use.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let hubspot = Arc::new(Hubspot::new(
        settings.needed_secret("client_secret")?,
        settings.secret("access_token").cloned(),
        settings.base_url()?,
    ));
    Ok(Connector {
        hook: Some(Arc::clone(&hubspot) as Arc<dyn Hook>),
        hydrates: Some(hubspot),
        ..Connector::default()
    })
}

/// One connected HubSpot app.
pub struct Hubspot {
    /// The app's client secret: the key of signature v3.
    client_secret: SecretString,
    /// Without one, events stay as thin as they came.
    access_token: Option<SecretString>,
    base_url: String,
}

impl Hubspot {
    pub fn new(
        client_secret: SecretString,
        access_token: Option<SecretString>,
        base_url: String,
    ) -> Self {
        Self {
            client_secret,
            access_token,
            base_url,
        }
    }
}

impl Hook for Hubspot {
    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        verify::verify(self.client_secret.expose_secret(), request, now)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        match parse_json(&request.body)? {
            Value::Array(items) => Batch::collect(&items, |item| events::read(item, now)),
            _ => Err(Malformed(
                "the body is no JSON array: HubSpot apps send arrays of events; an object comes \
                 from a workflow's \"Send a webhook\" action, which is not supported here"
                    .to_owned(),
            )),
        }
    }
}

impl fmt::Debug for Hubspot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hubspot")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
