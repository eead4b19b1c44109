//! HubSpot: webhooks of an app, and the CRM objects API that completes them.
//!
//! In: signed batches of thin events (`verify`, `events`), answers of the objects API (`hydrate`,
//! `reconcile`), writes (`write`). Out: events in our words, and the requests that fill them in, look for
//! more and write back. Never: v1 and v2 signatures
//! (they sign neither a time nor, in v1, the URL), and webhooks of workflow actions, which are another
//! thing with rules of their own.
//!
//! HubSpot promises no order; `occurredAt` decides. It never retries after 400, 401, 403, 404 or 405,
//! so a wrong secret on our side loses events for good: `followup check` is the place to notice.

mod api;
mod events;
mod fields;
mod hydrate;
mod hydrated;
mod reconcile;
mod register;
mod verify;
mod words;
mod write;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::domain::Instant;
use crate::domain::connector::{Authenticity, Connector, Field, Kind, Pace, Settings, Sort, Unfit};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::instant::SECOND_MS;

use register::PublicApp;

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
        Field::text(
            "app_id",
            "1234567",
            "The app id of a public app, to register its webhooks; a private app has none to write.",
        ),
        Field::secret(
            "developer_api_key",
            "env:HUBSPOT_DEVELOPER_API_KEY",
            "The key of the developer account that owns the public app, to register its webhooks.",
        ),
        Field::base_url("https://api.hubapi.com"),
    ],
    authenticity: Authenticity::SignedWithTime,
    steps: &[
        "In HubSpot: Settings > Integrations > Private Apps (or your developer account > Apps), open the app.",
        "Scopes: crm.objects.contacts.read and .write, crm.objects.deals.read, crm.objects.owners.read, \
         sales-email-read. Copy the access token and the client secret.",
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
    let with_token = hubspot.access_token.as_ref().map(|_| &hubspot);
    Ok(Connector {
        hook: Some(Arc::clone(&hubspot) as Arc<dyn Hook>),
        // Without a token too: an event then stays thin for a reason that can be read.
        hydrates: Some(Arc::clone(&hubspot) as _),
        reconciles: with_token.map(|hubspot| Arc::clone(hubspot) as _),
        writes: with_token.map(|hubspot| Arc::clone(hubspot) as _),
        probes: with_token.map(|hubspot| Arc::clone(hubspot) as _),
        registers: public_app(settings)?.map(|app| Arc::new(app) as _),
        pace: Some(PACE),
        ..Connector::default()
    })
}

/// "Private apps: 100 requests per 10 seconds" in the smallest subscriptions (HubSpot docs, "Usage guidelines").
const PACE: Pace = Pace {
    calls: 100,
    per_ms: 10 * SECOND_MS,
    concurrent_max: 8,
};

fn public_app(settings: &Settings) -> Result<Option<PublicApp>, Unfit> {
    let (id, key) = (
        settings.text("app_id"),
        settings.secret("developer_api_key"),
    );
    let (Some(app_id), Some(developer_key)) = (id, key) else {
        return Ok(None);
    };
    if !api::is_id(app_id) {
        return Err(Unfit::new(
            "app_id",
            "is no number",
            "write the number that HubSpot shows",
        ));
    }
    Ok(Some(PublicApp {
        app_id: app_id.to_owned(),
        developer_key: developer_key.clone(),
        base_url: settings.base_url()?,
    }))
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
