//! The message inside an SNS notification into our events, one for each recipient that it names.
//!
//! There are two near-equal shapes: event publishing (`eventType`, with tags) and the notifications of an
//! identity (`notificationType`, without). SNS' `MessageId` is the key: "at-least-once". Source: SES
//! developer guide, "Contents of event data that Amazon SES publishes to Amazon SNS" and "Amazon SNS
//! notification contents for Amazon SES".

use serde_json::Value;

use crate::domain::event::{custom_kind, kind, source_key};
use crate::domain::hook::BATCH_MAX_EVENTS;
use crate::domain::machine::{Signal, unmask};
use crate::domain::{
    ContactPatch, ContactRef, EmailAddress, Instant, JsonMap, NewEvent, digest, fields,
};
use crate::providers::{MESSAGE_ID_KEY, our_message_id};

/// What the envelope told.
pub(super) struct Notice<'a> {
    pub id: Option<&'a str>,
    pub at: Instant,
    /// What stands behind the `@` of Message-IDs.
    pub message_domain: &'a str,
}

/// The word of the message, where it is one about a mail that we sent.
fn word(message: &Value) -> Result<&str, String> {
    match fields::text(message, "eventType").or_else(|| fields::text(message, "notificationType")) {
        Some("Received") => Err(
            "it is a received mail: subscribe the receipt rule's topic to the address of received mails"
                .to_owned(),
        ),
        Some(word) => Ok(word),
        None => Err("`eventType` is missing: a non-empty string is required".to_owned()),
    }
}

pub(super) fn read(message: &Value, notice: &Notice<'_>) -> Result<Vec<NewEvent>, String> {
    let word = word(message)?;
    let about = about(message, word);
    let recipients = recipients(message, about);
    if recipients.len() > BATCH_MAX_EVENTS {
        return Err(format!(
            "{} recipients in one message, {BATCH_MAX_EVENTS} allowed",
            recipients.len()
        ));
    }
    let key = notice.id.map_or_else(
        // Never seen without; the whole of it stands in, and a repetition is the same.
        || digest::id("ses", &[message.to_string().as_bytes()]),
        source_key,
    );
    let ours = our_message_id(message.pointer(&format!("/mail/tags/{MESSAGE_ID_KEY}/0")));
    let data = data(message, about, notice.message_domain);
    let event = NewEvent {
        source_key: key.clone(),
        kind: kind_of(word, about),
        occurred_at: occurred_at(message, about).unwrap_or(notice.at),
        contact: ContactRef::default(),
        patch: ContactPatch::default(),
        // Notifications of an identity carry no tags: the Message-ID that SES gave the mail finds it.
        answers: match (&ours, text_of(&data, "rfc_message_id")) {
            (None, Some(id)) => vec![id],
            _ => Vec::new(),
        },
        message_id: ours,
        data,
        raw: message.clone(),
        hydrate: None,
        about: None,
    };
    let signal = Signal {
        user_agent: about.get("userAgent").and_then(Value::as_str),
        ..Signal::default()
    };
    let event = unmask(event, &signal);
    if recipients.is_empty() {
        return Ok(vec![event]);
    }
    let of = |(index, recipient): (usize, &Recipient<'_>)| {
        let mut event = event.clone();
        if index > 0 {
            event.source_key = source_key(&format!("{key}/{index}"));
        }
        event.contact = recipient.contact();
        for (theirs, ours) in [("status", "status"), ("diagnosticCode", "reason")] {
            if let Some(value) = recipient.0.get(theirs).filter(|value| !value.is_null()) {
                event.data.insert(ours.to_owned(), value.clone());
            }
        }
        event
    };
    Ok(recipients.iter().enumerate().map(of).collect())
}

/// The object that says more: `bounce` of `Bounce`, `deliveryDelay` of `DeliveryDelay`.
fn about<'a>(message: &'a Value, word: &str) -> &'a Value {
    let key = match word {
        "Rendering Failure" => "failure".to_owned(),
        word => {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_ascii_lowercase());
            first.into_iter().chain(chars).collect()
        }
    };
    message.get(&key).unwrap_or(&Value::Null)
}

fn kind_of(word: &str, about: &Value) -> String {
    let known = match word {
        "Send" => kind::EMAIL_ACCEPTED,
        "Delivery" => kind::EMAIL_DELIVERED,
        "DeliveryDelay" => kind::EMAIL_DEFERRED,
        "Bounce" => bounce(about),
        "Complaint" => match complaint(about) {
            Some(known) => known,
            None => return custom_kind("ses", "Complaint.not-spam"),
        },
        "Reject" | "Rendering Failure" => kind::EMAIL_DROPPED,
        "Open" => kind::EMAIL_OPENED,
        "Click" => kind::LINK_CLICKED,
        "Subscription" if opts_out(about) => kind::UNSUBSCRIBED,
        other => return custom_kind("ses", other),
    };
    known.to_owned()
}

/// Permanent, Transient or Undetermined; an address is given up only for the first, and `Suppressed` and
/// `OnAccountSuppressionList` were never sent.
fn bounce(about: &Value) -> &'static str {
    let subtype = fields::text(about, "bounceSubType").unwrap_or_default();
    match fields::text(about, "bounceType") {
        Some("Permanent") if matches!(subtype, "Suppressed" | "OnAccountSuppressionList") => {
            kind::EMAIL_DROPPED
        }
        Some("Permanent") => kind::HARD_BOUNCED,
        _ => kind::SOFT_BOUNCED,
    }
}

/// "not-spam: indicates that the entity providing the report does not consider the message to be spam."
fn complaint(about: &Value) -> Option<&'static str> {
    let subtype = fields::text(about, "complaintSubType");
    match fields::text(about, "complaintFeedbackType") {
        Some("not-spam") => None,
        _ if subtype == Some("OnAccountSuppressionList") => Some(kind::EMAIL_DROPPED),
        _ => Some(kind::COMPLAINED),
    }
}

fn opts_out(about: &Value) -> bool {
    about.pointer("/newTopicPreferences/unsubscribeAll") == Some(&Value::Bool(true))
}

/// One of whom the event names: an address, or an object with `emailAddress`.
struct Recipient<'a>(&'a Value);

impl Recipient<'_> {
    fn contact(&self) -> ContactRef {
        let text = self.0.as_str();
        let text = text.or_else(|| fields::text(self.0, "emailAddress"));
        let bare = text.unwrap_or_default();
        let bare = bare
            .rsplit_once('<')
            .map_or(bare, |(_, rest)| rest.trim_end_matches('>'));
        EmailAddress::parse(bare)
            .map(ContactRef::email)
            .unwrap_or_default()
    }
}

fn recipients<'a>(message: &'a Value, about: &'a Value) -> Vec<Recipient<'a>> {
    let named = [
        "bouncedRecipients",
        "complainedRecipients",
        "delayedRecipients",
        "recipients",
    ]
    .into_iter()
    .find_map(|key| about.get(key)?.as_array());
    let all = || message.pointer("/mail/destination")?.as_array();
    named
        .or_else(all)
        .into_iter()
        .flatten()
        .map(Recipient)
        .collect()
}

/// A sending has no time of its own: it is the mail's.
fn occurred_at(message: &Value, about: &Value) -> Option<Instant> {
    let own = fields::text(about, "timestamp").and_then(Instant::parse_rfc3339);
    own.or_else(|| Instant::parse_rfc3339(message.pointer("/mail/timestamp")?.as_str()?))
}

fn text_of(data: &JsonMap, key: &str) -> Option<String> {
    Some(data.get(key)?.as_str()?.to_owned())
}

fn data(message: &Value, about: &Value, message_domain: &str) -> JsonMap {
    let mut data: JsonMap = [
        ("link", "url"),
        ("userAgent", "user_agent"),
        ("bounceType", "bounce_type"),
        ("bounceSubType", "bounce_subtype"),
        ("complaintFeedbackType", "feedback_type"),
        ("complaintSubType", "complaint_subtype"),
        ("delayType", "delay_type"),
        ("smtpResponse", "reason"),
        ("reason", "reason"),
        ("errorMessage", "reason"),
    ]
    .into_iter()
    .filter_map(|(theirs, ours)| Some((ours.to_owned(), about.get(theirs)?.clone())))
    .filter(|(_, value)| !value.is_null())
    .collect();
    let id = message.pointer("/mail/messageId").and_then(Value::as_str);
    if let Some(id) = id.filter(|id| !id.is_empty()) {
        data.insert("provider_id".to_owned(), id.into());
        let rfc = format!("{id}@{message_domain}");
        data.insert("rfc_message_id".to_owned(), rfc.into());
    }
    data
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(message: &Value) -> Vec<NewEvent> {
        let notice = Notice {
            id: Some("n1"),
            at: Instant(7),
            message_domain: "email.amazonses.com",
        };
        read(message, &notice).expect("readable")
    }

    fn check(message: &Value, expect: &str) {
        assert_eq!(told(message)[0].kind, expect, "{message}");
    }

    #[test]
    fn words() {
        for (word, expect) in [
            ("Send", "email-accepted"),
            ("Delivery", "email-delivered"),
            ("DeliveryDelay", "email-deferred"),
            ("Reject", "email-dropped"),
            ("Rendering Failure", "email-dropped"),
            ("Open", "email-opened"),
            ("Click", "link-clicked"),
            ("Subscription", "ses.Subscription"),
            ("Teleport", "ses.Teleport"),
        ] {
            check(&json!({ "eventType": word }), expect);
            check(&json!({ "notificationType": word }), expect);
        }
        for (bounce, expect) in [
            (
                json!({"bounceType": "Permanent", "bounceSubType": "General"}),
                "hard-bounced",
            ),
            (
                json!({"bounceType": "Permanent", "bounceSubType": "Suppressed"}),
                "email-dropped",
            ),
            (
                json!({"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList"}),
                "email-dropped",
            ),
            (json!({"bounceType": "Transient"}), "soft-bounced"),
            (json!({"bounceType": "Undetermined"}), "soft-bounced"),
            (json!(null), "soft-bounced"),
        ] {
            check(&json!({"eventType": "Bounce", "bounce": bounce}), expect);
        }
        for (complaint, expect) in [
            (json!({"complaintFeedbackType": "abuse"}), "complained"),
            (json!({}), "complained"),
            (
                json!({"complaintFeedbackType": "not-spam"}),
                "ses.Complaint.not-spam",
            ),
            (
                json!({"complaintSubType": "OnAccountSuppressionList"}),
                "email-dropped",
            ),
        ] {
            check(
                &json!({"eventType": "Complaint", "complaint": complaint}),
                expect,
            );
        }
        let out = json!({"newTopicPreferences": {"unsubscribeAll": true}});
        check(
            &json!({"eventType": "Subscription", "subscription": out}),
            "unsubscribed",
        );
        let agent = json!({"userAgent": "BarracudaCentral/1.0"});
        check(
            &json!({"eventType": "Click", "click": agent}),
            "machine-clicked",
        );
    }

    #[test]
    fn each_recipient_has_an_event() {
        let bounce = json!({"bounceType": "Permanent", "timestamp": "2026-03-02T09:00:00.500Z",
        "bouncedRecipients": [
            {"emailAddress": "Zoë <zoe@example.com>", "status": "5.1.1", "diagnosticCode": "smtp; 550"},
            {"emailAddress": "bob@example.com"},
        ]});
        let events = told(&json!({"eventType": "Bounce", "bounce": bounce,
            "mail": {"messageId": "m1", "tags": {"followup_message_id": ["msg_a"]}}}));
        let keys: Vec<_> = events.iter().map(|e| e.source_key.as_str()).collect();
        assert_eq!(keys, ["n1", "n1/1"]);
        assert_eq!(events[0].message_id.as_deref(), Some("msg_a"));
        assert_eq!(
            events[0].occurred_at.to_string(),
            "2026-03-02T09:00:00.500Z"
        );
        assert_eq!(
            json!(events[0].data),
            json!({"bounce_type": "Permanent", "provider_id": "m1",
                "rfc_message_id": "m1@email.amazonses.com", "status": "5.1.1", "reason": "smtp; 550"})
        );
        let emails = events.iter().map(|e| e.contact.email.as_ref());
        let emails: Vec<_> = emails.flatten().map(EmailAddress::as_str).collect();
        assert_eq!(emails, ["zoe@example.com", "bob@example.com"]);
        let nobody = told(&json!({"eventType": "Send"}));
        assert_eq!((nobody.len(), nobody[0].occurred_at), (1, Instant(7)));
    }

    #[test]
    fn a_received_mail_is_at_the_wrong_address() {
        let why = word(&json!({"notificationType": "Received"})).expect_err("wrong");
        assert!(why.contains("address of received mails"), "{why}");
        assert!(word(&json!({})).is_err());
    }
}
