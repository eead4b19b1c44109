//! Calendly's webhooks, as events of the person who booked.
//!
//! In: a delivery that the host has verified. Out: one event at most. What Calendly tells of
//! anything but invitees is no business of ours, and never an error: a webhook that is refused too
//! often is switched off by its sender.

mod invitee;

use std::collections::BTreeMap;

use followup_guest::{
    Instant, Received, Request, TriggerContext, TriggerError, TriggerEvent, Webhook, kind, log,
};
use serde::Deserialize;

use invitee::{Invitee, last_part};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Names of event types; empty: all of them.
    pub event_types: Vec<String>,
    /// Fields of the contact, by the question that is answered with them.
    pub fields: BTreeMap<String, String>,
}

/// What every webhook of Calendly looks like.
#[derive(Debug, Deserialize)]
struct Delivery {
    event: String,
    created_at: Option<String>,
    payload: followup_guest::serde_json::Value,
}

pub struct Calendly;

impl Webhook for Calendly {
    type Config = Config;

    fn receive(cx: &TriggerContext<Config>, request: &Request) -> Result<Received, TriggerError> {
        let delivery: Delivery = request.json()?;
        let word = delivery.event.as_str();
        if !matches!(
            word,
            "invitee.created" | "invitee.canceled" | "invitee_no_show.created"
        ) {
            log::info(&format!("{word} is about no meeting"));
            return Ok(Received::nothing());
        }
        let invitee: Invitee = followup_guest::serde_json::from_value(delivery.payload)
            .map_err(|e| format!("the payload of {word} cannot be read: {e}"))?;
        let Some(kind) = kind_of(word, &invitee) else {
            return Ok(Received::nothing());
        };
        if !counts(&cx.config, &invitee) {
            return Ok(Received::nothing());
        }
        let at = delivery
            .created_at
            .as_deref()
            .and_then(Instant::parse_rfc3339);
        Ok(Received::event(event(&cx.config, kind, &invitee).at(at)))
    }
}

followup_guest::export_trigger!(Calendly, webhook);

/// The kind of event; none for half of a pair. "When an invitee reschedules an event, both webhook
/// events (invitee.created and invitee.canceled) will be triggered"; the canceled one says
/// `rescheduled: true`, and the created one names the `old_invitee` (Calendly, "Webhook payloads for
/// rescheduled events").
fn kind_of(word: &str, invitee: &Invitee) -> Option<&'static str> {
    match word {
        "invitee.created" if invitee.moved_from.is_some() => Some(kind::MEETING_RESCHEDULED),
        "invitee.created" => Some(kind::MEETING_BOOKED),
        "invitee.canceled" if invitee.rescheduled => None,
        "invitee.canceled" => Some(kind::MEETING_CANCELLED),
        _ => Some(kind::MEETING_NO_SHOW),
    }
}

fn counts(config: &Config, invitee: &Invitee) -> bool {
    let title = invitee.title();
    config.event_types.is_empty() || config.event_types.iter().any(|wanted| wanted == title)
}

fn event(config: &Config, kind: &str, invitee: &Invitee) -> TriggerEvent {
    // The same delivery twice is one event; a no-show that is taken back and set again is another.
    let what = match &invitee.no_show {
        Some(no_show) if kind == kind::MEETING_NO_SHOW => last_part(&no_show.uri),
        _ => last_part(&invitee.uri),
    };
    let mut event = TriggerEvent::new(format!("{kind}/{what}"), kind).email(&invitee.email);
    for (key, value) in invitee.data() {
        event = event.data(key, value);
    }
    for (name, value) in invitee.person() {
        event = event.field(name, value);
    }
    for (field, question) in &config.fields {
        if let Some(answer) = invitee.answer(question) {
            event = event.field(field, answer);
        }
    }
    event
}

#[cfg(test)]
mod tests;
