//! A mail into POST /emails.
//!
//! Source: Resend's OpenAPI document, "Send an email".

use serde_json::{Map, Value, json};

use crate::domain::mail::Mail;
use crate::providers::MESSAGE_ID_KEY;
use crate::providers::header::{headers, mailbox, one_line};

/// One `to` a message: events do not say which of several recipients they are about. Tags take only
/// A-Z a-z 0-9 _ and -, which our ids are made of.
pub(super) fn body(mail: &Mail) -> Value {
    let headers: Map<_, _> = headers(mail)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    let mut body = json!({
        "from": mailbox(&mail.from),
        "to": [mailbox(&mail.to)],
        "subject": one_line(&mail.subject),
        "text": mail.text,
        "headers": headers,
        "tags": tags(mail),
    });
    if let Some(html) = &mail.html {
        body["html"] = json!(html);
    }
    if let Some(reply_to) = &mail.reply_to {
        body["reply_to"] = json!(mailbox(reply_to));
    }
    body
}

/// "ASCII letters, numbers, underscores, or dashes", 256 of them: other characters become underscores.
fn tags(mail: &Mail) -> Vec<Value> {
    let ours = json!({"name": MESSAGE_ID_KEY, "value": mail.id});
    // A name stands once.
    let sequence = mail.tags.first().map(|tag| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let value: String = tag
            .chars()
            .take(TAG_MAX_CHARS)
            .map(|c| if allowed(c) { c } else { '_' })
            .collect();
        json!({"name": "sequence", "value": value})
    });
    std::iter::once(ours).chain(sequence).collect()
}

const TAG_MAX_CHARS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::header::tests::{mail, plain_mail};

    #[test]
    fn the_body() {
        assert_eq!(
            body(&mail()),
            json!({
                "from": "\"Doe, Jane\" <jane@acme.example>",
                "to": ["\"Zoë \\\"Z\\\" Ünal\" <zoe@example.com>"],
                "subject": "Re: Grüße Bcc: x@example.com",
                "text": "Hallo Zoë,\n\nalles gut?\n",
                "html": "<p>Hallo Zoë,</p>\n<p>alles gut?</p>\n",
                "headers": {
                    "Message-ID": "<msg_abc123@acme.example>",
                    "In-Reply-To": "<parent@acme.example>",
                    "References": "<first@acme.example> <parent@acme.example>",
                    "List-Unsubscribe": "<https://f.acme.example/u/t1>, <mailto:out@acme.example?subject=unsubscribe>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                    "X-Note": "a Bcc: x@example.com",
                },
                "tags": [
                    {"name": "followup_message_id", "value": "msg_abc123"},
                    {"name": "sequence", "value": "welcome"},
                ],
                "reply_to": "reply+t1@in.acme.example",
            })
        );
    }

    #[test]
    fn a_plain_message_has_one_part() {
        let body = body(&plain_mail());
        assert_eq!((body.get("text").is_some(), body.get("html")), (true, None));
    }

    #[test]
    fn tags_are_made_of_few_characters() {
        let mut mail = mail();
        mail.tags = vec!["Grüße & Co".to_owned(), "second".to_owned()];
        assert_eq!(tags(&mail)[1]["value"], "Gr__e___Co");
        assert_eq!(tags(&mail).len(), 2);
        mail.tags = Vec::new();
        assert_eq!(tags(&mail).len(), 1);
    }
}
