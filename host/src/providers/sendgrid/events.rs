//! The event webhook: signature and word table.
//!
//! "Duplicate events may be posted": `sg_event_id` tells them apart. Order is not promised. Our id
//! comes back as a top-level key, as every custom argument does. Source: SendGrid documentation,
//! "Event Webhook Reference" and "Getting Started with the Event Webhook Security Features".

use serde_json::Value;

use crate::domain::event::{custom_kind, kind, source_key};
use crate::domain::hook::{HookRequest, Refusal, check_fresh};
use crate::domain::instant::SECOND_MS;
use crate::domain::machine::{Signal, unmask};
use crate::domain::{
    ContactPatch, ContactRef, EmailAddress, Instant, JsonMap, NewEvent, digest, fields,
};
use crate::providers::{MESSAGE_ID_KEY, our_message_id};
use crate::signatures::ecdsa::PublicKey;

pub const SIGNATURE_HEADER: &str = "x-twilio-email-event-webhook-signature";
/// Unix seconds.
pub const TIMESTAMP_HEADER: &str = "x-twilio-email-event-webhook-timestamp";

/// The signature is over the timestamp's bytes and the raw body, final CRLF included. SendGrid names
/// no tolerance and its own verifier checks none; without one, a captured request could be played
/// back for ever, so ours is that of all other senders. Attempts are signed as they are made.
pub(super) fn verify(key: &PublicKey, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
    let signature = request.header(SIGNATURE_HEADER)?;
    let timestamp = request.header(TIMESTAMP_HEADER)?;
    let seconds: i64 = timestamp
        .parse()
        .map_err(|_| Refusal::MalformedHeader(TIMESTAMP_HEADER.into()))?;
    check_fresh(Instant(seconds.saturating_mul(SECOND_MS)), now)?;
    if key.verify(&[timestamp.as_bytes(), &request.body], signature) {
        Ok(())
    } else {
        Err(Refusal::BadSignature)
    }
}

pub(super) fn read(item: &Value, now: Instant) -> Result<NewEvent, String> {
    if !item.is_object() {
        return Err("is no JSON object".to_owned());
    }
    let word = fields::required_text(item, "event")?;
    let email = fields::text(item, "email").and_then(|text| EmailAddress::parse(text).ok());
    let event = NewEvent {
        source_key: fields::text(item, "sg_event_id").map_or_else(
            // Never seen without; the whole of the item stands in, and a repetition is the same.
            || digest::id("sg", &[item.to_string().as_bytes()]),
            source_key,
        ),
        kind: kind_of(word, item),
        occurred_at: fields::unix_time(item, "timestamp", SECOND_MS)?.unwrap_or(now),
        contact: email.map(ContactRef::email).unwrap_or_default(),
        patch: ContactPatch::default(),
        message_id: our_message_id(item.get(MESSAGE_ID_KEY)),
        answers: Vec::new(),
        data: data(item),
        raw: item.clone(),
        hydrate: None,
        about: None,
    };
    let signal = Signal {
        user_agent: item.get("useragent").and_then(Value::as_str),
        reported: item.get("sg_machine_open") == Some(&Value::Bool(true)),
        ..Signal::default()
    };
    Ok(unmask(event, &signal))
}

fn kind_of(word: &str, item: &Value) -> String {
    let known = match word {
        "processed" => kind::EMAIL_ACCEPTED,
        "dropped" => kind::EMAIL_DROPPED,
        "delivered" => kind::EMAIL_DELIVERED,
        "deferred" => kind::EMAIL_DEFERRED,
        "bounce" if is_soft(item) => kind::SOFT_BOUNCED,
        "bounce" => kind::HARD_BOUNCED,
        "open" => kind::EMAIL_OPENED,
        "click" => kind::LINK_CLICKED,
        "spamreport" => kind::COMPLAINED,
        "unsubscribe" | "group_unsubscribe" => kind::UNSUBSCRIBED,
        other => return custom_kind("sendgrid", other),
    };
    known.to_owned()
}

/// `bounce` is hard; `blocked`, and any other word, is a refusal that need not be the address's fault. Old
/// events tell no type, only the status of RFC 3463, whose class 4 is "persistent transient".
fn is_soft(item: &Value) -> bool {
    match fields::text(item, "type") {
        Some(bounce_type) => bounce_type != "bounce",
        None => fields::text(item, "status").is_some_and(|status| status.starts_with('4')),
    }
}

/// What policies and people may want to know. `sg_machine_open` marks opens by a mail client's
/// privacy proxy rather than by a person.
fn data(item: &Value) -> JsonMap {
    [
        ("url", "url"),
        ("reason", "reason"),
        ("status", "status"),
        ("type", "bounce_type"),
        ("bounce_classification", "bounce_classification"),
        ("attempt", "attempt"),
        ("sg_machine_open", "machine_open"),
        ("useragent", "user_agent"),
        ("asm_group_id", "group_id"),
        ("sg_message_id", "provider_id"),
    ]
    .into_iter()
    .filter_map(|(theirs, ours)| Some((ours.to_owned(), item.get(theirs)?.clone())))
    .filter(|(_, value)| !value.is_null())
    .chain(rfc_message_id(item))
    .collect()
}

/// The Message-ID that SendGrid gave the mail, where it did not keep ours: what an answer may name.
fn rfc_message_id(item: &Value) -> Option<(String, Value)> {
    let id = fields::text(item, "smtp-id")?;
    let id = id.trim_matches(|c: char| c.is_whitespace() || "<>".contains(c));
    Some(("rfc_message_id".to_owned(), id.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(item: &Value, expect: &str) {
        assert_eq!(
            read(item, Instant(0)).expect("readable").kind,
            expect,
            "{item}"
        );
    }

    #[test]
    fn words() {
        for (word, expect) in [
            ("processed", "email-accepted"),
            ("dropped", "email-dropped"),
            ("delivered", "email-delivered"),
            ("deferred", "email-deferred"),
            ("open", "email-opened"),
            ("click", "link-clicked"),
            ("spamreport", "complained"),
            ("unsubscribe", "unsubscribed"),
            ("group_unsubscribe", "unsubscribed"),
            ("group_resubscribe", "sendgrid.group_resubscribe"),
            ("account_status_change", "sendgrid.account_status_change"),
        ] {
            check(&json!({"event": word}), expect);
        }
        check(
            &json!({"event": "open", "sg_machine_open": true}),
            "machine-opened",
        );
        check(
            &json!({"event": "open", "sg_machine_open": false, "useragent": "Thunderbird"}),
            "email-opened",
        );
        check(
            &json!({"event": "click", "useragent": "python-requests/2.31"}),
            "machine-clicked",
        );
        check(
            &json!({"event": "bounce", "type": "bounce", "status": "5.1.1"}),
            "hard-bounced",
        );
        check(
            &json!({"event": "bounce", "type": "expired", "status": "4.4.7"}),
            "soft-bounced",
        );
        check(
            &json!({"event": "bounce", "type": "blocked", "status": "5.7.1"}),
            "soft-bounced",
        );
        check(
            &json!({"event": "bounce", "status": "5.1.1"}),
            "hard-bounced",
        );
        check(
            &json!({"event": "bounce", "status": "4.2.2"}),
            "soft-bounced",
        );
    }

    #[test]
    fn what_an_event_tells() {
        let told = read(
            &json!({"email": "Zoe@Example.com", "timestamp": 1_513_299_569, "event": "click",
                "sg_event_id": "e-1", "sg_message_id": "m-1.filter", "url": "https://x.example/ü",
                "followup_message_id": "msg_abc", "category": ["c"]}),
            Instant(0),
        )
        .expect("readable");
        assert_eq!(told.source_key, "e-1");
        assert_eq!(told.message_id.as_deref(), Some("msg_abc"));
        assert_eq!(told.occurred_at, Instant(1_513_299_569_000));
        assert_eq!(
            told.contact.email.as_ref().map(EmailAddress::as_str),
            Some("zoe@example.com")
        );
        assert_eq!(
            json!(told.data),
            json!({"url": "https://x.example/ü", "provider_id": "m-1.filter"})
        );
    }

    #[test]
    fn a_bounce_tells_its_cause() {
        let told = read(
            &json!({"event": "bounce", "type": "blocked", "status": "5.7.1",
                "reason": "550 blocked", "bounce_classification": "Reputation"}),
            Instant(0),
        )
        .expect("readable");
        assert_eq!(
            json!(told.data),
            json!({"bounce_type": "blocked", "status": "5.7.1", "reason": "550 blocked",
                "bounce_classification": "Reputation"})
        );
    }

    #[test]
    fn without_an_event_id_a_repetition_is_still_the_same() {
        let key =
            |at| read(&json!({"event": "open", "timestamp": at}), Instant(0)).map(|e| e.source_key);
        assert_eq!(key(1), key(1));
        assert_ne!(key(1), key(2));
    }
}
