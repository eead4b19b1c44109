//! How an attempt ends: what the provider said, where the message goes from there, and what its
//! enrollment may do now.

use crate::store::sql::db::{Db, Held, params};

use super::outbox::in_doubt;
use super::rows::{execute, first, get, to_json};
use super::{contacts, writebacks};
use crate::domain::instant::MINUTE_MS;
use crate::domain::mail::Outcome;
use crate::domain::{Instant, doubt};
use crate::store::outbox::{Conclusion, Next};
use crate::store::{Error, TenantId};

/// A message that went less than this late moves no timers.
const LAG_MIN_MS: i64 = MINUTE_MS;

pub(super) fn conclude(tx: &Db, conclusion: &Conclusion) -> Result<(), Error> {
    let seq = conclusion.seq;
    tx.hold(Held::ContactsOf(&[seq]))?;
    execute(
        tx,
        "UPDATE attempts SET finished_at = ?2, outcome = ?3
         WHERE message_seq = ?1 AND number = (SELECT attempts FROM messages WHERE seq = ?1)",
        params![seq, conclusion.now.0, to_json(&conclusion.outcome)?],
    )?;
    // A provider's event may have told more while the call was open: then only its id is news.
    if let Next::Sent {
        provider_id,
        message_id,
    } = &conclusion.next
    {
        execute(
            tx,
            "UPDATE messages SET provider_id = ?2, sent_at = coalesce(sent_at, ?3),
                                 rfc_message_id = coalesce(?4, rfc_message_id) WHERE seq = ?1",
            params![seq, provider_id, conclusion.now.0, message_id],
        )?;
        writebacks::log_mail(tx, seq, conclusion.now)?;
    }
    let (stopped, was_uncertain) = first(
        tx,
        "SELECT stop, status = 'uncertain' AS uncertain FROM messages WHERE seq = ?1",
        params![seq],
        |row| Ok((get(row, "stop")?, get::<bool>(row, "uncertain")?)),
    )?
    .unwrap_or((false, false));
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
        "UPDATE messages SET status = ?2, status_reason = ?3, due_at = coalesce(?4, due_at),
                rule = CASE WHEN ?2 = 'cancelled' THEN 'stopped' END,
                look_at = CASE WHEN ?2 = 'uncertain' THEN CAST(?5 AS BIGINT) END
         WHERE seq = ?1 AND (status = 'sending' OR (?2 = 'sent' AND status = 'uncertain'))",
        params![
            seq,
            status,
            reason,
            due_at,
            doubt::first_look_at(conclusion.now).0
        ],
    )?;
    let certainly_not = matches!(status, "queued" | "failed" | "cancelled") && !in_doubt;
    if certainly_not {
        execute(
            tx,
            "DELETE FROM touches WHERE message_seq = ?1",
            params![seq],
        )?;
    }
    // Its timers were freed when it became doubtful.
    if status == "queued" || was_uncertain {
        return Ok(());
    }
    free_timers(tx, seq, conclusion.now)
}

/// Ends an attempt that was claimed at that moment and never made. False where it was not claimed.
pub(super) fn take_back(
    tx: &Db,
    seq: i64,
    claimed_at: Instant,
    now: Instant,
) -> Result<bool, Error> {
    let claimed = first(
        tx,
        "SELECT 1 AS one FROM messages m JOIN attempts a ON a.message_seq = m.seq AND a.number = m.attempts
         WHERE m.seq = ?1 AND m.status = 'sending' AND a.started_at = ?2 AND a.finished_at IS NULL",
        params![seq, claimed_at.0],
        |row| get::<i64>(row, "one"),
    )?;
    if claimed.is_none() {
        return Ok(false);
    }
    let reason = "the store did not answer the claim: no provider was called".to_owned();
    let conclusion = Conclusion {
        seq,
        outcome: Outcome::Retry {
            reason: reason.clone(),
            after_ms: None,
        },
        next: Next::Again {
            at: now,
            reason,
            certain: true,
        },
        now,
    };
    conclude(tx, &conclusion).map(|()| true)
}

/// The message does not wait any more: the timers of its enrollment that waited for it may ring,
/// later by as much as the message was late.
pub(super) fn free_timers(tx: &Db, seq: i64, now: Instant) -> Result<(), Error> {
    let waited = first(
        tx,
        "SELECT m.tenant_id, m.contact_id, m.enrollment_id, m.asked_at, min(t.due_at) AS timer_at
         FROM messages m JOIN timers t ON t.enrollment_id = m.enrollment_id
         WHERE m.seq = ?1 AND t.asked IS NOT NULL GROUP BY m.seq",
        params![seq],
        |row| {
            Ok((
                TenantId(get(row, "tenant_id")?),
                get::<i64>(row, "contact_id")?,
                get::<i64>(row, "enrollment_id")?,
                now.since_ms(Instant(get(row, "asked_at")?)),
                Instant(get(row, "timer_at")?),
            ))
        },
    )?;
    let Some((tenant, contact, enrollment, lag_ms, timer_at)) = waited else {
        return Ok(());
    };
    // A decision under way has read that they wait, and must not put that down over this.
    contacts::touch(tx, tenant, contact)?;
    if lag_ms < LAG_MIN_MS {
        return contacts::mark_due(tx, tenant, contact, timer_at);
    }
    // The engine moves them: it knows the calendar.
    execute(
        tx,
        "UPDATE enrollments SET lag_ms = lag_ms + ?2 WHERE id = ?1",
        params![enrollment, lag_ms],
    )?;
    contacts::mark_due(tx, tenant, contact, now)
}
