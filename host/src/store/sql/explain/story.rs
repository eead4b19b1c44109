//! Messages with their whole story, and the actions that never became one.

use crate::store::sql::db::{Db, Row, params};
use serde_json::Value;

use super::super::pace;
use super::super::rows::{collect, get, instant, instant_opt, json, json_opt};
use super::{LOOKED_AT_MAX, time, time_opt};
use crate::domain::Event;
use crate::domain::message::MessageStatus;
use crate::domain::outlook::{Outlook, Waiting, outlook};
use crate::domain::pause::Pauses;
use crate::domain::verdict::Verdict;
use crate::store::Error;
use crate::store::explain::{AttemptFacts, Because, Look, MessageStory, RefusedAction};

/// Calls of a provider that are shown of one message.
const ATTEMPTS_SHOWN_MAX: usize = 100;

/// The newest messages of a contact.
pub(super) fn of_contact(
    db: &Db,
    tenant: i64,
    contact: i64,
    pauses: &Pauses,
    limit: usize,
) -> Result<Vec<MessageStory>, Error> {
    collect(
        db,
        &select("m.tenant_id = ?1 AND m.contact_id = ?2 ORDER BY m.seq DESC LIMIT ?3"),
        params![tenant, contact, limit],
        |row| story(db, row, pauses),
    )
}

/// Messages with what explaining them takes; the condition may name `m` (messages) and bind `?1` on.
pub(super) fn select(condition: &str) -> String {
    format!(
        "SELECT m.seq, m.id, m.contact_id, m.status, m.held_reason, m.status_reason, m.rule, m.due_at,
                m.asked_at, m.released_at, m.created_at, m.sent_at, m.identity, m.template, m.subject,
                m.provider, m.provider_id, m.rfc_message_id, m.first_attempt_at, m.attempts,
                m.look_at, m.looked_at, m.look_said, m.stop,
                coalesce(m.mail -> 'to' ->> 'address', c.email) AS recipient, s.name AS sequence,
                c.quiet_until, c.quiet_reason, c.account_key, {suppressed} AS suppressed,
                m.thread, m.mail IS NOT NULL AS composed,
                (m.mail ->> 'in_reply_to') IS NOT NULL AS threaded,
                m.context -> 'event' AS event, m.context -> 'variables' AS variables, d.number,
                d.at AS decided_at, d.verdicts, d.output ->> 'reason' AS reason,
                p.name AS plugin, p.version
         FROM messages m JOIN contacts c ON c.id = m.contact_id JOIN enrollments e ON e.id = m.enrollment_id
         JOIN sequences s ON s.id = e.sequence_id JOIN decisions d ON d.id = m.decision_id
         JOIN plugins p ON p.id = d.plugin_id WHERE {condition}",
        suppressed = suppressed(),
    )
}

/// Of a row `c` of contacts: as the deliver loop asks.
pub(super) fn suppressed() -> String {
    format!(
        "coalesce({}, CASE WHEN c.deleted_at IS NOT NULL THEN 'contact-deleted' END)",
        pace::SUPPRESSED
    )
}

pub(super) fn story(db: &Db, row: &Row<'_>, pauses: &Pauses) -> Result<MessageStory, Error> {
    let id: String = get(row, "id")?;
    let outlook = forecast(row, pauses)?;
    let verdicts: Vec<Verdict> = json(row, "verdicts")?;
    let first_look = first_look(&verdicts, &id, time(row, "decided_at")?);
    Ok(MessageStory {
        to: get(row, "recipient")?,
        sequence: get(row, "sequence")?,
        identity: get(row, "identity")?,
        template: get(row, "template")?,
        subject: get(row, "subject")?,
        status: get(row, "status")?,
        asked_at: time(row, "asked_at")?,
        queued_at: time(row, "created_at")?,
        goes_at: outlook.goes_at.map(|at| at.to_string()),
        waits_for: outlook.waits_for,
        released_at: time_opt(row, "released_at")?,
        sent_at: time_opt(row, "sent_at")?,
        rule: outlook.rule,
        reason: outlook.reason,
        because: because(row)?,
        second_look: second_look(row, first_look.as_ref())?,
        first_look,
        attempts: attempts(db, get(row, "seq")?)?,
        provider: get(row, "provider")?,
        provider_id: get(row, "provider_id")?,
        id,
    })
}

/// What becomes of the message in this row, which needs the columns of `messages`, its `recipient`
/// and `sequence`, and of its contact `quiet_*` and `suppressed`.
pub(super) fn forecast(row: &Row<'_>, pauses: &Pauses) -> Result<Outlook, Error> {
    let (id, word): (String, String) = (get(row, "id")?, get(row, "status")?);
    let status = MessageStatus::parse(&word)
        .ok_or_else(|| Error::Invalid(format!("message {id} has the unknown status {word}")))?;
    let (sequence, identity): (String, String) = (get(row, "sequence")?, get(row, "identity")?);
    let stopping: Vec<_> = pauses
        .stopping(get(row, "contact_id")?, &sequence, &identity)
        .collect();
    let (rule, held, told, to, suppressed): (Option<String>, Option<String>, Option<String>, _, _) = (
        get(row, "rule")?,
        get(row, "held_reason")?,
        get(row, "status_reason")?,
        get::<Option<String>>(row, "recipient")?,
        get::<Option<String>>(row, "suppressed")?,
    );
    let (looked_at, said): (_, Option<String>) =
        (instant_opt(row, "looked_at")?, get(row, "look_said")?);
    Ok(outlook(&Waiting {
        id: &id,
        to: to.as_deref(),
        status,
        due_at: instant(row, "due_at")?,
        rule: rule.as_deref(),
        reason: held.as_deref().or(told.as_deref()),
        suppressed: suppressed.as_deref(),
        quiet: pace::quiet(row)?.as_ref(),
        pauses: &stopping,
        looked: looked_at.zip(said.as_deref()),
        look_at: instant_opt(row, "look_at")?,
        stopped: get::<bool>(row, "stop")? || rule.as_deref() == Some("stopped"),
    }))
}

/// The verdict on the action that queued it.
fn first_look(verdicts: &[Verdict], id: &str, at: String) -> Option<Look> {
    let at = Some(at);
    verdicts.iter().find_map(|verdict| match verdict {
        Verdict::Allowed {
            message: Some(message),
            at: goes,
        } if message == id => Some(Look {
            at: at.clone(),
            verdict: "allowed",
            until: goes.map(|at| at.to_string()),
            rule: None,
            reason: None,
        }),
        Verdict::Delayed {
            message,
            until,
            rule,
            reason,
        } if message == id => Some(Look {
            at: at.clone(),
            verdict: "delayed",
            until: Some(until.to_string()),
            rule: Some(rule.clone()),
            reason: Some(reason.clone()),
        }),
        Verdict::Held {
            message,
            rule,
            reason,
        } if message == id => Some(Look {
            at: at.clone(),
            verdict: "held",
            until: None,
            rule: Some(rule.clone()),
            reason: Some(reason.clone()),
        }),
        _ => None,
    })
}

/// What the guardrails said since: a message that was handed over was allowed to; one that was not,
/// and bears another rule than at first, was judged again.
fn second_look(row: &Row<'_>, first: Option<&Look>) -> Result<Option<Look>, Error> {
    if let Some(at) = instant_opt(row, "first_attempt_at")? {
        return Ok(Some(Look {
            at: Some(at.to_string()),
            verdict: "allowed",
            until: None,
            rule: None,
            reason: None,
        }));
    }
    let (rule, status): (Option<String>, String) = (get(row, "rule")?, get(row, "status")?);
    let held: Option<String> = get(row, "held_reason")?;
    let reason = held.or(get(row, "status_reason")?);
    let verdict = match status.as_str() {
        "queued" => "delayed",
        "held" => "held",
        "cancelled" => "refused",
        _ => return Ok(None),
    };
    let told = |look: &Look| (look.verdict, &look.rule, &look.reason) == (verdict, &rule, &reason);
    if rule.is_none() || first.is_some_and(told) {
        return Ok(None);
    }
    Ok(Some(Look {
        at: None,
        verdict,
        until: (verdict == "delayed")
            .then(|| time(row, "due_at"))
            .transpose()?,
        rule,
        reason,
    }))
}

fn attempts(db: &Db, seq: i64) -> Result<Vec<AttemptFacts>, Error> {
    collect(
        db,
        "SELECT * FROM attempts WHERE message_seq = ?1 ORDER BY number LIMIT ?2",
        params![seq, ATTEMPTS_SHOWN_MAX],
        |row| {
            Ok(AttemptFacts {
                number: get(row, "number")?,
                started_at: time(row, "started_at")?,
                finished_at: time_opt(row, "finished_at")?,
                answer: json_opt(row, "outcome")?,
            })
        },
    )
}

/// The decision in this row, and the event that it answered.
fn because(row: &Row<'_>) -> Result<Because, Error> {
    let event: Event = json(row, "event")?;
    Ok(Because {
        event: event.id,
        kind: event.kind,
        occurred_at: event.occurred_at.to_string(),
        data: event.data,
        sequence: get(row, "sequence")?,
        plugin: get(row, "plugin")?,
        plugin_version: get(row, "version")?,
        decision: get(row, "number")?,
        decided_at: time(row, "decided_at")?,
        reason: get(row, "reason")?,
    })
}

/// Actions that the guardrails refused, newest decision first.
pub(super) fn refused(
    db: &Db,
    tenant: i64,
    contact: i64,
    limit: usize,
) -> Result<Vec<RefusedAction>, Error> {
    let of_decisions = collect(
        db,
        "SELECT d.number, d.at AS decided_at, d.verdicts, d.output -> 'actions' AS actions,
                d.output ->> 'reason' AS reason, d.input -> 'event' AS event, s.name AS sequence,
                p.name AS plugin, p.version
         FROM (SELECT * FROM decisions WHERE tenant_id = ?1 AND contact_id = ?2 ORDER BY id DESC LIMIT ?3) d
         JOIN enrollments e ON e.id = d.enrollment_id JOIN sequences s ON s.id = e.sequence_id
         JOIN plugins p ON p.id = d.plugin_id
         WHERE d.verdicts LIKE '%\"verdict\":\"refused\"%'
         ORDER BY d.id DESC LIMIT ?4",
        params![tenant, contact, LOOKED_AT_MAX, limit],
        refused_by,
    )?;
    let mut all: Vec<_> = of_decisions.into_iter().flatten().collect();
    all.truncate(limit);
    Ok(all)
}

fn refused_by(row: &Row<'_>) -> Result<Vec<RefusedAction>, Error> {
    let actions: Vec<Value> = json(row, "actions")?;
    let verdicts: Vec<Verdict> = json(row, "verdicts")?;
    let because = because(row)?;
    let refused = actions.iter().zip(verdicts);
    Ok(refused
        .filter_map(|(action, verdict)| {
            let word = |name: &str| action.get(name).and_then(Value::as_str).map(str::to_owned);
            let Verdict::Refused { rule, reason } = verdict else {
                return None;
            };
            Some(RefusedAction {
                action: word("action").unwrap_or_default(),
                name: ["template", "name", "title", "kind", "outcome"]
                    .into_iter()
                    .find_map(word),
                rule,
                reason,
                because: because.clone(),
            })
        })
        .collect())
}
