//! What the API knew of a record, and the events made of it.
//!
//! The moment of what an update told is the record's `modifiedAt`: the update itself carries none.

use serde_json::{Value, json};

use crate::crm::call::is_id;
use crate::crm::event::{for_contacts, with_person};
use crate::domain::event::kind;
use crate::domain::{EmailAddress, NewEvent, digest, fields};

use super::events::is_person;
use super::fields::{data, modified_at, moment, person_id, person_of};

pub(super) fn complete(
    mut event: NewEvent,
    entity: &str,
    id: &str,
    record: &Value,
) -> Vec<NewEvent> {
    let id = fields::text(record, "id").unwrap_or(id);
    if is_person(entity) {
        // Only of the event's own object: a deal that led here has a time of its own.
        let own = event
            .about
            .as_ref()
            .is_some_and(|about| about.object == entity);
        if let Some(at) = modified_at(record).filter(|_| own) {
            event.occurred_at = at;
        }
        return with_person(event, person_of(entity, id, record));
    }
    if let Some(at) = modified_at(record) {
        event.occurred_at = at;
    }
    for (key, value) in data(entity, id, record) {
        event.data.entry(key).or_insert(value);
    }
    match entity {
        "Email" => email(event, id, record),
        _ => for_contacts(event, people_of(record)),
    }
}

/// Everybody whom a record names: its contacts and leads, else the one it belongs to.
fn people_of(record: &Value) -> Vec<String> {
    let mut ids = Vec::new();
    for (list, entity) in [("contactsIds", "Contact"), ("leadsIds", "Lead")] {
        let list = record.get(list).and_then(Value::as_array);
        let found = list.into_iter().flatten().filter_map(Value::as_str);
        ids.extend(found.filter(|id| is_id(id)).map(|id| person_id(entity, id)));
    }
    let parent = fields::text(record, "parentType").filter(|entity| is_person(entity));
    let one = [
        (Some("Contact"), fields::text(record, "contactId")),
        (parent, fields::text(record, "parentId")),
    ];
    for (entity, id) in one {
        if let (Some(entity), Some(id)) = (entity, id.filter(|id| is_id(id))) {
            ids.push(person_id(entity, id));
        }
    }
    ids
}

/// A mail is a reply where a person wrote it, a touch where a user did. `typeHash` and `idHash` tell whose an
/// address is (`Espo\Repositories\Email::loadNameHash`). It was sent once, however often its record is
/// touched later.
fn email(mut event: NewEvent, id: &str, record: &Value) -> Vec<NewEvent> {
    let owner = |address: &str| {
        let entity = record.get("typeHash")?.get(address)?.as_str()?;
        let id = record.get("idHash")?.get(address)?.as_str()?;
        is_id(id).then_some((entity, id))
    };
    let status = fields::text(record, "status").unwrap_or_default();
    if !["Sent", "Archived"].contains(&status) {
        return for_contacts(event, people_of(record));
    }
    let from = fields::text(record, "from").unwrap_or_default();
    if owner(from).is_some_and(|(entity, _)| is_person(entity) || entity == "User") {
        event.source_key = digest::id("es", &[b"mail", id.as_bytes()]);
        let sent_at = fields::text(record, "dateSent").and_then(moment);
        event.occurred_at = sent_at.unwrap_or(event.occurred_at);
    }
    match owner(from) {
        Some((entity, id)) if is_person(entity) => {
            let auto = record.get("isAutoReply") == Some(&json!(true));
            let kind = if auto {
                kind::AUTO_REPLIED
            } else {
                kind::REPLIED
            };
            kind.clone_into(&mut event.kind);
            let mut events = for_contacts(event, [person_id(entity, id)]);
            for event in &mut events {
                event.contact.email = EmailAddress::parse(from).ok();
            }
            events
        }
        Some(("User", _)) => {
            kind::EMAIL_SENT.clone_into(&mut event.kind);
            let to = fields::text(record, "to").unwrap_or_default();
            let to = to.split(';').filter_map(|address| owner(address.trim()));
            let ids = to
                .filter(|(entity, _)| is_person(entity))
                .map(|(entity, id)| person_id(entity, id));
            for_contacts(event, ids)
        }
        _ => for_contacts(event, people_of(record)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields::entity_of;
    use super::*;

    #[test]
    fn whom_a_record_names() {
        for (record, expect) in [
            (
                json!({"contactsIds": ["1", "2"], "leadsIds": ["3"]}),
                vec!["1", "2", "Lead/3"],
            ),
            (json!({"contactId": "1", "contactsIds": []}), vec!["1"]),
            (
                json!({"parentType": "Lead", "parentId": "3"}),
                vec!["Lead/3"],
            ),
            (json!({"parentType": "Account", "parentId": "9"}), vec![]),
            (json!({"contactsIds": ["../x", 7]}), vec![]),
        ] {
            assert_eq!(people_of(&record), expect, "{record}");
        }
        assert_eq!(entity_of("Lead/3"), Some(("Lead", "3")));
        assert_eq!(entity_of("3"), Some(("Contact", "3")));
        assert_eq!(entity_of("Account/3"), None);
    }
}
