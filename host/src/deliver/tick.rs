//! The loop: claim what is due, send side by side, record what became of it.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::next::{self, Attempt};
use super::{Deliverer, Transport};
use crate::clock::Clock;
use crate::compose::mail::{self, Draft};
use crate::compose::{RenderError, thread::Parent};
use crate::domain::Instant;
use crate::domain::mail::{Mail, Outcome};
use crate::guardrails::{self, Proposal, Ruling};
use crate::store::Error;
use crate::store::outbox::{Aside, Claim, Conclusion, DueMessage};

/// How long the loop waits after the store failed.
const STORE_RETRY_MS: i64 = 1_000;

/// What one tick did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Messages looked at.
    pub due: usize,
    /// Messages handed to a provider.
    pub attempted: usize,
}

/// A message that may go, and how.
struct Ready {
    message: DueMessage,
    mail: Mail,
    connection: String,
    transport: Transport,
}

impl Deliverer {
    /// Sends until `stop` becomes true, then finishes the calls under way.
    pub async fn run(self, clock: Arc<dyn Clock>, mut stop: watch::Receiver<bool>) {
        let mut calls = JoinSet::new();
        while !*stop.borrow() {
            let free = self.limits.concurrent_max - calls.len();
            let wake_at = match self.start(clock.now(), free, &mut calls, &clock).await {
                Ok(progress) if progress.due > 0 && calls.len() < self.limits.concurrent_max => {
                    continue;
                }
                Ok(_) if calls.len() >= self.limits.concurrent_max => None,
                Ok(_) => self.wake_at(&*clock).await,
                Err(e) => {
                    tracing::error!(error = %e, "the deliver loop waits for the store");
                    Some(clock.now().plus_ms(STORE_RETRY_MS))
                }
            };
            tokio::select! {
                () = self.store.bells().deliver.notified(), if calls.len() < self.limits.concurrent_max => {}
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
        let due = self.store.due_messages(now, free).await?;
        let mut progress = Progress {
            due: due.len(),
            attempted: 0,
        };
        let mut ready = Vec::new();
        for message in due {
            match self.prepare(message) {
                Ok(sendable) => ready.push(*sendable),
                Err((seq, aside)) => self.store.set_aside(seq, aside, now).await?,
            }
        }
        let claims = ready
            .iter()
            .map(|ready| Claim {
                seq: ready.message.seq,
                mail: ready.mail.clone(),
                provider: ready.connection.clone(),
            })
            .collect();
        let claimed = self.store.claim(claims, now).await?;
        for (ready, claimed) in ready.into_iter().zip(claimed) {
            if claimed {
                progress.attempted += 1;
                let (deliverer, clock) = (self.clone(), Arc::clone(clock));
                calls.spawn(async move { deliverer.send(ready, now, &*clock).await });
            }
        }
        Ok(progress)
    }

    /// The second look of the guardrails, and the final bytes.
    fn prepare(&self, message: DueMessage) -> Result<Box<Ready>, (i64, Aside)> {
        let seq = message.seq;
        let held = |reason: String| (seq, Aside::Held { reason });
        let identity = self.identities.get(&message.identity).ok_or_else(|| {
            held(format!(
                "identity {} is not configured any more",
                message.identity
            ))
        })?;
        let transport = self.transports.get(&identity.connection).ok_or_else(|| {
            held(format!(
                "connection {} is not configured any more",
                identity.connection
            ))
        })?;
        let elsewhere = |mail: &Mail| message.to.as_ref().is_some_and(|to| *to != mail.to.address);
        if message.mail.as_ref().is_some_and(elsewhere) {
            // Its bytes are fixed by an earlier attempt, which the old address may have got.
            let reason = "the contact's address changed after the first attempt".to_owned();
            return Err((seq, Aside::Cancelled { reason }));
        }
        let mut contact = message.contact.clone();
        if contact.time_zone.is_empty() {
            contact.time_zone.clone_from(&self.time_zone);
        }
        // An earlier attempt fixed the bytes; a repetition must be the same.
        let composed = message.mail.clone().map(Ok).or_else(|| {
            message.to.as_ref().map(|to| {
                mail::mail(
                    &self.templates,
                    &Draft {
                        id: &message.id,
                        identity,
                        to,
                        sequence: &message.context.sequence,
                        plugin: &message.context.plugin,
                        template: &message.template,
                        contact: &contact,
                        account: message.account.as_ref(),
                        event: &message.context.event,
                        variables: &message.context.variables,
                        parent: message.thread.as_ref().map(|thread| {
                            (
                                Parent {
                                    message_id: &thread.message_id,
                                    references: &thread.references,
                                },
                                thread.subject.as_str(),
                            )
                        }),
                        manner: mail::Manner::default(),
                    },
                )
            })
        });
        let missing_fields = match &composed {
            Some(Err(mail::Error::Render(RenderError::Missing { fields }))) => fields.clone(),
            Some(Err(e)) => return Err(held(e.to_string())),
            Some(Ok(_)) | None => Vec::new(),
        };
        let ruling = guardrails::judge(&Proposal {
            to: message.to.as_ref(),
            suppressed: message.suppressed.as_deref(),
            // An exit cancels queued messages in its own transaction; the claim looks once more.
            stopped: None,
            missing_fields: &missing_fields,
        });
        match (ruling, composed) {
            (Ruling::Allow, Some(Ok(mail))) => Ok(Box::new(Ready {
                mail,
                connection: identity.connection.clone(),
                transport: transport.clone(),
                message,
            })),
            (Ruling::Hold { reason, .. }, _) => Err(held(reason)),
            (Ruling::Refuse { rule, reason }, _) => Err((
                seq,
                Aside::Cancelled {
                    reason: format!("{rule}: {reason}"),
                },
            )),
            (Ruling::Allow, _) => Err(held("there is nothing to send".to_owned())),
        }
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
