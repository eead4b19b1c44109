//! Asking Attio: for what a thin event names, and whether the token is good.

use serde_json::Value;

use crate::crm::call;
use crate::crm::call::is_id;
use crate::crm::event::CONTACT;
use crate::domain::connector::{AskError, Hydrates, Probes};
use crate::domain::event::Hydrate;
use crate::domain::http::{Request, Response};
use crate::domain::{Instant, NewEvent, answer, fields};

use super::{Attio, hydrated};

impl Hydrates for Attio {
    fn request(&self, wanted: &Hydrate) -> Result<Request, AskError> {
        let path = path(wanted)
            .ok_or_else(|| AskError::Refused(format!("Attio has no object {:?}", wanted.object)))?;
        Ok(call::get(self.url(&path), self.credential()))
    }

    fn complete(
        &self,
        thin: &NewEvent,
        wanted: &Hydrate,
        answer: &Response,
    ) -> Result<Vec<NewEvent>, AskError> {
        let body = answer.json();
        match body.get("data").filter(|data| data.is_object()) {
            Some(data) if answer.status == 200 => Ok(self.completed(thin.clone(), wanted, data)),
            _ => Err(failure(answer)),
        }
    }
}

impl Attio {
    fn completed(&self, thin: NewEvent, wanted: &Hydrate, data: &Value) -> Vec<NewEvent> {
        let thin = NewEvent {
            hydrate: None,
            ..thin
        };
        let people =
            |object: &str| object == "people" || self.people_object.as_deref() == Some(object);
        match wanted.object.as_str() {
            "notes" => hydrated::note(thin, data, people),
            "tasks" => hydrated::task(thin, data, people),
            "meetings" => hydrated::meeting(thin, data),
            list if list.starts_with("lists/") => hydrated::entry(thin, data, people),
            _ => hydrated::record(thin, &wanted.id, data, &self.stages),
        }
    }
}

impl Probes for Attio {
    fn request(&self, _now: Instant) -> Request {
        call::get(self.url("self"), self.credential())
    }

    /// "Identify the current access token" answers 200 for a token that is none, too, with `active` false.
    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body = answer.json();
        match (answer.status, body.get("active").and_then(Value::as_bool)) {
            (200, Some(true)) => Ok(format!(
                "{} (workspace {})",
                fields::text(&body, "workspace_name").unwrap_or("an unnamed workspace"),
                fields::text(&body, "workspace_slug").unwrap_or("without a slug"),
            )),
            (200, Some(false)) => Err(AskError::Refused(format!(
                "Attio does not know the token ({HINT})"
            ))),
            _ => Err(failure(answer)),
        }
    }
}

const HINT: &str = "check access_token of this connection and its scopes";

/// "reading the merged record will return a `404` with the `merge_in_progress` error code until it
/// completes" (Attio docs, "Merge two records").
pub(super) fn failure(answer: &Response) -> AskError {
    let body = answer.json();
    if fields::text(&body, "code") == Some("merge_in_progress") {
        return AskError::Retry {
            reason: answer::line("Attio", answer, "the merge is still under way"),
            after_ms: None,
        };
    }
    answer::ask_failure("Attio", answer, explanation(&body), HINT)
}

pub(super) fn explanation(body: &Value) -> &str {
    fields::text(body, "message").unwrap_or_default()
}

fn path(wanted: &Hydrate) -> Option<String> {
    let id = Some(&wanted.id).filter(|id| is_id(id))?;
    match wanted.object.split_once('/') {
        None if wanted.object == CONTACT => Some(format!("objects/people/records/{id}")),
        None if ["notes", "tasks", "meetings"].contains(&wanted.object.as_str()) => {
            Some(format!("{}/{id}", wanted.object))
        }
        Some(("objects", object)) if is_id(object) => {
            Some(format!("objects/{object}/records/{id}"))
        }
        Some(("lists", list)) if is_id(list) => Some(format!("lists/{list}/entries/{id}")),
        _ => None,
    }
}
