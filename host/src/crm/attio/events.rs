//! One event of a delivery into ours: thin, as Attio tells only ids.
//!
//! `{"event_type": "record.updated", "id": {"workspace_id", "object_id", "record_id", "attribute_id"},
//! "actor": {"type", "id"}}` (Attio docs, Webhook reference). What the object is asked for by stands in
//! `hydrate.object` as the path of its kind in the API: `objects/ID`, `lists/ID`, `notes`, `tasks`.

use serde_json::{Value, json};

use crate::crm::call::is_id;
use crate::crm::event::{self, put};
use crate::domain::event::{About, Hydrate};
use crate::domain::{ContactRef, Instant, JsonMap, NewEvent, fields};

use super::Attio;
use super::words::{Object, kind_of};

impl Attio {
    pub(super) fn read(
        &self,
        event: &Value,
        source_key: String,
        now: Instant,
    ) -> Result<NewEvent, String> {
        let word = fields::required_text(event, "event_type")?;
        let (noun, verb) = word
            .split_once('.')
            .ok_or_else(|| format!("`event_type` {word:?} is not of the form noun.verb"))?;
        let ids = event.get("id").filter(|ids| ids.is_object());
        let ids = ids.ok_or("`id` is missing: an object of ids is required")?;
        let subject = Subject::of(noun, ids)?;
        let object = self.object(event, noun);
        let contact = contact(event, noun, verb, object, &subject);
        let kind = kind_of(noun, verb, object);
        Ok(NewEvent {
            contact,
            data: data(event, ids),
            hydrate: subject.hydrate(verb),
            ..event::event(source_key, kind, now, subject.about(), event)
        })
    }

    /// What a record is, or what a note or an entry is of.
    fn object(&self, event: &Value, noun: &str) -> Object {
        let pointer = match noun {
            "record" => "/id/object_id",
            _ => "/parent_object_id",
        };
        let id = event.pointer(pointer).and_then(Value::as_str);
        match (id, noun) {
            (Some(_), _) if id == self.people_object.as_deref() => Object::Person,
            (Some(_), _) if id == self.deals_object.as_deref() => Object::Deal,
            (Some(_), "record") if self.people_object.is_none() => Object::Unknown,
            _ => Object::Other,
        }
    }
}

/// Whom it is about, where that is certain before anything was asked.
fn contact(
    event: &Value,
    noun: &str,
    verb: &str,
    object: Object,
    subject: &Subject<'_>,
) -> ContactRef {
    let id = match (noun, object, verb) {
        ("record", Object::Person, _) | ("record", Object::Unknown, "deleted") => subject.id,
        (_, Object::Person, _) => fields::text(event, "parent_record_id").unwrap_or_default(),
        _ => "",
    };
    if is_id(id) {
        ContactRef::external(id)
    } else {
        ContactRef::default()
    }
}

/// The object that an event is about.
struct Subject<'a> {
    noun: &'a str,
    id: &'a str,
    /// Of its object or list.
    of: &'a str,
}

impl<'a> Subject<'a> {
    fn of(noun: &'a str, ids: &'a Value) -> Result<Self, String> {
        let (noun, own, of) = match noun {
            "record" => ("record", "record_id", "object_id"),
            "list-entry" => ("list-entry", "entry_id", "list_id"),
            "note" | "note-content" => ("note", "note_id", ""),
            "task" => ("task", "task_id", ""),
            "comment" => ("comment", "comment_id", ""),
            // A recording says that its meeting was held.
            "call-recording" => ("meeting", "meeting_id", ""),
            other => (other, "", ""),
        };
        let id = |key: &str| match key {
            "" => Ok(""),
            key => fields::text(ids, key)
                .filter(|id| is_id(id))
                .ok_or_else(|| format!("`id.{key}` is missing or no id")),
        };
        Ok(Self {
            noun,
            id: id(own)?,
            of: id(of)?,
        })
    }

    fn about(&self) -> Option<About> {
        (!self.id.is_empty()).then(|| About::new(self.noun, self.id))
    }

    fn hydrate(&self, verb: &str) -> Option<Hydrate> {
        let object = match self.noun {
            "record" => format!("objects/{}", self.of),
            "list-entry" => format!("lists/{}", self.of),
            "note" | "task" | "meeting" => format!("{}s", self.noun),
            _ => return None,
        };
        (verb != "deleted").then(|| Hydrate {
            object,
            id: self.id.to_owned(),
        })
    }
}

fn data(event: &Value, ids: &Value) -> JsonMap {
    let mut data = JsonMap::new();
    for (key, id) in ids.as_object().into_iter().flatten() {
        if key != "workspace_id" {
            put(&mut data, key, Some(id));
        }
    }
    for key in ["parent_object_id", "parent_record_id"] {
        put(&mut data, key, event.get(key));
    }
    put(&mut data, "actor_type", event.pointer("/actor/type"));
    put(&mut data, "actor_id", event.pointer("/actor/id"));
    // "Both carry the new record's ID in `id.record_id`, and each names one of the originals in
    // `duplicate_record_id`" (Attio docs, "Record merged").
    if let Some(id) = fields::text(event, "duplicate_record_id") {
        data.insert("merged_ids".to_owned(), json!([id]));
    }
    data
}
