//! The hydrate loop: thin events in, complete events out.
//!
//! Some CRMs only say "contact 123 changed". The door stores that at once; here, outside any
//! request, the CRM's API is asked for the rest, and the event takes its course as if it had
//! brought it. Reads and writes events and contacts. Decides nothing.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::domain::Instant;
use crate::domain::backoff::Backoff;
use crate::domain::connector::{AskError, Hydrates};
use crate::domain::instant::HOUR_MS;
use crate::net::Api;
use crate::pulse::Pulse;
use crate::store::intake::{Arrival, Hydration, Reactions, ThinEvent, event_id};
use crate::store::{self, Error};
use crate::traces::{self, Place, Sort, Span, Telling};

/// Events asked for side by side; HubSpot's smallest limit is 100 calls in ten seconds.
const BATCH_MAX: usize = 8;
const STORE_RETRY_MS: i64 = 1_000;
/// Waiting times after a failed call; an event is never given up.
const BACKOFF: Backoff = Backoff {
    first_ms: 5_000,
    max_ms: HOUR_MS,
    attempts_max: u32::MAX,
};

/// Everything the loop works with.
#[derive(Clone)]
pub struct Hydrator {
    pub store: store::Shared,
    pub reactions: Arc<Reactions>,
    /// The CRMs that send thin events, by connection.
    pub sources: Arc<HashMap<String, Source>>,
}

/// Who can be asked.
#[derive(Clone)]
pub struct Source {
    pub hydrates: Arc<dyn Hydrates>,
    pub api: Arc<Api>,
    /// Whether the people it speaks of become contacts.
    pub creates_contacts: bool,
}

impl Hydrator {
    /// Ticks until `stop` becomes true.
    pub async fn run(self, clock: Arc<dyn Clock>, mut stop: watch::Receiver<bool>, pulse: Pulse) {
        while !*stop.borrow() {
            let wake_at = match pulse.turn(&*clock, self.tick(&clock)).await {
                Ok(asked) if asked > 0 => continue,
                Ok(_) => self.store.next_hydrate_at().await,
                Err(e) => Err(e),
            };
            let wake_at = wake_at.unwrap_or_else(|e| {
                tracing::error!(error = %e, "the hydrate loop waits for the store");
                Some(clock.now().plus_ms(STORE_RETRY_MS))
            });
            tokio::select! {
                () = self.store.bells().hydrate.notified() => {}
                () = clock.sleep_until_some(wake_at) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// Asks for one batch; returns how many events were asked for.
    pub async fn tick(&self, clock: &Arc<dyn Clock>) -> Result<usize, Error> {
        let now = clock.now();
        let thin = self.store.thin_events(now, BATCH_MAX).await?;
        let asked = thin.len();
        let mut calls = JoinSet::new();
        for event in thin {
            let (hydrator, clock) = (self.clone(), Arc::clone(clock));
            calls.spawn(async move {
                let answer = hydrator.ask(&event, now, &*clock).await;
                traced(&event, &answer, now, clock.now());
                hydrator.store.hydrated(event.seq, answer).await
            });
        }
        while let Some(call) = calls.join_next().await {
            if let Ok(stored) = call {
                stored?;
            }
        }
        Ok(asked)
    }

    async fn ask(&self, thin: &ThinEvent, now: Instant, clock: &dyn Clock) -> Hydration {
        let Some(hydrate) = &thin.event.hydrate else {
            return Hydration::Gone {
                reason: "it names no object".to_owned(),
            };
        };
        let Some(source) = self.sources.get(&thin.connection) else {
            return Hydration::Refused {
                reason: format!("connection {} is not configured any more", thin.connection),
            };
        };
        let request = match source.hydrates.request(hydrate) {
            Ok(request) => request,
            Err(e) => {
                return Hydration::Refused {
                    reason: e.to_string(),
                };
            }
        };
        let answer = match source.api.call(&request, clock).await {
            Ok(response) => source.hydrates.complete(&thin.event, hydrate, &response),
            Err(failure) => Err(AskError::Retry {
                reason: failure.to_string(),
                after_ms: None,
            }),
        };
        match answer {
            Ok(events) => Hydration::Complete(Arrival {
                tenant: thin.tenant,
                connection: thin.connection.clone(),
                received_at: now,
                events,
                creates_contacts: source.creates_contacts,
                reactions: Arc::clone(&self.reactions),
            }),
            Err(AskError::Gone) => Hydration::Gone {
                reason: AskError::Gone.to_string(),
            },
            Err(AskError::Refused(reason)) => {
                tracing::warn!(connection = thin.connection, reason, "an event stays thin");
                Hydration::Refused { reason }
            }
            Err(AskError::Retry { reason, after_ms }) => {
                let wait_ms = BACKOFF.wait_ms(thin.attempts + 1);
                Hydration::Retry {
                    at: now.plus_ms(wait_ms.max(after_ms.unwrap_or(0))),
                    reason,
                }
            }
        }
    }
}

/// The question in the trace of the thin event; what it brought begins traces of its own, linked to that one.
fn traced(thin: &ThinEvent, answer: &Hydration, began_at: Instant, ended_at: Instant) {
    if !traces::is_on() {
        return;
    }
    let id = |key: &str| event_id(thin.tenant, &thin.connection, key);
    let own_id = id(&thin.event.source_key);
    let Some(trace) = traces::of(&own_id) else {
        return;
    };
    let place = Place::Question {
        attempt: thin.attempts + 1,
    };
    if let Hydration::Complete(arrival) = answer {
        let told = arrival.events.iter();
        let told = told.map(|event| (id(&event.source_key), event.kind.clone()));
        let telling = Telling {
            name: "completed",
            connection: &thin.connection,
            began_at,
            ended_at,
            link: Some(trace.remote(&place)),
        };
        telling.record(told.filter(|(id, _)| *id != own_id).collect());
    }
    trace.record(Span {
        name: "hydrate",
        place,
        sort: Sort::Client,
        began_at,
        took: traces::between(began_at, ended_at),
        attributes: vec![
            ("event.id", own_id),
            ("connection", thin.connection.clone()),
        ],
        link: None,
        failure: match answer {
            Hydration::Complete(_) => None,
            Hydration::Gone { .. } => Some("gone".to_owned()),
            Hydration::Retry { .. } => Some("retry".to_owned()),
            Hydration::Refused { .. } => Some("refused".to_owned()),
        },
    });
}
