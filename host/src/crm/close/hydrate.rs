//! Who a contact is, and whom a lead holds: `GET /contact/{id}/`, `GET /lead/{id}/`.
//!
//! A lead comes with its contacts, whole: an event about a lead becomes one complete event for each.

use crate::crm::call::{items, plain_id};
use crate::crm::event::{CONTACT, CONTACTS_MAX, with_person};
use crate::domain::connector::{AskError, Hydrates};
use crate::domain::event::Hydrate;
use crate::domain::http::{Request, Response};
use crate::domain::{NewEvent, fields as read};

use super::events::LEAD;
use super::{Close, fields, success};

impl Hydrates for Close {
    fn request(&self, wanted: &Hydrate) -> Result<Request, AskError> {
        let id = plain_id(&wanted.object, &wanted.id)?;
        match wanted.object.as_str() {
            CONTACT => Ok(self.get(&format!("/contact/{id}/"))),
            LEAD => Ok(self.get(&format!("/lead/{id}/"))),
            other => Err(AskError::Refused(format!(
                "Close objects of type {other:?} come complete"
            ))),
        }
    }

    fn complete(
        &self,
        thin: &NewEvent,
        wanted: &Hydrate,
        answer: &Response,
    ) -> Result<Vec<NewEvent>, AskError> {
        let body = success(answer)?;
        if wanted.object != LEAD {
            let id = read::id(&body, "id").unwrap_or_else(|| wanted.id.clone());
            return Ok(with_person(thin.clone(), fields::contact(&id, &body)));
        }
        let mut events = Vec::new();
        for contact in items(&body, "contacts").iter().take(CONTACTS_MAX) {
            let Some(id) = read::id(contact, "id") else {
                continue;
            };
            let mut event = NewEvent {
                source_key: format!("{}/{id}", thin.source_key),
                ..thin.clone()
            };
            let lead = fields::lead(&body);
            if let Some(account) = lead.account {
                event.patch.account.get_or_insert_default().extend(account);
            }
            event.patch.attributes.extend(lead.attributes);
            events.extend(with_person(event, fields::contact(&id, contact)));
        }
        if events.is_empty() {
            events.push(NewEvent {
                hydrate: None,
                ..thin.clone()
            });
        }
        Ok(events)
    }
}
