//! Mails that a route forwards here: one a request, as a form.
//!
//! "To receive raw MIME message, the destination URL must end with mime": then `body-mime` is the mail.
//! Else it comes "fully parsed": `message-headers` ("a list of MIME headers dumped to a JSON string (order
//! of headers is preserved)"), `body-plain`, `body-html` and `attachment-N`, and is put together again.
//! Source: Mailgun documentation, "Receiving Messages via HTTP through a `forward()` action".

use serde_json::Value;

use crate::domain::connector::{RawMail, Received};
use crate::domain::hook::{HookRequest, Malformed};
use crate::providers::form::{self, Form};
use crate::providers::rebuilt::{self, File, Parts};

pub(super) fn mails(request: &HookRequest) -> Result<Vec<Received>, Malformed> {
    let form = form::read(request)?;
    if form.bytes("body-mime").is_none() && form.bytes("attachments").is_some() {
        return Err(Malformed(
            "the route stores mails and notifies: make its action forward(...), so that the whole mail comes"
                .to_owned(),
        ));
    }
    let bytes = match form.bytes("body-mime") {
        Some(mime) => mime.to_vec(),
        None => rebuilt::mail(&parts(&form)?),
    };
    Ok(vec![Received::Whole(RawMail {
        bytes,
        // "The sender of the message as reported by MAIL FROM during SMTP chat." Empty is the null sender.
        envelope_from: form.text("sender").map(|from| {
            let is_null = from.trim().is_empty();
            if is_null { "<>".to_owned() } else { from }
        }),
        // "The recipient of the message as reported by MAIL TO during SMTP chat"; several by commas.
        envelope_to: recipients(&form),
    })])
}

fn recipients(form: &Form) -> Vec<String> {
    let text = form.text("recipient").unwrap_or_default();
    text.split(',')
        .map(str::trim)
        .filter(|address| !address.is_empty())
        .map(str::to_owned)
        .collect()
}

fn parts(form: &Form) -> Result<Parts, Malformed> {
    let malformed = || {
        Malformed(
            "`message-headers` is missing or no list of [name, value]: this is no mail of a route"
                .to_owned(),
        )
    };
    let headers = form.text("message-headers").ok_or_else(malformed)?;
    let headers: Vec<(String, Value)> = serde_json::from_str(&headers).map_err(|_| malformed())?;
    let headers = headers
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
        .collect();
    let files = form.0.iter().filter(|field| is_attachment(&field.name));
    Ok(Parts {
        headers,
        text: form.text("body-plain"),
        html: form.text("body-html"),
        files: files
            .map(|field| File {
                name: field.file_name.clone(),
                content_type: field.content_type.clone(),
                bytes: field.bytes.clone(),
            })
            .collect(),
    })
}

/// `attachment-1`, `attachment-2`, ...; not `attachment-count`.
fn is_attachment(name: &str) -> bool {
    name.strip_prefix("attachment-")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(fields: &[(&str, &str)]) -> HookRequest {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (content_type, body) = form::multipart(&fields);
        HookRequest {
            method: "POST".to_owned(),
            url: "https://x.example/hooks/mg/inbound".to_owned(),
            headers: vec![("content-type".to_owned(), content_type)],
            body,
            certificate: None,
        }
    }

    fn whole(fields: &[(&str, &str)]) -> RawMail {
        match mails(&request(fields)).expect("a mail").remove(0) {
            Received::Whole(mail) => mail,
            named @ Received::Named { .. } => panic!("{named:?}"),
        }
    }

    #[test]
    fn a_raw_mail_is_taken_as_it_is() {
        let mime = "From: zoe@example.com\r\n\r\nHi\r\n";
        let mail = whole(&[
            ("recipient", "reply+t@in.acme.example, b@in.acme.example"),
            ("sender", "zoe@example.com"),
            ("body-mime", mime),
        ]);
        assert_eq!(mail.bytes, mime.as_bytes());
        assert_eq!(mail.envelope_from.as_deref(), Some("zoe@example.com"));
        assert_eq!(
            mail.envelope_to,
            ["reply+t@in.acme.example", "b@in.acme.example"]
        );
    }

    #[test]
    fn a_parsed_mail_keeps_its_headers() {
        let headers = r#"[["Auto-Submitted","auto-replied"],["Subject","Abwesend: Grüße"]]"#;
        let mail = whole(&[
            ("recipient", "reply+t@in.acme.example"),
            ("sender", ""),
            ("message-headers", headers),
            ("body-plain", "Bin weg"),
        ]);
        let text = String::from_utf8(mail.bytes).expect("UTF-8");
        let head = "Auto-Submitted: auto-replied\r\nSubject: Abwesend: Grüße\r\nMIME-Version";
        assert!(text.starts_with(head), "{text}");
        assert!(text.ends_with("\r\n\r\nBin weg"), "{text}");
        assert_eq!(mail.envelope_from.as_deref(), Some("<>"));
    }

    #[test]
    fn what_is_no_mail() {
        assert!(mails(&request(&[("event", "delivered")])).is_err());
        assert!(mails(&request(&[("message-headers", "{}")])).is_err());
        let stored = [("attachments", "[]"), ("message-headers", "[]")];
        let Malformed(why) = mails(&request(&stored)).expect_err("stored");
        assert!(why.contains("forward"), "{why}");
    }
}
