//! Events about our messages: which one is meant, and how it moves on.

use crate::store::sql::db::{Db, params};

use super::exits::Happening;
use super::rows::{execute, first, get};
use crate::domain::event::kind;
use crate::domain::message::MessageStatus;
use crate::domain::{NewEvent, token};
use crate::store::{Error, TenantId};

/// How many of the mails that a mail may answer are looked up.
const ANSWERS_MAX: usize = 30;

/// A message of ours that an event is about.
pub(super) struct Subject {
    pub(super) seq: i64,
    pub(super) id: String,
    pub(super) contact: i64,
    status: MessageStatus,
}

/// The message that the event is about: the one it proves, else the first that it may answer. Our
/// own Message-IDs carry the id; where a provider wrote its own, it is the one it told us.
pub(super) fn subject(
    tx: &Db,
    tenant: TenantId,
    event: &NewEvent,
) -> Result<Option<Subject>, Error> {
    if let Some(id) = &event.message_id {
        return by_column(tx, tenant, "id", id);
    }
    for answered in event.answers.iter().take(ANSWERS_MAX) {
        let found = match token::own_message_id(answered) {
            Some(id) => by_column(tx, tenant, "id", id)?,
            None => by_column(tx, tenant, "rfc_message_id", answered)?,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn by_column(
    tx: &Db,
    tenant: TenantId,
    column: &str,
    value: &str,
) -> Result<Option<Subject>, Error> {
    first(
        tx,
        &format!(
            "SELECT m.seq, m.id, m.status, coalesce(c.merged_into, c.id) AS contact_id FROM messages m
             JOIN contacts c ON c.id = m.contact_id WHERE m.tenant_id = ?1 AND m.{column} = ?2"
        ),
        params![tenant.0, value],
        |row| {
            let (id, status): (String, String) = (get(row, "id")?, get(row, "status")?);
            Ok(Subject {
                seq: get(row, "seq")?,
                contact: get(row, "contact_id")?,
                status: MessageStatus::parse(&status).ok_or_else(|| {
                    Error::Invalid(format!("message {id} has the unknown status {status}"))
                })?,
                id,
            })
        },
    )
}

/// Moves the message on that the event is about.
pub(super) fn report(tx: &Db, happening: &Happening<'_>, message: &Subject) -> Result<(), Error> {
    let (seq, status) = (message.seq, message.status);
    let trouble = match happening.kind {
        kind::HARD_BOUNCED => Some("bounced"),
        kind::COMPLAINED => Some("complained"),
        _ => None,
    };
    if let Some(trouble) = trouble {
        execute(
            tx,
            "UPDATE touches SET trouble = ?2 WHERE message_seq = ?1",
            params![seq, trouble],
        )?;
    }
    // Answers may name the Message-ID that the provider gave the mail.
    if let Some(id) = happening.text("rfc_message_id") {
        execute(
            tx,
            "UPDATE messages SET rfc_message_id = ?2 WHERE seq = ?1 AND rfc_message_id IS DISTINCT FROM ?2",
            params![seq, id],
        )?;
    }
    let next = status.after_event(happening.kind);
    if next != status {
        execute(
            tx,
            "UPDATE messages SET status = ?3, sent_at = coalesce(sent_at, ?4),
                    status_reason = CASE WHEN ?3 IN ('bounced', 'failed') THEN ?5 ELSE NULL END
             WHERE tenant_id = ?1 AND seq = ?2",
            params![
                happening.tenant.0,
                seq,
                next.as_str(),
                happening.at.0,
                happening.kind
            ],
        )?;
    }
    Ok(())
}
