//! Decisions as they were taken, for whoever wants to take them again.

use crate::store::sql::db::{Db, params};

use super::rows::{collect, get, json};
use crate::store::ledger::{Recorded, Whose};
use crate::store::{Error, TenantId};

pub(super) fn recorded(
    db: &Db,
    tenant: TenantId,
    whose: &Whose,
    limit: usize,
) -> Result<Vec<Recorded>, Error> {
    // The enrollment's public id stands in the input alone.
    let (condition, word) = match whose {
        Whose::Plugin(id) => ("p.name = ?2", id),
        Whose::Sequence(name) => ("s.name = ?2", name),
        Whose::Enrollment(id) => ("d.input -> 'enrollment' ->> 'id' = ?2", id),
    };
    collect(
        db,
        &format!(
            "SELECT d.input, d.output, d.fuel, d.memory, p.version, p.digest FROM decisions d
             JOIN plugins p ON p.id = d.plugin_id JOIN enrollments e ON e.id = d.enrollment_id
             JOIN sequences s ON s.id = e.sequence_id
             WHERE d.tenant_id = ?1 AND {condition} ORDER BY d.id DESC LIMIT ?3"
        ),
        params![tenant.0, word, limit],
        |row| {
            Ok(Recorded {
                input: json(row, "input")?,
                output: json(row, "output")?,
                version: get(row, "version")?,
                digest: get(row, "digest")?,
                fuel: get(row, "fuel")?,
                memory_bytes: get(row, "memory")?,
            })
        },
    )
}
