//! A mail into POST /api/v1/transmissions, with inline content for one recipient.
//!
//! Header values, subject and bodies are "expected in the UTF-8 charset without RFC2047 encoding" and speak the
//! template language (`braces`). Source: SparkPost API documentation, "Transmissions".

use serde_json::{Map, Value, json};

use super::braces::{escape, flatten, substitution_data};
use crate::domain::mail::{Mail, Mailbox};
use crate::providers::MESSAGE_ID_KEY;
use crate::providers::header::{headers, mailbox, one_line};

/// "`campaign_id`: Maximum length - 64 bytes."
const CAMPAIGN_MAX_BYTES: usize = 64;

/// "A custom List-Unsubscribe is ignored" (django-anymail): theirs stands in its place, where the mail is not
/// `transactional`, and whoever uses it comes back as `list_unsubscribe`.
const IGNORED: &[&str] = &["list-unsubscribe", "list-unsubscribe-post"];

pub(super) fn body(mail: &Mail) -> Value {
    let is_ignored = |name: &str| IGNORED.contains(&name.to_ascii_lowercase().as_str());
    let headers = headers(mail);
    let offers_a_way_out = headers.iter().any(|(name, _)| is_ignored(name));
    let headers: Map<_, _> = headers
        .into_iter()
        .filter(|(name, _)| !is_ignored(name))
        .map(|(name, value)| (name.to_owned(), Value::from(escape(&value))))
        .collect();
    let mut content = json!({
        "from": person(&mail.from, escape),
        "subject": escape(&one_line(&mail.subject)),
        "headers": headers,
    });
    let parts = [("text", Some(&mail.text)), ("html", mail.html.as_ref())];
    for (key, text) in parts {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            content[key] = json!(escape(text));
        }
    }
    if let Some(reply_to) = &mail.reply_to {
        content["reply_to"] = json!(escape(&mailbox(reply_to)));
    }
    let mut body = json!({
        "options": {
            // Links are ours to count.
            "open_tracking": false,
            "click_tracking": false,
            // "No List-Unsubscribe header is included in transactional messages."
            "transactional": !offers_a_way_out,
        },
        "metadata": { MESSAGE_ID_KEY: mail.id },
        "substitution_data": substitution_data(),
        "recipients": [{"address": person(&mail.to, flatten)}],
        "content": content,
    });
    if let Some(tag) = mail.tags.iter().find(|tag| !tag.trim().is_empty()) {
        let mut campaign = one_line(tag);
        campaign.truncate(campaign.floor_char_boundary(CAMPAIGN_MAX_BYTES));
        body["campaign_id"] = json!(campaign);
    }
    body
}

fn person(mailbox: &Mailbox, safe: fn(&str) -> String) -> Value {
    let mut value = json!({"email": mailbox.address.as_str()});
    let name = one_line(mailbox.name.as_deref().unwrap_or_default());
    if !name.is_empty() {
        value["name"] = json!(safe(&name));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::header::tests::{mail, plain_mail};

    #[test]
    fn the_body() {
        let mut mail = mail();
        mail.text = "Hallo {{name}}".to_owned();
        assert_eq!(
            body(&mail),
            json!({
                "options": {"open_tracking": false, "click_tracking": false, "transactional": false},
                "metadata": {"followup_message_id": "msg_abc123"},
                "substitution_data": {"followup_opening": "{", "followup_closing": "}"},
                "recipients": [{"address": {"email": "zoe@example.com", "name": "Zoë \"Z\" Ünal"}}],
                "campaign_id": "welcome",
                "content": {
                    "from": {"email": "jane@acme.example", "name": "Doe, Jane"},
                    "reply_to": "reply+t1@in.acme.example",
                    "subject": "Re: Grüße Bcc: x@example.com",
                    "text": "Hallo {{opening_double_curly()}}name{{closing_double_curly()}}",
                    "html": "<p>Hallo Zoë,</p>\n<p>alles gut?</p>\n",
                    "headers": {
                        "Message-ID": "<msg_abc123@acme.example>",
                        "In-Reply-To": "<parent@acme.example>",
                        "References": "<first@acme.example> <parent@acme.example>",
                        "X-Note": "a Bcc: x@example.com",
                    },
                },
            })
        );
    }

    #[test]
    fn a_mail_without_a_way_out_is_transactional() {
        let mut plain = plain_mail();
        plain.headers.clear();
        plain.tags = vec!["ü".repeat(40)];
        let body = body(&plain);
        assert_eq!(body["options"]["transactional"], true);
        assert_eq!(body["content"].get("html"), None);
        assert_eq!(body["campaign_id"], "ü".repeat(32));
    }
}
