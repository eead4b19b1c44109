//! Row after row into the store, a batch a transaction: bounded memory, and stopped at any moment it
//! is simply run again.

use std::io::BufRead;
use std::sync::Arc;

use anyhow::Context;
use indicatif::ProgressBar;
use serde_json::json;

use super::report::{Line, Report, Summary};
use crate::clock::Clock;
use crate::domain::event::kind;
use crate::domain::{ContactRef, EmailAddress, Instant, JsonMap, NewEvent, digest};
use crate::leads::{Lead, Reader, Record, Records, Rejection};
use crate::store::intake::{Arrival, Reactions};
use crate::store::roster::{BATCH_MAX, EnrolOutcome, Enrolled, LeadBatch};
use crate::store::{self, DEFAULT_TENANT, Store};

/// The connection that imported people come from.
const CONNECTION: &str = "leads";
/// How often a batch is tried while another process holds the store; each waits by itself.
const TRIES_MAX: u32 = 5;
/// Rows between two batches at most, rejected ones included.
const PENDING_MAX: usize = 4 * BATCH_MAX;

/// What is asked for.
pub(super) struct Wish {
    pub(super) list: String,
    pub(super) batch: String,
    pub(super) sequence: String,
    pub(super) takes_back: bool,
    pub(super) dry_run: bool,
    pub(super) reactions: Arc<Reactions>,
}

pub(super) struct Importer<'a, R> {
    wish: Wish,
    /// None where there is nothing to compare with.
    store: Option<&'a dyn Store>,
    clock: &'a dyn Clock,
    reader: Reader<R>,
    report: Report,
    summary: Summary,
    pending: Vec<Pending>,
    events: Vec<NewEvent>,
}

/// A row whose outcome is not reported yet; without a rejection, that of the next event.
struct Pending {
    row: u64,
    email: String,
    rejection: Option<Rejection>,
    warnings: Vec<String>,
}

impl<'a, R: Fn(&EmailAddress) -> bool> Importer<'a, R> {
    pub(super) fn new(
        wish: Wish,
        store: Option<&'a dyn Store>,
        clock: &'a dyn Clock,
        reader: Reader<R>,
        report: Report,
    ) -> Self {
        Self {
            summary: Summary::new(&wish),
            wish,
            store,
            clock,
            reader,
            report,
            pending: Vec::new(),
            events: Vec::new(),
        }
    }

    pub(super) async fn run(
        mut self,
        mut records: Records<impl BufRead>,
        bar: &ProgressBar,
    ) -> anyhow::Result<Summary> {
        while let Some(record) = records.next_record()? {
            self.take(record);
            if self.events.len() == BATCH_MAX || self.pending.len() == PENDING_MAX {
                self.flush().await?;
                bar.set_message(format!("{} rows", self.summary.rows));
            }
        }
        self.flush().await?;
        self.summary.report = self.report.finish()?;
        Ok(self.summary)
    }

    fn take(&mut self, record: Record) {
        let Record { row, cells } = record;
        let mut pending = Pending {
            row,
            email: String::new(),
            rejection: None,
            warnings: Vec::new(),
        };
        let read = cells.map_err(Rejection::from).and_then(|cells| {
            self.reader.address(&cells).clone_into(&mut pending.email);
            self.reader.read(row, &cells)
        });
        match read {
            Ok(lead) => {
                pending.email = lead.email.to_string();
                pending.warnings.clone_from(&lead.warnings);
                self.events.push(self.event(row, lead));
            }
            Err(rejection) => pending.rejection = Some(rejection),
        }
        self.pending.push(pending);
    }

    /// The same row of the same list is the same event, whenever it is imported.
    fn event(&self, row: u64, lead: Lead) -> NewEvent {
        let parts = [&self.wish.sequence, lead.email.as_str(), &self.wish.batch];
        let parts = parts.map(str::as_bytes);
        NewEvent {
            source_key: digest::id("lead", &parts),
            kind: kind::ENROL_ASKED.to_owned(),
            occurred_at: self.clock.now(),
            contact: ContactRef::email(lead.email),
            patch: lead.patch,
            message_id: None,
            answers: Vec::new(),
            data: JsonMap::from_iter([
                ("sequence".to_owned(), json!(self.wish.sequence)),
                ("list".to_owned(), json!(self.wish.list)),
                ("row".to_owned(), json!(row)),
            ]),
            raw: lead.raw.into(),
            hydrate: None,
            about: None,
        }
    }

    async fn flush(&mut self) -> anyhow::Result<()> {
        let began_at = self.clock.now();
        let events = std::mem::take(&mut self.events);
        let outcomes = self.store(events, began_at).await;
        let mut outcomes = outcomes
            .with_context(|| {
                let rows = self.summary.rows;
                format!("stopped after {rows} rows; run the same command again, nobody is enrolled twice")
            })?
            .into_iter();
        for pending in self.pending.drain(..) {
            let line = match &pending.rejection {
                Some(rejection) => Line::rejected(pending.row, &pending.email, rejection),
                None => Line::of(
                    pending.row,
                    &pending.email,
                    &outcomes.next().expect("an outcome per event"),
                    &pending.warnings,
                ),
            };
            self.summary.count(&line, pending.warnings.len());
            self.report.write(&line)?;
        }
        self.make_way(began_at).await;
        Ok(())
    }

    async fn store(
        &self,
        events: Vec<NewEvent>,
        now: Instant,
    ) -> Result<Vec<Enrolled>, store::Error> {
        let Some(store) = self.store else {
            let asked = |_| Enrolled {
                outcome: EnrolOutcome::Asked,
                known: false,
            };
            return Ok(events.into_iter().map(asked).collect());
        };
        let batch = LeadBatch {
            arrival: Arrival {
                tenant: DEFAULT_TENANT,
                connection: CONNECTION.to_owned(),
                received_at: now,
                events,
                creates_contacts: true,
                reactions: Arc::clone(&self.wish.reactions),
            },
            sequence: self.wish.sequence.clone(),
            takes_back: self.wish.takes_back,
        };
        if self.wish.dry_run {
            return store.preview(batch).await;
        }
        let mut tries = 1;
        loop {
            match store.enrol(batch.clone()).await {
                Err(store::Error::Unavailable(_)) if tries < TRIES_MAX => tries += 1,
                answer => return answer,
            }
        }
    }

    /// Leaves the store alone for half as long as the batch held it: SQLite lets those who wait for
    /// its lock in by chance, and a host that serves must get its turn.
    async fn make_way(&self, began_at: Instant) {
        let now = self.clock.now();
        if !self.wish.dry_run && self.store.is_some() {
            self.clock
                .sleep_until(now.plus_ms(now.since_ms(began_at) / 2))
                .await;
        }
    }
}
