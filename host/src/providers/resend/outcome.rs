//! What Resend's answer, or its absence, means for the mail. Decided by the error's `name`, where it
//! has one that is known, else by the status.
//!
//! | answer | outcome | because |
//! |---|---|---|
//! | 2xx | accepted | |
//! | `concurrent_idempotent_requests`, `resource_locked` | retry | the first attempt still runs: its answer will be ours |
//! | `rate_limit_exceeded`, other 429 | retry | turned away |
//! | `daily_quota_exceeded`, `monthly_quota_exceeded` | retry, in an hour or six | free again tomorrow or next month, or at once when somebody upgrades |
//! | 401, 403 (keys, permissions, unverified domain) | retry | an administrator can set it right; the mail is not at fault |
//! | `invalid_idempotent_request` | in doubt | this key is remembered for another payload: an earlier attempt was accepted |
//! | other 4xx | rejected | the same request would be refused again |
//! | 5xx | in doubt | it may have been queued; the key makes a repetition safe |
//! | not sent | retry | it never left |
//! | no answer | in doubt | it may have arrived |
//!
//! Source: Resend documentation, "Errors", "Idempotency Keys", "Rate limit".

use serde_json::Value;

use crate::domain::answer::{line, no_answer, reset_in_ms, retry_after_ms};
use crate::domain::fields;
use crate::domain::http::{Failure, Response};
use crate::domain::instant::HOUR_MS;
use crate::domain::mail::Outcome;

pub(super) fn outcome(answer: &Result<Response, Failure>) -> Outcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return no_answer(failure),
    };
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let name = fields::text(&body, "name").unwrap_or_default();
    let message = fields::text(&body, "message").unwrap_or_default();
    let reason = line("Resend", answer, format!("{name} {message}").trim());
    let retry = |reason: String, after_ms| Outcome::Retry { reason, after_ms };
    let wait = || retry_after_ms(answer).or_else(|| reset_in_ms(answer, "ratelimit-reset"));

    match (answer.status, name) {
        (200..=299, _) => Outcome::accepted(fields::text(&body, "id").map(str::to_owned)),
        (300..=399, _) => retry(format!("{reason} (a redirect: check base_url)"), None),
        (_, "invalid_idempotent_request") => Outcome::InDoubt { reason },
        (_, "daily_quota_exceeded") => retry(reason, wait().or(Some(HOUR_MS))),
        (_, "monthly_quota_exceeded") => retry(reason, wait().or(Some(6 * HOUR_MS))),
        (408 | 429, _)
        | (_, "concurrent_idempotent_requests" | "resource_locked" | "rate_limit_exceeded") => {
            retry(reason, wait())
        }
        (401 | 403, _) => retry(
            format!("{reason} (check api_key, and that the sender's domain is verified)"),
            None,
        ),
        (400..=499, _) => Outcome::Rejected { reason },
        _ => Outcome::InDoubt { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::answers::{answer, word};

    fn check(status: u16, headers: &[(&str, &str)], name: &str, expect: &str) {
        let body = serde_json::json!({"statusCode": status, "name": name, "message": "said"});
        let got = outcome(&Ok(answer(status, headers, body)));
        assert_eq!(word(&got), expect, "{status} {name}");
    }

    #[test]
    fn answers() {
        check(409, &[], "concurrent_idempotent_requests", "retry");
        check(409, &[], "resource_locked", "retry");
        check(409, &[], "invalid_idempotent_request", "in doubt");
        check(
            429,
            &[("retry-after", "2")],
            "rate_limit_exceeded",
            "retry after 2000",
        );
        check(
            429,
            &[("ratelimit-reset", "1")],
            "rate_limit_exceeded",
            "retry after 1000",
        );
        check(429, &[], "daily_quota_exceeded", "retry after 3600000");
        check(429, &[], "monthly_quota_exceeded", "retry after 21600000");
        check(429, &[], "something_new", "retry");
        for (status, name) in [
            (401, "missing_api_key"),
            (401, "restricted_api_key"),
            (403, "invalid_api_key"),
            (403, "validation_error"),
            (302, ""),
        ] {
            check(status, &[], name, "retry");
        }
        for (status, name) in [
            (400, "validation_error"),
            (400, "invalid_idempotency_key"),
            (404, "not_found"),
            (405, "method_not_allowed"),
            (409, "something_new"),
            (422, "missing_required_field"),
        ] {
            check(status, &[], name, "rejected");
        }
        for (status, name) in [
            (500, "application_error"),
            (502, ""),
            (503, "service_unavailable"),
        ] {
            check(status, &[], name, "in doubt");
        }
    }

    #[test]
    fn acceptance() {
        for (body, expect) in [
            (r#"{"id":"49a3999c"}"#, "accepted 49a3999c"),
            ("odd", "accepted"),
        ] {
            let got = outcome(&Ok(answer(200, &[], body)));
            assert_eq!(word(&got), expect, "{body}");
        }
    }
}
