//! Storing what was decided for some contacts: each all or nothing, and only if nothing was heard of it
//! meanwhile. Rows are gathered, so that a statement runs once for all contacts where the database can.

use std::collections::{BTreeSet, HashSet};

use super::super::contacts;
use super::super::db::{Db, Held, params, row};
use super::super::rows::{collect, collect_each, execute, execute_each, get, to_json};
use super::enrollments::{self, Changed};
use super::ledger;
use crate::domain::ContactPatch;
use crate::domain::pause::{Cause, Scope};
use crate::store::Error;
use crate::store::work::{Committed, Decided};

/// One answer per contact, in their order. An error means that nothing of any was stored.
pub(super) fn commit(tx: &Db, contacts: &[Decided]) -> Result<Vec<Committed>, Error> {
    let fresh = fresh(tx, contacts)?;
    let turns: Vec<&Decided> = contacts
        .iter()
        .zip(&fresh)
        .filter_map(|(turn, fresh)| fresh.then_some(turn))
        .collect();
    let changed = enrollments::store(tx, &turns)?;
    let parked = count_failures(tx, &changed)?;
    ledger::store(tx, &changed)?;
    close(tx, &turns)?;
    for turn in &turns {
        let told = ContactPatch {
            attributes: turn.properties.clone(),
            ..ContactPatch::default()
        };
        contacts::patch(tx, turn.tenant, turn.contact_id, &told, turn.now, turn.now)?;
    }
    store_emitted(tx, &turns)?;
    let answer = |(turn, fresh): (&Decided, bool)| {
        if !fresh {
            return Committed::Conflict;
        }
        let of_turn = parked
            .iter()
            .filter(|(contact, _)| *contact == turn.contact_id);
        Committed::Stored {
            parked: of_turn.map(|(_, plugin)| plugin.clone()).collect(),
        }
    };
    Ok(contacts.iter().zip(fresh).map(answer).collect())
}

/// Which of them nothing was heard of since they were looked at; nothing will be until the end.
fn fresh(tx: &Db, contacts: &[Decided]) -> Result<Vec<bool>, Error> {
    let ids: Vec<i64> = contacts.iter().map(|turn| turn.contact_id).collect();
    tx.hold(Held::Contacts(&ids))?;
    let whose: Vec<_> = contacts
        .iter()
        .map(|turn| row![turn.tenant.0, turn.contact_id])
        .collect();
    let versions = collect_each(
        tx,
        "SELECT version FROM contacts WHERE tenant_id = ?1 AND id = ?2",
        &whose,
        |row| get::<i64>(row, "version"),
    )?;
    // Whoever is decided twice at once was looked at before the first of the two.
    let mut seen = HashSet::new();
    let fresh = contacts.iter().zip(versions).map(|(turn, version)| {
        version.first() == Some(&turn.version) && seen.insert(turn.contact_id)
    });
    Ok(fresh.collect())
}

/// What was decided about is done with, and the contacts know when they are due next.
fn close(tx: &Db, turns: &[&Decided]) -> Result<(), Error> {
    let mut remarks = Vec::new();
    let mut events = Vec::new();
    let mut contacts = Vec::new();
    for turn in turns {
        let tenant = turn.tenant.0;
        remarks.extend(
            turn.remarks
                .iter()
                .map(|(seq, text)| row![tenant, seq, text]),
        );
        events.extend(turn.events.iter().map(|seq| row![tenant, seq]));
        contacts.push(row![tenant, turn.contact_id, turn.due_at.map(|at| at.0)]);
    }
    execute_each(
        tx,
        "UPDATE events SET remark = ?3 WHERE tenant_id = ?1 AND seq = ?2",
        &remarks,
    )?;
    execute_each(
        tx,
        "UPDATE events SET status = 'decided' WHERE tenant_id = ?1 AND seq = ?2",
        &events,
    )?;
    execute_each(
        tx,
        "UPDATE contacts SET due_at = ?3, version = version + 1 WHERE tenant_id = ?1 AND id = ?2",
        &contacts,
    )
    .map(|_| ())
}

/// A plugin that fails again and again, whoever it is asked for, is parked: its enrollments wait
/// instead of failing one by one. Returns the names of those that this is the last straw for, with the
/// contact that it was for.
fn count_failures(tx: &Db, changed: &[Changed<'_>]) -> Result<Vec<(i64, String)>, Error> {
    const SUCCEEDED: &str = "UPDATE plugins SET failures = 0 WHERE id = ?1 AND failures > 0";
    let succeeded = |of: &Changed<'_>| -> BTreeSet<i64> {
        let ledger = of.change.ledger.iter();
        ledger.map(|entry| entry.plugin_id).collect()
    };
    if changed.iter().all(|of| of.change.faults.is_empty()) {
        let plugins: BTreeSet<i64> = changed.iter().flat_map(succeeded).collect();
        let plugins: Vec<_> = plugins.into_iter().map(|plugin| row![plugin]).collect();
        execute_each(tx, SUCCEEDED, &plugins)?;
        return Ok(Vec::new());
    }
    // In a row means: counted one after the other.
    let mut parked = Vec::new();
    for of in changed {
        for entry in &of.change.faults {
            execute(
                tx,
                "UPDATE plugins SET failures = failures + 1 WHERE id = ?1",
                params![entry.plugin_id],
            )?;
        }
        for plugin in succeeded(of) {
            execute(tx, SUCCEEDED, params![plugin])?;
        }
        let names = park(tx, of)?;
        parked.extend(names.into_iter().map(|name| (of.turn.contact_id, name)));
    }
    Ok(parked)
}

fn park(tx: &Db, of: &Changed<'_>) -> Result<Vec<String>, Error> {
    let Some(last) = of.change.faults.last() else {
        return Ok(Vec::new());
    };
    let reason = format!(
        "failed {} times in a row, the last time with: {}",
        of.turn.plugin_failures_max, last.fault
    );
    collect(
        tx,
        "INSERT INTO pauses (tenant_id, scope, name, cause, reason, since)
         SELECT ?1, ?2, name, ?3, ?4, ?5 FROM plugins WHERE id = ?6 AND failures >= ?7
         ON CONFLICT (tenant_id, scope, name, cause) DO UPDATE SET reason = excluded.reason, since = excluded.since, until = NULL,
                                   lifted_at = NULL WHERE pauses.lifted_at IS NOT NULL
         RETURNING name",
        params![
            of.tenant(),
            Scope::Plugin.as_str(),
            Cause::Breaker.as_str(),
            reason,
            of.turn.now.0,
            last.plugin_id,
            of.turn.plugin_failures_max
        ],
        |row| get(row, "name"),
    )
}

fn store_emitted(tx: &Db, turns: &[&Decided]) -> Result<(), Error> {
    let mut rows = Vec::new();
    for turn in turns {
        for emitted in &turn.emitted {
            rows.push(row![
                turn.tenant.0,
                &emitted.id,
                format!("plugin:{}", emitted.plugin),
                &emitted.kind,
                turn.contact_id,
                turn.now.0,
                to_json(&emitted.data)?,
                emitted.depth
            ]);
        }
    }
    execute_each(
        tx,
        "INSERT INTO events (tenant_id, id, connection, kind, contact_id, occurred_at, received_at, data, raw,
                             depth, status)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, 'null', ?8, 'pending') ON CONFLICT DO NOTHING",
        &rows,
    )?;
    for turn in turns.iter().filter(|turn| !turn.emitted.is_empty()) {
        contacts::mark_due(tx, turn.tenant, turn.contact_id, turn.now)?;
    }
    Ok(())
}
