//! Asking Twenty: for a person, and for the people behind a task, a note, a meeting or a mail.
//!
//! Those are tied to people by lists of their own: `taskTargets`, `noteTargets`,
//! `calendarEventParticipants`, `messageParticipants`.

use serde_json::{Value, json};

use crate::crm::call;
use crate::crm::call::is_id;
use crate::crm::event::{CONTACT, for_contacts, with_person};
use crate::domain::connector::{AskError, Hydrates, Probes};
use crate::domain::event::{Hydrate, kind};
use crate::domain::http::{Request, Response};
use crate::domain::{EmailAddress, Instant, NewEvent, answer, fields};

use super::Twenty;
use super::fields::person_of;

/// Our word, the list, and the field that names the object in it.
const LISTS: &[(&str, &str, &str)] = &[
    ("task", "taskTargets", "taskId"),
    ("note", "noteTargets", "noteId"),
    (
        "calendarEvent",
        "calendarEventParticipants",
        "calendarEventId",
    ),
    ("message", "messageParticipants", "messageId"),
];

impl Hydrates for Twenty {
    fn request(&self, wanted: &Hydrate) -> Result<Request, AskError> {
        let id = Some(wanted.id.as_str()).filter(|id| is_id(id));
        let list = LISTS.iter().find(|(word, _, _)| *word == wanted.object);
        let url = match (id, list) {
            (Some(id), _) if wanted.object == CONTACT => self.url(&format!("people/{id}")),
            (Some(id), Some((_, list, field))) => call::url(
                &self.url(list),
                &[("filter", &format!("{field}[eq]:{id}")), ("limit", "60")],
            ),
            _ => {
                let why = format!("Twenty has no object {:?}", wanted.object);
                return Err(AskError::Refused(why));
            }
        };
        Ok(call::get(url, self.credential()))
    }

    fn complete(
        &self,
        thin: &NewEvent,
        wanted: &Hydrate,
        answer: &Response,
    ) -> Result<Vec<NewEvent>, AskError> {
        let body = answer.json();
        let thin = NewEvent {
            hydrate: None,
            ..thin.clone()
        };
        if wanted.object == CONTACT {
            let record = body
                .pointer("/data/person")
                .filter(|_| answer.status == 200);
            let record = record.ok_or_else(|| failure(answer))?;
            return Ok(with_person(thin, person_of(&wanted.id, record)));
        }
        let list = LISTS.iter().find(|(word, _, _)| *word == wanted.object);
        let items = list.and_then(|(_, list, _)| body.get("data")?.get(*list)?.as_array());
        let items = items
            .filter(|_| answer.status == 200)
            .ok_or_else(|| failure(answer))?;
        if wanted.object == "message" {
            return Ok(message(thin, items));
        }
        Ok(for_contacts(thin, items.iter().filter_map(person_id)))
    }
}

/// A mail is a reply where a person wrote it, a touch where a member of the workspace did.
fn message(mut event: NewEvent, participants: &[Value]) -> Vec<NewEvent> {
    let role = |item: &&Value| {
        fields::text(item, "role")
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let Some(from) = participants.iter().find(|item| role(item) == "from") else {
        return vec![event];
    };
    if event.kind != "twenty.message.created" {
        return for_contacts(event, participants.iter().filter_map(person_id));
    }
    let handle = fields::text(from, "handle").unwrap_or_default();
    event.data.insert("from".to_owned(), json!(handle));
    if fields::text(from, "workspaceMemberId").is_some() {
        kind::EMAIL_SENT.clone_into(&mut event.kind);
        let to = participants.iter().filter(|item| role(item) != "from");
        return for_contacts(event, to.filter_map(person_id));
    }
    if let Some(person) = person_id(from) {
        kind::REPLIED.clone_into(&mut event.kind);
        let email = EmailAddress::parse(handle).ok();
        let mut events = for_contacts(event, [person]);
        for event in &mut events {
            event.contact.email.clone_from(&email);
        }
        return events;
    }
    vec![event]
}

fn person_id(item: &Value) -> Option<String> {
    let id = fields::text(item, "targetPersonId").or_else(|| fields::text(item, "personId"))?;
    is_id(id).then(|| id.to_owned())
}

impl Probes for Twenty {
    fn request(&self, _now: Instant) -> Request {
        call::get(
            call::url(&self.url("people"), &[("limit", "1")]),
            self.credential(),
        )
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body = answer.json();
        let count = body.get("totalCount").and_then(Value::as_u64);
        match (answer.status, count) {
            (200, Some(count)) => Ok(format!("{} ({count} people)", self.base_url)),
            _ => Err(failure(answer)),
        }
    }
}

/// A record that is not there is answered 400 `Record not found` (twentyhq/twenty, integration tests of
/// the REST API).
pub(super) fn failure(answer: &Response) -> AskError {
    let explanation = explanation(answer);
    if answer.status == 400 && explanation.contains("Record not found") {
        return AskError::Gone;
    }
    let hint = "check api_key of this connection and the role it has";
    answer::ask_failure("Twenty", answer, &explanation, hint)
}

/// `{"statusCode", "error", "messages": ["..."]}`.
pub(super) fn explanation(answer: &Response) -> String {
    let body = answer.json();
    let messages = body.get("messages").and_then(Value::as_array);
    let texts: Vec<&str> = messages
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match texts.as_slice() {
        [] => fields::text(&body, "error").unwrap_or_default().to_owned(),
        texts => texts.join("; "),
    }
}
