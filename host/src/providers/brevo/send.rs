//! A mail into POST /smtp/email.
//!
//! Our id travels three times: in `X-Mailin-custom`, which comes back in events; as a tag, which can be
//! searched for; and as the idempotency key, which stands among the body's `headers` and "must be a UUID"
//! (Brevo documentation, "Idempotency for batch emails"). Message-ID is Brevo's own and not sent.

use serde_json::{Map, Value, json};

use crate::domain::digest;
use crate::domain::mail::{Mail, Mailbox};
use crate::providers::MESSAGE_ID_KEY;
use crate::providers::header::{encoded_word, headers, is_special, one_line};

/// "htmlContent: Mandatory if templateId is not passed": a text alone is refused, so the composer gives
/// each mail a page (`Quirks::needs_html`). What it did not compose for Brevo, Brevo refuses by name.
pub(super) fn body(mail: &Mail) -> Value {
    let tags: Vec<_> = std::iter::once(&mail.id).chain(&mail.tags).collect();
    let mut body = json!({
        "sender": mailbox(&mail.from),
        "to": [mailbox(&mail.to)],
        "subject": one_line(&mail.subject),
        "textContent": mail.text,
        "headers": custom_headers(mail),
        "tags": tags,
    });
    if let Some(html) = &mail.html {
        body["htmlContent"] = Value::from(html.as_str());
    }
    if let Some(reply_to) = &mail.reply_to {
        body["replyTo"] = mailbox(reply_to);
    }
    body
}

/// Values beyond ASCII would leave as raw UTF-8, which "can cause bounces or silently undelivered
/// messages" (django-anymail, "Brevo").
fn custom_headers(mail: &Mail) -> Map<String, Value> {
    let own = headers(mail)
        .into_iter()
        .filter(|(name, value)| *name != "Message-ID" && value.is_ascii())
        .map(|(name, value)| (name.to_owned(), Value::from(value)));
    let custom = json!({ MESSAGE_ID_KEY: mail.id }).to_string();
    own.chain([
        ("X-Mailin-custom".to_owned(), Value::from(custom)),
        ("idempotencyKey".to_owned(), Value::from(uuid(&mail.id))),
    ])
    .collect()
}

/// "Brevo silently drops the name field if it contains both non-ASCII chars and a comma (or other
/// special)" (django-anymail): such a name is encoded beforehand.
fn mailbox(mailbox: &Mailbox) -> Value {
    let mut value = json!({"email": mailbox.address.as_str()});
    let name = one_line(mailbox.name.as_deref().unwrap_or_default());
    if !name.is_empty() {
        let dropped = !name.is_ascii() && name.chars().any(is_special);
        value["name"] = Value::from(if dropped { encoded_word(&name) } else { name });
    }
    value
}

/// A UUID that is always the same for the same id; marked as version 4 so that everybody takes it.
fn uuid(id: &str) -> String {
    let hash = digest::sha256(&[b"brevo", id.as_bytes()]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::header::tests::{mail, plain_mail};

    #[test]
    fn the_body() {
        assert_eq!(
            body(&mail()),
            json!({
                "sender": {"email": "jane@acme.example", "name": "Doe, Jane"},
                "to": [{"email": "zoe@example.com", "name": "=?utf-8?B?Wm/DqyAiWiIgw5xuYWw=?="}],
                "replyTo": {"email": "reply+t1@in.acme.example"},
                "subject": "Re: Grüße Bcc: x@example.com",
                "htmlContent": "<p>Hallo Zoë,</p>\n<p>alles gut?</p>\n",
                "textContent": "Hallo Zoë,\n\nalles gut?\n",
                "headers": {
                    "In-Reply-To": "<parent@acme.example>",
                    "References": "<first@acme.example> <parent@acme.example>",
                    "List-Unsubscribe": "<https://f.acme.example/u/t1>, <mailto:out@acme.example?subject=unsubscribe>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                    "X-Note": "a Bcc: x@example.com",
                    "X-Mailin-custom": "{\"followup_message_id\":\"msg_abc123\"}",
                    "idempotencyKey": uuid("msg_abc123"),
                },
                "tags": ["msg_abc123", "welcome"],
            })
        );
    }

    #[test]
    fn what_brevo_spoils_is_left_out() {
        let mut plain = plain_mail();
        plain.headers = vec![("X-City".to_owned(), "Köln".to_owned())];
        let body = body(&plain);
        assert_eq!(body["headers"].get("X-City"), None);
        assert_eq!(body.get("htmlContent"), None, "the composer's to make");
    }

    #[test]
    fn a_uuid_is_one_and_the_same() {
        let made = uuid("msg_a");
        assert_eq!(made, uuid("msg_a"));
        assert_ne!(made, uuid("msg_b"));
        let parts: Vec<_> = made.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{made}");
        assert_eq!(&made[14..15], "4", "{made}");
        assert!("89ab".contains(&made[19..20]), "{made}");
    }
}
