//! One webhook into our event.
//!
//! `svix-id` is the identity: the same on every attempt and on every replay by hand. Tags come back
//! as an object, `{"name": "value"}`, though they were sent as a list. Source: Resend's OpenAPI
//! document, webhooks; Resend documentation, "Retries and Replays".
//!
//! `email.received` stays the custom kind `resend.email.received`: it holds only metadata, so nobody
//! can tell a person's answer from an automatic one by it, and an out-of-office notice must not count
//! as a reply. `inbound` takes the same event in at its own address, and the whole mail is fetched.

use serde_json::Value;

use crate::domain::event::{custom_kind, kind, source_key};
use crate::domain::machine::{Signal, unmask};
use crate::domain::{ContactPatch, ContactRef, EmailAddress, Instant, JsonMap, NewEvent, fields};
use crate::providers::{MESSAGE_ID_KEY, our_message_id};

pub(super) fn read(item: &Value, id: &str, now: Instant) -> Result<NewEvent, String> {
    let word = fields::required_text(item, "type")?;
    let data = item
        .get("data")
        .filter(|data| data.is_object())
        .ok_or("`data` is missing or no JSON object")?;
    let event = NewEvent {
        source_key: source_key(id),
        kind: kind_of(word, data),
        occurred_at: fields::text(item, "created_at")
            .and_then(Instant::parse_rfc3339)
            .unwrap_or(now),
        contact: address(word, data)
            .map(ContactRef::email)
            .unwrap_or_default(),
        patch: ContactPatch::default(),
        message_id: our_message_id(tag(data)),
        answers: Vec::new(),
        data: event_data(data),
        raw: item.clone(),
        hydrate: None,
        about: None,
    };
    let signal = Signal {
        user_agent: data.pointer("/click/userAgent").and_then(Value::as_str),
        ..Signal::default()
    };
    Ok(unmask(event, &signal))
}

fn kind_of(word: &str, data: &Value) -> String {
    let known = match word {
        "email.sent" => kind::EMAIL_ACCEPTED,
        "email.delivered" => kind::EMAIL_DELIVERED,
        "email.delivery_delayed" => kind::EMAIL_DEFERRED,
        // Permanent, Transient or Undetermined: an address is given up only for the first.
        "email.bounced" => match data.pointer("/bounce/type").and_then(Value::as_str) {
            Some("Permanent") => kind::HARD_BOUNCED,
            _ => kind::SOFT_BOUNCED,
        },
        "email.suppressed" | "email.failed" => kind::EMAIL_DROPPED,
        "email.complained" => kind::COMPLAINED,
        "email.opened" => kind::EMAIL_OPENED,
        "email.clicked" => kind::LINK_CLICKED,
        // There is no event of its own for an unsubscribe.
        "contact.updated" if data.get("unsubscribed") == Some(&Value::Bool(true)) => {
            kind::UNSUBSCRIBED
        }
        other => return custom_kind("resend", other),
    };
    known.to_owned()
}

/// Whom it is about: the recipient, for inbound mail the sender, for contacts themselves.
fn address(word: &str, data: &Value) -> Option<EmailAddress> {
    let field = match word {
        "email.received" => data.get("from")?,
        _ if word.starts_with("contact.") => data.get("email")?,
        _ => data.get("to")?,
    };
    let text = match field {
        Value::Array(list) => list.first()?.as_str()?,
        other => other.as_str()?,
    };
    // `Name <address>` or the bare address.
    let bare = text
        .rsplit_once('<')
        .map_or(text, |(_, rest)| rest.trim_end_matches('>'));
    EmailAddress::parse(bare).ok()
}

/// Our tag; in the list form too, as it was sent.
fn tag(data: &Value) -> Option<&Value> {
    match data.get("tags")? {
        Value::Array(list) => list
            .iter()
            .find(|tag| fields::text(tag, "name") == Some(MESSAGE_ID_KEY))?
            .get("value"),
        tags => tags.get(MESSAGE_ID_KEY),
    }
}

fn event_data(data: &Value) -> JsonMap {
    [
        ("/click/link", "url"),
        ("/click/userAgent", "user_agent"),
        ("/bounce/message", "reason"),
        ("/bounce/type", "bounce_type"),
        ("/bounce/subType", "bounce_subtype"),
        ("/bounce/diagnosticCode", "diagnostic_code"),
        ("/suppressed/reason", "reason"),
        ("/failed/reason", "reason"),
        ("/subject", "subject"),
        ("/email_id", "provider_id"),
    ]
    .into_iter()
    .filter_map(|(theirs, ours)| Some((ours.to_owned(), data.pointer(theirs)?.clone())))
    .filter(|(_, value)| !value.is_null())
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(word: &str, data: &Value) -> NewEvent {
        let item = json!({"type": word, "created_at": "2026-03-02T09:00:00.250Z", "data": data});
        read(&item, "msg_1", Instant(0)).expect("readable")
    }

    #[test]
    fn words() {
        let to = || json!({"to": ["Zoë <Zoe@Example.com>"]});
        for (word, expect) in [
            ("email.sent", "email-accepted"),
            ("email.delivered", "email-delivered"),
            ("email.delivery_delayed", "email-deferred"),
            ("email.suppressed", "email-dropped"),
            ("email.failed", "email-dropped"),
            ("email.complained", "complained"),
            ("email.opened", "email-opened"),
            ("email.clicked", "link-clicked"),
            ("email.scheduled", "resend.email.scheduled"),
            ("domain.updated", "resend.domain.updated"),
        ] {
            assert_eq!(told(word, &to()).kind, expect, "{word}");
        }
        for (bounce, expect) in [
            (json!({"type": "Permanent"}), "hard-bounced"),
            (json!({"type": "Transient"}), "soft-bounced"),
            (json!({"type": "Undetermined"}), "soft-bounced"),
            (json!(null), "soft-bounced"),
        ] {
            assert_eq!(
                told("email.bounced", &json!({"bounce": bounce})).kind,
                expect,
                "{bounce}"
            );
        }
        let opted_out = json!({"email": "a@x.example", "unsubscribed": true});
        assert_eq!(told("contact.updated", &opted_out).kind, "unsubscribed");
        let opted_in = json!({"email": "a@x.example", "unsubscribed": false});
        assert_eq!(
            told("contact.updated", &opted_in).kind,
            "resend.contact.updated"
        );
    }

    #[test]
    fn a_scanner_clicks_as_one() {
        let by =
            |user_agent| json!({"click": {"link": "https://x.example", "userAgent": user_agent}});
        for (user_agent, expect) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                "link-clicked",
            ),
            ("BarracudaCentral/1.0", "machine-clicked"),
        ] {
            assert_eq!(told("email.clicked", &by(user_agent)).kind, expect);
        }
    }

    #[test]
    fn whom_it_is_about() {
        let email = |word, data| {
            told(word, &data)
                .contact
                .email
                .map(|email| email.to_string())
        };
        let zoe = Some("zoe@example.com".to_owned());
        assert_eq!(
            email("email.sent", json!({"to": ["Zoë <Zoe@Example.com>"]})),
            zoe
        );
        assert_eq!(email("email.sent", json!({"to": "zoe@example.com"})), zoe);
        assert_eq!(
            email("contact.created", json!({"email": "zoe@example.com"})),
            zoe
        );
        let received = told(
            "email.received",
            &json!({"from": "zoe@example.com", "to": ["us@x.example"]}),
        );
        assert_eq!(received.contact.email.map(|email| email.to_string()), zoe);
        assert_eq!(received.kind, "resend.email.received");
        assert_eq!(email("email.sent", json!({"to": []})), None);
    }

    #[test]
    fn our_id_comes_back_as_a_tag() {
        let object = json!({"tags": {"followup_message_id": "msg_abc"}});
        let list = json!({"tags": [{"name": "followup_message_id", "value": "msg_abc"}]});
        for data in [object, list] {
            assert_eq!(
                told("email.sent", &data).message_id.as_deref(),
                Some("msg_abc")
            );
        }
        assert_eq!(
            told("email.sent", &json!({"tags": {"other": "msg_abc"}})).message_id,
            None
        );
    }

    #[test]
    fn a_bounce_tells_its_cause() {
        let bounce = json!({"type": "Permanent", "subType": "General", "message": "gone",
            "diagnosticCode": ["smtp; 550 5.1.1 user unknown"]});
        let told = told("email.bounced", &json!({"bounce": bounce}));
        assert_eq!(
            json!(told.data),
            json!({"bounce_type": "Permanent", "bounce_subtype": "General", "reason": "gone",
                "diagnostic_code": ["smtp; 550 5.1.1 user unknown"]})
        );
    }

    #[test]
    fn a_click_tells_its_link() {
        let told = told(
            "email.clicked",
            &json!({"email_id": "e-1", "click": {"link": "https://x.example/a"}}),
        );
        assert_eq!(
            json!(told.data),
            json!({"url": "https://x.example/a", "provider_id": "e-1"})
        );
        assert_eq!(told.source_key, "msg_1");
        assert_eq!(told.occurred_at.to_string(), "2026-03-02T09:00:00.250Z");
    }
}
