//! Storing what was decided for one contact: all or nothing, and only if nothing was heard of it
//! meanwhile.

use crate::store::sql::db::{Db, Held, params};

use super::rows::{collect, execute, first, get, insert, to_json};
use super::{contacts, pace, writebacks};
use crate::domain::ContactPatch;
use crate::domain::enrollment::EnrollmentStatus;
use crate::domain::pause::{Cause, Scope};
use crate::store::Error;
use crate::store::work::{
    Committed, Decided, EmittedEvent, EnrollmentChange, FaultEntry, KeptState, LedgerEntry,
    NewMessage, Standing,
};

pub(super) fn commit(tx: &Db, decided: &Decided) -> Result<Committed, Error> {
    tx.hold(Held::Contacts(&[decided.contact_id]))?;
    let version: Option<i64> = first(
        tx,
        "SELECT version FROM contacts WHERE tenant_id = ?1 AND id = ?2",
        params![decided.tenant.0, decided.contact_id],
        |row| get(row, "version"),
    )?;
    if version != Some(decided.version) {
        return Ok(Committed::Conflict);
    }
    let mut parked = Vec::new();
    for change in &decided.enrollments {
        let enrollment = store_enrollment(tx, decided, change)?;
        if let Some(kept) = &change.kept {
            keep_state(tx, decided, enrollment, kept)?;
        }
        parked.extend(count_failures(tx, decided, change)?);
        for entry in &change.ledger {
            store_decision(tx, decided, enrollment, entry)?;
        }
        for entry in &change.faults {
            store_fault(tx, decided, enrollment, entry)?;
        }
    }
    for (seq, remark) in &decided.remarks {
        execute(
            tx,
            "UPDATE events SET remark = ?3 WHERE tenant_id = ?1 AND seq = ?2",
            params![decided.tenant.0, seq, remark],
        )?;
    }
    for seq in &decided.events {
        execute(
            tx,
            "UPDATE events SET status = 'decided' WHERE tenant_id = ?1 AND seq = ?2",
            params![decided.tenant.0, seq],
        )?;
    }
    execute(
        tx,
        "UPDATE contacts SET due_at = ?3, version = version + 1 WHERE tenant_id = ?1 AND id = ?2",
        params![
            decided.tenant.0,
            decided.contact_id,
            decided.due_at.map(|at| at.0)
        ],
    )?;
    let told = ContactPatch {
        attributes: decided.properties.clone(),
        ..ContactPatch::default()
    };
    let now = decided.now;
    contacts::patch(tx, decided.tenant, decided.contact_id, &told, now, now)?;
    for emitted in &decided.emitted {
        store_emitted(tx, decided, emitted)?;
    }
    Ok(Committed::Stored { parked })
}

/// So that going back to the older version is possible.
fn keep_state(tx: &Db, decided: &Decided, enrollment: i64, kept: &KeptState) -> Result<(), Error> {
    execute(
        tx,
        "INSERT INTO kept_states (enrollment_id, plugin_id, tenant_id, at, state, timers, event)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (enrollment_id, plugin_id) DO UPDATE SET at = excluded.at, state = excluded.state, timers = excluded.timers,
                                   event = excluded.event",
        params![
            enrollment,
            kept.plugin_id,
            decided.tenant.0,
            decided.now.0,
            kept.state,
            to_json(&kept.timers)?,
            to_json(&kept.event)?
        ],
    )
    .map(|_| ())
}

/// A plugin that fails again and again, whoever it is asked for, is parked: its enrollments wait
/// instead of failing one by one. Returns the names of those that this is the last straw for.
fn count_failures(
    tx: &Db,
    decided: &Decided,
    change: &EnrollmentChange,
) -> Result<Vec<String>, Error> {
    for entry in &change.faults {
        execute(
            tx,
            "UPDATE plugins SET failures = failures + 1 WHERE id = ?1",
            params![entry.plugin_id],
        )?;
    }
    for entry in &change.ledger {
        execute(
            tx,
            "UPDATE plugins SET failures = 0 WHERE id = ?1 AND failures > 0",
            params![entry.plugin_id],
        )?;
    }
    let Some(last) = change.faults.last() else {
        return Ok(Vec::new());
    };
    let reason = format!(
        "failed {} times in a row, the last time with: {}",
        decided.plugin_failures_max, last.fault
    );
    collect(
        tx,
        "INSERT INTO pauses (tenant_id, scope, name, cause, reason, since)
         SELECT ?1, ?2, name, ?3, ?4, ?5 FROM plugins WHERE id = ?6 AND failures >= ?7
         ON CONFLICT (tenant_id, scope, name, cause) DO UPDATE SET reason = excluded.reason, since = excluded.since, until = NULL,
                                   lifted_at = NULL WHERE pauses.lifted_at IS NOT NULL
         RETURNING name",
        params![
            decided.tenant.0,
            Scope::Plugin.as_str(),
            Cause::Breaker.as_str(),
            reason,
            decided.now.0,
            last.plugin_id,
            decided.plugin_failures_max
        ],
        |row| get(row, "name"),
    )
}

fn store_enrollment(tx: &Db, decided: &Decided, change: &EnrollmentChange) -> Result<i64, Error> {
    let tenant = decided.tenant.0;
    let finished_at = (change.status == EnrollmentStatus::Finished).then_some(decided.now.0);
    let id = if let Some(id) = change.id {
        execute(
            tx,
            "UPDATE enrollments SET status = ?3, exit_reason = ?4, pause_reason = ?5, finished_at = ?6,
                    decisions = ?7, state = ?8, plugin_id = ?9, lag_ms = 0
             WHERE tenant_id = ?1 AND id = ?2",
            params![
                tenant,
                id,
                change.status.as_str(),
                change.exit_reason,
                change.pause_reason,
                finished_at,
                change.decisions,
                change.state,
                change.plugin_id
            ],
        )?;
        for table in ["timers", "undecided"] {
            execute(
                tx,
                &format!("DELETE FROM {table} WHERE tenant_id = ?1 AND enrollment_id = ?2"),
                params![tenant, id],
            )?;
        }
        id
    } else {
        insert(
            tx,
            "INSERT INTO enrollments (tenant_id, contact_id, sequence_id, event_seq, status, exit_reason,
                                      pause_reason, enrolled_at, finished_at, decisions, state, plugin_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                tenant,
                decided.contact_id,
                change.sequence_id,
                change.event_seq,
                change.status.as_str(),
                change.exit_reason,
                change.pause_reason,
                change.enrolled_at.0,
                finished_at,
                change.decisions,
                change.state,
                change.plugin_id
            ],
        )?
    };
    for stored in &change.timers {
        let timer = &stored.timer;
        execute(
            tx,
            "INSERT INTO timers (enrollment_id, name, tenant_id, due_at, data, asked, set_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                id,
                timer.name,
                tenant,
                timer.at.0,
                to_json(&timer.data)?,
                stored.asked.as_ref().map(to_json).transpose()?,
                stored.set_at.0
            ],
        )?;
    }
    for call in &change.undecided {
        execute(
            tx,
            "INSERT INTO undecided (tenant_id, enrollment_id, event, depth, attempts, due_at, fault, fingerprint)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                tenant,
                id,
                to_json(&call.event)?,
                call.depth,
                call.attempts,
                call.due_at.map(|at| at.0),
                call.fault.as_ref().map(to_json).transpose()?,
                call.fingerprint
            ],
        )?;
    }
    Ok(id)
}

fn store_decision(
    tx: &Db,
    decided: &Decided,
    enrollment: i64,
    entry: &LedgerEntry,
) -> Result<(), Error> {
    let decision = insert(
        tx,
        "INSERT INTO decisions (tenant_id, contact_id, enrollment_id, number, at, plugin_id, input, output,
                                verdicts, fuel, memory)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            decided.tenant.0,
            decided.contact_id,
            enrollment,
            entry.number,
            entry.input.now.0,
            entry.plugin_id,
            to_json(&entry.input)?,
            to_json(&entry.output)?,
            to_json(&entry.verdicts)?,
            entry.fuel,
            entry.memory
        ],
    )?;
    for message in &entry.messages {
        store_message(tx, decided, enrollment, decision, message)?;
    }
    for writeback in &entry.writebacks {
        let new = writebacks::New {
            tenant: decided.tenant,
            contact: decided.contact_id,
            enrollment: Some(enrollment),
            decision: Some(decision),
            kind: writeback.kind,
            body: &writeback.body,
            due_at: writeback.due_at,
            now: decided.now,
        };
        writebacks::add(tx, &new)?;
    }
    Ok(())
}

fn store_fault(
    tx: &Db,
    decided: &Decided,
    enrollment: i64,
    entry: &FaultEntry,
) -> Result<(), Error> {
    execute(
        tx,
        "INSERT INTO faults (tenant_id, contact_id, enrollment_id, at, plugin_id, event, attempt, fault, retry_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            decided.tenant.0,
            decided.contact_id,
            enrollment,
            entry.at.0,
            entry.plugin_id,
            entry.event,
            entry.attempt,
            to_json(&entry.fault)?,
            entry.retry_at.map(|at| at.0)
        ],
    )?;
    Ok(())
}

fn store_message(
    tx: &Db,
    decided: &Decided,
    enrollment: i64,
    decision: i64,
    message: &NewMessage,
) -> Result<(), Error> {
    let (status, held, put_off, rule) = match &message.standing {
        Standing::Queued => ("queued", None, None, None),
        Standing::PutOff { rule, reason } => ("queued", None, Some(reason), Some(rule)),
        Standing::Held { rule, reason } => ("held", Some(reason), None, Some(rule)),
    };
    execute(
        tx,
        "INSERT INTO messages (tenant_id, id, contact_id, enrollment_id, decision_id, status, held_reason,
                               status_reason, rule, due_at, asked_at, priority, created_at, identity, template,
                               context, thread, subject)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        params![
            decided.tenant.0,
            message.id,
            decided.contact_id,
            enrollment,
            decision,
            status,
            held,
            put_off,
            rule,
            message.due_at.0,
            message.asked_at.0,
            message.priority,
            decided.now.0,
            message.identity,
            message.template,
            to_json(&message.context)?,
            message.thread.as_ref().map(to_json).transpose()?,
            message.subject
        ],
    )?;
    if rule.is_some_and(|rule| rule == "paused") {
        // The pause may have been lifted while the policy thought: nobody would lift it again.
        execute(
            tx,
            &format!(
                "UPDATE messages AS m SET status = 'queued', held_reason = NULL, rule = NULL
                 WHERE tenant_id = ?1 AND id = ?2 AND NOT {}",
                pace::PAUSED
            ),
            params![decided.tenant.0, message.id],
        )?;
    }
    Ok(())
}

fn store_emitted(tx: &Db, decided: &Decided, emitted: &EmittedEvent) -> Result<(), Error> {
    execute(
        tx,
        "INSERT INTO events (tenant_id, id, connection, kind, contact_id, occurred_at, received_at, data, raw,
                             depth, status)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, 'null', ?8, 'pending') ON CONFLICT DO NOTHING",
        params![
            decided.tenant.0,
            emitted.id,
            format!("plugin:{}", emitted.plugin),
            emitted.kind,
            decided.contact_id,
            decided.now.0,
            to_json(&emitted.data)?,
            emitted.depth
        ],
    )?;
    contacts::mark_due(tx, decided.tenant, decided.contact_id, decided.now)
}
