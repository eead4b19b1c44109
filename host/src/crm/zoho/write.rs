//! Write-back: tasks, notes, associated e-mails, and fields of the lead or contact.
//!
//! An id does not tell its module: the first call asks whether it is a contact's, and what is none is
//! taken for a lead's. Then one call writes. "HTTP 200, 201, 202 or 207 with a status for each record": what
//! counts is the `code` in the body. Sources: Zoho CRM docs v8, Insert Records, Create Notes, Associate
//! Email, Update Records.

use serde_json::{Value, json};

use crate::crm::writable;
use crate::domain::answer::{line, written};
use crate::domain::connector::{
    AskError, Done, Write, WriteKind, WriteOutcome, WritesBack, is_marked, marker,
};
use crate::domain::fields;
use crate::domain::http::{Failure, Method, Request, Response};
use crate::domain::instant::MINUTE_MS;

use super::Zoho;
use super::api::{explanation, failure, is_id, verdict};

/// Before the module that the first call found: no object of Zoho's, so that nothing that happens to
/// the person is taken for our own doing.
const WHO: &str = "who:";
/// "Maximum length: 250" (Associate Email), of a task's Subject 255.
const SUBJECT_MAX_CHARS: usize = 250;

impl WritesBack for Zoho {
    fn check(&self, write: &Write) -> Result<(), String> {
        writable::contact(
            write,
            is_id(&write.contact_id),
            "Zoho id of a lead or contact",
        )
    }

    fn request(&self, write: &Write, done: &[Done]) -> Option<Request> {
        let id = &write.contact_id;
        match done {
            [] => Some(self.call(Method::Get, &format!("/Contacts?ids={id}&fields=id"), None)),
            [who] => {
                let module = who.object.strip_prefix(WHO)?;
                Some(match &write.kind {
                    WriteKind::Task { .. } => self.create("Tasks", &task(write, module)),
                    WriteKind::Note { .. } => self.create("Notes", &note(write, module)),
                    WriteKind::Mail(_) => {
                        let path = format!("/{module}/{id}/actions/associate_email");
                        self.call(Method::Post, &path, Some(&json!({"Emails": [mail(write)]})))
                    }
                    WriteKind::Properties(properties) => {
                        let path = format!("/{module}/{id}");
                        self.call(Method::Put, &path, Some(&json!({"data": [properties]})))
                    }
                })
            }
            _ => None,
        }
    }

    fn outcome(
        &self,
        write: &Write,
        done: &[Done],
        answer: &Result<Response, Failure>,
    ) -> WriteOutcome {
        let id = || write.contact_id.clone();
        if done.is_empty() {
            return written("Zoho", answer, explanation, |answer| {
                let body = answer.json();
                let found = body.get("data").and_then(Value::as_array);
                // "204: there is no content": no such contact.
                let module = match (answer.status, found) {
                    (204, _) => "Leads",
                    (200, Some(found)) if found.is_empty() => "Leads",
                    (200, Some(_)) => "Contacts",
                    _ => return None,
                };
                let object = format!("{WHO}{module}");
                Some(Done { object, id: id() })
            });
        }
        if let Ok(answer) = answer
            && let Some(outcome) = judged(answer)
        {
            return outcome;
        }
        written("Zoho", answer, explanation, |answer| {
            let body = answer.json();
            let verdict = verdict(&body);
            fields::text(verdict, "code").filter(|code| *code == "SUCCESS")?;
            let made = |object: &str, id: Option<String>| {
                let object = object.to_owned();
                Some(Done { object, id: id? })
            };
            let details = verdict.get("details")?;
            match &write.kind {
                WriteKind::Task { .. } => made("Tasks", fields::id(details, "id")),
                WriteKind::Note { .. } => made("Notes", fields::id(details, "id")),
                WriteKind::Mail(_) => made("Emails", fields::id(details, "message_id")),
                WriteKind::Properties(_) => {
                    made(done.first()?.object.strip_prefix(WHO)?, Some(id()))
                }
            }
        })
    }

    /// Who it is may be asked again, and the same values set again.
    fn is_repeatable(&self, write: &Write, done: &[Done]) -> bool {
        done.is_empty() || matches!(write.kind, WriteKind::Properties(_))
    }

    /// The person's tasks or notes, or whether a mail of this Message-ID is there.
    fn search(&self, write: &Write, done: &[Done]) -> Option<Request> {
        let module = done.first()?.object.strip_prefix(WHO)?;
        let id = &write.contact_id;
        let path = match &write.kind {
            WriteKind::Task { .. } => {
                format!("/{module}/{id}/Tasks?fields=Subject,Description&per_page=200")
            }
            WriteKind::Note { .. } => {
                format!("/{module}/{id}/Notes?fields=Note_Title,Note_Content&per_page=200")
            }
            WriteKind::Mail(mail) => {
                // Zoho's OpenAPI document v8 spells the name without its second i; other pages spell it with.
                let query = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("orginal_message_id", &mail.message_id)
                    .append_pair("original_message_id", &mail.message_id)
                    .finish();
                format!("/actions/email_available?{query}")
            }
            WriteKind::Properties(_) => return None,
        };
        Some(self.call(Method::Get, &path, None))
    }

    fn found(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Response,
    ) -> Result<Option<Done>, AskError> {
        let body = answer.json();
        match (&write.kind, answer.status) {
            (_, 204) => return Ok(None),
            (WriteKind::Mail(mail), 200) => {
                let found = verdict(&body).get("available") == Some(&Value::Bool(true));
                return Ok(found.then(|| Done::new("Emails", mail.message_id.clone())));
            }
            _ => {}
        }
        let records = body.get("data").and_then(Value::as_array);
        let records = records.filter(|_| answer.status == 200);
        let (object, field) = match &write.kind {
            WriteKind::Task { .. } => ("Tasks", "Description"),
            _ => ("Notes", "Note_Content"),
        };
        let ours = |record: &&Value| {
            fields::text(record, field).is_some_and(|text| is_marked(text, write))
        };
        let found = records.ok_or_else(|| failure(answer))?.iter().find(ours);
        Ok(found.and_then(|record| Some(Done::new(object, fields::id(record, "id")?))))
    }
}

impl Zoho {
    fn create(&self, module: &str, record: &Value) -> Request {
        let path = format!("/{module}");
        self.call(Method::Post, &path, Some(&json!({"data": [record]})))
    }
}

/// What the record's own code means where the status says that all went well.
fn judged(answer: &Response) -> Option<WriteOutcome> {
    let body = answer.json();
    let code = fields::text(verdict(&body), "code")?;
    if !(200..300).contains(&answer.status) || code == "SUCCESS" {
        return None;
    }
    let reason = line("Zoho", answer, &explanation(answer));
    Some(match code {
        "INTERNAL_ERROR" => WriteOutcome::InDoubt { reason },
        "RECORD_LOCKED" | "TOO_MANY_REQUESTS" | "LIMIT_EXCEEDED" => WriteOutcome::Retry {
            reason,
            after_ms: Some(MINUTE_MS),
        },
        _ => WriteOutcome::Rejected { reason },
    })
}

fn task(write: &Write, module: &str) -> Value {
    let WriteKind::Task {
        title,
        body,
        due_at,
    } = &write.kind
    else {
        return Value::Null;
    };
    let mut task = json!({
        "Subject": cut(title),
        "Description": format!("{body}\n\n{}", marker(write)),
        "Status": "Not Started",
    });
    if let Some(at) = due_at {
        task["Due_Date"] = json!(at.to_utc().format("%Y-%m-%d").to_string());
    }
    // A task has one contact and one other record; a lead is such a record.
    let id = |id: &str| json!({"id": id});
    let known = |id: &Option<String>| id.clone().filter(|id| is_id(id));
    if module == "Leads" {
        task["What_Id"] = id(&write.contact_id);
        task["$se_module"] = json!("Leads");
    } else {
        task["Who_Id"] = id(&write.contact_id);
        let deal = known(&write.deal_id).map(|deal| ("Deals", deal));
        let account = || known(&write.account_id).map(|account| ("Accounts", account));
        if let Some((module, what)) = deal.or_else(account) {
            task["What_Id"] = id(&what);
            task["$se_module"] = json!(module);
        }
    }
    if let Some(owner) = known(&write.owner_id) {
        task["Owner"] = id(&owner);
    }
    task
}

fn note(write: &Write, module: &str) -> Value {
    let WriteKind::Note { body } = &write.kind else {
        return Value::Null;
    };
    json!({
        "Note_Content": format!("{body}\n\n{}", marker(write)),
        "Parent_Id": {"module": {"api_name": module}, "id": write.contact_id},
    })
}

fn mail(write: &Write) -> Value {
    let WriteKind::Mail(mail) = &write.kind else {
        return Value::Null;
    };
    let person = |address: &str| json!({"user_name": address, "email": address});
    let (content, format) = match &mail.html {
        Some(html) => (html, "html"),
        None => (&mail.text, "text"),
    };
    json!({
        "from": person(&mail.from),
        "to": [person(&mail.to)],
        "subject": cut(&mail.subject),
        "content": content,
        "mail_format": format,
        "original_message_id": mail.message_id,
        "sent": true,
        "date_time": mail.sent_at.to_utc().format("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
    })
}

fn cut(text: &str) -> String {
    text.chars().take(SUBJECT_MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &Value, expect: &str) {
        let answer = Response {
            status,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        };
        let got = match judged(&answer) {
            None => "by status",
            Some(WriteOutcome::Done(_)) => "done",
            Some(WriteOutcome::Rejected { .. }) => "rejected",
            Some(WriteOutcome::Retry { .. }) => "retry",
            Some(WriteOutcome::InDoubt { .. }) => "in doubt",
        };
        assert_eq!(got, expect, "{status} {body}");
    }

    #[test]
    fn a_records_own_code_counts() {
        let code = |code: &str| json!({"data": [{"code": code, "details": {}, "status": "error"}]});
        check(201, &code("SUCCESS"), "by status");
        check(202, &code("INVALID_DATA"), "rejected");
        check(202, &code("MANDATORY_NOT_FOUND"), "rejected");
        check(207, &code("DUPLICATE_DATA"), "rejected");
        check(202, &code("RECORD_LOCKED"), "retry");
        check(200, &code("INTERNAL_ERROR"), "in doubt");
        check(400, &code("INVALID_DATA"), "by status");
    }
}
