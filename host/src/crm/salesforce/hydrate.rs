//! A record by its id, in one query: a person, or a deal or mail with the people it belongs to.

use serde_json::Value;

use crate::crm::event::{CONTACTS_MAX, for_contact, with_person};
use crate::domain::connector::{AskError, Hydrates};
use crate::domain::event::{Hydrate, kind};
use crate::domain::http::{Request, Response};
use crate::domain::{JsonMap, NewEvent};

use super::Salesforce;
use super::api::failure;
use super::events::State;
use super::fields::{data_of, person_of, selected};
use super::id::{long, person_object};

impl Hydrates for Salesforce {
    fn request(&self, wanted: &Hydrate) -> Result<Request, AskError> {
        let refused = |what: &str| {
            let Hydrate { object, id } = wanted;
            AskError::Refused(format!("Salesforce's {object} {id:?} {what}"))
        };
        let fields = selected(&wanted.object).ok_or_else(|| refused("is not asked for"))?;
        let id = long(&wanted.id).ok_or_else(|| refused("has no Salesforce id"))?;
        let object = &wanted.object;
        Ok(self.query(&format!("SELECT {fields} FROM {object} WHERE Id = '{id}'")))
    }

    fn complete(
        &self,
        thin: &NewEvent,
        wanted: &Hydrate,
        answer: &Response,
    ) -> Result<Vec<NewEvent>, AskError> {
        let body = answer.json();
        let records = body.get("records").and_then(Value::as_array);
        let records = records.filter(|_| answer.status == 200);
        let records = records.ok_or_else(|| failure(answer))?;
        let record = records.first().and_then(Value::as_object);
        let record = record.ok_or(AskError::Gone)?;
        let state = State::of(&wanted.object, record).map_err(AskError::Refused)?;
        if state.is_person() {
            return person(thin, &state, record);
        }
        Ok(passed_on(thin, &state, record))
    }
}

/// The event with its person. One who went on as another is that other's, with the news that they did.
fn person(thin: &NewEvent, state: &State<'_>, record: &JsonMap) -> Result<Vec<NewEvent>, AskError> {
    match state.kind(0).as_str() {
        kind::CONTACT_DELETED => Err(AskError::Gone),
        kind::CONTACT_MERGED => {
            let key = format!("{}/merged", thin.source_key);
            let now = thin.occurred_at;
            let mut merged = state.events(&key, kind::CONTACT_MERGED.to_owned(), now, Value::Null);
            let survivor = merged
                .first()
                .and_then(|event| event.contact.external_id.clone());
            let object = survivor.as_deref().and_then(person_object);
            let more = survivor.as_deref().zip(object);
            if let Some((id, object)) = more.filter(|_| thin.kind != kind::CONTACT_MERGED) {
                merged.push(for_contact(thin, object, id));
            }
            Ok(merged)
        }
        _ => Ok(with_person(thin.clone(), person_of(&state.id, record))),
    }
}

/// The event with the state of its record, one for each of its people.
fn passed_on(thin: &NewEvent, state: &State<'_>, record: &JsonMap) -> Vec<NewEvent> {
    let mut event = NewEvent {
        hydrate: None,
        ..thin.clone()
    };
    // The state settles what the message left open; a message of another stage keeps its word.
    let data = data_of(state.object, record);
    let same_stage = event
        .data
        .get("stage")
        .is_none_or(|told| data.get("stage") == Some(told));
    if same_stage && event.kind != kind::DEAL_CREATED {
        event.kind = state.kind(0);
    }
    for (name, value) in data {
        event.data.entry(name).or_insert(value);
    }
    let people = state.people();
    if people.is_empty() {
        event.contact.email = state.sender();
        return vec![event];
    }
    let known = people
        .iter()
        .filter_map(|id| Some((person_object(id)?, id)));
    known
        .take(CONTACTS_MAX)
        .map(|(object, id)| for_contact(&event, object, id))
        .collect()
}
