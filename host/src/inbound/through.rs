//! `POST /hooks/{connection}/inbound`: received mails in the shape of a provider's inbound webhook.
//!
//! In: what the provider's mapping made of the request, raw mails or names of mails. Out: the same events
//! as of a mail that came raw. A mail that is only named becomes a thin event, and is fetched by the
//! hydrate loop.

use std::sync::Arc;

use serde_json::{Value, json};

use super::classify::{Ours, classify};
use super::events::events;
use super::mail::{Envelope, InboundMail};
use super::{ENVELOPE_MAX, MAIL_MAX_BYTES};
use crate::domain::connector::{AskError, Hydrates, RawMail, Received, Receives};
use crate::domain::event::{self, Hydrate};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, Rejected};
use crate::domain::http::{Request, Response};
use crate::domain::{ContactPatch, ContactRef, Instant, JsonMap, NewEvent};

/// What a mail is called until it was fetched.
const MAIL_RECEIVED: &str = "mail-received";
/// The word of its `hydrate`.
const MAIL: &str = "mail";
/// Mails of one request.
const MAILS_MAX: usize = 100;

/// A provider that receives our mail.
pub struct Through {
    provider: Arc<dyn Receives>,
    ours: Ours,
}

impl Through {
    /// `ours`: the addresses we write from, and the key of reply tokens.
    pub fn new(provider: Arc<dyn Receives>, ours: Ours) -> Self {
        Self { provider, ours }
    }

    fn read(&self, raw: &RawMail, now: Instant) -> Result<Vec<NewEvent>, String> {
        let envelope = Envelope {
            from: raw.envelope_from.clone(),
            to: raw.envelope_to.iter().take(ENVELOPE_MAX).cloned().collect(),
        };
        let mail = InboundMail::read(&raw.bytes, &envelope);
        if !mail.is_mail() {
            return Err("is no mail".to_owned());
        }
        let is = classify(&mail, &self.ours, now);
        Ok(events(&mail, &is, &raw.bytes, now))
    }
}

impl Hook for Through {
    fn body_max_bytes(&self) -> Option<usize> {
        Some(MAIL_MAX_BYTES)
    }

    fn certificate_url(&self, request: &HookRequest) -> Result<Option<String>, Refusal> {
        self.provider.certificate_url(request)
    }

    fn confirmation(&self, request: &HookRequest) -> Option<Request> {
        self.provider.confirmation(request)
    }

    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        self.provider.verify(request, now)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        let mails = self.provider.mails(request)?;
        if mails.len() > MAILS_MAX {
            let count = mails.len();
            return Err(Malformed(format!(
                "{count} mails in one request, {MAILS_MAX} allowed"
            )));
        }
        let mut batch = Batch::default();
        for (index, mail) in mails.into_iter().enumerate() {
            match mail {
                Received::Named { id, envelope_to } => {
                    batch.events.push(named(id, &envelope_to, now));
                }
                Received::Whole(raw) => match self.read(&raw, now) {
                    Ok(events) => batch.events.extend(events),
                    Err(what) => batch.rejected.push(Rejected {
                        index,
                        reason: format!("mails[{index}]: {what}"),
                    }),
                },
            }
        }
        Ok(batch)
    }
}

fn named(id: String, envelope_to: &[String], now: Instant) -> NewEvent {
    let mut data = JsonMap::new();
    data.insert("envelope_to".to_owned(), json!(envelope_to));
    NewEvent {
        source_key: event::source_key(&format!("mail/{id}")),
        kind: MAIL_RECEIVED.to_owned(),
        occurred_at: now,
        contact: ContactRef::default(),
        patch: ContactPatch::default(),
        message_id: None,
        answers: Vec::new(),
        data,
        raw: Value::Null,
        hydrate: Some(Hydrate {
            object: MAIL.to_owned(),
            id,
        }),
        about: None,
    }
}

impl Hydrates for Through {
    fn request(&self, wanted: &Hydrate) -> Result<Request, AskError> {
        self.provider.fetch(&wanted.id)
    }

    fn complete(
        &self,
        thin: &NewEvent,
        wanted: &Hydrate,
        answer: &Response,
    ) -> Result<Vec<NewEvent>, AskError> {
        let told = thin.data.get("envelope_to").and_then(Value::as_array);
        let addresses = told.into_iter().flatten().filter_map(Value::as_str);
        let envelope_to: Vec<_> = addresses.map(str::to_owned).collect();
        if let Some(id) = self.provider.elsewhere(&wanted.id, answer) {
            return Ok(vec![named(id, &envelope_to, thin.occurred_at)]);
        }
        let mut raw = self.provider.fetched(&wanted.id, answer)?;
        if raw.envelope_to.is_empty() {
            raw.envelope_to = envelope_to;
        }
        self.read(&raw, thin.occurred_at)
            .map_err(|what| AskError::Refused(format!("mail {} {what}", wanted.id)))
    }
}
