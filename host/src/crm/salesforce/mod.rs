//! Salesforce: outbound messages of flows, and the REST API.
//!
//! In: SOAP messages with up to 100 records (`soap`, `events`), answers of queries (`hydrate`,
//! `reconcile`). Out: events in our words, the acknowledgement that Salesforce waits for, and the queries
//! and tasks of the REST API. Never: the session id that a message may carry.
//!
//! Nothing is signed: a message is believed by the password in its address, and by the organization that it
//! names. "Because a message may be delivered more than once, your listener client should check the
//! notification IDs"; "there is no guarantee that notifications come in order" (SOAP API guide).

mod api;
mod events;
mod fields;
mod hydrate;
mod id;
mod reconcile;
mod soap;
mod write;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use serde_json::json;

use crate::domain::Instant;
use crate::domain::connector::{Authenticity, Connector, Field, Kind, Pace, Settings, Sort, Unfit};
use crate::domain::event::source_key;
use crate::domain::hook::{
    Acknowledgement, Batch, Hook, HookRequest, Malformed, Refusal, Rejected,
};
use crate::domain::instant::SECOND_MS;
use crate::signatures::credential;

use events::State;
use soap::Notification;

pub const KIND: Kind = Kind {
    name: "salesforce",
    title: "Salesforce",
    sort: Sort::Crm,
    fields: &[
        Field::own_base_url(
            "https://acme.my.salesforce.com",
            "Your My Domain: Setup > My Domain, \"Current My Domain URL\".",
        ),
        Field::text(
            "organization_id",
            "00D5e000000AbCdEAK",
            "Your organization: Setup > Company Information, \"Salesforce.com Organization ID\".",
        )
        .needed(),
        Field::secret(
            "webhook_key",
            "env:SALESFORCE_WEBHOOK_KEY",
            "A password of your own choice, at least 16 letters and digits: stands in the address that \
             outbound messages are sent to.",
        )
        .needed(),
        Field::text(
            "client_id",
            "3MVG9...",
            "The consumer key of a connected app with the client credentials flow.",
        )
        .needed(),
        Field::secret(
            "client_secret",
            "env:SALESFORCE_CLIENT_SECRET",
            "The consumer secret of the same app.",
        )
        .needed(),
    ],
    authenticity: Authenticity::StaticCredential,
    steps: &[
        "In Salesforce: Setup > App Manager, make a connected app: enable OAuth, the scope \"Manage user data via \
         APIs (api)\", and the client credentials flow, run as a user who may read and edit leads, contacts, \
         opportunities and activities. Copy consumer key and secret.",
        "Setup > Outbound Messages: make one for each of Lead, Contact, Opportunity, Task and Event, with the \
         endpoint {url}?key=YOUR_WEBHOOK_KEY and at least the fields Id, Email (Lead and Contact), WhoId (Task \
         and Event), CreatedDate and LastModifiedDate. Do not send the session id.",
        "Setup > Flows: for each object, a record-triggered flow on create and update whose action is that \
         outbound message. Outbound messages know no deletions: those are found by the reconcile poll.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let organization_id = settings.needed_text("organization_id")?;
    let missing = || Unfit::new("webhook_key", "is missing", "add webhook_key");
    let salesforce = Arc::new(Salesforce {
        organization_id: id::long(organization_id).ok_or_else(|| {
            let remedy = "write the 15 or 18 letters and digits that begin with 00D";
            Unfit::new("organization_id", "is no Salesforce id", remedy)
        })?,
        webhook_key: settings.password("webhook_key")?.ok_or_else(missing)?,
        client_id: settings.needed_text("client_id")?.to_owned(),
        client_secret: settings.needed_secret("client_secret")?,
        base_url: settings.base_url()?,
    });
    Ok(Connector {
        hook: Some(Arc::clone(&salesforce) as _),
        hydrates: Some(Arc::clone(&salesforce) as _),
        reconciles: Some(Arc::clone(&salesforce) as _),
        writes: Some(Arc::clone(&salesforce) as _),
        probes: Some(Arc::clone(&salesforce) as _),
        refreshes: Some(salesforce),
        pace: Some(PACE),
        ..Connector::default()
    })
}

/// Salesforce counts requests by the day, and forbids more than 25 that last longer than 20 seconds
/// ("API Request Limits and Allocations"): ours are shorter, and leave room for others.
const PACE: Pace = Pace {
    calls: 50,
    per_ms: 10 * SECOND_MS,
    concurrent_max: 5,
};

/// One connected organization.
pub struct Salesforce {
    /// In the long form.
    organization_id: String,
    webhook_key: SecretString,
    client_id: String,
    client_secret: SecretString,
    base_url: String,
}

/// "Anything else is a failure for all notifications of the message" and is sent again for 24 hours.
const ACKNOWLEDGEMENT: Acknowledgement = Acknowledgement {
    content_type: "text/xml; charset=utf-8",
    body: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
           <soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body>\
           <notificationsResponse xmlns=\"http://soap.sforce.com/2005/09/outbound\"><Ack>true</Ack>\
           </notificationsResponse></soapenv:Body></soapenv:Envelope>",
};

impl Hook for Salesforce {
    fn acknowledgement(&self) -> Option<Acknowledgement> {
        Some(ACKNOWLEDGEMENT)
    }

    fn verify(&self, request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        credential::verify(&self.webhook_key, request)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        let message = soap::parse(&request.body)?;
        if id::long(&message.organization_id).as_ref() != Some(&self.organization_id) {
            return Err(Malformed(format!(
                "the message is of organization {}, and this connection is of {}: check organization_id",
                message.organization_id, self.organization_id
            )));
        }
        let mut batch = Batch::default();
        for (index, notification) in message.notifications.into_iter().enumerate() {
            match notification.and_then(|told| read(&told, now)) {
                Ok(events) => batch.events.extend(events),
                Err(what) => batch.rejected.push(Rejected {
                    index,
                    reason: format!("Notification[{index}]: {what}"),
                }),
            }
        }
        Ok(batch)
    }
}

/// A new record and its first change are seconds apart at most.
const NEW_MS: i64 = SECOND_MS;

fn read(told: &Notification, now: Instant) -> Result<Vec<crate::domain::NewEvent>, String> {
    let state = State::of(&told.object, &told.record)?;
    let raw = json!({"Id": told.id, "type": told.object, "sObject": told.record});
    Ok(state.events(&source_key(&told.id), state.kind(NEW_MS), now, raw))
}

impl fmt::Debug for Salesforce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Salesforce")
            .field("organization_id", &self.organization_id)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
