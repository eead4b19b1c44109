//! Enrollments with their timers and the calls that are still to be decided: as a decision finds them, and
//! as it leaves them.

use super::super::db::{Db, Param, Row, row};
use super::super::rows::{
    collect_each, execute_each, get, insert_each, instant, instant_opt, json, json_opt, to_json,
};
use crate::domain::decision::Timer;
use crate::domain::enrollment::EnrollmentStatus;
use crate::store::Error;
use crate::store::work::{
    Decided, DecidedBy, EnrollmentChange, StoredEnrollment, StoredTimer, Undecided,
};

/// All of each contact's, in the order of their making. A contact is its number and its tenant's.
pub(super) fn load(
    db: &Db,
    contacts: &[[Param<'_>; 2]],
) -> Result<Vec<Vec<StoredEnrollment>>, Error> {
    let mut all = collect_each(
        db,
        "SELECT e.*, p.version AS plugin_version FROM enrollments e LEFT JOIN plugins p ON p.id = e.plugin_id
         WHERE e.contact_id = ?1 AND e.tenant_id = ?2 ORDER BY e.id",
        contacts,
        |row| Ok((get::<i64>(row, "tenant_id")?, enrollment(row)?)),
    )?;
    // What is finished waits for nothing.
    let mut running: Vec<_> = all
        .iter_mut()
        .flatten()
        .filter(|(_, enrollment)| enrollment.status != EnrollmentStatus::Finished)
        .collect();
    let ids: Vec<_> = running.iter().map(|(_, known)| row![known.id]).collect();
    let waiting = collect_each(
        db,
        "SELECT min(asked_at) AS at FROM messages
         WHERE enrollment_id = ?1 AND status IN ('queued', 'held', 'sending')",
        &ids,
        |row| instant_opt(row, "at"),
    )?;
    let whose: Vec<_> = running
        .iter()
        .map(|(tenant, known)| row![known.id, *tenant])
        .collect();
    let timers = collect_each(
        db,
        "SELECT * FROM timers WHERE enrollment_id = ?1 AND tenant_id = ?2 ORDER BY due_at, name",
        &whose,
        timer,
    )?;
    let undecided = collect_each(
        db,
        "SELECT * FROM undecided WHERE enrollment_id = ?1 AND tenant_id = ?2 ORDER BY id",
        &whose,
        call,
    )?;
    let parts = waiting.into_iter().zip(timers).zip(undecided);
    for ((_, enrollment), ((waiting, timers), undecided)) in running.iter_mut().zip(parts) {
        enrollment.waiting_since = waiting.into_iter().flatten().next();
        enrollment.timers = timers;
        enrollment.undecided = undecided;
    }
    let alone = |all: Vec<(i64, StoredEnrollment)>| all.into_iter().map(|(_, known)| known);
    Ok(all.into_iter().map(|all| alone(all).collect()).collect())
}

fn enrollment(row: &Row<'_>) -> Result<StoredEnrollment, Error> {
    let id: i64 = get(row, "id")?;
    let status: String = get(row, "status")?;
    let status = EnrollmentStatus::ALL
        .into_iter()
        .find(|s| s.as_str() == status)
        .ok_or_else(|| {
            Error::Invalid(format!("enrollment {id} has the unknown status {status}"))
        })?;
    Ok(StoredEnrollment {
        id,
        sequence_id: get(row, "sequence_id")?,
        event_seq: get(row, "event_seq")?,
        status,
        pause_reason: get(row, "pause_reason")?,
        enrolled_at: instant(row, "enrolled_at")?,
        finished_at: instant_opt(row, "finished_at")?,
        lag_ms: get(row, "lag_ms")?,
        waiting_since: None,
        decisions: get(row, "decisions")?,
        restarted_at: get(row, "restarted_at")?,
        decided_by: match get(row, "plugin_id")? {
            Some(plugin_id) => Some(DecidedBy {
                plugin_id,
                version: get(row, "plugin_version")?,
            }),
            None => None,
        },
        state: get(row, "state")?,
        timers: Vec::new(),
        undecided: Vec::new(),
    })
}

fn timer(row: &Row<'_>) -> Result<StoredTimer, Error> {
    Ok(StoredTimer {
        timer: Timer {
            name: get(row, "name")?,
            at: instant(row, "due_at")?,
            data: json(row, "data")?,
        },
        asked: json_opt(row, "asked")?,
        set_at: instant(row, "set_at")?,
    })
}

fn call(row: &Row<'_>) -> Result<Undecided, Error> {
    Ok(Undecided {
        event: json(row, "event")?,
        depth: get(row, "depth")?,
        attempts: get(row, "attempts")?,
        due_at: instant_opt(row, "due_at")?,
        fault: json_opt(row, "fault")?,
        fingerprint: get(row, "fingerprint")?,
    })
}

/// An enrollment as it was decided to be, its contact's turn, and its number once it has one.
pub(super) struct Changed<'c> {
    pub(super) turn: &'c Decided,
    pub(super) change: &'c EnrollmentChange,
    pub(super) id: i64,
}

impl Changed<'_> {
    pub(super) fn tenant(&self) -> i64 {
        self.turn.tenant.0
    }
}

/// Stores the next states of the enrollments of these turns; in their order.
pub(super) fn store<'c>(tx: &Db, turns: &[&'c Decided]) -> Result<Vec<Changed<'c>>, Error> {
    let changes = turns.iter().flat_map(|turn| {
        let of_turn = turn.enrollments.iter();
        of_turn.map(move |change| (*turn, change))
    });
    let (mut known, mut known_ids, mut new) = (Vec::new(), Vec::new(), Vec::new());
    for (turn, change) in changes.clone() {
        let (tenant, status) = (turn.tenant.0, change.status.as_str());
        let finished = change.status == EnrollmentStatus::Finished;
        let finished_at = finished.then_some(turn.now.0);
        let Some(id) = change.id else {
            new.push(row![
                tenant,
                turn.contact_id,
                change.sequence_id,
                change.event_seq,
                status,
                &change.exit_reason,
                &change.pause_reason,
                change.enrolled_at.0,
                finished_at,
                change.decisions,
                &change.state,
                change.plugin_id
            ]);
            continue;
        };
        known_ids.push(row![tenant, id]);
        known.push(row![
            tenant,
            id,
            status,
            &change.exit_reason,
            &change.pause_reason,
            finished_at,
            change.decisions,
            &change.state,
            change.plugin_id
        ]);
    }
    execute_each(
        tx,
        "UPDATE enrollments SET status = ?3, exit_reason = ?4, pause_reason = ?5, finished_at = ?6,
                decisions = ?7, state = ?8, plugin_id = ?9, lag_ms = 0
         WHERE tenant_id = ?1 AND id = ?2",
        &known,
    )?;
    for table in ["timers", "undecided"] {
        execute_each(
            tx,
            &format!("DELETE FROM {table} WHERE tenant_id = ?1 AND enrollment_id = ?2"),
            &known_ids,
        )?;
    }
    let made = insert_each(
        tx,
        "INSERT INTO enrollments (tenant_id, contact_id, sequence_id, event_seq, status, exit_reason,
                                  pause_reason, enrolled_at, finished_at, decisions, state, plugin_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        &new,
    )?;
    let mut made = made.into_iter();
    let changed = changes.map(|(turn, change)| {
        let id = change.id.or_else(|| made.next());
        let id = id.ok_or_else(|| Error::Invalid("an enrollment got no number".to_owned()))?;
        Ok(Changed { turn, change, id })
    });
    let changed = changed.collect::<Result<Vec<_>, Error>>()?;
    keep_states(tx, &changed)?;
    store_timers(tx, &changed)?;
    store_undecided(tx, &changed)?;
    Ok(changed)
}

/// So that going back to the older version is possible.
fn keep_states(tx: &Db, changed: &[Changed<'_>]) -> Result<(), Error> {
    let mut rows = Vec::new();
    for of in changed {
        if let Some(kept) = &of.change.kept {
            rows.push(row![
                of.id,
                kept.plugin_id,
                of.tenant(),
                of.turn.now.0,
                &kept.state,
                to_json(&kept.timers)?,
                to_json(&kept.event)?
            ]);
        }
    }
    execute_each(
        tx,
        "INSERT INTO kept_states (enrollment_id, plugin_id, tenant_id, at, state, timers, event)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (enrollment_id, plugin_id) DO UPDATE SET at = excluded.at, state = excluded.state, timers = excluded.timers,
                                   event = excluded.event",
        &rows,
    )
    .map(|_| ())
}

fn store_timers(tx: &Db, changed: &[Changed<'_>]) -> Result<(), Error> {
    let mut rows = Vec::new();
    for of in changed {
        for stored in &of.change.timers {
            let timer = &stored.timer;
            rows.push(row![
                of.id,
                &timer.name,
                of.tenant(),
                timer.at.0,
                to_json(&timer.data)?,
                stored.asked.as_ref().map(to_json).transpose()?,
                stored.set_at.0
            ]);
        }
    }
    execute_each(
        tx,
        "INSERT INTO timers (enrollment_id, name, tenant_id, due_at, data, asked, set_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &rows,
    )
    .map(|_| ())
}

fn store_undecided(tx: &Db, changed: &[Changed<'_>]) -> Result<(), Error> {
    let mut rows = Vec::new();
    for of in changed {
        for call in &of.change.undecided {
            rows.push(row![
                of.tenant(),
                of.id,
                to_json(&call.event)?,
                call.depth,
                call.attempts,
                call.due_at.map(|at| at.0),
                call.fault.as_ref().map(to_json).transpose()?,
                &call.fingerprint
            ]);
        }
    }
    execute_each(
        tx,
        "INSERT INTO undecided (tenant_id, enrollment_id, event, depth, attempts, due_at, fault, fingerprint)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &rows,
    )
    .map(|_| ())
}
