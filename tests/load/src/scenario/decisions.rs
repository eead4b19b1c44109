//! How fast stored events are decided: each enrols somebody new, whose policy sets a timer.

use followup::clock::{Clock, SystemClock};

use super::{NOWHERE, decided};
use crate::Size;
use crate::figures::Figure;
use crate::folder::{Folder, Steps};
use crate::people::People;
use crate::server::Server;
use crate::stopwatch::{self, rate};
use crate::town::Town;

pub(crate) async fn decisions(folder: &Folder, size: Size) -> anyhow::Result<Vec<Figure>> {
    let people = People::new(size.fields)?;
    let site = folder.site(Steps::MuchLater, NOWHERE, "")?;
    let town = Town::open(&site, SystemClock.now()).await?;
    town.hear(&people, size.decisions).await?;
    town.close().await;

    let server = Server::start(&site)?;
    let before_s = server.processor_s()?;
    let started = stopwatch::now();
    let done = decided(&server, size.decisions).await?;
    let took = done.duration_since(started);
    let processor_us = (server.processor_s()? - before_s) * 1e6 / size.decisions as f64;
    server.stop()?;
    Ok(vec![
        Figure::new(
            "decisions on stored events",
            "/s",
            rate(size.decisions, took),
        )
        .at_least(12_000.0),
        Figure::new("decisions: processor", "us each", processor_us),
    ])
}
