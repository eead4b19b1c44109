//! What else an event does at once, beside ending enrollments: quiet times, bounce counts, touches
//! by hand, and what a colleague's answer means.

use crate::store::sql::db::{Db, params};
use chrono::{NaiveDate, NaiveTime};
use serde_json::json;

use super::exits::{self, Happening};
use super::rows::{collect, execute, first, get};
use super::{contacts, writebacks};
use crate::calendar;
use crate::domain::Instant;
use crate::domain::enrollment::{AccountStop, ExitReason};
use crate::domain::event::kind;
use crate::domain::instant::DAY_MS;
use crate::store::Error;
use crate::store::intake::Reactions;

/// Nobody is left in peace for longer than this by what a mail or a page said.
const QUIET_MAX_MS: i64 = 366 * DAY_MS;

/// Colleagues of one account that an answer concerns; more are stopped by their own answers.
const COLLEAGUES_MAX: usize = 1_000;

/// Returns the enrollments of colleagues that ended, and their messages that a provider holds.
pub(super) fn apply(
    tx: &Db,
    happening: &Happening<'_>,
    occurred_at: Instant,
    contact: i64,
    reactions: &Reactions,
) -> Result<(usize, Vec<i64>), Error> {
    if reactions
        .touch_events
        .iter()
        .any(|kind| kind == happening.kind)
    {
        count_touch(tx, happening, occurred_at, contact)?;
    }
    match happening.kind {
        kind::AUTO_REPLIED => auto_replied(tx, happening, occurred_at, contact, reactions)?,
        kind::SOFT_BOUNCED => return soft_bounced(tx, happening, contact, reactions),
        kind::EMAIL_DELIVERED | kind::REPLIED => {
            execute(
                tx,
                "UPDATE contacts SET soft_bounces = 0 WHERE id = ?1 AND soft_bounces > 0",
                params![contact],
            )?;
        }
        _ => {}
    }
    if !reactions.account_stop.is_empty() && reactions.is_answer(happening.kind) {
        return stop_colleagues(tx, happening, contact, reactions);
    }
    Ok((0, Vec::new()))
}

/// A person of the company reached out by hand.
fn count_touch(
    tx: &Db,
    happening: &Happening<'_>,
    occurred_at: Instant,
    contact: i64,
) -> Result<(), Error> {
    execute(
        tx,
        "INSERT INTO touches (tenant_id, contact_id, at, account_key, domain)
         SELECT tenant_id, id, ?3, account_key, domain FROM contacts WHERE tenant_id = ?1 AND id = ?2",
        // A sender's clock that runs ahead must not block anybody for longer than a touch does.
        params![happening.tenant.0, contact, occurred_at.min(happening.at).0],
    )
    .map(|_| ())
}

/// An absent person is left in peace until the day of return; what the text says beside goes to a
/// colleague as a task.
fn auto_replied(
    tx: &Db,
    happening: &Happening<'_>,
    occurred_at: Instant,
    contact: i64,
    reactions: &Reactions,
) -> Result<(), Error> {
    let (departed, instead) = (happening.says("departed"), happening.text("instead"));
    if happening.says("challenge") {
        return Ok(());
    }
    if departed || instead.is_some() {
        let who = contacts::address(tx, happening.tenant, contact)?.unwrap_or_default();
        let title = match (departed, instead) {
            (true, Some(instead)) => format!("{who} has left: write to {instead} instead?"),
            (true, None) => format!("{who} has left the company: find a successor"),
            _ => format!(
                "{who} is away and names {}",
                instead.unwrap_or("somebody else")
            ),
        };
        ask_a_person(tx, happening, contact, &title)?;
    }
    let zone = first(
        tx,
        "SELECT time_zone FROM contacts WHERE id = ?1",
        params![contact],
        |row| get::<Option<String>>(row, "time_zone"),
    )?
    .flatten()
    .and_then(|name| calendar::named(&name).ok())
    .unwrap_or(reactions.zone);
    let returns_at = happening
        .text("return_on")
        .and_then(|day| day.parse::<NaiveDate>().ok())
        .and_then(|day| calendar::from_local(day.and_time(NaiveTime::MIN), zone).ok());
    // One that is told late is over the sooner.
    let written_at = occurred_at.min(happening.at);
    let until = returns_at.unwrap_or_else(|| written_at.plus_ms(reactions.auto_reply_pause_ms));
    be_quiet(tx, happening, contact, until, "out-of-office")
}

fn be_quiet(
    tx: &Db,
    happening: &Happening<'_>,
    contact: i64,
    until: Instant,
    reason: &str,
) -> Result<(), Error> {
    let until = until.min(happening.at.plus_ms(QUIET_MAX_MS));
    if until <= happening.at {
        return Ok(());
    }
    execute(
        tx,
        "UPDATE contacts SET quiet_until = ?3, quiet_reason = ?4
         WHERE tenant_id = ?1 AND id = ?2 AND coalesce(quiet_until, 0) < ?3",
        params![happening.tenant.0, contact, until.0, reason],
    )
    .map(|_| ())
}

fn ask_a_person(
    tx: &Db,
    happening: &Happening<'_>,
    contact: i64,
    title: &str,
) -> Result<(), Error> {
    let body = json!({
        "title": title,
        "body": happening.text("text").or_else(|| happening.text("excerpt")).unwrap_or_default(),
    });
    let new = writebacks::New {
        tenant: happening.tenant,
        contact,
        enrollment: None,
        decision: None,
        kind: "task",
        body: &body,
        due_at: Some(happening.at),
        now: happening.at,
    };
    writebacks::add(tx, &[new])
}

/// A mailbox that is full for weeks is as good as none.
fn soft_bounced(
    tx: &Db,
    happening: &Happening<'_>,
    contact: i64,
    reactions: &Reactions,
) -> Result<(usize, Vec<i64>), Error> {
    let counted = first(
        tx,
        "UPDATE contacts SET soft_bounces = soft_bounces + 1 WHERE id = ?1 RETURNING soft_bounces, email",
        params![contact],
        |row| {
            Ok((
                get::<u32>(row, "soft_bounces")?,
                get::<Option<String>>(row, "email")?,
            ))
        },
    )?;
    match counted {
        Some((count, Some(email))) if count >= reactions.soft_bounces_max => {
            let reason = format!("{count} soft bounces without a delivery");
            exits::put_on_list(tx, happening, &reason, [Some(&email), None])?;
            let (tenant, at) = (happening.tenant, happening.at);
            exits::end_all(tx, tenant, contact, ExitReason::HardBounce, at)
        }
        _ => Ok((0, Vec::new())),
    }
}

/// One company hears one voice: who has answered need not be asked through a colleague.
fn stop_colleagues(
    tx: &Db,
    happening: &Happening<'_>,
    contact: i64,
    reactions: &Reactions,
) -> Result<(usize, Vec<i64>), Error> {
    let colleagues = collect(
        tx,
        "SELECT c.id FROM contacts c WHERE c.tenant_id = ?1 AND c.id <> ?2
           AND c.account_key = (SELECT account_key FROM contacts WHERE id = ?2)
           AND EXISTS (SELECT 1 FROM enrollments e WHERE e.contact_id = c.id AND (e.status <> 'finished'
                       OR EXISTS (SELECT 1 FROM messages m WHERE m.enrollment_id = e.id
                                  AND m.status IN ('queued', 'held', 'sending'))))
         LIMIT ?3",
        params![happening.tenant.0, contact, COLLEAGUES_MAX],
        |row| get::<i64>(row, "id"),
    )?;
    let (mut finished, mut in_flight) = (0, Vec::new());
    for colleague in colleagues {
        for (enrollment, status, sequence) in exits::open_runs(tx, happening.tenant, colleague)? {
            match reactions.account_stop(&sequence) {
                AccountStop::Nothing => {}
                AccountStop::Delay { ms } => {
                    let until = happening.at.plus_ms(ms);
                    be_quiet(tx, happening, colleague, until, "account-replied")?;
                }
                AccountStop::Stop => {
                    finished += usize::from(status != "finished");
                    in_flight.extend(exits::end(
                        tx,
                        happening.tenant,
                        colleague,
                        enrollment,
                        ExitReason::AccountReplied.as_str(),
                        happening.at,
                    )?);
                }
            }
        }
        contacts::touch(tx, happening.tenant, colleague)?;
    }
    Ok((finished, in_flight))
}
