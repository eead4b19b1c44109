//! Received mails: the webhook names one, the API has it.
//!
//! "Webhooks do not include the email body, headers, or attachments, only their metadata" (Resend documentation,
//! "email.received"). GET /emails/receiving/{id} gives the header, the text and the markup, of which the mail
//! is put together again. A report is made of attachments, which that answer only lists: it is fetched once more
//! as the file that `raw.download_url` leads to, and only it, since a person's mail may be far larger
//! than what we read of an answer.

use serde_json::Value;

use crate::domain::answer::ask_failure;
use crate::domain::connector::{AskError, RawMail, Received};
use crate::domain::fields;
use crate::domain::hook::Malformed;
use crate::domain::http::Response;
use crate::providers::rebuilt::{self, Parts};

/// What an id begins with that is a link.
const LINK: &str = "https://";

/// Other events at this address name no mail.
pub(super) fn named(body: &Value) -> Result<Vec<Received>, Malformed> {
    let word = fields::required_text(body, "type").map_err(Malformed)?;
    if word != "email.received" {
        return Ok(Vec::new());
    }
    let data = body.get("data").unwrap_or(&Value::Null);
    let id = fields::required_text(data, "email_id").map_err(Malformed)?;
    if !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(Malformed("`data.email_id` is no id of Resend".to_owned()));
    }
    Ok(vec![Received::Named {
        id: id.to_owned(),
        envelope_to: texts(data.get("to")),
    }])
}

pub(super) fn path(id: &str) -> String {
    // Pictures inside the markup would make the answer too large to be read.
    format!("/emails/receiving/{id}?html_format=cid")
}

pub(super) fn link(id: &str) -> Option<&str> {
    id.starts_with(LINK).then_some(id)
}

/// Where a report lies as it came.
pub(super) fn elsewhere(id: &str, answer: &Response) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    if link(id).is_some() || answer.status != 200 || !is_report(&body) {
        return None;
    }
    let url = body.pointer("/raw/download_url")?.as_str()?;
    link(url).map(str::to_owned)
}

fn is_report(body: &Value) -> bool {
    let told = headers(body).find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if told.is_some_and(|(_, value)| value.to_ascii_lowercase().starts_with("multipart/report")) {
        return true;
    }
    let attached = body.get("attachments").and_then(Value::as_array);
    attached.into_iter().flatten().any(|file| {
        let media_type = fields::text(file, "content_type").unwrap_or_default();
        let report = ["message/delivery-status", "message/feedback-report"];
        report.iter().any(|part| media_type.starts_with(part))
    })
}

pub(super) fn fetched(id: &str, answer: &Response) -> Result<RawMail, AskError> {
    if link(id).is_some() {
        return match answer.status {
            200..=299 => Ok(RawMail {
                bytes: answer.body.clone(),
                ..RawMail::default()
            }),
            _ => Err(ask_failure("Resend", answer, "", "the link lapsed")),
        };
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if !(200..=299).contains(&answer.status) || fields::text(&body, "id").is_none() {
        let explanation = fields::text(&body, "message").unwrap_or_default();
        let hint = "check that api_key has full access";
        return Err(ask_failure("Resend", answer, explanation, hint));
    }
    Ok(mail(&body))
}

fn mail(body: &Value) -> RawMail {
    let mut parts = Parts::default();
    let mut envelope_from = None;
    for (name, value) in headers(body) {
        if name.eq_ignore_ascii_case("return-path") {
            envelope_from = Some(value.to_owned());
        }
        parts.header(name, value);
    }
    for (header, field) in [
        ("From", "from"),
        ("Subject", "subject"),
        ("Message-ID", "message_id"),
    ] {
        parts.header_if_missing(header, fields::text(body, field).unwrap_or_default());
    }
    for (header, field) in [("To", "to"), ("Cc", "cc"), ("Reply-To", "reply_to")] {
        parts.header_if_missing(header, &texts(body.get(field)).join(", "));
    }
    parts.text = fields::text(body, "text").map(str::to_owned);
    parts.html = fields::text(body, "html").map(str::to_owned);
    RawMail {
        bytes: rebuilt::mail(&parts),
        envelope_from,
        envelope_to: Vec::new(),
    }
}

/// An object; a header that stood several times may be a list.
fn headers(body: &Value) -> impl Iterator<Item = (&str, &str)> {
    let all = body.get("headers").and_then(Value::as_object);
    all.into_iter().flatten().flat_map(|(name, value)| {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        values
            .iter()
            .filter_map(|value| Some((name.as_str(), value.as_str()?)))
    })
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array);
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_webhook_names_a_mail() {
        let received = |id: &str| {
            named(
                &json!({"type": "email.received", "data": {"email_id": id, "to": ["reply+t@in.example"]}}),
            )
        };
        let expect = Received::Named {
            id: "5676-11".to_owned(),
            envelope_to: vec!["reply+t@in.example".to_owned()],
        };
        assert_eq!(received("5676-11"), Ok(vec![expect]));
        assert!(received("https://evil.example/x").is_err());
        assert!(received("../../domains").is_err());
        assert_eq!(named(&json!({"type": "email.sent"})), Ok(Vec::new()));
        assert!(named(&json!([])).is_err());
    }

    #[test]
    fn only_a_report_lies_elsewhere() {
        let told = |id: &str, body: Value| {
            let answer = Response {
                status: 200,
                headers: Vec::new(),
                body: body.to_string().into_bytes(),
            };
            elsewhere(id, &answer)
        };
        let raw = json!({"download_url": "https://inbound-cdn.resend.com/x?Signature=y"});
        let found = Some("https://inbound-cdn.resend.com/x?Signature=y".to_owned());
        let report = json!({"content-type": "multipart/report; report-type=delivery-status"});
        let part = json!([{"content_type": "message/delivery-status"}]);
        assert_eq!(told("5676", json!({"headers": report, "raw": raw})), found);
        assert_eq!(
            told("5676", json!({"attachments": part, "raw": raw})),
            found
        );
        assert_eq!(told("5676", json!({"headers": {}, "raw": raw})), None);
        let plain = json!({"download_url": "http://169.254.169.254/"});
        assert_eq!(told("5676", json!({"headers": report, "raw": plain})), None);
        let again = json!({"headers": report, "raw": raw});
        assert_eq!(told("https://x.example", again), None, "no chain of links");
    }
}
