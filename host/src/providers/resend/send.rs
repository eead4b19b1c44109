//! A mail into POST /emails.
//!
//! Source: Resend's OpenAPI document, "Send an email".

use serde_json::{Map, Value, json};

use crate::domain::http::{Method, Request};
use crate::domain::mail::Mail;
use crate::providers::MESSAGE_ID_KEY;
use crate::providers::header::{headers, mailbox, one_line};

pub(super) fn request(base_url: &str, api_key: &str, mail: &Mail) -> Request {
    Request {
        method: Method::Post,
        url: format!("{}/emails", base_url.trim_end_matches('/')),
        headers: vec![
            ("authorization", format!("Bearer {api_key}")),
            ("content-type", "application/json".to_owned()),
            ("idempotency-key", mail.id.clone()),
            // Resend answers 403 (error 1010) to a request without one.
            (
                "user-agent",
                concat!("followup/", env!("CARGO_PKG_VERSION")).to_owned(),
            ),
        ],
        body: body(mail).to_string().into_bytes(),
    }
}

/// One `to` a message: events do not say which of several recipients they are about. Tags take only
/// A-Z a-z 0-9 _ and -, which our ids are made of.
fn body(mail: &Mail) -> Value {
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
        "tags": [{"name": MESSAGE_ID_KEY, "value": mail.id}],
    });
    if let Some(html) = &mail.html {
        body["html"] = json!(html);
    }
    if let Some(reply_to) = &mail.reply_to {
        body["reply_to"] = json!(mailbox(reply_to));
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::header::tests::{mail, plain_mail};

    #[test]
    fn the_request() {
        let request = request("https://api.resend.com", "re_key", &mail());
        assert_eq!(request.url, "https://api.resend.com/emails");
        let headers: Vec<_> = request
            .headers
            .iter()
            .map(|(n, v)| (*n, v.as_str()))
            .collect();
        assert_eq!(headers[0], ("authorization", "Bearer re_key"));
        assert_eq!(headers[2], ("idempotency-key", "msg_abc123"));
        assert!(headers[3].1.starts_with("followup/"));
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        assert_eq!(
            body,
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
                "tags": [{"name": "followup_message_id", "value": "msg_abc123"}],
                "reply_to": "reply+t1@in.acme.example",
            })
        );
    }

    #[test]
    fn a_plain_message_has_one_part() {
        let body = body(&plain_mail());
        assert_eq!((body.get("text").is_some(), body.get("html")), (true, None));
    }

    /// "Same key + other payload: 409": a repetition must not differ by a byte.
    #[test]
    fn the_same_mail_gives_the_same_bytes() {
        assert_eq!(
            request("https://x", "k", &mail()),
            request("https://x", "k", &mail())
        );
    }
}
