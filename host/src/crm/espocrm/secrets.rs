//! The webhooks with their keys, and the signature.
//!
//! `base64(webhookId + ":" + hex HMAC-SHA256(secretKey, body))` in `Signature` since version 9 (EspoCRM
//! docs, Webhooks, "Signature checking"). The older `X-Signature` holds the raw digest and goes with
//! version 11; it is not read.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::connector::Unfit;
use crate::domain::hook::{HookRequest, Refusal};
use crate::signatures::hmac;

pub const SIGNATURE_HEADER: &str = "signature";

/// By the webhook's id: its event and its key.
pub(super) struct Secrets(BTreeMap<String, (String, SecretString)>);

impl Secrets {
    /// `Contact.create=ID:SECRETKEY, Contact.update=ID:SECRETKEY`, with commas, spaces or line breaks
    /// between.
    pub(super) fn parse(text: &SecretString) -> Result<Self, Unfit> {
        let mut secrets = BTreeMap::new();
        let entries = text.expose_secret().split([',', ' ', '\n', '\r', '\t']);
        for entry in entries.filter(|entry| !entry.is_empty()) {
            let (event, id, key) = parts(entry).ok_or_else(|| {
                Unfit::new(
                    "webhook_secrets",
                    "has an entry that is not EVENT=ID:SECRETKEY",
                    "write Contact.update=ID:SECRETKEY for each webhook, with commas between",
                )
            })?;
            secrets.insert(id.to_owned(), (event.to_owned(), key.into()));
        }
        Ok(Self(secrets))
    }

    /// How `parse` reads it.
    pub(super) fn entry(event: &str, id: &str, key: &str) -> String {
        format!("{event}={id}:{key}")
    }

    pub(super) fn verify(&self, request: &HookRequest) -> Result<(), Refusal> {
        let signature = request.header(SIGNATURE_HEADER)?;
        let malformed = || Refusal::MalformedHeader(SIGNATURE_HEADER.into());
        let (id, digits) = decoded(signature).ok_or_else(malformed)?;
        let (_, key) = self.0.get(&id).ok_or(Refusal::BadSignature)?;
        if hmac::verify_hex(key.expose_secret().as_bytes(), &[&request.body], &digits) {
            Ok(())
        } else {
            Err(Refusal::BadSignature)
        }
    }

    /// The event of the webhook that a signature names.
    pub(super) fn event(&self, signature: &str) -> Option<&str> {
        let (id, _) = decoded(signature)?;
        self.0.get(&id).map(|(event, _)| event.as_str())
    }
}

/// The signature header of a body, as EspoCRM writes it.
pub fn sign(webhook_id: &str, key: &str, body: &[u8]) -> String {
    let digits = hmac::sign_hex(key.as_bytes(), &[body]);
    STANDARD.encode(format!("{webhook_id}:{digits}"))
}

fn parts(entry: &str) -> Option<(&str, &str, &str)> {
    let (event, rest) = entry.split_once('=')?;
    let (id, key) = rest.split_once(':')?;
    let whole = event.contains('.') && !id.is_empty() && !key.is_empty();
    whole.then_some((event, id, key))
}

fn decoded(signature: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(signature).ok()?).ok()?;
    let (id, digits) = text.split_once(':')?;
    Some((id.to_owned(), digits.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        for (text, expect) in [
            ("Contact.create=1a:k1,Lead.update=2b:k2", Some(2)),
            ("Contact.create=1a:k1,\n Lead.update=2b:k2\n", Some(2)),
            ("Contact.create=1a", None),
            ("1a:k1", None),
            ("Contact=1a:k1", None),
            ("Contact.create=:k1", None),
        ] {
            let got = Secrets::parse(&text.to_owned().into())
                .ok()
                .map(|secrets| secrets.0.len());
            assert_eq!(got, expect, "{text:?}");
        }
    }

    /// As the documentation's PHP computes it: `base64_encode($id . ':' . hash_hmac('sha256', $payload, $key))`,
    /// here with Python's hmac.
    #[test]
    fn known_answer() {
        let signature = sign(
            "6536f1a2b3c4d5e6f",
            "secret-key-1",
            b"[{\"id\":\"someId\"}]",
        );
        assert_eq!(
            signature,
            "NjUzNmYxYTJiM2M0ZDVlNmY6ZmU4NzQ5YTkyOGRjMDMwYjAwOTk4Yzc1MzQ1NDJkZGFmNzg1NmZiM2NmZDg3ODRmZjVmNzZkZjJlMTdmOTBlMg=="
        );
    }
}
