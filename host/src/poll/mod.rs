//! The poll loop: foreign systems that do not call are asked at an interval.
//!
//! Due connections are asked by their triggers, each for one page; the page's events, the cursor
//! behind them and the moment of the next call are stored in one transaction. After a crash the same
//! page is asked for again, and its events are known by their keys. Reads and writes polls, events
//! and contacts. Decides nothing.

use std::collections::HashMap;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretSlice};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::calendar::Calendar;
use crate::clock::Clock;
use crate::domain::Instant;
use crate::domain::backoff::Backoff;
use crate::domain::fault::{Fault, Remedy};
use crate::domain::instant::{HOUR_MS, SECOND_MS};
use crate::domain::manifest::{POLL_MAX_S, POLL_MIN_S};
use crate::domain::trigger::{Page, TriggerContext};
use crate::pulse::Pulse;
use crate::sandbox::{Authority, Called, Plugin, Sandbox};
use crate::store::intake::{Arrival, Reactions};
use crate::store::triggers::{CallKind, DuePoll, PolledPage, TriggerCall};
use crate::store::{self, DEFAULT_TENANT, Error};
use crate::triggers;

/// Connections asked side by side.
const BATCH_MAX: usize = 4;
/// Pages of one connection in a row; then its interval passes, whatever it says is left.
const PAGES_MAX: u32 = 100;
const STORE_RETRY_MS: i64 = 1_000;
/// Waiting times after a failed call; a connection is never given up.
const BACKOFF: Backoff = Backoff {
    first_ms: 10 * SECOND_MS,
    max_ms: HOUR_MS,
    attempts_max: u32::MAX,
};
/// Rejected events that one log line each names.
const LOGGED_REJECTIONS_MAX: usize = 5;

/// Everything the loop works with.
#[derive(Clone)]
pub struct Poller {
    pub store: store::Shared,
    pub sandbox: Arc<Sandbox>,
    pub calendar: Arc<Calendar>,
    pub reactions: Arc<Reactions>,
    /// Proves the tokens behind our links.
    pub key: Arc<SecretSlice<u8>>,
    /// By connection.
    pub polled: Arc<HashMap<String, Polled>>,
}

/// A connection that is asked.
#[derive(Clone)]
pub struct Polled {
    pub plugin: Plugin,
    pub authority: Arc<Authority>,
    /// The connection's configuration, JSON text.
    pub config: String,
    pub every_ms: i64,
    pub creates_contacts: bool,
}

impl Poller {
    /// Ticks until `stop` becomes true.
    pub async fn run(self, clock: Arc<dyn Clock>, mut stop: watch::Receiver<bool>, pulse: Pulse) {
        while !*stop.borrow() {
            let wake_at = match pulse.turn(&*clock, self.tick(clock.now())).await {
                Ok(asked) if asked > 0 => continue,
                Ok(_) => self.next_at().await,
                Err(e) => Err(e),
            };
            let wake_at = wake_at.unwrap_or_else(|e| {
                tracing::error!(error = %e, "the poll loop waits for the store");
                Some(clock.now().plus_ms(STORE_RETRY_MS))
            });
            tokio::select! {
                () = self.store.bells().poll.notified() => {}
                () = clock.sleep_until_some(wake_at) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// Asks due connections for a page each; returns how many were asked.
    pub async fn tick(&self, now: Instant) -> Result<usize, Error> {
        let names = self.names();
        let due = self
            .store
            .due_polls(DEFAULT_TENANT, &names, now, BATCH_MAX)
            .await?;
        let asked = due.len();
        let mut calls = JoinSet::new();
        for poll in due {
            let poller = self.clone();
            calls.spawn(async move { poller.ask(poll, now).await });
        }
        while let Some(call) = calls.join_next().await {
            if let Ok(stored) = call {
                stored?;
            }
        }
        Ok(asked)
    }

    async fn next_at(&self) -> Result<Option<Instant>, Error> {
        self.store.next_poll_at(DEFAULT_TENANT, &self.names()).await
    }

    fn names(&self) -> Vec<String> {
        self.polled.keys().cloned().collect()
    }

    async fn ask(&self, due: DuePoll, now: Instant) -> Result<(), Error> {
        let name = due.connection.as_str();
        let Some(polled) = self.polled.get(name) else {
            return Ok(());
        };
        let cursor = due.cursor.clone();
        let seed = cursor.as_deref().unwrap_or_default().as_bytes();
        let context = TriggerContext {
            now,
            seed: triggers::seed(name, now, seed),
            connection: name.to_owned(),
            config: polled.config.clone(),
        };
        let (plugin, calendar) = (&polled.plugin, &self.calendar);
        let called = self
            .sandbox
            .poll(plugin, context, cursor, calendar, &polled.authority)
            .await;
        let call = call_of(name, plugin, &called, now);
        match called.result {
            Ok(page) => self.commit(&due, polled, page, call, now).await,
            Err(fault) => {
                tracing::warn!(connection = name, fault = %fault, stderr = fault.stderr_tail, failures = due.failures + 1, "a poll failed");
                let retry_at = retry_at(&fault, due.failures + 1, now);
                self.store.fail_poll(call, retry_at).await
            }
        }
    }

    async fn commit(
        &self,
        due: &DuePoll,
        polled: &Polled,
        page: Page,
        call: TriggerCall,
        now: Instant,
    ) -> Result<(), Error> {
        let (due_at, pages) = next_at(page.next_at, due.pages, polled.every_ms, now);
        let batch = triggers::batch(page.events, self.key.expose_secret());
        for part in batch.rejected.iter().take(LOGGED_REJECTIONS_MAX) {
            tracing::warn!(
                connection = due.connection,
                index = part.index,
                reason = part.reason,
                "an event of a poll could not be taken in"
            );
        }
        let ingested = self
            .store
            .commit_page(PolledPage {
                arrival: Arrival {
                    tenant: DEFAULT_TENANT,
                    connection: due.connection.clone(),
                    received_at: now,
                    events: batch.events,
                    creates_contacts: polled.creates_contacts,
                    reactions: Arc::clone(&self.reactions),
                },
                cursor: page.cursor,
                due_at,
                pages,
                call,
            })
            .await?;
        metrics::counter!("followup_events_total").increment(ingested.stored as u64);
        metrics::counter!("followup_rejected_parts_total").increment(batch.rejected.len() as u64);
        Ok(())
    }
}

fn call_of(name: &str, plugin: &Plugin, called: &Called<Page>, at: Instant) -> TriggerCall {
    let page = called.result.as_ref();
    let outcome = if page.is_ok() { "ok" } else { "fault" };
    metrics::counter!("followup_trigger_calls_total",
        "connection" => name.to_owned(), "kind" => "poll", "outcome" => outcome)
    .increment(1);
    for line in &called.log {
        tracing::debug!(connection = name, plugin = plugin.manifest().id, line = %line.message, "a trigger says");
    }
    TriggerCall {
        tenant: DEFAULT_TENANT,
        connection: name.to_owned(),
        plugin: plugin.manifest().id.clone(),
        digest: plugin.digest().to_owned(),
        at,
        kind: CallKind::Poll,
        events: page.map_or(0, |page| page.events.len()),
        fuel: called.fuel_used,
        memory_bytes: called.memory_bytes,
        fault: page.err().cloned(),
    }
}

/// When to ask again, and how many pages that makes in a row. A wish for now means that there is
/// more; any other is kept within the limits of an interval.
fn next_at(wish: Option<Instant>, pages: u32, every_ms: i64, now: Instant) -> (Instant, u32) {
    match wish {
        Some(at) if at > now => (within(at, now), 0),
        Some(_) if pages < PAGES_MAX => (now, pages + 1),
        _ => (now.plus_ms(every_ms), 0),
    }
}

/// When to try again. What will fail again with the same input waits longest, for a person.
fn retry_at(fault: &Fault, failures: u32, now: Instant) -> Instant {
    let backed_off = now.plus_ms(BACKOFF.wait_ms(failures));
    match fault.remedy {
        Remedy::Retry => backed_off,
        Remedy::RetryNotBefore(at) => within(at, now).max(backed_off),
        Remedy::Park => now.plus_ms(BACKOFF.max_ms),
    }
}

fn within(at: Instant, now: Instant) -> Instant {
    let after = |seconds: u64| now.plus_ms(seconds as i64 * SECOND_MS);
    at.clamp(after(POLL_MIN_S), after(POLL_MAX_S))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::FaultKind;

    const NOW: Instant = Instant(1_000_000);

    #[test]
    fn when_to_ask_again() {
        let check = |wish: Option<i64>, pages: u32, expect_in_s: i64, expect_pages: u32| {
            let wish = wish.map(|seconds| NOW.plus_ms(seconds * SECOND_MS));
            let (at, pages) = next_at(wish, pages, 300 * SECOND_MS, NOW);
            assert_eq!(
                (at.since_ms(NOW) / SECOND_MS, pages),
                (expect_in_s, expect_pages),
                "{wish:?}"
            );
        };
        check(None, 0, 300, 0);
        check(None, 7, 300, 0);
        check(Some(0), 0, 0, 1);
        check(Some(-5), 99, 0, 100);
        check(Some(0), 100, 300, 0);
        check(Some(60), 7, 60, 0);
        check(Some(1), 0, 10, 0);
        check(Some(i64::from(u32::MAX)), 0, 7 * 24 * 3600, 0);
    }

    #[test]
    fn when_to_try_again() {
        let check = |remedy: Remedy, failures: u32, expect_in_s: i64| {
            let fault = Fault {
                kind: FaultKind::ErrorResult,
                message: String::new(),
                stderr_tail: String::new(),
                remedy,
            };
            let at = retry_at(&fault, failures, NOW);
            assert_eq!(at.since_ms(NOW) / SECOND_MS, expect_in_s, "{remedy:?}");
        };
        let after = |seconds| Remedy::RetryNotBefore(NOW.plus_ms(seconds * SECOND_MS));
        check(Remedy::Retry, 1, 10);
        check(Remedy::Retry, 3, 40);
        check(Remedy::Retry, 99, 3_600);
        check(after(60), 1, 60);
        check(after(5), 3, 40);
        check(after(-5), 1, 10);
        check(after(i64::from(u32::MAX)), 1, 7 * 24 * 3600);
        check(Remedy::Park, 1, 3_600);
    }
}
