//! The outbox: claimed, set aside, attempted; see `store::outbox`. How an attempt ends is in
//! `conclude`.

use std::sync::Arc;

use crate::store::sql::db::{Db, Held, Row, params};
use crate::store::sql::engine::Engine;
use async_trait::async_trait;

use super::rows::{collect, execute, first, get, instant, instant_opt, json, json_opt, to_json};
use super::{SqlStore, conclude, looks, pace, work, writebacks};
use crate::domain::decision::ContactView;
use crate::domain::enrollment::ExitReason;
use crate::domain::pause::Scope;
use crate::domain::touch::{Lookback, Recent};
use crate::domain::{Instant, JsonMap, doubt};
use crate::store::outbox::{
    Aside, Claim, Conclusion, Doubtful, DueMessage, Health, Look, OpenAttempt, Outbox, SetAside,
};
use crate::store::{Bell, Duty, Error, TenantId};

/// True of a row of messages of which any attempt may have been accepted. A later one that certainly
/// was not changes nothing of that: such a message is never called cancelled.
pub(super) const IN_DOUBT: &str =
    "EXISTS (SELECT 1 FROM attempts a WHERE a.message_seq = messages.seq
             AND a.outcome ->> 'outcome' = 'in-doubt')";

#[async_trait]
impl<E: Engine> Outbox for SqlStore<E> {
    async fn due_messages(
        &self,
        now: Instant,
        limit: usize,
        lookback: Lookback,
    ) -> Result<Vec<DueMessage>, Error> {
        if !self.engine.has(Duty::Deliver) {
            return Ok(Vec::new());
        }
        self.moment(move |db| {
            // One transaction: a message and what it is judged by must be of one moment.
            let mut due = collect(
                db,
                &format!(
                    "SELECT m.*, c.email, c.attributes, c.time_zone, c.locale, c.account, c.version,
                            c.account_key, c.quiet_until, c.quiet_reason,
                            coalesce({}, CASE WHEN c.deleted_at IS NOT NULL THEN 'contact-deleted' END)
                                AS suppressed
                     FROM messages m JOIN contacts c ON c.id = m.contact_id
                     WHERE m.status = 'queued' AND m.due_at <= ?1 ORDER BY m.due_at, m.seq LIMIT ?2",
                    pace::SUPPRESSED
                ),
                params![now.0, limit],
                due_message,
            )?;
            if due.is_empty() {
                return Ok(due);
            }
            pace::look_around(db, &mut due, now, lookback)?;
            Ok(due)
        })
        .await
    }

    async fn next_message_at(&self) -> Result<Option<Instant>, Error> {
        if !self.engine.has(Duty::Deliver) {
            return Ok(None);
        }
        self.read(|db| {
            let at = first(
                db,
                "SELECT min(at) AS at FROM (
                   SELECT min(due_at) AS at FROM messages WHERE status = 'queued'
                   UNION ALL SELECT min(look_at) FROM messages WHERE status = 'uncertain' AND look_at IS NOT NULL
                   UNION ALL SELECT min(until) FROM pauses WHERE lifted_at IS NULL) AS times",
                params![],
                |row| instant_opt(row, "at"),
            )?;
            Ok(at.flatten())
        })
        .await
    }

    async fn claim(&self, claims: Vec<Claim>, now: Instant) -> Result<Vec<bool>, Error> {
        self.write(move |tx| {
            let messages: Vec<i64> = claims.iter().map(|claim| claim.seq).collect();
            tx.hold(Held::ContactsOf(&messages))?;
            claims
                .iter()
                .map(|claim| claim_one(tx, claim, now))
                .collect()
        })
        .await
    }

    async fn take_back(&self, claims: Vec<(i64, Instant)>, now: Instant) -> Result<usize, Error> {
        self.write(move |tx| {
            let mut taken = 0;
            for (seq, claimed_at) in &claims {
                taken += usize::from(conclude::take_back(tx, *seq, *claimed_at, now)?);
            }
            Ok(taken)
        })
        .await
    }

    async fn set_aside(&self, asides: Vec<SetAside>, now: Instant) -> Result<(), Error> {
        self.write(move |tx| {
            let messages: Vec<i64> = asides.iter().map(|aside| aside.seq).collect();
            tx.hold(Held::ContactsOf(&messages))?;
            asides
                .iter()
                .try_for_each(|aside| set_aside(tx, aside, now))
        })
        .await?;
        self.ring(Bell::Decide);
        self.ring(Bell::WriteBack);
        Ok(())
    }

    async fn conclude(&self, conclusion: Conclusion) -> Result<(), Error> {
        self.write(move |tx| conclude::conclude(tx, &conclusion))
            .await?;
        self.ring(Bell::Concluded);
        // Timers may have waited for this message.
        self.ring(Bell::Decide);
        self.ring(Bell::WriteBack);
        Ok(())
    }

    async fn take_doubtful(&self, now: Instant, limit: usize) -> Result<Vec<Doubtful>, Error> {
        if !self.engine.has(Duty::Deliver) {
            return Ok(Vec::new());
        }
        // Looked for without writing: most of the time there is none.
        if self
            .read(move |db| looks::due(db, now, 1))
            .await?
            .is_empty()
        {
            return Ok(Vec::new());
        }
        self.write(move |tx| looks::take(tx, now, limit)).await
    }

    async fn looked(&self, look: Look) -> Result<(), Error> {
        self.write(move |tx| looks::looked(tx, &look)).await
    }

    async fn open_attempts(&self) -> Result<Vec<OpenAttempt>, Error> {
        self.read(|db| {
            collect(
                db,
                "SELECT seq, id, provider, attempts, first_attempt_at FROM interrupted_messages",
                params![],
                |row| {
                    Ok(OpenAttempt {
                        seq: get(row, "seq")?,
                        id: get(row, "id")?,
                        provider: get(row, "provider")?,
                        attempts: get(row, "attempts")?,
                        first_attempt_at: instant(row, "first_attempt_at")?,
                    })
                },
            )
        })
        .await
    }

    async fn health(
        &self,
        tenant: TenantId,
        scope: Scope,
        name: &str,
        since: Instant,
    ) -> Result<Health, Error> {
        let name = name.to_owned();
        self.read(move |db| pace::health(db, tenant, scope, &name, since))
            .await
    }
}

fn due_message(row: &Row<'_>) -> Result<DueMessage, Error> {
    let account: Option<JsonMap> = json_opt(row, "account")?;
    Ok(DueMessage {
        seq: get(row, "seq")?,
        tenant: TenantId(get(row, "tenant_id")?),
        id: get(row, "id")?,
        contact_id: get(row, "contact_id")?,
        version: get(row, "version")?,
        account_key: get(row, "account_key")?,
        asked_at: instant(row, "asked_at")?,
        due_at: instant(row, "due_at")?,
        priority: get(row, "priority")?,
        released: instant_opt(row, "released_at")?.is_some(),
        to: work::email(get(row, "email")?)?,
        contact: ContactView {
            id: get::<i64>(row, "contact_id")?.to_string(),
            email: get(row, "email")?,
            time_zone: get::<Option<String>>(row, "time_zone")?.unwrap_or_default(),
            locale: get(row, "locale")?,
            attributes: json(row, "attributes")?,
        },
        account: account.map(work::account_view),
        suppressed: get(row, "suppressed")?,
        quiet: pace::quiet(row)?,
        // Filled in by `pace::look_around`.
        pauses: Arc::default(),
        recent: Recent::default(),
        identity: get(row, "identity")?,
        template: get(row, "template")?,
        context: json(row, "context")?,
        thread: json_opt(row, "thread")?,
        mail: json_opt(row, "mail")?,
        attempts: get(row, "attempts")?,
        first_attempt_at: instant_opt(row, "first_attempt_at")?,
    })
}

/// The last look before a message leaves, in the transaction that hands it over. An exit that was
/// acknowledged has already cancelled it; what else was heard of the contact since the message was
/// judged (a touch by hand, a quiet time, another address) shows in the contact's version.
fn claim_one(tx: &Db, claim: &Claim, now: Instant) -> Result<bool, Error> {
    let claimed = execute(
        tx,
        &format!(
            "UPDATE messages AS m SET status = 'sending', mail = ?2, subject = ?3, provider = ?4,
                    attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, ?5),
                    rfc_message_id = ?8, status_reason = NULL, rule = NULL
             WHERE seq = ?1 AND status = 'queued' AND NOT {paused}
               AND EXISTS (SELECT 1 FROM contacts c WHERE c.id = m.contact_id AND c.deleted_at IS NULL
                           AND c.email = ?6 AND c.version = ?7 AND {suppressed} IS NULL)",
            paused = pace::PAUSED,
            suppressed = pace::SUPPRESSED,
        ),
        params![
            claim.seq,
            to_json(&claim.mail)?,
            claim.mail.subject,
            claim.provider,
            now.0,
            claim.mail.to.address.as_str(),
            claim.version,
            claim.mail.message_id,
        ],
    )?;
    if claimed == 0 {
        return Ok(false);
    }
    execute(
        tx,
        "INSERT INTO attempts (message_seq, number, tenant_id, started_at)
         SELECT seq, attempts, tenant_id, ?2 FROM messages WHERE seq = ?1",
        params![claim.seq, now.0],
    )?;
    // Counted from here on: whether the provider takes it is known only afterwards.
    execute(
        tx,
        "INSERT INTO touches (tenant_id, contact_id, at, account_key, domain, message_seq, identity, sequence_id)
         SELECT m.tenant_id, m.contact_id, ?2, c.account_key, c.domain, m.seq, m.identity, e.sequence_id
         FROM messages m JOIN contacts c ON c.id = m.contact_id JOIN enrollments e ON e.id = m.enrollment_id
         WHERE m.seq = ?1
         ON CONFLICT (message_seq) DO UPDATE SET at = excluded.at",
        params![claim.seq, now.0],
    )?;
    Ok(true)
}

fn set_aside(tx: &Db, aside: &SetAside, now: Instant) -> Result<(), Error> {
    let SetAside { seq, rule, .. } = aside;
    let (mut status, mut held, mut told, mut due_at) = ("queued", None, None, now);
    match &aside.aside {
        Aside::Later { until } => (told, due_at) = (Some(&aside.reason), *until),
        Aside::Held => (status, held) = ("held", Some(&aside.reason)),
        Aside::Cancelled | Aside::Dropped | Aside::Task { .. } => {
            status = if in_doubt(tx, *seq)? {
                "uncertain"
            } else {
                "cancelled"
            };
            told = Some(&aside.reason);
        }
    }
    let changed = execute(
        tx,
        &format!(
            "UPDATE messages AS m SET status = ?2, held_reason = ?3, status_reason = ?4,
                    due_at = CASE WHEN due_at > ?5 THEN due_at ELSE ?5 END, rule = ?6, look_at = CASE WHEN ?2 = 'uncertain' THEN CAST(?8 AS BIGINT) END
             WHERE seq = ?1 AND status = 'queued'
               AND (?2 <> 'held' OR (?7 = (SELECT c.version FROM contacts c WHERE c.id = m.contact_id)
                                     AND (?6 <> 'paused' OR {})))",
            pace::PAUSED
        ),
        params![
            seq,
            status,
            held,
            told,
            due_at.0,
            rule,
            aside.version,
            doubt::first_look_at(now).0
        ],
    )?;
    if changed == 0 || matches!(status, "queued" | "held") {
        return Ok(());
    }
    match &aside.aside {
        Aside::Dropped => drop_out(tx, *seq, now)?,
        Aside::Task { title } => ask_a_person(tx, *seq, title, &aside.reason, now)?,
        _ => {}
    }
    conclude::free_timers(tx, *seq, now)
}

/// Ends the message's enrollment.
fn drop_out(tx: &Db, seq: i64, now: Instant) -> Result<(), Error> {
    let place = first(
        tx,
        "SELECT m.tenant_id, m.contact_id, m.enrollment_id FROM messages m
         JOIN enrollments e ON e.id = m.enrollment_id WHERE m.seq = ?1 AND e.status <> 'finished'",
        params![seq],
        |row| {
            Ok((
                TenantId(get(row, "tenant_id")?),
                get::<i64>(row, "contact_id")?,
                get::<i64>(row, "enrollment_id")?,
            ))
        },
    )?;
    let Some((tenant, contact, enrollment)) = place else {
        return Ok(());
    };
    super::exits::end(
        tx,
        tenant,
        contact,
        enrollment,
        ExitReason::OverCap.as_str(),
        now,
    )?;
    super::contacts::touch(tx, tenant, contact)
}

fn ask_a_person(tx: &Db, seq: i64, title: &str, reason: &str, now: Instant) -> Result<(), Error> {
    let body = serde_json::json!({ "title": title, "body": reason });
    let place = first(
        tx,
        "SELECT tenant_id, contact_id, enrollment_id, decision_id FROM messages WHERE seq = ?1",
        params![seq],
        |row| {
            Ok(writebacks::New {
                tenant: TenantId(get(row, "tenant_id")?),
                contact: get(row, "contact_id")?,
                enrollment: get(row, "enrollment_id")?,
                decision: get(row, "decision_id")?,
                kind: "task",
                body: &body,
                due_at: Some(now),
                now,
            })
        },
    )?;
    match place {
        Some(new) => writebacks::add(tx, &[new]),
        None => Ok(()),
    }
}

/// Whether any attempt may have been accepted.
pub(super) fn in_doubt(tx: &Db, seq: i64) -> Result<bool, Error> {
    let sql = format!("SELECT {IN_DOUBT} AS doubt FROM messages WHERE seq = ?1");
    Ok(first(tx, &sql, params![seq], |row| get(row, "doubt"))?.unwrap_or(false))
}
