//! What SparkPost's answer, or its absence, means for the mail.
//!
//! | answer | outcome | because |
//! |---|---|---|
//! | 200, recipient accepted | accepted | `results.id` is the transmission's |
//! | 200, recipient rejected | rejected | `total_rejected_recipients`; there was one |
//! | 401, 403 | retry | a key that an administrator can set right; the mail is not at fault |
//! | 400 with code 7001 | retry | "Unconfigured or unverified sending domain": an administrator verifies it |
//! | 404 | retry | no SparkPost at this address: `base_url` is wrong |
//! | 420 | retry, in an hour | "Exceed Sending Limit (hourly / daily / sandbox)"; "no messages will be sent" |
//! | 429 | retry | "to prevent abuse, our servers enforce request rate limiting" |
//! | 408, 503 | retry | turned away before it was read |
//! | 3xx | retry | no SparkPost answers so: `base_url` is wrong |
//! | 400, 422, other 4xx | rejected | the same request would be refused again |
//! | 500, 502, 504, other 5xx | in doubt | perhaps after generating; the events tell |
//! | not sent | retry | it never left |
//! | no answer | in doubt | it may have arrived |
//!
//! Source: SparkPost API documentation, "Transmissions" and "Introduction: Errors, Rate limiting".

use serde_json::Value;

use crate::domain::answer::{line, no_answer, retry_after_ms};
use crate::domain::fields;
use crate::domain::http::{Failure, Response};
use crate::domain::instant::HOUR_MS;
use crate::domain::mail::Outcome;

const UNVERIFIED_DOMAIN: &str = "7001";

pub(super) fn outcome(answer: &Result<Response, Failure>) -> Outcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return no_answer(failure),
    };
    let said = explanation(answer);
    let reason = line("SparkPost", answer, &said);
    let retry = |reason: String, after_ms| Outcome::Retry { reason, after_ms };
    match answer.status {
        200..=299 => taken(answer, reason),
        300..=399 => retry(format!("{reason} (a redirect: check base_url)"), None),
        401 | 403 => retry(
            format!(
                "{reason} (check api_key, that it may write transmissions, and base_url: US and EU are apart)"
            ),
            None,
        ),
        400 if has_code(answer, UNVERIFIED_DOMAIN) => retry(
            format!("{reason} (verify the sender's domain in SparkPost)"),
            None,
        ),
        404 => retry(format!("{reason} (check base_url)"), None),
        420 => retry(reason, retry_after_ms(answer).or(Some(HOUR_MS))),
        408 | 429 | 503 => retry(reason, retry_after_ms(answer)),
        400..=499 => Outcome::Rejected { reason },
        _ => Outcome::InDoubt { reason },
    }
}

fn taken(answer: &Response, reason: String) -> Outcome {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let results = body.get("results").unwrap_or(&Value::Null);
    let count = |key: &str| results.get(key).and_then(Value::as_i64);
    let accepted = count("total_accepted_recipients").unwrap_or_default();
    let rejected = count("total_rejected_recipients").unwrap_or_default();
    if rejected > 0 && accepted == 0 {
        return Outcome::Rejected {
            reason: format!("{reason} (the recipient's address was refused)"),
        };
    }
    Outcome::accepted(fields::id(results, "id"))
}

fn errors(answer: &Response) -> Vec<Value> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let errors = body.get("errors").and_then(Value::as_array);
    errors.cloned().unwrap_or_default()
}

fn has_code(answer: &Response, code: &str) -> bool {
    errors(answer)
        .iter()
        .any(|error| fields::id(error, "code").as_deref() == Some(code))
}

/// `{"errors": [{"message", "code", "description"}]}`.
pub(super) fn explanation(answer: &Response) -> String {
    let texts: Vec<_> = errors(answer)
        .iter()
        .map(|error| {
            let texts = ["message", "description"].map(|key| fields::text(error, key));
            texts.into_iter().flatten().collect::<Vec<_>>().join(": ")
        })
        .collect();
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::answers::{answer, sentence, word};

    fn check(status: u16, body: &str, expect: &str) {
        let got = outcome(&Ok(answer(status, &[], body)));
        assert_eq!(word(&got), expect, "{status} {body}");
    }

    /// What people are told.
    fn reads(status: u16, body: &str, expect: &str) {
        let got = outcome(&Ok(answer(status, &[], body)));
        assert_eq!(sentence(&got), expect);
    }

    #[test]
    fn answers() {
        let results = |accepted: i32, rejected: i32| {
            format!(
                r#"{{"results":{{"total_rejected_recipients":{rejected},"total_accepted_recipients":{accepted},"id":"116"}}}}"#
            )
        };
        check(200, &results(1, 0), "accepted 116");
        reads(
            200,
            &results(0, 1),
            "rejected: SparkPost answered 200 (the recipient's address was refused)",
        );
        check(200, "", "accepted");
        let domain = r#"{"errors":[{"message":"Unconfigured Sending Domain <x>","code":"7001"}]}"#;
        check(400, domain, "retry");
        let field = r#"{"errors":[{"message":"required field is missing","description":"content.from is required","code":"1400"}]}"#;
        let said =
            "rejected: SparkPost answered 422: required field is missing: content.from is required";
        reads(422, field, said);
        let limit = r#"{"errors":[{"message":"Exceed Sending Limit (daily)","code":"2102"}]}"#;
        check(420, limit, "retry after 3600000");
        for status in [302, 401, 403, 404, 408, 429, 503] {
            check(status, "", "retry");
        }
        reads(413, "", "rejected: SparkPost answered 413");
        for status in [500, 502, 504] {
            check(status, "", "in doubt");
        }
    }
}
