//! What the guardrails ask beside the contact itself: suppressions, pauses, and touches of late.

use crate::store::sql::db::{Db, Param, Row, params, row};

use super::rows::{collect, collect_each, first, get, instant, instant_opt};
use crate::domain::Instant;
use crate::domain::pause::{Cause, Pause, Pauses, Scope};
use crate::domain::touch::{Lookback, Quiet, Recent, Slot};
use crate::store::outbox::{DueMessage, Health};
use crate::store::{Error, TenantId};

/// Of a row `c` of contacts: why its address or its domain must not be mailed.
pub(super) const SUPPRESSED: &str = "(SELECT s.reason FROM suppressions s
     WHERE s.tenant_id = c.tenant_id AND s.address IN (c.email, '@' || c.domain) ORDER BY s.address LIMIT 1)";

/// Of a row `m` of messages: whether something that is paused stops it.
pub(super) const PAUSED: &str = "EXISTS (SELECT 1 FROM pauses p
     WHERE p.tenant_id = m.tenant_id AND p.lifted_at IS NULL
       AND CASE p.scope WHEN 'tenant' THEN TRUE
                        WHEN 'contact' THEN p.name = CAST(m.contact_id AS TEXT)
                        WHEN 'identity' THEN p.name = m.identity
                        ELSE p.name = (SELECT s.name FROM enrollments e JOIN sequences s ON s.id = e.sequence_id
                                       WHERE e.id = m.enrollment_id) END)";

/// The touches of one identity that are looked at; one that sends more in the longest window of its
/// caps is capped all the same, since the newest are taken.
const TOUCHES_MAX: usize = 20_000;

pub(super) fn pauses(db: &Db, tenant: i64) -> Result<Pauses, Error> {
    let open = collect(
        db,
        "SELECT * FROM pauses WHERE tenant_id = ?1 AND lifted_at IS NULL ORDER BY since, scope, name",
        params![tenant],
        pause,
    )?;
    Ok(Pauses(open))
}

pub(super) fn pause(row: &Row<'_>) -> Result<Pause, Error> {
    let (scope, cause): (String, String) = (get(row, "scope")?, get(row, "cause")?);
    Ok(Pause {
        scope: Scope::parse(&scope)
            .ok_or_else(|| Error::Invalid(format!("a pause has the unknown scope {scope}")))?,
        name: get(row, "name")?,
        cause: Cause::parse(&cause)
            .ok_or_else(|| Error::Invalid(format!("a pause has the unknown cause {cause}")))?,
        reason: get(row, "reason")?,
        since: instant(row, "since")?,
        until: instant_opt(row, "until")?,
    })
}

/// Of a row of contacts.
pub(super) fn quiet(row: &Row<'_>) -> Result<Option<Quiet>, Error> {
    let until = instant_opt(row, "quiet_until")?;
    let reason: Option<String> = get(row, "quiet_reason")?;
    Ok(until
        .zip(reason)
        .map(|(until, reason)| Quiet { until, reason }))
}

/// A contact whose touches are asked for, and its account.
pub(super) struct Around<'c> {
    pub(super) tenant: i64,
    pub(super) contact: i64,
    pub(super) account_key: Option<&'c str>,
}

/// Touches of each contact and of its account.
pub(super) fn around_contacts(
    db: &Db,
    contacts: &[Around<'_>],
    now: Instant,
    lookback: Lookback,
) -> Result<Vec<Recent>, Error> {
    let mut recent = vec![Recent::default(); contacts.len()];
    if lookback.contact_ms > 0 {
        let since = now.plus_ms(-lookback.contact_ms).0;
        let of_contacts = collect_each(
            db,
            "SELECT at FROM (SELECT at FROM touches WHERE contact_id = ?1 AND at > ?2 ORDER BY at DESC LIMIT ?3) AS latest
             ORDER BY at",
            &contacts
                .iter()
                .map(|of| row![of.contact, since, TOUCHES_MAX])
                .collect::<Vec<_>>(),
            |row| instant(row, "at"),
        )?;
        for (recent, touches) in recent.iter_mut().zip(of_contacts) {
            recent.contact = touches;
        }
    }
    if lookback.account_ms > 0 {
        let since = now.plus_ms(-lookback.account_ms).0;
        let (mut places, mut accounts) = (Vec::new(), Vec::new());
        for (place, of) in contacts.iter().enumerate() {
            if let Some(key) = of.account_key {
                places.push(place);
                accounts.push(row![of.tenant, key, since, TOUCHES_MAX]);
            }
        }
        let of_accounts = collect_each(
            db,
            "SELECT at FROM (SELECT at FROM touches WHERE tenant_id = ?1 AND account_key = ?2 AND at > ?3
                             ORDER BY at DESC LIMIT ?4) AS latest ORDER BY at",
            &accounts,
            |row| instant(row, "at"),
        )?;
        for (place, touches) in places.into_iter().zip(of_accounts) {
            recent[place].account = touches;
        }
    }
    Ok(recent)
}

/// Touches of the contact's mail system and by an identity, with the slots that waiting messages of
/// that identity were given, where they are as important.
pub(super) fn around_identity(
    db: &Db,
    message: &DueMessage,
    now: Instant,
    lookback: Lookback,
) -> Result<(Vec<Instant>, Vec<Instant>), Error> {
    let (tenant, identity) = (message.tenant.0, message.identity.as_str());
    let domain = message.to.as_ref().map_or("", |to| to.domain());
    let (mut of_domain, mut of_identity) = (Vec::new(), Vec::new());
    if lookback.domain_ms > 0 {
        of_domain = moments(
            db,
            "SELECT at FROM (SELECT at FROM touches WHERE tenant_id = ?1 AND domain = ?2 AND at > ?3
                             AND message_seq IS NOT NULL ORDER BY at DESC LIMIT ?4) AS latest ORDER BY at",
            params![
                tenant,
                domain,
                now.plus_ms(-lookback.domain_ms).0,
                TOUCHES_MAX
            ],
        )?;
    }
    if lookback.identity_ms > 0 {
        of_identity = moments(
            db,
            "SELECT at FROM (SELECT at FROM touches WHERE tenant_id = ?1 AND identity = ?2 AND at > ?3
                             ORDER BY at DESC LIMIT ?4) AS latest ORDER BY at",
            params![
                tenant,
                identity,
                now.plus_ms(-lookback.identity_ms).0,
                TOUCHES_MAX
            ],
        )?;
        of_identity.extend(moments(
            db,
            "SELECT due_at AS at FROM messages WHERE identity = ?1 AND status = 'queued' AND due_at > ?2
               AND rule IS NOT NULL AND priority >= ?3 ORDER BY due_at LIMIT ?4",
            params![identity, now.0, message.priority, TOUCHES_MAX],
        )?);
    }
    Ok((of_domain, of_identity))
}

/// Slots that messages wait for which come before this one: of a more important sequence, or of one
/// that is as important and asked earlier. Those of the contact, and those of its account.
pub(super) fn yields_to(
    db: &Db,
    message: &DueMessage,
    now: Instant,
    lookback: Lookback,
) -> Result<(Vec<Instant>, Vec<Instant>), Error> {
    const COMES_BEFORE: &str = "m.status = 'queued' AND (m.priority, -m.seq) > (?2, ?3)
         AND m.due_at > ?4 AND m.due_at <= ?5 ORDER BY m.due_at LIMIT ?6";
    let until = |ms: i64| now.plus_ms(ms).0;
    let (priority, seq) = (message.priority, -message.seq);
    let (mut of_contact, mut of_account) = (Vec::new(), Vec::new());
    if lookback.contact_ms > 0 {
        of_contact = moments(
            db,
            &format!(
                "SELECT m.due_at AS at FROM messages m WHERE m.contact_id = ?1 AND {COMES_BEFORE}"
            ),
            params![
                message.contact_id,
                priority,
                seq,
                now.0,
                until(lookback.contact_ms),
                TOUCHES_MAX
            ],
        )?;
    }
    if let Some(key) = &message.account_key
        && lookback.account_ms > 0
    {
        of_account = moments(
            db,
            &format!(
                "SELECT m.due_at AS at FROM contacts c JOIN messages m ON m.contact_id = c.id
                 WHERE c.tenant_id = ?7 AND c.account_key = ?1 AND {COMES_BEFORE}"
            ),
            params![
                key,
                priority,
                seq,
                now.0,
                until(lookback.account_ms),
                TOUCHES_MAX,
                message.tenant.0
            ],
        )?;
    }
    Ok((of_contact, of_account))
}

/// Slots of each contact's messages that wait.
pub(super) fn promised(db: &Db, contacts: &[i64], now: Instant) -> Result<Vec<Vec<Slot>>, Error> {
    let contacts: Vec<_> = contacts
        .iter()
        .map(|contact| row![contact, now.0, TOUCHES_MAX])
        .collect();
    collect_each(
        db,
        "SELECT due_at, priority FROM messages WHERE contact_id = ?1 AND status = 'queued' AND due_at > ?2
         ORDER BY due_at LIMIT ?3",
        &contacts,
        |row| {
            Ok(Slot {
                at: instant(row, "due_at")?,
                priority: get(row, "priority")?,
            })
        },
    )
}

fn moments(db: &Db, sql: &str, params: &[Param<'_>]) -> Result<Vec<Instant>, Error> {
    collect(db, sql, params, |row| instant(row, "at"))
}

/// How the mail of an identity or a sequence fared: see `store::outbox`.
pub(super) fn health(
    db: &Db,
    tenant: TenantId,
    scope: Scope,
    name: &str,
    since: Instant,
) -> Result<Health, Error> {
    let of_scope = match scope {
        Scope::Identity => "identity = ?2",
        Scope::Sequence => {
            "sequence_id = (SELECT id FROM sequences WHERE tenant_id = ?1 AND name = ?2)"
        }
        Scope::Tenant | Scope::Contact | Scope::Plugin => return Ok(Health::default()),
    };
    let health = first(
        db,
        &format!(
            "SELECT count(*) AS sent, count(*) FILTER (WHERE trouble = 'bounced') AS bounced,
                    count(*) FILTER (WHERE trouble = 'complained') AS complained
             FROM touches WHERE tenant_id = ?1 AND {of_scope}
               AND at > ?3 AND at > coalesce((SELECT lifted_at FROM pauses WHERE tenant_id = ?1 AND scope = ?4
                                          AND name = ?2 AND cause = 'breaker'), 0)"
        ),
        params![tenant.0, name, since.0, scope.as_str()],
        |row| {
            Ok(Health {
                sent: get(row, "sent")?,
                bounced: get(row, "bounced")?,
                complained: get(row, "complained")?,
            })
        },
    )?;
    Ok(health.unwrap_or_default())
}
