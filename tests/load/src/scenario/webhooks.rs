//! How many signed webhooks are acknowledged: about new people, who are enrolled meanwhile, as it is in
//! life; and about visits of people who are known, which is most of what comes. Beside a server that only
//! stores the same bodies.

use super::{CONNECTIONS, NOWHERE, decided};
use crate::figures::{Figure, quantile_ms};
use crate::folder::{Folder, Steps};
use crate::people::People;
use crate::server::Server;
use crate::stopwatch::rate;
use crate::{Size, client};

pub(crate) async fn webhooks(folder: &Folder, size: Size) -> anyhow::Result<Vec<Figure>> {
    let people = People::new(size.fields)?;
    let site = folder.site(Steps::MuchLater, NOWHERE, "")?;
    let (count, warm_up) = (size.webhooks, size.webhooks / 20);

    let bare = Server::start_bare(&site.path("bare.db"))?;
    measure(&bare, people.webhooks(warm_up)).await?;
    let floor = measure(&bare, people.webhooks(count)).await?;
    bare.stop()?;

    let server = Server::start(&site)?;
    let first = people.next();
    measure(&server, people.webhooks(warm_up)).await?;
    let new = measure(&server, people.webhooks(count)).await?;
    decided(&server, warm_up + count).await?;
    let known = measure(&server, people.visits(first..first + count)).await?;
    server.stop()?;

    let mut figures = vec![
        Figure::new("webhooks, bare server", "/s", floor.per_s),
        Figure::new("webhooks, bare server: p99", "ms", floor.p99_ms),
        Figure::new(
            "webhooks, bare server: processor",
            "us each",
            floor.processor_us,
        ),
    ];
    for (whom, ours) in [("known", known), ("new", new)] {
        let named = |what: &str| format!("webhooks, {whom} people{what}");
        figures.extend([
            Figure::new(named(""), "/s", ours.per_s),
            Figure::new(
                named(": of the bare server"),
                "ratio",
                ours.per_s / floor.per_s,
            )
            .at_least(0.6),
            Figure::new(named(": p50"), "ms", ours.p50_ms),
            Figure::new(named(": p99"), "ms", ours.p99_ms).at_most(10.0),
            Figure::new(named(": processor"), "us each", ours.processor_us),
        ]);
    }
    Ok(figures)
}

struct Measured {
    per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    processor_us: f64,
}

async fn measure(server: &Server, requests: Vec<Vec<u8>>) -> anyhow::Result<Measured> {
    let count = requests.len();
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
