//! Hearing what other processes write into the file: a list that is imported, an address that is
//! suppressed, while the host serves.

use rusqlite::Connection;
use tokio::sync::watch::Receiver;

use super::rows::{first, get};
use super::{Readers, SqliteStore};
use crate::clock::Clock;
use crate::store::{Bells, Error};

/// How often the file is looked at. What is imported while the host serves waits this long at most.
const LOOK_EVERY_MS: i64 = 500;

/// Rings all bells after each commit that a connection of its own did not make, until stopped.
///
/// "The integer values returned by two invocations of `PRAGMA data_version` from the same connection
/// will be different if changes were committed to the database by any other connection in the
/// interim" (SQLite, Pragma statements). It reads shared memory, not the file. Commits of this host
/// count too: a bell rung for nothing costs its loop one look.
pub(super) async fn watch(
    store: &SqliteStore,
    clock: &dyn Clock,
    mut stopped: Receiver<bool>,
) -> Result<(), Error> {
    let mut connection = Readers::connect(&store.path)?;
    let mut seen = None;
    loop {
        let looked = tokio::task::spawn_blocking(move || {
            let version = version(&connection);
            (connection, version)
        });
        let (back, version) = looked
            .await
            .map_err(|e| Error::Unavailable(format!("a query died: {e}")))?;
        connection = back;
        // Locked or busy: the next look will tell.
        if let Ok(version) = version
            && seen.replace(version).is_some_and(|seen| seen != version)
        {
            ring(&store.bells);
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
    let version = first(connection, "PRAGMA data_version", [], |row| {
        get(row, "data_version")
    })?;
    version.ok_or_else(|| Error::Invalid("SQLite tells no data_version".to_owned()))
}

fn ring(bells: &Bells) {
    bells.decide.notify_one();
    bells.deliver.notify_one();
    bells.hydrate.notify_one();
    bells.poll.notify_one();
}
