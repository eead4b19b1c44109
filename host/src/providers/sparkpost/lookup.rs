//! Whether SparkPost took a mail on whose answer was lost: its events carry our metadata.
//!
//! "Events data is retained for 10 days." The search ends a minute ago by default, so what was just sent is not
//! found yet. Source: Bird documentation, "Events"; SparkPost API documentation, "Events: search for message
//! events".

use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::outcome::explanation;
use crate::domain::answer::ask_failure;
use crate::domain::connector::AskError;
use crate::domain::http::Response;
use crate::domain::instant::{MINUTE_MS, SECOND_MS};
use crate::domain::mail::{Mail, Outcome};
use crate::domain::{Instant, fields};
use crate::providers::{MESSAGE_ID_KEY, our_message_id};

/// What their clock and ours may differ, and the minute that the search lags behind.
const CLOCKS_MS: i64 = 5 * MINUTE_MS;
/// Events of one recipient in the time since.
const EVENTS_MAX: &str = "200";
/// Nothing left SparkPost.
const REFUSALS: &[&str] = &[
    "policy_rejection",
    "generation_failure",
    "generation_rejection",
];
const WORDS: &str = "injection,delivery,delay,bounce,out_of_band,spam_complaint,\
                     policy_rejection,generation_failure,generation_rejection";

/// What stands behind `/events/message`.
pub(super) fn query(mail: &Mail, since: Instant) -> String {
    let from = since.plus_ms(-CLOCKS_MS);
    let whole_seconds = Instant(from.0.div_euclid(SECOND_MS) * SECOND_MS);
    Serializer::new(String::new())
        .append_pair("from", &whole_seconds.to_string())
        .append_pair("recipients", mail.to.address.as_str())
        .append_pair("events", WORDS)
        .append_pair("per_page", EVENTS_MAX)
        .finish()
}

pub(super) fn read(mail: &Mail, answer: &Response) -> Result<Option<Outcome>, AskError> {
    let failure = || {
        let hint = "check that api_key may read events";
        ask_failure("SparkPost", answer, &explanation(answer), hint)
    };
    if answer.status != 200 {
        return Err(failure());
    }
    let body: Value = serde_json::from_slice(&answer.body).map_err(|_| failure())?;
    let results = body.get("results").and_then(Value::as_array);
    let events = results.ok_or_else(failure)?;
    let is_ours = |event: &&Value| {
        let id = our_message_id(event.pointer(&format!("/rcpt_meta/{MESSAGE_ID_KEY}")));
        id.as_deref() == Some(mail.id.as_str())
    };
    let ours: Vec<_> = events.iter().filter(is_ours).collect();
    let is_refusal =
        |event: &&Value| fields::text(event, "type").is_some_and(|word| REFUSALS.contains(&word));
    if let Some(event) = ours.iter().find(|event| !is_refusal(event)) {
        return Ok(Some(Outcome::accepted(fields::id(
            event,
            "transmission_id",
        ))));
    }
    Ok(ours.first().map(|event| Outcome::Rejected {
        reason: format!(
            "SparkPost refused it: {}",
            fields::text(event, "raw_reason").unwrap_or("no reason told")
        ),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::header::tests::mail;

    #[test]
    fn what_the_events_tell() {
        let event = |word: &str, id: &str| json!({"type": word, "transmission_id": "65", "rcpt_meta": {"followup_message_id": id}});
        let ours = |word: &str| event(word, "msg_abc123");
        for (results, expect) in [
            (json!([]), "none"),
            (json!([event("delivery", "msg_other")]), "none"),
            (json!([ours("injection")]), "accepted"),
            (json!([ours("bounce"), ours("injection")]), "accepted"),
            (json!([ours("policy_rejection")]), "rejected"),
        ] {
            let answer = Response {
                status: 200,
                headers: Vec::new(),
                body: json!({ "results": results }).to_string().into_bytes(),
            };
            let got = match read(&mail(), &answer).expect("readable") {
                None => "none",
                Some(Outcome::Accepted { .. }) => "accepted",
                Some(Outcome::Rejected { .. }) => "rejected",
                Some(other) => panic!("{other:?}"),
            };
            assert_eq!(got, expect, "{results}");
        }
    }
}
