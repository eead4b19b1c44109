//! From what a mail is to what happened: events in the words of the house.
//!
//! Our own mail, bulk mail and withdrawn complaints are no events. A person who opts out by a reply
//! has done two things, and each has its event. The text rides along cut to a limit.

use serde_json::{Value, json};

use super::bounce::{Delivery, Recipient};
use super::classify::{Classified, Kind, written_at};
use super::mail::InboundMail;
use super::quoted::own_words;
use crate::domain::event::{self, kind};
use crate::domain::instant::DAY_MS;
use crate::domain::{ContactPatch, ContactRef, EmailAddress, Instant, JsonMap, NewEvent, digest};

/// What is kept of a text, a subject and of what a server said.
const TEXT_MAX_BYTES: usize = 4_000;
const SUBJECT_MAX_BYTES: usize = 300;
const SAID_MAX_BYTES: usize = 500;
/// A mail that was written longer ago than that has a wrong clock, or lay somewhere.
const DELAY_MAX_MS: i64 = 30 * DAY_MS;

/// The events of a classified mail. `bytes` are the mail as it came, for its identity.
pub fn events(mail: &InboundMail, is: &Classified, bytes: &[u8], now: Instant) -> Vec<NewEvent> {
    let of = Source::new(mail, is, bytes, now);
    let from = mail.from.first();
    match &is.kind {
        Kind::Own | Kind::Bulk => Vec::new(),
        Kind::Bounce(bounce) => bounce
            .recipients
            .iter()
            .enumerate()
            .map(|(index, recipient)| of.delivery(index, recipient))
            .collect(),
        Kind::Feedback(feedback) => {
            let what = if feedback.is_complaint() {
                kind::COMPLAINED
            } else if feedback.is_opt_out() {
                kind::UNSUBSCRIBED
            } else {
                return Vec::new();
            };
            let data = json!({ "feedback": feedback.feedback });
            vec![of.event(what, "", feedback.address.as_ref(), data)]
        }
        Kind::Receipt(receipt) => {
            let data = json!({ "disposition": receipt.disposition });
            vec![of.event(kind::READ_RECEIPT, "", receipt.address.as_ref(), data)]
        }
        Kind::Challenge => {
            vec![of.mail(kind::AUTO_REPLIED, "", from, json!({ "challenge": true }))]
        }
        Kind::AutoReply(auto) => {
            let data = json!({
                "return_on": auto.return_on.map(|day| day.format("%Y-%m-%d").to_string()),
                "departed": auto.departed.then_some(true),
                "instead": auto.instead,
                "deputy": auto.deputy,
            });
            vec![of.mail(kind::AUTO_REPLIED, "", from, data)]
        }
        Kind::Person { opt_out } => {
            let mut all = vec![of.mail(kind::REPLIED, "", from, json!({}))];
            if let Some(words) = opt_out {
                all.push(of.mail(
                    kind::UNSUBSCRIBED,
                    "/opt-out",
                    from,
                    json!({ "words": words }),
                ));
            }
            all
        }
    }
}

/// What all events of one mail share.
struct Source<'m> {
    mail: &'m InboundMail,
    is: &'m Classified,
    key: String,
    occurred_at: Instant,
}

impl<'m> Source<'m> {
    fn new(mail: &'m InboundMail, is: &'m Classified, bytes: &[u8], now: Instant) -> Self {
        let written = Instant(written_at(mail, now).timestamp_millis());
        let believed = now.since_ms(written).abs() <= DELAY_MAX_MS && written <= now;
        Self {
            mail,
            is,
            // Handed over twice, a mail has the same id; one without any has its bytes.
            key: match &mail.message_id {
                Some(id) => digest::id("mail", &[id.as_bytes()]),
                None => digest::id("mail", &[b"bytes", bytes]),
            },
            occurred_at: if believed { written } else { now },
        }
    }

    fn delivery(&self, index: usize, recipient: &Recipient) -> NewEvent {
        let what = match recipient.delivery {
            Delivery::Failed(verdict) if verdict.is_hard() => kind::HARD_BOUNCED,
            Delivery::Failed(_) => kind::SOFT_BOUNCED,
            Delivery::Delayed => kind::EMAIL_DEFERRED,
            Delivery::Delivered => kind::EMAIL_DELIVERED,
            Delivery::Relayed => kind::EMAIL_ACCEPTED,
        };
        let verdict = match recipient.delivery {
            Delivery::Failed(verdict) => Some(verdict.as_str()),
            _ => None,
        };
        let said = recipient
            .said
            .as_deref()
            .map(|said| cut(said, SAID_MAX_BYTES));
        let data = json!({ "reason": said, "status": recipient.status, "bounce": verdict });
        let suffix = if index == 0 {
            String::new()
        } else {
            format!("/{index}")
        };
        self.event(what, &suffix, recipient.address.as_ref(), data)
    }

    /// An event with what the mail itself says.
    fn mail(&self, what: &str, suffix: &str, from: Option<&EmailAddress>, data: Value) -> NewEvent {
        let mut event = self.event(what, suffix, from, data);
        let words = own_words(&self.mail.text);
        let told = json!({
            "subject": cut(&self.mail.subject, SUBJECT_MAX_BYTES),
            "text": cut(&words, TEXT_MAX_BYTES),
            "from_address": from,
        });
        event.data.extend(present(told));
        event
    }

    fn event(
        &self,
        what: &str,
        suffix: &str,
        address: Option<&EmailAddress>,
        data: Value,
    ) -> NewEvent {
        let mut data = present(data);
        data.insert("sign".to_owned(), self.is.sign.clone().into());
        NewEvent {
            source_key: event::source_key(&format!("{}{suffix}", self.key)),
            kind: what.to_owned(),
            occurred_at: self.occurred_at,
            contact: address.cloned().map(ContactRef::email).unwrap_or_default(),
            patch: ContactPatch::default(),
            message_id: self.is.message_id.clone(),
            answers: self.is.answers.clone(),
            data,
            raw: json!({
                "message_id": self.mail.message_id,
                "from": self.mail.from,
                "to": self.mail.recipients,
                "class": self.is.kind.as_str(),
            }),
            hydrate: None,
            about: None,
        }
    }
}

/// The members that say something.
fn present(value: Value) -> JsonMap {
    let Value::Object(members) = value else {
        return JsonMap::new();
    };
    members
        .into_iter()
        .filter(|(_, value)| !value.is_null() && value.as_str() != Some(""))
        .collect()
}

fn cut(text: &str, max_bytes: usize) -> &str {
    text[..text.floor_char_boundary(max_bytes)].trim()
}
