//! Whether Mailgun took a mail on whose answer was lost: its events know the Message-ID that we chose.
//!
//! Events of the last days are kept, "at least 3 days". Source: Mailgun's OpenAPI document, GET
//! /v3/{domain}/events; it recommends the logs API for new work, which cannot be asked with GET.

use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::explanation;
use crate::domain::answer::ask_failure;
use crate::domain::connector::AskError;
use crate::domain::http::Response;
use crate::domain::instant::{MINUTE_MS, SECOND_MS};
use crate::domain::mail::{Mail, Outcome};
use crate::domain::{Instant, fields};
use crate::providers::header::bare_id;
use crate::providers::{MESSAGE_ID_KEY, our_message_id};

/// What their clock and ours may differ.
const CLOCKS_MS: i64 = 5 * MINUTE_MS;

/// What stands behind `/events`.
pub(super) fn query(mail: &Mail, since: Instant, now: Instant) -> String {
    let seconds = |at: Instant| at.0.div_euclid(SECOND_MS).to_string();
    Serializer::new(String::new())
        .append_pair("begin", &seconds(since.plus_ms(-CLOCKS_MS)))
        .append_pair("end", &seconds(now.plus_ms(CLOCKS_MS)))
        .append_pair("message-id", &bare_id(&mail.message_id))
        .append_pair("limit", "25")
        .finish()
}

pub(super) fn read(mail: &Mail, answer: &Response) -> Result<Option<Outcome>, AskError> {
    let failure = || {
        let hint = "check that api_key may read events; a sending key may not";
        ask_failure("Mailgun", answer, &explanation(answer), hint)
    };
    if answer.status != 200 {
        return Err(failure());
    }
    let body: Value = serde_json::from_slice(&answer.body).map_err(|_| failure())?;
    let items = body.get("items").and_then(Value::as_array);
    let events = items.ok_or_else(failure)?;
    let ours: Vec<_> = events.iter().filter(|item| is_about(item, mail)).collect();
    let is_rejected = |item: &&Value| fields::text(item, "event") == Some("rejected");
    if ours.iter().any(|item| !is_rejected(item)) {
        let id = bare_id(&mail.message_id);
        return Ok(Some(Outcome::Accepted {
            provider_id: Some(id.clone()),
            message_id: Some(id),
        }));
    }
    Ok(ours.first().map(|item| Outcome::Rejected {
        reason: format!(
            "Mailgun rejected it: {}",
            item.pointer("/reject/reason")
                .and_then(Value::as_str)
                .unwrap_or("no reason told")
        ),
    }))
}

/// By our id, or by our Message-ID where the variables are not told.
fn is_about(item: &Value, mail: &Mail) -> bool {
    let ours = our_message_id(item.pointer(&format!("/user-variables/{MESSAGE_ID_KEY}")));
    let header = item
        .pointer("/message/headers/message-id")
        .and_then(Value::as_str);
    match ours {
        Some(id) => id == mail.id,
        None => header.map(bare_id).as_deref() == Some(&bare_id(&mail.message_id)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::header::tests::mail;

    fn looked_up(items: &Value) -> Option<Outcome> {
        let answer = Response {
            status: 200,
            headers: Vec::new(),
            body: json!({"items": items}).to_string().into_bytes(),
        };
        read(&mail(), &answer).expect("readable")
    }

    #[test]
    fn what_the_events_tell() {
        let variables = json!({"followup_message_id": "msg_abc123"});
        let accepted = json!({"event": "accepted", "user-variables": variables});
        let rejected = json!({"event": "rejected", "user-variables": variables, "reject": {"reason": "Sandbox"}});
        let by_header = json!({"event": "failed", "message": {"headers": {"message-id": "msg_abc123@acme.example"}}});
        let foreign =
            json!({"event": "accepted", "user-variables": {"followup_message_id": "msg_other"}});
        for (items, expect) in [
            (json!([]), "none"),
            (json!([foreign]), "none"),
            (json!([rejected, accepted]), "accepted"),
            (json!([by_header]), "accepted"),
            (json!([rejected]), "rejected"),
        ] {
            let got = match looked_up(&items) {
                None => "none",
                Some(Outcome::Accepted { .. }) => "accepted",
                Some(Outcome::Rejected { .. }) => "rejected",
                Some(other) => panic!("{other:?}"),
            };
            assert_eq!(got, expect, "{items}");
        }
    }
}
