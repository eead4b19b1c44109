//! What waits in the outbox, over all contacts. Cost follows what waits, not what was ever sent.

use crate::store::sql::db::{Db, Param, params};

use super::super::pace;
use super::super::rows::{collect, get};
use super::{ROWS_MAX, story, time};
use crate::store::Error;
use crate::store::explain::{OutboxFilter, OutboxReport, RuleCount, WaitingMessage};

pub(super) fn outbox(db: &Db, tenant: i64, filter: &OutboxFilter) -> Result<OutboxReport, Error> {
    let pauses = pace::pauses(db, tenant)?;
    let by_rule = by_rule(db, tenant, filter)?;
    let messages = collect(
        db,
        &format!("{} ORDER BY due_at, seq LIMIT ?5", waiting()),
        params![
            tenant,
            filter.rule,
            filter.sequence,
            filter.identity,
            filter.limit.min(ROWS_MAX)
        ],
        |row| {
            let outlook = story::forecast(row, &pauses)?;
            Ok(WaitingMessage {
                id: get(row, "id")?,
                to: get(row, "recipient")?,
                sequence: get(row, "sequence")?,
                identity: get(row, "identity")?,
                template: get(row, "template")?,
                subject: get(row, "subject")?,
                status: get(row, "status")?,
                asked_at: time(row, "asked_at")?,
                goes_at: outlook.goes_at.map(|at| at.to_string()),
                waits_for: outlook.waits_for,
                rule: outlook.rule,
                reason: outlook.reason,
            })
        },
    )?;
    Ok(OutboxReport {
        total: by_rule.iter().map(|count| count.messages).sum(),
        messages,
        by_rule,
    })
}

pub(super) fn by_rule(
    db: &Db,
    tenant: i64,
    filter: &OutboxFilter,
) -> Result<Vec<RuleCount>, Error> {
    counted(
        db,
        &format!(
            "SELECT status, foreseen, count(*) AS n, min(due_at) AS first FROM ({}) AS waiting
             GROUP BY status, foreseen ORDER BY n DESC, status, foreseen NULLS FIRST",
            waiting()
        ),
        params![tenant, filter.rule, filter.sequence, filter.identity],
    )
}

fn counted(db: &Db, sql: &str, params: &[Param<'_>]) -> Result<Vec<RuleCount>, Error> {
    collect(db, sql, params, |row| {
        Ok(RuleCount {
            status: get(row, "status")?,
            rule: get(row, "foreseen")?,
            messages: get(row, "n")?,
            first_due_at: time(row, "first")?,
        })
    })
}

/// Messages that wait, with the rule that `domain::outlook` foresees. Binds tenant, rule, sequence and
/// identity. One part per status: each has an index of its own.
fn waiting() -> String {
    let with = |status: &str, index: &str| {
        format!(
            "SELECT seq FROM messages INDEXED BY {index} WHERE status = '{status}' AND tenant_id = ?1"
        )
    };
    format!(
        "SELECT * FROM (
           SELECT m.seq, m.id, m.contact_id, m.status, m.held_reason, m.status_reason, m.rule, m.due_at,
                  m.asked_at, m.identity, m.template, m.subject, m.look_at, m.looked_at, m.look_said, m.stop,
                  c.email AS recipient, s.name AS sequence,
                  c.quiet_until, c.quiet_reason, {suppressed} AS suppressed,
                  CASE WHEN m.status <> 'queued' THEN m.rule
                       WHEN {suppressed} IS NOT NULL THEN 'suppressed'
                       WHEN {paused} THEN 'paused'
                       WHEN c.quiet_until > m.due_at THEN 'quiet'
                       ELSE m.rule END AS foreseen
           FROM ({queued} UNION ALL {held} UNION ALL {sending} UNION ALL {uncertain}) w
           CROSS JOIN messages m ON m.seq = w.seq CROSS JOIN contacts c ON c.id = m.contact_id
           CROSS JOIN enrollments e ON e.id = m.enrollment_id
           CROSS JOIN sequences s ON s.id = e.sequence_id) AS told
         WHERE (CAST(?2 AS TEXT) IS NULL OR foreseen = ?2) AND (CAST(?3 AS TEXT) IS NULL OR sequence = ?3)
           AND (CAST(?4 AS TEXT) IS NULL OR identity = ?4)",
        suppressed = story::suppressed(),
        paused = PAUSED_WHEN_DUE,
        queued = with("queued", "messages_due"),
        held = with("held", "messages_held"),
        sending = with("sending", "messages_sending"),
        uncertain = with("uncertain", "messages_uncertain"),
    )
}

/// Of `m` and its sequence `s`: whether a pause will still be there when it comes due.
const PAUSED_WHEN_DUE: &str = "EXISTS (SELECT 1 FROM pauses p
     WHERE p.tenant_id = m.tenant_id AND p.lifted_at IS NULL AND (p.until IS NULL OR p.until > m.due_at)
       AND CASE p.scope WHEN 'tenant' THEN TRUE
                        WHEN 'contact' THEN p.name = CAST(m.contact_id AS TEXT)
                        WHEN 'identity' THEN p.name = m.identity
                        WHEN 'sequence' THEN p.name = s.name
                        ELSE FALSE END)";
