//! Where a message goes after an attempt. Pure.

use crate::domain::Instant;
use crate::domain::backoff::Backoff;
use crate::domain::mail::Outcome;
use crate::store::outbox::Next;

/// One attempt, as far as the next step depends on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    /// From 1.
    pub(super) number: u32,
    pub(super) first_at: Instant,
    /// See `Transport::repeatable_ms`.
    pub(super) repeatable_ms: Option<i64>,
}

/// What follows from an outcome.
///
/// A certain "not accepted" is tried again. "Don't know" is tried again only while the provider
/// would recognise the repetition; after that, and without such a promise, a person or a later
/// event of the provider must tell.
pub(super) fn next(backoff: &Backoff, outcome: &Outcome, attempt: Attempt, now: Instant) -> Next {
    let again_at = now.plus_ms(backoff.wait_ms(attempt.number));
    let exhausted = backoff.exhausted(attempt.number);
    match outcome {
        Outcome::Accepted {
            provider_id,
            message_id,
        } => Next::Sent {
            provider_id: provider_id.clone(),
            message_id: message_id.clone(),
        },
        Outcome::Rejected { reason } => Next::Failed {
            reason: reason.clone(),
        },
        Outcome::Retry { reason, .. } if exhausted => Next::Failed {
            reason: format!(
                "not accepted in {} attempts; the last answer: {reason}",
                attempt.number
            ),
        },
        Outcome::Retry { reason, after_ms } => Next::Again {
            at: again_at.max(now.plus_ms(after_ms.unwrap_or(0))),
            reason: reason.clone(),
            certain: true,
        },
        Outcome::InDoubt { reason } => {
            let recognised = attempt
                .repeatable_ms
                .is_some_and(|window_ms| again_at.since_ms(attempt.first_at) < window_ms);
            if recognised && !exhausted {
                Next::Again {
                    at: again_at,
                    reason: reason.clone(),
                    certain: false,
                }
            } else {
                Next::Uncertain {
                    reason: reason.clone(),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcome: Outcome, number: u32, repeatable_ms: Option<i64>, expect: Next) {
        let backoff = Backoff {
            first_ms: 1_000,
            max_ms: 60_000,
            attempts_max: 3,
        };
        let attempt = Attempt {
            number,
            first_at: Instant(0),
            repeatable_ms,
        };
        assert_eq!(
            next(&backoff, &outcome, attempt, Instant(10_000)),
            expect,
            "{outcome:?}"
        );
    }

    fn retry(after_ms: Option<i64>) -> Outcome {
        Outcome::Retry {
            reason: "429".into(),
            after_ms,
        }
    }

    fn doubt() -> Outcome {
        Outcome::InDoubt {
            reason: "time-out".into(),
        }
    }

    fn again(at: i64, reason: &str, certain: bool) -> Next {
        Next::Again {
            at: Instant(at),
            reason: reason.into(),
            certain,
        }
    }

    #[test]
    fn what_follows_from_an_outcome() {
        check(
            Outcome::Accepted {
                provider_id: Some("x".into()),
                message_id: None,
            },
            1,
            None,
            Next::Sent {
                provider_id: Some("x".into()),
                message_id: None,
            },
        );
        check(
            Outcome::Rejected {
                reason: "no".into(),
            },
            1,
            None,
            Next::Failed {
                reason: "no".into(),
            },
        );
        check(retry(None), 1, None, again(11_000, "429", true));
        check(retry(None), 2, None, again(12_000, "429", true));
        check(retry(Some(30_000)), 1, None, again(40_000, "429", true));
        check(
            retry(None),
            3,
            None,
            Next::Failed {
                reason: "not accepted in 3 attempts; the last answer: 429".into(),
            },
        );
        check(
            doubt(),
            1,
            None,
            Next::Uncertain {
                reason: "time-out".into(),
            },
        );
        check(doubt(), 1, Some(60_000), again(11_000, "time-out", false));
        check(
            doubt(),
            1,
            Some(11_000),
            Next::Uncertain {
                reason: "time-out".into(),
            },
        );
        check(
            doubt(),
            3,
            Some(60_000),
            Next::Uncertain {
                reason: "time-out".into(),
            },
        );
    }
}
