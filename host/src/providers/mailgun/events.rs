//! One webhook into our event: `{"signature": {...}, "event-data": {...}}`.
//!
//! `event-data.id` is "guaranteed to be unique within a day", so the time belongs to the key; the token
//! does not, since a repeated attempt may be signed anew. Our id comes back in `user-variables`. Source:
//! Mailgun documentation, "Event Structure", "Event Types"; its OpenAPI document, events.

use serde_json::Value;

use crate::domain::event::{custom_kind, kind, source_key};
use crate::domain::machine::{Signal, unmask};
use crate::domain::{
    ContactPatch, ContactRef, EmailAddress, Instant, JsonMap, NewEvent, digest, fields,
};
use crate::providers::header::bare_id;
use crate::providers::{MESSAGE_ID_KEY, our_message_id};

/// The end of the year 9999, in seconds.
const LATEST_S: f64 = 253_402_300_799.0;

pub(super) fn read(item: &Value, now: Instant) -> Result<NewEvent, String> {
    let data = item
        .get("event-data")
        .filter(|data| data.is_object())
        .ok_or("`event-data` is missing or no JSON object")?;
    let word = fields::required_text(data, "event")?;
    let ours = our_message_id(data.pointer(&format!("/user-variables/{MESSAGE_ID_KEY}")));
    let rfc_message_id = rfc_message_id(data);
    let event = NewEvent {
        source_key: key(data),
        kind: kind_of(word, data),
        occurred_at: occurred_at(data).unwrap_or(now),
        contact: recipient(data).map(ContactRef::email).unwrap_or_default(),
        patch: ContactPatch::default(),
        // "Anything over 4KB will be truncated in the event/webhooks": the Message-ID is there all the same.
        answers: match ours {
            None => rfc_message_id.clone().into_iter().collect(),
            Some(_) => Vec::new(),
        },
        message_id: ours,
        data: event_data(data, rfc_message_id),
        raw: item.clone(),
        hydrate: None,
        about: None,
    };
    // "bot" names the proxy or scanner that opened or clicked; it is empty for a person.
    let bot = data.pointer("/client-info/bot").and_then(Value::as_str);
    let signal = Signal {
        user_agent: data
            .pointer("/client-info/user-agent")
            .and_then(Value::as_str),
        reported: bot.is_some_and(|bot| !bot.is_empty()),
        ..Signal::default()
    };
    Ok(unmask(event, &signal))
}

fn key(data: &Value) -> String {
    match (fields::id(data, "id"), data.get("timestamp")) {
        (Some(id), Some(at)) => source_key(&format!("{id}/{at}")),
        // Never seen without; the whole of it stands in, and a repetition is the same.
        _ => digest::id("mg", &[data.to_string().as_bytes()]),
    }
}

/// Seconds with a fraction: `1521472262.908181`.
fn occurred_at(data: &Value) -> Option<Instant> {
    let seconds = data.get("timestamp")?.as_f64()?;
    (0.0..=LATEST_S)
        .contains(&seconds)
        .then_some(Instant((seconds * 1000.0) as i64))
}

fn kind_of(word: &str, data: &Value) -> String {
    let known = match word {
        "accepted" => kind::EMAIL_ACCEPTED,
        "rejected" => kind::EMAIL_DROPPED,
        "delivered" => kind::EMAIL_DELIVERED,
        "failed" => failed(data),
        "opened" => kind::EMAIL_OPENED,
        "clicked" => kind::LINK_CLICKED,
        "unsubscribed" => kind::UNSUBSCRIBED,
        "complained" => kind::COMPLAINED,
        other => return custom_kind("mailgun", other),
    };
    known.to_owned()
}

/// "severity=temporary when a message is temporary rejected by an ESP": Mailgun tries again.
/// "severity=permanent when a message is not delivered. There are several reasons why Mailgun stops
/// attempting to deliver messages and drops them including: hard bounces, messages that reached their
/// retry limit, previously unsubscribed/bounced/complained addresses, or addresses rejected by an ESP."
/// Only the first means that the address is dead. The words of `reason` are listed nowhere; these are
/// those of the examples.
fn failed(data: &Value) -> &'static str {
    if fields::text(data, "severity") == Some("temporary") {
        return kind::EMAIL_DEFERRED;
    }
    let reason = fields::text(data, "reason").unwrap_or_default();
    if reason.starts_with("suppress-") {
        return kind::EMAIL_DROPPED;
    }
    let bounce_type = data.pointer("/delivery-status/bounce-type");
    let code = data
        .pointer("/delivery-status/code")
        .and_then(Value::as_i64);
    match bounce_type.and_then(Value::as_str) {
        Some("soft") => kind::SOFT_BOUNCED,
        Some("hard") => kind::HARD_BOUNCED,
        _ if matches!(reason, "old" | "espblock" | "greylisted") => kind::SOFT_BOUNCED,
        // 602 is Mailgun's own "too old"; 4xx were temporary until it gave up.
        _ if code.is_some_and(|code| (400..500).contains(&code) || code == 602) => {
            kind::SOFT_BOUNCED
        }
        _ => kind::HARD_BOUNCED,
    }
}

/// Rejected mails have no `recipient`, only a header.
fn recipient(data: &Value) -> Option<EmailAddress> {
    let header = || data.pointer("/message/headers/to").and_then(Value::as_str);
    let text = fields::text(data, "recipient").or_else(header)?;
    let bare = text
        .rsplit_once('<')
        .map_or(text, |(_, rest)| rest.trim_end_matches('>'));
    EmailAddress::parse(bare).ok()
}

fn event_data(data: &Value, rfc_message_id: Option<String>) -> JsonMap {
    [
        ("/url", "url"),
        ("/client-info/user-agent", "user_agent"),
        ("/client-info/bot", "bot"),
        ("/reason", "bounce_type"),
        ("/severity", "severity"),
        ("/delivery-status/message", "reason"),
        ("/delivery-status/description", "description"),
        ("/delivery-status/code", "status"),
        ("/delivery-status/enhanced-code", "enhanced_status"),
        ("/delivery-status/attempt-no", "attempt"),
        ("/reject/reason", "reason"),
    ]
    .into_iter()
    .filter_map(|(theirs, ours)| Some((ours.to_owned(), data.pointer(theirs)?.clone())))
    .filter(|(_, value)| !value.is_null() && value.as_str() != Some(""))
    .chain(rfc_message_id.map(|id| ("rfc_message_id".to_owned(), id.into())))
    .collect()
}

/// What the recipient sees as Message-ID, and an answer names.
fn rfc_message_id(data: &Value) -> Option<String> {
    let id = bare_id(data.pointer("/message/headers/message-id")?.as_str()?);
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(data: &Value, expect: &str) {
        let item = json!({"event-data": data});
        let got = read(&item, Instant(0)).expect("readable");
        assert_eq!(got.kind, expect, "{data}");
    }

    #[test]
    fn words() {
        for (word, expect) in [
            ("accepted", "email-accepted"),
            ("rejected", "email-dropped"),
            ("delivered", "email-delivered"),
            ("opened", "email-opened"),
            ("clicked", "link-clicked"),
            ("unsubscribed", "unsubscribed"),
            ("complained", "complained"),
            ("stored", "mailgun.stored"),
            ("list_member_uploaded", "mailgun.list_member_uploaded"),
        ] {
            check(&json!({"event": word}), expect);
        }
        check(
            &json!({"event": "opened", "client-info": {"bot": "apple"}}),
            "machine-opened",
        );
        check(
            &json!({"event": "opened", "client-info": {"bot": "", "user-agent": "Thunderbird"}}),
            "email-opened",
        );
    }

    #[test]
    fn failures() {
        let failed = |severity: &str, reason: &str, status: Value| json!({"event": "failed", "severity": severity, "reason": reason, "delivery-status": status});
        for (severity, reason, status, expect) in [
            (
                "temporary",
                "generic",
                json!({"code": 450}),
                "email-deferred",
            ),
            ("permanent", "bounce", json!({"code": 550}), "hard-bounced"),
            (
                "permanent",
                "bounce",
                json!({"code": 550, "bounce-type": "soft"}),
                "soft-bounced",
            ),
            (
                "permanent",
                "bounce",
                json!({"code": 452, "bounce-type": "hard"}),
                "hard-bounced",
            ),
            (
                "permanent",
                "suppress-bounce",
                json!({"code": 605}),
                "email-dropped",
            ),
            (
                "permanent",
                "suppress-unsubscribe",
                json!({"code": 606}),
                "email-dropped",
            ),
            ("permanent", "old", json!({"code": 602}), "soft-bounced"),
            ("permanent", "generic", json!({"code": 421}), "soft-bounced"),
            ("permanent", "generic", json!(null), "hard-bounced"),
        ] {
            check(&failed(severity, reason, status), expect);
        }
    }

    #[test]
    fn times_and_keys() {
        let at = |timestamp: Value| {
            let item =
                json!({"event-data": {"event": "opened", "id": "a", "timestamp": timestamp}});
            read(&item, Instant(7)).expect("readable")
        };
        let first = at(json!(1_521_472_262.908_181));
        assert_eq!(first.occurred_at.to_string(), "2018-03-19T15:11:02.908Z");
        assert_eq!(first.source_key, "a/1521472262.908181");
        for unreadable in [json!(-1), json!(1e300), json!("x"), json!(null)] {
            assert_eq!(at(unreadable).occurred_at, Instant(7));
        }
    }

    #[test]
    fn what_is_no_event() {
        for item in [
            json!({}),
            json!({"event-data": []}),
            json!({"event-data": {"event": 1}}),
        ] {
            assert!(read(&item, Instant(0)).is_err(), "{item}");
        }
    }
}
