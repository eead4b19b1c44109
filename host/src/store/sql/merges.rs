//! Contacts that their CRM merged into another.
//!
//! A loser's row stays, for the ledger, and names its survivor (`contacts.merged_into`): what is heard of
//! it from then on, by its ids, from its address or about its messages, is heard of the survivor. What
//! ran for it ends and is not run for the survivor. What protects the person goes along: touches,
//! opt-outs, quiet times, pauses, and suppressions that the person wished for. Each step may come twice.

use crate::store::sql::db::{Db, params};
use serde_json::Value;

use super::contacts::{self, Source};
use super::exits::{self, Happening};
use super::rows::{collect, execute, first, get};
use crate::domain::enrollment::ExitReason;
use crate::domain::event::kind;
use crate::domain::{ContactRef, NewEvent};
use crate::store::{Error, TenantId};

/// Contacts that one event merges; of more, the rest keeps its own rows.
const MERGED_MAX: usize = 100;

/// Enrollments that ended, and their messages that a provider holds.
type Ended = (usize, Vec<i64>);

/// Whether any of them merges contacts.
pub(super) fn any(events: &[NewEvent]) -> bool {
    events
        .iter()
        .any(|event| event.kind == kind::CONTACT_MERGED)
}

/// The contact that the sender's own id names as the survivor, before its address has a say: that may be a
/// loser's. Made, if `create`. None where the event merges nothing.
pub(super) fn survivor(
    tx: &Db,
    source: Source<'_>,
    happening: &Happening<'_>,
    reference: &ContactRef,
    create: bool,
) -> Result<Option<i64>, Error> {
    match &reference.external_id {
        Some(id) if happening.kind == kind::CONTACT_MERGED => {
            let by_id = ContactRef::external(id);
            contacts::resolve(tx, source, &by_id, create)
        }
        _ => Ok(None),
    }
}

/// Merges those that the event names into the contact. Nothing, if it is another kind of event.
pub(super) fn apply(
    tx: &Db,
    source: Source<'_>,
    happening: &Happening<'_>,
    reference: &ContactRef,
    survivor: Option<i64>,
) -> Result<Ended, Error> {
    let (mut exits, mut in_flight) = (0, Vec::new());
    let Some(survivor) = survivor.filter(|_| happening.kind == kind::CONTACT_MERGED) else {
        return Ok((exits, in_flight));
    };
    let own = reference.external_id.as_deref();
    for id in ids(happening).filter(|id| Some(id.as_str()) != own) {
        let loser = contacts::by_external_id(tx, source.tenant, source.connection, &id)?;
        if let Some(loser) = loser.filter(|loser| *loser != survivor) {
            let ended = merge(tx, source, happening, loser, survivor)?;
            exits += ended.0;
            in_flight.extend(ended.1);
        }
        mark(tx, source, &id, survivor, true)?;
    }
    if let Some(own) = own {
        mark(tx, source, own, survivor, false)?;
    }
    Ok((exits, in_flight))
}

/// The address had its say, too: where it led to another contact than the survivor's id, both are one.
pub(super) fn join(
    tx: &Db,
    source: Source<'_>,
    happening: &Happening<'_>,
    reference: &ContactRef,
    [survivor, contact]: [Option<i64>; 2],
) -> Result<Ended, Error> {
    if survivor == contact {
        return Ok((0, Vec::new()));
    }
    let (mut exits, mut in_flight) = apply(tx, source, happening, reference, contact)?;
    if let (Some(survivor), Some(contact)) = (survivor, contact) {
        let ended = merge(tx, source, happening, survivor, contact)?;
        exits += ended.0;
        in_flight.extend(ended.1);
    }
    Ok((exits, in_flight))
}

/// The sender's ids of the losers, as text: some CRMs count.
fn ids(happening: &Happening<'_>) -> impl Iterator<Item = String> {
    let ids = happening.data.get("merged_ids").and_then(Value::as_array);
    let text = |id: &Value| match id {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    ids.into_iter().flatten().filter_map(text).take(MERGED_MAX)
}

/// One contact into another that is not merged itself.
fn merge(
    tx: &Db,
    source: Source<'_>,
    happening: &Happening<'_>,
    loser: i64,
    survivor: i64,
) -> Result<Ended, Error> {
    let (tenant, at) = (source.tenant, happening.at);
    let ended = exits::end_all(tx, tenant, loser, ExitReason::Merged, at)?;
    for sql in GOES_ALONG {
        execute(tx, sql, params![loser, survivor, tenant.0])?;
    }
    contacts::mark_due(tx, tenant, survivor, at)?;
    inherit(tx, tenant, survivor)?;
    Ok(ended)
}

/// What goes along, in this order; the last makes the loser one.
const GOES_ALONG: [&str; 7] = [
    // Nobody has looked at them: they are about the person, whoever that is now.
    "UPDATE events SET contact_id = ?2 WHERE tenant_id = ?3 AND contact_id = ?1 AND status = 'pending'",
    "UPDATE touches SET contact_id = ?2 WHERE tenant_id = ?3 AND contact_id = ?1",
    "UPDATE writebacks SET contact_id = ?2 WHERE tenant_id = ?3 AND contact_id = ?1",
    "UPDATE opt_outs SET contact_id = ?2 WHERE tenant_id = ?3 AND contact_id = ?1
       AND NOT EXISTS (SELECT 1 FROM opt_outs own WHERE own.contact_id = ?2 AND own.sequence = opt_outs.sequence)",
    "INSERT INTO pauses (tenant_id, scope, name, cause, reason, since, until)
     SELECT tenant_id, scope, CAST(?2 AS TEXT), cause, reason, since, until FROM pauses
     WHERE tenant_id = ?3 AND scope = 'contact' AND name = CAST(?1 AS TEXT) AND lifted_at IS NULL
     ON CONFLICT (tenant_id, scope, name, cause) DO UPDATE
     SET reason = excluded.reason, since = excluded.since, until = excluded.until,
                               lifted_at = NULL WHERE pauses.lifted_at IS NOT NULL",
    "UPDATE contacts SET quiet_until = l.quiet_until, quiet_reason = l.quiet_reason
     FROM (SELECT quiet_until, quiet_reason FROM contacts WHERE id = ?1) AS l
     WHERE tenant_id = ?3 AND id = ?2 AND l.quiet_until > coalesce(contacts.quiet_until, 0)",
    // A decision or a delivery under way is void.
    "UPDATE contacts SET merged_into = ?2, due_at = NULL, version = version + 1
     WHERE tenant_id = ?3 AND (id = ?1 OR merged_into = ?1)",
];

/// What the person behind an address of the contact wished for holds for its own, with reason and source.
/// A bounce says something of a mailbox only.
pub(super) fn inherit(tx: &Db, tenant: TenantId, contact: i64) -> Result<(), Error> {
    type Wish = (String, String, String, i64);
    let wishes: Vec<Wish> = collect(
        tx,
        "SELECT c.email, s.reason, s.source, s.at FROM contacts l
         JOIN contacts c ON c.id = l.merged_into
         JOIN suppressions s ON s.tenant_id = l.tenant_id AND s.address = l.email
         WHERE l.tenant_id = ?1 AND l.merged_into = ?2 AND c.email IS NOT NULL
           AND lower(s.reason) NOT LIKE '%bounce%'
         ORDER BY s.reason NOT IN ('unsubscribed', 'complaint'), s.at",
        params![tenant.0, contact],
        |row| {
            Ok((
                get(row, "email")?,
                get(row, "reason")?,
                get(row, "source")?,
                get(row, "at")?,
            ))
        },
    )?;
    for (address, reason, source, at) in wishes {
        execute(
            tx,
            exits::PUT_ON_LIST,
            params![tenant.0, address, reason, source, at],
        )?;
    }
    Ok(())
}

/// Whether the sender merged this id into another: what it says of it from then on is not the survivor's.
pub(super) fn is_merged_id(
    tx: &Db,
    tenant: TenantId,
    connection: &str,
    id: Option<&str>,
) -> Result<bool, Error> {
    let Some(id) = id else {
        return Ok(false);
    };
    let merged = first(
        tx,
        "SELECT merged FROM contact_refs WHERE tenant_id = ?1 AND connection = ?2 AND external_id = ?3",
        params![tenant.0, connection, id],
        |row| get(row, "merged"),
    )?;
    Ok(merged.unwrap_or(false))
}

/// Whether the event deletes a loser alone, by its id or by an address that is a loser's.
pub(super) fn deletes_loser(
    tx: &Db,
    source: Source<'_>,
    happening: &Happening<'_>,
    reference: &ContactRef,
) -> Result<bool, Error> {
    if happening.kind != kind::CONTACT_DELETED {
        return Ok(false);
    }
    let by_address = match (&reference.external_id, &reference.email) {
        (None, Some(email)) => first(
            tx,
            "SELECT merged_into IS NOT NULL AS merged FROM contacts WHERE tenant_id = ?1 AND email = ?2",
            params![source.tenant.0, email.as_str()],
            |row| get(row, "merged"),
        )?,
        _ => None,
    };
    Ok(source.of_merged || by_address.unwrap_or(false))
}

/// Notes whether an id of the survivor's is one that was merged; one that nobody knows yet is known from
/// here on.
fn mark(tx: &Db, source: Source<'_>, id: &str, survivor: i64, merged: bool) -> Result<(), Error> {
    execute(
        tx,
        "INSERT INTO contact_refs (tenant_id, connection, external_id, contact_id, merged)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (tenant_id, connection, external_id) DO UPDATE
         SET merged = excluded.merged WHERE contact_refs.merged <> excluded.merged",
        params![source.tenant.0, source.connection, id, survivor, merged],
    )
    .map(|_| ())
}
