//! Events as every CRM's mapping builds them: from nothing, for each contact they belong to, and
//! completed with a person.

use serde_json::{Map, Value};

use crate::domain::event::{About, Hydrate};
use crate::domain::{ContactPatch, ContactRef, Instant, JsonMap, NewEvent};

use super::opt_out;
use super::person::Person;

/// The most contacts that one deal, meeting or e-mail is passed on to.
pub(super) const CONTACTS_MAX: usize = 100;

/// The word for a person in `hydrate`, whatever the CRM calls one: the store asks for it only where
/// the address is not known yet.
pub(super) const CONTACT: &str = "contact";

/// What every event of a CRM has, and nothing else.
pub(super) fn event(
    source_key: String,
    kind: impl Into<String>,
    occurred_at: Instant,
    about: Option<About>,
    raw: &Value,
) -> NewEvent {
    NewEvent {
        source_key,
        kind: kind.into(),
        occurred_at,
        contact: ContactRef::default(),
        patch: ContactPatch::default(),
        message_id: None,
        answers: Vec::new(),
        data: JsonMap::new(),
        raw: raw.clone(),
        hydrate: None,
        about,
    }
}

/// The event once for each of the contacts, each asking who that is. What belongs to nobody is kept as
/// it is.
pub(super) fn for_contacts(event: NewEvent, ids: &[String]) -> Vec<NewEvent> {
    let mut seen: Vec<&String> = Vec::new();
    for id in ids {
        if !seen.contains(&id) && seen.len() < CONTACTS_MAX {
            seen.push(id);
        }
    }
    if seen.is_empty() {
        return vec![NewEvent {
            hydrate: None,
            ..event
        }];
    }
    seen.into_iter()
        .map(|id| NewEvent {
            source_key: format!("{}/{id}", event.source_key),
            contact: ContactRef::external(id),
            hydrate: Some(Hydrate {
                object: CONTACT.to_owned(),
                id: id.clone(),
            }),
            ..event.clone()
        })
        .collect()
}

/// The event with all that is told of its person, on top of what it told itself; beside it the CRM's own
/// opt-out, where that is set.
pub(super) fn with_person(mut event: NewEvent, person: Person) -> Vec<NewEvent> {
    event.hydrate = None;
    event.contact = person.contact;
    let (told, patch) = (&mut event.patch, person.patch);
    told.time_zone = patch.time_zone.or(told.time_zone.take());
    told.locale = patch.locale.or(told.locale.take());
    if let Some(account) = patch.account {
        told.account.get_or_insert_default().extend(account);
    }
    told.attributes.extend(patch.attributes);
    told.other_emails.extend(patch.other_emails);
    if person.opted_out {
        let opted_out = opt_out(&event);
        return vec![event, opted_out];
    }
    vec![event]
}

/// Their fields under our names; what is not set is left out, and ids are texts.
pub(super) fn data(object: &Value, names: &[(&str, &str)]) -> JsonMap {
    let mut data = Map::new();
    for (theirs, ours) in names {
        let value = match object.pointer(&format!("/{theirs}")) {
            // False is Odoo's way to say that nothing is set.
            None | Some(Value::Null | Value::Bool(false) | Value::Array(_) | Value::Object(_)) => {
                continue;
            }
            Some(Value::String(text)) if text.is_empty() => continue,
            Some(id) if is_id(ours) => match super::person::id_of(id) {
                Some(id) => Value::from(id),
                None => continue,
            },
            Some(value) => value.clone(),
        };
        data.insert((*ours).to_owned(), value);
    }
    data
}

/// What names something of the CRM, and is compared as a text by policies.
fn is_id(name: &str) -> bool {
    name.ends_with("_id") || matches!(name, "stage" | "pipeline")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_contact_once_and_never_too_many() {
        let told = event("k".to_owned(), "deal-won", Instant(0), None, &json!({}));
        let ids = |n: usize| (0..n).map(|i| (i % 150).to_string()).collect::<Vec<_>>();
        assert_eq!(for_contacts(told.clone(), &ids(300)).len(), CONTACTS_MAX);
        let nobody = for_contacts(told.clone(), &[]);
        assert_eq!(nobody, vec![told.clone()]);
        let one = for_contacts(told, &ids(1));
        assert_eq!(one[0].source_key, "k/0");
        assert_eq!(one[0].contact.external_id.as_deref(), Some("0"));
    }

    #[test]
    fn fields_get_our_names() {
        let object = json!({"id": 7, "title": "Big", "value": 1.5, "stage_id": 3, "lost": null, "e": "",
            "owner": {"id": 9}});
        let names = [
            ("id", "deal_id"),
            ("title", "deal_name"),
            ("value", "amount"),
            ("stage_id", "stage"),
            ("lost", "lost"),
            ("e", "e"),
            ("owner/id", "owner_id"),
        ];
        assert_eq!(
            json!(data(&object, &names)),
            json!({"deal_id": "7", "deal_name": "Big", "amount": 1.5, "stage": "3", "owner_id": "9"})
        );
    }
}
