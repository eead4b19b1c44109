//! One event of a batch into ours.
//!
//! Two shapes of `subscriptionType`: the legacy `contact.creation`, and `object.creation` where the
//! object is told by `objectTypeId` (HubSpot changelog, "Generic Webhook Subscriptions").
//! Events are thin: an object id and at most one property. `hydrate` names what to ask for; it is
//! set on every event of a contact, a deal, a meeting, an e-mail, a call or a task except deletions, and ingest skips
//! it where the contact is already known and the event brought its change along.

use serde_json::{Value, json};

use crate::crm::event;
use crate::crm::person::id_of;
use crate::domain::event::{About, Hydrate};
use crate::domain::{ContactPatch, ContactRef, Instant, JsonMap, NewEvent, digest, fields};

use super::fields as properties;
use super::words::kind_of;

/// Object type ids that have a name in legacy subscription types, in the API, or in ours
/// (HubSpot docs, "Understanding the CRM", table of object type ids).
const OBJECT_TYPES: &[(&str, &str)] = &[
    ("0-1", "contact"),
    ("0-2", "company"),
    ("0-3", "deal"),
    ("0-5", "ticket"),
    ("0-27", "task"),
    ("0-46", "note"),
    ("0-47", "meeting"),
    ("0-48", "call"),
    ("0-49", "email"),
];

/// Objects that lead to a contact through the API.
pub(super) const HYDRATED: &[&str] = &["contact", "deal", "meeting", "email", "call", "task"];

/// What one item of the batch says, in HubSpot's words.
struct Change<'a> {
    object: &'a str,
    verb: &'a str,
    id: String,
    property: Option<&'a str>,
    value: Option<&'a str>,
}

pub(super) fn read(item: &Value, now: Instant) -> Result<NewEvent, String> {
    if !item.is_object() {
        return Err("is no JSON object".to_owned());
    }
    let change = change(item)?;
    let occurred_at = fields::unix_time(item, "occurredAt", 1)?.unwrap_or(now);
    let (contact, patch) = about(&change);
    let hydrate =
        (HYDRATED.contains(&change.object) && !change.verb.ends_with("eletion")).then(|| Hydrate {
            object: change.object.to_owned(),
            id: change.id.clone(),
        });
    let kind = kind_of(change.object, change.verb, change.property, change.value);
    let about = Some(About::new(change.object, &change.id));
    Ok(NewEvent {
        contact,
        patch,
        data: data(item, &change),
        hydrate,
        ..event::event(source_key(item, &change), kind, occurred_at, about, item)
    })
}

fn change(item: &Value) -> Result<Change<'_>, String> {
    let word = fields::required_text(item, "subscriptionType")?;
    let (object, verb) = word
        .split_once('.')
        .ok_or_else(|| format!("`subscriptionType` {word:?} is not of the form object.verb"))?;
    let named = |key| {
        let type_id = fields::text(item, key)?;
        let found = OBJECT_TYPES.iter().find(|(id, _)| *id == type_id);
        found.map(|(_, name)| *name)
    };
    let object = match object {
        "object" => named("objectTypeId")
            .or_else(|| named("fromObjectTypeId"))
            .unwrap_or(object),
        other => other,
    };
    // Merges name the survivor, associations their two ends, in place of an object id. "newObjectId: the ID
    // of the object that was created as a result of the merge" (HubSpot docs, Webhooks).
    let keys: &[_] = match verb {
        "merge" => &["newObjectId", "primaryObjectId", "objectId"],
        _ => &["objectId", "primaryObjectId", "fromObjectId"],
    };
    let id = keys
        .iter()
        .find_map(|key| fields::id(item, key))
        .filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
        .ok_or("`objectId` is missing or no id: a whole number is required")?;
    Ok(Change {
        object,
        verb,
        id,
        property: fields::text(item, "propertyName"),
        value: item.get("propertyValue").and_then(Value::as_str),
    })
}

/// Who a change is about, and what it told of them. Only contact events name the person.
fn about(change: &Change<'_>) -> (ContactRef, ContactPatch) {
    let mut patch = ContactPatch::default();
    if change.object != "contact" {
        return (ContactRef::default(), patch);
    }
    let mut contact = ContactRef::external(&change.id);
    if let ("propertyChange", Some(property)) = (change.verb, change.property) {
        properties::merge(property, change.value, &mut contact, &mut patch);
    }
    (contact, patch)
}

fn data(item: &Value, change: &Change<'_>) -> JsonMap {
    let mut data = JsonMap::new();
    if change.object != "contact" {
        data.insert(format!("{}_id", change.object), json!(change.id));
    }
    if let Some(property) = change.property {
        data.insert("property".to_owned(), json!(property));
        data.insert("value".to_owned(), json!(change.value));
    }
    match change.property {
        Some("dealstage") => data.insert("stage".to_owned(), json!(change.value)),
        Some("hs_meeting_outcome") => data.insert("outcome".to_owned(), json!(change.value)),
        _ => None,
    };
    if change.verb == "privacyDeletion" {
        // The person asked to be forgotten, rather than somebody tidying up.
        data.insert("privacy".to_owned(), json!(true));
    }
    for (theirs, ours) in [
        ("objectTypeId", "object_type"),
        ("associationType", "association"),
        ("associationRemoved", "removed"),
        ("fromObjectId", "from_id"),
        ("toObjectId", "to_id"),
    ] {
        if let Some(value) = item.get(theirs) {
            data.insert(ours.to_owned(), value.clone());
        }
    }
    if change.verb == "merge" {
        data.insert("merged_ids".to_owned(), json!(merged_ids(item, &change.id)));
    }
    // Our own app wrote it, or another that uses its token: for people to see.
    let by_app = fields::text(item, "changeSource") == Some("INTEGRATION");
    if by_app
        && fields::id(item, "sourceId").is_some_and(|id| fields::id(item, "appId") == Some(id))
    {
        data.insert("by_own_app".to_owned(), json!(true));
    }
    data
}

/// Everybody who went into the survivor.
fn merged_ids(item: &Value, survivor: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let listed = item.get("mergedObjectIds").and_then(Value::as_array);
    let primary = item.get("primaryObjectId");
    for id in listed
        .into_iter()
        .flatten()
        .chain(primary)
        .filter_map(id_of)
    {
        if id != survivor && !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// `eventId` "is not guaranteed to be unique" (HubSpot docs, Webhooks), and the same change may be
/// told under two of them: what happened, to what and when is the identity. With the value in it, two
/// changes within one millisecond stay two events.
fn source_key(item: &Value, change: &Change<'_>) -> String {
    let part = |key| item.get(key).map(Value::to_string).unwrap_or_default();
    let parts = [
        part("portalId"),
        part("subscriptionId"),
        part("subscriptionType"),
        part("objectTypeId"),
        change.id.clone(),
        part("toObjectId"),
        part("associationRemoved"),
        part("occurredAt"),
        part("propertyName"),
        part("propertyValue"),
    ];
    digest::id("hs", &parts.each_ref().map(String::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(mut item: Value) -> NewEvent {
        let defaults = json!({"eventId": 1, "subscriptionId": 5, "portalId": 62515, "objectId": 123,
            "occurredAt": 1_564_113_600_000_i64, "attemptNumber": 0});
        for (key, value) in defaults.as_object().expect("an object") {
            if item.get(key).is_none() {
                item[key] = value.clone();
            }
        }
        read(&item, Instant(0)).expect("readable")
    }

    /// The two shapes of a subscription type name the same objects.
    #[test]
    fn both_shapes_are_read() {
        for (subscription, type_id, expect) in [
            ("contact.creation", None, "contact-created"),
            ("object.creation", Some("0-1"), "contact-created"),
            ("object.creation", Some("0-47"), "meeting-booked"),
            ("object.deletion", Some("0-2"), "hubspot.company.deletion"),
            (
                "object.creation",
                Some("2-3465404"),
                "hubspot.object.creation",
            ),
            ("object.creation", None, "hubspot.object.creation"),
        ] {
            let told = event(json!({"subscriptionType": subscription, "objectTypeId": type_id}));
            assert_eq!(told.kind, expect, "{subscription} {type_id:?}");
        }
    }

    #[test]
    fn a_property_change_brings_its_property() {
        let told = event(json!({"subscriptionType": "contact.propertyChange",
            "propertyName": "firstname", "propertyValue": "Zoë"}));
        assert_eq!(told.contact, ContactRef::external("123"));
        assert_eq!(told.patch.attributes["first_name"], "Zoë");
        assert_eq!(told.occurred_at, Instant(1_564_113_600_000));
    }

    #[test]
    fn deletions_ask_for_nothing_more() {
        for (subscription, expect) in [
            ("contact.creation", Some("contact")),
            ("contact.propertyChange", Some("contact")),
            ("contact.deletion", None),
            ("contact.privacyDeletion", None),
            ("deal.creation", Some("deal")),
            ("deal.deletion", None),
            ("company.creation", None),
        ] {
            let hydrate = event(json!({"subscriptionType": subscription})).hydrate;
            let object = hydrate.as_ref().map(|h| h.object.as_str());
            assert_eq!(object, expect, "{subscription}");
        }
    }

    #[test]
    fn a_merge_names_the_survivor() {
        let told = event(
            json!({"subscriptionType": "contact.merge", "objectId": null,
            "primaryObjectId": 7, "mergedObjectIds": [8, 9]}),
        );
        assert_eq!(told.kind, "contact-merged");
        assert_eq!(told.contact, ContactRef::external("7"));
        assert_eq!(told.data["merged_ids"], json!(["8", "9"]));
        let told = event(
            json!({"subscriptionType": "contact.merge", "objectId": null,
            "primaryObjectId": 7, "mergedObjectIds": [8, 7], "newObjectId": 10}),
        );
        assert_eq!(told.contact, ContactRef::external("10"));
        assert_eq!(told.data["merged_ids"], json!(["8", "7"]));
    }

    #[test]
    fn the_same_change_is_one_event_whatever_its_event_id() {
        let change = |id: u64, attempt: u64, value: &str| {
            event(
                json!({"subscriptionType": "contact.propertyChange", "eventId": id,
                "attemptNumber": attempt, "propertyName": "city", "propertyValue": value}),
            )
            .source_key
        };
        assert_eq!(change(1, 0, "Bonn"), change(2, 3, "Bonn"));
        assert_ne!(change(1, 0, "Bonn"), change(1, 0, "Köln"));
    }

    #[test]
    fn unreadable_items_say_why() {
        for (item, expect) in [
            (json!(7), "no JSON object"),
            (json!({}), "`subscriptionType` is missing"),
            (json!({"subscriptionType": "creation"}), "object.verb"),
            (
                json!({"subscriptionType": "contact.creation"}),
                "`objectId` is missing",
            ),
            (
                json!({"subscriptionType": "contact.creation", "objectId": "../x"}),
                "`objectId`",
            ),
            (
                json!({"subscriptionType": "contact.creation", "objectId": 1, "occurredAt": 1e300}),
                "`occurredAt` must be",
            ),
        ] {
            let what = read(&item, Instant(0)).expect_err("unreadable");
            assert!(what.contains(expect), "{what}");
        }
    }
}
