//! The reconcile loop: CRMs are asked for what their webhooks did not tell, and told again to send them.
//!
//! Webhooks get lost: hooks are disabled, banned, sent once and never again. So each CRM that can be
//! asked is asked, object by object and page by page, for what was modified since the last round;
//! what no webhook told of is taken in as if one had, and counted ("found only by poll"). A page's
//! events, the cursor behind them and the moment of the next call are one transaction. CRMs whose
//! subscriptions end are told anew in time. Reads and writes polls, events and contacts. Decides nothing.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::domain::backoff::Backoff;
use crate::domain::connector::{AskError, Cursor, Found, Reconciles, Renews};
use crate::domain::instant::{HOUR_MS, MINUTE_MS};
use crate::net::Api;
use crate::pulse::Pulse;
use crate::store::intake::{Arrival, Reactions};
use crate::store::reconciles::{FailedAsking, ReconciledPage};
use crate::store::triggers::{DuePoll, PollKind, PollSetup};
use crate::store::{self, DEFAULT_TENANT, Error};

/// CRMs asked side by side.
const BATCH_MAX: usize = 4;
const STORE_RETRY_MS: i64 = 1_000;
/// Waiting times after a failed call; nobody is given up.
const BACKOFF: Backoff = Backoff {
    first_ms: MINUTE_MS,
    max_ms: HOUR_MS,
    attempts_max: u32::MAX,
};

/// Everything the loop works with.
#[derive(Clone)]
pub struct Reconciler {
    pub store: store::Shared,
    pub reactions: Arc<Reactions>,
    /// By the name of the poll: the connection's, and for its renewal `renewal(connection)`.
    pub asked: Arc<HashMap<String, Asked>>,
}

/// Somebody who is asked at an interval.
#[derive(Clone)]
pub struct Asked {
    pub connection: String,
    pub what: What,
    pub api: Arc<Api>,
    pub every_ms: i64,
}

#[derive(Clone)]
pub enum What {
    Modified(Arc<dyn Reconciles>),
    Renewal {
        renews: Arc<dyn Renews>,
        /// Where webhooks are to be sent.
        url: String,
    },
}

/// The name of the poll that renews a connection's subscription.
pub fn renewal(connection: &str) -> String {
    format!("{connection}#renewal")
}

impl Asked {
    /// As the store is told of it.
    pub fn setup(&self, poll: &str) -> PollSetup {
        PollSetup {
            connection: poll.to_owned(),
            kind: match self.what {
                What::Modified(_) => PollKind::Crm,
                What::Renewal { .. } => PollKind::Renewal,
            },
            every_ms: self.every_ms,
        }
    }
}

impl Reconciler {
    /// Ticks until `stop` becomes true.
    pub async fn run(self, clock: Arc<dyn Clock>, mut stop: watch::Receiver<bool>, pulse: Pulse) {
        while !*stop.borrow() {
            let wake_at = match pulse.turn(&*clock, self.tick(&clock)).await {
                Ok(asked) if asked > 0 => continue,
                Ok(_) => self.store.next_poll_at(DEFAULT_TENANT, &self.names()).await,
                Err(e) => Err(e),
            };
            let wake_at = wake_at.unwrap_or_else(|e| {
                tracing::error!(error = %e, "the reconcile loop waits for the store");
                Some(clock.now().plus_ms(STORE_RETRY_MS))
            });
            tokio::select! {
                () = clock.sleep_until_some(wake_at) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// Asks those who are due for a page each; returns how many were asked.
    pub async fn tick(&self, clock: &Arc<dyn Clock>) -> Result<usize, Error> {
        let due = self
            .store
            .due_polls(DEFAULT_TENANT, &self.names(), clock.now(), BATCH_MAX)
            .await?;
        let asked = due.len();
        let mut calls = JoinSet::new();
        for poll in due {
            let (reconciler, clock) = (self.clone(), Arc::clone(clock));
            calls.spawn(async move { reconciler.ask(poll, &*clock).await });
        }
        while let Some(call) = calls.join_next().await {
            if let Ok(stored) = call {
                stored?;
            }
        }
        Ok(asked)
    }

    fn names(&self) -> Vec<String> {
        self.asked.keys().cloned().collect()
    }

    async fn ask(&self, due: DuePoll, clock: &dyn Clock) -> Result<(), Error> {
        let Some(asked) = self.asked.get(&due.connection) else {
            return Ok(());
        };
        let outcome = match &asked.what {
            What::Modified(reconciles) => self.page(&due, asked, &**reconciles, clock).await,
            What::Renewal { renews, url } => self.renew(&due, asked, &**renews, url, clock).await,
        };
        let (reason, after_ms) = match outcome {
            Ok(stored) => return stored,
            Err(AskError::Retry { reason, after_ms }) => (reason, after_ms.unwrap_or(0)),
            Err(AskError::Gone) => ("there is no such list any more".to_owned(), BACKOFF.max_ms),
            Err(AskError::Refused(reason)) => (reason, BACKOFF.max_ms),
        };
        let wait_ms = BACKOFF.wait_ms(due.failures + 1).max(after_ms);
        tracing::warn!(
            connection = due.connection,
            reason,
            wait_ms,
            "a CRM could not be asked"
        );
        let now = clock.now();
        self.store
            .fail_asking(FailedAsking {
                tenant: DEFAULT_TENANT,
                poll: due.connection,
                reason,
                now,
                retry_at: now.plus_ms(wait_ms),
            })
            .await
    }

    async fn page(
        &self,
        due: &DuePoll,
        asked: &Asked,
        crm: &dyn Reconciles,
        clock: &dyn Clock,
    ) -> Result<Result<(), Error>, AskError> {
        let objects = crm.objects();
        let cursor = Cursor::read(due.cursor.as_deref(), clock.now());
        let object = objects.get(cursor.object).copied().unwrap_or_default();
        let (since, page) = (cursor.since, cursor.page.as_deref());
        let request = crm.request(object, since, page);
        let answer = call(asked, &request, clock).await?;
        // One object that we may not look through keeps nobody from the others.
        let (found, refusal) = match crm.read_page(object, since, page, &answer) {
            Err(AskError::Refused(reason)) if objects.len() > 1 => (Found::default(), Some(reason)),
            read => (read?, None),
        };
        if let Some(reason) = &refusal {
            tracing::warn!(
                connection = asked.connection,
                object,
                reason,
                "a CRM does not let us look"
            );
        }
        let now = clock.now();
        let cursor = cursor.noting(object, refusal);
        let after = cursor.after(found.next_page, objects.len());
        let (next, due_at) = if let Some(next) = after {
            (next, now)
        } else {
            let due_at = now.plus_ms(asked.every_ms);
            (cursor.next_round(due_at), due_at)
        };
        let page = ReconciledPage {
            arrival: Arrival {
                tenant: DEFAULT_TENANT,
                connection: asked.connection.clone(),
                received_at: now,
                events: Vec::new(),
                creates_contacts: true,
                reactions: Arc::clone(&self.reactions),
            },
            object: object.to_owned(),
            records: found.records,
            cursor: serde_json::to_string(&next).unwrap_or_default(),
            due_at,
            pages: due.pages + 1,
        };
        Ok(self.commit(page, asked).await)
    }

    async fn commit(&self, page: ReconciledPage, asked: &Asked) -> Result<(), Error> {
        let reconciled = self.store.commit_reconciled(page).await?;
        let connection = asked.connection.clone();
        metrics::counter!("followup_events_total").increment(reconciled.ingested.stored as u64);
        metrics::counter!("followup_found_only_by_poll_total", "connection" => connection)
            .increment(reconciled.found_only as u64);
        if reconciled.found_only > 0 {
            tracing::info!(
                connection = asked.connection,
                records = reconciled.found_only,
                "found only by poll: no webhook told of them"
            );
        }
        Ok(())
    }

    async fn renew(
        &self,
        due: &DuePoll,
        asked: &Asked,
        renews: &dyn Renews,
        url: &str,
        clock: &dyn Clock,
    ) -> Result<Result<(), Error>, AskError> {
        let answer = call(asked, &renews.request(url, clock.now()), clock).await?;
        renews.read(&answer)?;
        let now = clock.now();
        let next_at = now.plus_ms(asked.every_ms);
        tracing::info!(connection = asked.connection, "the subscription is renewed");
        let renewed = self
            .store
            .renewed(DEFAULT_TENANT, &due.connection, now, next_at);
        Ok(renewed.await)
    }
}

async fn call(
    asked: &Asked,
    request: &crate::domain::http::Request,
    clock: &dyn Clock,
) -> Result<crate::domain::http::Response, AskError> {
    asked
        .api
        .call(request, clock)
        .await
        .map_err(|failure| AskError::Retry {
            reason: failure.to_string(),
            after_ms: None,
        })
}
