//! Loading what a decision needs: see `store::work`.

use std::sync::Arc;

use crate::store::sql::db::{Db, Row, params};
use crate::store::sql::engine::Engine;
use async_trait::async_trait;
use futures_util::future::join_all;

use super::rows::{collect, execute, first, get, instant, instant_opt, json, json_opt};
use super::{SqlStore, pace, register, work_commit};
use crate::domain::decision::{AccountView, Timer, Touch};
use crate::domain::enrollment::EnrollmentStatus;
use crate::domain::pause::Pauses;
use crate::domain::{EmailAddress, Event, Instant, JsonMap};
use crate::store::work::{
    Committed, Decided, DecidedBy, Depth, DueContact, PendingEvent, Registered, Setup,
    StoredEnrollment, StoredTimer, StoredTouch, Thread, Undecided, Work,
};
use crate::store::{Bell, DEFAULT_TENANT, Error, TenantId};

#[async_trait]
impl<E: Engine> Work for SqlStore<E> {
    async fn register(&self, setup: Setup) -> Result<Registered, Error> {
        let registered = self
            .write_alone(move |tx| register::register(tx, &setup))
            .await?;
        self.ring(Bell::Decide);
        self.ring(Bell::Hydrate);
        Ok(registered)
    }

    async fn due_contacts(
        &self,
        now: Instant,
        limit: usize,
        depth: Depth,
    ) -> Result<Vec<DueContact>, Error> {
        let taken = self.engine.take_contacts(now, limit).await?;
        self.moment(move |db| {
            // One transaction: the parts of a contact must be of one moment.
            let due = match &taken {
                Some(taken) => taken.clone(),
                None => collect(
                db,
                "SELECT id FROM contacts WHERE due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at, id LIMIT ?2",
                params![now.0, limit],
                |row| get::<i64>(row, "id"),
            )?,
            };
            if due.is_empty() {
                return Ok(Vec::new());
            }
            let pauses = Arc::new(pace::pauses(db, DEFAULT_TENANT.0)?);
            due.into_iter()
                .map(|contact| load(db, contact, depth, now, Arc::clone(&pauses)))
                .collect()
        })
        .await
    }

    async fn next_due_at(&self) -> Result<Option<Instant>, Error> {
        self.read(|db| {
            let at = first(
                db,
                "SELECT min(due_at) AS at FROM contacts WHERE due_at IS NOT NULL",
                params![],
                |row| instant_opt(row, "at"),
            )?;
            Ok(at.flatten())
        })
        .await
    }

    async fn commit(&self, contacts: Vec<Decided>) -> Vec<Result<Committed, Error>> {
        // Polled together, all jobs are queued before the first answer, so that they share a commit.
        let jobs = contacts
            .into_iter()
            .map(|decided| self.write(move |tx| work_commit::commit(tx, &decided)));
        let committed = join_all(jobs).await;
        self.ring(Bell::Deliver);
        self.ring(Bell::WriteBack);
        committed
    }

    async fn postpone(&self, contact_id: i64, until: Instant) -> Result<(), Error> {
        self.write(move |tx| {
            execute(
                tx,
                "UPDATE contacts SET due_at = ?2 WHERE id = ?1",
                params![contact_id, until.0],
            )
            .map(|_| ())
        })
        .await
    }
}

fn load(
    db: &Db,
    contact: i64,
    depth: Depth,
    now: Instant,
    pauses: Arc<Pauses>,
) -> Result<DueContact, Error> {
    let mut due = first(
        db,
        &format!(
            "SELECT c.*, {} AS suppressed FROM contacts c WHERE c.id = ?1",
            pace::SUPPRESSED
        ),
        params![contact],
        |row| {
            let account: Option<JsonMap> = json_opt(row, "account")?;
            Ok(DueContact {
                tenant: TenantId(get(row, "tenant_id")?),
                id: contact,
                version: get(row, "version")?,
                email: email(get(row, "email")?)?,
                time_zone: get(row, "time_zone")?,
                locale: get(row, "locale")?,
                attributes: json(row, "attributes")?,
                account: account.map(account_view),
                deleted: get::<Option<i64>>(row, "deleted_at")?.is_some(),
                suppressed: get(row, "suppressed")?,
                quiet: pace::quiet(row)?,
                opt_outs: Vec::new(),
                pauses,
                promised: pace::promised(db, contact, now)?,
                recent: pace::around_contact(
                    db,
                    get(row, "tenant_id")?,
                    contact,
                    get::<Option<String>>(row, "account_key")?.as_deref(),
                    now,
                    depth.lookback,
                )?,
                events: Vec::new(),
                later_kinds: Vec::new(),
                enrollments: Vec::new(),
                touches: Vec::new(),
                history: Vec::new(),
            })
        },
    )?
    .ok_or_else(|| Error::Invalid(format!("contact {contact} is gone")))?;
    let tenant = due.tenant.0;
    due.events = collect(
        db,
        "SELECT seq, depth, id, kind, occurred_at, data FROM events
         WHERE contact_id = ?1 AND status = 'pending' AND tenant_id = ?2 ORDER BY seq LIMIT ?3",
        params![contact, tenant, depth.events_max],
        |row| {
            Ok(PendingEvent {
                seq: get(row, "seq")?,
                depth: get(row, "depth")?,
                event: event(row)?,
            })
        },
    )?;
    if let Some(last) = due.events.last()
        && due.events.len() >= depth.events_max
    {
        due.later_kinds = collect(
            db,
            "SELECT DISTINCT kind FROM events
             WHERE contact_id = ?1 AND status = 'pending' AND tenant_id = ?2 AND seq > ?3 ORDER BY kind",
            params![contact, tenant, last.seq],
            |row| get(row, "kind"),
        )?;
    }
    due.history = collect(
        db,
        "SELECT id, kind, occurred_at, data FROM events
         WHERE contact_id = ?1 AND tenant_id = ?2 AND status = 'decided' ORDER BY seq DESC LIMIT ?3",
        params![contact, tenant, depth.history_max],
        event,
    )?;
    due.opt_outs = collect(
        db,
        "SELECT sequence FROM opt_outs WHERE contact_id = ?1 AND tenant_id = ?2 ORDER BY sequence",
        params![contact, tenant],
        |row| get(row, "sequence"),
    )?;
    due.touches = touches(db, tenant, contact, depth.touches_max)?;
    due.enrollments = collect(
        db,
        "SELECT e.*, p.version AS plugin_version FROM enrollments e LEFT JOIN plugins p ON p.id = e.plugin_id
         WHERE e.contact_id = ?1 AND e.tenant_id = ?2 ORDER BY e.id",
        params![contact, tenant],
        |row| enrollment(db, tenant, row),
    )?;
    Ok(due)
}

fn enrollment(db: &Db, tenant: i64, row: &Row<'_>) -> Result<StoredEnrollment, Error> {
    let id: i64 = get(row, "id")?;
    let status: String = get(row, "status")?;
    let status = EnrollmentStatus::ALL
        .into_iter()
        .find(|s| s.as_str() == status)
        .ok_or_else(|| {
            Error::Invalid(format!("enrollment {id} has the unknown status {status}"))
        })?;
    let finished = status == EnrollmentStatus::Finished;
    let timers = |row: &Row<'_>| {
        Ok(StoredTimer {
            timer: Timer {
                name: get(row, "name")?,
                at: instant(row, "due_at")?,
                data: json(row, "data")?,
            },
            asked: json_opt(row, "asked")?,
            set_at: instant(row, "set_at")?,
        })
    };
    let undecided = |row: &Row<'_>| {
        Ok(Undecided {
            event: json(row, "event")?,
            depth: get(row, "depth")?,
            attempts: get(row, "attempts")?,
            due_at: instant_opt(row, "due_at")?,
            fault: json_opt(row, "fault")?,
            fingerprint: get(row, "fingerprint")?,
        })
    };
    Ok(StoredEnrollment {
        id,
        sequence_id: get(row, "sequence_id")?,
        event_seq: get(row, "event_seq")?,
        status,
        pause_reason: get(row, "pause_reason")?,
        enrolled_at: instant(row, "enrolled_at")?,
        finished_at: instant_opt(row, "finished_at")?,
        lag_ms: get(row, "lag_ms")?,
        waiting_since: if finished {
            None
        } else {
            first(
                db,
                "SELECT min(asked_at) AS at FROM messages
                 WHERE enrollment_id = ?1 AND status IN ('queued', 'held', 'sending')",
                params![id],
                |row| instant_opt(row, "at"),
            )?
            .flatten()
        },
        decisions: get(row, "decisions")?,
        restarted_at: get(row, "restarted_at")?,
        decided_by: match get(row, "plugin_id")? {
            Some(plugin_id) => Some(DecidedBy {
                plugin_id,
                version: get(row, "plugin_version")?,
            }),
            None => None,
        },
        state: get(row, "state")?,
        timers: if finished {
            Vec::new()
        } else {
            collect(
                db,
                "SELECT * FROM timers WHERE enrollment_id = ?1 AND tenant_id = ?2 ORDER BY due_at, name",
                params![id, tenant],
                timers,
            )?
        },
        undecided: if finished {
            Vec::new()
        } else {
            collect(
                db,
                "SELECT * FROM undecided WHERE enrollment_id = ?1 AND tenant_id = ?2 ORDER BY id",
                params![id, tenant],
                undecided,
            )?
        },
    })
}

/// Of the whole mail, only what continuing it takes; what never arrived cannot be. It is called what its
/// reader knows it by: some providers replace our Message-ID.
fn thread(row: &Row<'_>) -> Result<Option<Thread>, Error> {
    let thread: Option<Thread> = json_opt(row, "mail")?;
    let seen: Option<String> = get(row, "rfc_message_id")?;
    Ok(thread.map(|thread| Thread {
        message_id: seen.unwrap_or(thread.message_id),
        ..thread
    }))
}

/// `domain::event::kind::EMAIL_SENT`, spelled out: a bound word would not find its index. What is only
/// stored is our own copy, told back.
pub(in crate::store) const SENT_BY_A_REP: &str = "SELECT id, kind, occurred_at, data FROM events
     WHERE contact_id = ?1 AND tenant_id = ?2 AND kind = 'email-sent' AND status <> 'stored'
     ORDER BY seq DESC LIMIT ?3";

/// Our messages and the mails a rep sent, newest first.
fn touches(db: &Db, tenant: i64, contact: i64, limit: usize) -> Result<Vec<StoredTouch>, Error> {
    let mut all = collect(
        db,
        "SELECT m.id, m.subject, m.template, m.status, m.sent_at, m.due_at, m.rfc_message_id, s.name AS sequence,
                CASE WHEN m.status IN ('sent', 'delivered', 'uncertain', 'complained') THEN m.mail END AS mail
         FROM messages m
         JOIN enrollments e ON e.id = m.enrollment_id JOIN sequences s ON s.id = e.sequence_id
         WHERE m.contact_id = ?1 AND m.tenant_id = ?2 ORDER BY m.seq DESC LIMIT ?3",
        params![contact, tenant, limit],
        |row| {
            let at = instant_opt(row, "sent_at")?.unwrap_or(instant(row, "due_at")?);
            Ok(StoredTouch {
                touch: Touch {
                    id: get(row, "id")?,
                    kind: "email".to_owned(),
                    at,
                    subject: get(row, "subject")?,
                    template: get(row, "template")?,
                    sequence: get(row, "sequence")?,
                    status: get(row, "status")?,
                },
                thread: thread(row)?,
            })
        },
    )?;
    all.extend(collect(
        db,
        SENT_BY_A_REP,
        params![contact, tenant, limit],
        |row| {
            let event = event(row)?;
            let text = |name: &str| {
                event
                    .data
                    .get(name)
                    .and_then(|v| v.as_str())
                    .map(str::to_owned)
            };
            let subject = text("subject");
            Ok(StoredTouch {
                thread: text("message_id").map(|message_id| Thread {
                    message_id,
                    references: Vec::new(),
                    subject: subject.clone().unwrap_or_default(),
                }),
                touch: Touch {
                    id: event.id,
                    kind: "email".to_owned(),
                    at: event.occurred_at,
                    subject,
                    template: None,
                    sequence: None,
                    status: "reported".to_owned(),
                },
            })
        },
    )?);
    all.sort_by_key(|touch| std::cmp::Reverse(touch.touch.at));
    all.truncate(limit);
    Ok(all)
}

pub(super) fn event(row: &Row<'_>) -> Result<Event, Error> {
    Ok(Event {
        id: get(row, "id")?,
        kind: get(row, "kind")?,
        occurred_at: instant(row, "occurred_at")?,
        data: json(row, "data")?,
    })
}

pub(super) fn email(text: Option<String>) -> Result<Option<EmailAddress>, Error> {
    text.map(|text| {
        EmailAddress::parse(&text)
            .map_err(|e| Error::Invalid(format!("stored address {text:?} {e}")))
    })
    .transpose()
}

/// `id` and `name` have names of their own; the rest are attributes.
pub(super) fn account_view(mut fields: JsonMap) -> AccountView {
    let mut text = |name: &str| {
        fields.shift_remove(name).map(|value| match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        })
    };
    let name = text("name");
    AccountView {
        id: text("id").or_else(|| name.clone()).unwrap_or_default(),
        name,
        attributes: fields,
    }
}
