//! The scenarios, one file each: a folder, a server, load, figures.

mod decisions;
mod mails;
mod sleepers;
mod webhooks;

pub(crate) use decisions::decisions;
pub(crate) use mails::mails;
pub(crate) use sleepers::sleepers;
pub(crate) use webhooks::webhooks;

use std::time::{Duration, Instant};

use anyhow::bail;

use crate::client::{Stream, counter};
use crate::server::Server;
use crate::stopwatch;

/// Connections that webhooks come over.
const CONNECTIONS: usize = 32;

/// Nobody listens there: for scenarios in which no mail leaves.
const NOWHERE: &str = "http://127.0.0.1:9";

/// How often a server is asked how far it is.
const LOOK: Duration = Duration::from_millis(20);

/// How long it may get nowhere.
const STANDSTILL_MAX: Duration = Duration::from_mins(1);

/// Waits until the server has decided so often, counted from its start; returns when.
async fn decided(server: &Server, count: usize) -> anyhow::Result<Instant> {
    let mut metrics = Stream::connect(server.address).await?;
    let (mut last, mut moved) = (0, stopwatch::now());
    loop {
        let done = counter(&mut metrics, "followup_decisions_total").await?;
        let now = stopwatch::now();
        if done >= count {
            return Ok(now);
        }
        if done > last {
            (last, moved) = (done, now);
        } else if moved.elapsed() > STANDSTILL_MAX {
            bail!("{done} of {count} decisions, and no more");
        }
        stopwatch::wait(LOOK).await;
    }
}
