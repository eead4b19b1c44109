//! One webhook into our event.
//!
//! Only bounces and complaints carry an id; the others are known by the message, the recipient and the
//! moment, since "the same event may come twice". Our id comes back in `Metadata`. Source: Postmark
//! documentation, "Webhooks" and "Bounce API" (bounce types); postmark-skills, "Webhook Payload Examples".

use serde_json::Value;

use crate::domain::event::{custom_kind, kind};
use crate::domain::machine::{Signal, unmask};
use crate::domain::{
    ContactPatch, ContactRef, EmailAddress, Instant, JsonMap, NewEvent, digest, fields,
};
use crate::providers::{MESSAGE_ID_KEY, our_message_id};

pub(super) fn read(item: &Value, now: Instant) -> Result<NewEvent, String> {
    let word = fields::required_text(item, "RecordType")?;
    let email = ["Email", "Recipient"]
        .iter()
        .find_map(|key| fields::text(item, key));
    let time = ["BouncedAt", "DeliveredAt", "ReceivedAt", "ChangedAt"]
        .iter()
        .find_map(|key| fields::text(item, key));
    let event = NewEvent {
        source_key: source_key(word, item, email, time),
        kind: kind_of(word, item),
        occurred_at: time.and_then(Instant::parse_rfc3339).unwrap_or(now),
        // The recipient of a received mail is ourselves.
        contact: email
            .filter(|_| fields::text(item, "Type") != Some("InboundError"))
            .and_then(|email| EmailAddress::parse(email).ok())
            .map(ContactRef::email)
            .unwrap_or_default(),
        patch: ContactPatch::default(),
        message_id: our_message_id(item.pointer(&format!("/Metadata/{MESSAGE_ID_KEY}"))),
        answers: Vec::new(),
        data: data(item),
        raw: item.clone(),
        hydrate: None,
        about: None,
    };
    let signal = Signal {
        user_agent: item.get("UserAgent").and_then(Value::as_str),
        ..Signal::default()
    };
    Ok(unmask(event, &signal))
}

/// The id of a bounce is "larger than 2^53 can hold safely": read as a whole number.
fn source_key(word: &str, item: &Value, email: Option<&str>, time: Option<&str>) -> String {
    if let Some(id) = fields::id(item, "ID") {
        return digest::id("pm", &[word.as_bytes(), id.as_bytes()]);
    }
    let told = [
        Some(word),
        fields::text(item, "MessageID"),
        email,
        time,
        fields::text(item, "OriginalLink"),
    ];
    let parts = told.map(|part| part.unwrap_or_default().as_bytes());
    digest::id("pm", &parts)
}

fn kind_of(word: &str, item: &Value) -> String {
    let known = match word {
        "Delivery" => kind::EMAIL_DELIVERED,
        "Open" => kind::EMAIL_OPENED,
        "Click" => kind::LINK_CLICKED,
        "SpamComplaint" => kind::COMPLAINED,
        "Bounce" => {
            let bounce_type = fields::text(item, "Type").unwrap_or_default();
            match bounce(bounce_type) {
                Some(known) => known,
                None => return custom_kind("postmark", &format!("Bounce.{bounce_type}")),
            }
        }
        // "SuppressSending: true: Postmark has suppressed this address; future sends are blocked".
        "SubscriptionChange" if item.get("SuppressSending") == Some(&Value::Bool(true)) => {
            suppression(fields::text(item, "SuppressionReason").unwrap_or_default())
        }
        other => return custom_kind("postmark", other),
    };
    known.to_owned()
}

/// An address is given up only for a hard bounce. An answering machine is no bounce at all; neither is a
/// wish to subscribe, a probe of our relay, or a received mail that did not reach our own hook. The words
/// are those of `BounceType` in Postmark's own client.
fn bounce(bounce_type: &str) -> Option<&'static str> {
    Some(match bounce_type {
        "HardBounce" => kind::HARD_BOUNCED,
        "Transient" | "DnsError" => kind::EMAIL_DEFERRED,
        "AutoResponder" | "AddressChange" | "ChallengeVerification" => kind::AUTO_REPLIED,
        "SpamNotification" | "SpamComplaint" => kind::COMPLAINED,
        "Unsubscribe" | "ManualSuppression" => kind::UNSUBSCRIBED,
        "BadEmailAddress"
        | "ManuallyDeactivated"
        | "Unconfirmed"
        | "DMARCPolicy"
        | "SMTPApiError"
        | "TemplateRenderingFailed" => kind::EMAIL_DROPPED,
        "Subscribe" | "OpenRelayTest" | "InboundError" => return None,
        // SoftBounce, Blocked (by the recipient's provider), VirusNotification, Unknown, and what is new.
        _ => kind::SOFT_BOUNCED,
    })
}

fn suppression(reason: &str) -> &'static str {
    match reason {
        "HardBounce" => kind::HARD_BOUNCED,
        "SpamComplaint" => kind::COMPLAINED,
        _ => kind::UNSUBSCRIBED,
    }
}

fn data(item: &Value) -> JsonMap {
    [
        ("OriginalLink", "url"),
        ("UserAgent", "user_agent"),
        ("Details", "reason"),
        ("Type", "bounce_type"),
        ("Description", "description"),
        ("SuppressionReason", "suppression_reason"),
        ("Origin", "origin"),
        ("Inactive", "inactive"),
        ("Subject", "subject"),
        ("MessageStream", "message_stream"),
        ("MessageID", "provider_id"),
    ]
    .into_iter()
    .filter_map(|(theirs, ours)| Some((ours.to_owned(), item.get(theirs)?.clone())))
    .filter(|(_, value)| !value.is_null() && value != "")
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(item: &Value, expect: &str) {
        let told = read(item, Instant(0)).expect("readable");
        assert_eq!(told.kind, expect, "{item}");
    }

    #[test]
    fn words() {
        for (word, expect) in [
            ("Delivery", "email-delivered"),
            ("Open", "email-opened"),
            ("Click", "link-clicked"),
            ("SpamComplaint", "complained"),
            ("SubscriptionChange", "postmark.SubscriptionChange"),
            ("SmsOptOut", "postmark.SmsOptOut"),
        ] {
            check(&json!({"RecordType": word}), expect);
        }
        for (bounce, expect) in [
            ("HardBounce", "hard-bounced"),
            ("SoftBounce", "soft-bounced"),
            ("Blocked", "soft-bounced"),
            ("Undetermined", "soft-bounced"),
            ("Novel", "soft-bounced"),
            ("Transient", "email-deferred"),
            ("DnsError", "email-deferred"),
            ("AutoResponder", "auto-replied"),
            ("AddressChange", "auto-replied"),
            ("ChallengeVerification", "auto-replied"),
            ("SpamNotification", "complained"),
            ("Unsubscribe", "unsubscribed"),
            ("BadEmailAddress", "email-dropped"),
            ("ManuallyDeactivated", "email-dropped"),
            ("DMARCPolicy", "email-dropped"),
            ("SMTPApiError", "email-dropped"),
            ("TemplateRenderingFailed", "email-dropped"),
            ("Unconfirmed", "email-dropped"),
            ("SpamComplaint", "complained"),
            ("VirusNotification", "soft-bounced"),
            ("Unknown", "soft-bounced"),
            ("Subscribe", "postmark.Bounce.Subscribe"),
            ("OpenRelayTest", "postmark.Bounce.OpenRelayTest"),
            ("InboundError", "postmark.Bounce.InboundError"),
        ] {
            check(&json!({"RecordType": "Bounce", "Type": bounce}), expect);
        }
        for (suppressed, reason, expect) in [
            (true, "ManualSuppression", "unsubscribed"),
            (true, "HardBounce", "hard-bounced"),
            (true, "SpamComplaint", "complained"),
            (false, "", "postmark.SubscriptionChange"),
        ] {
            check(
                &json!({"RecordType": "SubscriptionChange", "SuppressSending": suppressed,
                    "SuppressionReason": reason}),
                expect,
            );
        }
    }

    #[test]
    fn a_repetition_is_the_same_and_another_is_not() {
        let key = |item: Value| read(&item, Instant(0)).map(|event| event.source_key);
        let open = |at| json!({"RecordType": "Open", "MessageID": "m", "Recipient": "a@x.example", "ReceivedAt": at});
        assert_eq!(key(open("1")), key(open("1")));
        assert_ne!(key(open("1")), key(open("2")));
        let bounce = |word, id| json!({"RecordType": word, "ID": id, "MessageID": "m"});
        let big = 4_323_372_036_854_775_807_i64;
        assert_eq!(key(bounce("Bounce", big)), key(bounce("Bounce", big)));
        assert_ne!(key(bounce("Bounce", big)), key(bounce("Bounce", big - 1)));
        assert_ne!(
            key(bounce("Bounce", big)),
            key(bounce("SpamComplaint", big))
        );
    }
}
