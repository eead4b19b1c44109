//! One event into ours.
//!
//! There is no event id: "id: webhook id". The message, the recipient, the word and the moment together
//! are the identity. "`ts_epoch`: time stamp in milliseconds UTC"; `date` and `ts` follow the account's zone.
//! Events arrive in any order. Source: Brevo documentation, "Transactional webhooks"; django-anymail's
//! tests, "obtained through live testing".

use serde_json::Value;

use crate::domain::event::{custom_kind, kind};
use crate::domain::instant::SECOND_MS;
use crate::domain::machine::{Signal, unmask};
use crate::domain::{
    ContactPatch, ContactRef, EmailAddress, Instant, JsonMap, NewEvent, digest, fields,
};
use crate::providers::{MESSAGE_ID_KEY, our_message_id};

pub(super) fn read(item: &Value, now: Instant) -> Result<NewEvent, String> {
    let word = fields::required_text(item, "event")?;
    let email = fields::text(item, "email");
    let at = occurred_at(item)?;
    let event = NewEvent {
        source_key: source_key(word, item, at),
        kind: kind_of(word),
        occurred_at: at.unwrap_or(now),
        contact: email
            .and_then(|email| EmailAddress::parse(email).ok())
            .map(ContactRef::email)
            .unwrap_or_default(),
        patch: ContactPatch::default(),
        message_id: message_id(item),
        answers: Vec::new(),
        data: data(item),
        raw: item.clone(),
        hydrate: None,
        about: None,
    };
    let signal = Signal {
        user_agent: item.get("user_agent").and_then(Value::as_str),
        reported: word.contains("proxy_open"),
        ..Signal::default()
    };
    Ok(unmask(event, &signal))
}

/// `ts_epoch` in milliseconds; but the samples of that page have it in seconds too, and call it `s_epoch`
/// for opens by a proxy.
fn occurred_at(item: &Value) -> Result<Option<Instant>, String> {
    for key in ["ts_epoch", "s_epoch"] {
        if let Some(at) = fields::unix_time(item, key, 1)? {
            let in_seconds = at.0 < EARLIEST_MS;
            return Ok(Some(if in_seconds {
                Instant(at.0 * SECOND_MS)
            } else {
                at
            }));
        }
    }
    fields::unix_time(item, "ts_event", SECOND_MS)
}

/// March 1973 in milliseconds, the year 5138 in seconds: no number of today means both.
const EARLIEST_MS: i64 = 100_000_000_000;

fn source_key(word: &str, item: &Value, at: Option<Instant>) -> String {
    let at = match at {
        Some(at) => at.0.to_string(),
        None => fields::text(item, "date").unwrap_or_default().to_owned(),
    };
    let told = |key| fields::text(item, key).unwrap_or_default().as_bytes();
    let parts = [
        word.as_bytes(),
        told("message-id"),
        told("email"),
        at.as_bytes(),
        told("link"),
    ];
    digest::id("brevo", &parts)
}

fn kind_of(word: &str) -> String {
    let known = match word {
        "request" | "sent" => kind::EMAIL_ACCEPTED,
        "delivered" => kind::EMAIL_DELIVERED,
        "deferred" => kind::EMAIL_DEFERRED,
        "hard_bounce" | "invalid_email" => kind::HARD_BOUNCED,
        "soft_bounce" => kind::SOFT_BOUNCED,
        "blocked" | "error" => kind::EMAIL_DROPPED,
        "spam" | "complaint" => kind::COMPLAINED,
        "opened" | "unique_opened" | "proxy_open" | "unique_proxy_open" => kind::EMAIL_OPENED,
        "click" => kind::LINK_CLICKED,
        // The events are called unsubscribed, the payload says unsubscribe.
        "unsubscribe" | "unsubscribed" => kind::UNSUBSCRIBED,
        other => return custom_kind("brevo", other),
    };
    known.to_owned()
}

/// In the header that comes back as a text of JSON, or among the tags: `tags` is a list, `tag` the same as a
/// text of JSON, or a list where the other is not there.
fn message_id(item: &Value) -> Option<String> {
    let custom = fields::text(item, "X-Mailin-custom");
    let custom = custom.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let told = custom.and_then(|custom| our_message_id(custom.get(MESSAGE_ID_KEY)));
    told.or_else(|| {
        ["tags", "tag"]
            .iter()
            .find_map(|key| tagged(item.get(key)?))
    })
}

fn tagged(tags: &Value) -> Option<String> {
    let read = tags.as_str().map(serde_json::from_str::<Value>);
    let read = read.and_then(Result::ok);
    let tags = read.as_ref().unwrap_or(tags).as_array()?;
    tags.iter().find_map(|tag| our_message_id(Some(tag)))
}

fn data(item: &Value) -> JsonMap {
    let bare = fields::text(item, "message-id").map(|id| id.trim_matches(['<', '>']));
    [
        ("link", "url"),
        ("reason", "reason"),
        ("user_agent", "user_agent"),
        ("subject", "subject"),
        ("message-id", "provider_id"),
    ]
    .into_iter()
    .filter_map(|(theirs, ours)| Some((ours.to_owned(), item.get(theirs)?.clone())))
    .filter(|(_, value)| !value.is_null() && value != "")
    .chain(bare.map(|id| ("rfc_message_id".to_owned(), id.into())))
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words() {
        for (word, expect) in [
            ("request", "email-accepted"),
            ("delivered", "email-delivered"),
            ("deferred", "email-deferred"),
            ("hard_bounce", "hard-bounced"),
            ("invalid_email", "hard-bounced"),
            ("soft_bounce", "soft-bounced"),
            ("blocked", "email-dropped"),
            ("error", "email-dropped"),
            ("spam", "complained"),
            ("complaint", "complained"),
            ("opened", "email-opened"),
            ("unique_opened", "email-opened"),
            ("proxy_open", "machine-opened"),
            ("unique_proxy_open", "machine-opened"),
            ("click", "link-clicked"),
            ("unsubscribe", "unsubscribed"),
            ("unsubscribed", "unsubscribed"),
            ("list_addition", "brevo.list_addition"),
        ] {
            let told = read(&json!({"event": word}), Instant(0)).expect("readable");
            assert_eq!(told.kind, expect, "{word}");
        }
    }

    #[test]
    fn our_id_comes_back() {
        for item in [
            json!({"X-Mailin-custom": "{\"followup_message_id\":\"msg_a\"}"}),
            json!({"X-Mailin-custom": "no JSON", "tags": ["welcome", "msg_a"]}),
            json!({"tag": ["welcome", "msg_a"]}),
            json!({"tag": "[\"welcome\",\"msg_a\"]"}),
        ] {
            assert_eq!(message_id(&item).as_deref(), Some("msg_a"), "{item}");
        }
        assert_eq!(message_id(&json!({"tags": ["welcome"]})), None);
    }

    #[test]
    fn what_tells_one_event_from_another() {
        let base = json!({"event": "click", "message-id": "<m>", "email": "a@x.example", "ts_epoch": 5, "link": "l"});
        let key = |field: &str, value: Value| {
            let mut item = base.clone();
            item[field] = value;
            read(&item, Instant(0)).map(|event| event.source_key)
        };
        assert_eq!(
            key("id", json!(1)),
            key("id", json!(2)),
            "it is the webhook's"
        );
        for (field, value) in [
            ("event", json!("opened")),
            ("message-id", json!("<n>")),
            ("email", json!("b@x.example")),
            ("ts_epoch", json!(6)),
            ("link", json!("k")),
        ] {
            assert_ne!(key(field, value), key("id", json!(1)), "{field}");
        }
    }

    /// The page of transactional webhooks shows `ts_epoch` in seconds, and `s_epoch` for opens by a proxy.
    #[test]
    fn times() {
        for (item, expect) in [
            (
                json!({"ts_epoch": 1_604_933_654_000_i64}),
                "2020-11-09T14:54:14Z",
            ),
            (
                json!({"ts_epoch": 1_604_933_623, "ts_event": 1_604_933_654}),
                "2020-11-09T14:53:43Z",
            ),
            (json!({"ts_event": 1_604_933_654}), "2020-11-09T14:54:14Z"),
            (
                json!({"s_epoch": 1_534_486_682_000_i64}),
                "2018-08-17T06:18:02Z",
            ),
            (
                json!({"date": "2020-10-09 00:00:00"}),
                "1970-01-01T00:00:00Z",
            ),
        ] {
            let mut item = item;
            item["event"] = json!("opened");
            let told = read(&item, Instant(0)).expect("readable");
            assert_eq!(told.occurred_at.to_string(), expect, "{item}");
        }
        assert!(read(&json!({"event": "opened", "ts_epoch": "x"}), Instant(0)).is_err());
    }
}
