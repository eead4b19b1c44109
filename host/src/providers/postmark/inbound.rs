//! The inbound webhook: one received mail a request.
//!
//! `RawEmail` is the mail as it came, where "Include raw email content in JSON payload" is on; its line
//! ends are bare LFs. Without it the mail is put together again: `Headers` leaves out what stands in
//! fields of its own (From, To, Cc, Subject, Date, Reply-To). Postmark puts Return-Path, which was on the
//! envelope, first in `Headers`; one further down came with the mail and proves nothing (django-anymail).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::domain::connector::RawMail;
use crate::domain::fields;
use crate::domain::hook::Malformed;
use crate::providers::rebuilt::{self, File, Parts};

pub(super) fn read(item: &Value) -> Result<RawMail, Malformed> {
    if !item.is_object() || item.get("RecordType").is_some_and(|word| word != "Inbound") {
        return Err(Malformed(
            "the body is no inbound mail of Postmark: send events to the address without /inbound"
                .to_owned(),
        ));
    }
    let bytes = match fields::text(item, "RawEmail") {
        Some(raw) => raw.as_bytes().to_vec(),
        None => rebuilt(item),
    };
    let to = fields::text(item, "OriginalRecipient").map(str::to_owned);
    Ok(RawMail {
        bytes,
        envelope_from: return_path(item).map(str::to_owned),
        envelope_to: to.into_iter().collect(),
    })
}

fn rebuilt(item: &Value) -> Vec<u8> {
    let mut parts = Parts::default();
    for (name, value) in headers(item) {
        parts.header(name, value);
    }
    for (header, whole, list) in [
        ("From", "From", "FromFull"),
        ("To", "To", "ToFull"),
        ("Cc", "Cc", "CcFull"),
    ] {
        let listed = addresses(item.get(list));
        let told = if listed.is_empty() {
            fields::text(item, whole).unwrap_or_default()
        } else {
            &listed
        };
        parts.header_if_missing(header, told);
    }
    for (header, field) in [
        ("Subject", "Subject"),
        ("Date", "Date"),
        ("Reply-To", "ReplyTo"),
    ] {
        parts.header_if_missing(header, fields::text(item, field).unwrap_or_default());
    }
    parts.text = fields::text(item, "TextBody").map(str::to_owned);
    parts.html = fields::text(item, "HtmlBody").map(str::to_owned);
    let attached = item.get("Attachments").and_then(Value::as_array);
    for attachment in attached.into_iter().flatten() {
        let content = fields::text(attachment, "Content").unwrap_or_default();
        if let Ok(bytes) = STANDARD.decode(content) {
            parts.files.push(File {
                name: fields::text(attachment, "Name").map(str::to_owned),
                content_type: fields::text(attachment, "ContentType").map(str::to_owned),
                bytes,
            });
        }
    }
    rebuilt::mail(&parts)
}

fn headers(item: &Value) -> impl Iterator<Item = (&str, &str)> {
    let list = item.get("Headers").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|header| {
        Some((
            fields::text(header, "Name")?,
            header.get("Value")?.as_str()?,
        ))
    })
}

/// `<>` of a report included.
fn return_path(item: &Value) -> Option<&str> {
    let (name, value) = headers(item).next()?;
    name.eq_ignore_ascii_case("return-path").then_some(value)
}

/// `[{"Email", "Name"}]`, or one of them, as a header has them.
fn addresses(list: Option<&Value>) -> String {
    let all = match list {
        Some(Value::Array(all)) => all.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    };
    let told = all.iter().filter_map(|one| {
        let email = fields::text(one, "Email")?;
        Some(match fields::text(one, "Name") {
            Some(name) => {
                let name = name.replace('\\', "\\\\").replace('"', "\\\"");
                format!("\"{name}\" <{email}>")
            }
            None => email.to_owned(),
        })
    });
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn raw_is_taken_as_it_is() {
        let mail = read(&json!({"RawEmail": "From: a@x.example\n\nhi", "OriginalRecipient": "reply+t@in.example",
            "Headers": [{"Name": "Return-Path", "Value": "<>"}]}))
        .expect("a mail");
        assert_eq!(mail.bytes, b"From: a@x.example\n\nhi");
        assert_eq!(mail.envelope_from.as_deref(), Some("<>"));
        assert_eq!(mail.envelope_to, ["reply+t@in.example"]);
    }

    #[test]
    fn a_mail_is_put_together_again() {
        let mail = read(&json!({
            "FromFull": {"Email": "zoe@example.com", "Name": "Zoë \"Z\""},
            "ToFull": [{"Email": "reply+t@in.example", "Name": ""}, {"Email": "b@x.example", "Name": "B"}],
            "Subject": "Re: Hallo", "Date": "Wed, 11 Oct 2017 18:31:04 -0700", "TextBody": "Ja.",
            "Headers": [{"Name": "Received", "Value": "x"}, {"Name": "Return-Path", "Value": "<fake@x.example>"},
                {"Name": "In-Reply-To", "Value": "<msg_a@acme.example>"}],
        }))
        .expect("a mail");
        let text = String::from_utf8(mail.bytes).expect("UTF-8");
        for line in [
            "In-Reply-To: <msg_a@acme.example>",
            "From: \"Zoë \\\"Z\\\"\" <zoe@example.com>",
            "To: reply+t@in.example, \"B\" <b@x.example>",
            "Subject: Re: Hallo",
            "Ja.",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in:\n{text}");
        }
        assert_eq!(mail.envelope_from, None, "only the first is Postmark's");
    }

    #[test]
    fn an_event_is_no_mail() {
        for item in [json!([]), json!({"RecordType": "Bounce"})] {
            assert!(read(&item).is_err(), "{item}");
        }
    }
}
