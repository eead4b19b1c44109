//! What a host makes known when it starts, and what that sets going again; see `store::work`.

use crate::store::sql::db::{Db, params};

use super::rows::{collect, execute, first, get, to_json};
use super::{contacts, installs};
use crate::domain::Instant;
use crate::store::work::{Registered, RegisteredSequence, Setup};
use crate::store::{Error, TenantId};

pub(super) fn register(tx: &Db, setup: &Setup) -> Result<Registered, Error> {
    let mut registered = Registered::default();
    for sequence in &setup.sequences {
        execute(
            tx,
            "INSERT INTO sequences (tenant_id, name, plugin) VALUES (?1, ?2, ?3)
             ON CONFLICT (tenant_id, name) DO UPDATE SET plugin = excluded.plugin",
            params![setup.tenant.0, sequence.name, sequence.plugin],
        )?;
        let new = execute(
            tx,
            "INSERT INTO plugins (tenant_id, name, version, digest) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![
                setup.tenant.0,
                sequence.plugin,
                sequence.plugin_version,
                sequence.plugin_digest
            ],
        )?;
        if new > 0 {
            // What was parked is another version: this one gets its chance.
            installs::unpark(tx, setup.tenant, &sequence.plugin, setup.now)?;
        }
        let ids = first(
            tx,
            "SELECT s.id AS sequence_id, p.id AS plugin_id FROM sequences s, plugins p
             WHERE s.tenant_id = ?1 AND s.name = ?2 AND p.tenant_id = ?1 AND p.digest = ?3",
            params![setup.tenant.0, sequence.name, sequence.plugin_digest],
            |row| {
                Ok(RegisteredSequence {
                    sequence_id: get(row, "sequence_id")?,
                    plugin_id: get(row, "plugin_id")?,
                })
            },
        )?;
        let ids = ids
            .ok_or_else(|| Error::Invalid(format!("sequence {} was not stored", sequence.name)))?;
        let mut older = Vec::new();
        for digest in &sequence.older {
            older.push(first(
                tx,
                "SELECT id FROM plugins WHERE tenant_id = ?1 AND digest = ?2",
                params![setup.tenant.0, digest],
                |row| get(row, "id"),
            )?);
        }
        registered.resumed += resume(tx, setup, ids.sequence_id, &sequence.fingerprints)?;
        registered.sequences.push(ids);
        registered.older.push(older);
    }
    // What was held for want of a configuration may be configured now, and other limits may leave
    // a moment.
    execute(
        tx,
        "UPDATE messages SET status = 'queued', held_reason = NULL, rule = NULL, due_at = CASE WHEN due_at > ?2 THEN due_at ELSE ?2 END
         WHERE tenant_id = ?1 AND status = 'held'
           AND rule IN ('unconfigured', 'composing', 'no-moment')",
        params![setup.tenant.0, setup.now.0],
    )?;
    let new_texts = execute(
        tx,
        "UPDATE tenants SET texts = ?2 WHERE id = ?1 AND texts IS DISTINCT FROM ?2",
        params![setup.tenant.0, setup.texts],
    )?;
    if new_texts > 0 {
        // A corrected template may print what is known.
        execute(
            tx,
            "UPDATE messages SET status = 'queued', held_reason = NULL, rule = NULL, due_at = CASE WHEN due_at > ?2 THEN due_at ELSE ?2 END
             WHERE tenant_id = ?1 AND status = 'held' AND rule = 'missing-field'",
            params![setup.tenant.0, setup.now.0],
        )?;
    }
    // Thin events that were refused for want of a token get another chance with every start.
    execute(tx, REPEAT_REFUSED, params![setup.tenant.0, setup.now.0])?;
    Ok(registered)
}

pub(in crate::store) const REPEAT_REFUSED: &str = "UPDATE events SET hydrate_at = ?2
     WHERE tenant_id = ?1 AND status = 'thin' AND hydrate_at IS NULL";

/// Gives calls that were parked with another plugin or configuration another try.
fn resume(tx: &Db, setup: &Setup, sequence: i64, fingerprints: &[String]) -> Result<usize, Error> {
    let parked = collect(
        tx,
        "SELECT DISTINCT e.id, e.contact_id FROM undecided u JOIN enrollments e ON e.id = u.enrollment_id
         WHERE u.tenant_id = ?1 AND u.due_at IS NULL AND e.sequence_id = ?2
           AND u.fingerprint NOT IN (SELECT value FROM json_each(?3))",
        params![setup.tenant.0, sequence, to_json(fingerprints)?],
        |row| Ok((get::<i64>(row, "id")?, get::<i64>(row, "contact_id")?)),
    )?;
    again(tx, setup.tenant, &parked, setup.now)?;
    Ok(parked.len())
}

/// Gives the parked calls of these enrollments (and contacts) another try.
pub(super) fn again(
    tx: &Db,
    tenant: TenantId,
    parked: &[(i64, i64)],
    now: Instant,
) -> Result<(), Error> {
    for (enrollment, contact) in parked {
        execute(
            tx,
            "UPDATE undecided SET due_at = ?3, attempts = 0 WHERE tenant_id = ?1 AND enrollment_id = ?2",
            params![tenant.0, enrollment, now.0],
        )?;
        execute(
            tx,
            "UPDATE enrollments SET status = 'active', pause_reason = NULL WHERE tenant_id = ?1 AND id = ?2",
            params![tenant.0, enrollment],
        )?;
        contacts::touch(tx, tenant, *contact)?;
        contacts::mark_due(tx, tenant, *contact, now)?;
    }
    Ok(())
}
