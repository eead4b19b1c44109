//! Polls and calls of triggers: see `store::triggers` for what it promises.

use crate::store::sql::db::{Db, Row, params};
use crate::store::sql::engine::Engine;
use async_trait::async_trait;

use super::intake::ingest;
use super::rows::{collect, execute, first, get, insert, instant_opt, json_opt, to_json};
use super::{SqlStore, merges};
use crate::domain::Instant;
use crate::domain::fault::Fault;
use crate::store::intake::Ingested;
use crate::store::triggers::{
    CALLS_MAX, DuePoll, PollFacts, PollSetup, PolledPage, TriggerCall, TriggerFacts, Triggers,
};
use crate::store::{Bell, Duty, Error, TenantId};

/// After so many new calls the oldest are looked for: each look walks the index.
const PRUNE_EVERY: i64 = 50;

#[async_trait]
impl<E: Engine> Triggers for SqlStore<E> {
    async fn register_polls(
        &self,
        tenant: TenantId,
        polls: Vec<PollSetup>,
        now: Instant,
    ) -> Result<(), Error> {
        self.write(move |tx| {
            for poll in &polls {
                execute(
                    tx,
                    "INSERT INTO polls (tenant_id, connection, due_at, kind) VALUES (?1, ?2, ?3, ?5)
                     ON CONFLICT (tenant_id, connection) DO UPDATE
                     SET kind = ?5, due_at = CASE WHEN polls.failures > 0 THEN ?3
                                                    WHEN polls.due_at < ?4 THEN polls.due_at ELSE ?4 END",
                    params![
                        tenant.0,
                        poll.connection,
                        now.0,
                        now.plus_ms(poll.every_ms).0,
                        poll.kind.as_str()
                    ],
                )?;
            }
            Ok(())
        })
        .await?;
        self.ring(Bell::Poll);
        Ok(())
    }

    async fn due_polls(
        &self,
        tenant: TenantId,
        connections: &[String],
        now: Instant,
        limit: usize,
    ) -> Result<Vec<DuePoll>, Error> {
        if !self.engine.has(Duty::Poll) {
            return Ok(Vec::new());
        }
        let names = to_json(connections)?;
        self.read(move |db| {
            collect(
                db,
                "SELECT connection, cursor, pages, failures FROM polls
                 WHERE tenant_id = ?1 AND connection IN (SELECT value FROM json_each(?2)) AND due_at <= ?3
                 ORDER BY due_at, connection LIMIT ?4",
                params![tenant.0, names, now.0, limit],
                |row| {
                    Ok(DuePoll {
                        connection: get(row, "connection")?,
                        cursor: get(row, "cursor")?,
                        pages: get(row, "pages")?,
                        failures: get(row, "failures")?,
                    })
                },
            )
        })
        .await
    }

    async fn next_poll_at(
        &self,
        tenant: TenantId,
        connections: &[String],
    ) -> Result<Option<Instant>, Error> {
        if !self.engine.has(Duty::Poll) {
            return Ok(None);
        }
        let names = to_json(connections)?;
        self.read(move |db| {
            let at = first(
                db,
                "SELECT min(due_at) AS at FROM polls
                 WHERE tenant_id = ?1 AND connection IN (SELECT value FROM json_each(?2))",
                params![tenant.0, names],
                |row| instant_opt(row, "at"),
            )?;
            Ok(at.flatten())
        })
        .await
    }

    async fn commit_page(&self, page: PolledPage) -> Result<Ingested, Error> {
        let merges = merges::any(&page.arrival.events);
        let (ingested, thin) = self
            .write_arrival(merges, move |tx| commit_page(tx, &page))
            .await?;
        self.ring_for(&ingested, thin);
        Ok(ingested)
    }

    async fn fail_poll(&self, call: TriggerCall, retry_at: Instant) -> Result<(), Error> {
        self.write(move |tx| {
            let fault = call.fault.as_ref().map(to_json).transpose()?;
            execute(
                tx,
                "UPDATE polls SET due_at = ?3, asked_at = ?4, pages = 0, failures = failures + 1, fault = ?5
                 WHERE tenant_id = ?1 AND connection = ?2",
                params![
                    call.tenant.0,
                    call.connection,
                    retry_at.0,
                    call.at.0,
                    fault
                ],
            )?;
            record(tx, &call)
        })
        .await
    }

    async fn record_call(&self, call: TriggerCall) -> Result<(), Error> {
        self.write(move |tx| record(tx, &call)).await
    }

    async fn trigger_facts(&self, tenant: TenantId) -> Result<Vec<TriggerFacts>, Error> {
        self.read(move |db| {
            collect(
                db,
                "SELECT names.connection, count(c.id) AS calls, count(c.fault) AS faults,
                        CAST(coalesce(sum(c.events), 0) AS BIGINT) AS events, max(c.at) AS last_at,
                        (SELECT l.fault FROM trigger_calls l
                         WHERE l.tenant_id = ?1 AND l.connection = names.connection
                         ORDER BY l.id DESC LIMIT 1) AS last_fault,
                        p.due_at, p.failures, p.fault AS poll_fault
                 FROM (SELECT connection FROM trigger_calls WHERE tenant_id = ?1
                       UNION SELECT connection FROM polls WHERE tenant_id = ?1 AND kind = 'trigger') names
                 LEFT JOIN trigger_calls c ON c.tenant_id = ?1 AND c.connection = names.connection
                 LEFT JOIN polls p ON p.tenant_id = ?1 AND p.connection = names.connection
                 GROUP BY names.connection, p.due_at, p.failures, p.fault ORDER BY names.connection",
                params![tenant.0],
                facts,
            )
        })
        .await
    }
}

fn facts(row: &Row<'_>) -> Result<TriggerFacts, Error> {
    let fault = |column| Ok(json_opt::<Fault>(row, column)?.map(|fault| fault.to_string()));
    let poll = match instant_opt(row, "due_at")? {
        None => None,
        Some(due_at) => Some(PollFacts {
            due_at: due_at.to_string(),
            failures: get(row, "failures")?,
            fault: fault("poll_fault")?,
        }),
    };
    Ok(TriggerFacts {
        connection: get(row, "connection")?,
        calls: get(row, "calls")?,
        faults: get(row, "faults")?,
        events: get(row, "events")?,
        last_call_at: instant_opt(row, "last_at")?.map(|at| at.to_string()),
        last_fault: fault("last_fault")?,
        poll,
    })
}

fn commit_page(tx: &Db, page: &PolledPage) -> Result<(Ingested, bool), Error> {
    let stored = ingest(tx, &page.arrival)?;
    let call = &page.call;
    let known = execute(
        tx,
        "UPDATE polls SET cursor = coalesce(?3, cursor), due_at = ?4, asked_at = ?5, pages = ?6, failures = 0, fault = NULL
         WHERE tenant_id = ?1 AND connection = ?2",
        params![
            call.tenant.0,
            call.connection,
            page.cursor,
            page.due_at.0,
            call.at.0,
            page.pages
        ],
    )?;
    if known == 0 {
        return Err(Error::Invalid(format!(
            "connection {} is not polled",
            call.connection
        )));
    }
    record(tx, call)?;
    Ok(stored)
}

fn record(tx: &Db, call: &TriggerCall) -> Result<(), Error> {
    let number = insert(
        tx,
        "INSERT INTO trigger_calls (tenant_id, connection, plugin, digest, at, kind, events, fuel, memory, fault)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            call.tenant.0,
            call.connection,
            call.plugin,
            call.digest,
            call.at.0,
            call.kind.as_str(),
            call.events,
            call.fuel as i64,
            call.memory_bytes,
            call.fault.as_ref().map(to_json).transpose()?,
        ],
    )?;
    if number % PRUNE_EVERY == 0 {
        execute(
            tx,
            "DELETE FROM trigger_calls WHERE tenant_id = ?1 AND connection = ?2 AND id <=
                 (SELECT id FROM trigger_calls WHERE tenant_id = ?1 AND connection = ?2
                  ORDER BY id DESC LIMIT 1 OFFSET ?3)",
            params![call.tenant.0, call.connection, CALLS_MAX],
        )?;
    }
    Ok(())
}
