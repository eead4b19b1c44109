//! Rows of the ledger by a seed.

use std::collections::BTreeSet;

use crate::domain::digest;
use crate::store::audit::{LedgerRow, SAMPLE_MAX};
use crate::store::sql::db::{Db, params};
use crate::store::sql::rows::{collect, first, get};
use crate::store::{Error, TenantId};

/// Draws for each row that is wanted: where there are few or great gaps, some are drawn again and again.
const DRAWS_MAX: usize = 10;

const ROW: &str = "SELECT d.id, d.input, d.output, p.name, p.version, p.digest
     FROM decisions d JOIN plugins p ON p.id = d.plugin_id WHERE d.tenant_id = ?1 AND d.id >= ?2 ORDER BY d.id LIMIT ?3";

pub(super) fn draw(
    db: &Db,
    tenant: TenantId,
    seed: u64,
    count: usize,
) -> Result<Vec<LedgerRow>, Error> {
    let count = count.min(SAMPLE_MAX);
    let span = first(
        db,
        "SELECT coalesce(min(id), 0) AS low, coalesce(max(id), 0) AS high, count(*) AS n
         FROM decisions WHERE tenant_id = ?1",
        params![tenant.0],
        |row| {
            Ok((
                get::<i64>(row, "low")?,
                get::<i64>(row, "high")?,
                get::<usize>(row, "n")?,
            ))
        },
    )?;
    let (low, high, rows) = span.unwrap_or_default();
    if rows <= count {
        return take(db, tenant, i64::MIN, count);
    }
    let width = high.abs_diff(low) + 1;
    let mut drawn = BTreeSet::new();
    let mut found = Vec::with_capacity(count);
    // A number that no row has stands for the next one; a row that was drawn is not drawn again.
    for draw in 0..(count * DRAWS_MAX) as u64 {
        if found.len() == count {
            break;
        }
        let place = low.saturating_add_unsigned(number(seed, draw) % width);
        if let Some(row) = take(db, tenant, place, 1)?.pop()
            && drawn.insert(row.id)
        {
            found.push(row);
        }
    }
    Ok(found)
}

fn take(db: &Db, tenant: TenantId, from: i64, limit: usize) -> Result<Vec<LedgerRow>, Error> {
    collect(db, ROW, params![tenant.0, from, limit], |row| {
        Ok(LedgerRow {
            id: get(row, "id")?,
            plugin: get(row, "name")?,
            version: get(row, "version")?,
            digest: get(row, "digest")?,
            input: get(row, "input")?,
            output: get(row, "output")?,
        })
    })
}

/// The same for ever, on every machine.
fn number(seed: u64, draw: u64) -> u64 {
    let hash = digest::sha256(&[&seed.to_be_bytes(), &draw.to_be_bytes()]);
    let first = hash.first_chunk().expect("a hash has more than 8 bytes");
    u64::from_be_bytes(*first)
}
