//! The second look of the guardrails, at the moment a message would leave, and its final bytes.

use std::collections::HashMap;

use super::{Deliverer, Transport};
use crate::compose::RenderError;
use crate::compose::mail::{self, Draft, Manner};
use crate::compose::thread::Parent;
use crate::domain::decision::ContactView;
use crate::domain::mail::Mail;
use crate::domain::touch::Recent;
use crate::domain::{EmailAddress, Instant};
use crate::guardrails::{self, Proposal, Ruling, Sender};
use crate::store::outbox::{Aside, DueMessage, SetAside};

/// A message that may go, and how.
pub(super) struct Ready {
    pub(super) message: DueMessage,
    pub(super) mail: Mail,
    pub(super) connection: String,
    pub(super) transport: Transport,
}

/// Slots that this tick has given away: the messages of one batch were read before any of them went.
#[derive(Debug, Default)]
pub(super) struct Taken(HashMap<Key, Vec<Instant>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Contact(i64),
    Account(String),
    Domain(String),
    Identity(String),
}

impl Taken {
    /// The touches that were read with the message, and those given away since.
    fn recent(&self, message: &DueMessage) -> Recent {
        let mut recent = message.recent.clone();
        let add = |slots: &mut Vec<Instant>, key: Key| {
            slots.extend(self.0.get(&key).into_iter().flatten());
            slots.sort_unstable();
        };
        add(&mut recent.contact, Key::Contact(message.contact_id));
        add(
            &mut recent.identity,
            Key::Identity(message.identity.clone()),
        );
        if let Some(account) = &message.account_key {
            add(&mut recent.account, Key::Account(account.clone()));
        }
        if let Some(to) = &message.to {
            add(&mut recent.domain, Key::Domain(to.domain().to_owned()));
        }
        recent
    }

    /// The message goes now.
    fn goes(&mut self, message: &DueMessage, at: Instant) {
        self.promise(message, at);
        if let Some(to) = &message.to {
            let domain = Key::Domain(to.domain().to_owned());
            self.0.entry(domain).or_default().push(at);
        }
    }

    /// The contact and the identity keep a slot for the message: those that come after it in the batch
    /// are no more important.
    fn promise(&mut self, message: &DueMessage, at: Instant) {
        let mut add = |key: Key| self.0.entry(key).or_default().push(at);
        add(Key::Identity(message.identity.clone()));
        add(Key::Contact(message.contact_id));
        if let Some(account) = &message.account_key {
            add(Key::Account(account.clone()));
        }
    }
}

impl Deliverer {
    /// Lets the message go, with its final bytes, or says what becomes of it instead.
    pub(super) fn judge(
        &self,
        message: DueMessage,
        taken: &mut Taken,
        now: Instant,
    ) -> Result<Box<Ready>, SetAside> {
        let (seq, version) = (message.seq, message.version);
        let aside = |aside: Aside, rule: &'static str, reason: String| SetAside {
            seq,
            version,
            aside,
            rule,
            reason,
        };
        let unconfigured = |what: &str, name: &str| {
            let reason = format!("{what} {name} is not configured any more");
            aside(Aside::Held, "unconfigured", reason)
        };
        let sequence_name = &message.context.sequence;
        let sequence = self
            .sequences
            .get(sequence_name)
            .ok_or_else(|| unconfigured("sequence", sequence_name))?;
        let sender = self
            .identities
            .get(&message.identity)
            .ok_or_else(|| unconfigured("identity", &message.identity))?;
        let connection = &sender.identity.connection;
        let transport = self
            .transports
            .get(connection)
            .ok_or_else(|| unconfigured("connection", connection))?;
        let elsewhere = |mail: &Mail| message.to.as_ref().is_some_and(|to| *to != mail.to.address);
        if message.mail.as_ref().is_some_and(elsewhere) {
            // Its bytes are fixed by an earlier attempt, which the old address may have got.
            let reason = "the contact's address changed after the first attempt".to_owned();
            return Err(aside(Aside::Cancelled, "address-changed", reason));
        }
        let mut contact = message.contact.clone();
        let zone = self.calendar.zone_of(&contact, message.account.as_ref());
        zone.name().clone_into(&mut contact.time_zone);
        let stamp = self
            .letterhead
            .stamp(&message.id, &sender.identity, sequence_name);
        let manner = stamp.manner(sequence.cold);
        let draft = message
            .to
            .as_ref()
            .map(|to| draft(&message, sender, &contact, to, manner));
        // Most of what is due may have to wait: only what goes is made ready. An earlier attempt fixed
        // the bytes, so that nothing can be missing any more.
        let draft = draft.filter(|_| message.mail.is_none());
        let words = draft
            .as_ref()
            .map(|draft| mail::words(&self.templates, draft));
        let missing_fields = match &words {
            Some(Err(mail::Error::Render(RenderError::Missing { fields }))) => fields.clone(),
            // What cold outreach lacks is for the guardrails to say.
            None | Some(Ok(_) | Err(mail::Error::Cold { .. })) => Vec::new(),
            Some(Err(e)) => return Err(aside(Aside::Held, "composing", e.to_string())),
        };
        let recent = taken.recent(&message);
        let paused =
            message
                .pauses
                .reason_for(message.contact_id, sequence_name, &message.identity);
        let proposal = Proposal {
            to: message.to.as_ref(),
            suppressed: message.suppressed.as_deref(),
            // An exit cancels queued messages in its own transaction; the claim looks once more.
            stopped: None,
            // A host holds these when it starts on a backup; from then on a person's word counts.
            restored: None,
            missing_fields: &missing_fields,
            paused: paused.as_deref(),
            quiet: message
                .quiet
                .as_ref()
                .map(|quiet| (quiet.until, quiet.reason.as_str())),
            // What a person has looked at is not stale.
            due_at: if message.released {
                now
            } else {
                message.due_at
            },
            zone,
            country: self.calendar.country_of(&contact, message.account.as_ref()),
            rules: sequence,
            identity: &sender.rules,
            recent: &recent,
            message_id: &message.id,
            unsubscribable: stamp.unsubscribable(),
            postal_address: stamp.has_postal_address(),
        };
        let ruling = guardrails::judge(&proposal, &self.calendar, now, now);
        match ruling {
            Ruling::Allow => {
                // A repetition must be the same bytes.
                let mail = match (&message.mail, draft.as_ref().zip(words)) {
                    (Some(mail), _) => Ok(mail.clone()),
                    (None, Some((draft, words))) => words
                        .and_then(|words| mail::finish(&self.templates, draft, words))
                        .map_err(|e| e.to_string()),
                    (None, None) => Err("there is nobody to write to".to_owned()),
                };
                let mail = mail.map_err(|why| aside(Aside::Held, "composing", why))?;
                taken.goes(&message, now);
                Ok(Box::new(Ready {
                    mail,
                    connection: connection.clone(),
                    transport: transport.clone(),
                    message,
                }))
            }
            Ruling::Delay {
                until,
                rule,
                reason,
            } => {
                taken.promise(&message, until);
                Err(aside(Aside::Later { until }, rule, reason))
            }
            Ruling::Hold { rule, reason } => Err(aside(Aside::Held, rule, reason)),
            Ruling::Refuse { rule, reason } => Err(aside(Aside::Cancelled, rule, reason)),
            Ruling::Drop { rule, reason } => Err(aside(Aside::Dropped, rule, reason)),
            Ruling::Task { rule, reason } => {
                let title = guardrails::task_title(message.to.as_ref(), &message.context.sequence);
                Err(aside(Aside::Task { title }, rule, reason))
            }
        }
    }
}

/// What the message is made of.
fn draft<'a>(
    message: &'a DueMessage,
    sender: &'a Sender,
    contact: &'a ContactView,
    to: &'a EmailAddress,
    manner: Manner<'a>,
) -> Draft<'a> {
    Draft {
        id: &message.id,
        identity: &sender.identity,
        to,
        sequence: &message.context.sequence,
        plugin: &message.context.plugin,
        template: &message.template,
        contact,
        account: message.account.as_ref(),
        event: &message.context.event,
        variables: &message.context.variables,
        parent: message.thread.as_ref().map(|thread| {
            (
                Parent {
                    message_id: &thread.message_id,
                    references: &thread.references,
                },
                thread.subject.as_str(),
            )
        }),
        manner,
    }
}
