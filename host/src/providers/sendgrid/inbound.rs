//! The inbound parse webhook: one received mail a request, as multipart/form-data.
//!
//! With "POST the raw, full MIME message" the field `email` is the mail as it came. Else `headers` is its
//! header as it came, and `text` and `html` are its parts, each "in the character set of the sender" that
//! `charsets` tells: the mail is put together again. `envelope` is what SMTP said. Source: SendGrid
//! documentation, "Setting Up The Inbound Parse Webhook".

use mail_parser::decoders::charsets::map::charset_decoder;
use serde_json::Value;

use crate::domain::connector::{RawMail, Received};
use crate::domain::fields;
use crate::domain::hook::{HookRequest, Malformed};
use crate::providers::form::{self, Form};
use crate::providers::rebuilt::{self, File, Parts};

pub(super) fn read(request: &HookRequest) -> Result<Vec<Received>, Malformed> {
    let form = form::read(request)?;
    let bytes = match form.bytes("email") {
        Some(raw) => raw.to_vec(),
        None => rebuilt::mail(&parts(&form)?),
    };
    let envelope = json_field(&form, "envelope");
    let to = envelope.get("to").and_then(Value::as_array);
    let to = to.into_iter().flatten().filter_map(Value::as_str);
    // Empty is the null sender of reports.
    let from = envelope.get("from").and_then(Value::as_str).map(|from| {
        let from = if from.is_empty() { "<>" } else { from };
        from.to_owned()
    });
    Ok(vec![Received::Whole(RawMail {
        bytes,
        envelope_from: from,
        envelope_to: to.map(str::to_owned).collect(),
    })])
}

fn parts(form: &Form) -> Result<Parts, Malformed> {
    let headers = form.text("headers").ok_or_else(|| {
        Malformed(
            "neither `email` nor `headers` is there: this is no mail of the inbound parse webhook"
                .to_owned(),
        )
    })?;
    let charsets = json_field(form, "charsets");
    let decoded = |name: &str| {
        let bytes = form.bytes(name)?;
        Some(decode(bytes, fields::text(&charsets, name)))
    };
    let files = form.0.iter().filter(|field| is_attachment(&field.name));
    Ok(Parts {
        headers: unfolded(&headers),
        text: decoded("text"),
        html: decoded("html"),
        files: files
            .map(|field| File {
                name: field.file_name.clone(),
                content_type: field.content_type.clone(),
                bytes: field.bytes.clone(),
            })
            .collect(),
    })
}

/// Bytes in a named character set; read as UTF-8 where the name says nothing.
fn decode(bytes: &[u8], charset: Option<&str>) -> String {
    match charset.and_then(|name| charset_decoder(name.trim().as_bytes())) {
        Some(decode) => decode(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// `attachment1`, `attachment2`, ...; not `attachments` and `attachment-info`.
fn is_attachment(name: &str) -> bool {
    name.strip_prefix("attachment")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Header lines as name and value; a line that begins with white space belongs to the one above.
fn unfolded(block: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    headers
}

fn json_field(form: &Form, name: &str) -> Value {
    let text = form.text(name).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(fields: &[(&str, &[u8])]) -> HookRequest {
        let mut body = Vec::new();
        for (name, value) in fields {
            let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(value);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--b--\r\n");
        HookRequest {
            method: "POST".to_owned(),
            url: "https://x.example/hooks/in/inbound".to_owned(),
            headers: vec![(
                "content-type".to_owned(),
                "multipart/form-data; boundary=b".to_owned(),
            )],
            body,
            certificate: None,
        }
    }

    fn mail(fields: &[(&str, &[u8])]) -> RawMail {
        match read(&request(fields)).expect("a mail").remove(0) {
            Received::Whole(mail) => mail,
            Received::Named { .. } => RawMail::default(),
        }
    }

    #[test]
    fn raw_is_taken_as_it_is() {
        let got = mail(&[
            ("email", b"From: a@x.example\r\n\r\n\xff"),
            ("envelope", br#"{"to":["reply+t@in.example"],"from":""}"#),
        ]);
        assert_eq!(got.bytes, b"From: a@x.example\r\n\r\n\xff");
        assert_eq!(got.envelope_from.as_deref(), Some("<>"));
        assert_eq!(got.envelope_to, ["reply+t@in.example"]);
    }

    #[test]
    fn parts_have_character_sets_of_their_own() {
        let got = mail(&[
            (
                "headers",
                b"Received: by a\nAuto-Submitted:\n auto-replied\nFrom: Z <zoe@example.com>\n",
            ),
            ("text", b"Gr\xfc\xdfe"),
            ("html", "<p>Grüße</p>".as_bytes()),
            (
                "charsets",
                br#"{"text":"ISO-8859-1","html":"UTF-8","subject":"x-unknown"}"#,
            ),
            ("attachments", b"1"),
            ("attachment1", b"BEGIN:VCALENDAR"),
            ("envelope", b"no JSON"),
        ]);
        let text = String::from_utf8(got.bytes).expect("UTF-8");
        for part in [
            "Auto-Submitted: auto-replied\r\n",
            "\r\nGrüße\r\n",
            "<p>Grüße</p>",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
        assert_eq!(got.envelope_from, None);
        assert_eq!(text.matches("\nContent-Type: ").count(), 5, "{text}");
    }

    #[test]
    fn what_is_no_mail() {
        for fields in [&[("text", b"hi".as_slice())][..], &[]] {
            assert!(read(&request(fields)).is_err());
        }
    }
}
