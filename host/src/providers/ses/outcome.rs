//! What SES' answer, or its absence, means for the mail. Decided by the error's type, where it has one that is
//! known, else by the status.
//!
//! | answer | outcome | because |
//! |---|---|---|
//! | 200 | accepted | `MessageId`; SES queues nothing over the quota, what it accepts it sends |
//! | `TooManyRequestsException`, `Throttling…`, other 429 | retry | "Too many requests have been made to the operation" |
//! | `LimitExceededException` | retry, in an hour where the daily quota is meant | the quota is of the last 24 hours |
//! | `SendingPausedException`, `AccountSuspendedException` | retry, in an hour | the account's fault, which an administrator lifts; never the mail's |
//! | `MailFromDomainNotVerifiedException`, `MessageRejected` "is not verified", 404 | retry | an identity or configuration set that an administrator can set right |
//! | other `MessageRejected` | rejected | "The message can't be sent because it contains invalid content" |
//! | 403, `RequestExpired`, `IncompleteSignature` | retry | keys, rights or a clock that an administrator can set right |
//! | other 4xx | rejected | the same request would be refused again |
//! | 503, 408 | retry | "The request has failed due to a temporary failure of the server" |
//! | 500, 502, 504, other 5xx | in doubt | "an unknown error": perhaps after accepting, and there is nothing to look up |
//! | not sent | retry | it never left |
//! | no answer | in doubt | it may have arrived; its events tell |
//!
//! Source: SES API v2 reference, `SendEmail` and "Common Error Types"; botocore's model of sesv2.

use serde_json::Value;

use crate::domain::answer::{line, no_answer, retry_after_ms};
use crate::domain::fields;
use crate::domain::http::{Failure, Response};
use crate::domain::instant::HOUR_MS;
use crate::domain::mail::Outcome;

/// `message_domain`: what stands behind the `@` of the Message-ID that SES gives.
pub(super) fn outcome(answer: &Result<Response, Failure>, message_domain: &str) -> Outcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return no_answer(failure),
    };
    let (kind, message) = explanation(answer);
    let reason = line("Amazon SES", answer, format!("{kind} {message}").trim());
    let retry = |hint: &str, after_ms| Outcome::Retry {
        reason: if hint.is_empty() {
            reason.clone()
        } else {
            format!("{reason} ({hint})")
        },
        after_ms,
    };
    match (answer.status, kind.as_str()) {
        (200..=299, _) => accepted(answer, message_domain),
        (300..=399, _) => retry("a redirect: check base_url", None),
        (_, "LimitExceededException") if message.to_ascii_lowercase().contains("daily") => {
            retry("the quota of the day is used up", Some(HOUR_MS))
        }
        (429, _)
        | (
            _,
            "TooManyRequestsException"
            | "LimitExceededException"
            | "Throttling"
            | "ThrottlingException",
        ) => retry("", retry_after_ms(answer)),
        (_, "SendingPausedException" | "AccountSuspendedException") => {
            retry("sending is stopped: see the SES console", Some(HOUR_MS))
        }
        (_, "MailFromDomainNotVerifiedException") | (404, _) => retry(
            "check the identities and configuration_set in this region",
            None,
        ),
        (_, "MessageRejected") if message.contains("is not verified") => retry(
            "verify the identity in this region, or leave the sandbox",
            None,
        ),
        (403, _) | (_, "RequestExpired" | "IncompleteSignature") => retry(
            "check the access key, its right ses:SendEmail, region, and our clock",
            None,
        ),
        (408 | 503, _) => retry("", retry_after_ms(answer)),
        (400..=499, _) => Outcome::Rejected { reason },
        _ => Outcome::InDoubt { reason },
    }
}

fn accepted(answer: &Response, message_domain: &str) -> Outcome {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let id = fields::text(&body, "MessageId").map(str::to_owned);
    Outcome::Accepted {
        message_id: id.as_ref().map(|id| format!("{id}@{message_domain}")),
        provider_id: id,
    }
}

/// The type of an error, from `x-amzn-errortype: TYPE:http://...` or `__type`, and its message.
pub(super) fn explanation(answer: &Response) -> (String, String) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let header = answer.header("x-amzn-errortype");
    let named = header.or_else(|| fields::text(&body, "__type"));
    let kind = named.unwrap_or_default();
    let kind = kind.split(':').next().unwrap_or_default();
    let kind = kind.rsplit('#').next().unwrap_or_default().trim();
    let message = ["message", "Message"]
        .into_iter()
        .find_map(|key| fields::text(&body, key));
    (kind.to_owned(), message.unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::answers::{answer, word};

    fn check(status: u16, kind: &str, message: &str, expect: &str) {
        let body = serde_json::json!({ "message": message });
        let answer = answer(status, &[("x-amzn-errortype", kind)], body);
        let got = outcome(&Ok(answer), "eu-west-1.amazonses.com");
        assert_eq!(word(&got), expect, "{status} {kind}");
    }

    #[test]
    fn errors() {
        let limit = "Maximum sending rate exceeded.";
        check(
            429,
            "TooManyRequestsException:http://internal.amazon.com/x",
            limit,
            "retry",
        );
        check(
            400,
            "LimitExceededException",
            "Daily message quota exceeded.",
            "retry after 3600000",
        );
        check(400, "LimitExceededException", "too many", "retry");
        check(
            400,
            "SendingPausedException",
            "paused",
            "retry after 3600000",
        );
        check(400, "AccountSuspendedException", "", "retry after 3600000");
        check(400, "MailFromDomainNotVerifiedException", "", "retry");
        let sandbox = "Email address is not verified. The following identities failed the check in region EU-WEST-1: a@x.example";
        check(400, "MessageRejected", sandbox, "retry");
        check(400, "MessageRejected", "Invalid content", "rejected");
        check(
            400,
            "BadRequestException",
            "Missing final '@domain'",
            "rejected",
        );
        check(
            404,
            "NotFoundException",
            "Configuration set <x> does not exist.",
            "retry",
        );
        check(403, "SignatureDoesNotMatch", "", "retry");
        check(400, "RequestExpired", "", "retry");
        check(413, "", "", "rejected");
        check(503, "ServiceUnavailable", "", "retry");
        check(500, "InternalFailure", "", "in doubt");
        check(504, "", "", "in doubt");
        check(302, "", "", "retry");
    }

    #[test]
    fn the_recipient_sees_another_message_id() {
        let answer = answer(200, &[], r#"{"MessageId":"0102-1"}"#);
        assert_eq!(
            outcome(&Ok(answer), "email.amazonses.com"),
            Outcome::Accepted {
                provider_id: Some("0102-1".to_owned()),
                message_id: Some("0102-1@email.amazonses.com".to_owned()),
            }
        );
    }
}
