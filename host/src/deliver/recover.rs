//! What a crash left open: messages that were with a provider when the host stopped.

use super::Deliverer;
use super::next::{self, Attempt};
use crate::domain::Instant;
use crate::domain::mail::Outcome;
use crate::store::Error;
use crate::store::outbox::Conclusion;

impl Deliverer {
    /// Concludes every open attempt as in doubt; called once, before the loop starts. Returns how
    /// many there were.
    pub async fn recover(&self, now: Instant) -> Result<usize, Error> {
        let open = self.store.open_attempts().await?;
        let count = open.len();
        for attempt in open {
            let outcome = Outcome::InDoubt {
                reason: "the host stopped before the provider answered".to_owned(),
            };
            let repeatable_ms = self
                .transports
                .get(&attempt.provider)
                .and_then(super::Transport::repeatable_ms);
            let next = next::next(
                &self.limits.backoff,
                &outcome,
                Attempt {
                    number: attempt.attempts,
                    first_at: attempt.first_attempt_at,
                    repeatable_ms,
                },
                now,
            );
            tracing::warn!(
                message.id = attempt.id,
                ?next,
                "an attempt was cut off by the last stop"
            );
            self.store
                .conclude(Conclusion {
                    seq: attempt.seq,
                    outcome,
                    next,
                    now,
                })
                .await?;
        }
        Ok(count)
    }
}
