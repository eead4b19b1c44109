//! What Brevo's answer, or its absence, means for the mail. Decided by the error's `code`, where it has one
//! that is known, else by the status.
//!
//! | answer | outcome | because |
//! |---|---|---|
//! | 2xx (201; 202 when scheduled) | accepted | `messageId` is the Message-ID that the recipient sees |
//! | `duplicate_parameter` | in doubt | "the API returns a `duplicate_parameter` error" for a key used before: an earlier attempt was received |
//! | 401, `unauthorized` | retry | the key, or an address of ours that the account does not know |
//! | 402, `not_enough_credits` | retry, in an hour | free again when somebody pays or the day is over |
//! | 403, `permission_denied`, `account_under_validation` | retry | an administrator can set it right |
//! | 408, 429 | retry | turned away |
//! | 3xx | retry | no Brevo answers so: `base_url` is wrong |
//! | 400, 404, 405, 406, 413, 422, other 4xx | rejected | the same request would be refused again |
//! | 5xx | in doubt | it may have been queued; the key makes a repetition safe |
//! | not sent | retry | it never left |
//! | no answer | in doubt | it may have arrived |
//!
//! Source: Brevo's OpenAPI document ("Possible responses"), "Idempotency for batch emails", "Rate limit
//! headers".

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
    let code = fields::text(&body, "code").unwrap_or_default();
    let reason = line("Brevo", answer, &explanation(&body));
    let retry = |hint: &str, after_ms| Outcome::Retry {
        reason: format!("{reason}{hint}"),
        after_ms,
    };
    match (answer.status, code) {
        (200..=299, _) => accepted(fields::text(&body, "messageId")),
        (300..=399, _) => retry(" (a redirect: check base_url)", None),
        (_, "duplicate_parameter") => Outcome::InDoubt { reason },
        (401, _) | (_, "unauthorized") => retry(
            " (check api_key, and that Brevo knows this server's address)",
            None,
        ),
        (402, _) | (_, "not_enough_credits") => retry(" (buy credits)", Some(HOUR_MS)),
        (403, _) | (_, "permission_denied" | "account_under_validation") => retry(
            " (check that the account may send transactional e-mail)",
            None,
        ),
        (408 | 429, _) => retry(
            "",
            retry_after_ms(answer).or_else(|| reset_in_ms(answer, "x-sib-ratelimit-reset")),
        ),
        (400..=499, _) => Outcome::Rejected { reason },
        _ => Outcome::InDoubt { reason },
    }
}

/// Accepted under Brevo's Message-ID, which answers will name.
pub(super) fn accepted(message_id: Option<&str>) -> Outcome {
    let bare = message_id.map(|id| id.trim_matches(['<', '>']).to_owned());
    Outcome::Accepted {
        provider_id: message_id.map(str::to_owned),
        message_id: bare.filter(|id| !id.is_empty()),
    }
}

/// `{"code": "invalid_parameter", "message": "..."}`.
pub(super) fn explanation(body: &Value) -> String {
    let code = fields::text(body, "code").unwrap_or_default();
    let message = fields::text(body, "message").unwrap_or_default();
    format!("{code} {message}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::answers::{answer, word};

    fn check(status: u16, headers: &[(&str, &str)], code: &str, expect: &str) {
        let body = serde_json::json!({"code": code, "message": "said"});
        let got = outcome(&Ok(answer(status, headers, body)));
        assert_eq!(word(&got), expect, "{status} {code}");
    }

    #[test]
    fn answers() {
        check(201, &[], "", "accepted");
        check(400, &[], "duplicate_parameter", "in doubt");
        check(401, &[], "unauthorized", "retry");
        check(400, &[], "not_enough_credits", "retry after 3600000");
        check(402, &[], "", "retry after 3600000");
        check(403, &[], "permission_denied", "retry");
        check(400, &[], "account_under_validation", "retry");
        check(
            429,
            &[("x-sib-ratelimit-reset", "2")],
            "",
            "retry after 2000",
        );
        check(
            429,
            &[("retry-after", "3")],
            "too_many_requests",
            "retry after 3000",
        );
        check(302, &[], "", "retry");
        for (status, code) in [
            (400, "invalid_parameter"),
            (400, "missing_parameter"),
            (404, "document_not_found"),
            (405, "method_not_allowed"),
            (406, ""),
            (413, ""),
            (422, ""),
        ] {
            check(status, &[], code, "rejected");
        }
        for status in [500, 502, 503] {
            check(status, &[], "", "in doubt");
        }
    }

    #[test]
    fn the_message_id_is_brevos() {
        let id = "<201798300811.5787683@smtp-relay.mailin.fr>";
        assert_eq!(
            accepted(Some(id)),
            Outcome::Accepted {
                provider_id: Some(id.to_owned()),
                message_id: Some("201798300811.5787683@smtp-relay.mailin.fr".to_owned()),
            }
        );
    }
}
