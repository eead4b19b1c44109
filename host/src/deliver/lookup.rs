//! Messages in doubt are looked for at their provider, where it can be searched.
//!
//! Found is sent, by the same path as an answer that came in time. Not found proves nothing, since searches
//! lag behind: it is looked for again at growing distances (`domain::doubt`), and then a person decides.
//! Never sends anything.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Deliverer, Transport};
use crate::clock::Clock;
use crate::domain::connector::AskError;
use crate::domain::http::{Failure, Response};
use crate::domain::mail::{Mail, Outcome, Provider};
use crate::domain::{Instant, doubt};
use crate::store::Error;
use crate::store::outbox::{Conclusion, Doubtful, Look, Next};

impl Deliverer {
    /// Starts up to `free` looks. Returns how many.
    pub(super) async fn look(
        &self,
        now: Instant,
        free: usize,
        calls: &mut JoinSet<()>,
        clock: &Arc<dyn Clock>,
    ) -> Result<usize, Error> {
        let doubtful = self.store.take_doubtful(now, free).await?;
        let taken = doubtful.len();
        for message in doubtful {
            let (deliverer, clock) = (self.clone(), Arc::clone(clock));
            calls.spawn(async move { deliverer.look_for(message, now, &*clock).await });
        }
        Ok(taken)
    }

    async fn look_for(&self, message: Doubtful, now: Instant, clock: &dyn Clock) {
        let found = self.ask(&message, now).await;
        let now = clock.now();
        let stored = match &found {
            Found::Sent {
                provider_id,
                message_id,
            } => {
                tracing::info!(message.id = message.id, "a message in doubt was found sent");
                let conclusion = Conclusion {
                    seq: message.seq,
                    outcome: Outcome::Accepted {
                        provider_id: provider_id.clone(),
                        message_id: message_id.clone(),
                    },
                    next: Next::Sent {
                        provider_id: provider_id.clone(),
                        message_id: message_id.clone(),
                    },
                    now,
                };
                self.store.conclude(conclusion).await
            }
            _ => self.store.looked(look(&message, &found, now)).await,
        };
        // Not stored, the look is taken again when its lease is over.
        if let Err(e) = stored {
            tracing::error!(message.id = message.id, error = %e, "what a look found waits for the store");
        }
    }

    async fn ask(&self, message: &Doubtful, now: Instant) -> Found {
        let Some(transport) = self.transports.get(&message.provider) else {
            let reason = format!("connection {} is not configured any more", message.provider);
            return Found::Refused(reason);
        };
        let Transport::Http { provider, reach } = transport else {
            return Found::NoSearch;
        };
        let since = message.first_attempt_at;
        match provider.lookup(&message.mail, since, now) {
            None => Found::NoSearch,
            Some(request) => {
                let answer = self.net.call(&request, *reach).await;
                found(&**provider, &message.mail, answer)
            }
        }
    }
}

/// What a look came to.
#[derive(Debug, PartialEq)]
enum Found {
    Sent {
        provider_id: Option<String>,
        message_id: Option<String>,
    },
    NotThere,
    /// The search failed, and may work later.
    Failed {
        reason: String,
        after_ms: Option<i64>,
    },
    /// The search will not work until an administrator does something.
    Refused(String),
    /// The provider cannot be searched.
    NoSearch,
}

fn found(provider: &dyn Provider, mail: &Mail, answer: Result<Response, Failure>) -> Found {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => {
            return Found::Failed {
                reason: failure.to_string(),
                after_ms: None,
            };
        }
    };
    match provider.looked_up(mail, &answer) {
        Ok(Some(Outcome::Accepted {
            provider_id,
            message_id,
        })) => Found::Sent {
            provider_id,
            message_id,
        },
        // A search that tells what else became of a mail says nothing certain of this one.
        Ok(_) | Err(AskError::Gone) => Found::NotThere,
        Err(AskError::Retry { reason, after_ms }) => Found::Failed { reason, after_ms },
        Err(AskError::Refused(reason)) => Found::Refused(reason),
    }
}

/// What is noted of a look that did not find the message.
fn look(message: &Doubtful, found: &Found, now: Instant) -> Look {
    let (said, answered, again_at) = match found {
        Found::Sent { .. } | Found::NoSearch => (None, false, None),
        Found::NotThere => {
            let again_at = doubt::next_look_at(message.looks + 1, now);
            (Some("not found".to_owned()), true, again_at)
        }
        Found::Failed { reason, after_ms } => {
            let again_at = doubt::retry_at(*after_ms, message.first_attempt_at, now);
            (Some(reason.clone()), false, again_at)
        }
        Found::Refused(reason) => (Some(reason.clone()), false, None),
    };
    Look {
        seq: message.seq,
        now,
        said,
        answered,
        again_at,
    }
}
