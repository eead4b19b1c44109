//! A record that a webhook named, with what belongs to it: `GET /contacts/{id}?include=sales_accounts` and so on.

use crate::crm::call::plain_id;
use crate::crm::event::CONTACT;
use crate::domain::NewEvent;
use crate::domain::connector::{AskError, Hydrates};
use crate::domain::event::Hydrate;
use crate::domain::http::{Request, Response};

use super::fields::{changed_at, complete, object_of};
use super::{Freshsales, success};

impl Hydrates for Freshsales {
    fn request(&self, wanted: &Hydrate) -> Result<Request, AskError> {
        let object = object(wanted)?;
        let id = plain_id(object, &wanted.id)?;
        let include = match object {
            "contact" => "sales_accounts",
            "deal" => "contacts,deal_stage",
            "appointment" => "appointment_attendees,targetable",
            _ => "targetable",
        };
        Ok(self.get(&format!("/{object}s/{id}?include={include}")))
    }

    fn complete(
        &self,
        thin: &NewEvent,
        wanted: &Hydrate,
        answer: &Response,
    ) -> Result<Vec<NewEvent>, AskError> {
        let object = object(wanted)?;
        let body = success(answer, object)?;
        let record = &body[object];
        let mut event = thin.clone();
        // The record's own time, where the event is about this very record and told none.
        if wanted.object != CONTACT && changed_at(&thin.raw).is_none() {
            event.occurred_at = changed_at(record).unwrap_or(thin.occurred_at);
        }
        Ok(complete(event, object, record, &body))
    }
}

fn object(wanted: &Hydrate) -> Result<&'static str, AskError> {
    match object_of(&wanted.object) {
        Some(object) => Ok(object),
        None if wanted.object == CONTACT => Ok("contact"),
        None => Err(AskError::Refused(format!(
            "Freshsales objects of type {:?} are not asked for",
            wanted.object
        ))),
    }
}
