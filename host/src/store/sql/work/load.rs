//! Loading what the decisions about some contacts need: one statement per kind of row, asked for all of
//! them at once.

use std::sync::Arc;

use super::super::db::{Db, Row, row};
use super::super::pace::{self, Around};
use super::super::rows::{collect_each, get, instant, instant_opt, json, json_opt};
use super::{account_view, email, enrollments};
use crate::domain::decision::Touch;
use crate::domain::pause::Pauses;
use crate::domain::touch::Recent;
use crate::domain::{Event, Instant, JsonMap};
use crate::store::work::{Depth, DueContact, PendingEvent, StoredTouch, Thread};
use crate::store::{DEFAULT_TENANT, Error, TenantId};

/// In the order of the numbers.
pub(super) fn load(
    db: &Db,
    contacts: &[i64],
    depth: Depth,
    now: Instant,
) -> Result<Vec<DueContact>, Error> {
    if contacts.is_empty() {
        return Ok(Vec::new());
    }
    let pauses = Arc::new(pace::pauses(db, DEFAULT_TENANT.0)?);
    let known = known(db, contacts, &pauses)?;
    let (mut due, account_keys): (Vec<_>, Vec<_>) = known.into_iter().unzip();
    let around: Vec<_> = due
        .iter()
        .zip(&account_keys)
        .map(|(contact, key)| Around {
            tenant: contact.tenant.0,
            contact: contact.id,
            account_key: key.as_deref(),
        })
        .collect();
    let recent = pace::around_contacts(db, &around, now, depth.lookback)?;
    give(&mut due, recent, |contact, recent| contact.recent = recent);
    let promised = pace::promised(db, contacts, now)?;
    give(&mut due, promised, |contact, slots| {
        contact.promised = slots;
    });

    events(db, &mut due, depth)?;
    let whose: Vec<_> = of(&due, |contact, tenant| row![contact, tenant]);
    let opt_outs = collect_each(
        db,
        "SELECT sequence FROM opt_outs WHERE contact_id = ?1 AND tenant_id = ?2 ORDER BY sequence",
        &whose,
        |row| get(row, "sequence"),
    )?;
    give(&mut due, opt_outs, |contact, all| contact.opt_outs = all);
    let touches = touches(db, &due, depth.touches_max)?;
    give(&mut due, touches, |contact, all| contact.touches = all);
    let enrollments = enrollments::load(db, &whose)?;
    give(&mut due, enrollments, |contact, all| {
        contact.enrollments = all;
    });
    Ok(due)
}

/// Parameters for a statement about each.
fn of<T>(due: &[DueContact], row: impl Fn(i64, i64) -> T) -> Vec<T> {
    let of_one = |contact: &DueContact| row(contact.id, contact.tenant.0);
    due.iter().map(of_one).collect()
}

/// Hands each what was read for it.
fn give<T>(due: &mut [DueContact], parts: Vec<T>, put: impl Fn(&mut DueContact, T)) {
    for (contact, part) in due.iter_mut().zip(parts) {
        put(contact, part);
    }
}

/// The contacts with nothing around them yet, and the keys of their accounts.
fn known(
    db: &Db,
    contacts: &[i64],
    pauses: &Arc<Pauses>,
) -> Result<Vec<(DueContact, Option<String>)>, Error> {
    let ids: Vec<_> = contacts.iter().map(|contact| row![contact]).collect();
    let read = |row: &Row<'_>| {
        let account: Option<JsonMap> = json_opt(row, "account")?;
        let contact = DueContact {
            tenant: TenantId(get(row, "tenant_id")?),
            id: get(row, "id")?,
            version: get(row, "version")?,
            email: email(get(row, "email")?)?,
            time_zone: get(row, "time_zone")?,
            locale: get(row, "locale")?,
            attributes: json(row, "attributes")?,
            account: account.map(account_view),
            deleted: get::<Option<i64>>(row, "deleted_at")?.is_some(),
            suppressed: get(row, "suppressed")?,
            quiet: pace::quiet(row)?,
            opt_outs: Vec::new(),
            pauses: Arc::clone(pauses),
            promised: Vec::new(),
            recent: Recent::default(),
            events: Vec::new(),
            later_kinds: Vec::new(),
            enrollments: Vec::new(),
            touches: Vec::new(),
            history: Vec::new(),
        };
        Ok((contact, get(row, "account_key")?))
    };
    let sql = format!(
        "SELECT c.*, {} AS suppressed FROM contacts c WHERE c.id = ?1",
        pace::SUPPRESSED
    );
    let found = collect_each(db, &sql, &ids, read)?;
    let whole = found.into_iter().zip(contacts).map(|(found, contact)| {
        let found = found.into_iter().next();
        found.ok_or_else(|| Error::Invalid(format!("contact {contact} is gone")))
    });
    whole.collect()
}

/// What is pending, which kinds come after it, and what was before.
fn events(db: &Db, due: &mut [DueContact], depth: Depth) -> Result<(), Error> {
    let pending = collect_each(
        db,
        "SELECT seq, depth, id, kind, occurred_at, data FROM events
         WHERE contact_id = ?1 AND status = 'pending' AND tenant_id = ?2 ORDER BY seq LIMIT ?3",
        &of(due, |contact, tenant| {
            row![contact, tenant, depth.events_max]
        }),
        |row| {
            Ok(PendingEvent {
                seq: get(row, "seq")?,
                depth: get(row, "depth")?,
                event: event(row)?,
            })
        },
    )?;
    give(due, pending, |contact, events| contact.events = events);
    let (mut full, mut after) = (Vec::new(), Vec::new());
    for contact in due.iter_mut() {
        if let Some(last) = contact.events.last()
            && contact.events.len() >= depth.events_max
        {
            after.push(row![contact.id, contact.tenant.0, last.seq]);
            full.push(contact);
        }
    }
    let later = collect_each(
        db,
        "SELECT DISTINCT kind FROM events
         WHERE contact_id = ?1 AND status = 'pending' AND tenant_id = ?2 AND seq > ?3 ORDER BY kind",
        &after,
        |row| get(row, "kind"),
    )?;
    for (contact, kinds) in full.into_iter().zip(later) {
        contact.later_kinds = kinds;
    }
    let history = collect_each(
        db,
        "SELECT id, kind, occurred_at, data FROM events
         WHERE contact_id = ?1 AND tenant_id = ?2 AND status = 'decided' ORDER BY seq DESC LIMIT ?3",
        &of(due, |contact, tenant| row![contact, tenant, depth.history_max]),
        event,
    )?;
    give(due, history, |contact, history| contact.history = history);
    Ok(())
}

/// Of the whole mail, only what continuing it takes; what never arrived cannot be. It is called what its
/// reader knows it by: some providers replace our Message-ID.
fn thread(row: &Row<'_>) -> Result<Option<Thread>, Error> {
    let thread: Option<Thread> = json_opt(row, "mail")?;
    let seen: Option<String> = get(row, "rfc_message_id")?;
    Ok(thread.map(|thread| Thread {
        message_id: seen.unwrap_or(thread.message_id),
        ..thread
    }))
}

/// `domain::event::kind::EMAIL_SENT`, spelled out: a bound word would not find its index. What is only
/// stored is our own copy, told back.
pub(in crate::store) const SENT_BY_A_REP: &str = "SELECT id, kind, occurred_at, data FROM events
     WHERE contact_id = ?1 AND tenant_id = ?2 AND kind = 'email-sent' AND status <> 'stored'
     ORDER BY seq DESC LIMIT ?3";

/// Our messages and the mails a rep sent, newest first.
fn touches(db: &Db, due: &[DueContact], limit: usize) -> Result<Vec<Vec<StoredTouch>>, Error> {
    let whose = of(due, |contact, tenant| row![contact, tenant, limit]);
    let mut all = collect_each(
        db,
        "SELECT m.id, m.subject, m.template, m.status, m.sent_at, m.due_at, m.rfc_message_id, s.name AS sequence,
                CASE WHEN m.status IN ('sent', 'delivered', 'uncertain', 'complained') THEN m.mail END AS mail
         FROM messages m
         JOIN enrollments e ON e.id = m.enrollment_id JOIN sequences s ON s.id = e.sequence_id
         WHERE m.contact_id = ?1 AND m.tenant_id = ?2 ORDER BY m.seq DESC LIMIT ?3",
        &whose,
        |row| {
            let at = instant_opt(row, "sent_at")?.unwrap_or(instant(row, "due_at")?);
            Ok(StoredTouch {
                touch: Touch {
                    id: get(row, "id")?,
                    kind: "email".to_owned(),
                    at,
                    subject: get(row, "subject")?,
                    template: get(row, "template")?,
                    sequence: get(row, "sequence")?,
                    status: get(row, "status")?,
                },
                thread: thread(row)?,
            })
        },
    )?;
    let by_reps = collect_each(db, SENT_BY_A_REP, &whose, |row| Ok(by_a_rep(event(row)?)))?;
    for (touches, by_reps) in all.iter_mut().zip(by_reps) {
        touches.extend(by_reps);
        touches.sort_by_key(|touch| std::cmp::Reverse(touch.touch.at));
        touches.truncate(limit);
    }
    Ok(all)
}

fn by_a_rep(event: Event) -> StoredTouch {
    let text = |name: &str| {
        let value = event.data.get(name).and_then(|v| v.as_str());
        value.map(str::to_owned)
    };
    let subject = text("subject");
    StoredTouch {
        thread: text("message_id").map(|message_id| Thread {
            message_id,
            references: Vec::new(),
            subject: subject.clone().unwrap_or_default(),
        }),
        touch: Touch {
            id: event.id,
            kind: "email".to_owned(),
            at: event.occurred_at,
            subject,
            template: None,
            sequence: None,
            status: "reported".to_owned(),
        },
    }
}

fn event(row: &Row<'_>) -> Result<Event, Error> {
    Ok(Event {
        id: get(row, "id")?,
        kind: get(row, "kind")?,
        occurred_at: instant(row, "occurred_at")?,
        data: json(row, "data")?,
    })
}
