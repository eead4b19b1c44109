//! Between the generated types and the SDK's own, for the triggers of contract 0.1.

use super::{ContactRef, Page, Received, Request, TriggerContext, TriggerEvent};
use crate::bindings::poll::exports::followup::plugin::trigger_poll as poll;
use crate::bindings::webhook::exports::followup::plugin::trigger_webhook as webhook;
use crate::bindings::webhook::followup::plugin::trigger_types as types;
use crate::convert::{attributes_in, attributes_out};
use crate::{Instant, PluginError};

pub(crate) fn context_in(context: types::TriggerContext) -> TriggerContext<String> {
    TriggerContext {
        now: Instant(context.now),
        seed: context.seed,
        connection: context.connection,
        config: context.config,
        extra: attributes_in(context.extra),
    }
}

pub(crate) fn request_in(request: webhook::Request) -> Request {
    Request {
        method: request.method,
        path: request.path,
        query: request.query,
        headers: request.headers,
        body: request.body,
        extra: attributes_in(request.extra),
    }
}

pub(crate) fn received_out(
    received: Received,
    now: Instant,
) -> Result<webhook::Outcome, PluginError> {
    let response = received.response.map(|response| webhook::Response {
        status: response.status,
        headers: response.headers,
        body: response.body,
        extra: Vec::new(),
    });
    Ok(webhook::Outcome {
        events: events_out(received.events, now)?,
        response,
        extra: Vec::new(),
    })
}

pub(crate) fn page_out(page: Page<String>, now: Instant) -> Result<poll::Page, PluginError> {
    Ok(poll::Page {
        events: events_out(page.events, now)?,
        cursor: page.cursor,
        next_at: page.next_at.map(|at| at.0),
        extra: Vec::new(),
    })
}

fn events_out(
    events: Vec<TriggerEvent>,
    now: Instant,
) -> Result<Vec<types::TriggerEvent>, PluginError> {
    let event = |event: TriggerEvent| {
        let contact = match event.contact {
            Some(ContactRef::Email(address)) => types::ContactRef::Email(address),
            Some(ContactRef::External(id)) => types::ContactRef::External(id),
            Some(ContactRef::Token(token)) => types::ContactRef::Token(token),
            None => return Err(nobody(&event.dedupe_key)),
        };
        Ok(types::TriggerEvent {
            dedupe_key: event.dedupe_key,
            kind: event.kind,
            occurred_at: event.occurred_at.unwrap_or(now).0,
            contact,
            fields: attributes_out(event.fields),
            data: serde_json::Value::Object(event.data).to_string(),
            extra: Vec::new(),
        })
    };
    events.into_iter().map(event).collect()
}

/// An event that names no person: a mistake of the trigger's, told by scenarios and host alike.
pub(crate) fn nobody(dedupe_key: &str) -> PluginError {
    format!("event {dedupe_key:?} names no contact: use .email(..), .external(..) or .token(..)")
        .into()
}
