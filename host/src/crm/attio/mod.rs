//! Attio: webhooks of a workspace, and the API that completes them.
//!
//! In: signed batches of thin events ("Currently, each delivery contains exactly one event, but this may
//! change in the future", Attio docs, Webhook reference), answers of the API. Out: events in our words,
//! requests that fill them in, writes, searches. Never: trust in an object's UUID to say what it is;
//! the record's own attributes do.
//!
//! No event carries a time or an id of its own. The header `Idempotency-Key` is the same for the
//! retries of one delivery (Attio docs, "Configuring webhooks") and makes the key.

mod events;
mod fields;
mod hydrate;
mod hydrated;
mod reconcile;
mod register;
mod words;
mod write;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::crm::call::Credential;
use crate::crm::stages::{self, Stages};
use crate::domain::connector::{Authenticity, Connector, Field, Kind, Pace, Settings, Sort, Unfit};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::instant::SECOND_MS;
use crate::domain::{Instant, digest};
use crate::signatures::hmac;

/// In hexadecimal; `X-Attio-Signature` holds the same.
pub const SIGNATURE_HEADER: &str = "attio-signature";
const DELIVERY_HEADER: &str = "idempotency-key";

pub const KIND: Kind = Kind {
    name: "attio",
    title: "Attio",
    sort: Sort::Crm,
    fields: &[
        Field::secret(
            "access_token",
            "env:ATTIO_ACCESS_TOKEN",
            "An API key of the workspace.",
        )
        .needed(),
        Field::secret(
            "webhook_secret",
            "env:ATTIO_WEBHOOK_SECRET",
            "The secret of the webhook, shown once when it is made; without it, webhooks are refused.",
        ),
        Field::text(
            "people_object",
            "97052eb9-e65e-443f-a297-f2d9a4a7f795",
            "The id of the object People: events then say at once what they are about.",
        ),
        Field::text(
            "deals_object",
            "5f4f2d9c-2b3e-4a83-9c76-1de3a3f14f26",
            "The id of the object Deals.",
        ),
        Field::text(
            "own_actor",
            "50cf242c-7fa3-4cad-87d0-75b1af71c57b",
            "The actor id of the API key, as in created_by_actor of what it wrote: its changes are our own.",
        ),
        stages::WON,
        stages::LOST,
        Field::base_url("https://api.attio.com"),
    ],
    authenticity: Authenticity::Signed,
    steps: &[
        "In Attio: Workspace settings > Developers > New access token; scopes: records, object \
         configuration, lists, notes, tasks, meetings, users, webhooks: read; notes, tasks and records \
         also write.",
        "Let `followup connect` make the webhook, or: the same page > Webhooks > New webhook: {url}, all \
         events of records, list entries, notes, tasks and call recordings.",
        "Copy the webhook's secret, which is shown once, into webhook_secret.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let text = |key| settings.text(key).map(str::to_owned);
    let attio = Arc::new(Attio {
        access_token: settings.needed_secret("access_token")?,
        webhook_secret: settings.password("webhook_secret")?,
        people_object: text("people_object"),
        deals_object: text("deals_object"),
        own_actor: text("own_actor"),
        stages: Stages::of(settings),
        base_url: settings.base_url()?,
    });
    Ok(Connector {
        hook: Some(Arc::clone(&attio) as _),
        hydrates: Some(Arc::clone(&attio) as _),
        reconciles: Some(Arc::clone(&attio) as _),
        writes: Some(Arc::clone(&attio) as _),
        registers: Some(Arc::clone(&attio) as _),
        probes: Some(attio),
        pace: Some(PACE),
        ..Connector::default()
    })
}

/// "100 requests per second for read requests, 25 requests per second for write requests" (Attio docs,
/// "Rate limiting"): the smaller one, as both share a lane.
const PACE: Pace = Pace {
    calls: 25,
    per_ms: SECOND_MS,
    concurrent_max: 5,
};

/// One workspace.
pub struct Attio {
    access_token: SecretString,
    /// Without one, every webhook is refused.
    webhook_secret: Option<SecretString>,
    people_object: Option<String>,
    deals_object: Option<String>,
    own_actor: Option<String>,
    stages: Stages,
    base_url: String,
}

impl Attio {
    fn credential(&self) -> Credential {
        let token = self.access_token.expose_secret();
        ("authorization", format!("Bearer {token}"))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/v2/{path}", self.base_url)
    }
}

impl Hook for Attio {
    fn verify(&self, request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        let secret = self
            .webhook_secret
            .as_ref()
            .ok_or(Refusal::NotConfigured("webhook_secret"))?;
        let signature = request.header(SIGNATURE_HEADER)?;
        if hmac::verify_hex(
            secret.expose_secret().as_bytes(),
            &[&request.body],
            signature,
        ) {
            Ok(())
        } else {
            Err(Refusal::BadSignature)
        }
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        let body = parse_json(&request.body)?;
        let Some(events) = body.get("events").and_then(Value::as_array) else {
            let why = "`events` is missing: Attio sends an object with an array of events";
            return Err(Malformed(why.to_owned()));
        };
        let delivery = request.header(DELIVERY_HEADER).unwrap_or_default();
        let others: Vec<Value> = events
            .iter()
            .filter(|event| !self.is_own(event))
            .cloned()
            .collect();
        let key = |event: &Value| {
            let event = event.to_string();
            digest::id("at", &[delivery.as_bytes(), event.as_bytes()])
        };
        Batch::collect(&others, |event| self.read(event, key(event), now))
    }
}

impl Attio {
    /// Whether this connection caused it.
    fn is_own(&self, event: &Value) -> bool {
        let actor = event.pointer("/actor/id").and_then(Value::as_str);
        actor.is_some() && actor == self.own_actor.as_deref()
    }
}

impl fmt::Debug for Attio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attio")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
