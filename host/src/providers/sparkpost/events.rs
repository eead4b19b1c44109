//! One item of a batch into our event: `{"msys": {"message_event": {...}}}`.
//!
//! The class (`message_event`, `track_event`, `unsubscribe_event`, `gen_event`, ...) says nothing that `type` does
//! not. `event_id` is the identity, our id comes back in `rcpt_meta`. Source: SparkPost documentation, "Webhooks"
//! and "Bounce classification codes"; payloads of django-anymail's tests.

use serde_json::Value;

use crate::domain::event::{custom_kind, kind, source_key};
use crate::domain::instant::SECOND_MS;
use crate::domain::machine::{Signal, unmask};
use crate::domain::{
    ContactPatch, ContactRef, EmailAddress, Instant, JsonMap, NewEvent, digest, fields,
};
use crate::providers::{MESSAGE_ID_KEY, our_message_id};

/// "A test ping: an array with an empty `msys`."
pub(super) fn is_ping(item: &Value) -> bool {
    let msys = item.get("msys").and_then(Value::as_object);
    msys.is_some_and(serde_json::Map::is_empty)
}

/// The class of an item, and what it tells.
pub(super) fn told(item: &Value) -> Result<(&str, &Value), String> {
    let msys = item.get("msys").and_then(Value::as_object);
    let (class, told) = msys
        .and_then(|msys| msys.iter().next())
        .ok_or("`msys` is missing or empty")?;
    if told.is_object() {
        Ok((class, told))
    } else {
        Err(format!("`msys.{class}` must be an object"))
    }
}

pub(super) fn read(item: &Value, now: Instant) -> Result<NewEvent, String> {
    let (class, told) = told(item)?;
    if class == "relay_message" {
        return Err(
            "is a received mail: give the relay webhook the address of received mails".to_owned(),
        );
    }
    let word = fields::required_text(told, "type")?;
    let event = NewEvent {
        source_key: fields::id(told, "event_id").map_or_else(
            // Never seen without; the whole of the item stands in, and a repetition is the same.
            || digest::id("sp", &[item.to_string().as_bytes()]),
            |id| source_key(&id),
        ),
        kind: kind_of(word, told),
        occurred_at: occurred_at(told).unwrap_or(now),
        // The recipient of a relayed mail is ourselves.
        contact: recipient(told)
            .filter(|_| class != "relay_event")
            .map(ContactRef::email)
            .unwrap_or_default(),
        patch: ContactPatch::default(),
        message_id: our_message_id(told.pointer(&format!("/rcpt_meta/{MESSAGE_ID_KEY}"))),
        answers: Vec::new(),
        data: data(told),
        raw: item.clone(),
        hydrate: None,
        about: None,
    };
    let parsed = |key: &str| told.pointer(&format!("/user_agent_parsed/{key}"));
    let is_set = |key: &str| parsed(key) == Some(&Value::Bool(true));
    let signal = Signal {
        user_agent: told.get("user_agent").and_then(Value::as_str),
        prefetched: is_set("is_prefetched"),
        reported: is_set("is_proxy"),
        ..Signal::default()
    };
    Ok(unmask(event, &signal))
}

fn kind_of(word: &str, told: &Value) -> String {
    let known = match word {
        "injection" => kind::EMAIL_ACCEPTED,
        "delivery" => kind::EMAIL_DELIVERED,
        "delay" => kind::EMAIL_DEFERRED,
        // The second arrives as a report, after the mail was taken.
        "bounce" | "out_of_band" => return bounce(word, told),
        "spam_complaint" => kind::COMPLAINED,
        "policy_rejection" | "generation_failure" | "generation_rejection" => kind::EMAIL_DROPPED,
        "open" | "initial_open" | "amp_open" | "amp_initial_open" => kind::EMAIL_OPENED,
        "click" | "amp_click" => kind::LINK_CLICKED,
        "list_unsubscribe" | "link_unsubscribe" => kind::UNSUBSCRIBED,
        other => return custom_kind("sparkpost", other),
    };
    known.to_owned()
}

/// By "Bounce classification codes": 10 invalid recipient and 30 no RCPT are the address's fault, 60 and 100 are
/// machines that answer, 90 is a request to unsubscribe, 25 is our own policy.
fn bounce(word: &str, told: &Value) -> String {
    let known = match fields::id(told, "bounce_class").as_deref() {
        Some("10" | "30") => kind::HARD_BOUNCED,
        Some("25") => kind::EMAIL_DROPPED,
        Some("60" | "100") => kind::AUTO_REPLIED,
        Some("90") => kind::UNSUBSCRIBED,
        Some("80") => return custom_kind("sparkpost", &format!("{word}.subscribe")),
        _ => kind::SOFT_BOUNCED,
    };
    known.to_owned()
}

/// Seconds, as a number or a text; in answers of the events API a date.
fn occurred_at(told: &Value) -> Option<Instant> {
    let text = fields::id(told, "timestamp")?;
    let seconds = || text.parse::<i64>().ok()?.checked_mul(SECOND_MS);
    let in_time = |ms: &i64| (0..=253_402_300_799_999).contains(ms);
    match seconds().filter(in_time) {
        Some(ms) => Some(Instant(ms)),
        None => Instant::parse_rfc3339(&text),
    }
}

/// `raw_rcpt_to` is as it was written, `rcpt_to` in lower case.
fn recipient(told: &Value) -> Option<EmailAddress> {
    let text = fields::text(told, "rcpt_to").or_else(|| fields::text(told, "raw_rcpt_to"))?;
    EmailAddress::parse(text).ok()
}

fn data(told: &Value) -> JsonMap {
    [
        ("target_link_url", "url"),
        ("user_agent", "user_agent"),
        ("bounce_class", "bounce_class"),
        ("error_code", "status"),
        ("raw_reason", "reason"),
        ("fbtype", "feedback_type"),
        ("num_retries", "attempt"),
        ("transmission_id", "provider_id"),
    ]
    .into_iter()
    .filter_map(|(theirs, ours)| Some((ours.to_owned(), told.get(theirs)?.clone())))
    .filter(|(_, value)| !value.is_null())
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(told: &Value, expect: &str) {
        let item = json!({"msys": {"message_event": told}});
        let got = read(&item, Instant(0)).expect("readable");
        assert_eq!(got.kind, expect, "{told}");
    }

    #[test]
    fn words() {
        for (word, expect) in [
            ("injection", "email-accepted"),
            ("delivery", "email-delivered"),
            ("delay", "email-deferred"),
            ("bounce", "soft-bounced"),
            ("out_of_band", "soft-bounced"),
            ("spam_complaint", "complained"),
            ("policy_rejection", "email-dropped"),
            ("generation_failure", "email-dropped"),
            ("generation_rejection", "email-dropped"),
            ("open", "email-opened"),
            ("initial_open", "email-opened"),
            ("amp_open", "email-opened"),
            ("click", "link-clicked"),
            ("amp_click", "link-clicked"),
            ("list_unsubscribe", "unsubscribed"),
            ("link_unsubscribe", "unsubscribed"),
            ("relay_injection", "sparkpost.relay_injection"),
            ("sms_status", "sparkpost.sms_status"),
        ] {
            check(&json!({"type": word}), expect);
        }
        for (class, expect) in [
            (json!("1"), "soft-bounced"),
            (json!("10"), "hard-bounced"),
            (json!(30), "hard-bounced"),
            (json!("22"), "soft-bounced"),
            (json!("25"), "email-dropped"),
            (json!("51"), "soft-bounced"),
            (json!("60"), "auto-replied"),
            (json!("100"), "auto-replied"),
            (json!("80"), "sparkpost.bounce.subscribe"),
            (json!("90"), "unsubscribed"),
        ] {
            check(&json!({"type": "bounce", "bounce_class": class}), expect);
        }
        let prefetched = json!({"is_prefetched": true});
        check(
            &json!({"type": "open", "user_agent_parsed": prefetched}),
            "machine-opened",
        );
    }

    #[test]
    fn times() {
        for (timestamp, expect) in [
            (json!("1460989507"), "2016-04-18T14:25:07Z"),
            (json!(1_460_989_507), "2016-04-18T14:25:07Z"),
            (json!("2016-04-18T14:25:07.000Z"), "2016-04-18T14:25:07Z"),
            (json!("soon"), "1970-01-01T00:00:00Z"),
            (json!(u64::MAX), "1970-01-01T00:00:00Z"),
        ] {
            let item = json!({"msys": {"x": {"type": "open", "timestamp": timestamp}}});
            let event = read(&item, Instant(0)).expect("readable");
            assert_eq!(event.occurred_at.to_string(), expect, "{timestamp}");
        }
    }

    #[test]
    fn what_is_no_event() {
        assert!(is_ping(&json!({"msys": {}})));
        for item in [json!({}), json!({"msys": {"message_event": []}})] {
            assert!(
                !is_ping(&item) && read(&item, Instant(0)).is_err(),
                "{item}"
            );
        }
        let relayed = json!({"msys": {"relay_message": {"type": "x"}}});
        let why = read(&relayed, Instant(0)).expect_err("a mail");
        assert!(why.contains("address of received mails"), "{why}");
    }
}
