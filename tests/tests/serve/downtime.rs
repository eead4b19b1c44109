//! The host is down for as long as it takes until everything that it waited for is due.

use rusqlite::Connection;

use crate::World;

/// What loops wait for: moments in rows. Those of people's timers stay as they are.
const DUE: [&str; 4] = [
    "UPDATE polls SET due_at = 0",
    "UPDATE events SET hydrate_at = 0 WHERE status = 'thin'",
    "UPDATE writebacks SET try_at = 0 WHERE try_at IS NOT NULL",
    // Due now, not long ago: what is much too late is held instead of sent.
    "UPDATE messages SET due_at = min(due_at, unixepoch() * 1000) WHERE status = 'queued' AND attempts > 0",
];

impl World {
    /// Killed, and started again when what it waited for is due.
    pub(crate) fn sleep_through(&mut self) {
        tokio::task::block_in_place(|| {
            self.server.kill9();
            let store = Connection::open(self.server.site.path("followup.db")).expect("opens");
            for statement in DUE {
                store.execute(statement, []).expect("the host is down");
            }
            drop(store);
            self.server.restart();
        });
    }
}
