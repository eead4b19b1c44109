//! A mail into POST /email.
//!
//! Our id travels as metadata, which comes back in every event and can be searched for. Keys of metadata
//! have at most 20 characters and values 80 (Postmark documentation, "Custom metadata FAQ"; not verified
//! there, ours have 19 and 64 at most).

use serde_json::{Value, json};

use crate::domain::mail::Mail;
use crate::providers::MESSAGE_ID_KEY;
use crate::providers::header::{headers, mailbox, one_line};

/// Postmark sends its own Message-ID unless told to keep ours: "X-PM-KeepID: true" among the headers,
/// as wildbit/swiftmailer-postmark and Symfony's transport do; its API documentation was not seen to say so.
const KEEP_ID: (&str, &str) = ("X-PM-KeepID", "true");

pub(super) const REMARKS: &[&str] = &[
    "In a broadcast stream, Postmark adds an unsubscribe link of its own unless its handling is turned off for the stream.",
];

/// The longest tag: "1000 characters".
const TAG_MAX_CHARS: usize = 1_000;

pub(super) fn body(mail: &Mail, message_stream: &str) -> Value {
    let keep = std::iter::once((KEEP_ID.0, KEEP_ID.1.to_owned()));
    let headers: Vec<_> = headers(mail)
        .into_iter()
        .chain(keep)
        .map(|(name, value)| json!({"Name": name, "Value": value}))
        .collect();
    let mut body = json!({
        "From": mailbox(&mail.from),
        "To": mailbox(&mail.to),
        "Subject": one_line(&mail.subject),
        "TextBody": mail.text,
        "Headers": headers,
        "Metadata": { MESSAGE_ID_KEY: mail.id },
        "MessageStream": message_stream,
        // Opens and links are ours to count.
        "TrackOpens": false,
        "TrackLinks": "None",
    });
    if let Some(html) = &mail.html {
        body["HtmlBody"] = json!(html);
    }
    if let Some(reply_to) = &mail.reply_to {
        body["ReplyTo"] = json!(mailbox(reply_to));
    }
    // One a message.
    if let Some(tag) = mail.tags.first() {
        body["Tag"] = json!(tag.chars().take(TAG_MAX_CHARS).collect::<String>());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::header::tests::{mail, plain_mail};

    #[test]
    fn the_body() {
        assert_eq!(
            body(&mail(), "broadcast"),
            json!({
                "From": "\"Doe, Jane\" <jane@acme.example>",
                "To": "\"Zoë \\\"Z\\\" Ünal\" <zoe@example.com>",
                "Subject": "Re: Grüße Bcc: x@example.com",
                "TextBody": "Hallo Zoë,\n\nalles gut?\n",
                "Headers": [
                    {"Name": "Message-ID", "Value": "<msg_abc123@acme.example>"},
                    {"Name": "In-Reply-To", "Value": "<parent@acme.example>"},
                    {"Name": "References", "Value": "<first@acme.example> <parent@acme.example>"},
                    {"Name": "List-Unsubscribe", "Value": "<https://f.acme.example/u/t1>, <mailto:out@acme.example?subject=unsubscribe>"},
                    {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
                    {"Name": "X-Note", "Value": "a Bcc: x@example.com"},
                    {"Name": "X-PM-KeepID", "Value": "true"},
                ],
                "Metadata": {"followup_message_id": "msg_abc123"},
                "MessageStream": "broadcast",
                "TrackOpens": false,
                "TrackLinks": "None",
                "HtmlBody": "<p>Hallo Zoë,</p>\n<p>alles gut?</p>\n",
                "ReplyTo": "reply+t1@in.acme.example",
                "Tag": "welcome",
            })
        );
        assert_eq!(body(&plain_mail(), "outbound").get("HtmlBody"), None);
        assert!(MESSAGE_ID_KEY.len() <= 20);
    }
}
