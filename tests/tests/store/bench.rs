//! What the checks build their worlds from.

use std::sync::Arc;

use followup::domain::decision::{
    Action, ContactView, DecideInput, Decision, EnrollmentView, SendEmail, Timer, When,
};
use followup::domain::enrollment::EnrollmentStatus;
use followup::domain::event::Hydrate;
use followup::domain::instant::DAY_MS;
use followup::domain::mail::{Mail, Mailbox};
use followup::domain::touch::Lookback;
use followup::domain::verdict::Verdict;
use followup::domain::{ContactPatch, ContactRef, EmailAddress, Event, Instant, JsonMap, NewEvent};
use followup::store::intake::{Arrival, Ingested, Reactions};
use followup::store::outbox::{Claim, DueMessage};
use followup::store::work::{
    Decided, Depth, DueContact, EnrollmentChange, LedgerEntry, MessageContext, NewMessage,
    RegisteredSequence, SequenceSetup, Setup, Standing, StoredTimer,
};
use followup::store::{DEFAULT_TENANT, Shared};
use serde_json::{Value, json};

pub const NOW: Instant = Instant(1_772_442_000_000);
pub const DEPTH: Depth = Depth {
    history_max: 10,
    touches_max: 10,
    events_max: 10,
    lookback: LOOKBACK,
};

/// A week of everything.
pub const LOOKBACK: Lookback = Lookback {
    contact_ms: 7 * DAY_MS,
    account_ms: 7 * DAY_MS,
    domain_ms: 7 * DAY_MS,
    identity_ms: 7 * DAY_MS,
};

pub fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

pub fn event(key: &str, kind: &str, email: &str) -> NewEvent {
    NewEvent {
        source_key: key.to_owned(),
        kind: kind.to_owned(),
        occurred_at: NOW,
        contact: ContactRef::email(address(email)),
        patch: ContactPatch::default(),
        message_id: None,
        answers: Vec::new(),
        data: JsonMap::new(),
        raw: json!({ "key": key }),
        hydrate: None,
        about: None,
    }
}

pub fn thin(key: &str, id: &str) -> NewEvent {
    NewEvent {
        contact: ContactRef::external(id),
        hydrate: Some(Hydrate {
            object: "contact".to_owned(),
            id: id.to_owned(),
        }),
        ..event(key, "contact-updated", "unused@example.com")
    }
}

pub fn fields(value: Value) -> ContactPatch {
    ContactPatch {
        attributes: value.as_object().expect("an object").clone(),
        ..ContactPatch::default()
    }
}

pub fn arrival(events: Vec<NewEvent>) -> Arrival {
    Arrival {
        tenant: DEFAULT_TENANT,
        connection: "crm".to_owned(),
        received_at: NOW,
        events,
        creates_contacts: true,
        reactions: Arc::new(Reactions::default()),
    }
}

pub async fn hear(store: &Shared, events: Vec<NewEvent>) -> Ingested {
    store.ingest(arrival(events)).await.expect("stored")
}

pub async fn register(store: &Shared, fingerprint: &str) -> RegisteredSequence {
    let registered = store
        .register(Setup {
            tenant: DEFAULT_TENANT,
            now: NOW,
            texts: "txt_1".to_owned(),
            sequences: vec![SequenceSetup {
                name: "pricing".to_owned(),
                plugin: "cadence".to_owned(),
                plugin_version: "0.1.0".to_owned(),
                plugin_digest: format!("sha256:{fingerprint}"),
                fingerprints: vec![fingerprint.to_owned()],
                older: Vec::new(),
            }],
        })
        .await
        .expect("registered");
    registered.sequences[0]
}

pub async fn due(store: &Shared, now: Instant) -> Vec<DueContact> {
    store.due_contacts(now, 10, DEPTH).await.expect("read")
}

pub async fn queued(store: &Shared, now: Instant) -> Vec<DueMessage> {
    store.due_messages(now, 10, LOOKBACK).await.expect("read")
}

/// The claim of a message as it was read.
pub fn claim_of(due: &DueMessage, email: &str) -> Claim {
    Claim {
        seq: due.seq,
        version: due.version,
        mail: mail(&due.id, email),
        provider: "mailer".to_owned(),
    }
}

/// What deciding the contact's events came to: one new enrollment.
pub fn decided(contact: &DueContact, sequence: RegisteredSequence) -> Decided {
    Decided {
        tenant: contact.tenant,
        contact_id: contact.id,
        version: contact.version,
        now: NOW,
        events: contact.events.iter().map(|pending| pending.seq).collect(),
        enrollments: vec![EnrollmentChange {
            id: None,
            sequence_id: sequence.sequence_id,
            event_seq: contact.events.first().map_or(0, |pending| pending.seq),
            status: EnrollmentStatus::Active,
            pause_reason: None,
            exit_reason: None,
            enrolled_at: NOW,
            decisions: 1,
            plugin_id: Some(sequence.plugin_id),
            kept: None,
            state: Some("{}".to_owned()),
            timers: vec![StoredTimer {
                timer: Timer {
                    name: "next".to_owned(),
                    at: NOW.plus_ms(1_000),
                    data: Value::Null,
                },
                asked: Some(When::AfterMs(1_000)),
                set_at: NOW,
            }],
            undecided: Vec::new(),
            ledger: Vec::new(),
            faults: Vec::new(),
        }],
        remarks: Vec::new(),
        properties: JsonMap::new(),
        emitted: Vec::new(),
        due_at: Some(NOW.plus_ms(1_000)),
        plugin_failures_max: 3,
    }
}

/// The ledger entry of a decision that sends one message.
pub fn sends(
    contact: &DueContact,
    sequence: RegisteredSequence,
    id: &str,
    held: Option<&str>,
) -> LedgerEntry {
    let event = Event {
        id: "evt_1".to_owned(),
        kind: "form-submitted".to_owned(),
        occurred_at: NOW,
        data: JsonMap::new(),
    };
    LedgerEntry {
        number: 0,
        plugin_id: sequence.plugin_id,
        memory: 1 << 20,
        input: DecideInput {
            now: NOW,
            seed: 1,
            event: event.clone(),
            contact: ContactView {
                id: contact.id.to_string(),
                email: None,
                time_zone: "UTC".to_owned(),
                locale: None,
                attributes: JsonMap::new(),
            },
            account: None,
            enrollment: EnrollmentView {
                id: "enr_1".to_owned(),
                sequence: "pricing".to_owned(),
                enrolled_at: NOW,
                decisions: 0,
                timers: Vec::new(),
            },
            touches: Vec::new(),
            history: Vec::new(),
            state: None,
            config: "{}".to_owned(),
        },
        output: Decision {
            actions: vec![Action::SendEmail(SendEmail {
                template: "step-1".to_owned(),
                variables: JsonMap::new(),
                when: When::Now,
                reply_to: None,
            })],
            state: None,
            reason: "because".to_owned(),
        },
        verdicts: vec![match held {
            None => Verdict::Allowed {
                at: Some(NOW),
                message: Some(id.to_owned()),
            },
            Some(reason) => Verdict::Held {
                rule: "missing-field".to_owned(),
                reason: reason.to_owned(),
                message: id.to_owned(),
            },
        }],
        fuel: 1,
        messages: vec![NewMessage {
            id: id.to_owned(),
            asked_at: NOW,
            due_at: NOW,
            priority: 0,
            identity: "sales".to_owned(),
            template: "step-1".to_owned(),
            context: MessageContext {
                sequence: "pricing".to_owned(),
                plugin: "cadence".to_owned(),
                variables: JsonMap::new(),
                event,
            },
            thread: None,
            subject: Some("Hello".to_owned()),
            standing: held.map_or(Standing::Queued, |reason| Standing::Held {
                rule: "missing-field".to_owned(),
                reason: reason.to_owned(),
            }),
        }],
        writebacks: Vec::new(),
    }
}

/// A contact with a running enrollment and one message of this id in the outbox.
pub async fn with_message(store: &Shared, email: &str, id: &str, held: Option<&str>) {
    let sequence = register(store, "one").await;
    hear(
        store,
        vec![event(&format!("enrol {email}"), "form-submitted", email)],
    )
    .await;
    let mut contacts = due(store, NOW).await.into_iter();
    let contact = contacts
        .find(|contact| contact.email == Some(address(email)))
        .expect("due");
    let mut turn = decided(&contact, sequence);
    turn.enrollments[0].ledger = vec![sends(&contact, sequence, id, held)];
    for result in store.commit(vec![turn]).await {
        result.expect("stored");
    }
}

pub fn mail(id: &str, to: &str) -> Mail {
    let mailbox = |text: &str| Mailbox {
        name: None,
        address: address(text),
    };
    Mail {
        id: id.to_owned(),
        from: mailbox("sales@acme.example"),
        to: mailbox(to),
        reply_to: None,
        subject: "Hello".to_owned(),
        text: "Hi".to_owned(),
        html: Some("<p>Hi</p>".to_owned()),
        message_id: format!("{id}@acme.example"),
        in_reply_to: None,
        references: Vec::new(),
        headers: Vec::new(),
        links: Vec::new(),
        tags: Vec::new(),
    }
}
