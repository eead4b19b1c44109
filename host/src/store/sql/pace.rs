//! What the guardrails ask beside the contact itself: suppressions, pauses, and touches of late.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::store::sql::db::{Db, Param, Row, params, row};

use super::rows::{collect, collect_each, first, get, instant, instant_opt};
use crate::domain::Instant;
use crate::domain::pause::{Cause, Pause, Pauses, Scope};
use crate::domain::touch::{Lookback, Quiet, Recent, Slot};
use crate::store::outbox::{DueMessage, Health};
use crate::store::{DEFAULT_TENANT, Error, TenantId};

/// Of a row `c` of contacts: why its address or its domain must not be mailed.
pub(super) const SUPPRESSED: &str = "(SELECT s.reason FROM suppressions s
     WHERE s.tenant_id = c.tenant_id AND s.address IN (c.email, '@' || c.domain) ORDER BY s.address LIMIT 1)";

/// Of a row `m` of messages: whether something that is paused stops it.
pub(super) const PAUSED: &str = "EXISTS (SELECT 1 FROM pauses p
     WHERE p.tenant_id = m.tenant_id AND p.lifted_at IS NULL
       AND CASE p.scope WHEN 'tenant' THEN TRUE
                        WHEN 'contact' THEN p.name = CAST(m.contact_id AS TEXT)
                        WHEN 'identity' THEN p.name = m.identity
                        WHEN 'sequence' THEN p.name = (SELECT s.name FROM enrollments e JOIN sequences s ON s.id = e.sequence_id
                                                       WHERE e.id = m.enrollment_id)
                        ELSE FALSE END)";

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
#[derive(Clone, Copy)]
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
    let of_contacts = moments(
        db,
        "SELECT at FROM (SELECT at FROM touches WHERE contact_id = ?1 AND at > ?2 ORDER BY at DESC LIMIT ?3) AS latest
         ORDER BY at",
        contacts.iter().map(|of| (lookback.contact_ms > 0).then_some(of.contact)),
        |contact| row![*contact, now.plus_ms(-lookback.contact_ms).0, TOUCHES_MAX],
    )?;
    let account = |of: &Around<'_>| of.account_key.map(|key| (of.tenant, key.to_owned()));
    let of_accounts = moments(
        db,
        "SELECT at FROM (SELECT at FROM touches WHERE tenant_id = ?1 AND account_key = ?2 AND at > ?3
                         ORDER BY at DESC LIMIT ?4) AS latest ORDER BY at",
        contacts.iter().map(|of| account(of).filter(|_| lookback.account_ms > 0)),
        |(tenant, key)| {
            row![*tenant, key, now.plus_ms(-lookback.account_ms).0, TOUCHES_MAX]
        },
    )?;
    Ok(contacts_and_accounts(of_contacts, of_accounts))
}

/// What the messages are judged by beside their own rows.
pub(super) fn look_around(
    db: &Db,
    messages: &mut [DueMessage],
    now: Instant,
    lookback: Lookback,
) -> Result<(), Error> {
    let pauses = Arc::new(pauses(db, DEFAULT_TENANT.0)?);
    let around: Vec<_> = messages
        .iter()
        .map(|message| Around {
            tenant: message.tenant.0,
            contact: message.contact_id,
            account_key: message.account_key.as_deref(),
        })
        .collect();
    let recent = around_contacts(db, &around, now, lookback)?;
    let before = yields_to(db, messages, now, lookback)?;
    let identities = around_identities(db, messages, now, lookback)?;
    let parts = recent.into_iter().zip(before).zip(identities);
    for (message, ((recent, before), identity)) in messages.iter_mut().zip(parts) {
        message.recent = Recent {
            contact: [recent.contact, before.contact].concat(),
            account: [recent.account, before.account].concat(),
            ..identity
        };
        message.pauses = Arc::clone(&pauses);
    }
    Ok(())
}

/// Of each message, the touches of its contact's mail system and by its identity, with the slots that
/// waiting messages of that identity were given, where they are as important.
fn around_identities(
    db: &Db,
    messages: &[DueMessage],
    now: Instant,
    lookback: Lookback,
) -> Result<Vec<Recent>, Error> {
    let each = |wanted: bool| {
        messages
            .iter()
            .map(move |message| wanted.then_some(message))
    };
    let domain = |message: &DueMessage| {
        let domain = message.to.as_ref().map_or("", |to| to.domain());
        (message.tenant.0, domain.to_owned())
    };
    let of_domains = moments(
        db,
        "SELECT at FROM (SELECT at FROM touches WHERE tenant_id = ?1 AND domain = ?2 AND at > ?3
                         AND message_seq IS NOT NULL ORDER BY at DESC LIMIT ?4) AS latest ORDER BY at",
        each(lookback.domain_ms > 0).map(|message| message.map(domain)),
        |(tenant, domain)| {
            row![*tenant, domain, now.plus_ms(-lookback.domain_ms).0, TOUCHES_MAX]
        },
    )?;
    let by_identities = moments(
        db,
        "SELECT at FROM (SELECT at FROM touches WHERE tenant_id = ?1 AND identity = ?2 AND at > ?3
                         ORDER BY at DESC LIMIT ?4) AS latest ORDER BY at",
        each(lookback.identity_ms > 0)
            .map(|message| message.map(|m| (m.tenant.0, m.identity.clone()))),
        |(tenant, identity)| {
            row![
                *tenant,
                identity,
                now.plus_ms(-lookback.identity_ms).0,
                TOUCHES_MAX
            ]
        },
    )?;
    let promised = moments(
        db,
        "SELECT due_at AS at FROM messages WHERE identity = ?1 AND status = 'queued' AND due_at > ?2
           AND rule IS NOT NULL AND priority >= ?3 ORDER BY due_at LIMIT ?4",
        each(lookback.identity_ms > 0)
            .map(|message| message.map(|m| (m.identity.clone(), m.priority))),
        |(identity, priority)| row![identity, now.0, *priority, TOUCHES_MAX],
    )?;
    let around = of_domains.into_iter().zip(by_identities).zip(promised);
    let recent = around.map(|((domain, touches), promised)| Recent {
        domain,
        identity: [touches, promised].concat(),
        ..Recent::default()
    });
    Ok(recent.collect())
}

/// Slots that messages wait for which come before each of these: of a more important sequence, or of one
/// that is as important and asked earlier. Those of the contact, and those of its account.
fn yields_to(
    db: &Db,
    messages: &[DueMessage],
    now: Instant,
    lookback: Lookback,
) -> Result<Vec<Recent>, Error> {
    const COMES_BEFORE: &str = "m.status = 'queued' AND (m.priority, -m.seq) > (?2, ?3)
         AND m.due_at > ?4 AND m.due_at <= ?5 ORDER BY m.due_at LIMIT ?6";
    let until = |ms: i64| now.plus_ms(ms).0;
    let each = |wanted: bool| {
        messages
            .iter()
            .map(move |message| wanted.then_some(message))
    };
    let of_contacts = moments(
        db,
        &format!(
            "SELECT m.due_at AS at FROM messages m WHERE m.contact_id = ?1 AND {COMES_BEFORE}"
        ),
        each(lookback.contact_ms > 0)
            .map(|message| message.map(|m| (m.contact_id, m.priority, -m.seq))),
        |(contact, priority, seq)| {
            row![
                *contact,
                *priority,
                *seq,
                now.0,
                until(lookback.contact_ms),
                TOUCHES_MAX
            ]
        },
    )?;
    let account = |m: &DueMessage| {
        let key = m.account_key.clone()?;
        Some((m.tenant.0, key, m.priority, -m.seq))
    };
    let of_accounts = moments(
        db,
        &format!(
            "SELECT m.due_at AS at FROM contacts c JOIN messages m ON m.contact_id = c.id
             WHERE c.tenant_id = ?7 AND c.account_key = ?1 AND {COMES_BEFORE}"
        ),
        each(lookback.account_ms > 0).map(|message| message.and_then(account)),
        |(tenant, key, priority, seq)| {
            row![
                key,
                *priority,
                *seq,
                now.0,
                until(lookback.account_ms),
                TOUCHES_MAX,
                *tenant
            ]
        },
    )?;
    Ok(contacts_and_accounts(of_contacts, of_accounts))
}

/// Slots of each contact's messages that wait.
pub(super) fn promised(db: &Db, contacts: &[i64], now: Instant) -> Result<Vec<Vec<Slot>>, Error> {
    let contacts: Vec<_> = contacts
        .iter()
        .map(|contact| row![*contact, now.0, TOUCHES_MAX])
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

fn contacts_and_accounts(contacts: Vec<Vec<Instant>>, accounts: Vec<Vec<Instant>>) -> Vec<Recent> {
    let around = contacts.into_iter().zip(accounts);
    let recent = around.map(|(contact, account)| Recent {
        contact,
        account,
        ..Recent::default()
    });
    recent.collect()
}

/// What a statement finds for each key, none for none; it is asked once for those who share one.
fn moments<K: Ord, const N: usize>(
    db: &Db,
    sql: &str,
    keys: impl Iterator<Item = Option<K>>,
    row: impl for<'k> Fn(&'k K) -> [Param<'k>; N],
) -> Result<Vec<Vec<Instant>>, Error> {
    let keys: Vec<Option<K>> = keys.collect();
    let distinct: BTreeSet<&K> = keys.iter().flatten().collect();
    let rows: Vec<_> = distinct.iter().map(|key| row(key)).collect();
    let found = collect_each(db, sql, &rows, |row| instant(row, "at"))?;
    let found: BTreeMap<&K, Vec<Instant>> = distinct.into_iter().zip(found).collect();
    let of_key = |key: &Option<K>| found.get(key.as_ref()?).cloned();
    Ok(keys
        .iter()
        .map(|key| of_key(key).unwrap_or_default())
        .collect())
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
