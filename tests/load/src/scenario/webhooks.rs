//! How many signed webhooks are acknowledged, all about new people; beside a server that only stores
//! the same bodies. What follows from them is decided meanwhile, as it is in life.

use super::{CONNECTIONS, NOWHERE};
use crate::figures::{Figure, quantile_ms};
use crate::folder::{Folder, Steps};
use crate::people::People;
use crate::server::Server;
use crate::stopwatch::rate;
use crate::{Size, client};

pub(crate) async fn webhooks(folder: &Folder, size: Size) -> anyhow::Result<Vec<Figure>> {
    let people = People::new(size.fields)?;
    let site = folder.site(Steps::MailMuchLater, NOWHERE, "")?;

    let bare = Server::start_bare(&site.path("bare.db"))?;
    let floor = measure(&bare, &people, size.webhooks).await?;
    bare.stop()?;
    let server = Server::start(&site)?;
    let ours = measure(&server, &people, size.webhooks).await?;
    server.stop()?;

    Ok(vec![
        Figure::new("webhooks acknowledged, bare server", "/s", floor.per_s),
        Figure::new("webhooks: p99, bare server", "ms", floor.p99_ms),
        Figure::new(
            "webhooks: processor, bare server",
            "us each",
            floor.processor_us,
        ),
        Figure::new("webhooks acknowledged", "/s", ours.per_s),
        Figure::new(
            "webhooks: of the bare server",
            "ratio",
            ours.per_s / floor.per_s,
        )
        .at_least(0.6),
        Figure::new("webhooks: p50", "ms", ours.p50_ms),
        Figure::new("webhooks: p99", "ms", ours.p99_ms).at_most(10.0),
        Figure::new(
            "webhooks: processor, decisions included",
            "us each",
            ours.processor_us,
        ),
    ])
}

struct Measured {
    per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    processor_us: f64,
}

async fn measure(server: &Server, people: &People, count: usize) -> anyhow::Result<Measured> {
    // The first ones open connections and fill caches.
    let warm_up = people.webhooks(count / 20);
    client::send(server.address, warm_up, CONNECTIONS, None).await?;
    let requests = people.webhooks(count);
    let before_s = server.processor_s()?;
    let flood = client::send(server.address, requests, CONNECTIONS, None).await?;
    let latencies = flood.latencies();
    Ok(Measured {
        per_s: rate(count, flood.took),
        p50_ms: quantile_ms(&latencies, 0.5),
        p99_ms: quantile_ms(&latencies, 0.99),
        processor_us: (server.processor_s()? - before_s) * 1e6 / count as f64,
    })
}
