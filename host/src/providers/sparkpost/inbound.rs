//! Mails that a relay webhook hands over, whole, several in one request.
//!
//! "If the Raw MIME content contains at least one non UTF-8 encoded character, the entire `email_rfc822` JSON value
//! will be base64 encoded and the `email_rfc822_is_base64` JSON boolean value will be set to true." Source: SparkPost
//! API documentation, "Relay webhooks".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::events::{is_ping, told};
use crate::domain::connector::{RawMail, Received};
use crate::domain::fields;
use crate::domain::hook::{HookRequest, Malformed, parse_json};

pub(super) fn mails(request: &HookRequest) -> Result<Vec<Received>, Malformed> {
    let Value::Array(items) = parse_json(&request.body)? else {
        return Err(Malformed(
            "the body is no JSON array: SparkPost's relay webhook sends arrays of mails".to_owned(),
        ));
    };
    let whole = |item: &Value| {
        // A part that cannot be read is a mail of no bytes, which is refused without the others.
        Received::Whole(mail(item).unwrap_or_default())
    };
    Ok(items
        .iter()
        .filter(|item| !is_ping(item))
        .map(whole)
        .collect())
}

fn mail(item: &Value) -> Option<RawMail> {
    let (_, message) = told(item)
        .ok()
        .filter(|(class, _)| *class == "relay_message")?;
    let content = message.get("content")?;
    let text = fields::text(content, "email_rfc822")?;
    let bytes = if content.get("email_rfc822_is_base64") == Some(&Value::Bool(true)) {
        let lines: String = text.split_whitespace().collect();
        STANDARD.decode(lines).ok()?
    } else {
        text.as_bytes().to_vec()
    };
    Some(RawMail {
        bytes,
        // "SMTP envelope from"; empty is the null sender.
        envelope_from: message
            .get("msg_from")
            .and_then(Value::as_str)
            .map(|from| if from.is_empty() { "<>" } else { from }.to_owned()),
        envelope_to: fields::text(message, "rcpt_to")
            .map(str::to_owned)
            .into_iter()
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn mails_of_a_batch() {
        let item = |content: Value| {
            json!({"msys": {"relay_message": {"content": content, "msg_from": "zoe@example.com",
                "rcpt_to": "reply+t@in.acme.example"}}})
        };
        let body = json!([
            item(json!({"email_rfc822": "From: a\r\n\r\nHi", "email_rfc822_is_base64": false})),
            item(json!({"email_rfc822": "RnJvbTogYQ0KDQpIaQ==", "email_rfc822_is_base64": true})),
            item(json!({"email_rfc822": "!", "email_rfc822_is_base64": true})),
            {"msys": {"message_event": {"type": "delivery"}}},
            {"msys": {}},
        ]);
        let request = HookRequest {
            method: "POST".to_owned(),
            url: "https://x.example/hooks/sp/inbound".to_owned(),
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
            certificate: None,
        };
        let good = RawMail {
            bytes: b"From: a\r\n\r\nHi".to_vec(),
            envelope_from: Some("zoe@example.com".to_owned()),
            envelope_to: vec!["reply+t@in.acme.example".to_owned()],
        };
        let expect = [good.clone(), good, RawMail::default(), RawMail::default()];
        let expect: Vec<_> = expect.into_iter().map(Received::Whole).collect();
        assert_eq!(mails(&request), Ok(expect));
    }
}
