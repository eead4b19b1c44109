//! Our own writes, when the CRM tells them back: they are kept for the record, and start, feed and count
//! nothing. And what was heard of a CRM's records, so that a poll need not tell it again.
//!
//! An echo is an event about a record that we made, one that carries the marker of a write, one of the
//! kind of a write whose call is not answered yet, or an update that tells nothing but what we wrote or
//! know. What a person alone can do (a reply, a meeting, a deal) is never taken for one.

use crate::store::sql::db::{Db, params};
use serde_json::Value;

use super::rows::{collect, execute, first, get, json};
use crate::domain::connector::{Done, marker_in};
use crate::domain::event::kind;
use crate::domain::instant::MINUTE_MS;
use crate::domain::{Instant, JsonMap, NewEvent};
use crate::store::intake::Arrival;
use crate::store::{Error, TenantId};

/// So long after a write of fields an update that tells nothing else is that write.
const ECHO_MS: i64 = 10 * MINUTE_MS;
/// Latest writes of fields to one contact that are compared.
const WRITES_MAX: usize = 20;

/// Why the event is our own write coming back; none where it is not. `contact` is known before its
/// fields are merged.
pub(super) fn echo(
    tx: &Db,
    arrival: &Arrival,
    event: &NewEvent,
    contact: Option<i64>,
    raw: &str,
) -> Result<Option<&'static str>, Error> {
    if !can_be_ours(&event.kind) {
        return Ok(None);
    }
    if marker_in(raw).is_some() {
        return Ok(Some("our own write: it carries its marker"));
    }
    if is_our_record(tx, arrival, event)? {
        return Ok(Some("our own write: we made this record"));
    }
    let Some(contact) = contact else {
        return Ok(None);
    };
    if under_way(tx, arrival, event, contact)? {
        return Ok(Some("our own write: its call is under way"));
    }
    if event.kind == kind::CONTACT_UPDATED && tells_nothing_else(tx, arrival, event, contact)? {
        return Ok(Some("our own write: it tells nothing else"));
    }
    Ok(None)
}

/// A kind that follows from a task, a note, a field or a mail that was written; the sender's own kinds
/// (they hold a dot) may.
fn can_be_ours(event_kind: &str) -> bool {
    [kind::EMAIL_SENT, kind::TASK_CREATED, kind::CONTACT_UPDATED].contains(&event_kind)
        || event_kind.contains('.')
}

fn is_our_record(tx: &Db, arrival: &Arrival, event: &NewEvent) -> Result<bool, Error> {
    let Some(about) = &event.about else {
        return Ok(false);
    };
    let ours = first(
        tx,
        "SELECT 1 FROM crm_records WHERE tenant_id = ?1 AND connection = ?2 AND object = ?3
           AND external_id = ?4 AND writeback_id IS NOT NULL",
        params![arrival.tenant.0, arrival.connection, about.object, about.id],
        |_| Ok(()),
    )?;
    Ok(ours.is_some())
}

/// The webhook can be faster than the answer to the call that caused it.
fn under_way(tx: &Db, arrival: &Arrival, event: &NewEvent, contact: i64) -> Result<bool, Error> {
    let written = match event.kind.as_str() {
        kind::EMAIL_SENT => "mail",
        kind::TASK_CREATED => "task",
        _ => return Ok(false),
    };
    let waiting = first(
        tx,
        "SELECT 1 FROM writebacks WHERE contact_id = ?1 AND connection = ?2 AND kind = ?3
           AND status IN ('sending', 'searching')",
        params![contact, arrival.connection, written],
        |_| Ok(()),
    )?;
    Ok(waiting.is_some())
}

fn tells_nothing_else(
    tx: &Db,
    arrival: &Arrival,
    event: &NewEvent,
    contact: i64,
) -> Result<bool, Error> {
    let since = arrival.received_at.plus_ms(-ECHO_MS);
    let writes: Vec<JsonMap> = collect(
        tx,
        "SELECT w.body FROM writebacks w JOIN writeback_attempts a ON a.writeback_id = w.id
         WHERE w.contact_id = ?1 AND w.connection = ?2 AND w.kind = 'properties' AND a.started_at >= ?3
         GROUP BY w.id ORDER BY w.id DESC LIMIT ?4",
        params![contact, arrival.connection, since.0, WRITES_MAX],
        |row| json(row, "body"),
    )?;
    if writes.is_empty() {
        return Ok(false);
    }
    let known: Option<JsonMap> = first(
        tx,
        "SELECT attributes FROM contacts WHERE id = ?1",
        params![contact],
        |row| json(row, "attributes"),
    )?;
    let known = known.unwrap_or_default();
    // CRMs write numbers as texts one day and as numbers the next.
    let same = |one: &Value, two: &Value| plain(one) == plain(two);
    let wrote = |value: &Value| {
        writes
            .iter()
            .flat_map(JsonMap::values)
            .any(|w| same(w, value))
    };
    Ok(event.patch.attributes.iter().all(|(name, value)| {
        wrote(value)
            || known
                .get(name)
                .map_or(value.is_null(), |known| same(known, value))
    }))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A write made or changed this record.
pub(super) fn ours(tx: &Db, writeback: i64, done: &Done, now: Instant) -> Result<(), Error> {
    // A contact whose fields we wrote is not our making.
    execute(
        tx,
        "INSERT INTO crm_records (tenant_id, connection, object, external_id, heard_at, writeback_id)
         SELECT tenant_id, connection, ?2, ?3, ?4, id FROM writebacks WHERE id = ?1 AND kind <> 'properties'
         ON CONFLICT (tenant_id, connection, object, external_id) DO UPDATE SET writeback_id = excluded.writeback_id",
        params![writeback, done.object, done.id, now.0],
    )
    .map(|_| ())
}

/// Something was heard of a record.
pub(super) fn heard(tx: &Db, arrival: &Arrival, event: &NewEvent) -> Result<(), Error> {
    let Some(about) = &event.about else {
        return Ok(());
    };
    execute(
        tx,
        "INSERT INTO crm_records (tenant_id, connection, object, external_id, heard_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (tenant_id, connection, object, external_id) DO UPDATE SET heard_at = excluded.heard_at
         WHERE crm_records.heard_at < excluded.heard_at",
        params![
            arrival.tenant.0,
            arrival.connection,
            about.object,
            about.id,
            event.occurred_at.0
        ],
    )
    .map(|_| ())
}

/// The latest change of a record that was heard of.
pub(super) fn heard_at(
    tx: &Db,
    tenant: TenantId,
    connection: &str,
    object: &str,
    id: &str,
) -> Result<Option<Instant>, Error> {
    first(
        tx,
        "SELECT heard_at FROM crm_records WHERE tenant_id = ?1 AND connection = ?2 AND object = ?3
           AND external_id = ?4",
        params![tenant.0, connection, object, id],
        |row| get(row, "heard_at").map(Instant),
    )
}
