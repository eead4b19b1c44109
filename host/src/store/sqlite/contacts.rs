//! Finding, making and merging people, inside the writer's transaction.

use rusqlite::{Connection, params};

use super::rows::{execute, first, get, json, json_opt, merge, to_json};
use crate::domain::{ContactPatch, ContactRef, EmailAddress, Instant, JsonMap};
use crate::store::intake::Reactions;
use crate::store::{Error, TenantId};

/// The connection under which `contact_refs` keeps further addresses of a person.
pub(super) const OTHER_ADDRESS: &str = "@";

/// Further addresses of one person that are kept.
const OTHER_ADDRESSES_MAX: usize = 20;

/// The contact that a sender means.
///
/// The address decides: two systems that name one mailbox mean one person, whatever their ids. A
/// sender's id that pointed elsewhere is pointed to the address's contact; where only the id is
/// known and the address is new, the person changed address. Nobody found: made, if `create`.
pub(super) fn resolve(
    tx: &Connection,
    tenant: TenantId,
    connection: &str,
    reference: &ContactRef,
    create: bool,
) -> Result<Option<i64>, Error> {
    let by_id = match &reference.external_id {
        Some(id) => by_external_id(tx, tenant, connection, id)?,
        None => None,
    };
    let mut by_email = match &reference.email {
        Some(email) => by_address(tx, tenant, email)?,
        None => None,
    };
    // Who only writes to us may write from another mailbox; who is told to us with an address of its
    // own is a contact of its own.
    if let (None, None, false, Some(email)) = (by_email, by_id, create, &reference.email) {
        by_email = by_external_id(tx, tenant, OTHER_ADDRESS, email.as_str())?;
    }
    let named = reference.email.is_some() || reference.external_id.is_some();
    let contact = match (by_email, by_id) {
        (Some(contact), _) => Some(contact),
        (None, Some(contact)) => {
            if let Some(email) = &reference.email {
                execute(
                    tx,
                    "UPDATE contacts SET email = ?3 WHERE tenant_id = ?1 AND id = ?2",
                    params![tenant.0, contact, email.as_str()],
                )?;
            }
            Some(contact)
        }
        (None, None) if create && named => {
            execute(
                tx,
                "INSERT INTO contacts (tenant_id, email) VALUES (?1, ?2)",
                params![tenant.0, reference.email.as_ref().map(EmailAddress::as_str)],
            )?;
            Some(tx.last_insert_rowid())
        }
        (None, None) => None,
    };
    if let (Some(contact), Some(id)) = (contact, &reference.external_id)
        && by_id != Some(contact)
    {
        execute(
            tx,
            "INSERT INTO contact_refs (tenant_id, connection, external_id, contact_id) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET contact_id = excluded.contact_id",
            params![tenant.0, connection, id, contact],
        )?;
    }
    Ok(contact)
}

fn by_external_id(
    tx: &Connection,
    tenant: TenantId,
    connection: &str,
    id: &str,
) -> Result<Option<i64>, Error> {
    first(
        tx,
        "SELECT contact_id FROM contact_refs WHERE tenant_id = ?1 AND connection = ?2 AND external_id = ?3",
        params![tenant.0, connection, id],
        |row| get(row, "contact_id"),
    )
}

fn by_address(
    tx: &Connection,
    tenant: TenantId,
    email: &EmailAddress,
) -> Result<Option<i64>, Error> {
    first(
        tx,
        "SELECT id FROM contacts WHERE tenant_id = ?1 AND email = ?2",
        params![tenant.0, email.as_str()],
        |row| get(row, "id"),
    )
}

/// The address of a contact, where one is known.
pub(super) fn address(
    tx: &Connection,
    tenant: TenantId,
    contact: i64,
) -> Result<Option<String>, Error> {
    let email = first(
        tx,
        "SELECT email FROM contacts WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, contact],
        |row| get(row, "email"),
    )?;
    Ok(email.flatten())
}

/// Merges what a sender told. Messages held for a missing field get another look.
pub(super) fn patch(
    tx: &Connection,
    tenant: TenantId,
    contact: i64,
    told: &ContactPatch,
    now: Instant,
) -> Result<(), Error> {
    if told.is_empty() {
        return Ok(());
    }
    let known = first(
        tx,
        "SELECT attributes, account FROM contacts WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, contact],
        |row| {
            Ok((
                json::<JsonMap>(row, "attributes")?,
                json_opt::<JsonMap>(row, "account")?,
            ))
        },
    )?;
    let Some((mut attributes, account)) = known else {
        return Ok(());
    };
    merge(&mut attributes, &told.attributes);
    let account = match (account, &told.account) {
        (known, None) => known,
        (known, Some(told)) => {
            let mut account = known.unwrap_or_default();
            merge(&mut account, told);
            Some(account)
        }
    };
    execute(
        tx,
        "UPDATE contacts SET attributes = ?3, account = ?4, time_zone = coalesce(?5, time_zone),
                locale = coalesce(?6, locale)
         WHERE tenant_id = ?1 AND id = ?2",
        params![
            tenant.0,
            contact,
            to_json(&attributes)?,
            account.as_ref().map(to_json).transpose()?,
            told.time_zone,
            told.locale,
        ],
    )?;
    for email in told.other_emails.iter().take(OTHER_ADDRESSES_MAX) {
        execute(
            tx,
            "INSERT INTO contact_refs (tenant_id, connection, external_id, contact_id) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET contact_id = excluded.contact_id",
            params![tenant.0, OTHER_ADDRESS, email.as_str(), contact],
        )?;
    }
    release_held(tx, tenant, contact, now)
}

/// Notes which account the contact belongs to, for the rules that hold for a whole account.
pub(super) fn place(
    tx: &Connection,
    tenant: TenantId,
    contact: i64,
    reactions: &Reactions,
) -> Result<(), Error> {
    let known = first(
        tx,
        "SELECT email, account ->> '$.id' AS account_id, account_key FROM contacts WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, contact],
        |row| {
            Ok((
                super::work::email(get(row, "email")?)?,
                get::<Option<String>>(row, "account_id")?,
                get::<Option<String>>(row, "account_key")?,
            ))
        },
    )?;
    let Some((email, account_id, known)) = known else {
        return Ok(());
    };
    let key = reactions.account_key(account_id.as_deref(), email.as_ref());
    if key != known {
        execute(
            tx,
            "UPDATE contacts SET account_key = ?3 WHERE tenant_id = ?1 AND id = ?2",
            params![tenant.0, contact, key],
        )?;
    }
    Ok(())
}

/// Held messages are composed again: what was missing may be there now.
pub(super) fn release_held(
    tx: &Connection,
    tenant: TenantId,
    contact: i64,
    now: Instant,
) -> Result<(), Error> {
    execute(
        tx,
        "UPDATE messages SET status = 'queued', held_reason = NULL, rule = NULL, due_at = max(due_at, ?3)
         WHERE tenant_id = ?1 AND contact_id = ?2 AND status = 'held' AND rule = 'missing-field'",
        params![tenant.0, contact, now.0],
    )?;
    Ok(())
}

/// Something was heard of the contact: decisions on older knowledge are void.
pub(super) fn touch(tx: &Connection, tenant: TenantId, contact: i64) -> Result<(), Error> {
    execute(
        tx,
        "UPDATE contacts SET version = version + 1 WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, contact],
    )?;
    Ok(())
}

/// There is something to decide, at `at` or before.
pub(super) fn mark_due(
    tx: &Connection,
    tenant: TenantId,
    contact: i64,
    at: Instant,
) -> Result<(), Error> {
    execute(
        tx,
        "UPDATE contacts SET due_at = min(coalesce(due_at, ?3), ?3) WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, contact, at.0],
    )?;
    Ok(())
}
