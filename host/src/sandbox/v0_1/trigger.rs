//! What a trigger is given and answers, between the host's types and the contract's. JSON text must
//! parse; every other rule is in `check/trigger.rs`.

use serde_json::Value;

use crate::domain::trigger::{
    Page, Received, TriggerContact, TriggerContext, TriggerEvent, TriggerRequest, TriggerResponse,
};
use crate::domain::{Instant, JsonMap};
use crate::sandbox::fault::BadOutput;

use super::bindings::exports::followup::plugin::{trigger_poll, trigger_webhook};
use super::bindings::followup::plugin::trigger_types as wit;
use super::output::{attributes, json};

pub(super) fn context(context: TriggerContext) -> wit::TriggerContext {
    wit::TriggerContext {
        now: context.now.0,
        seed: context.seed,
        connection: context.connection,
        config: context.config,
        extra: Vec::new(),
    }
}

pub(super) fn request(request: TriggerRequest) -> trigger_webhook::Request {
    trigger_webhook::Request {
        method: request.method,
        path: request.path,
        query: request.query,
        headers: request.headers,
        body: request.body,
        extra: Vec::new(),
    }
}

pub(super) fn received(outcome: trigger_webhook::Outcome) -> Result<Received, BadOutput> {
    Ok(Received {
        events: events(outcome.events)?,
        response: outcome.response.map(|response| TriggerResponse {
            status: response.status,
            headers: response
                .headers
                .into_iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect(),
            body: response.body,
        }),
    })
}

pub(super) fn page(page: trigger_poll::Page) -> Result<Page, BadOutput> {
    Ok(Page {
        events: events(page.events)?,
        cursor: page.cursor,
        next_at: page.next_at.map(Instant),
    })
}

fn events(events: Vec<wit::TriggerEvent>) -> Result<Vec<TriggerEvent>, BadOutput> {
    let events = events.into_iter().enumerate();
    events
        .map(|(index, given)| {
            event(given).map_err(|why| BadOutput(format!("events[{index}]: {why}")))
        })
        .collect()
}

fn event(event: wit::TriggerEvent) -> Result<TriggerEvent, String> {
    Ok(TriggerEvent {
        dedupe_key: event.dedupe_key,
        kind: event.kind,
        occurred_at: Instant(event.occurred_at),
        contact: match event.contact {
            wit::ContactRef::Email(email) => TriggerContact::Email(email),
            wit::ContactRef::External(id) => TriggerContact::External(id),
            wit::ContactRef::Token(token) => TriggerContact::Token(token),
        },
        fields: attributes(event.fields)?,
        data: object(&event.data)?,
    })
}

fn object(text: &str) -> Result<JsonMap, String> {
    match json("data", text)? {
        Value::Object(data) => Ok(data),
        _ => Err("the data is no JSON object".to_owned()),
    }
}
