//! What the API knew of an object, and the events made of it.
//!
//! A record is known by its attributes: who has `email_addresses` is a person, what has a `stage` and
//! `associated_people` is a deal (Attio docs, "Standard objects"; both are system attributes, whose
//! slugs stay). A deal's stage carries the moment it was set (`active_from`), which makes the key of its
//! event: any change of the deal tells its stage, and each stage is one event.

use serde_json::{Value, json};

use crate::crm::call::is_id;
use crate::crm::event::{for_contacts, put, with_person};
use crate::crm::person::person;
use crate::crm::stages::Stages;
use crate::domain::event::{About, kind};
use crate::domain::{Instant, NewEvent, digest, fields};

use super::fields::{PERSON, flat, references};
use super::words::{Object, kind_of, stage_kind};

/// A stage set so soon after the deal was made is the one it was made with.
const MADE_WITH_MS: i64 = 5_000;
/// The longest text of a note or a task that is kept, in characters.
const TEXT_MAX_CHARS: usize = 1_000;

/// A person, a deal, or something that is neither.
pub(super) fn record(
    mut event: NewEvent,
    id: &str,
    data: &Value,
    stages: &Stages,
) -> Vec<NewEvent> {
    let values = data.get("values").unwrap_or(&Value::Null);
    let id = record_id(data).unwrap_or(id);
    let object = object_of(values);
    if let Some(verb) = event.kind.strip_prefix("attio.record.") {
        event.kind = kind_of("record", verb, object);
    }
    match object {
        Object::Person => with_person(event, person(id, &flat(values), &PERSON)),
        Object::Deal => deal(event, id, data, stages),
        _ => {
            put(&mut event.data, "name", flat(values).get("name"));
            vec![event]
        }
    }
}

pub(super) fn object_of(values: &Value) -> Object {
    let has = |slug| values.get(slug).is_some();
    if has("email_addresses") {
        Object::Person
    } else if has("stage") && has("associated_people") {
        Object::Deal
    } else {
        Object::Other
    }
}

/// For each of its people: the event itself, and the deal's stage.
pub(super) fn deal(mut event: NewEvent, id: &str, data: &Value, stages: &Stages) -> Vec<NewEvent> {
    let values = data.get("values").unwrap_or(&Value::Null);
    let known = flat(values);
    event.data.insert("deal_id".to_owned(), json!(id));
    for (theirs, ours) in [
        ("name", "deal_name"),
        ("stage", "stage"),
        ("value", "amount"),
        ("value.currency", "currency"),
        ("owner", "owner_id"),
        ("associated_company", "account_id"),
    ] {
        put(&mut event.data, ours, known.get(theirs));
    }
    let stage = stage(&event, id, data, stages);
    let ids: Vec<String> = references(values, "associated_people")
        .map(|(_, id)| id.to_owned())
        .filter(|id| is_id(id))
        .collect();
    let mut events = for_contacts(event, ids.clone());
    events.extend(
        stage
            .into_iter()
            .flat_map(|stage| for_contacts(stage, ids.clone())),
    );
    events
}

fn stage(event: &NewEvent, id: &str, data: &Value, stages: &Stages) -> Option<NewEvent> {
    let value = data.pointer("/values/stage/0")?;
    let title = value.pointer("/status/title")?.as_str()?;
    let set_at = moment(value, "active_from")?;
    let kind = stage_kind(stages, title);
    let made_at = moment(data, "created_at");
    let made_with = made_at.is_some_and(|at| set_at.since_ms(at) <= MADE_WITH_MS);
    if kind == kind::DEAL_STAGE_CHANGED && made_with {
        return None;
    }
    let set = set_at.0.to_string();
    Some(NewEvent {
        source_key: digest::id(
            "at",
            &[b"stage", id.as_bytes(), title.as_bytes(), set.as_bytes()],
        ),
        kind: kind.to_owned(),
        occurred_at: set_at,
        about: Some(About::new("record", id)),
        ..event.clone()
    })
}

/// A completed task is told once: any later change of it tells the same.
pub(super) fn task(
    mut event: NewEvent,
    data: &Value,
    is_people: impl Fn(&str) -> bool,
) -> Vec<NewEvent> {
    let done = data.get("is_completed").and_then(Value::as_bool) == Some(true);
    if done && event.kind == "attio.task.updated" {
        let id = data
            .pointer("/id/task_id")
            .map(Value::to_string)
            .unwrap_or_default();
        let at = fields::text(data, "completed_at").unwrap_or_default();
        kind::TASK_COMPLETED.clone_into(&mut event.kind);
        event.source_key = digest::id("at", &[b"completed", id.as_bytes(), at.as_bytes()]);
    }
    keep_text(&mut event, "title", data, "content_plaintext");
    put(&mut event.data, "due_at", data.get("deadline_at"));
    put(&mut event.data, "completed", data.get("is_completed"));
    put(
        &mut event.data,
        "owner_id",
        data.pointer("/assignees/0/referenced_actor_id"),
    );
    let ids = linked(
        data,
        "linked_records",
        "target_object_id",
        "target_record_id",
        is_people,
    );
    for_contacts(event, ids)
}

pub(super) fn note(
    mut event: NewEvent,
    data: &Value,
    is_people: impl Fn(&str) -> bool,
) -> Vec<NewEvent> {
    put(&mut event.data, "title", data.get("title"));
    keep_text(&mut event, "text", data, "content_plaintext");
    for_contacts(event, parent(data, is_people))
}

/// An entry of a list: what it is of, and where it stands.
pub(super) fn entry(
    mut event: NewEvent,
    data: &Value,
    is_people: impl Fn(&str) -> bool,
) -> Vec<NewEvent> {
    for (name, value) in flat(data.get("entry_values").unwrap_or(&Value::Null)) {
        if !["created_at", "created_by", "entry_id"].contains(&name.as_str()) {
            put(&mut event.data, &name, Some(&value));
        }
    }
    put(&mut event.data, "parent_object", data.get("parent_object"));
    put(
        &mut event.data,
        "parent_record_id",
        data.get("parent_record_id"),
    );
    for_contacts(event, parent(data, is_people))
}

/// The meeting of a recording. It was held once, however often it was recorded.
pub(super) fn meeting(mut event: NewEvent, data: &Value) -> Vec<NewEvent> {
    kind::MEETING_HELD.clone_into(&mut event.kind);
    if let Some(id) = data.pointer("/id/meeting_id").and_then(Value::as_str) {
        event.source_key = digest::id("at", &[b"held", id.as_bytes()]);
        event.data.insert("meeting_id".to_owned(), json!(id));
    }
    put(&mut event.data, "title", data.get("title"));
    for (theirs, ours) in [("start", "starts_at"), ("end", "ends_at")] {
        let at = data
            .get(theirs)
            .and_then(|at| at.get("datetime").or(at.get("date")));
        put(&mut event.data, ours, at);
    }
    let is_people = |object: &str| object == "people";
    let ids = linked(
        data,
        "linked_records",
        "object_slug",
        "record_id",
        is_people,
    );
    for_contacts(event, ids)
}

pub(super) fn record_id(data: &Value) -> Option<&str> {
    let id = data.pointer("/id/record_id")?.as_str()?;
    is_id(id).then_some(id)
}

/// Times have nine digits after the second; what is finer than a millisecond is left out.
pub(super) fn moment(value: &Value, key: &str) -> Option<Instant> {
    Instant::parse_rfc3339(fields::text(value, key)?)
}

fn parent(data: &Value, is_people: impl Fn(&str) -> bool) -> Option<String> {
    let object = fields::text(data, "parent_object").filter(|object| is_people(object));
    object
        .and(fields::text(data, "parent_record_id"))
        .filter(|id| is_id(id))
        .map(str::to_owned)
}

fn linked(
    data: &Value,
    list: &str,
    object: &str,
    id: &str,
    is_people: impl Fn(&str) -> bool,
) -> Vec<String> {
    let list = data.get(list).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter(|item| fields::text(item, object).is_some_and(&is_people))
        .filter_map(|item| fields::text(item, id))
        .filter(|id| is_id(id))
        .map(str::to_owned)
        .collect()
}

fn keep_text(event: &mut NewEvent, ours: &str, data: &Value, theirs: &str) {
    if let Some(text) = fields::text(data, theirs) {
        let text: String = text.chars().take(TEXT_MAX_CHARS).collect();
        event.data.insert(ours.to_owned(), json!(text));
    }
}
