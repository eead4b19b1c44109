//! What follows from a call or a search. Pure.

use crate::domain::Instant;
use crate::domain::backoff::Backoff;
use crate::domain::connector::{AskError, Done, WriteOutcome, WritesBack};
use crate::domain::instant::{HOUR_MS, MINUTE_MS, SECOND_MS};
use crate::store::writebacks::{DueWrite, WriteNext};

/// Waiting times after "not done".
const BACKOFF: Backoff = Backoff {
    first_ms: 10 * SECOND_MS,
    max_ms: HOUR_MS,
    attempts_max: 40,
};
/// How long after a call it is looked for what it made, and again: the searches of CRMs lag behind.
const SEARCH_AFTER_MS: [i64; 3] = [30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS];

/// After a call. `write.attempts` counts it.
pub(super) fn after_call(
    write: &DueWrite,
    crm: &dyn WritesBack,
    outcome: &WriteOutcome,
    now: Instant,
) -> WriteNext {
    let again = |reason: &str, after_ms: Option<i64>| {
        if BACKOFF.exhausted(write.attempts) {
            return WriteNext::Failed {
                reason: format!("given up after {} attempts: {reason}", write.attempts),
            };
        }
        let wait_ms = BACKOFF
            .wait_ms(write.attempts.max(1))
            .max(after_ms.unwrap_or(0));
        WriteNext::Again {
            at: now.plus_ms(wait_ms),
            reason: reason.to_owned(),
        }
    };
    match outcome {
        WriteOutcome::Done(done) => step(write, crm, done.clone()),
        WriteOutcome::Rejected { reason } => WriteNext::Failed {
            reason: reason.clone(),
        },
        WriteOutcome::Retry { reason, after_ms } => again(reason, *after_ms),
        WriteOutcome::InDoubt { reason } if crm.is_repeatable(&write.write, &write.done) => {
            again(reason, None)
        }
        WriteOutcome::InDoubt { reason } if crm.search(&write.write, &write.done).is_some() => {
            WriteNext::Search {
                at: now.plus_ms(SEARCH_AFTER_MS[0]),
                reason: reason.clone(),
            }
        }
        WriteOutcome::InDoubt { reason } => WriteNext::Uncertain {
            reason: format!("{reason}; it can be neither repeated nor searched for"),
        },
    }
}

/// After a search. What is not there after the last one was never made.
pub(super) fn after_search(
    write: &DueWrite,
    crm: &dyn WritesBack,
    found: Result<Option<Done>, AskError>,
    now: Instant,
) -> WriteNext {
    match found {
        Ok(Some(done)) => step(write, crm, done),
        Ok(None) => match SEARCH_AFTER_MS.get(write.searches as usize + 1) {
            Some(wait_ms) => WriteNext::Search {
                at: now.plus_ms(*wait_ms),
                reason: "not found yet".to_owned(),
            },
            None => WriteNext::Again {
                at: now,
                reason: "searched for and not there: it was not made".to_owned(),
            },
        },
        Err(AskError::Retry { reason, after_ms }) => WriteNext::Search {
            at: now.plus_ms(
                after_ms
                    .unwrap_or(SEARCH_AFTER_MS[1])
                    .max(SEARCH_AFTER_MS[0]),
            ),
            reason,
        },
        Err(AskError::Gone) => WriteNext::Uncertain {
            reason: "what it was written to is gone".to_owned(),
        },
        Err(AskError::Refused(reason)) => WriteNext::Uncertain {
            reason: format!("it cannot be searched for: {reason}"),
        },
    }
}

fn step(write: &DueWrite, crm: &dyn WritesBack, done: Done) -> WriteNext {
    let mut all = write.done.clone();
    all.push(done.clone());
    WriteNext::Step {
        done,
        last: crm.request(&write.write, &all).is_none(),
    }
}
