//! Who a person is that a deal or an activity only names: `GET /api/v2/persons/{id}`.

use serde_json::Value;

use crate::crm::call::plain_id;
use crate::crm::event::{CONTACT, with_person};
use crate::domain::connector::{AskError, Hydrates};
use crate::domain::event::Hydrate;
use crate::domain::http::{Request, Response};
use crate::domain::{NewEvent, fields as read};

use super::{Pipedrive, fields, success};

impl Hydrates for Pipedrive {
    fn request(&self, wanted: &Hydrate) -> Result<Request, AskError> {
        if wanted.object != CONTACT {
            return Err(AskError::Refused(format!(
                "Pipedrive objects of type {:?} come complete",
                wanted.object
            )));
        }
        let id = plain_id("person", &wanted.id)?;
        let fields = if self.campaigns {
            "?include_fields=marketing_status"
        } else {
            ""
        };
        Ok(self.get(&format!("/api/v2/persons/{id}{fields}")))
    }

    fn complete(
        &self,
        thin: &NewEvent,
        wanted: &Hydrate,
        answer: &Response,
    ) -> Result<Vec<NewEvent>, AskError> {
        let body = success(answer)?;
        let data = &body["data"];
        if data["is_deleted"] == Value::Bool(true) {
            return Err(AskError::Gone);
        }
        let id = read::id(data, "id").unwrap_or_else(|| wanted.id.clone());
        Ok(with_person(thin.clone(), fields::person(&id, data)))
    }
}
