//! Opens and clicks of our messages that came too soon or too many at once to be a person's.
//!
//! Providers and our own links tell what the request looked like; only the store knows when the
//! message left and what else was clicked. A click about a message of ours waits `BURST_MS` before
//! it is decided, so that one whose like follows within that time can still be seen for what it was.

use crate::store::sql::db::{Db, params};

use super::rows::{collect, execute, first, get, json, to_json};
use crate::domain::event::kind;
use crate::domain::machine::{self, BURST_MS, Signal};
use crate::domain::{Instant, JsonMap, NewEvent};
use crate::store::intake::Arrival;
use crate::store::{Error, TenantId};

/// How far back among a contact's events other clicks are looked for.
const LOOK_BACK_MAX: usize = 100;

/// A click heard before.
struct Click {
    seq: i64,
    waits: bool,
    at: Instant,
    data: JsonMap,
}

/// The event under the kind it deserves, where that is another.
pub(super) fn unmask(
    tx: &Db,
    arrival: &Arrival,
    event: &NewEvent,
) -> Result<Option<NewEvent>, Error> {
    let (Some(message_id), Some(_)) = (&event.message_id, machine::machine_kind(&event.kind))
    else {
        return Ok(None);
    };
    // The call that took it out: before that, nobody but us had it. The answer may come later than
    // a click, the call never does.
    let left = first(
        tx,
        "SELECT coalesce(c.merged_into, c.id) AS contact_id,
                (SELECT max(a.started_at) FROM attempts a WHERE a.message_seq = m.seq) AS left_at
         FROM messages m JOIN contacts c ON c.id = m.contact_id WHERE m.tenant_id = ?1 AND m.id = ?2",
        params![arrival.tenant.0, message_id],
        |row| Ok((get::<i64>(row, "contact_id")?, get::<Option<i64>>(row, "left_at")?)),
    )?;
    let Some((contact, left_at)) = left else {
        return Ok(None);
    };
    let at = event.occurred_at.min(arrival.received_at);
    let burst = burst(tx, arrival.tenant, contact, message_id, at)?;
    let signal = Signal {
        since_sent_ms: left_at.map(|left_at| at.since_ms(Instant(left_at))),
        distinct_links: distinct_links(&burst, event),
        ..Signal::default()
    };
    let unmasked = machine::unmask(event.clone(), &signal);
    if unmasked.kind == event.kind {
        return Ok(None);
    }
    if signal.distinct_links >= machine::BURST_LINKS {
        for click in burst.into_iter().filter(|click| click.waits) {
            rename(tx, click, &unmasked)?;
        }
    }
    Ok(Some(unmasked))
}

/// When the event may be decided: a click that another may follow, after that time.
pub(super) fn decide_at(event: &NewEvent, received_at: Instant) -> Instant {
    if event.kind == kind::LINK_CLICKED && event.message_id.is_some() {
        received_at.plus_ms(BURST_MS)
    } else {
        received_at
    }
}

/// The clicks of the message around this moment.
fn burst(
    tx: &Db,
    tenant: TenantId,
    contact: i64,
    message_id: &str,
    at: Instant,
) -> Result<Vec<Click>, Error> {
    let clicks = collect(
        tx,
        "SELECT seq, kind, status, occurred_at, data FROM
             (SELECT * FROM events WHERE contact_id = ?1 AND tenant_id = ?2 ORDER BY seq DESC LIMIT ?3) AS latest
         WHERE kind IN ('link-clicked', 'machine-clicked') ORDER BY seq DESC",
        params![contact, tenant.0, LOOK_BACK_MAX],
        |row| {
            let human = get::<String>(row, "kind")? == kind::LINK_CLICKED;
            Ok(Click {
                seq: get(row, "seq")?,
                waits: human && get::<String>(row, "status")? == "pending",
                at: Instant(get(row, "occurred_at")?),
                data: json(row, "data")?,
            })
        },
    )?;
    let near = |click: &Click| {
        click.at.since_ms(at).abs() <= BURST_MS
            && click.data.get("message_id").and_then(|id| id.as_str()) == Some(message_id)
    };
    Ok(clicks.into_iter().filter(near).collect())
}

fn distinct_links(burst: &[Click], event: &NewEvent) -> usize {
    let mut urls: Vec<&str> = burst
        .iter()
        .map(|click| &click.data)
        .chain([&event.data])
        .filter_map(|data| data.get("url")?.as_str())
        .collect();
    urls.sort_unstable();
    urls.dedup();
    urls.len()
}

/// An earlier click of the same burst, not decided yet, is a machine's as well.
fn rename(tx: &Db, mut click: Click, like: &NewEvent) -> Result<(), Error> {
    if let Some(why) = like.data.get("machine") {
        click.data.insert("machine".to_owned(), why.clone());
    }
    execute(
        tx,
        "UPDATE events SET kind = ?2, data = ?3, status = 'stored' WHERE seq = ?1 AND status = 'pending'",
        params![click.seq, like.kind, to_json(&click.data)?],
    )?;
    Ok(())
}
