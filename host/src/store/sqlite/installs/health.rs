//! How the versions of a plugin fare.

use rusqlite::{Connection, params};

use crate::domain::fault::Fault;
use crate::store::installs::{HEALTH_CALLS_MAX, Health, Percentiles};
use crate::store::sqlite::rows::{collect, first, get, parse};
use crate::store::{Error, TenantId};

pub(super) fn health(
    db: &Connection,
    tenant: TenantId,
    plugin: &str,
) -> Result<Vec<Health>, Error> {
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
    versions
        .into_iter()
        .map(|(id, version)| of_version(db, id, version))
        .collect()
}

fn of_version(db: &Connection, id: i64, version: Health) -> Result<Health, Error> {
    let count = |sql: &str| -> Result<u64, Error> {
        Ok(first(db, sql, [id], |row| get(row, "n"))?.unwrap_or(0))
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
        [id],
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
