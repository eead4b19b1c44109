//! The outbox: claimed, attempted, concluded; see `store::outbox`.

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::contacts::SUPPRESSION;
use super::rows::{collect, execute, first, get, instant_opt, json, json_opt, to_json};
use super::{SqliteStore, work};
use crate::domain::decision::ContactView;
use crate::domain::mail::Outcome;
use crate::domain::{Instant, JsonMap};
use crate::store::outbox::{Aside, Claim, Conclusion, DueMessage, Next, OpenAttempt, Outbox};
use crate::store::{Error, TenantId};

/// True of a row of messages of which any attempt may have been accepted. A later one that certainly
/// was not changes nothing of that: such a message is never called cancelled.
pub(super) const IN_DOUBT: &str =
    "EXISTS (SELECT 1 FROM attempts a WHERE a.message_seq = messages.seq
             AND json_extract(a.outcome, '$.outcome') = 'in-doubt')";

#[async_trait]
impl Outbox for SqliteStore {
    async fn due_messages(&self, now: Instant, limit: usize) -> Result<Vec<DueMessage>, Error> {
        self.read(move |db| {
            collect(
                db,
                &format!("SELECT m.*, c.email, c.attributes, c.time_zone, c.locale, c.account,
                        coalesce(s.reason, CASE WHEN c.deleted_at IS NOT NULL THEN 'contact-deleted' END)
                            AS suppressed
                 FROM messages m JOIN contacts c ON c.id = m.contact_id
                 LEFT JOIN suppressions s ON s.tenant_id = c.tenant_id AND s.address = {SUPPRESSION}
                 WHERE m.status = 'queued' AND m.due_at <= ?1 ORDER BY m.due_at LIMIT ?2"),
                params![now.0, limit],
                due_message,
            )
        })
        .await
    }

    async fn next_message_at(&self) -> Result<Option<Instant>, Error> {
        self.read(|db| {
            let at = first(
                db,
                "SELECT min(due_at) AS at FROM messages WHERE status = 'queued'",
                [],
                |row| instant_opt(row, "at"),
            )?;
            Ok(at.flatten())
        })
        .await
    }

    async fn claim(&self, claims: Vec<Claim>, now: Instant) -> Result<Vec<bool>, Error> {
        self.write(move |tx| {
            claims
                .iter()
                .map(|claim| claim_one(tx, claim, now))
                .collect()
        })
        .await
    }

    async fn set_aside(&self, seq: i64, aside: Aside, now: Instant) -> Result<(), Error> {
        self.write(move |tx| {
            let (status, held, reason) = match aside {
                Aside::Held { reason } => ("held", Some(reason), None),
                Aside::Cancelled { reason } if in_doubt(tx, seq)? => ("uncertain", None, Some(reason)),
                Aside::Cancelled { reason } => ("cancelled", None, Some(reason)),
            };
            execute(
                tx,
                "UPDATE messages SET status = ?2, held_reason = ?3, status_reason = ?4, due_at = max(due_at, ?5)
                 WHERE seq = ?1 AND status = 'queued'",
                params![seq, status, held, reason, now.0],
            )
            .map(|_| ())
        })
        .await
    }

    async fn conclude(&self, conclusion: Conclusion) -> Result<(), Error> {
        self.write(move |tx| conclude(tx, &conclusion)).await?;
        self.concluded.notify_waiters();
        Ok(())
    }

    async fn open_attempts(&self) -> Result<Vec<OpenAttempt>, Error> {
        self.read(|db| {
            collect(
                db,
                "SELECT seq, id, provider, attempts, first_attempt_at FROM messages WHERE status = 'sending'",
                [],
                |row| {
                    Ok(OpenAttempt {
                        seq: get(row, "seq")?,
                        id: get(row, "id")?,
                        provider: get(row, "provider")?,
                        attempts: get(row, "attempts")?,
                        first_attempt_at: Instant(get(row, "first_attempt_at")?),
                    })
                },
            )
        })
        .await
    }
}

fn due_message(row: &rusqlite::Row<'_>) -> Result<DueMessage, Error> {
    let account: Option<JsonMap> = json_opt(row, "account")?;
    Ok(DueMessage {
        seq: get(row, "seq")?,
        tenant: TenantId(get(row, "tenant_id")?),
        id: get(row, "id")?,
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
        identity: get(row, "identity")?,
        template: get(row, "template")?,
        context: json(row, "context")?,
        thread: json_opt(row, "thread")?,
        mail: json_opt(row, "mail")?,
        attempts: get(row, "attempts")?,
        first_attempt_at: instant_opt(row, "first_attempt_at")?,
    })
}

/// The last look before a message leaves, in the transaction that hands it over: an exit that was
/// acknowledged has already cancelled it, and an address may have been suppressed since it was read.
fn claim_one(tx: &Connection, claim: &Claim, now: Instant) -> Result<bool, Error> {
    let claimed = execute(
        tx,
        "UPDATE messages SET status = 'sending', mail = ?2, subject = ?3, provider = ?4, attempts = attempts + 1,
                first_attempt_at = coalesce(first_attempt_at, ?5), status_reason = NULL
         WHERE seq = ?1 AND status = 'queued'
           AND NOT EXISTS (SELECT 1 FROM contacts c JOIN suppressions s
                           ON s.tenant_id = c.tenant_id AND s.address IN (c.email, '@' || c.domain)
                           WHERE c.id = messages.contact_id)
           AND EXISTS (SELECT 1 FROM contacts c WHERE c.id = messages.contact_id AND c.deleted_at IS NULL
                       AND c.email = ?6)",
        params![
            claim.seq,
            to_json(&claim.mail)?,
            claim.mail.subject,
            claim.provider,
            now.0,
            claim.mail.to.address.as_str()
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
    Ok(true)
}

/// Whether any attempt may have been accepted.
fn in_doubt(tx: &Connection, seq: i64) -> Result<bool, Error> {
    let sql = format!("SELECT {IN_DOUBT} AS doubt FROM messages WHERE seq = ?1");
    Ok(first(tx, &sql, [seq], |row| get(row, "doubt"))?.unwrap_or(false))
}

fn conclude(tx: &Connection, conclusion: &Conclusion) -> Result<(), Error> {
    let seq = conclusion.seq;
    execute(
        tx,
        "UPDATE attempts SET finished_at = ?2, outcome = ?3
         WHERE message_seq = ?1 AND number = (SELECT attempts FROM messages WHERE seq = ?1)",
        params![seq, conclusion.now.0, to_json(&conclusion.outcome)?],
    )?;
    // A provider's event may have told more while the call was open: then only its id is news.
    if let Next::Sent { provider_id } = &conclusion.next {
        execute(
            tx,
            "UPDATE messages SET provider_id = ?2, sent_at = coalesce(sent_at, ?3) WHERE seq = ?1",
            params![seq, provider_id, conclusion.now.0],
        )?;
    }
    let stopped: bool = first(
        tx,
        "SELECT stop FROM messages WHERE seq = ?1",
        [seq],
        |row| get(row, "stop"),
    )?
    .unwrap_or(false);
    let in_doubt = in_doubt(tx, seq)?;
    let refused = matches!(conclusion.outcome, Outcome::Rejected { .. });
    let (status, reason, due_at) = match &conclusion.next {
        Next::Sent { .. } => ("sent", None, None),
        Next::Failed { reason } if in_doubt && !refused => {
            ("uncertain", Some(reason.clone()), None)
        }
        Next::Failed { reason } => ("failed", Some(reason.clone()), None),
        Next::Uncertain { reason } => ("uncertain", Some(reason.clone()), None),
        Next::Again {
            reason,
            certain: true,
            ..
        } if stopped && !in_doubt => (
            "cancelled",
            Some(format!(
                "exit while with the provider, which did not take it: {reason}"
            )),
            None,
        ),
        Next::Again { reason, .. } if stopped => (
            "uncertain",
            Some(format!(
                "exit while with the provider, so not repeated: {reason}"
            )),
            None,
        ),
        Next::Again { at, reason, .. } => ("queued", Some(reason.clone()), Some(at.0)),
    };
    execute(
        tx,
        "UPDATE messages SET status = ?2, status_reason = ?3, due_at = coalesce(?4, due_at)
         WHERE seq = ?1 AND status = 'sending'",
        params![seq, status, reason, due_at],
    )?;
    Ok(())
}
