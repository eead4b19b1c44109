//! One message in full: its story, what was heard about it, and what else reached out by then.

use crate::store::sql::db::{Db, Row, params};

use super::super::pace;
use super::super::rows::{collect, first, get, instant, instant_opt, json, json_opt};
use super::{LOOKED_AT_MAX, story, time};
use crate::domain::Instant;
use crate::store::Error;
use crate::store::explain::{Heard, MessageInFull, ThreadFacts, TouchFacts};
use crate::store::work::Thread;

/// Touches of the contact, and of the rest of its account, that are shown with a message.
const TOUCHES_SHOWN_MAX: usize = 20;

pub(super) fn message(db: &Db, tenant: i64, id: &str) -> Result<Option<MessageInFull>, Error> {
    let pauses = pace::pauses(db, tenant)?;
    first(
        db,
        &story::select("m.tenant_id = ?1 AND m.id = ?2"),
        params![tenant, id],
        |row| {
            Ok(MessageInFull {
                story: story::story(db, row, &pauses)?,
                variables: json(row, "variables")?,
                message_id: get(row, "rfc_message_id")?,
                thread: thread(row)?,
                heard: heard(db, tenant, get(row, "contact_id")?, id)?,
                touches: touches(db, tenant, row)?,
            })
        },
    )
}

fn thread(row: &Row<'_>) -> Result<Option<ThreadFacts>, Error> {
    let thread: Option<Thread> = json_opt(row, "thread")?;
    let (composed, threaded): (bool, bool) = (get(row, "composed")?, get(row, "threaded")?);
    Ok(thread.map(|thread| ThreadFacts {
        answers: thread.message_id,
        kept: composed.then_some(threaded),
    }))
}

fn heard(db: &Db, tenant: i64, contact: i64, id: &str) -> Result<Vec<Heard>, Error> {
    collect(
        db,
        "SELECT * FROM (SELECT seq, kind, occurred_at, connection, data FROM events
                        WHERE tenant_id = ?1 AND contact_id = ?2 ORDER BY seq DESC LIMIT ?3) AS latest
         WHERE data ->> 'message_id' = ?4 ORDER BY occurred_at, seq",
        params![tenant, contact, LOOKED_AT_MAX, id],
        |row| {
            let data: serde_json::Value = json(row, "data")?;
            Ok(Heard {
                kind: get(row, "kind")?,
                occurred_at: time(row, "occurred_at")?,
                connection: get(row, "connection")?,
                reason: data
                    .get("reason")
                    .and_then(|reason| reason.as_str())
                    .map(str::to_owned),
            })
        },
    )
}

/// Newest first, the message itself left out; up to the moment it went, or comes due.
fn touches(db: &Db, tenant: i64, row: &Row<'_>) -> Result<Vec<TouchFacts>, Error> {
    let (seq, contact): (i64, i64) = (get(row, "seq")?, get(row, "contact_id")?);
    let account: Option<String> = get(row, "account_key")?;
    let until: Instant = match instant_opt(row, "first_attempt_at")? {
        Some(went_at) => went_at,
        None => instant(row, "due_at")?,
    };
    let select = |condition: &str| {
        format!(
            "SELECT t.at, c.email, m.id, s.name AS sequence, t.identity, t.trouble FROM touches t
             JOIN contacts c ON c.id = t.contact_id LEFT JOIN messages m ON m.seq = t.message_seq
             LEFT JOIN sequences s ON s.id = t.sequence_id
             WHERE t.message_seq IS DISTINCT FROM ?1 AND t.at <= ?2 AND {condition} ORDER BY t.at DESC, t.seq DESC LIMIT ?3"
        )
    };
    let mut all = collect(
        db,
        &select("t.contact_id = ?4"),
        params![seq, until.0, TOUCHES_SHOWN_MAX, contact],
        touch,
    )?;
    if let Some(account) = account {
        all.extend(collect(
            db,
            &select("t.tenant_id = ?4 AND t.account_key = ?5 AND t.contact_id <> ?6"),
            params![seq, until.0, TOUCHES_SHOWN_MAX, tenant, account, contact],
            touch,
        )?);
    }
    Ok(all)
}

fn touch(row: &Row<'_>) -> Result<TouchFacts, Error> {
    Ok(TouchFacts {
        at: time(row, "at")?,
        email: get(row, "email")?,
        message: get(row, "id")?,
        sequence: get(row, "sequence")?,
        identity: get(row, "identity")?,
        trouble: get(row, "trouble")?,
    })
}
