//! What Mailgun's answer, or its absence, means for the mail.
//!
//! | answer | outcome | because |
//! |---|---|---|
//! | 200 | accepted | "Queued. Thank you."; `id` is the Message-ID that the recipient sees |
//! | 401, 403 | retry | a key that an administrator can set right; the mail is not at fault |
//! | 404 | retry | no such domain at this address, or "can be temporal as our system is an eventually-consistent system" |
//! | 420, 429 | retry | "account-requests-per-sec limit exceeded, try again after 120 seconds" |
//! | 408, 503 | retry | turned away before it was read |
//! | 3xx | retry | no Mailgun answers so: `base_url` is wrong |
//! | 400, 402, 413, other 4xx | rejected | the same request would be refused again |
//! | 500, 502, 504, other 5xx | in doubt | "Internal Error on the Mailgun side": perhaps after queueing; the events tell |
//! | not sent | retry | it never left |
//! | no answer | in doubt | it may have arrived |
//!
//! Source: Mailgun documentation, "API Response Codes"; its OpenAPI document, "Send an email". 420 is
//! seen in reports of customers only.

use serde_json::Value;

use super::explanation;
use crate::domain::answer::{line, no_answer, retry_after_ms};
use crate::domain::fields;
use crate::domain::http::{Failure, Response};
use crate::domain::instant::{DAY_MS, SECOND_MS};
use crate::domain::mail::Outcome;
use crate::providers::header::bare_id;

pub(super) fn outcome(answer: &Result<Response, Failure>) -> Outcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return no_answer(failure),
    };
    let said = explanation(answer);
    let reason = line("Mailgun", answer, &said);
    let retry = |reason: String, after_ms| Outcome::Retry { reason, after_ms };
    match answer.status {
        200..=299 => accepted(answer),
        300..=399 => retry(format!("{reason} (a redirect: check base_url)"), None),
        401 | 403 => retry(
            format!(
                "{reason} (check api_key, that the domain is verified, and base_url: the US and the EU are apart)"
            ),
            None,
        ),
        404 => retry(
            format!("{reason} (check domain, and base_url: a domain lives in the US or in the EU)"),
            None,
        ),
        420 | 429 => retry(reason, retry_after_ms(answer).or_else(|| told_ms(&said))),
        408 | 503 => retry(reason, retry_after_ms(answer)),
        400..=499 => Outcome::Rejected { reason },
        _ => Outcome::InDoubt { reason },
    }
}

fn accepted(answer: &Response) -> Outcome {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let id = fields::text(&body, "id").map(bare_id);
    Outcome::Accepted {
        provider_id: id.clone(),
        message_id: id,
    }
}

/// "... try again after 120 seconds".
fn told_ms(message: &str) -> Option<i64> {
    let (_, rest) = message.split_once("again after ")?;
    let (number, _) = rest.split_once(" second")?;
    let ms = number.trim().parse::<i64>().ok()?.checked_mul(SECOND_MS)?;
    (0..=DAY_MS).contains(&ms).then_some(ms)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::answers::{answer, sentence, word};

    fn check(status: u16, headers: &[(&str, &str)], body: &str, expect: &str) {
        let got = outcome(&Ok(answer(status, headers, body)));
        assert_eq!(word(&got), expect, "{status}");
    }

    #[test]
    fn answers() {
        check(200, &[], "", "accepted");
        let reason = "to parameter is not a valid address. please check documentation.";
        let refused = answer(400, &[], json!({ "message": reason }));
        let said = format!("rejected: Mailgun answered 400: {reason}");
        assert_eq!(sentence(&outcome(&Ok(refused))), said);
        check(413, &[], "", "rejected");
        for status in [302, 401, 403, 404, 408, 503] {
            check(status, &[], "Forbidden", "retry");
        }
        let limit = r#"{"message":"Domain example.com is not allowed to send: account-requests-per-sec limit exceeded, try again after 120 seconds"}"#;
        check(429, &[], limit, "retry after 120000");
        check(429, &[("retry-after", "3")], limit, "retry after 3000");
        check(
            429,
            &[],
            r#"{"message":"try again after x seconds"}"#,
            "retry",
        );
        check(420, &[], "", "retry");
        for status in [500, 502, 504] {
            check(status, &[], "", "in doubt");
        }
    }

    #[test]
    fn its_id_is_the_message_id() {
        let queued = json!({"id": "<msg_a@acme.example>", "message": "Queued. Thank you."});
        let id = Some("msg_a@acme.example".to_owned());
        assert_eq!(
            outcome(&Ok(answer(200, &[], queued))),
            Outcome::Accepted {
                provider_id: id.clone(),
                message_id: id,
            }
        );
    }
}
