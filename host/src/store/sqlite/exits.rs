//! What an event does at once, in the transaction that stores it: exit conditions, suppressions,
//! and what a provider reports about a message.

use rusqlite::{Connection, params};

use super::outbox::IN_DOUBT;
use super::rows::{collect, execute, first, get};
use crate::domain::Instant;
use crate::domain::enrollment::suppression_for;
use crate::domain::event::kind;
use crate::domain::message::MessageStatus;
use crate::store::intake::ExitTable;
use crate::store::{Error, TenantId};

/// What happened, as far as this file cares.
pub(super) struct Happening<'a> {
    pub(super) tenant: TenantId,
    pub(super) event_id: &'a str,
    pub(super) kind: &'a str,
    pub(super) at: Instant,
}

/// Finishes every enrollment of the contact that the event ends. Returns how many, and which
/// messages a provider holds at this moment.
pub(super) fn apply(
    tx: &Connection,
    happening: &Happening<'_>,
    contact: i64,
    exits: &ExitTable,
) -> Result<(usize, Vec<i64>), Error> {
    let tenant = happening.tenant;
    let mut finished = 0;
    let mut in_flight = Vec::new();
    for run in open_runs(tx, tenant, contact)? {
        if let Some(reason) = exits.rules(&run.sequence).reason_for(happening.kind) {
            let reason = reason.as_str();
            finished += usize::from(run.running());
            in_flight.extend(run.end(tx, tenant, contact, reason, happening.at)?);
        }
    }
    Ok((finished, in_flight))
}

/// Finishes every enrollment of the contact, whatever its rules say. Returns as `apply` does.
pub(super) fn end_all(
    tx: &Connection,
    tenant: TenantId,
    contact: i64,
    reason: &str,
    at: Instant,
) -> Result<(usize, Vec<i64>), Error> {
    let mut finished = 0;
    let mut in_flight = Vec::new();
    for run in open_runs(tx, tenant, contact)? {
        finished += usize::from(run.running());
        in_flight.extend(run.end(tx, tenant, contact, reason, at)?);
    }
    Ok((finished, in_flight))
}

/// An enrollment that is not finished, or has messages that have not left.
struct OpenRun {
    enrollment: i64,
    status: String,
    sequence: String,
}

impl OpenRun {
    fn running(&self) -> bool {
        self.status != "finished"
    }

    /// Returns which of its messages a provider holds.
    fn end(
        &self,
        tx: &Connection,
        tenant: TenantId,
        contact: i64,
        reason: &str,
        at: Instant,
    ) -> Result<Vec<i64>, Error> {
        if self.running() {
            finish(tx, tenant, self.enrollment, reason, at)?;
        }
        stop_messages(tx, tenant, contact, self.enrollment, reason)
    }
}

fn open_runs(tx: &Connection, tenant: TenantId, contact: i64) -> Result<Vec<OpenRun>, Error> {
    collect(
        tx,
        "SELECT e.id, e.status, s.name FROM enrollments e JOIN sequences s ON s.id = e.sequence_id
         WHERE e.tenant_id = ?1 AND e.contact_id = ?2
           AND (e.status <> 'finished' OR EXISTS (SELECT 1 FROM messages m WHERE m.contact_id = ?2
                AND m.enrollment_id = e.id AND m.status IN ('queued', 'held', 'sending')))",
        params![tenant.0, contact],
        |row| {
            Ok(OpenRun {
                enrollment: get(row, "id")?,
                status: get(row, "status")?,
                sequence: get(row, "name")?,
            })
        },
    )
}

fn finish(
    tx: &Connection,
    tenant: TenantId,
    enrollment: i64,
    reason: &str,
    at: Instant,
) -> Result<(), Error> {
    execute(
        tx,
        "UPDATE enrollments SET status = 'finished', exit_reason = ?3, pause_reason = NULL, finished_at = ?4
         WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, enrollment, reason, at.0],
    )?;
    for table in ["timers", "undecided"] {
        execute(
            tx,
            &format!("DELETE FROM {table} WHERE tenant_id = ?1 AND enrollment_id = ?2"),
            params![tenant.0, enrollment],
        )?;
    }
    Ok(())
}

/// Cancels what has not been handed to a provider; marks what has, so that it is not tried again.
/// What waits to be repeated after an attempt in doubt stays in doubt.
fn stop_messages(
    tx: &Connection,
    tenant: TenantId,
    contact: i64,
    enrollment: i64,
    reason: &str,
) -> Result<Vec<i64>, Error> {
    execute(
        tx,
        &cancel(),
        params![tenant.0, contact, enrollment, reason],
    )?;
    collect(
        tx,
        "UPDATE messages SET stop = 1
         WHERE tenant_id = ?1 AND contact_id = ?2 AND enrollment_id = ?3 AND status = 'sending'
         RETURNING seq",
        params![tenant.0, contact, enrollment],
        |row| get(row, "seq"),
    )
}

/// Names the contact beside its enrollment, since messages are found by contact: an exit must not
/// look at all messages there are.
pub(super) fn cancel() -> String {
    format!(
        "UPDATE messages SET status = CASE WHEN {IN_DOUBT} THEN 'uncertain' ELSE 'cancelled' END,
                held_reason = NULL, status_reason = 'exit: ' || ?4
         WHERE tenant_id = ?1 AND contact_id = ?2 AND enrollment_id = ?3 AND status IN ('queued', 'held')"
    )
}

/// Puts the addresses on the suppression list that the event rules out, for every sequence.
pub(super) fn suppress(
    tx: &Connection,
    happening: &Happening<'_>,
    addresses: [Option<&str>; 2],
) -> Result<(), Error> {
    let Some(reason) = suppression_for(happening.kind) else {
        return Ok(());
    };
    for address in addresses.into_iter().flatten() {
        execute(
            tx,
            "INSERT INTO suppressions (tenant_id, address, reason, source, at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
            params![happening.tenant.0, address, reason.as_str(), happening.event_id, happening.at.0],
        )?;
    }
    Ok(())
}

/// Moves the message on that the event is about. Returns its contact.
pub(super) fn report(
    tx: &Connection,
    happening: &Happening<'_>,
    message_id: &str,
) -> Result<Option<i64>, Error> {
    let found = first(
        tx,
        "SELECT seq, status, contact_id FROM messages WHERE tenant_id = ?1 AND id = ?2",
        params![happening.tenant.0, message_id],
        |row| {
            Ok((
                get::<i64>(row, "seq")?,
                get::<String>(row, "status")?,
                get::<i64>(row, "contact_id")?,
            ))
        },
    )?;
    let Some((seq, status, contact)) = found else {
        return Ok(None);
    };
    let status = MessageStatus::parse(&status).ok_or_else(|| {
        Error::Invalid(format!(
            "message {message_id} has the unknown status {status}"
        ))
    })?;
    let next = status.after_event(happening.kind);
    if next != status {
        execute(
            tx,
            "UPDATE messages SET status = ?3, sent_at = coalesce(sent_at, ?4),
                    status_reason = CASE WHEN ?3 IN ('bounced', 'failed') THEN ?5 ELSE NULL END
             WHERE tenant_id = ?1 AND seq = ?2",
            params![
                happening.tenant.0,
                seq,
                next.as_str(),
                happening.at.0,
                happening.kind
            ],
        )?;
    }
    Ok(Some(contact))
}

/// Notes that the CRM deleted the contact, or made it again.
pub(super) fn note_deletion(
    tx: &Connection,
    happening: &Happening<'_>,
    contact: i64,
) -> Result<(), Error> {
    let deleted_at = match happening.kind {
        kind::CONTACT_DELETED => Some(happening.at.0),
        kind::CONTACT_CREATED => None,
        _ => return Ok(()),
    };
    execute(
        tx,
        "UPDATE contacts SET deleted_at = ?3 WHERE tenant_id = ?1 AND id = ?2",
        params![happening.tenant.0, contact, deleted_at],
    )?;
    Ok(())
}
