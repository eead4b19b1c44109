//! Why a mail went or did not; see `store::explain`. Messages one by one are in `story`, those that
//! wait, over all contacts, in `waiting`, what comes next for a contact in `upcoming`.
//!
//! Every list has a limit, and every query starts from an index: of the contact, or of what waits.

mod full;
mod obstacles;
mod story;
mod upcoming;
mod waiting;

use crate::store::sql::db::{Db, Row, params};
use crate::store::sql::engine::Engine;
use async_trait::async_trait;

use super::rows::{collect, first, get, instant, instant_opt};
use super::{SqlStore, pace};
use crate::domain::pause::{Pause, Scope};
use crate::domain::{EmailAddress, Instant};
use crate::store::explain::{
    Explain, Hindrances, MessageInFull, OutboxFilter, OutboxReport, PauseFacts, Remark, Run, Why,
};
use crate::store::{Error, TenantId};

/// How far back in a contact's decisions and events a report looks, rows of each.
const LOOKED_AT_MAX: usize = 1_000;
/// Rows of each list in a report, whatever is asked for.
const ROWS_MAX: usize = 1_000;
/// Enrollments, pauses and things to come that a report names.
const NAMED_MAX: usize = 200;

#[async_trait]
impl<E: Engine> Explain for SqlStore<E> {
    async fn why(
        &self,
        tenant: TenantId,
        email: &EmailAddress,
        limit: usize,
        now: Instant,
    ) -> Result<Why, Error> {
        let email = email.clone();
        self.moment(move |db| {
            // One transaction: what is said of a contact must be of one moment.
            why(db, tenant.0, &email, limit.min(ROWS_MAX), now)
        })
        .await
    }

    async fn why_message(
        &self,
        tenant: TenantId,
        message: &str,
    ) -> Result<Option<MessageInFull>, Error> {
        let message = message.to_owned();
        self.moment(move |db| full::message(db, tenant.0, &message))
            .await
    }

    async fn outbox(&self, tenant: TenantId, filter: OutboxFilter) -> Result<OutboxReport, Error> {
        self.moment(move |db| waiting::outbox(db, tenant.0, &filter))
            .await
    }

    async fn hindrances(&self, tenant: TenantId, now: Instant) -> Result<Hindrances, Error> {
        self.moment(move |db| {
            let quiet = first(
                db,
                "SELECT count(*) AS n FROM contacts WHERE tenant_id = ?1 AND quiet_until > ?2",
                params![tenant.0, now.0],
                |row| get(row, "n"),
            )?;
            let pauses = pace::pauses(db, tenant.0)?.0;
            Ok(Hindrances {
                pauses: pauses
                    .iter()
                    .take(NAMED_MAX)
                    .map(|pause| pause_facts(db, pause))
                    .collect::<Result<_, _>>()?,
                waiting: waiting::by_rule(db, tenant.0, &OutboxFilter::default())?,
                quiet_contacts: quiet.unwrap_or(0),
            })
        })
        .await
    }
}

fn why(
    db: &Db,
    tenant: i64,
    email: &EmailAddress,
    limit: usize,
    now: Instant,
) -> Result<Why, Error> {
    let mut why = Why {
        email: email.to_string(),
        contact: None,
        obstacles: obstacles::suppressions(db, tenant, email)?,
        next: Vec::new(),
        enrollments: Vec::new(),
        messages: Vec::new(),
        refused: Vec::new(),
        remarks: Vec::new(),
    };
    let known = first(
        db,
        "SELECT c.id, c.due_at, c.deleted_at, c.quiet_until, c.quiet_reason, c.merged_into, s.email AS survivor
         FROM contacts c LEFT JOIN contacts s ON s.id = c.merged_into
         WHERE c.tenant_id = ?1 AND c.email = ?2",
        params![tenant, email.as_str()],
        |row| {
            Ok((
                get::<i64>(row, "id")?,
                obstacles::of_row(row, now)?,
                instant_opt(row, "due_at")?,
            ))
        },
    )?;
    let Some((contact, of_contact, due_at)) = known else {
        return Ok(why);
    };
    let pauses = pace::pauses(db, tenant)?;
    why.contact = Some(contact.to_string());
    why.obstacles.extend(of_contact);
    why.enrollments = enrollments(db, tenant, contact)?;
    why.next = upcoming::of_contact(db, tenant, contact, due_at, &pauses)?;
    why.obstacles
        .extend(obstacles::around(&why, db, tenant, contact, &pauses)?);
    why.messages = story::of_contact(db, tenant, contact, &pauses, limit)?;
    why.refused = story::refused(db, tenant, contact, limit)?;
    why.remarks = remarks(db, tenant, contact, limit)?;
    Ok(why)
}

fn enrollments(db: &Db, tenant: i64, contact: i64) -> Result<Vec<Run>, Error> {
    collect(
        db,
        "SELECT e.status, e.exit_reason, e.pause_reason, e.enrolled_at, e.finished_at,
                s.name AS sequence, v.kind
         FROM enrollments e JOIN sequences s ON s.id = e.sequence_id
         LEFT JOIN events v ON v.seq = e.event_seq
         WHERE e.tenant_id = ?1 AND e.contact_id = ?2 ORDER BY e.id DESC LIMIT ?3",
        params![tenant, contact, NAMED_MAX],
        |row| {
            let (ended, paused): (Option<String>, Option<String>) =
                (get(row, "exit_reason")?, get(row, "pause_reason")?);
            Ok(Run {
                sequence: get(row, "sequence")?,
                status: get(row, "status")?,
                reason: ended.or(paused),
                enrolled_by: get(row, "kind")?,
                enrolled_at: time(row, "enrolled_at")?,
                finished_at: time_opt(row, "finished_at")?,
            })
        },
    )
}

fn remarks(db: &Db, tenant: i64, contact: i64, limit: usize) -> Result<Vec<Remark>, Error> {
    collect(
        db,
        "SELECT * FROM (SELECT seq, id, kind, connection, occurred_at, status, remark FROM events
                        WHERE tenant_id = ?1 AND contact_id = ?2 ORDER BY seq DESC LIMIT ?3) AS latest
         WHERE remark IS NOT NULL ORDER BY seq DESC LIMIT ?4",
        params![tenant, contact, LOOKED_AT_MAX, limit],
        |row| {
            Ok(Remark {
                event: get(row, "id")?,
                kind: get(row, "kind")?,
                connection: get(row, "connection")?,
                occurred_at: time(row, "occurred_at")?,
                status: get(row, "status")?,
                remark: get(row, "remark")?,
            })
        },
    )
}

/// The sequences that a contact does not want; for `contact show`.
pub(super) fn opt_outs(db: &Db, tenant: i64, contact: i64) -> Result<Vec<String>, Error> {
    collect(
        db,
        "SELECT sequence FROM opt_outs WHERE tenant_id = ?1 AND contact_id = ?2 ORDER BY at, sequence LIMIT ?3",
        params![tenant, contact, NAMED_MAX],
        |row| get(row, "sequence"),
    )
}

/// The pauses that name the contact itself or its whole tenant; for `contact show`.
pub(super) fn pauses_of(db: &Db, tenant: i64, contact: i64) -> Result<Vec<PauseFacts>, Error> {
    let contact = contact.to_string();
    let pauses = pace::pauses(db, tenant)?.0;
    let mut shown = pauses.iter().filter(|pause| match pause.scope {
        Scope::Tenant => true,
        Scope::Contact => pause.name == contact,
        Scope::Sequence | Scope::Identity | Scope::Plugin => false,
    });
    shown.try_fold(Vec::new(), |mut shown, pause| {
        shown.push(pause_facts(db, pause)?);
        Ok(shown)
    })
}

/// With the contact's address in place of its number.
fn pause_facts(db: &Db, pause: &Pause) -> Result<PauseFacts, Error> {
    let address = match pause.scope {
        Scope::Contact => first(
            db,
            "SELECT email FROM contacts WHERE id = ?1",
            params![pause.name.parse::<i64>().ok()],
            |row| get::<Option<String>>(row, "email"),
        )?
        .flatten(),
        Scope::Tenant | Scope::Sequence | Scope::Identity | Scope::Plugin => None,
    };
    Ok(PauseFacts {
        scope: pause.scope.as_str(),
        name: address.unwrap_or_else(|| pause.name.clone()),
        cause: pause.cause.as_str(),
        reason: pause.reason.clone(),
        since: pause.since.to_string(),
        until: pause.until.map(|at| at.to_string()),
    })
}

fn time(row: &Row<'_>, column: &str) -> Result<String, Error> {
    instant(row, column).map(|at| at.to_string())
}

fn time_opt(row: &Row<'_>, column: &str) -> Result<Option<String>, Error> {
    Ok(instant_opt(row, column)?.map(|at| at.to_string()))
}
