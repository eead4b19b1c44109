//! What SendGrid's answer, or its absence, means for the mail.
//!
//! | answer | outcome | because |
//! |---|---|---|
//! | 2xx (202; 200 in sandbox mode) | accepted | "Your message is both valid, and queued to be delivered" |
//! | 401, 403 | retry | a key or sender that an administrator can set right; the mail is not at fault |
//! | 408, 429, 503 | retry | turned away before it was read: too slow, over the limit, "not available" |
//! | 3xx | retry | no SendGrid answers so: `base_url` is wrong |
//! | 400, 404, 405, 413, other 4xx | rejected | the same request would be refused again |
//! | 500, 502, 504, other 5xx | in doubt | "an error occurred on a SendGrid server": perhaps after queueing, and a gateway does not know; with no idempotency key a repetition could be a second mail |
//! | not sent | retry | it never left |
//! | no answer | in doubt | it may have arrived |
//!
//! Source: SendGrid documentation, "Mail Send" responses and "API Errors".

use serde_json::Value;

use crate::domain::answer::{line, no_answer, reset_at_ms, retry_after_ms};
use crate::domain::fields;
use crate::domain::http::{Failure, Response};
use crate::domain::mail::Outcome;

pub(super) fn outcome(answer: &Result<Response, Failure>) -> Outcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return no_answer(failure),
    };
    let reason = line("SendGrid", answer, &explanation(answer));
    let retry = |reason: String, after_ms| Outcome::Retry { reason, after_ms };
    match answer.status {
        200..=299 => Outcome::accepted(answer.header("x-message-id").map(str::to_owned)),
        300..=399 => retry(format!("{reason} (a redirect: check base_url)"), None),
        401 => retry(format!("{reason} (check api_key)"), None),
        403 => retry(
            format!("{reason} (check that api_key may send mail, and the verified senders)"),
            None,
        ),
        429 => retry(
            reason,
            retry_after_ms(answer).or_else(|| reset_at_ms(answer, "x-ratelimit-reset")),
        ),
        408 | 503 => retry(reason, retry_after_ms(answer)),
        400..=499 => Outcome::Rejected { reason },
        _ => Outcome::InDoubt { reason },
    }
}

/// `{"errors": [{"message", "field", "help"}]}`.
pub(super) fn explanation(answer: &Response) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let errors = body.get("errors").and_then(Value::as_array);
    let texts: Vec<_> = errors
        .into_iter()
        .flatten()
        .filter_map(|error| {
            let message = fields::text(error, "message")?;
            Some(match fields::text(error, "field") {
                Some(field) => format!("{message} ({field})"),
                None => message.to_owned(),
            })
        })
        .collect();
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::answers::{answer, sentence};

    fn check(status: u16, headers: &[(&str, &str)], body: &str, expect: &str) {
        let got = outcome(&Ok(answer(status, headers, body)));
        assert_eq!(sentence(&got), expect);
    }

    #[test]
    fn answers() {
        check(202, &[("x-message-id", "abc.1")], "", "accepted abc.1");
        check(202, &[], "", "accepted");
        let error = r#"{"errors":[{"message":"Does not contain a valid address.","field":"from.email","help":null}]}"#;
        let said = "Does not contain a valid address. (from.email)";
        check(
            400,
            &[],
            error,
            &format!("rejected: SendGrid answered 400: {said}"),
        );
        check(413, &[], "", "rejected: SendGrid answered 413");
        check(404, &[], "<html>", "rejected: SendGrid answered 404");
        check(401, &[], "", "retry: SendGrid answered 401 (check api_key)");
        check(
            403,
            &[],
            "",
            "retry: SendGrid answered 403 (check that api_key may send mail, and the verified senders)",
        );
        check(
            302,
            &[],
            "",
            "retry: SendGrid answered 302 (a redirect: check base_url)",
        );
        check(
            429,
            &[("retry-after", "7")],
            "",
            "retry after 7000: SendGrid answered 429",
        );
        let date = ("date", "Mon, 02 Mar 2026 09:00:00 GMT");
        let reset = ("x-ratelimit-reset", "1772442030");
        check(
            429,
            &[date, reset],
            "",
            "retry after 30000: SendGrid answered 429",
        );
        check(429, &[], "", "retry: SendGrid answered 429");
        check(503, &[], "", "retry: SendGrid answered 503");
        for status in [500, 502, 504] {
            check(
                status,
                &[],
                "",
                &format!("in doubt: SendGrid answered {status}"),
            );
        }
    }
}
