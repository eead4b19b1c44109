//! How the versions of a plugin fare.

use crate::store::sql::db::{Db, params};

use crate::domain::fault::Fault;
use crate::store::installs::{HEALTH_CALLS_MAX, Health, Percentiles};
use crate::store::sql::rows::{collect, first, get, parse};
use crate::store::{Error, TenantId};

pub(super) fn health(db: &Db, tenant: TenantId, plugin: &str) -> Result<Vec<Health>, Error> {
    let versions = collect(
        db,
        "SELECT id, version, digest, failures FROM plugins WHERE tenant_id = ?1 AND name = ?2 ORDER BY id DESC",
        params![tenant.0, plugin],
        |row| {
            let version = Health {
                version: get(row, "version")?,
                digest: get(row, "digest")?,
                failures_in_a_row: get(row, "failures")?,
                ..Health::default()
            };
            Ok((get::<i64>(row, "id")?, version))
        },
    )?;
    let mut health = versions
        .into_iter()
        .map(|(id, version)| of_version(db, id, version))
        .collect::<Result<Vec<_>, _>>()?;
    health.extend(of_triggers(db, tenant, plugin)?);
    Ok(health)
}

/// Calls of a trigger, by version: of each connection the latest are kept, so these are they.
fn of_triggers(db: &Db, tenant: TenantId, plugin: &str) -> Result<Vec<Health>, Error> {
    let digests: Vec<(String, String)> = collect(
        db,
        "SELECT c.digest, coalesce(max(i.version), 'built in') AS version FROM trigger_calls c
         LEFT JOIN installs i ON i.tenant_id = c.tenant_id AND i.plugin = c.plugin AND i.digest = c.digest
         WHERE c.tenant_id = ?1 AND c.plugin = ?2 GROUP BY c.digest ORDER BY max(c.id) DESC",
        params![tenant.0, plugin],
        |row| Ok((get(row, "digest")?, get(row, "version")?)),
    )?;
    digests
        .into_iter()
        .map(|(digest, version)| {
            let calls: Vec<(u64, u64, Option<String>)> = collect(
                db,
                "SELECT fuel, memory, fault FROM trigger_calls
                 WHERE tenant_id = ?1 AND plugin = ?2 AND digest = ?3 ORDER BY id DESC",
                params![tenant.0, plugin, digest],
                |row| Ok((get(row, "fuel")?, get(row, "memory")?, get(row, "fault")?)),
            )?;
            let failed = |call: &&(u64, u64, Option<String>)| call.2.is_some();
            let failures = calls.iter().filter(failed).count();
            Ok(Health {
                version,
                digest,
                decisions: (calls.len() - failures) as u64,
                failures: failures as u64,
                failures_in_a_row: calls.iter().take_while(failed).count() as u64,
                fuel: Percentiles::of(calls.iter().map(|call| call.0).collect()),
                memory: Percentiles::of(calls.iter().map(|call| call.1).collect()),
                last_fault: calls.iter().find_map(|call| call.2.clone()),
                ..Health::default()
            })
        })
        .collect()
}

fn of_version(db: &Db, id: i64, version: Health) -> Result<Health, Error> {
    let count = |sql: &str| -> Result<u64, Error> {
        Ok(first(db, sql, params![id], |row| get(row, "n"))?.unwrap_or(0))
    };
    let latest = collect(
        db,
        "SELECT fuel, memory FROM decisions WHERE plugin_id = ?1 ORDER BY id DESC LIMIT ?2",
        params![id, HEALTH_CALLS_MAX],
        |row| Ok((get::<u64>(row, "fuel")?, get::<u64>(row, "memory")?)),
    )?;
    let last_fault: Option<String> = first(
        db,
        "SELECT fault FROM faults WHERE plugin_id = ?1 ORDER BY id DESC LIMIT 1",
        params![id],
        |row| get(row, "fault"),
    )?;
    let last_fault = last_fault
        .map(|text| parse::<Fault>(&text, "fault").map(|fault| fault.to_string()))
        .transpose()?;
    let (fuel, memory) = latest.into_iter().unzip();
    Ok(Health {
        decisions: count("SELECT count(*) AS n FROM decisions WHERE plugin_id = ?1")?,
        failures: count("SELECT count(*) AS n FROM faults WHERE plugin_id = ?1")?,
        enrollments_running: count(
            "SELECT count(*) AS n FROM enrollments WHERE plugin_id = ?1 AND status <> 'finished'",
        )?,
        enrollments_parked: count(
            "SELECT count(*) AS n FROM enrollments WHERE plugin_id = ?1 AND status = 'paused'",
        )?,
        fuel: Percentiles::of(fuel),
        memory: Percentiles::of(memory),
        last_fault,
        ..version
    })
}
