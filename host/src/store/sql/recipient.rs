//! Whom a message went to and what they chose: see `store::recipient`.

use crate::store::sql::db::{Db, params};
use crate::store::sql::engine::Engine;
use async_trait::async_trait;
use serde::Deserialize;

use super::SqlStore;
use super::rows::{collect, first, get, instant_opt, json, json_opt};
use crate::domain::enrollment::ExitReason;
use crate::domain::event::kind;
use crate::domain::mail::Mailbox;
use crate::domain::{EmailAddress, JsonMap};
use crate::store::recipient::{Addressee, Recipient, Suppressed};
use crate::store::{Error, TenantId};

#[async_trait]
impl<E: Engine> Recipient for SqlStore<E> {
    async fn addressee(
        &self,
        tenant: TenantId,
        message_id: &str,
    ) -> Result<Option<Addressee>, Error> {
        let message_id = message_id.to_owned();
        self.read(move |db| addressee(db, tenant, &message_id))
            .await
    }
}

/// What of a composed mail is asked for here.
#[derive(Deserialize)]
struct Went {
    to: Mailbox,
    #[serde(default)]
    links: Vec<String>,
}

fn addressee(db: &Db, tenant: TenantId, message_id: &str) -> Result<Option<Addressee>, Error> {
    let found = first(
        db,
        "SELECT m.mail, c.id AS contact_id, c.email, s.name AS sequence,
                CASE WHEN c.quiet_reason = ?3 THEN c.quiet_until END AS paused_until,
                EXISTS (SELECT 1 FROM opt_outs o
                        WHERE o.contact_id = c.id AND o.sequence = s.name) AS opted_out
         FROM messages m JOIN contacts went ON went.id = m.contact_id
              JOIN contacts c ON c.id = coalesce(went.merged_into, went.id)
              JOIN enrollments e ON e.id = m.enrollment_id JOIN sequences s ON s.id = e.sequence_id
         WHERE m.tenant_id = ?1 AND m.id = ?2",
        params![tenant.0, message_id, kind::PAUSED_BY_CONTACT],
        |row| {
            let went: Option<Went> = json_opt(row, "mail")?;
            let known: Option<String> = get(row, "email")?;
            let known = known.and_then(|email| EmailAddress::parse(&email).ok());
            let (to, links) = went.map_or((None, Vec::new()), |went| {
                (Some(went.to.address), went.links)
            });
            let addressee = Addressee {
                message_id: message_id.to_owned(),
                address: to.or(known),
                sequence: get(row, "sequence")?,
                links,
                opted_out: get(row, "opted_out")?,
                paused_until: instant_opt(row, "paused_until")?,
                suppressed: None,
                unsubscribed_last: false,
                choices: 0,
                recorded: 0,
            };
            Ok((addressee, get::<i64>(row, "contact_id")?))
        },
    )?;
    let Some((mut addressee, contact)) = found else {
        return Ok(None);
    };
    hear(db, tenant, contact, &mut addressee)?;
    if let Some(address) = &addressee.address {
        addressee.suppressed = suppressed(db, tenant, contact, address)?;
    }
    Ok(Some(addressee))
}

/// What came from the pages of this contact's messages.
pub(in crate::store) const HEARD: &str =
    "SELECT kind, data FROM events INDEXED BY events_of_recipients
     WHERE contact_id IN (SELECT id FROM contacts WHERE id = ?1 OR merged_into = ?1)
       AND connection = '@recipient' AND tenant_id = ?2 ORDER BY seq";

fn hear(db: &Db, tenant: TenantId, contact: i64, addressee: &mut Addressee) -> Result<(), Error> {
    let heard = collect(db, HEARD, params![contact, tenant.0], |row| {
        Ok((get::<String>(row, "kind")?, json::<JsonMap>(row, "data")?))
    })?;
    for (event_kind, data) in heard {
        match event_kind.as_str() {
            kind::UNSUBSCRIBED => addressee.unsubscribed_last = true,
            kind::OPTED_IN if !data.contains_key("sequence") => addressee.unsubscribed_last = false,
            _ => {}
        }
        match event_kind.as_str() {
            kind::UNSUBSCRIBED | kind::OPTED_OUT | kind::OPTED_IN | kind::PAUSED_BY_CONTACT => {
                addressee.choices += 1;
            }
            _ if data.get("message_id").and_then(|id| id.as_str())
                == Some(&addressee.message_id) =>
            {
                addressee.recorded += 1;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The list's entry for the address itself, and whether the contact's own click brought it.
pub(in crate::store) const SUPPRESSED: &str = "SELECT s.reason, EXISTS (SELECT 1 FROM events e
            WHERE e.tenant_id = s.tenant_id AND e.id = s.source AND e.connection = '@recipient'
              AND (e.contact_id = ?3 OR e.contact_id IN (SELECT id FROM contacts WHERE merged_into = ?3))
              AND s.reason = ?4) AS own
     FROM suppressions s WHERE s.tenant_id = ?1 AND s.address = ?2";

fn suppressed(
    db: &Db,
    tenant: TenantId,
    contact: i64,
    address: &EmailAddress,
) -> Result<Option<Suppressed>, Error> {
    let unsubscribed = ExitReason::Unsubscribed.as_str();
    first(
        db,
        SUPPRESSED,
        params![tenant.0, address.as_str(), contact, unsubscribed],
        |row| {
            Ok(Suppressed {
                reason: get(row, "reason")?,
                own: get(row, "own")?,
            })
        },
    )
}
