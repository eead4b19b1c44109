//! Polls of CRMs: see `store::reconciles` for what it promises.

use crate::store::sql::db::{Db, Row, params};
use crate::store::sql::engine::Engine;
use async_trait::async_trait;

use super::intake::ingest;
use super::rows::{collect, execute, get, instant_opt};
use super::{SqlStore, echoes, merges};
use crate::domain::Instant;
use crate::domain::connector::Cursor;
use crate::store::intake::Arrival;
use crate::store::reconciles::{
    FailedAsking, ReconcileFacts, Reconciled, ReconciledPage, Reconciles, SAME_CHANGE_MS,
};
use crate::store::{Error, TenantId};

#[async_trait]
impl<E: Engine> Reconciles for SqlStore<E> {
    async fn commit_reconciled(&self, page: ReconciledPage) -> Result<Reconciled, Error> {
        let merges = page
            .records
            .iter()
            .any(|record| merges::any(&record.events));
        let (reconciled, thin) = self
            .write_arrival(merges, move |tx| commit(tx, &page))
            .await?;
        self.ring_for(&reconciled.ingested, thin);
        Ok(reconciled)
    }

    async fn fail_asking(&self, failed: FailedAsking) -> Result<(), Error> {
        self.write(move |tx| {
            execute(
                tx,
                "UPDATE polls SET due_at = ?3, asked_at = ?4, pages = 0, failures = failures + 1, fault = ?5
                 WHERE tenant_id = ?1 AND connection = ?2",
                params![
                    failed.tenant.0,
                    failed.poll,
                    failed.retry_at.0,
                    failed.now.0,
                    failed.reason
                ],
            )
            .map(|_| ())
        })
        .await
    }

    async fn renewed(
        &self,
        tenant: TenantId,
        poll: &str,
        now: Instant,
        due_at: Instant,
    ) -> Result<(), Error> {
        let poll = poll.to_owned();
        self.write(move |tx| {
            execute(
                tx,
                "UPDATE polls SET due_at = ?3, asked_at = ?4, failures = 0, fault = NULL
                 WHERE tenant_id = ?1 AND connection = ?2",
                params![tenant.0, poll, due_at.0, now.0],
            )
            .map(|_| ())
        })
        .await
    }

    async fn reconcile_facts(&self, tenant: TenantId) -> Result<Vec<ReconcileFacts>, Error> {
        self.read(move |db| {
            collect(
                db,
                "SELECT * FROM polls WHERE tenant_id = ?1 AND kind <> 'trigger' ORDER BY connection",
                params![tenant.0],
                |row| {
                    let time = |column| Ok(instant_opt(row, column)?.map(|at| at.to_string()));
                    Ok(ReconcileFacts {
                        connection: get(row, "connection")?,
                        kind: get(row, "kind")?,
                        asked_at: time("asked_at")?,
                        due_at: time("due_at")?.unwrap_or_default(),
                        records: get(row, "records")?,
                        found_only: get(row, "found_only")?,
                        failures: get(row, "failures")?,
                        fault: get(row, "fault")?,
                        refused: refused(row)?,
                    })
                },
            )
        })
        .await
    }
}

/// Of the kept cursor.
fn refused(row: &Row<'_>) -> Result<Vec<String>, Error> {
    let kept: Option<String> = get(row, "cursor")?;
    let cursor: Option<Cursor> = kept.and_then(|text| serde_json::from_str(&text).ok());
    let refused = cursor.map(|cursor| cursor.refused).unwrap_or_default();
    Ok(refused
        .into_iter()
        .map(|(object, reason)| format!("{object}: {reason}"))
        .collect())
}

fn commit(tx: &Db, page: &ReconciledPage) -> Result<(Reconciled, bool), Error> {
    let (tenant, connection) = (page.arrival.tenant, page.arrival.connection.as_str());
    let mut reconciled = Reconciled::default();
    let mut thin = false;
    for record in &page.records {
        // Webhooks may call the object by another word than its list; the events know both.
        let about = record.events.iter().find_map(|event| event.about.as_ref());
        let (object, id) = about.map_or((page.object.as_str(), record.id.as_str()), |about| {
            (about.object.as_str(), about.id.as_str())
        });
        let heard_at = echoes::heard_at(tx, tenant, connection, object, id)?;
        if heard_at.is_some_and(|at| at.plus_ms(SAME_CHANGE_MS) >= record.modified_at) {
            continue;
        }
        let arrival = Arrival {
            events: record.events.clone(),
            ..page.arrival.without_events()
        };
        let (ingested, more) = ingest(tx, &arrival)?;
        thin |= more;
        reconciled.found_only += usize::from(ingested.stored > 0);
        reconciled.ingested.stored += ingested.stored;
        reconciled.ingested.duplicates += ingested.duplicates;
        reconciled.ingested.exits += ingested.exits;
        reconciled.ingested.in_flight.extend(ingested.in_flight);
    }
    let known = execute(
        tx,
        "UPDATE polls SET cursor = ?3, due_at = ?4, asked_at = ?5, pages = ?6, failures = 0, fault = NULL,
                records = records + ?7, found_only = found_only + ?8
         WHERE tenant_id = ?1 AND connection = ?2",
        params![
            tenant.0,
            connection,
            page.cursor,
            page.due_at.0,
            page.arrival.received_at.0,
            page.pages,
            page.records.len(),
            reconciled.found_only
        ],
    )?;
    if known == 0 {
        return Err(Error::Invalid(format!(
            "connection {connection} is not polled"
        )));
    }
    Ok((reconciled, thin))
}
