//! What a trigger brought, in the words of the house.
//!
//! In: the events a trigger answered with, which the sandbox has checked for form and size. Out: a
//! batch for the store, and what was left out of it and why. Pure.
//!
//! A trigger speaks for a foreign system, so it may bring what such a system knows: never the host's
//! own events, never what a mail provider alone can know of our mails, never a field that a
//! guardrail measures by.

use serde_json::Value;

use crate::calendar::{self, HOST_FIELDS};
use crate::domain::event::{kind, source_key};
use crate::domain::hook::{Batch, Rejected};
use crate::domain::token::{Token, purpose};
use crate::domain::trigger::{TriggerContact, TriggerEvent};
use crate::domain::{ContactPatch, ContactRef, EmailAddress, Instant, JsonMap, NewEvent, digest};

/// Kinds that no trigger may bring: the host's own, and what only a provider knows of our mails.
const RESERVED: &[&str] = &[
    kind::TIMER_FIRED,
    kind::ENROLLED,
    kind::ENROL_ASKED,
    kind::OPTED_IN,
    kind::MACHINE_OPENED,
    kind::MACHINE_CLICKED,
    kind::EMAIL_ACCEPTED,
    kind::EMAIL_DELIVERED,
    kind::EMAIL_DEFERRED,
    kind::EMAIL_DROPPED,
    kind::EMAIL_OPENED,
    kind::SOFT_BOUNCED,
    kind::HARD_BOUNCED,
];

/// Whether a trigger may bring events of this kind; its manifest is held against it too.
pub fn may_bring(event_kind: &str) -> bool {
    !RESERVED.contains(&event_kind)
}

/// The events of one answer. `key` is the tenant's: it proves the tokens behind our links.
pub fn batch(brought: Vec<TriggerEvent>, key: &[u8]) -> Batch {
    let mut batch = Batch::default();
    for (index, event) in brought.into_iter().enumerate() {
        match read(event, key) {
            Ok((event, left_out)) => {
                batch.events.push(event);
                batch.rejected.extend(left_out.map(|reason| Rejected {
                    index,
                    reason: format!("events[{index}]: {reason}"),
                }));
            }
            Err(reason) => batch.rejected.push(Rejected {
                index,
                reason: format!("events[{index}]: {reason}"),
            }),
        }
    }
    batch
}

/// The seed of a call: the same call has the same dice, so that it can be told again.
pub fn seed(connection: &str, now: Instant, input: &[u8]) -> u64 {
    let parts = [connection.as_bytes(), &now.0.to_be_bytes(), input];
    let hash = digest::sha256(&parts);
    let (first, _) = hash.split_at(8);
    u64::from_be_bytes(first.try_into().expect("eight bytes"))
}

/// The event, and what of it was left out; or why none of it can be kept.
fn read(event: TriggerEvent, key: &[u8]) -> Result<(NewEvent, Option<String>), String> {
    if !may_bring(&event.kind) {
        return Err(format!("{}: no trigger may bring this kind", event.kind));
    }
    let (contact, message_id) = who(&event.contact, key)?;
    let raw = Value::Object(event.data.clone());
    let (patch, refused) = patch(event.fields);
    let left_out = (!refused.is_empty()).then(|| {
        format!(
            "no trigger may set {}: only the CRM tells where a contact is",
            refused.join(", ")
        )
    });
    let event = NewEvent {
        source_key: source_key(&event.dedupe_key),
        kind: event.kind,
        occurred_at: event.occurred_at,
        contact,
        patch,
        message_id,
        answers: Vec::new(),
        data: event.data,
        raw,
        hydrate: None,
    };
    Ok((event, left_out))
}

/// Whom the event is about. A token names the mail whose link was followed, and so its contact.
fn who(contact: &TriggerContact, key: &[u8]) -> Result<(ContactRef, Option<String>), String> {
    match contact {
        TriggerContact::Email(text) => EmailAddress::parse(text)
            .map(|email| (ContactRef::email(email), None))
            .map_err(|e| format!("the contact's address {e}")),
        TriggerContact::External(id) if id.trim().is_empty() => {
            Err("the contact's id is empty".to_owned())
        }
        TriggerContact::External(id) => Ok((ContactRef::external(source_key(id)), None)),
        TriggerContact::Token(token) => Token::verify(key, purpose::VISIT, token)
            .map(|message_id| (ContactRef::default(), Some(message_id)))
            .ok_or_else(|| "the contact's token is none of ours".to_owned()),
    }
}

/// Fields as the store merges them, and the names of those that are none of a trigger's business.
fn patch(mut fields: JsonMap) -> (ContactPatch, Vec<String>) {
    let refused: Vec<String> = HOST_FIELDS
        .iter()
        .filter(|name| fields.shift_remove(**name).is_some())
        .map(|name| (*name).to_owned())
        .collect();
    let locale = fields.shift_remove("locale").and_then(text);
    let zone = fields
        .get("time_zone")
        .and_then(Value::as_str)
        .and_then(|name| calendar::named(name.trim()).ok());
    // A zone that is none stays among the attributes, where people will see it.
    if zone.is_some() {
        fields.shift_remove("time_zone");
    }
    let account = match fields.shift_remove("account") {
        Some(Value::Object(account)) => Some(account),
        _ => None,
    };
    let patch = ContactPatch {
        time_zone: zone.map(|zone| zone.name().to_owned()),
        locale,
        attributes: fields,
        account,
        other_emails: Vec::new(),
    };
    (patch, refused)
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
