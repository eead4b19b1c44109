//! The write-back loop: tasks, notes, fields and copies of sent mail into the CRM.
//!
//! ```text
//! open ──▶ queued ──▶ sending ──▶ done
//!            ▲  ▲        ├──▶ failed
//!            │  └─again──┤
//!            └─absent─ searching ◀─ don't know    (no search, not repeatable: uncertain)
//! ```
//! A row before the first call, an attempt row committed before each call, its outcome after. What may
//! have been done is repeated only where that is harmless; else it is searched for first, and what
//! cannot be searched for is shown to a person. Reads and writes writebacks and their attempts. Never
//! decides what to write.

mod next;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::domain::Instant;
use crate::domain::connector::{AskError, WriteOutcome, WritesBack};
use crate::net::Api;
use crate::pulse::Pulse;
use crate::store::writebacks::{DueWrite, WriteConclusion, WriteNext};
use crate::store::{self, Error};

/// Writes under way at once, over all CRMs.
const BATCH_MAX: usize = 16;
const STORE_RETRY_MS: i64 = 1_000;

/// Everything the loop works with.
#[derive(Clone)]
pub struct Scribe {
    pub store: store::Shared,
    /// The CRMs that take writes, by connection.
    pub crms: Arc<HashMap<String, Crm>>,
}

/// A CRM that takes writes.
#[derive(Clone)]
pub struct Crm {
    pub writes: Arc<dyn WritesBack>,
    pub api: Arc<Api>,
}

impl Scribe {
    /// What was under way when the host stopped last is in doubt; returns how many.
    pub async fn recover(&self, now: Instant) -> Result<usize, Error> {
        let interrupted = self.store.interrupted_writes().await?;
        let count = interrupted.len();
        for write in interrupted {
            let outcome = WriteOutcome::InDoubt {
                reason: "the host stopped during the call".to_owned(),
            };
            let next = match self.crms.get(&write.connection) {
                Some(crm) => next::after_call(&write, &*crm.writes, &outcome, now),
                None => WriteNext::Uncertain {
                    reason:
                        "the host stopped during the call, and its CRM is not configured any more"
                            .to_owned(),
                },
            };
            self.conclude(&write, Some(outcome), next, now).await?;
        }
        Ok(count)
    }

    /// Writes until `stop` becomes true, then finishes the calls under way.
    pub async fn run(self, clock: Arc<dyn Clock>, mut stop: watch::Receiver<bool>, pulse: Pulse) {
        while !*stop.borrow() {
            let wake_at = match pulse.turn(&*clock, self.tick(&clock)).await {
                Ok(tried) if tried > 0 => continue,
                Ok(_) => self.store.next_write_at().await,
                Err(e) => Err(e),
            };
            let wake_at = wake_at.unwrap_or_else(|e| {
                tracing::error!(error = %e, "the write-back loop waits for the store");
                Some(clock.now().plus_ms(STORE_RETRY_MS))
            });
            tokio::select! {
                () = self.store.bells().write_back.notified() => {}
                () = clock.sleep_until_some(wake_at) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// One bounded batch; returns how many writes were tried or looked for.
    pub async fn tick(&self, clock: &Arc<dyn Clock>) -> Result<usize, Error> {
        let due = self.store.due_writes(clock.now(), BATCH_MAX).await?;
        let tried = due.len();
        let mut calls = JoinSet::new();
        for write in due {
            let (scribe, clock) = (self.clone(), Arc::clone(clock));
            calls.spawn(async move { scribe.attend(write, &*clock).await });
        }
        // All are waited for: a call that is cut off would stay open until the next start.
        let mut stored = Ok(tried);
        while let Some(call) = calls.join_next().await {
            if let Ok(Err(e)) = call {
                stored = Err(e);
            }
        }
        stored
    }

    async fn attend(&self, write: DueWrite, clock: &dyn Clock) -> Result<(), Error> {
        let Some(crm) = self.crms.get(&write.connection) else {
            let reason = format!("connection {} takes no writes any more", write.connection);
            return self
                .conclude(&write, None, WriteNext::Failed { reason }, clock.now())
                .await;
        };
        if write.write.contact_id.is_empty() {
            let reason = format!("{} does not know the contact any more", write.connection);
            return self
                .conclude(&write, None, WriteNext::Failed { reason }, clock.now())
                .await;
        }
        if write.searching {
            return self.look(&write, crm, clock).await;
        }
        self.make(&write, crm, clock).await
    }

    /// The next call of a write, between two commits.
    async fn make(&self, write: &DueWrite, crm: &Crm, clock: &dyn Clock) -> Result<(), Error> {
        let now = clock.now();
        if let Err(reason) = crm.writes.check(&write.write) {
            return self
                .conclude(write, None, WriteNext::Failed { reason }, now)
                .await;
        }
        let Some(request) = crm.writes.request(&write.write, &write.done) else {
            return self.conclude(write, None, WriteNext::Nothing, now).await;
        };
        if !self.store.claim_write(write.id, now).await? {
            return Ok(());
        }
        let write = &DueWrite {
            attempts: write.attempts + 1,
            ..write.clone()
        };
        let answer = crm.api.call(&request, clock).await;
        let outcome = crm.writes.outcome(&write.write, &write.done, &answer);
        let now = clock.now();
        let next = next::after_call(write, &*crm.writes, &outcome, now);
        tell(write, &next);
        // What the CRM said must not be lost to a passing trouble of the store: without it the write would
        // stay open until the next start.
        loop {
            let concluded = self.conclude(write, Some(outcome.clone()), next.clone(), clock.now());
            match concluded.await {
                Err(e @ Error::Unavailable(_)) => {
                    tracing::error!(writeback.id = write.write.id, error = %e, "the outcome waits for the store");
                    clock.sleep_until(clock.now().plus_ms(STORE_RETRY_MS)).await;
                }
                done => return done,
            }
        }
    }

    /// Looks for what a call may have made.
    async fn look(&self, write: &DueWrite, crm: &Crm, clock: &dyn Clock) -> Result<(), Error> {
        let Some(request) = crm.writes.search(&write.write, &write.done) else {
            let reason = "it cannot be searched for".to_owned();
            return self
                .conclude(write, None, WriteNext::Uncertain { reason }, clock.now())
                .await;
        };
        let found = match crm.api.call(&request, clock).await {
            Ok(answer) => crm.writes.found(&write.write, &write.done, &answer),
            Err(failure) => Err(AskError::Retry {
                reason: failure.to_string(),
                after_ms: None,
            }),
        };
        let now = clock.now();
        let next = next::after_search(write, &*crm.writes, found, now);
        tell(write, &next);
        self.conclude(write, None, next, now).await
    }

    async fn conclude(
        &self,
        write: &DueWrite,
        outcome: Option<WriteOutcome>,
        next: WriteNext,
        now: Instant,
    ) -> Result<(), Error> {
        self.store
            .conclude_write(WriteConclusion {
                id: write.id,
                outcome,
                next,
                now,
            })
            .await
    }
}

fn tell(write: &DueWrite, next: &WriteNext) {
    let word = match next {
        WriteNext::Step { .. } | WriteNext::Nothing => "done",
        WriteNext::Again { .. } => "again",
        WriteNext::Search { .. } => "in-doubt",
        WriteNext::Failed { .. } => "failed",
        WriteNext::Uncertain { .. } => "uncertain",
    };
    let (connection, kind) = (write.connection.clone(), write.write.kind.word());
    metrics::counter!("followup_writebacks_total", "connection" => connection, "kind" => kind, "outcome" => word)
        .increment(1);
    if word != "done" {
        tracing::warn!(
            writeback.id = write.write.id,
            connection = write.connection,
            kind,
            ?next,
            "not written"
        );
    }
}
