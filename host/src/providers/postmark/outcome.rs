//! What Postmark's answer, or its absence, means for the mail. Decided by the body's `ErrorCode` where it
//! is known, since one status (422) stands for many of them.
//!
//! | answer | outcome | because |
//! |---|---|---|
//! | 200 with `ErrorCode` 0 | accepted | |
//! | 10 (401), other 401, 403 | retry | a token that an administrator can set right |
//! | 100, 503 | retry | maintenance: "During planned service outages, Postmark API services will return this" |
//! | 400, 401 (sender signature) | retry | an administrator confirms the sender; the mail is not at fault |
//! | 405, 412, 413 (may not send) | retry | credits, or an account that is not approved yet |
//! | 1235, 1236 (stream) | retry | `message_stream` names none of the server's |
//! | 429 | retry | turned away |
//! | 406 | rejected | "Inactive recipient": bounced, complained or was suppressed before |
//! | 300, other codes, other 4xx | rejected | the same request would be refused again |
//! | 3xx | retry | no Postmark answers so: `base_url` is wrong |
//! | 500, other 5xx | in doubt | "In most cases the message is lost during the process": most |
//! | not sent | retry | it never left |
//! | no answer | in doubt | it may have arrived |
//!
//! Source: Postmark documentation, "API overview" (HTTP response codes, API error codes); postmark-skills,
//! "Error Handling". The codes 1235 and 1236 are not verified there.

use serde_json::Value;

use crate::domain::answer::{line, no_answer, retry_after_ms};
use crate::domain::fields;
use crate::domain::http::{Failure, Response};
use crate::domain::mail::Outcome;

pub(super) fn outcome(answer: &Result<Response, Failure>) -> Outcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return no_answer(failure),
    };
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = body.get("ErrorCode").and_then(Value::as_i64);
    let reason = explain(answer, &body);
    let hint = |hint: &str| Outcome::Retry {
        reason: format!("{reason} ({hint})"),
        after_ms: None,
    };
    let wait = || Outcome::Retry {
        reason: reason.clone(),
        after_ms: retry_after_ms(answer),
    };
    match (answer.status, code) {
        (200..=299, None | Some(0)) => {
            Outcome::accepted(fields::text(&body, "MessageID").map(str::to_owned))
        }
        (300..=399, _) => hint("a redirect: check base_url"),
        (_, Some(10)) | (401 | 403, None) => hint("check server_token"),
        (408 | 429 | 503, _) | (_, Some(100 | 429)) => wait(),
        (_, Some(400 | 401)) => hint("confirm the sender signature or the domain in Postmark"),
        (_, Some(405 | 412 | 413)) => hint("the account may not send this: see Postmark"),
        (_, Some(1235 | 1236)) => hint("check message_stream"),
        (500.., _) => Outcome::InDoubt { reason },
        _ => Outcome::Rejected { reason },
    }
}

/// `{"ErrorCode": 300, "Message": "..."}`.
pub(super) fn explain(answer: &Response, body: &Value) -> String {
    let message = fields::text(body, "Message").unwrap_or_default();
    match body.get("ErrorCode").and_then(Value::as_i64) {
        Some(code) if code != 0 => line("Postmark", answer, &format!("{code} {message}")),
        _ => line("Postmark", answer, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::answers::{answer, word};

    fn check(status: u16, code: Option<i64>, expect: &str) {
        let body = serde_json::json!({"ErrorCode": code, "Message": "said", "MessageID": "b7bc"});
        let got = outcome(&Ok(answer(status, &[("retry-after", "7")], body)));
        assert_eq!(word(&got), expect, "{status} {code:?}");
    }

    #[test]
    fn answers() {
        check(200, Some(0), "accepted b7bc");
        check(200, None, "accepted b7bc");
        // As in a batch: the status is that of the call, not of the mail.
        check(200, Some(406), "rejected");
        for (status, code) in [
            (401, Some(10)),
            (422, Some(10)),
            (403, None),
            (422, Some(400)),
            (422, Some(401)),
            (422, Some(405)),
            (422, Some(412)),
            (422, Some(413)),
            (422, Some(1235)),
            (302, None),
        ] {
            check(status, code, "retry");
        }
        for (status, code) in [
            (429, None),
            (422, Some(429)),
            (503, Some(100)),
            (422, Some(100)),
        ] {
            check(status, code, "retry after 7000");
        }
        for (status, code) in [
            (422, Some(300)),
            (422, Some(406)),
            (406, Some(406)),
            (422, Some(402)),
            (413, None),
            (404, None),
            (415, None),
        ] {
            check(status, code, "rejected");
        }
        check(500, None, "in doubt");
        check(502, None, "in doubt");
    }
}
