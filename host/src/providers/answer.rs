//! What is the same in the answers of all providers: how long to wait, and a line for people.

use chrono::DateTime;

use crate::domain::http::{Failure, Response};
use crate::domain::instant::{DAY_MS, SECOND_MS};
use crate::domain::mail::Outcome;

/// The longest part of a provider's explanation that is kept, in characters.
const EXPLANATION_MAX_CHARS: usize = 300;

/// What no answer means, whoever was asked: whether the request can have arrived decides.
pub(super) fn no_answer(failure: &Failure) -> Outcome {
    let reason = failure.to_string();
    match failure {
        Failure::NotSent(_) => Outcome::Retry {
            reason,
            after_ms: None,
        },
        Failure::Unknown(_) => Outcome::InDoubt { reason },
    }
}

/// How long the provider asks to wait: `Retry-After` in seconds or as a date (RFC 9110, 10.2.3).
/// A date counts from the answer's own `Date`, so that no clock is needed, neither ours nor theirs.
pub(super) fn retry_after_ms(answer: &Response) -> Option<i64> {
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return bounded(seconds.saturating_mul(SECOND_MS));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?.timestamp();
    since_date_ms(answer, until)
}

/// The same for a header that holds the moment as Unix seconds.
pub(super) fn reset_at_ms(answer: &Response, header: &str) -> Option<i64> {
    since_date_ms(answer, answer.header(header)?.trim().parse().ok()?)
}

/// The same for a header that holds a number of seconds.
pub(super) fn reset_in_ms(answer: &Response, header: &str) -> Option<i64> {
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
pub(super) fn line(provider: &str, answer: &Response, explanation: &str) -> String {
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
    fn lines_are_single_and_bounded() {
        assert_eq!(line("X", &answer(&[]), "a\r\n b"), "X answered 429: a b");
        assert_eq!(line("X", &answer(&[]), ""), "X answered 429");
        assert!(line("X", &answer(&[]), &"ü".repeat(1_000)).chars().count() < 330);
    }
}
