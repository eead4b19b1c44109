//! `POST /hooks/{connection}` of kind `inbound`: one raw RFC 5322 mail as the body, whatever its
//! content type says (`message/rfc822` is the right one).
//!
//! Anything that can pipe a mail into an HTTP request can use it: a Postfix transport, a sieve script, a
//! provider's "raw" route. Authentication by one secret, as whoever calls can: `Authorization: Bearer`,
//! Basic with the secret as password, or a Standard Webhooks signature where it begins with `whsec_`.

use secrecy::{ExposeSecret, SecretString};

use super::classify::{Ours, classify};
use super::events::events;
use super::mail::{Envelope, InboundMail};
use super::{ENVELOPE_MAX, MAIL_MAX_BYTES};
use crate::domain::Instant;
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal};
use crate::signatures::standard_webhooks::{self, Secret};
use crate::signatures::{KeyError, credential};

/// One connection for inbound mail.
#[derive(Debug)]
pub struct Inbound {
    secret: SecretString,
    /// Set where the secret can sign.
    signing: Option<Secret>,
    ours: Ours,
}

impl Inbound {
    /// `ours`: the addresses we write from, and the key of reply tokens.
    pub fn new(secret: SecretString, ours: Ours) -> Result<Self, KeyError> {
        if secret.expose_secret().trim().is_empty() {
            return Err(KeyError::Empty);
        }
        let signs = secret.expose_secret().trim().starts_with("whsec_");
        let signing = if signs {
            Some(Secret::parse(&secret)?)
        } else {
            None
        };
        Ok(Self {
            secret,
            signing,
            ours,
        })
    }
}

impl Hook for Inbound {
    /// A stranger's megabytes are not read; one that signs is judged by its body.
    fn admit(&self, head: &HookRequest) -> Result<(), Refusal> {
        if self.signing.is_some() && signs(head) {
            return Ok(());
        }
        credential::verify(&self.secret, head)
    }

    /// A reply with an attachment that is refused is a reply that stops nothing.
    fn body_max_bytes(&self) -> Option<usize> {
        Some(MAIL_MAX_BYTES)
    }

    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        match &self.signing {
            Some(secret) if signs(request) => standard_webhooks::verify(secret, request, now),
            _ => credential::verify(&self.secret, request),
        }
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        let mail = InboundMail::read(&request.body, &envelope(request));
        if !mail.is_mail() {
            return Err(Malformed(
                "the body is no mail: send the raw message (RFC 5322), its header first, as message/rfc822"
                    .to_owned(),
            ));
        }
        let is = classify(&mail, &self.ours, now);
        Ok(Batch {
            events: events(&mail, &is, &request.body, now),
            rejected: Vec::new(),
        })
    }
}

fn signs(request: &HookRequest) -> bool {
    ["webhook-signature", "svix-signature"]
        .iter()
        .any(|name| request.headers.iter().any(|(n, _)| n == name))
}

/// The envelope, in `X-Envelope-From` / `X-Envelope-To` (repeated, or with commas) or in the query
/// (`?from=..&to=..`).
fn envelope(request: &HookRequest) -> Envelope {
    let mut envelope = Envelope::default();
    let mut from = |value: &str| {
        envelope.from.get_or_insert_with(|| value.trim().to_owned());
    };
    let mut to: Vec<String> = Vec::new();
    for (name, value) in &request.headers {
        match name.as_str() {
            "x-envelope-from" => from(value),
            "x-envelope-to" => to.push(value.clone()),
            _ => {}
        }
    }
    let query = request.url.split_once('?').map_or("", |(_, query)| query);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "from" => from(&value),
            "to" => to.push(plus_kept(query, &value)),
            _ => {}
        }
    }
    to.truncate(ENVELOPE_MAX);
    envelope.to = to;
    envelope
}

/// Callers forget to write the `+` of `reply+TOKEN` as `%2B`; forms read it as a blank, and no
/// address holds one.
fn plus_kept(query: &str, value: &str) -> String {
    if query.contains('+') {
        value.trim().replace(' ', "+")
    } else {
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn hook(secret: &str) -> Inbound {
        Inbound::new(secret.to_owned().into(), Ours::default()).expect("a secret")
    }

    fn request(headers: &[(&str, &str)], url: &str, body: &str) -> HookRequest {
        HookRequest {
            method: "POST".to_owned(),
            url: url.to_owned(),
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            body: body.as_bytes().to_vec(),
            certificate: None,
        }
    }

    fn check(secret: &str, headers: &[(&str, &str)], expect: &Result<(), Refusal>) {
        let request = request(
            headers,
            "https://x.example/hooks/in",
            "From: a@b.example\n\n",
        );
        let got = hook(secret).verify(&request, Instant(1_614_265_330_000));
        assert_eq!(&got, expect, "{headers:?}");
    }

    #[test]
    fn nothing_is_believed_without_the_secret() {
        check("hunter2", &[("authorization", "Bearer hunter2")], &Ok(()));
        check(
            "hunter2",
            &[("authorization", "Bearer hunter")],
            &Err(Refusal::BadSignature),
        );
        assert_eq!(
            Inbound::new(" ".to_owned().into(), Ours::default()).err(),
            Some(KeyError::Empty)
        );
        assert!(!format!("{:?}", hook("hunter2")).contains("hunter2"));
    }

    #[test]
    fn a_signature_will_do_where_the_secret_can_sign() {
        let secret = Secret::parse(&WHSEC.to_owned().into()).expect("valid");
        let good = standard_webhooks::sign(&secret, "m1", 1_614_265_330, b"From: a@b.example\n\n");
        let headers = [
            ("webhook-id", "m1"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", good.as_str()),
        ];
        check(WHSEC, &headers, &Ok(()));
        check(
            WHSEC,
            &[("authorization", &format!("Bearer {WHSEC}"))],
            &Ok(()),
        );
        let bad = [headers[0], headers[1], ("webhook-signature", "v1,AAAA")];
        check(WHSEC, &bad, &Err(Refusal::BadSignature));
        check(
            "hunter2",
            &headers,
            &Err(Refusal::MissingHeader("authorization".into())),
        );
    }

    #[test]
    fn envelopes() {
        let told = envelope(&request(
            &[
                ("x-envelope-from", "<>"),
                ("x-envelope-to", "a@x.example, b@x.example"),
                ("x-envelope-to", "c@x.example"),
            ],
            "https://x.example/hooks/in?from=d@x.example&to=reply+tok@x.example&to=reply%2Btok2@x.example",
            "",
        ));
        assert_eq!(told.from.as_deref(), Some("<>"));
        assert_eq!(
            told.to,
            [
                "a@x.example, b@x.example",
                "c@x.example",
                "reply+tok@x.example",
                "reply+tok2@x.example"
            ]
        );
    }

    #[test]
    fn what_is_no_mail_is_malformed() {
        for body in ["", "{}", "hello there"] {
            let request = request(&[], "https://x.example/hooks/in", body);
            let got = hook("x").normalize(&request, Instant(0));
            assert!(got.expect_err("refused").0.contains("raw message"));
        }
    }
}
