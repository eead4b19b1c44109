//! The ledger's new rows, and what each decision causes: messages, and what is to be told to the CRM.

use super::super::db::{Db, row};
use super::super::rows::{execute_each, insert_each, to_json};
use super::super::{pace, writebacks};
use super::enrollments::Changed;
use crate::store::Error;
use crate::store::work::{LedgerEntry, NewMessage, Standing};

/// A decision with the enrollment it is about.
struct Taken<'c> {
    of: &'c Changed<'c>,
    entry: &'c LedgerEntry,
    id: i64,
}

pub(super) fn store(tx: &Db, changed: &[Changed<'_>]) -> Result<(), Error> {
    let taken = store_decisions(tx, changed)?;
    store_messages(tx, &taken)?;
    let mut new = Vec::new();
    for taken in &taken {
        for writeback in &taken.entry.writebacks {
            new.push(writebacks::New {
                tenant: taken.of.turn.tenant,
                contact: taken.of.turn.contact_id,
                enrollment: Some(taken.of.id),
                decision: Some(taken.id),
                kind: writeback.kind,
                body: &writeback.body,
                due_at: writeback.due_at,
                now: taken.of.turn.now,
            });
        }
    }
    writebacks::add(tx, &new)?;
    store_faults(tx, changed)
}

fn store_decisions<'c>(tx: &Db, changed: &'c [Changed<'_>]) -> Result<Vec<Taken<'c>>, Error> {
    let (mut taken, mut rows) = (Vec::new(), Vec::new());
    for of in changed {
        for entry in &of.change.ledger {
            taken.push(Taken { of, entry, id: 0 });
            rows.push(row![
                of.tenant(),
                of.turn.contact_id,
                of.id,
                entry.number,
                entry.input.now.0,
                entry.plugin_id,
                to_json(&entry.input)?,
                to_json(&entry.output)?,
                to_json(&entry.verdicts)?,
                entry.fuel,
                entry.memory
            ]);
        }
    }
    let ids = insert_each(
        tx,
        "INSERT INTO decisions (tenant_id, contact_id, enrollment_id, number, at, plugin_id, input, output,
                                verdicts, fuel, memory)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        &rows,
    )?;
    for (taken, id) in taken.iter_mut().zip(ids) {
        taken.id = id;
    }
    Ok(taken)
}

fn store_messages(tx: &Db, taken: &[Taken<'_>]) -> Result<(), Error> {
    let (mut rows, mut paused) = (Vec::new(), Vec::new());
    for taken in taken {
        let of = taken.of;
        for message in &taken.entry.messages {
            let (status, held, put_off, rule) = standing(message);
            rows.push(row![
                of.tenant(),
                &message.id,
                of.turn.contact_id,
                of.id,
                taken.id,
                status,
                held,
                put_off,
                rule,
                message.due_at.0,
                message.asked_at.0,
                message.priority,
                of.turn.now.0,
                &message.identity,
                &message.template,
                to_json(&message.context)?,
                message.thread.as_ref().map(to_json).transpose()?,
                &message.subject
            ]);
            if rule.is_some_and(|rule| rule == "paused") {
                paused.push(row![of.tenant(), &message.id]);
            }
        }
    }
    execute_each(
        tx,
        "INSERT INTO messages (tenant_id, id, contact_id, enrollment_id, decision_id, status, held_reason,
                               status_reason, rule, due_at, asked_at, priority, created_at, identity, template,
                               context, thread, subject)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        &rows,
    )?;
    // The pause may have been lifted while the policy thought: nobody would lift it again.
    execute_each(
        tx,
        &format!(
            "UPDATE messages AS m SET status = 'queued', held_reason = NULL, rule = NULL
             WHERE tenant_id = ?1 AND id = ?2 AND NOT {}",
            pace::PAUSED
        ),
        &paused,
    )
    .map(|_| ())
}

/// Its status, why it is held, why it is put off, and the rule behind either.
type InWords<'m> = (
    &'static str,
    Option<&'m String>,
    Option<&'m String>,
    Option<&'m String>,
);

fn standing(message: &NewMessage) -> InWords<'_> {
    match &message.standing {
        Standing::Queued => ("queued", None, None, None),
        Standing::PutOff { rule, reason } => ("queued", None, Some(reason), Some(rule)),
        Standing::Held { rule, reason } => ("held", Some(reason), None, Some(rule)),
    }
}

fn store_faults(tx: &Db, changed: &[Changed<'_>]) -> Result<(), Error> {
    let mut rows = Vec::new();
    for of in changed {
        for entry in &of.change.faults {
            rows.push(row![
                of.tenant(),
                of.turn.contact_id,
                of.id,
                entry.at.0,
                entry.plugin_id,
                &entry.event,
                entry.attempt,
                to_json(&entry.fault)?,
                entry.retry_at.map(|at| at.0)
            ]);
        }
    }
    execute_each(
        tx,
        "INSERT INTO faults (tenant_id, contact_id, enrollment_id, at, plugin_id, event, attempt, fault, retry_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &rows,
    )
    .map(|_| ())
}
