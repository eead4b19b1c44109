//! What many enrollments that wait cost: work beside them, bytes, memory, start-up; and what it takes
//! when a part of them wakes at one instant.

use followup::clock::{Clock, SystemClock};
use followup::domain::Instant;
use followup::domain::instant::{DAY_MS, HOUR_MS};
use rusqlite::{Connection, OpenFlags};

use super::{CONNECTIONS, NOWHERE, decided};
use crate::figures::Figure;
use crate::folder::{Folder, Site, Steps};
use crate::people::People;
use crate::server::Server;
use crate::stopwatch::{self, ms, rate};
use crate::town::Town;
use crate::{Size, client};

/// Tables of what is planned; the others are history.
const PLANNED: [&str; 4] = ["contacts", "contact_refs", "enrollments", "timers"];

/// Webhooks beside the sleepers, per measurement.
const BESIDE: usize = 5_000;

/// How often work is measured beside few and beside many.
const TURNS: usize = 3;

pub(crate) async fn sleepers(folder: &Folder, size: Size) -> anyhow::Result<Vec<Figure>> {
    let now = SystemClock.now();
    let people = People::new(size.fields)?;
    let few = asleep(folder, &people, size.few_asleep, now).await?;
    let many = asleep(folder, &people, size.many_asleep, now).await?;

    let mut figures = sizes(&many, size.many_asleep)?;
    // The first start after writing so much reads and tidies up.
    Server::start(&many)?.stop()?;
    let server = Server::start(&many)?;
    figures.push(Figure::new("asleep: start-up", "ms", ms(server.started_in)).at_most(300.0));
    figures.push(Figure::new("asleep: memory, idle", "MB", server.resident_mb()?).at_most(40.0));
    let beside_few = Server::start(&few)?;
    for _ in 0..TURNS {
        let few = work(&beside_few, &people).await?;
        let many = work(&server, &people).await?;
        figures.push(Figure::new(
            "asleep: processor of work beside few",
            "us each",
            few.processor_us,
        ));
        figures.push(Figure::new(
            "asleep: processor of work beside many",
            "us each",
            many.processor_us,
        ));
        let ratio = many.processor_us / few.processor_us;
        figures.push(Figure::new("asleep: work beside many, of few", "ratio", ratio).at_most(1.2));
        figures.push(Figure::new("asleep: decided beside few", "/s", few.per_s));
        figures.push(Figure::new("asleep: decided beside many", "/s", many.per_s));
    }
    let most_mb = server.resident_most_mb()?;
    figures.push(Figure::new("asleep: memory, most", "MB", most_mb).at_most(150.0));
    server.stop()?;
    beside_few.stop()?;
    drop((few, many));
    figures.extend(wake(folder, &people, size.timers, now).await?);
    Ok(figures)
}

async fn asleep(
    folder: &Folder,
    people: &People,
    count: usize,
    now: Instant,
) -> anyhow::Result<Site> {
    let site = folder.site(Steps::MuchLater, NOWHERE, "")?;
    put_to_sleep(&site, people, count, now).await?;
    Ok(site)
}

async fn put_to_sleep(
    site: &Site,
    people: &People,
    count: usize,
    now: Instant,
) -> anyhow::Result<()> {
    let started = stopwatch::now();
    let town = Town::open(site, now).await?;
    town.hear(people, count).await?;
    town.decide().await?;
    town.close().await;
    eprintln!(
        "{count} asleep after {:.0} s",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

struct Work {
    per_s: f64,
    processor_us: f64,
}

/// New people come, and are decided for.
async fn work(server: &Server, people: &People) -> anyhow::Result<Work> {
    let mut metrics = client::Stream::connect(server.address).await?;
    let before = client::counter(&mut metrics, "followup_decisions_total").await?;
    let before_s = server.processor_s()?;
    let requests = people.webhooks(BESIDE);
    let started = stopwatch::now();
    client::send(server.address, requests, CONNECTIONS, None).await?;
    let done = decided(server, before + BESIDE).await?;
    Ok(Work {
        per_s: rate(BESIDE, done.duration_since(started)),
        processor_us: (server.processor_s()? - before_s) * 1e6 / BESIDE as f64,
    })
}

/// Bytes on disk, indexes included.
fn sizes(site: &Site, count: usize) -> anyhow::Result<Vec<Figure>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let store = Connection::open_with_flags(site.store(), flags)?;
    let mut tables = store.prepare(
        "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_schema m ON m.name = s.name
         WHERE s.aggregate = TRUE GROUP BY m.tbl_name ORDER BY 2 DESC",
    )?;
    let tables = tables
        .query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, f64>(1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let each = |bytes: f64| bytes / count as f64;
    let planned = |(name, _): &&(String, f64)| PLANNED.contains(&name.as_str());
    let sum = |bytes: f64, (_, more): &(String, f64)| bytes + more;
    let mut figures = vec![
        Figure::new(
            "asleep: on disk, contact and plan",
            "bytes each",
            each(tables.iter().filter(planned).fold(0.0, sum)),
        )
        .at_most(400.0),
        Figure::new(
            "asleep: on disk, all history too",
            "bytes each",
            each(tables.iter().fold(0.0, sum)),
        ),
    ];
    for (name, bytes) in tables.iter().filter(|(_, bytes)| each(*bytes) >= 1.0) {
        figures.push(Figure::new(
            format!("asleep: on disk, {name}"),
            "bytes each",
            each(*bytes),
        ));
    }
    Ok(figures)
}

/// All timers are due at one instant, an hour ago; their mails wait for a window that is closed.
async fn wake(
    folder: &Folder,
    people: &People,
    count: usize,
    now: Instant,
) -> anyhow::Result<Vec<Figure>> {
    let site = folder.site(Steps::InTwoDays, NOWHERE, &closed_window(now))?;
    put_to_sleep(&site, people, count, now.plus_ms(-2 * DAY_MS - HOUR_MS)).await?;
    let server = Server::start(&site)?;
    let before_s = server.processor_s()?;
    let started = stopwatch::now();
    let done = decided(&server, count).await?;
    let took = done.duration_since(started).as_secs_f64();
    let processor_us = (server.processor_s()? - before_s) * 1e6 / count as f64;
    let most_mb = server.resident_most_mb()?;
    server.stop()?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let store = Connection::open_with_flags(site.store(), flags)?;
    let queued: usize = store.query_row(
        "SELECT count(*) FROM messages WHERE status = 'queued'",
        [],
        |row| row.get::<_, i64>(0).map(|count| count as usize),
    )?;
    anyhow::ensure!(queued == count, "{queued} of {count} messages are queued");
    Ok(vec![
        Figure::new(
            format!("timers: {count} at one instant, decided and queued"),
            "s",
            took,
        )
        .at_most(8.0 * count as f64 / 100_000.0),
        Figure::new("timers: decided", "/s", count as f64 / took),
        Figure::new("timers: processor", "us each", processor_us),
        Figure::new("timers: memory, most", "MB", most_mb).at_most(150.0),
    ])
}

/// Mails leave on the weekday that is three days away.
fn closed_window(now: Instant) -> String {
    let day = now.plus_ms(3 * DAY_MS).to_utc().format("%a").to_string();
    format!("\"{} 09:00-17:00\"", day.to_lowercase())
}
