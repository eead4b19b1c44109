//! A notification into events: one for each record that it names.
//!
//! It has no id of its own and may come twice: what happened to what through which channel and when, by
//! Zoho's clock, is the identity.

use serde_json::{Value, json};

use crate::crm::event::{self, with_person};
use crate::crm::person::id_of;
use crate::domain::event::{About, Hydrate, custom_kind, kind};
use crate::domain::hook::{BATCH_MAX_EVENTS, Batch, Malformed, Rejected};
use crate::domain::{Instant, JsonMap, NewEvent, digest, fields};

use super::api::is_id;
use super::fields::person_of;
use super::state::{id_key, is_person};

/// Modules whose records are asked for.
pub(super) const MODULES: &[&str] = &["Leads", "Contacts", "Deals", "Tasks", "Events", "Calls"];

struct Notification<'a> {
    item: &'a Value,
    module: &'a str,
    operation: &'a str,
    at: Instant,
}

pub(super) fn read(item: &Value, now: Instant) -> Result<Batch, Malformed> {
    let wrong = |what: String| Malformed(format!("the body is no notification: {what}"));
    if !item.is_object() {
        return Err(wrong("a JSON object is required".to_owned()));
    }
    let ids = item.get("ids").and_then(Value::as_array);
    let ids = ids.ok_or_else(|| wrong("`ids` must be a list".to_owned()))?;
    if ids.len() > BATCH_MAX_EVENTS {
        let count = ids.len();
        return Err(wrong(format!(
            "{count} records, {BATCH_MAX_EVENTS} allowed"
        )));
    }
    let told = Notification {
        item,
        module: fields::required_text(item, "module").map_err(wrong)?,
        operation: fields::required_text(item, "operation").map_err(wrong)?,
        at: fields::unix_time(item, "server_time", 1)
            .map_err(wrong)?
            .unwrap_or(now),
    };
    let mut batch = Batch::default();
    for (index, id) in ids.iter().enumerate() {
        match id_of(id).filter(|id| is_id(id)) {
            Some(id) => batch.events.extend(told.events(&id)),
            None => batch.rejected.push(Rejected {
                index,
                reason: format!("ids[{index}]: {id} is no id, digits are required"),
            }),
        }
    }
    Ok(batch)
}

impl Notification<'_> {
    fn events(&self, id: &str) -> Vec<NewEvent> {
        let values = self.values(id);
        let changed = self.changed(id, values.as_ref());
        let mut data = JsonMap::new();
        if !is_person(self.module) {
            data.insert(id_key(self.module).to_owned(), json!(id));
        }
        if !changed.is_empty() {
            data.insert("changed".to_owned(), json!(changed));
        }
        let asks = MODULES.contains(&self.module) && self.operation != "delete";
        let about = Some(About::new(self.module, id));
        let event = NewEvent {
            data,
            hydrate: asks.then(|| Hydrate {
                object: self.module.to_owned(),
                id: id.to_owned(),
            }),
            ..event::event(self.key(id), self.kind(&changed), self.at, about, self.item)
        };
        if !is_person(self.module) {
            return vec![event];
        }
        let hydrate = event.hydrate.clone();
        let mut events = with_person(event, person_of(id, &values.unwrap_or_default()));
        events[0].hydrate = hydrate;
        events
    }

    fn kind(&self, changed: &[String]) -> String {
        let has = |field: &str| changed.is_empty() || changed.iter().any(|name| name == field);
        let known = match (self.module, self.operation) {
            ("Leads" | "Contacts", "insert") => Some(kind::CONTACT_CREATED),
            ("Leads" | "Contacts", "update") => Some(kind::CONTACT_UPDATED),
            ("Leads" | "Contacts", "delete") => Some(kind::CONTACT_DELETED),
            ("Deals", "insert") => Some(kind::DEAL_CREATED),
            // Where it is not told what changed, the stage may have.
            ("Deals", "update") if has("Stage") => Some(kind::DEAL_STAGE_CHANGED),
            ("Tasks", "insert") => Some(kind::TASK_CREATED),
            ("Events", "insert") => Some(kind::MEETING_BOOKED),
            ("Events", "update") if !changed.is_empty() && has("Start_DateTime") => {
                Some(kind::MEETING_RESCHEDULED)
            }
            ("Events", "delete") => Some(kind::MEETING_CANCELLED),
            ("Calls", "insert") => Some(kind::CALL_MADE),
            _ => None,
        };
        known.map_or_else(
            || custom_kind("zoho", &format!("{}.{}", self.module, self.operation)),
            str::to_owned,
        )
    }

    /// `affected_values`: `[{"record_id": ..., "values": {"Stage": ...}}]`, one for each of `ids` (as an account sent
    /// it in 2026; the documentation shows `affected_fields` empty and nothing else).
    fn values(&self, id: &str) -> Option<JsonMap> {
        let all = self.item.get("affected_values").and_then(Value::as_array)?;
        let of = |entry: &&Value| fields::id(entry, "record_id").as_deref() == Some(id);
        all.iter().find(of)?.get("values")?.as_object().cloned()
    }

    /// The names of the fields that changed: those of `affected_values`, and of `affected_fields`, which
    /// is `[{ID: ["Stage"]}]`.
    fn changed(&self, id: &str, values: Option<&JsonMap>) -> Vec<String> {
        let listed = self.item.get("affected_fields").and_then(Value::as_array);
        let listed = listed
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.get(id)?.as_array());
        let listed = listed
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned);
        let mut names: Vec<_> = listed
            .chain(values.into_iter().flat_map(|v| v.keys().cloned()))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    fn key(&self, id: &str) -> String {
        let channel = fields::id(self.item, "channel_id").unwrap_or_default();
        let at = self.item.get("server_time").map(Value::to_string);
        let (at, what) = (at.unwrap_or_default(), self.operation);
        digest::id(
            "zoho",
            &[
                channel.as_bytes(),
                self.module.as_bytes(),
                what.as_bytes(),
                id.as_bytes(),
                at.as_bytes(),
            ],
        )
    }
}
