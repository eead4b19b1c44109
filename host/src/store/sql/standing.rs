//! How things stand, in numbers: for `followup status` and `followup sequence list`.

use std::collections::BTreeMap;

use crate::store::sql::db::{Db, params};

use super::rows::{collect, first, get, json};
use crate::domain::Event;
use crate::domain::fault::Fault;
use crate::store::Error;
use crate::store::ledger::{ParkedFacts, SequenceReport, StatusReport};

/// Parked calls that a status report names.
const PARKED_MAX: usize = 20;

pub(super) fn status(db: &Db, tenant: i64) -> Result<StatusReport, Error> {
    let count = |sql: &str| -> Result<u64, Error> {
        Ok(first(db, sql, params![tenant], |row| get(row, "n"))?.unwrap_or(0))
    };
    let by_status = |sql: &str| -> Result<BTreeMap<String, u64>, Error> {
        let rows = collect(db, sql, params![tenant], |row| {
            Ok((get(row, "status")?, get(row, "n")?))
        })?;
        Ok(rows.into_iter().collect())
    };
    Ok(StatusReport {
        contacts: count("SELECT count(*) AS n FROM contacts WHERE tenant_id = ?1")?,
        enrollments: by_status(
            "SELECT status, count(*) AS n FROM enrollments WHERE tenant_id = ?1 GROUP BY status",
        )?,
        messages: by_status(
            "SELECT status, count(*) AS n FROM messages WHERE tenant_id = ?1 GROUP BY status",
        )?,
        events: by_status(
            "SELECT status, count(*) AS n FROM events WHERE tenant_id = ?1 GROUP BY status",
        )?,
        open_tasks: count(
            "SELECT count(*) AS n FROM writebacks WHERE tenant_id = ?1 AND kind = 'task' AND status = 'open'",
        )?,
        suppressed_addresses: count("SELECT count(*) AS n FROM suppressions WHERE tenant_id = ?1")?,
        parked_decisions: count(
            "SELECT count(*) AS n FROM undecided WHERE tenant_id = ?1 AND due_at IS NULL AND fault IS NOT NULL",
        )?,
        retrying_decisions: count(
            "SELECT count(*) AS n FROM undecided WHERE tenant_id = ?1 AND due_at IS NOT NULL AND fault IS NOT NULL",
        )?,
        parked: parked(db, tenant)?,
    })
}

fn parked(db: &Db, tenant: i64) -> Result<Vec<ParkedFacts>, Error> {
    collect(
        db,
        "SELECT u.event, u.attempts, u.fault, s.name AS sequence, c.email FROM undecided u
         JOIN enrollments e ON e.id = u.enrollment_id JOIN sequences s ON s.id = e.sequence_id
         JOIN contacts c ON c.id = e.contact_id
         WHERE u.tenant_id = ?1 AND u.due_at IS NULL AND u.fault IS NOT NULL ORDER BY u.id LIMIT ?2",
        params![tenant, PARKED_MAX],
        |row| {
            let event: Event = json(row, "event")?;
            let fault: Fault = json(row, "fault")?;
            Ok(ParkedFacts {
                contact: get(row, "email")?,
                sequence: get(row, "sequence")?,
                event: event.kind,
                attempts: get(row, "attempts")?,
                fault: fault.to_string(),
            })
        },
    )
}

pub(super) fn sequences(db: &Db, tenant: i64) -> Result<Vec<SequenceReport>, Error> {
    let rows = collect(
        db,
        "SELECT s.name, e.status, e.exit_reason, count(e.id) AS n FROM sequences s
         LEFT JOIN enrollments e ON e.sequence_id = s.id AND e.tenant_id = ?1
         WHERE s.tenant_id = ?1 GROUP BY s.name, e.status, e.exit_reason ORDER BY s.name",
        params![tenant],
        |row| {
            Ok((
                get::<String>(row, "name")?,
                get::<Option<String>>(row, "status")?,
                get::<Option<String>>(row, "exit_reason")?,
                get::<u64>(row, "n")?,
            ))
        },
    )?;
    let mut reports: Vec<SequenceReport> = Vec::new();
    for (name, status, exit, n) in rows {
        if reports.last().is_none_or(|report| report.name != name) {
            reports.push(SequenceReport {
                name,
                active: 0,
                paused: 0,
                finished: 0,
                exits: BTreeMap::new(),
            });
        }
        let report = reports.last_mut().expect("one was just pushed");
        match status.as_deref() {
            Some("active") => report.active += n,
            Some("paused") => report.paused += n,
            Some(_) => report.finished += n,
            None => {}
        }
        if let Some(exit) = exit {
            *report.exits.entry(exit).or_default() += n;
        }
    }
    Ok(reports)
}
