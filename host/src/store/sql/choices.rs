//! What a person chose about our mail, beside leaving for good: no more of one sequence, a pause,
//! or an earlier choice taken back. In the transaction that stores the event.
//!
//! A restriction counts from whoever reports it; one is lifted only by the person's own click, and
//! only where it was their own click that made it: never a complaint, a bounce or an operator's word.

use crate::store::sql::db::{Db, params};

use super::exits::{self, Happening};
use super::rows::{collect, execute, get};
use crate::domain::enrollment::ExitReason;
use crate::domain::event::kind;
use crate::domain::{Instant, NewEvent, fields};
use crate::store::recipient::CONNECTION;
use crate::store::{Error, TenantId};

/// Carries the choice out. Returns how many enrollments it finished, and which messages of theirs a
/// provider holds at this moment.
pub(super) fn apply(
    tx: &Db,
    happening: &Happening<'_>,
    contact: i64,
    event: &NewEvent,
    connection: &str,
    addresses: [Option<&str>; 2],
) -> Result<(usize, Vec<i64>), Error> {
    let data = serde_json::Value::Object(event.data.clone());
    let sequence = fields::text(&data, "sequence");
    match (happening.kind, sequence) {
        (kind::OPTED_OUT, Some(sequence)) => return opt_out(tx, happening, contact, sequence),
        (kind::PAUSED_BY_CONTACT, _) => {
            if let Some(until) = fields::text(&data, "until").and_then(Instant::parse_rfc3339) {
                pause(tx, happening.tenant, contact, until)?;
            }
        }
        (kind::OPTED_IN, Some(sequence)) if connection == CONNECTION => {
            execute(
                tx,
                "DELETE FROM opt_outs WHERE tenant_id = ?1 AND contact_id = ?2 AND sequence = ?3",
                params![happening.tenant.0, contact, sequence],
            )?;
        }
        (kind::OPTED_IN, None) if connection == CONNECTION => {
            welcome_back(tx, happening.tenant, contact, addresses)?;
        }
        _ => {}
    }
    Ok((0, Vec::new()))
}

fn opt_out(
    tx: &Db,
    happening: &Happening<'_>,
    contact: i64,
    sequence: &str,
) -> Result<(usize, Vec<i64>), Error> {
    let tenant = happening.tenant;
    execute(
        tx,
        "INSERT INTO opt_outs (tenant_id, contact_id, sequence, event_id, at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING",
        params![tenant.0, contact, sequence, happening.event_id, happening.at.0],
    )?;
    let enrollments = collect(
        tx,
        "SELECT e.id, e.status FROM enrollments e JOIN sequences s ON s.id = e.sequence_id
         WHERE e.tenant_id = ?1 AND e.contact_id = ?2 AND s.name = ?3",
        params![tenant.0, contact, sequence],
        |row| Ok((get::<i64>(row, "id")?, get::<String>(row, "status")?)),
    )?;
    let (mut finished, mut in_flight) = (0, Vec::new());
    for (enrollment, status) in enrollments {
        if status != "finished" {
            exits::finish(tx, tenant, enrollment, kind::OPTED_OUT, happening.at)?;
            finished += 1;
        }
        in_flight.extend(exits::stop_messages(
            tx,
            tenant,
            contact,
            enrollment,
            kind::OPTED_OUT,
            happening.at,
        )?);
    }
    Ok((finished, in_flight))
}

/// The person's last word counts against their own earlier one; what else keeps us quiet stays
/// where it lasts longer.
fn pause(tx: &Db, tenant: TenantId, contact: i64, until: Instant) -> Result<(), Error> {
    execute(
        tx,
        "UPDATE contacts SET quiet_until = ?3, quiet_reason = ?4
         WHERE tenant_id = ?1 AND id = ?2
           AND (quiet_until IS NULL OR quiet_reason = ?4 OR quiet_until < ?3)",
        params![tenant.0, contact, until.0, kind::PAUSED_BY_CONTACT],
    )?;
    Ok(())
}

fn welcome_back(
    tx: &Db,
    tenant: TenantId,
    contact: i64,
    addresses: [Option<&str>; 2],
) -> Result<(), Error> {
    execute(
        tx,
        "UPDATE contacts SET quiet_until = NULL, quiet_reason = NULL
         WHERE tenant_id = ?1 AND id = ?2 AND quiet_reason = ?3",
        params![tenant.0, contact, kind::PAUSED_BY_CONTACT],
    )?;
    for address in addresses.into_iter().flatten() {
        execute(
            tx,
            "DELETE FROM suppressions WHERE tenant_id = ?1 AND address = ?2 AND reason = ?4
               AND EXISTS (SELECT 1 FROM events e
                           WHERE e.tenant_id = ?1 AND e.id = suppressions.source
                             AND e.connection = ?5 AND (e.contact_id = ?3 OR e.contact_id IN
                                 (SELECT id FROM contacts WHERE merged_into = ?3)))",
            params![
                tenant.0,
                address,
                contact,
                ExitReason::Unsubscribed.as_str(),
                CONNECTION
            ],
        )?;
    }
    Ok(())
}
