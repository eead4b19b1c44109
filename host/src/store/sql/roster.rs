//! Lists that people bring in: see `store::roster`.

use crate::store::sql::db::{Db, Row, params};
use crate::store::sql::engine::Engine;
use async_trait::async_trait;

use super::rows::{collect, execute, first, get, instant};
use super::{SqlStore, contacts, exits, intake};
use crate::domain::enrollment::ExitReason;
use crate::domain::event::kind;
use crate::domain::{EmailAddress, Instant, NewEvent};
use crate::store::intake::{Arrival, Ingested, event_id};
use crate::store::roster::{EnrolOutcome, Enrolled, Entry, LeadBatch, Roster, Suppressed};
use crate::store::{Error, TenantId};

#[async_trait]
impl<E: Engine> Roster for SqlStore<E> {
    async fn enrol(&self, batch: LeadBatch) -> Result<Vec<Enrolled>, Error> {
        let (enrolled, ingested) = self.write(move |tx| enrol(tx, &batch)).await?;
        self.ring_for(&ingested, false);
        Ok(enrolled)
    }

    async fn preview(&self, batch: LeadBatch) -> Result<Vec<Enrolled>, Error> {
        self.read(move |db| {
            let events = batch.arrival.events.iter();
            events.map(|event| judge(db, &batch, event)).collect()
        })
        .await
    }

    async fn suppress(
        &self,
        tenant: TenantId,
        entries: Vec<Entry>,
        now: Instant,
    ) -> Result<Suppressed, Error> {
        self.write_alone(move |tx| {
            let mut suppressed = Suppressed::default();
            for entry in &entries {
                suppress(tx, tenant, entry, now, &mut suppressed)?;
            }
            Ok(suppressed)
        })
        .await
    }

    async fn unsuppress(&self, tenant: TenantId, address: &str) -> Result<Option<Entry>, Error> {
        let address = address.to_owned();
        self.write_alone(move |tx| {
            let was = first(
                tx,
                "SELECT * FROM suppressions WHERE tenant_id = ?1 AND address = ?2",
                params![tenant.0, address],
                entry,
            )?;
            execute(
                tx,
                "DELETE FROM suppressions WHERE tenant_id = ?1 AND address = ?2",
                params![tenant.0, address],
            )?;
            Ok(was)
        })
        .await
    }

    async fn suppressions(
        &self,
        tenant: TenantId,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        self.read(move |db| {
            collect(
                db,
                "SELECT * FROM suppressions WHERE tenant_id = ?1 AND address > ?2 ORDER BY address LIMIT ?3",
                params![tenant.0, after.as_deref().unwrap_or_default(), limit],
                entry,
            )
        })
        .await
    }
}

fn entry(row: &Row<'_>) -> Result<Entry, Error> {
    Ok(Entry {
        address: get(row, "address")?,
        reason: get(row, "reason")?,
        source: get(row, "source")?,
        at: instant(row, "at")?,
    })
}

fn enrol(tx: &Db, batch: &LeadBatch) -> Result<(Vec<Enrolled>, Ingested), Error> {
    intake::hold_names(tx, &batch.arrival)?;
    let mut all = Vec::with_capacity(batch.arrival.events.len());
    let mut ingested = Ingested::default();
    for event in &batch.arrival.events {
        let enrolled = judge(tx, batch, event)?;
        let takes = matches!(
            enrolled.outcome,
            EnrolOutcome::Asked | EnrolOutcome::AlreadyEnrolled
        );
        if takes {
            let arrival = Arrival {
                events: vec![event.clone()],
                ..batch.arrival.without_events()
            };
            ingested.stored += intake::ingest(tx, &arrival)?.0.stored;
        }
        all.push(enrolled);
    }
    Ok((all, ingested))
}

/// What asking to enrol the person comes to, as things stand.
fn judge(db: &Db, batch: &LeadBatch, event: &NewEvent) -> Result<Enrolled, Error> {
    let tenant = batch.arrival.tenant;
    let email = event.contact.email.as_ref();
    let email = email.map_or("", EmailAddress::as_str);
    let contact = first(
        db,
        "SELECT c.id, c.deleted_at FROM contacts known
         JOIN contacts c ON c.id = coalesce(known.merged_into, known.id)
         WHERE known.tenant_id = ?1 AND known.email = ?2",
        params![tenant.0, email],
        |row| {
            Ok((
                get::<i64>(row, "id")?,
                get::<Option<i64>>(row, "deleted_at")?,
            ))
        },
    )?;
    let id = event_id(tenant, &batch.arrival.connection, &event.source_key);
    let repeated = first(
        db,
        "SELECT 1 FROM events WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, id],
        |_| Ok(()),
    )?;
    let outcome = match contact {
        _ if repeated.is_some() => EnrolOutcome::Repeated,
        Some((_, Some(_))) => EnrolOutcome::Deleted,
        _ => match suppression(db, tenant, email)? {
            Some(entry) => EnrolOutcome::Suppressed {
                reason: entry.reason,
                since: entry.at,
            },
            None => match contact {
                Some((contact, None)) if enrolled(db, batch, contact)? => {
                    EnrolOutcome::AlreadyEnrolled
                }
                _ => EnrolOutcome::Asked,
            },
        },
    };
    Ok(Enrolled {
        outcome,
        known: contact.is_some(),
    })
}

fn suppression(db: &Db, tenant: TenantId, email: &str) -> Result<Option<Entry>, Error> {
    let domain = email.find('@').map_or("", |at| &email[at..]);
    first(
        db,
        "SELECT * FROM suppressions
         WHERE tenant_id = ?1 AND address IN (?2, ?3) ORDER BY address LIKE '@%' LIMIT 1",
        params![tenant.0, email, domain],
        entry,
    )
}

/// Whether an enrollment stands in the way, or another list's wish for one waits to be decided.
fn enrolled(db: &Db, batch: &LeadBatch, contact: i64) -> Result<bool, Error> {
    let found = first(
        db,
        "SELECT 1 FROM enrollments e JOIN sequences s ON s.id = e.sequence_id
         WHERE e.tenant_id = ?1 AND e.contact_id = ?2 AND s.name = ?3 AND (NOT ?4 OR e.status <> 'finished')
         UNION ALL
         SELECT 1 FROM events WHERE tenant_id = ?1 AND contact_id = ?2 AND status = 'pending' AND kind = ?5
         AND data ->> 'sequence' = ?3 LIMIT 1",
        params![
            batch.arrival.tenant.0,
            contact,
            batch.sequence,
            batch.takes_back,
            kind::ENROL_ASKED
        ],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

fn suppress(
    tx: &Db,
    tenant: TenantId,
    entry: &Entry,
    now: Instant,
    suppressed: &mut Suppressed,
) -> Result<(), Error> {
    let added = execute(
        tx,
        exits::PUT_ON_LIST,
        params![
            tenant.0,
            entry.address,
            entry.reason,
            entry.source,
            entry.at.0
        ],
    )?;
    if added == 0 {
        suppressed.known += 1;
        return Ok(());
    }
    suppressed.added += 1;
    for contact in contacts_of(tx, tenant, &entry.address)? {
        let (exits, in_flight) = exits::end_all(tx, tenant, contact, ExitReason::Suppressed, now)?;
        suppressed.exits += exits;
        suppressed.in_flight += in_flight.len();
        contacts::touch(tx, tenant, contact)?;
    }
    Ok(())
}

/// A domain's are found by looking at all contacts: it is done by hand and seldom, and an index
/// would cost every contact that is ever stored.
fn contacts_of(tx: &Db, tenant: TenantId, address: &str) -> Result<Vec<i64>, Error> {
    let (sql, value) = match address.strip_prefix('@') {
        Some(domain) => (
            "SELECT coalesce(merged_into, id) AS id FROM contacts WHERE tenant_id = ?1 AND domain = ?2",
            domain,
        ),
        None => (
            "SELECT coalesce(merged_into, id) AS id FROM contacts WHERE tenant_id = ?1 AND email = ?2",
            address,
        ),
    };
    collect(tx, sql, params![tenant.0, value], |row| get(row, "id"))
}
