//! Bringing the schema to the newest version, once however many hosts start at the same time.
//!
//! `schema.version` counts the migrations applied; `schema.oldest` is the oldest version whose programs
//! get along with it, so that they go on while a deployment is upgraded.

use super::session::Connection;
use crate::store::Error;
use crate::store::sql::make_signing_keys;

/// Migrations in order, each with the oldest version whose programs get along with it.
const MIGRATIONS: [(&str, usize); 1] = [(
    include_str!("../../../migrations/postgres/0001_start.sql"),
    1,
)];

/// The number of the lock that one migrates under.
const LOCK: &str = "7316, 2";

pub(super) fn migrate(connection: &Connection) -> Result<(), Error> {
    connection.run(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK})"))?;
    let migrated = apply(connection);
    let ended = connection.run(if migrated.is_ok() {
        "COMMIT"
    } else {
        "ROLLBACK"
    });
    migrated.and(ended.map(|_| ()))
}

fn apply(connection: &Connection) -> Result<(), Error> {
    connection.run(
        "CREATE TABLE IF NOT EXISTS schema (version integer NOT NULL, oldest integer NOT NULL)",
    )?;
    let number = |sql: &str| -> Result<usize, Error> {
        let text = connection.run(sql)?.unwrap_or_default();
        text.parse()
            .map_err(|_| Error::Invalid(format!("its schema has the version {text:?}")))
    };
    let applied = number("SELECT coalesce(max(version), 0) FROM schema")?;
    if applied > MIGRATIONS.len() {
        let oldest = number("SELECT max(oldest) FROM schema")?;
        return if oldest <= MIGRATIONS.len() {
            Ok(())
        } else {
            Err(Error::Invalid(format!(
                "its schema is version {applied}, this program knows {}: use the newer program",
                MIGRATIONS.len()
            )))
        };
    }
    for (number, (migration, oldest)) in MIGRATIONS.iter().enumerate().skip(applied) {
        connection.run(migration)?;
        connection.run(&format!(
            "DELETE FROM schema; INSERT INTO schema VALUES ({}, {oldest})",
            number + 1
        ))?;
    }
    make_signing_keys(connection)
}

/// Whether anything was ever stored here.
pub(super) fn is_prepared(connection: &Connection) -> Result<bool, Error> {
    let found = connection.run("SELECT to_regclass('installs')::text")?;
    Ok(found.is_some())
}
