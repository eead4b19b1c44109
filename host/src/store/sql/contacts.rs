//! Finding, making and merging people, inside the writer's transaction.

use crate::store::sql::db::{Db, Held, params};

use super::merges;
use super::rows::{execute, first, get, insert, instant_opt, json, json_opt, to_json};
use crate::domain::known::{Known, Told};
use crate::domain::{ContactPatch, ContactRef, EmailAddress, Instant};
use crate::store::intake::Reactions;
use crate::store::{Error, TenantId};

/// The connection under which `contact_refs` keeps further addresses of a person.
pub(super) const OTHER_ADDRESS: &str = "@";

/// Further addresses of one person that are kept.
const OTHER_ADDRESSES_MAX: usize = 20;

/// Who speaks of a contact, and since when that is so by their clock.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) tenant: TenantId,
    pub(super) connection: &'a str,
    /// A clock that runs ahead must not shut out what is told later.
    pub(super) at: Instant,
    /// By an id that it has merged into another.
    pub(super) of_merged: bool,
}

/// The contact that a sender means.
///
/// The address decides: two systems that name one mailbox mean one person, whatever their ids. A
/// sender's id that pointed elsewhere is pointed to the address's contact; where only the id is
/// known and the address is new, the person changed address. But an address that the sender told later
/// than it now tells the old one is not taken back. Nobody found: made, if `create`.
pub(super) fn resolve(
    tx: &Db,
    source: Source<'_>,
    reference: &ContactRef,
    create: bool,
) -> Result<Option<i64>, Error> {
    let Source {
        tenant, connection, ..
    } = source;
    let by_id = match &reference.external_id {
        Some(id) => by_external_id(tx, tenant, connection, id)?,
        None => None,
    };
    let mut by_email = match &reference.email {
        Some(email) => by_address(tx, tenant, email.as_str())?,
        None => None,
    };
    // Who only writes to us may write from another mailbox; who is told to us with an address of its
    // own is a contact of its own.
    if let (None, None, false, Some(email)) = (by_email, by_id, create, &reference.email) {
        by_email = by_external_id(tx, tenant, OTHER_ADDRESS, email.as_str())?;
    }
    hold(tx, [by_email, by_id])?;
    let named = reference.email.is_some() || reference.external_id.is_some();
    let contact = match (by_email, by_id) {
        (Some(by_email), Some(by_id)) if by_email != by_id && is_late(tx, source, by_id)? => {
            Some(by_id)
        }
        (Some(contact), _) | (None, Some(contact)) => Some(contact),
        (None, None) if create && named => Some(make(tx, source, reference)?),
        (None, None) => None,
    };
    if let (Some(contact), Some(email)) = (contact, &reference.email)
        && by_id == Some(contact)
        && by_email.is_none_or(|by_email| by_email == contact)
    {
        address_told(tx, source, contact, email)?;
    }
    if let (Some(contact), Some(id)) = (contact, &reference.external_id)
        && by_id != Some(contact)
    {
        point(tx, tenant, connection, id, contact)?;
    }
    Ok(contact)
}

/// What is read of them from here on holds.
fn hold(tx: &Db, found: [Option<i64>; 2]) -> Result<(), Error> {
    let contacts: Vec<i64> = found.into_iter().flatten().collect();
    if contacts.is_empty() {
        return Ok(());
    }
    tx.hold(Held::Contacts(&contacts))
}

fn make(tx: &Db, source: Source<'_>, reference: &ContactRef) -> Result<i64, Error> {
    insert(
        tx,
        "INSERT INTO contacts (tenant_id, email, told_at) VALUES (?1, ?2, ?3)",
        params![
            source.tenant.0,
            reference.email.as_ref().map(EmailAddress::as_str),
            reference.email.as_ref().map(|_| source.at.0),
        ],
    )
}

/// The sender's id is this contact's from now on.
fn point(tx: &Db, tenant: TenantId, connection: &str, id: &str, contact: i64) -> Result<(), Error> {
    execute(
        tx,
        "INSERT INTO contact_refs (tenant_id, connection, external_id, contact_id) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (tenant_id, connection, external_id) DO UPDATE SET contact_id = excluded.contact_id",
        params![tenant.0, connection, id, contact],
    )
    .map(|_| ())
}

/// Whether the contact's address is known from a later moment.
fn is_late(tx: &Db, source: Source<'_>, contact: i64) -> Result<bool, Error> {
    let known = known(tx, source.tenant, contact)?;
    Ok(known.is_some_and(|known| known.is_address_newer(source.at)))
}

/// A sender that knows the contact by an id of its own tells its address. The one before, or one that is
/// told too late, stays known: what comes from there is the same person's.
fn address_told(
    tx: &Db,
    source: Source<'_>,
    contact: i64,
    email: &EmailAddress,
) -> Result<(), Error> {
    let tenant = source.tenant;
    let Some(mut known) = known(tx, tenant, contact)? else {
        return Ok(());
    };
    let (times, before) = (known.told.clone(), known.email.clone());
    let news = !source.of_merged && known.hear_address(email, source.at);
    let further = if news { before.as_ref() } else { Some(email) };
    if before.as_ref() == Some(email) {
        if known.told != times {
            save(tx, tenant, contact, &known)?;
        }
        return Ok(());
    }
    if news {
        // It may be that of somebody who was merged into the contact.
        let of_merged = first(
            tx,
            "SELECT id FROM contacts WHERE tenant_id = ?1 AND email = ?2",
            params![tenant.0, email.as_str()],
            |row| get::<i64>(row, "id"),
        )?;
        if let Some(merged) = of_merged {
            set_address(tx, tenant, merged, None)?;
        }
        save(tx, tenant, contact, &known)?;
        if before.is_none() {
            merges::inherit(tx, tenant, contact)?;
        }
        if let (Some(merged), Some(before)) = (of_merged, &before) {
            return set_address(tx, tenant, merged, Some(before));
        }
    }
    match further {
        Some(further) if by_address(tx, tenant, further.as_str())?.is_none() => {
            point(tx, tenant, OTHER_ADDRESS, further.as_str(), contact)
        }
        _ => Ok(()),
    }
}

fn set_address(
    tx: &Db,
    tenant: TenantId,
    contact: i64,
    email: Option<&EmailAddress>,
) -> Result<(), Error> {
    execute(
        tx,
        "UPDATE contacts SET email = ?3 WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, contact, email.map(EmailAddress::as_str)],
    )
    .map(|_| ())
}

/// The contact that a sender's id leads to.
pub(super) fn by_external_id(
    tx: &Db,
    tenant: TenantId,
    connection: &str,
    id: &str,
) -> Result<Option<i64>, Error> {
    first(
        tx,
        "SELECT coalesce(c.merged_into, c.id) AS contact_id FROM contact_refs r
         JOIN contacts c ON c.id = r.contact_id
         WHERE r.tenant_id = ?1 AND r.connection = ?2 AND r.external_id = ?3",
        params![tenant.0, connection, id],
        |row| get(row, "contact_id"),
    )
}

/// The contact whose address it is, or was before it was merged into another.
pub(super) fn by_address(tx: &Db, tenant: TenantId, email: &str) -> Result<Option<i64>, Error> {
    first(
        tx,
        "SELECT coalesce(merged_into, id) AS id FROM contacts WHERE tenant_id = ?1 AND email = ?2",
        params![tenant.0, email],
        |row| get(row, "id"),
    )
}

/// The address of a contact, where one is known.
pub(super) fn address(tx: &Db, tenant: TenantId, contact: i64) -> Result<Option<String>, Error> {
    let email = first(
        tx,
        "SELECT email FROM contacts WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, contact],
        |row| get(row, "email"),
    )?;
    Ok(email.flatten())
}

/// The fields of a contact, with their times.
pub(super) fn known(tx: &Db, tenant: TenantId, contact: i64) -> Result<Option<Known>, Error> {
    first(
        tx,
        "SELECT email, time_zone, locale, attributes, account, deleted_at, told_at, told FROM contacts
         WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, contact],
        |row| {
            Ok(Known {
                email: super::work::email(get(row, "email")?)?,
                time_zone: get(row, "time_zone")?,
                locale: get(row, "locale")?,
                attributes: json(row, "attributes")?,
                account: json_opt(row, "account")?,
                deleted: get::<Option<i64>>(row, "deleted_at")?.is_some(),
                told: Told {
                    at: instant_opt(row, "told_at")?,
                    apart: json_opt(row, "told")?.unwrap_or_default(),
                },
            })
        },
    )
}

/// Stores all of them but the deletion, which has a moment of its own.
pub(super) fn save(tx: &Db, tenant: TenantId, contact: i64, known: &Known) -> Result<(), Error> {
    let Told { at, apart } = &known.told;
    let apart = (!apart.is_empty()).then(|| to_json(apart)).transpose()?;
    execute(
        tx,
        "UPDATE contacts SET email = ?3, time_zone = ?4, locale = ?5, attributes = ?6, account = ?7,
                told_at = ?8, told = ?9
         WHERE tenant_id = ?1 AND id = ?2",
        params![
            tenant.0,
            contact,
            known.email.as_ref().map(EmailAddress::as_str),
            known.time_zone,
            known.locale,
            to_json(&known.attributes)?,
            known.account.as_ref().map(to_json).transpose()?,
            at.map(|at| at.0),
            apart,
        ],
    )
    .map(|_| ())
}

/// Merges what a sender told at `at`. Messages held for a missing field get another look.
pub(super) fn patch(
    tx: &Db,
    tenant: TenantId,
    contact: i64,
    told: &ContactPatch,
    at: Instant,
    now: Instant,
) -> Result<(), Error> {
    if told.is_empty() {
        return Ok(());
    }
    let Some(mut known) = known(tx, tenant, contact)? else {
        return Ok(());
    };
    known.hear(told, at);
    save(tx, tenant, contact, &known)?;
    for email in told.other_emails.iter().take(OTHER_ADDRESSES_MAX) {
        point(tx, tenant, OTHER_ADDRESS, email.as_str(), contact)?;
    }
    release_held(tx, tenant, contact, now)
}

/// Notes which account the contact belongs to, for the rules that hold for a whole account.
pub(super) fn place(
    tx: &Db,
    tenant: TenantId,
    contact: i64,
    reactions: &Reactions,
) -> Result<(), Error> {
    let known = first(
        tx,
        "SELECT email, account ->> 'id' AS account_id, account_key FROM contacts WHERE tenant_id = ?1 AND id = ?2",
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
    tx: &Db,
    tenant: TenantId,
    contact: i64,
    now: Instant,
) -> Result<(), Error> {
    execute(
        tx,
        "UPDATE messages SET status = 'queued', held_reason = NULL, rule = NULL, due_at = CASE WHEN due_at > ?3 THEN due_at ELSE ?3 END
         WHERE tenant_id = ?1 AND contact_id = ?2 AND status = 'held' AND rule = 'missing-field'",
        params![tenant.0, contact, now.0],
    )?;
    Ok(())
}

/// Something was heard of the contact: decisions on older knowledge are void.
pub(super) fn touch(tx: &Db, tenant: TenantId, contact: i64) -> Result<(), Error> {
    execute(
        tx,
        "UPDATE contacts SET version = version + 1 WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, contact],
    )?;
    Ok(())
}

/// There is something to decide, at `at` or before.
pub(super) fn mark_due(tx: &Db, tenant: TenantId, contact: i64, at: Instant) -> Result<(), Error> {
    execute(
        tx,
        "UPDATE contacts SET due_at = CASE WHEN due_at < ?3 THEN due_at ELSE ?3 END WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, contact, at.0],
    )?;
    Ok(())
}
