//! The door's transaction: see `store::intake` for what it promises.

use std::time::Duration;

use crate::store::sql::db::{Db, Held, params};
use crate::store::sql::engine::{Engine, Job};
use async_trait::async_trait;

use super::contacts::Source;
use super::exits::{self, Happening};
use super::reports::{self, Subject};
use super::rows::{execute, first, get, to_json};
use super::{SqlStore, choices, contacts, echoes, machines, merges, reactions, thin, writebacks};
use crate::domain::event::Hydrate;
use crate::domain::event::kind;
use crate::domain::machine::is_machine_kind;
use crate::domain::{Instant, JsonMap, NewEvent};
use crate::store::intake::{Arrival, Hydration, Ingested, Intake, ThinEvent, event_id};
use crate::store::{Bell, Duty, Error, TenantId};

#[async_trait]
impl<E: Engine> Intake for SqlStore<E> {
    async fn ingest(&self, arrival: Arrival) -> Result<Ingested, Error> {
        let merges = merges::any(&arrival.events);
        let (ingested, thin) = self
            .write_arrival(merges, move |tx| ingest(tx, &arrival))
            .await?;
        self.ring_for(&ingested, thin);
        Ok(ingested)
    }

    async fn wait_concluded(&self, messages: &[i64], wait_ms: u64) -> Result<bool, Error> {
        let wait = async {
            loop {
                // Listening begins before looking, so that no bell falls between the two.
                let mut bell = std::pin::pin!(self.concluded.notified());
                bell.as_mut().enable();
                let messages = messages.to_vec();
                if self.read(move |db| none_sending(db, &messages)).await? {
                    return Ok(());
                }
                bell.await;
            }
        };
        match tokio::time::timeout(Duration::from_millis(wait_ms), wait).await {
            Ok(looked) => looked.map(|()| true),
            Err(_) => Ok(false),
        }
    }

    async fn thin_events(&self, now: Instant, limit: usize) -> Result<Vec<ThinEvent>, Error> {
        if !self.engine.has(Duty::Hydrate) {
            return Ok(Vec::new());
        }
        self.read(move |db| thin::due(db, now, limit)).await
    }

    async fn next_hydrate_at(&self) -> Result<Option<Instant>, Error> {
        if !self.engine.has(Duty::Hydrate) {
            return Ok(None);
        }
        self.read(thin::next_at).await
    }

    async fn hydrated(&self, seq: i64, answer: Hydration) -> Result<Ingested, Error> {
        let merges = match &answer {
            Hydration::Complete(arrival) => merges::any(&arrival.events),
            _ => false,
        };
        let (ingested, more) = self
            .write_arrival(merges, move |tx| thin::answer(tx, seq, &answer))
            .await?;
        self.ring_for(&ingested, more);
        Ok(ingested)
    }
}

impl<E: Engine> SqlStore<E> {
    /// Who merges contacts does so alone: whoever has found one goes on with it.
    pub(super) async fn write_arrival<T: Send + 'static>(
        &self,
        merges: bool,
        job: impl Job<T>,
    ) -> Result<T, Error> {
        if merges {
            self.write_alone(job).await
        } else {
            self.write(job).await
        }
    }

    pub(super) fn ring_for(&self, ingested: &Ingested, thin: bool) {
        if ingested.stored > 0 {
            self.ring(Bell::Decide);
            // Fields that a held message waited for may have come.
            self.ring(Bell::Deliver);
            self.ring(Bell::WriteBack);
        }
        if thin {
            self.ring(Bell::Hydrate);
        }
    }
}

fn none_sending(db: &Db, messages: &[i64]) -> Result<bool, Error> {
    for seq in messages {
        let status: Option<String> = first(
            db,
            "SELECT status FROM messages WHERE seq = ?1",
            params![seq],
            |row| get(row, "status"),
        )?;
        if status.as_deref() == Some("sending") {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns the summary, and whether thin events are among the stored.
pub(super) fn ingest(tx: &Db, arrival: &Arrival) -> Result<(Ingested, bool), Error> {
    hold_names(tx, arrival)?;
    let mut ingested = Ingested::default();
    let mut thin = false;
    for event in &arrival.events {
        let id = event_id(arrival.tenant, &arrival.connection, &event.source_key);
        let known = first(
            tx,
            "SELECT 1 FROM events WHERE tenant_id = ?1 AND id = ?2",
            params![arrival.tenant.0, id],
            |_| Ok(()),
        )?;
        if known.is_some() {
            ingested.duplicates += 1;
            continue;
        }
        thin |= store_event(tx, arrival, event, &id, &mut ingested)?;
        ingested.stored += 1;
    }
    Ok((ingested, thin))
}

/// Two hosts that hear of the same event, or of somebody whom nobody knows yet, do so one after the other.
pub(super) fn hold_names(tx: &Db, arrival: &Arrival) -> Result<(), Error> {
    let tenant = arrival.tenant.0;
    let mut names = Vec::with_capacity(arrival.events.len() * 2);
    for event in &arrival.events {
        names.push(event_id(
            arrival.tenant,
            &arrival.connection,
            &event.source_key,
        ));
        if let Some(email) = &event.contact.email {
            names.push(format!("{tenant} {email}"));
        }
        if let Some(id) = &event.contact.external_id {
            names.push(format!("{tenant} {} {id}", arrival.connection));
        }
    }
    tx.hold(Held::Names(&names))
}

/// Everything that one event brings about; whether it is to be asked about first.
fn store_event(
    tx: &Db,
    arrival: &Arrival,
    event: &NewEvent,
    id: &str,
    ingested: &mut Ingested,
) -> Result<bool, Error> {
    let message = reports::subject(tx, arrival.tenant, event)?;
    if let Some(message) = &message {
        tx.hold(Held::Contacts(&[message.contact]))?;
    }
    let unmasked = machines::unmask(tx, arrival, event)?;
    let event = unmasked.as_ref().unwrap_or(event);
    let happening = Happening {
        tenant: arrival.tenant,
        event_id: id,
        kind: &event.kind,
        at: arrival.received_at,
        data: &event.data,
    };
    if let Some(message) = &message {
        reports::report(tx, &happening, message)?;
    }
    let told_at = event.occurred_at.min(arrival.received_at);
    let source = Source {
        tenant: arrival.tenant,
        connection: &arrival.connection,
        at: told_at,
        // The one that a merge names is the survivor's from here on, whatever it was.
        of_merged: event.kind != kind::CONTACT_MERGED
            && merges::is_merged_id(
                tx,
                arrival.tenant,
                &arrival.connection,
                event.contact.external_id.as_deref(),
            )?,
    };
    let create = arrival.creates_contacts && event.kind != kind::CONTACT_DELETED;
    let who = &event.contact;
    let survivor = merges::survivor(tx, source, &happening, who, create)?;
    let merged = merges::apply(tx, source, &happening, who, survivor)?;
    let contact = match &message {
        Some(message) => Some(message.contact),
        // That a loser's row in the CRM goes is part of having been merged.
        None if merges::deletes_loser(tx, source, &happening, who)? => None,
        // Nobody is made known by being deleted.
        None => contacts::resolve(tx, source, who, create)?,
    };
    let joined = merges::join(tx, source, &happening, who, [survivor, contact])?;
    let raw = to_json(&event.raw)?;
    let echo = echoes::echo(tx, arrival, event, contact, &raw)?;
    let hydrate = match echo {
        Some(_) => None,
        None => open_question(tx, arrival.tenant, contact, event)?,
    };
    echoes::heard(tx, arrival, event)?;
    let status = match (contact, hydrate) {
        // Our own write, come back.
        _ if echo.is_some() => "stored",
        (_, Some(_)) => "thin",
        // Kept for the record: nobody decides on it.
        (Some(_), None) if is_machine_kind(&event.kind) => "stored",
        (Some(_), None) => "pending",
        (None, None) => "stored",
    };
    execute(
        tx,
        "INSERT INTO events (tenant_id, id, connection, kind, contact_id, occurred_at, received_at, data, raw,
                             status, hydrate, hydrate_at, remark)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            arrival.tenant.0,
            id,
            arrival.connection,
            event.kind,
            contact,
            event.occurred_at.0,
            arrival.received_at.0,
            to_json(&facts(event, message.as_ref()))?,
            raw,
            status,
            hydrate.map(|_| to_json(event)).transpose()?,
            hydrate.map(|_| arrival.received_at.0),
            echo,
        ],
    )?;
    let told = event
        .contact
        .email
        .as_ref()
        .map(crate::domain::EmailAddress::as_str);
    let Some(contact) = contact else {
        // An opt-out counts even from an address we do not know: it may be imported tomorrow.
        exits::suppress(tx, &happening, [told, None])?;
        return Ok(hydrate.is_some());
    };
    if !source.of_merged {
        contacts::patch(
            tx,
            arrival.tenant,
            contact,
            &event.patch,
            told_at,
            arrival.received_at,
        )?;
    }
    contacts::place(tx, arrival.tenant, contact, &arrival.reactions)?;
    if event.contact.external_id.is_some() {
        writebacks::assign_of(tx, arrival.tenant, contact, arrival.received_at)?;
    }
    if echo.is_some() {
        return Ok(false);
    }
    let address = contacts::address(tx, arrival.tenant, contact)?;
    exits::suppress(tx, &happening, [told, address.as_deref()])?;
    let ended = match exits::note_deletion(tx, &happening, contact, told_at)? {
        Some(in_flight) => {
            ingested.in_flight.extend(in_flight);
            exits::apply(tx, &happening, contact, &arrival.reactions)?
        }
        // It was made again since.
        None => (0, Vec::new()),
    };
    let chosen = choices::apply(
        tx,
        &happening,
        contact,
        event,
        &arrival.connection,
        [told, address.as_deref()],
    )?;
    let followed = reactions::apply(
        tx,
        &happening,
        event.occurred_at,
        contact,
        &arrival.reactions,
    )?;
    for (exits, in_flight) in [merged, joined, ended, chosen, followed] {
        ingested.exits += exits;
        ingested.in_flight.extend(in_flight);
    }
    contacts::touch(tx, arrival.tenant, contact)?;
    if status == "pending" {
        let at = machines::decide_at(event, arrival.received_at);
        contacts::mark_due(tx, arrival.tenant, contact, at)?;
    }
    Ok(hydrate.is_some())
}

/// What policies read: the event's facts, with the message that the store found it to be about.
fn facts(event: &NewEvent, message: Option<&Subject>) -> JsonMap {
    let mut facts = event.facts();
    if let Some(message) = message {
        facts.insert("message_id".to_owned(), message.id.as_str().into());
    }
    facts
}

/// What still has to be asked for. An event that names a contact whose address we know already
/// says enough: its details are what it carries.
fn open_question<'e>(
    tx: &Db,
    tenant: TenantId,
    contact: Option<i64>,
    event: &'e NewEvent,
) -> Result<Option<&'e Hydrate>, Error> {
    let Some(hydrate) = &event.hydrate else {
        return Ok(None);
    };
    if hydrate.object != "contact" {
        return Ok(Some(hydrate));
    }
    let known = match contact {
        Some(contact) => contacts::address(tx, tenant, contact)?.is_some(),
        None => false,
    };
    Ok((!known).then_some(hydrate))
}
