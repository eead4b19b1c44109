//! The loop: wake, decide a batch, commit, sleep until something is due.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{EVENTS_MAX, Engine, contact};
use crate::clock::Clock;
use crate::domain::Instant;
use crate::pulse::Pulse;
use crate::store::Error;
use crate::store::work::{Committed, Decided, Depth};

/// How long the loop waits after the store failed, and how long a contact is put off whose turn
/// cannot be stored at all.
const STORE_RETRY_MS: i64 = 1_000;
const POISONED_RETRY_MS: i64 = 5 * crate::domain::instant::MINUTE_MS;

/// So many turns are stored while the guests go on with the others.
const COMMITTED_MIN: usize = 64;

/// What one tick did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub contacts: usize,
    /// Contacts of which something was heard meanwhile; they are still due.
    pub conflicts: usize,
    /// Contacts that could not be stored and are put off.
    pub postponed: usize,
}

impl Progress {
    fn add(&mut self, more: Self) {
        self.contacts += more.contacts;
        self.conflicts += more.conflicts;
        self.postponed += more.postponed;
    }
}

impl Engine {
    /// Ticks until `stop` becomes true.
    pub async fn run(self, clock: Arc<dyn Clock>, mut stop: watch::Receiver<bool>, pulse: Pulse) {
        while !*stop.borrow() {
            let wake_at = match pulse.turn(&*clock, self.tick(clock.now())).await {
                Ok(progress) if progress.contacts > 0 => continue,
                Ok(_) => self.store.next_due_at().await,
                Err(e) => Err(e),
            };
            let wake_at = wake_at.unwrap_or_else(|e| {
                tracing::error!(error = %e, "the decide loop waits for the store");
                Some(clock.now().plus_ms(STORE_RETRY_MS))
            });
            let bell = self.store.bells().decide.notified();
            tokio::select! {
                () = bell => {}
                () = clock.sleep_until_some(wake_at) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// Decides one batch of due contacts.
    pub async fn tick(&self, now: Instant) -> Result<Progress, Error> {
        let depth = Depth {
            history_max: self.limits.history_max,
            touches_max: self.limits.touches_max,
            events_max: EVENTS_MAX,
            lookback: self.limits.lookback,
        };
        let due = self
            .store
            .due_contacts(now, self.limits.batch_max, depth)
            .await?;
        let mut progress = Progress {
            contacts: due.len(),
            ..Progress::default()
        };
        if due.is_empty() {
            return Ok(progress);
        }
        let mut places = HashMap::new();
        let mut turns = JoinSet::new();
        for contact in due {
            let engine = self.clone();
            let id = contact.id;
            let threads = self.sandbox.threads();
            // Boxed: a task is moved when it is spawned, and a turn is large.
            let turn = async move { Box::pin(contact::decide(&engine, contact, now)).await };
            let turn = turns.spawn_on(turn, threads);
            places.insert(turn.id(), id);
        }
        let (mut decided, mut commits) = (Vec::new(), JoinSet::new());
        while let Some(turn) = turns.join_next_with_id().await {
            match turn {
                Ok((_, turn)) => {
                    decided.push(turn);
                    if decided.len() >= COMMITTED_MIN {
                        let (engine, decided) = (self.clone(), std::mem::take(&mut decided));
                        commits.spawn(async move { engine.commit(decided, now).await });
                    }
                }
                Err(died) => {
                    // A turn must not die; if one does, the contact must not block the others.
                    let contact = places.get(&died.id()).copied().unwrap_or_default();
                    self.put_off(contact, now, &died.to_string()).await?;
                    progress.postponed += 1;
                }
            }
        }
        progress.add(self.commit(decided, now).await?);
        while let Some(committed) = commits.join_next().await {
            let committed =
                committed.map_err(|died| Error::Unavailable(format!("a commit died: {died}")))?;
            progress.add(committed?);
        }
        Ok(progress)
    }

    /// Counts what was not stored.
    async fn commit(&self, decided: Vec<Decided>, now: Instant) -> Result<Progress, Error> {
        let mut progress = Progress::default();
        let ids: Vec<_> = decided.iter().map(|turn| turn.contact_id).collect();
        for (contact, result) in ids.into_iter().zip(self.store.commit(decided).await) {
            match result {
                Ok(Committed::Stored { parked }) => alert(&parked),
                Ok(Committed::Conflict) => progress.conflicts += 1,
                Err(Error::Invalid(reason)) => {
                    self.put_off(contact, now, &reason).await?;
                    progress.postponed += 1;
                }
                Err(e @ Error::Unavailable(_)) => return Err(e),
            }
        }
        Ok(progress)
    }

    async fn put_off(&self, contact: i64, now: Instant, reason: &str) -> Result<(), Error> {
        metrics::counter!("followup_postponed_total").increment(1);
        tracing::error!(
            contact.id = contact,
            reason,
            "a contact could not be decided; put off"
        );
        self.store
            .postpone(contact, now.plus_ms(POISONED_RETRY_MS))
            .await
    }
}

/// Somebody has to look: what these plugins decide stands still.
fn alert(parked: &[String]) {
    for plugin in parked {
        metrics::counter!("followup_plugins_parked_total", "plugin" => plugin.clone()).increment(1);
        tracing::error!(
            plugin,
            remedy = format!("followup plugin show {plugin}; followup plugin resume {plugin}"),
            "a plugin keeps failing and is parked with its enrollments"
        );
    }
}
