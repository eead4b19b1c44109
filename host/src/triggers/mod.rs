//! What a trigger brought, in the words of the house.
//!
//! In: the events a trigger answered with, which the sandbox has checked for form and size. Out: a
//! batch for the store, and what was left out of it and why. Pure.
//!
//! A trigger speaks for a foreign system: what it may say at all is the sandbox's to check; here its
//! words find their places, and a token behind one of our links finds the mail it stood in.

use serde_json::Value;

use crate::calendar;
use crate::domain::event::source_key;
use crate::domain::hook::{Batch, Rejected};
use crate::domain::token::{Token, purpose};
use crate::domain::trigger::{TriggerContact, TriggerEvent};
use crate::domain::{ContactPatch, ContactRef, EmailAddress, Instant, JsonMap, NewEvent, digest};

/// The events of one answer. `key` is the tenant's: it proves the tokens behind our links. One that
/// names nobody who could be meant does not spoil the others.
pub fn batch(brought: Vec<TriggerEvent>, key: &[u8]) -> Batch {
    let mut batch = Batch::default();
    for (index, event) in brought.into_iter().enumerate() {
        match read(event, key) {
            Ok(event) => batch.events.push(event),
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

fn read(event: TriggerEvent, key: &[u8]) -> Result<NewEvent, String> {
    let (contact, message_id) = who(&event.contact, key)?;
    Ok(NewEvent {
        source_key: source_key(&event.dedupe_key),
        kind: event.kind,
        occurred_at: event.occurred_at,
        contact,
        patch: patch(event.fields),
        message_id,
        answers: Vec::new(),
        raw: Value::Object(event.data.clone()),
        data: event.data,
        hydrate: None,
        about: None,
    })
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

/// Fields as the store merges them.
fn patch(mut fields: JsonMap) -> ContactPatch {
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
    ContactPatch {
        time_zone: zone.map(|zone| zone.name().to_owned()),
        locale,
        attributes: fields,
        account,
        other_emails: Vec::new(),
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
