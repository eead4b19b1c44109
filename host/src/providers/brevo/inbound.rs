//! Inbound parsing: several received mails a request.
//!
//! `Headers` is an object whose values are texts, or lists where a header stood several times; the
//! order among different names is lost. Attachments are kept at Brevo and are not fetched, so that the
//! machine-readable parts of a bounce are missing: its text is read instead. Source: Brevo documentation,
//! "Inbound parse webhooks"; django-anymail.

use serde_json::Value;

use crate::domain::connector::{RawMail, Received};
use crate::domain::fields;
use crate::domain::hook::Malformed;
use crate::providers::rebuilt::{self, Parts};

pub(super) fn read(body: &Value) -> Result<Vec<Received>, Malformed> {
    let items = body.get("items").and_then(Value::as_array);
    let items = items.ok_or_else(|| {
        Malformed(
            "the body is no inbound mail of Brevo: send events to the address without /inbound"
                .to_owned(),
        )
    })?;
    Ok(items
        .iter()
        .map(|item| Received::Whole(mail(item)))
        .collect())
}

fn mail(item: &Value) -> RawMail {
    let mut parts = Parts::default();
    let (mut envelope_from, mut envelope_to) = (None, Vec::new());
    for (name, value) in headers(item) {
        match name.to_ascii_lowercase().as_str() {
            "return-path" => envelope_from = Some(value.to_owned()),
            "delivered-to" => envelope_to.push(value.to_owned()),
            _ => {}
        }
        parts.header(name, value);
    }
    for (header, field) in [
        ("Message-ID", "MessageId"),
        ("In-Reply-To", "InReplyTo"),
        ("Subject", "Subject"),
        ("Date", "SentAtDate"),
    ] {
        parts.header_if_missing(header, fields::text(item, field).unwrap_or_default());
    }
    for header in ["From", "To", "Cc"] {
        parts.header_if_missing(header, &addresses(item.get(header)));
    }
    parts.text = fields::text(item, "RawTextBody").map(str::to_owned);
    parts.html = fields::text(item, "RawHtmlBody").map(str::to_owned);
    let told = item.get("Recipients").and_then(Value::as_array);
    let told = told.into_iter().flatten().filter_map(Value::as_str);
    envelope_to.extend(told.map(str::to_owned));
    RawMail {
        bytes: rebuilt::mail(&parts),
        envelope_from,
        envelope_to,
    }
}

fn headers(item: &Value) -> impl Iterator<Item = (&str, &str)> {
    let all = item.get("Headers").and_then(Value::as_object);
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

/// `{"Name", "Address"}` or a list of them; names are left out, nothing depends on them.
fn addresses(told: Option<&Value>) -> String {
    let all = match told {
        Some(Value::Array(all)) => all.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    };
    let addresses: Vec<_> = all
        .iter()
        .filter_map(|one| fields::text(one, "Address"))
        .collect();
    addresses.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn several_mails() {
        let body = json!({"items": [
            {"Headers": {"Received": ["by a", "by b"], "Return-Path": "<zoe@example.com>",
                "Delivered-To": "reply+t@in.example", "From": "Zoë <zoe@example.com>"},
                "Subject": "Re: Hi", "RawTextBody": "Ja.\n"},
            {"From": {"Name": "B", "Address": "b@example.com"}, "To": [{"Address": "c@in.example"}],
                "MessageId": "<m1@example.com>"},
            7,
        ]});
        let mails = read(&body).expect("mails");
        assert_eq!(mails.len(), 3);
        let text = |index: usize| match &mails[index] {
            Received::Whole(mail) => String::from_utf8(mail.bytes.clone()).expect("UTF-8"),
            Received::Named { .. } => String::new(),
        };
        let lines = ["Received: by a", "Received: by b", "Subject: Re: Hi", "Ja."];
        assert!(
            lines.iter().all(|line| text(0).lines().any(|l| l == *line)),
            "{}",
            text(0)
        );
        let lines = [
            "From: b@example.com",
            "To: c@in.example",
            "Message-ID: <m1@example.com>",
        ];
        assert!(
            lines.iter().all(|line| text(1).lines().any(|l| l == *line)),
            "{}",
            text(1)
        );
        assert!(matches!(&mails[0], Received::Whole(mail)
            if mail.envelope_from.as_deref() == Some("<zoe@example.com>")
                && mail.envelope_to == ["reply+t@in.example"]));
        assert!(read(&json!({"event": "request"})).is_err());
    }
}
