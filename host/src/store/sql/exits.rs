//! What ends at once, in the transaction that stores an event: enrollments by their exit conditions,
//! and the right to mail an address.

use crate::store::sql::db::{Db, params};
use serde_json::Value;

use super::contacts;
use super::outbox::IN_DOUBT;
use super::rows::{collect, execute, get};
use crate::domain::enrollment::{ExitReason, suppression_for};
use crate::domain::event::kind;
use crate::domain::{Instant, JsonMap, doubt};
use crate::store::intake::Reactions;
use crate::store::{Error, TenantId};

/// What happened, as far as this file cares.
pub(super) struct Happening<'a> {
    pub(super) tenant: TenantId,
    pub(super) event_id: &'a str,
    pub(super) kind: &'a str,
    pub(super) at: Instant,
    pub(super) data: &'a JsonMap,
}

impl Happening<'_> {
    /// A text that the event tells.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.data.get(name).and_then(Value::as_str)
    }

    /// Whether the event says so.
    pub(super) fn says(&self, name: &str) -> bool {
        self.data.get(name).and_then(Value::as_bool) == Some(true)
    }
}

/// Finishes every enrollment of the contact that the event ends. Returns how many, and which
/// messages a provider holds at this moment.
pub(super) fn apply(
    tx: &Db,
    happening: &Happening<'_>,
    contact: i64,
    reactions: &Reactions,
) -> Result<(usize, Vec<i64>), Error> {
    let tenant = happening.tenant;
    let mut finished = 0;
    let mut in_flight = Vec::new();
    for (enrollment, status, sequence) in open_runs(tx, tenant, contact)? {
        let Some(reason) = ended_by(happening, &sequence, reactions) else {
            continue;
        };
        finished += usize::from(status != "finished");
        in_flight.extend(end(
            tx,
            tenant,
            contact,
            enrollment,
            reason.as_str(),
            happening.at,
        )?);
    }
    Ok((finished, in_flight))
}

/// Finishes every enrollment of the contact, whatever its rules say. Returns as `apply` does.
pub(super) fn end_all(
    tx: &Db,
    tenant: TenantId,
    contact: i64,
    reason: ExitReason,
    at: Instant,
) -> Result<(usize, Vec<i64>), Error> {
    let mut finished = 0;
    let mut in_flight = Vec::new();
    for (enrollment, status, _) in open_runs(tx, tenant, contact)? {
        finished += usize::from(status != "finished");
        let reason = reason.as_str();
        in_flight.extend(end(tx, tenant, contact, enrollment, reason, at)?);
    }
    Ok((finished, in_flight))
}

/// The contact's enrollments that are not finished, or have messages that have not left: number,
/// status and sequence.
pub(super) fn open_runs(
    tx: &Db,
    tenant: TenantId,
    contact: i64,
) -> Result<Vec<(i64, String, String)>, Error> {
    collect(
        tx,
        "SELECT e.id, e.status, s.name FROM enrollments e JOIN sequences s ON s.id = e.sequence_id
         WHERE e.tenant_id = ?1 AND e.contact_id = ?2
           AND (e.status <> 'finished' OR EXISTS (SELECT 1 FROM messages m WHERE m.contact_id = ?2
                AND m.enrollment_id = e.id AND m.status IN ('queued', 'held', 'sending', 'uncertain')))
         ORDER BY e.id",
        params![tenant.0, contact],
        |row| {
            Ok((
                get::<i64>(row, "id")?,
                get::<String>(row, "status")?,
                get::<String>(row, "name")?,
            ))
        },
    )
}

/// The exit condition of the sequence that the event meets.
fn ended_by(
    happening: &Happening<'_>,
    sequence: &str,
    reactions: &Reactions,
) -> Option<ExitReason> {
    match happening.kind {
        kind::AUTO_REPLIED => happening.says("departed").then_some(ExitReason::Departed),
        kind => reactions.exit_rules(sequence).reason_for(kind),
    }
}

/// Ends an enrollment and stops its messages. Returns those that a provider holds at this moment.
pub(super) fn end(
    tx: &Db,
    tenant: TenantId,
    contact: i64,
    enrollment: i64,
    reason: &str,
    at: Instant,
) -> Result<Vec<i64>, Error> {
    finish(tx, tenant, enrollment, reason, at)?;
    stop_messages(tx, tenant, contact, enrollment, reason, at)
}

pub(super) fn finish(
    tx: &Db,
    tenant: TenantId,
    enrollment: i64,
    reason: &str,
    at: Instant,
) -> Result<(), Error> {
    execute(
        tx,
        "UPDATE enrollments SET status = 'finished', exit_reason = ?3, pause_reason = NULL, finished_at = ?4
         WHERE tenant_id = ?1 AND id = ?2 AND status <> 'finished'",
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
/// What waits to be repeated after an attempt in doubt stays in doubt. Returns those that a provider
/// holds at this moment.
pub(super) fn stop_messages(
    tx: &Db,
    tenant: TenantId,
    contact: i64,
    enrollment: i64,
    reason: &str,
    at: Instant,
) -> Result<Vec<i64>, Error> {
    execute(
        tx,
        &cancel(),
        params![
            tenant.0,
            contact,
            enrollment,
            reason,
            doubt::first_look_at(at).0
        ],
    )?;
    let stopped = collect(
        tx,
        "UPDATE messages SET stop = TRUE
         WHERE tenant_id = ?1 AND contact_id = ?2 AND enrollment_id = ?3 AND status IN ('sending', 'uncertain')
         RETURNING seq, status",
        params![tenant.0, contact, enrollment],
        |row| Ok((get::<i64>(row, "seq")?, get::<String>(row, "status")?)),
    )?;
    let held = stopped
        .into_iter()
        .filter(|(_, status)| status == "sending");
    Ok(held.map(|(seq, _)| seq).collect())
}

/// Names the contact beside its enrollment, since messages are found by contact: an exit must not
/// look at all messages there are.
pub(in crate::store) fn cancel() -> String {
    format!(
        "UPDATE messages SET status = CASE WHEN {IN_DOUBT} THEN 'uncertain' ELSE 'cancelled' END,
                look_at = CASE WHEN {IN_DOUBT} THEN CAST(?5 AS BIGINT) END,
                held_reason = NULL, status_reason = 'exit: ' || ?4, rule = 'stopped'
         WHERE tenant_id = ?1 AND contact_id = ?2 AND enrollment_id = ?3 AND status IN ('queued', 'held')"
    )
}

/// Puts the addresses on the suppression list that the event rules out, for every sequence.
pub(super) fn suppress(
    tx: &Db,
    happening: &Happening<'_>,
    addresses: [Option<&str>; 2],
) -> Result<(), Error> {
    let Some(reason) = suppression_for(happening.kind) else {
        return Ok(());
    };
    put_on_list(tx, happening, reason.as_str(), addresses)
}

/// Binds tenant, address, reason, source and moment. What a person said outweighs what a mail system said:
/// who lifts a bounce must not lift an opt-out.
pub(super) const PUT_ON_LIST: &str = "INSERT INTO suppressions (tenant_id, address, reason, source, at) VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT (tenant_id, address) DO UPDATE SET reason = excluded.reason, source = excluded.source, at = excluded.at
     WHERE excluded.reason IN ('unsubscribed', 'complaint')
     AND suppressions.reason NOT IN ('unsubscribed', 'complaint')";

pub(super) fn put_on_list(
    tx: &Db,
    happening: &Happening<'_>,
    reason: &str,
    addresses: [Option<&str>; 2],
) -> Result<(), Error> {
    for address in addresses.into_iter().flatten() {
        execute(
            tx,
            PUT_ON_LIST,
            params![
                happening.tenant.0,
                address,
                reason,
                happening.event_id,
                happening.at.0
            ],
        )?;
    }
    Ok(())
}

/// Notes that the CRM deleted the contact, or made it again, and cancels what waits for one that is gone,
/// whatever its sequences say. Returns those messages that a provider holds; none where the deletion was
/// told too late: the contact was made again since.
pub(super) fn note_deletion(
    tx: &Db,
    happening: &Happening<'_>,
    contact: i64,
    told_at: Instant,
) -> Result<Option<Vec<i64>>, Error> {
    let tenant = happening.tenant;
    let deleted = match happening.kind {
        kind::CONTACT_DELETED => true,
        kind::CONTACT_CREATED => false,
        _ => return Ok(Some(Vec::new())),
    };
    let Some(mut known) = contacts::known(tx, tenant, contact)? else {
        return Ok(Some(Vec::new()));
    };
    let news = known.hear_deleted(deleted, told_at);
    if !news {
        return Ok((!deleted).then(Vec::new));
    }
    contacts::save(tx, tenant, contact, &known)?;
    execute(
        tx,
        "UPDATE contacts SET deleted_at = ?3 WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, contact, deleted.then_some(happening.at.0)],
    )?;
    let mut in_flight = Vec::new();
    if deleted {
        let (reason, at) = (ExitReason::ContactDeleted.as_str(), happening.at);
        for (enrollment, _, _) in open_runs(tx, tenant, contact)? {
            in_flight.extend(stop_messages(tx, tenant, contact, enrollment, reason, at)?);
        }
    }
    Ok(Some(in_flight))
}
