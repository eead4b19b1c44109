//! What a mail is: the first rule that holds, in the order that keeps machines from passing for people.
//!
//! own → report on delivery → complaint → receipt → challenge → bulk → automatic reply → person.
//! Reports come before automatic replies because many carry `Auto-Submitted` too (RFC 3464 has no
//! say in it, RFC 3834 5 does); challenges before them because they are such replies, to be told apart.

use chrono::{DateTime, FixedOffset};

use super::auto_reply::{self, AutoReply};
use super::bounce::{self, Bounce};
use super::complaint::{self, Feedback};
use super::mail::InboundMail;
use super::receipt::{self, Receipt};
use super::{bulk, challenge, opt_out};
use crate::domain::token::{self, Token, purpose};
use crate::domain::{EmailAddress, Instant};

/// Ids that an event may be about.
const ANSWERS_MAX: usize = 60;

/// What is ours: whose mail is never a reply, and which tokens prove one.
#[derive(Default)]
pub struct Ours {
    /// The addresses we write from.
    pub addresses: Vec<EmailAddress>,
    /// Signs reply tokens; without, none is believed.
    pub key: Vec<u8>,
}

/// Never with the key.
impl std::fmt::Debug for Ours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ours")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// We wrote it ourselves: it came round, or somebody copied the mailbox in.
    Own,
    Bounce(Bounce),
    Feedback(Feedback),
    Receipt(Receipt),
    Challenge,
    /// A newsletter, a list, a notice.
    Bulk,
    AutoReply(AutoReply),
    /// `opt_out`: the words by which the person opts out.
    Person {
        opt_out: Option<&'static str>,
    },
}

impl Kind {
    /// One word for people and programs.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Bounce(_) => "bounce",
            Self::Feedback(feedback) if feedback.is_complaint() => "complaint",
            Self::Feedback(feedback) if feedback.is_opt_out() => "opt-out",
            Self::Feedback(_) => "feedback",
            Self::Receipt(_) => "receipt",
            Self::Challenge => "challenge",
            Self::Bulk => "bulk",
            Self::AutoReply(_) => "auto-reply",
            Self::Person { .. } => "person",
        }
    }
}

/// A mail with what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    pub kind: Kind,
    /// Which rule decided, for people.
    pub sign: String,
    /// Our message, where a token in an address proves it.
    pub message_id: Option<String>,
    /// Message-IDs that it may be about, likeliest first.
    pub answers: Vec<String>,
}

/// Classifies a mail. `now` stands in for a missing or impossible date.
pub fn classify(mail: &InboundMail, ours: &Ours, now: Instant) -> Classified {
    let message_id = proven(mail, &ours.key);
    let (kind, sign) = kind(mail, ours, message_id.is_some(), now);
    let answers = match &kind {
        Kind::Bounce(bounce) => bounce.about.clone(),
        Kind::Feedback(feedback) => feedback.about.clone(),
        Kind::Receipt(receipt) => receipt.about.clone(),
        _ => answered(mail),
    };
    Classified {
        kind,
        sign,
        message_id,
        answers,
    }
}

fn kind(mail: &InboundMail, ours: &Ours, proven: bool, now: Instant) -> (Kind, String) {
    if let Some(sign) = own(mail, &ours.addresses) {
        return (Kind::Own, sign);
    }
    if let Some((bounce, sign)) = bounce::read(mail) {
        return (Kind::Bounce(bounce), sign);
    }
    if let Some((feedback, sign)) = complaint::read(mail) {
        return (Kind::Feedback(feedback), sign);
    }
    if let Some((receipt, sign)) = receipt::read(mail) {
        return (Kind::Receipt(receipt), sign);
    }
    if let Some(unsubscribed) = complaint::unsubscribed(mail) {
        return (
            Kind::Feedback(unsubscribed),
            "a mail to List-Unsubscribe (RFC 2369)".to_owned(),
        );
    }
    if let Some(sign) = challenge::sign(mail) {
        return (Kind::Challenge, sign);
    }
    let about_ours = proven
        || answered(mail)
            .iter()
            .any(|id| token::own_message_id(id).is_some());
    let replied = mail
        .fields
        .word("auto-submitted")
        .is_some_and(|word| word.starts_with("auto-replied"));
    if let Some(sign) = bulk::sign(mail, about_ours || replied) {
        // A responder that calls itself bulk is one all the same.
        return match auto_reply::sign(mail).filter(|_| !sign.contains("list-")) {
            Some(sign) => (automatic(mail, now), sign),
            None => (Kind::Bulk, sign),
        };
    }
    if let Some(sign) = auto_reply::sign(mail) {
        return (automatic(mail, now), sign);
    }
    let opt_out = opt_out::read(&mail.subject, &mail.text);
    let sign = opt_out.map_or_else(
        || "no sign of a machine".to_owned(),
        |words| format!("opts out: {words:?}"),
    );
    (Kind::Person { opt_out }, sign)
}

fn automatic(mail: &InboundMail, now: Instant) -> Kind {
    let today = written_at(mail, now).date_naive();
    Kind::AutoReply(auto_reply::read(mail, today))
}

/// When it was written, in its writer's zone. A date that clocks far off made up is not believed: it
/// would move "next Monday" by years.
pub(super) fn written_at(mail: &InboundMail, now: Instant) -> DateTime<FixedOffset> {
    const FUTURE_MAX_DAYS: i64 = 2;
    let arrived = now.to_utc().fixed_offset();
    mail.date
        .filter(|date| (*date - arrived).num_days() <= FUTURE_MAX_DAYS)
        .unwrap_or(arrived)
}

/// RFC 3834 2 and plain sense: what we wrote is no answer to us.
fn own(mail: &InboundMail, addresses: &[EmailAddress]) -> Option<String> {
    if let Some(id) = mail.message_id.as_deref().and_then(token::own_message_id) {
        return Some(format!("carries the id of our message {id}"));
    }
    let from = mail.from.first()?;
    addresses
        .contains(from)
        .then(|| format!("from our own {from}"))
}

/// The message whose token stands in the address it was sent to: `reply+TOKEN@in.example.com`.
fn proven(mail: &InboundMail, key: &[u8]) -> Option<String> {
    if key.is_empty() {
        return None;
    }
    mail.recipients.iter().find_map(|address| {
        let (local, _) = address.as_str().split_once('@')?;
        let (_, token) = local.split_once('+')?;
        Token::verify(key, purpose::REPLY, token)
    })
}

/// In-Reply-To first: it names the parent; then References from the nearest on (RFC 5322 3.6.4).
fn answered(mail: &InboundMail) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in mail.in_reply_to.iter().chain(mail.references.iter().rev()) {
        if !ids.contains(id) && ids.len() < ANSWERS_MAX {
            ids.push(id.clone());
        }
    }
    ids
}
