//! What comes next for a contact: messages, timers, failed calls to be repeated, events to be decided.

use crate::store::sql::db::{Db, params};

use super::super::rows::{collect, first, get, json};
use super::{NAMED_MAX, story, time};
use crate::domain::pause::Pauses;
use crate::domain::{Event, Instant};
use crate::store::Error;
use crate::store::explain::Upcoming;

/// Soonest first; what waits for somebody comes last. `due_at`: when the contact is decided next.
pub(super) fn of_contact(
    db: &Db,
    tenant: i64,
    contact: i64,
    due_at: Option<Instant>,
    pauses: &Pauses,
) -> Result<Vec<Upcoming>, Error> {
    let mut next = messages(db, tenant, contact, pauses)?;
    next.extend(pending(db, tenant, contact, due_at)?);
    next.extend(timers(db, tenant, contact)?);
    next.extend(retries(db, tenant, contact)?);
    next.sort_by_key(place);
    Ok(next)
}

/// What waits for something comes after what has a time, and a timer after the message it waits for.
fn place(next: &Upcoming) -> (bool, bool, Instant) {
    let at = next.at.as_deref().and_then(Instant::parse_rfc3339);
    let waits = next.waits_for.is_some();
    (
        waits,
        waits && next.what == "timer",
        at.unwrap_or(Instant(i64::MAX)),
    )
}

fn messages(db: &Db, tenant: i64, contact: i64, pauses: &Pauses) -> Result<Vec<Upcoming>, Error> {
    collect(
        db,
        &story::select(
            "m.tenant_id = ?1 AND m.contact_id = ?2 AND m.status IN ('queued', 'held', 'sending', 'uncertain')
             ORDER BY m.due_at, m.seq LIMIT ?3",
        ),
        params![tenant, contact, NAMED_MAX],
        |row| {
            let outlook = story::forecast(row, pauses)?;
            Ok(Upcoming {
                what: "message",
                at: outlook.goes_at.map(|at| at.to_string()),
                sequence: get(row, "sequence")?,
                name: get(row, "template")?,
                id: get(row, "id")?,
                rule: outlook.rule,
                reason: outlook.reason,
                waits_for: outlook.waits_for,
            })
        },
    )
}

/// The newest event that nobody has looked at yet.
fn pending(
    db: &Db,
    tenant: i64,
    contact: i64,
    due_at: Option<Instant>,
) -> Result<Option<Upcoming>, Error> {
    first(
        db,
        "SELECT kind FROM events WHERE tenant_id = ?1 AND contact_id = ?2 AND status = 'pending'
         ORDER BY seq DESC LIMIT 1",
        params![tenant, contact],
        |row| {
            Ok(Upcoming {
                what: "decision",
                at: due_at.map(|at| at.to_string()),
                sequence: None,
                name: get(row, "kind")?,
                id: None,
                rule: None,
                reason: None,
                waits_for: None,
            })
        },
    )
}

/// The rest of a sequence shifts with a message that goes late: such a timer names the message.
fn timers(db: &Db, tenant: i64, contact: i64) -> Result<Vec<Upcoming>, Error> {
    collect(
        db,
        "SELECT t.name, t.due_at, s.name AS sequence,
                (SELECT m.id FROM messages m
                 WHERE m.enrollment_id = t.enrollment_id AND m.status IN ('queued', 'held', 'sending')
                   AND t.asked IS NOT NULL AND m.asked_at <= t.due_at ORDER BY m.asked_at, m.seq LIMIT 1) AS behind
         FROM enrollments e JOIN timers t ON t.enrollment_id = e.id JOIN sequences s ON s.id = e.sequence_id
         WHERE e.tenant_id = ?1 AND e.contact_id = ?2 AND e.status = 'active' ORDER BY t.due_at, t.name LIMIT ?3",
        params![tenant, contact, NAMED_MAX],
        |row| {
            let behind: Option<String> = get(row, "behind")?;
            Ok(Upcoming {
                what: "timer",
                at: Some(time(row, "due_at")?),
                sequence: get(row, "sequence")?,
                name: get(row, "name")?,
                id: None,
                rule: None,
                reason: None,
                waits_for: behind.map(|id| format!("message {id}")),
            })
        },
    )
}

fn retries(db: &Db, tenant: i64, contact: i64) -> Result<Vec<Upcoming>, Error> {
    collect(
        db,
        "SELECT u.event, u.due_at, u.attempts, s.name AS sequence
         FROM enrollments e JOIN undecided u ON u.enrollment_id = e.id JOIN sequences s ON s.id = e.sequence_id
         WHERE e.tenant_id = ?1 AND e.contact_id = ?2 AND u.due_at IS NOT NULL AND u.fault IS NOT NULL
         ORDER BY u.due_at, u.id LIMIT ?3",
        params![tenant, contact, NAMED_MAX],
        |row| {
            let event: Event = json(row, "event")?;
            let attempts: u32 = get(row, "attempts")?;
            Ok(Upcoming {
                what: "retry",
                at: Some(time(row, "due_at")?),
                sequence: get(row, "sequence")?,
                name: event.kind,
                id: None,
                rule: None,
                reason: Some(format!("the plugin failed {attempts} times")),
                waits_for: None,
            })
        },
    )
}
