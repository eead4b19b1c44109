//! What is the same in the answers of all APIs: how long to wait, a line for people, and what a status
//! means where the vendor says nothing else.

use chrono::DateTime;

use super::connector::{AskError, Done, WriteOutcome};
use super::http::{Failure, Response};
use super::instant::{DAY_MS, SECOND_MS};
use super::mail::Outcome;

/// The longest part of a provider's explanation that is kept, in characters.
const EXPLANATION_MAX_CHARS: usize = 300;

/// What no answer means, whoever was asked: whether the request can have arrived decides.
pub fn no_answer(failure: &Failure) -> Outcome {
    let reason = failure.to_string();
    match failure {
        Failure::NotSent(_) => Outcome::Retry {
            reason,
            after_ms: None,
        },
        Failure::Unknown(_) => Outcome::InDoubt { reason },
    }
}

/// What a failed question means by its status alone; `hint` tells an administrator what to look at
/// when the credentials are not good enough.
pub fn ask_failure(title: &str, answer: &Response, explanation: &str, hint: &str) -> AskError {
    let reason = line(title, answer, explanation);
    match answer.status {
        404 | 410 => AskError::Gone,
        401 | 403 => AskError::Refused(format!("{reason} ({hint})")),
        300..=399 => AskError::Refused(format!("{reason} (a redirect: check base_url)")),
        408 | 423 | 425 | 429 | 500.. => AskError::Retry {
            reason,
            after_ms: retry_after_ms(answer),
        },
        // A 2xx that could not be read is as unexpected.
        200..=299 => AskError::Retry {
            reason: format!("{reason} (not in the expected form)"),
            after_ms: None,
        },
        _ => AskError::Refused(reason),
    }
}

/// What the answer to a write means by its status alone: `done` reads what a 2xx made.
///
/// A 401 is worth repeating: an administrator or a new token sets it right. A 5xx is in doubt, 503 is not:
/// "the server is currently unable to handle the request" (RFC 9110, 15.6.4).
pub fn written(
    title: &str,
    answer: &Result<Response, Failure>,
    explain: impl Fn(&Response) -> String,
    done: impl Fn(&Response) -> Option<Done>,
) -> WriteOutcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => {
            let reason = failure.to_string();
            return match failure {
                Failure::NotSent(_) => WriteOutcome::Retry {
                    reason,
                    after_ms: None,
                },
                Failure::Unknown(_) => WriteOutcome::InDoubt { reason },
            };
        }
    };
    let reason = line(title, answer, &explain(answer));
    match answer.status {
        200..=299 => match done(answer) {
            Some(done) => WriteOutcome::Done(done),
            None => WriteOutcome::InDoubt {
                reason: format!("{reason} (not in the expected form)"),
            },
        },
        300..=399 => WriteOutcome::Retry {
            reason: format!("{reason} (a redirect: check base_url)"),
            after_ms: None,
        },
        401 | 403 | 408 | 423 | 425 | 429 | 503 => WriteOutcome::Retry {
            reason,
            after_ms: retry_after_ms(answer),
        },
        400..=499 => WriteOutcome::Rejected { reason },
        _ => WriteOutcome::InDoubt { reason },
    }
}

/// How long the provider asks to wait: `Retry-After` in seconds or as a date (RFC 9110, 10.2.3).
/// A date counts from the answer's own `Date`, so that no clock is needed, neither ours nor theirs.
pub fn retry_after_ms(answer: &Response) -> Option<i64> {
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return bounded(seconds.saturating_mul(SECOND_MS));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?.timestamp();
    since_date_ms(answer, until)
}

/// The same for a header that holds the moment as Unix seconds.
pub fn reset_at_ms(answer: &Response, header: &str) -> Option<i64> {
    since_date_ms(answer, answer.header(header)?.trim().parse().ok()?)
}

/// The same for a header that holds a number of seconds.
pub fn reset_in_ms(answer: &Response, header: &str) -> Option<i64> {
    let seconds: i64 = answer.header(header)?.trim().parse().ok()?;
    bounded(seconds.saturating_mul(SECOND_MS))
}

fn since_date_ms(answer: &Response, until_s: i64) -> Option<i64> {
    let date = DateTime::parse_from_rfc2822(answer.header("date")?.trim()).ok()?;
    bounded(
        until_s
            .saturating_sub(date.timestamp())
            .saturating_mul(SECOND_MS),
    )
}

/// A wait of more than a day is a misreading, and none below nothing.
fn bounded(ms: i64) -> Option<i64> {
    (ms <= DAY_MS).then_some(ms.max(0))
}

/// `PROVIDER answered STATUS: explanation`, in one line of bounded length.
pub fn line(provider: &str, answer: &Response, explanation: &str) -> String {
    let explanation: String = explanation
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(EXPLANATION_MAX_CHARS)
        .collect();
    if explanation.is_empty() {
        format!("{provider} answered {}", answer.status)
    } else {
        format!("{provider} answered {}: {explanation}", answer.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: (&str, &str) = ("date", "Mon, 02 Mar 2026 09:00:00 GMT");

    fn answer(headers: &[(&str, &str)]) -> Response {
        Response {
            status: 429,
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            body: Vec::new(),
        }
    }

    #[test]
    fn what_never_left_may_go_again_and_what_may_have_may_not() {
        let refused = no_answer(&Failure::NotSent("connection refused".to_owned()));
        let reason = "not sent: connection refused".to_owned();
        let after_ms = None;
        assert_eq!(refused, Outcome::Retry { reason, after_ms });
        let silent = no_answer(&Failure::Unknown("timed out".to_owned()));
        let reason = "no answer: timed out".to_owned();
        assert_eq!(silent, Outcome::InDoubt { reason });
    }

    #[test]
    fn waits() {
        for (value, expect) in [
            ("3", Some(3_000)),
            ("0", Some(0)),
            ("-5", Some(0)),
            ("Mon, 02 Mar 2026 09:01:00 GMT", Some(60_000)),
            ("Mon, 02 Mar 2026 08:00:00 GMT", Some(0)),
            ("999999999999999999", None),
            ("soon", None),
        ] {
            let got = retry_after_ms(&answer(&[DATE, ("retry-after", value)]));
            assert_eq!(got, expect, "{value}");
        }
        assert_eq!(retry_after_ms(&answer(&[DATE])), None);
        assert_eq!(
            reset_at_ms(&answer(&[DATE, ("x-reset", "1772442010")]), "x-reset"),
            Some(10_000)
        );
        assert_eq!(
            reset_at_ms(&answer(&[("x-reset", "1772442010")]), "x-reset"),
            None
        );
        assert_eq!(
            reset_in_ms(&answer(&[("x-reset", "2")]), "x-reset"),
            Some(2_000)
        );
    }

    #[test]
    fn statuses_of_questions_and_of_writes() {
        let status = |status| Response {
            status,
            ..answer(&[("retry-after", "5")])
        };
        for (code, ask, write) in [
            (200, "retry", "done"),
            (302, "refused", "retry"),
            (400, "refused", "rejected"),
            (401, "refused", "wait"),
            (403, "refused", "wait"),
            (404, "gone", "rejected"),
            (429, "wait", "wait"),
            (500, "wait", "in doubt"),
            (503, "wait", "wait"),
        ] {
            let asked = match ask_failure("X", &status(code), "", "check") {
                AskError::Retry { after_ms: None, .. } => "retry",
                AskError::Retry { .. } => "wait",
                AskError::Gone => "gone",
                AskError::Refused(_) => "refused",
            };
            let done = |_: &Response| {
                Some(Done {
                    object: "task".to_owned(),
                    id: "1".to_owned(),
                })
            };
            let wrote = match written("X", &Ok(status(code)), |_| String::new(), done) {
                WriteOutcome::Done(_) => "done",
                WriteOutcome::Rejected { .. } => "rejected",
                WriteOutcome::Retry { after_ms: None, .. } => "retry",
                WriteOutcome::Retry { .. } => "wait",
                WriteOutcome::InDoubt { .. } => "in doubt",
            };
            assert_eq!((asked, wrote == write), (ask, true), "{code}: {wrote}");
        }
        let lost = Err(Failure::Unknown("timed out".to_owned()));
        let nothing = |_: &Response| None;
        assert!(matches!(
            written("X", &lost, |_| String::new(), nothing),
            WriteOutcome::InDoubt { .. }
        ));
        assert!(matches!(
            written("X", &Ok(status(200)), |_| String::new(), nothing),
            WriteOutcome::InDoubt { .. }
        ));
    }

    #[test]
    fn lines_are_single_and_bounded() {
        assert_eq!(line("X", &answer(&[]), "a\r\n b"), "X answered 429: a b");
        assert_eq!(line("X", &answer(&[]), ""), "X answered 429");
        assert!(line("X", &answer(&[]), &"ü".repeat(1_000)).chars().count() < 330);
    }
}
