//! The loop: claim what is due, send side by side, record what became of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Deliverer;
use super::judge::{Ready, Taken};
use super::next::{self, Attempt};
use crate::clock::Clock;
use crate::domain::Instant;
use crate::domain::mail::Outcome;
use crate::pulse::Pulse;
use crate::store::Error;
use crate::store::outbox::{Claim, Conclusion};
use crate::traces::{self, Place, Sort, Span, between};

/// How long the loop waits after the store failed.
const STORE_RETRY_MS: i64 = 1_000;

/// Messages judged at once, at least: to find those that may go among many that must wait.
const JUDGED_MIN: usize = 64;

/// The share of the slots that must be free before more is read: a batch costs as much to find and to
/// claim for one message as for many.
const FREE_SHARE: usize = 4;

/// What one tick did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Messages looked at, or looked for.
    pub due: usize,
    /// Messages handed to a provider.
    pub attempted: usize,
}

impl Deliverer {
    /// Sends until `stop` becomes true, then finishes the calls under way.
    pub async fn run(self, clock: Arc<dyn Clock>, mut stop: watch::Receiver<bool>, pulse: Pulse) {
        let mut calls = JoinSet::new();
        let free_min = self.limits.concurrent_max.div_ceil(FREE_SHARE);
        while !*stop.borrow() {
            while calls.try_join_next().is_some() {}
            let free = self.limits.concurrent_max - calls.len();
            let full = free < free_min;
            let wake_at = if full {
                None
            } else {
                let turn = self.start(clock.now(), free, &mut calls, &clock);
                match pulse.turn(&*clock, turn).await {
                    Ok(progress) if progress.due > 0 => continue,
                    Ok(_) => self.wake_at(&*clock).await,
                    Err(e) => {
                        tracing::error!(error = %e, "the deliver loop waits for the store");
                        Some(clock.now().plus_ms(STORE_RETRY_MS))
                    }
                }
            };
            tokio::select! {
                () = self.store.bells().deliver.notified(), if !full => {}
                () = clock.sleep_until_some(wake_at) => {}
                Some(_) = calls.join_next() => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        while calls.join_next().await.is_some() {}
    }

    /// One bounded batch from claim to outcome.
    pub async fn tick(&self, clock: &Arc<dyn Clock>) -> Result<Progress, Error> {
        let mut calls = JoinSet::new();
        let progress = self
            .start(clock.now(), self.limits.concurrent_max, &mut calls, clock)
            .await?;
        while calls.join_next().await.is_some() {}
        Ok(progress)
    }

    async fn wake_at(&self, clock: &dyn Clock) -> Option<Instant> {
        self.store.next_message_at().await.unwrap_or_else(|e| {
            tracing::error!(error = %e, "the deliver loop waits for the store");
            Some(clock.now().plus_ms(STORE_RETRY_MS))
        })
    }

    /// Claims up to `free` due messages and starts their calls.
    async fn start(
        &self,
        now: Instant,
        free: usize,
        calls: &mut JoinSet<()>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Progress, Error> {
        self.give_back(now).await?;
        self.lift_pauses(now).await?;
        // Looks leave room for mails.
        let looks = self.look(now, free.div_ceil(2), calls, clock).await?;
        let free = free - looks;
        if free == 0 {
            return Ok(Progress {
                due: looks,
                attempted: 0,
            });
        }
        let mut due = self
            .store
            .due_messages(now, free.max(JUDGED_MIN), self.lookback)
            .await?;
        let mut progress = Progress {
            due: due.len() + looks,
            attempted: 0,
        };
        if due.is_empty() {
            return Ok(progress);
        }
        if self.trip_breakers(&due, now).await? {
            // What was read is judged by pauses older than the one just made: read again.
            return Ok(progress);
        }
        // Where there is room for one only, the more important sequence gets it.
        due.sort_by_key(|message| std::cmp::Reverse(message.priority));
        let (mut ready, mut asides, mut taken) = (Vec::new(), Vec::new(), Taken::default());
        for message in due {
            match self.judge(message, &mut taken, now) {
                Ok(sendable) => ready.push(*sendable),
                Err(aside) => asides.push(aside),
            }
            if ready.len() == free {
                break;
            }
        }
        if !asides.is_empty() {
            self.store.set_aside(asides, now).await?;
        }
        let claims = ready
            .iter()
            .map(|ready| Claim {
                seq: ready.message.seq,
                version: ready.message.version,
                mail: ready.mail.clone(),
                provider: ready.connection.clone(),
            })
            .collect();
        let claimed = self.claim(claims, now).await?;
        for (ready, claimed) in ready.into_iter().zip(claimed) {
            if claimed {
                progress.attempted += 1;
                let (deliverer, clock) = (self.clone(), Arc::clone(clock));
                calls.spawn(async move { deliverer.send(ready, now, &*clock).await });
            }
        }
        Ok(progress)
    }

    /// The call, between two commits.
    async fn send(&self, ready: Ready, now: Instant, clock: &dyn Clock) {
        let outcome = self.hand_over(&ready.transport, &ready.mail, now).await;
        let finished_at = clock.now();
        let attempt = Attempt {
            number: ready.message.attempts + 1,
            first_at: ready.message.first_attempt_at.unwrap_or(now),
            repeatable_ms: ready.transport.repeatable_ms(),
        };
        let next = next::next(&self.limits.backoff, &outcome, attempt, finished_at);
        let word = match &outcome {
            Outcome::Accepted { .. } => "accepted",
            Outcome::Rejected { .. } => "rejected",
            Outcome::Retry { .. } => "retry",
            Outcome::InDoubt { .. } => "in-doubt",
        };
        metrics::counter!("followup_sends_total", "connection" => ready.connection.clone(), "outcome" => word)
            .increment(1);
        let took_ms = finished_at.since_ms(now);
        metrics::histogram!("followup_send_seconds", "connection" => ready.connection.clone())
            .record(took_ms as f64 / 1_000.0);
        traced(&ready, &outcome, word, between(now, finished_at), now);
        if word != "accepted" {
            tracing::warn!(
                message.id = ready.message.id,
                connection = ready.connection,
                ?outcome,
                "not accepted"
            );
        }
        let mut conclusion = Conclusion {
            seq: ready.message.seq,
            outcome,
            next,
            now: finished_at,
        };
        // What the provider said must not be lost to a passing trouble of the store: without it the
        // message would stay in doubt.
        while let Err(e) = self.store.conclude(conclusion.clone()).await {
            tracing::error!(message.id = ready.message.id, error = %e, "the outcome waits for the store");
            if matches!(e, Error::Invalid(_)) {
                break;
            }
            clock.sleep_until(clock.now().plus_ms(STORE_RETRY_MS)).await;
            conclusion.now = clock.now();
        }
    }
}

/// The attempt, in the trace of the event that it follows from.
fn traced(ready: &Ready, outcome: &Outcome, word: &str, took: Duration, began_at: Instant) {
    let message = &ready.message;
    let Some(trace) = traces::of(&message.context.event.id) else {
        return;
    };
    let attempt = message.attempts + 1;
    trace.record(Span {
        name: "send",
        place: Place::Call {
            sequence: message.context.sequence.clone(),
            message: message.id.clone(),
            attempt,
        },
        sort: Sort::Client,
        began_at,
        took,
        attributes: vec![
            ("message.id", message.id.clone()),
            ("contact.id", message.contact_id.to_string()),
            ("connection", ready.connection.clone()),
            ("attempt", attempt.to_string()),
            ("outcome", word.to_owned()),
        ],
        link: None,
        failure: match outcome {
            Outcome::Accepted { .. } => None,
            // What providers say may name people.
            _ => Some(word.to_owned()),
        },
    });
}
