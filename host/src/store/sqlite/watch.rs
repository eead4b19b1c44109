//! Hearing what other processes write into the file: a list that is imported, an address that is
//! suppressed, while the host serves.

use rusqlite::Connection;
use tokio::sync::watch::Receiver;

use super::{Readers, Sqlite};
use crate::clock::Clock;
use crate::store::sql::rows::{first, get};
use crate::store::{Bell, Error};

/// How often the file is looked at. What is imported while the host serves waits this long at most.
const LOOK_EVERY_MS: i64 = 500;

/// Rings all bells after each commit that a connection of its own did not make, until stopped.
///
/// "The integer values returned by two invocations of `PRAGMA data_version` from the same connection
/// will be different if changes were committed to the database by any other connection in the
/// interim" (SQLite, Pragma statements). It reads shared memory, not the file. Commits of this host
/// count too: a bell rung for nothing costs its loop one look.
pub(super) async fn watch(
    file: &Sqlite,
    clock: &dyn Clock,
    mut stopped: Receiver<bool>,
    ring: &(dyn Fn(Bell) + Sync),
) -> Result<(), Error> {
    let mut connection = Readers::connect(&file.path)?;
    let mut seen: Option<Look> = None;
    loop {
        let before = seen;
        let looked = tokio::task::spawn_blocking(move || {
            let look = look(&connection, before);
            (connection, look)
        });
        let (back, look) = looked
            .await
            .map_err(|e| Error::Unavailable(format!("a query died: {e}")))?;
        connection = back;
        // Locked or busy: the next look will tell.
        if let Ok(look) = look {
            if let Some(seen) = seen {
                tell(seen, look, ring);
            }
            seen = Some(look);
        }
        let next = clock.now().plus_ms(LOOK_EVERY_MS);
        tokio::select! {
            () = clock.sleep_until(next) => {}
            // An error means that the daemon is gone: stop as well.
            _ = stopped.wait_for(|stop| *stop) => return Ok(()),
        }
    }
}

fn version(connection: &Connection) -> Result<i64, Error> {
    let version = first(connection, "PRAGMA data_version", &[], |row| {
        get(row, "data_version")
    })?;
    version.ok_or_else(|| Error::Invalid("SQLite tells no data_version".to_owned()))
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    version: i64,
    /// The last time that another version of a plugin was chosen.
    plugins: i64,
}

fn look(connection: &Connection, before: Option<Look>) -> Result<Look, Error> {
    let version = version(connection)?;
    match before {
        Some(before) if before.version == version => Ok(before),
        _ => {
            let plugins = first(
                connection,
                "SELECT coalesce(max(id), 0) AS id FROM install_log WHERE what IN ('activated', 'rolled back to')",
                &[],
                |row| get(row, "id"),
            )?;
            Ok(Look {
                version,
                plugins: plugins.unwrap_or(0),
            })
        }
    }
}

fn tell(seen: Look, look: Look, ring: &(dyn Fn(Bell) + Sync)) {
    if look.version != seen.version {
        for bell in [Bell::Decide, Bell::Deliver, Bell::Hydrate, Bell::Poll] {
            ring(bell);
        }
    }
    if look.plugins != seen.plugins {
        ring(Bell::Plugins);
    }
}
