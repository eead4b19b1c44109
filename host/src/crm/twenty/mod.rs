//! Twenty: webhooks that carry the whole record, and the REST API of a cloud or self-hosted workspace.
//!
//! In: one signed event a request, in either of two shapes (the server's own, and the one its
//! documentation shows). Out: events in our words, requests, writes under ids that we choose. Twenty
//! calls once and forgets ("Non-2xx responses are logged as delivery failures", Twenty docs, Webhooks),
//! so the reconcile poll matters here.

mod events;
mod fields;
mod hydrate;
mod reconcile;
mod register;
mod words;
mod write;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::crm::call::Credential;
use crate::crm::stages::{self, Stages};
use crate::domain::Instant;
use crate::domain::connector::{Authenticity, Connector, Field, Kind, Pace, Settings, Sort, Unfit};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, check_fresh, parse_json};
use crate::domain::instant::MINUTE_MS;
use crate::signatures::hmac;

/// In hexadecimal, over the timestamp, a colon and the body.
pub const SIGNATURE_HEADER: &str = "x-twenty-webhook-signature";
/// Unix milliseconds.
pub const TIMESTAMP_HEADER: &str = "x-twenty-webhook-timestamp";

pub const KIND: Kind = Kind {
    name: "twenty",
    title: "Twenty",
    sort: Sort::Crm,
    fields: &[
        Field::secret(
            "api_key",
            "env:TWENTY_API_KEY",
            "An API key of the workspace (Settings > APIs & Webhooks).",
        )
        .needed(),
        Field::secret(
            "webhook_secret",
            "env:TWENTY_WEBHOOK_SECRET",
            "The secret of the webhook; without it, webhooks are refused.",
        ),
        Field::choice(
            "person_field",
            &["targetPersonId", "personId"],
            "targetPersonId",
            "What tasks and notes are tied to a person by: personId before version 1.17.",
        ),
        stages::WON,
        stages::LOST,
        Field::base_url("https://api.twenty.com"),
    ],
    authenticity: Authenticity::SignedWithTime,
    steps: &[
        "In Twenty: Settings > APIs & Webhooks > API keys > Create: copy it into api_key. A workspace of \
         your own server also needs base_url.",
        "Let `followup connect` make the webhook, or: the same page > Webhooks > Create: {url}, all \
         objects; its secret into webhook_secret.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let twenty = Arc::new(Twenty {
        api_key: settings.needed_secret("api_key")?,
        webhook_secret: settings.password("webhook_secret")?,
        is_morph: settings.needed_text("person_field")? == "targetPersonId",
        stages: Stages::of(settings),
        base_url: settings.base_url()?,
    });
    Ok(Connector {
        hook: Some(Arc::clone(&twenty) as _),
        hydrates: Some(Arc::clone(&twenty) as _),
        reconciles: Some(Arc::clone(&twenty) as _),
        writes: Some(Arc::clone(&twenty) as _),
        registers: Some(Arc::clone(&twenty) as _),
        probes: Some(twenty),
        pace: Some(PACE),
        ..Connector::default()
    })
}

/// "100 requests per minute" (Twenty docs, APIs, "Rate limits").
const PACE: Pace = Pace {
    calls: 100,
    per_ms: MINUTE_MS,
    concurrent_max: 2,
};

/// One workspace.
pub struct Twenty {
    api_key: SecretString,
    /// Without one, every webhook is refused.
    webhook_secret: Option<SecretString>,
    /// Since 1.17 the targets of tasks and notes are morph relations: `targetPersonId`, before `personId`
    /// (twentyhq/twenty, pull request 17476).
    is_morph: bool,
    stages: Stages,
    base_url: String,
}

impl Twenty {
    fn credential(&self) -> Credential {
        let key = self.api_key.expose_secret();
        ("authorization", format!("Bearer {key}"))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/rest/{path}", self.base_url)
    }
}

impl Hook for Twenty {
    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        let secret = self
            .webhook_secret
            .as_ref()
            .ok_or(Refusal::NotConfigured("webhook_secret"))?;
        let signature = request.header(SIGNATURE_HEADER)?;
        let timestamp = request.header(TIMESTAMP_HEADER)?;
        let ms: i64 = timestamp
            .parse()
            .map_err(|_| Refusal::MalformedHeader(TIMESTAMP_HEADER.into()))?;
        check_fresh(Instant(ms), now)?;
        let message = [timestamp.as_bytes(), b":", &request.body];
        if hmac::verify_hex(secret.expose_secret().as_bytes(), &message, signature) {
            Ok(())
        } else {
            Err(Refusal::BadSignature)
        }
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        let body = parse_json(&request.body)?;
        if !body.is_object() {
            return Err(Malformed(
                "the body is no JSON object: Twenty sends one event a request".to_owned(),
            ));
        }
        Batch::collect(&[body], |event| events::read(event, &self.stages, now))
    }
}

impl fmt::Debug for Twenty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twenty")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
