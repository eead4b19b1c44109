//! CloudEvents 1.0 over HTTP, signed by Standard Webhooks: the door for everything without a folder
//! of its own (websites, forms, in-house systems, other CRMs through their automations).
//!
//! In: one event (`application/cloudevents+json`), a batch (`application/cloudevents-batch+json`), or
//! either as plain `application/json`. Out: events in our words (`kinds`) with what they tell about
//! the contact (`events`). Never: binary mode (attributes in `ce-` headers), whose headers the
//! signature would not cover.

mod events;
mod kinds;

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value;

use crate::domain::Instant;
use crate::domain::connector::{Authenticity, Connector, Field, Kind, Settings, Sort, Unfit};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::signatures::KeyError;
use crate::signatures::standard_webhooks::{self, Secret};

pub const KIND: Kind = Kind {
    name: "cloudevents",
    title: "CloudEvents",
    sort: Sort::Sender,
    fields: &[Field::secret(
        "secret",
        "env:WEBHOOK_SECRET",
        "Signs requests by Standard Webhooks: whsec_ and base64.",
    )
    .needed()],
    authenticity: Authenticity::SignedWithTime,
    steps: &[
        "Have your system POST CloudEvents (JSON) to {url}.",
        "Sign each request by Standard Webhooks (standardwebhooks.com) with the same secret.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    settings.needed_secret("secret")?;
    let secret = standard_webhooks::setting(settings, "secret")?;
    Ok(Connector {
        hook: secret.map(|secret| Arc::new(CloudEvents { secret }) as Arc<dyn Hook>),
        ..Connector::default()
    })
}

/// One connection for CloudEvents.
#[derive(Debug)]
pub struct CloudEvents {
    secret: Secret,
}

impl CloudEvents {
    /// `secret` is `whsec_` and base64.
    pub fn new(secret: &SecretString) -> Result<Self, KeyError> {
        Ok(Self {
            secret: Secret::parse(secret)?,
        })
    }
}

impl Hook for CloudEvents {
    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        standard_webhooks::verify(&self.secret, request, now)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        let format = format(request)?;
        let items = match (format, parse_json(&request.body)?) {
            (Format::One | Format::Either, event @ Value::Object(_)) => vec![event],
            (Format::Batch | Format::Either, Value::Array(items)) => items,
            (Format::One, _) => {
                return Err(shape("application/cloudevents+json", "one JSON object"));
            }
            (Format::Batch, _) => {
                return Err(shape("application/cloudevents-batch+json", "a JSON array"));
            }
            (Format::Either, _) => return Err(shape("application/json", "an object or an array")),
        };
        Batch::collect(&items, |item| events::read(item, now))
    }
}

#[derive(Clone, Copy)]
enum Format {
    One,
    Batch,
    Either,
}

/// "CloudEvents HTTP Protocol Binding 1.0", 3: the content type tells the mode.
fn format(request: &HookRequest) -> Result<Format, Malformed> {
    let header = match request.header("content-type") {
        Ok(text) => text,
        Err(Refusal::MissingHeader(_)) => return Ok(Format::Either),
        Err(repeated) => return Err(Malformed(repeated.to_string())),
    };
    let media_type = header.split(';').next().unwrap_or_default().trim();
    match media_type.to_ascii_lowercase().as_str() {
        "application/cloudevents+json" => Ok(Format::One),
        "application/cloudevents-batch+json" => Ok(Format::Batch),
        "application/json" => Ok(Format::Either),
        other => Err(Malformed(format!(
            "Content-Type {other:?} is not understood: send application/cloudevents+json, \
             application/cloudevents-batch+json or application/json"
        ))),
    }
}

fn shape(media_type: &str, expected: &str) -> Malformed {
    Malformed(format!("the body of {media_type} must be {expected}"))
}
