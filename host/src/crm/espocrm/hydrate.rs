//! Asking EspoCRM: for a record, and whether the key is good.

use serde_json::Value;

use crate::crm::call;
use crate::crm::call::is_id;
use crate::crm::event::CONTACT;
use crate::domain::connector::{AskError, Hydrates, Probes};
use crate::domain::event::Hydrate;
use crate::domain::http::{Request, Response};
use crate::domain::{Instant, NewEvent, answer, fields};

use super::events::HYDRATED;
use super::fields::entity_of;
use super::{EspoCrm, hydrated};

impl Hydrates for EspoCrm {
    fn request(&self, wanted: &Hydrate) -> Result<Request, AskError> {
        let (entity, id) = record_of(wanted).ok_or_else(|| {
            AskError::Refused(format!("EspoCRM's {:?} is not asked for", wanted.object))
        })?;
        Ok(call::get(
            self.url(&format!("{entity}/{id}")),
            self.credential(),
        ))
    }

    fn complete(
        &self,
        thin: &NewEvent,
        wanted: &Hydrate,
        answer: &Response,
    ) -> Result<Vec<NewEvent>, AskError> {
        let record = answer.json();
        match record_of(wanted) {
            Some((entity, id)) if answer.status == 200 && record.is_object() => {
                let thin = NewEvent {
                    hydrate: None,
                    ..thin.clone()
                };
                Ok(hydrated::complete(thin, entity, id, &record))
            }
            _ => Err(failure(answer)),
        }
    }
}

fn record_of(wanted: &Hydrate) -> Option<(&str, &str)> {
    if wanted.object == CONTACT {
        return entity_of(&wanted.id);
    }
    let known = HYDRATED.contains(&wanted.object.as_str()) && is_id(&wanted.id);
    known.then_some((wanted.object.as_str(), wanted.id.as_str()))
}

impl Probes for EspoCrm {
    fn request(&self, _now: Instant) -> Request {
        call::get(self.url("App/user"), self.credential())
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body = answer.json();
        let user = body.pointer("/user/userName").and_then(Value::as_str);
        match (answer.status, user) {
            (200, Some(user)) => Ok(format!("{} (user {user})", self.base_url)),
            _ => Err(failure(answer)),
        }
    }
}

pub(super) fn failure(answer: &Response) -> AskError {
    let hint = "check api_key of this connection and the role of its API user";
    answer::ask_failure("EspoCRM", answer, &explanation(answer), hint)
}

/// Why stands in a header (`Espo\Core\Api\ErrorOutput`), and sometimes in the body.
pub(super) fn explanation(answer: &Response) -> String {
    if let Some(reason) = answer.header("x-status-reason") {
        return reason.to_owned();
    }
    let body = answer.json();
    let label = body.get("messageTranslation").unwrap_or(&Value::Null);
    let said = fields::text(label, "label").or_else(|| fields::text(&body, "message"));
    said.unwrap_or_default().to_owned()
}
