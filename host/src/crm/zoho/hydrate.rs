//! A record by its id: a person, or what leads to people.

use serde_json::Value;

use crate::crm::event::{for_contact, with_person};
use crate::domain::NewEvent;
use crate::domain::connector::{AskError, Hydrates};
use crate::domain::event::{Hydrate, kind};
use crate::domain::http::{Method, Request, Response};

use super::Zoho;
use super::api::{failure, is_id};
use super::events::MODULES;
use super::fields::whole_person_of;
use super::state::{State, is_person};

impl Hydrates for Zoho {
    fn request(&self, wanted: &Hydrate) -> Result<Request, AskError> {
        let Hydrate { object, id } = wanted;
        if !MODULES.contains(&object.as_str()) || !is_id(id) {
            return Err(AskError::Refused(format!(
                "Zoho's {object} {id:?} is not asked for"
            )));
        }
        Ok(self.call(Method::Get, &format!("/{object}/{id}"), None))
    }

    fn complete(
        &self,
        thin: &NewEvent,
        wanted: &Hydrate,
        answer: &Response,
    ) -> Result<Vec<NewEvent>, AskError> {
        // "204: there is no content available for the request" (Zoho CRM docs, Status Codes).
        if answer.status == 204 {
            return Err(AskError::Gone);
        }
        let body = answer.json();
        let record = body.pointer("/data/0").and_then(Value::as_object);
        let record = record.filter(|_| answer.status == 200);
        let record = record.ok_or_else(|| failure(answer))?;
        if is_person(&wanted.object) {
            return Ok(with_person(
                thin.clone(),
                whole_person_of(&wanted.id, record),
            ));
        }
        let state = State {
            module: &wanted.object,
            record,
            stages: &self.stages,
        };
        Ok(passed_on(thin, &wanted.id, &state))
    }
}

/// The event with the state of its record, one for each of its people. One that belongs to nobody is kept as
/// it is.
pub(super) fn passed_on(thin: &NewEvent, id: &str, state: &State<'_>) -> Vec<NewEvent> {
    let mut event = NewEvent {
        hydrate: None,
        ..thin.clone()
    };
    if let Some(kind) = state.kind().filter(|_| event.kind != kind::DEAL_CREATED) {
        kind.clone_into(&mut event.kind);
    }
    for (name, value) in state.data(id) {
        event.data.entry(name).or_insert(value);
    }
    let people = state.people();
    if people.is_empty() {
        return vec![event];
    }
    let each = people
        .iter()
        .map(|(module, id)| for_contact(&event, module, id));
    each.collect()
}
