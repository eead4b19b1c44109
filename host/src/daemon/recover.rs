//! What a host left open that is gone: at start, and where hosts share a store, ever again.

use std::sync::Arc;

use tokio::sync::watch::Receiver;

use crate::clock::Clock;
use crate::deliver::Deliverer;
use crate::domain::Instant;
use crate::store::{Duty, Error, Shared};
use crate::writeback::Scribe;

/// How often it is looked for what a dead host left.
const LOOK_EVERY_MS: i64 = 5_000;

pub(super) struct Recovery {
    pub(super) store: Shared,
    pub(super) deliverer: Deliverer,
    pub(super) scribe: Scribe,
}

impl Recovery {
    /// Whether it is this host's to do.
    pub(super) async fn once(&self, now: Instant) -> Result<(), Error> {
        if !self.store.has(Duty::Recover) {
            return Ok(());
        }
        let messages = self.deliverer.recover(now).await?;
        let writes = self.scribe.recover(now).await?;
        if messages > 0 || writes > 0 {
            tracing::warn!(
                messages,
                writes,
                "calls of a host that is gone are in doubt: of providers, of CRMs"
            );
        }
        Ok(())
    }

    /// Until `stopped`. Only where hosts come and go beside each other: else what is under way is our own.
    pub(super) async fn run(self, clock: Arc<dyn Clock>, mut stopped: Receiver<bool>) {
        while self.store.is_shared() {
            let next = clock.now().plus_ms(LOOK_EVERY_MS);
            tokio::select! {
                () = clock.sleep_until(next) => {}
                // An error means that the daemon is gone: stop as well.
                _ = stopped.wait_for(|stop| *stop) => return,
            }
            if let Err(e) = self.once(clock.now()).await {
                tracing::error!(error = %e, "what a dead host left waits for the store");
            }
        }
    }
}
