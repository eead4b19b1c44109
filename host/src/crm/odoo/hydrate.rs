//! A record that a webhook named, and a person that a record led to: `search_read` by id.
//!
//! Not `read`, which fails as a whole where the record is gone or archived.

use serde_json::{Value, json};

use crate::crm::event::CONTACT;
use crate::domain::NewEvent;
use crate::domain::connector::{AskError, Hydrates};
use crate::domain::event::Hydrate;
use crate::domain::http::{Request, Response};

use super::Odoo;
use super::fields::{NAMED, WITH_ARCHIVED, fields, person_reference};
use super::records::{changed_at, complete};

impl Hydrates for Odoo {
    fn request(&self, wanted: &Hydrate) -> Result<Request, AskError> {
        let (model, id) = record(wanted).ok_or_else(|| {
            let (object, id) = (&wanted.object, &wanted.id);
            AskError::Refused(format!("Odoo records like {object} {id} are not asked for"))
        })?;
        let named = json!({
            "domain": [json!(["id", "=", id]), json!(WITH_ARCHIVED)],
            "fields": fields(model),
            "limit": 1,
        });
        Ok(self.search_read(model, named))
    }

    fn complete(
        &self,
        thin: &NewEvent,
        wanted: &Hydrate,
        answer: &Response,
    ) -> Result<Vec<NewEvent>, AskError> {
        let found = self.ask(answer)?;
        let (Some((model, id)), Some(found)) = (record(wanted), found.as_array()) else {
            return Err(AskError::Refused("Odoo answered with no list".to_owned()));
        };
        let record: &Value = found.first().ok_or(AskError::Gone)?;
        let mut event = thin.clone();
        // The record's own time, where the event is about this very record and told none.
        if wanted.object != CONTACT && changed_at(&thin.raw).is_none() {
            event.occurred_at = changed_at(record).unwrap_or(thin.occurred_at);
        }
        Ok(complete(event, model, &id.to_string(), record))
    }
}

fn record(wanted: &Hydrate) -> Option<(&'static str, i64)> {
    if wanted.object == CONTACT {
        return person_reference(&wanted.id);
    }
    let id = wanted.id.parse().ok().filter(|id| *id > 0)?;
    let model = NAMED.iter().find(|model| **model == wanted.object)?;
    Some((model, id))
}
