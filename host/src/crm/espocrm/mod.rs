//! EspoCRM: webhooks of a self-hosted server, one for each event, and its REST API.
//!
//! In: signed arrays of changed records; what happened to them is not in the body, but in which webhook it
//! was. Out: events in our words, requests, writes. An address can be changed by whoever replays a body,
//! so the event is told by the webhook's id, which stands in the signature, never by the address alone.
//!
//! A person is a Contact, or a Lead until it is converted; a lead's id is written `Lead/ID`, so that what
//! is written back knows where. A 410 would make the server forget the webhook ("error 410 - hook will be
//! removed immediately", EspoCRM docs, Webhooks), and a 400 the batch; the door answers neither here.

mod events;
mod fields;
mod hydrate;
mod hydrated;
mod reconcile;
mod register;
mod secrets;
mod words;
mod write;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::crm::call::Credential;
use crate::domain::Instant;
use crate::domain::connector::{Authenticity, Connector, Field, Kind, Settings, Sort, Unfit};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};

pub use secrets::{SIGNATURE_HEADER, sign};

use secrets::Secrets;

pub const KIND: Kind = Kind {
    name: "espocrm",
    title: "EspoCRM",
    sort: Sort::Crm,
    fields: &[
        Field::own_base_url(
            "https://crm.example.com",
            "The address of the CRM as you open it, without api/v1.",
        ),
        Field::secret(
            "api_key",
            "env:ESPOCRM_API_KEY",
            "The API key of an API user (Administration > API Users).",
        )
        .needed(),
        Field::secret(
            "webhook_secrets",
            "env:ESPOCRM_WEBHOOK_SECRETS",
            "The webhooks, EVENT=ID:SECRETKEY each, with commas between; without them, webhooks are refused.",
        ),
    ],
    authenticity: Authenticity::Signed,
    steps: &[
        "In EspoCRM: Administration > API Users > Create: method API Key, a role with the scope Webhooks \
         and access to contacts, leads, opportunities, meetings, calls, tasks and e-mails.",
        "Let `followup connect` make the webhooks, or: Administration > Webhooks > Create Webhook, one for \
         each event (Contact.create, Contact.update, ...), each with the URL {url}.",
        "Write them into webhook_secrets: Contact.create=ID:SECRETKEY, Contact.update=ID:SECRETKEY, ... as \
         their pages show.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let espocrm = Arc::new(EspoCrm {
        api_key: settings.needed_secret("api_key")?,
        secrets: settings
            .secret("webhook_secrets")
            .map(Secrets::parse)
            .transpose()?,
        base_url: settings.base_url()?,
    });
    Ok(Connector {
        hook: Some(Arc::clone(&espocrm) as _),
        hydrates: Some(Arc::clone(&espocrm) as _),
        reconciles: Some(Arc::clone(&espocrm) as _),
        writes: Some(Arc::clone(&espocrm) as _),
        registers: Some(Arc::clone(&espocrm) as _),
        probes: Some(espocrm),
        ..Connector::default()
    })
}

/// For events that no webhook signed: a payload that an administrator replays.
const EVENT_PARAMETER: &str = "event";

/// One server.
pub struct EspoCrm {
    api_key: SecretString,
    /// Without them, every webhook is refused.
    secrets: Option<Secrets>,
    base_url: String,
}

impl EspoCrm {
    fn credential(&self) -> Credential {
        ("x-api-key", self.api_key.expose_secret().to_owned())
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.base_url)
    }

    /// Which event a request tells of.
    fn event(&self, request: &HookRequest) -> Result<String, Malformed> {
        if let (Ok(signature), Some(secrets)) = (request.header(SIGNATURE_HEADER), &self.secrets) {
            let event = secrets.event(signature);
            return event.map(str::to_owned).ok_or_else(|| {
                Malformed("the signature names no webhook of webhook_secrets".to_owned())
            });
        }
        let query = request.url.split_once('?').map_or("", |(_, query)| query);
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == EVENT_PARAMETER)
            .map(|(_, event)| event.into_owned())
            .ok_or_else(|| {
                Malformed("the request does not tell which event it is: sign it, or add ?event=Contact.update".to_owned())
            })
    }
}

impl Hook for EspoCrm {
    fn verify(&self, request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        let secrets = self
            .secrets
            .as_ref()
            .ok_or(Refusal::NotConfigured("webhook_secrets"))?;
        secrets.verify(request)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        let Value::Array(items) = parse_json(&request.body)? else {
            let why = "the body is no JSON array: EspoCRM sends arrays of records";
            return Err(Malformed(why.to_owned()));
        };
        let event = self.event(request)?;
        Batch::collect(&items, |item| events::read(&event, item, now))
    }
}

impl fmt::Debug for EspoCrm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EspoCrm")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
