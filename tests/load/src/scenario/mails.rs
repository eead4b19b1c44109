//! From a webhook to the provider: sustained, at half of that, and while nothing else happens.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::CONNECTIONS;
use crate::Size;
use crate::client::{self, Flood};
use crate::figures::{Figure, quantile_ms};
use crate::folder::{Folder, Steps};
use crate::people::People;
use crate::provider::Provider;
use crate::server::Server;
use crate::stopwatch::{self, rate};

/// Webhooks while nothing else happens.
const IDLE: usize = 200;
const IDLE_PER_S: f64 = 50.0;
/// How long half the load lasts, at most.
const HALF_MAX_S: f64 = 10.0;

pub(crate) async fn mails(folder: &Folder, size: Size) -> anyhow::Result<Vec<Figure>> {
    let people = People::new(size.fields)?;
    let provider = Provider::start().await?;
    let base = format!("http://{}", provider.address);
    let site = folder.site(Steps::AtOnce, &base, "")?;
    let server = Server::start(&site)?;
    let run = Run {
        server: &server,
        provider: &provider,
        people: &people,
    };
    run.through(size.mails / 20, None).await?;

    let before_s = server.processor_s()?;
    let flood = run.through(size.mails, None).await?;
    let processor_us = (server.processor_s()? - before_s) * 1e6 / size.mails as f64;
    let per_s = rate(size.mails, flood.took);

    let half = per_s / 2.0;
    let count = (half * HALF_MAX_S).min(size.mails as f64) as usize;
    let half_load = run.through(count, Some(half)).await?;
    let idle = run.through(IDLE, Some(IDLE_PER_S)).await?;
    let most_mb = server.resident_most_mb()?;
    server.stop()?;
    Ok(vec![
        Figure::new("mails: webhook to provider, sustained", "/s", per_s).at_least(6_000.0),
        Figure::new("mails: processor", "us each", processor_us),
        Figure::new(
            "mails: p50 at half load",
            "ms",
            quantile_ms(&half_load.latencies, 0.5),
        ),
        Figure::new(
            "mails: p99 at half load",
            "ms",
            quantile_ms(&half_load.latencies, 0.99),
        )
        .at_most(100.0),
        Figure::new("mails: p50 idle", "ms", quantile_ms(&idle.latencies, 0.5)).at_most(4.0),
        Figure::new("mails: p99 idle", "ms", quantile_ms(&idle.latencies, 0.99)),
        Figure::new("mails: memory, most", "MB", most_mb).at_most(150.0),
    ])
}

struct Run<'a> {
    server: &'a Server,
    provider: &'a Provider,
    people: &'a People,
}

/// All of it, from the first webhook to the last mail.
struct Through {
    took: Duration,
    /// From the moment a webhook was due to the provider's call.
    latencies: Vec<Duration>,
}

impl Run<'_> {
    async fn through(&self, count: usize, per_s: Option<f64>) -> anyhow::Result<Through> {
        let first = self.people.next();
        let requests = self.people.webhooks(count);
        let started = stopwatch::now();
        let sent = client::send(self.server.address, requests, CONNECTIONS, per_s).await?;
        self.provider.wait_for(count).await;
        let took = started.elapsed();
        let latencies = latencies(first, &sent, self.provider.drain());
        anyhow::ensure!(
            latencies.len() == count,
            "{} of {count} mails",
            latencies.len()
        );
        Ok(Through { took, latencies })
    }
}

/// The webhooks are of people in order, from `first` on.
fn latencies(first: usize, sent: &Flood, mails: Vec<(usize, Instant)>) -> Vec<Duration> {
    let mails: HashMap<_, _> = mails.into_iter().collect();
    let of = |(place, (due, _)): (usize, &(Instant, Duration))| {
        mails
            .get(&(first + place))
            .map(|came| came.duration_since(*due))
    };
    sent.answered.iter().enumerate().filter_map(of).collect()
}
