//! Thin events, which only name an object: found when due, and answered with what the CRM told of it.

use super::intake::ingest;
use super::rows::{collect, execute, first, get, instant_opt, json};
use crate::domain::Instant;
use crate::store::intake::{Arrival, Hydration, Ingested, ThinEvent, event_id};
use crate::store::sql::db::{Db, params};
use crate::store::{Error, TenantId};

pub(super) fn due(db: &Db, now: Instant, limit: usize) -> Result<Vec<ThinEvent>, Error> {
    collect(
        db,
        "SELECT seq, tenant_id, connection, hydrate, attempts FROM events
         WHERE status = 'thin' AND hydrate_at IS NOT NULL AND hydrate_at <= ?1
         ORDER BY hydrate_at, seq LIMIT ?2",
        params![now.0, limit],
        |row| {
            Ok(ThinEvent {
                seq: get(row, "seq")?,
                tenant: TenantId(get(row, "tenant_id")?),
                connection: get(row, "connection")?,
                event: json(row, "hydrate")?,
                attempts: get(row, "attempts")?,
            })
        },
    )
}

pub(super) fn next_at(db: &Db) -> Result<Option<Instant>, Error> {
    let at = first(
        db,
        "SELECT min(hydrate_at) AS at FROM events WHERE status = 'thin' AND hydrate_at IS NOT NULL",
        params![],
        |row| instant_opt(row, "at"),
    )?;
    Ok(at.flatten())
}

/// Returns the summary, and whether thin events are among what took its place.
pub(super) fn answer(tx: &Db, seq: i64, answer: &Hydration) -> Result<(Ingested, bool), Error> {
    let (status, hydrate_at, attempts, reason) = match answer {
        Hydration::Complete(arrival) => return replace(tx, seq, arrival),
        Hydration::Gone { reason } => ("stored", None, 0, reason),
        Hydration::Retry { at, reason } => ("thin", Some(at.0), 1, reason),
        Hydration::Refused { reason } => ("thin", None, 0, reason),
    };
    execute(
        tx,
        "UPDATE events SET status = ?2, hydrate_at = ?3, attempts = attempts + ?4, remark = ?5
         WHERE seq = ?1 AND status = 'thin'",
        params![seq, status, hydrate_at, attempts, reason],
    )?;
    Ok((Ingested::default(), false))
}

/// Puts the complete events in the place of the thin one. Where it became several under keys of
/// their own, its row stays, so that its sender's repetition is still known as one.
fn replace(tx: &Db, seq: i64, arrival: &Arrival) -> Result<(Ingested, bool), Error> {
    let id: Option<String> = first(
        tx,
        "SELECT id FROM events WHERE tenant_id = ?1 AND seq = ?2 AND status = 'thin'",
        params![arrival.tenant.0, seq],
        |row| get(row, "id"),
    )?;
    let Some(id) = id else {
        return Ok((Ingested::default(), false));
    };
    let same_key = arrival
        .events
        .iter()
        .any(|event| event_id(arrival.tenant, &arrival.connection, &event.source_key) == id);
    let sql = if same_key {
        "DELETE FROM events WHERE tenant_id = ?1 AND seq = ?2"
    } else {
        "UPDATE events SET status = 'stored', hydrate_at = NULL, remark = NULL
         WHERE tenant_id = ?1 AND seq = ?2"
    };
    execute(tx, sql, params![arrival.tenant.0, seq])?;
    ingest(tx, arrival)
}
