//! Whether a webhook or a forwarded mail is Mailgun's.
//!
//! "Concatenate timestamp and token values together with no separator. Encode the resulting string with
//! the HMAC algorithm, using your Webhook Signing Key as a key and SHA256 digest mode." The event or the
//! mail beside it is not signed: whoever read one request can forge others until its time is over.
//! Mailgun names no tolerance; ours is that of all senders. Whether a repeated attempt is signed anew is
//! not verified: if not, attempts after five minutes are refused, and lookups and the sender's own state
//! have to tell. Source: Mailgun documentation, "Securing Webhooks".

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::domain::hook::{HookRequest, Refusal, check_fresh, parse_json};
use crate::domain::instant::SECOND_MS;
use crate::domain::{Instant, fields};
use crate::providers::form;
use crate::signatures::hmac;

/// "Number of seconds passed since January 1, 1970": ten digits until the year 2286. Because nothing
/// separates it from the token, another length would be another reading of the same signature.
const TIMESTAMP_DIGITS: usize = 10;

pub(super) fn verify(
    key: &SecretString,
    request: &HookRequest,
    now: Instant,
) -> Result<(), Refusal> {
    let proof = Proof::of(request).ok_or(Refusal::BadSignature)?;
    let seconds = proof.seconds().ok_or(Refusal::BadSignature)?;
    let key = key.expose_secret().trim().as_bytes();
    let parts = [proof.timestamp.as_bytes(), proof.token.as_bytes()];
    // "parent-signature: same as signature; only included when event happens on a subaccount."
    let signatures = [Some(&proof.signature), proof.parent_signature.as_ref()];
    let is_signed = signatures
        .into_iter()
        .flatten()
        .any(|signature| hmac::verify_hex(key, &parts, signature));
    if !is_signed {
        return Err(Refusal::BadSignature);
    }
    check_fresh(Instant(seconds.saturating_mul(SECOND_MS)), now)
}

struct Proof {
    timestamp: String,
    token: String,
    signature: String,
    parent_signature: Option<String>,
}

impl Proof {
    /// Of an event in `signature`, of a forwarded mail in fields of their own.
    fn of(request: &HookRequest) -> Option<Self> {
        let is_json = request
            .header("content-type")
            .is_ok_and(|kind| kind.trim_start().starts_with("application/json"));
        if is_json {
            let body = parse_json(&request.body).ok()?;
            let of = body.get("signature")?;
            return Self::read(|key| text_or_number(of, key));
        }
        let form = form::read(request).ok()?;
        Self::read(|key| form.text(key))
    }

    fn read(field: impl Fn(&str) -> Option<String>) -> Option<Self> {
        Some(Self {
            timestamp: field("timestamp")?,
            token: field("token").filter(|token| !token.is_empty())?,
            signature: field("signature")?,
            parent_signature: field("parent-signature"),
        })
    }

    fn seconds(&self) -> Option<i64> {
        let is_digits = self.timestamp.len() == TIMESTAMP_DIGITS
            && self.timestamp.bytes().all(|b| b.is_ascii_digit());
        is_digits.then(|| self.timestamp.parse().ok()).flatten()
    }
}

/// The documentation calls the timestamp a number and shows it as a text.
fn text_or_number(item: &Value, key: &str) -> Option<String> {
    fields::id(item, key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Instant = Instant(1_772_442_000_000);
    const TOKEN: &str = "e0b5477167110d68991efc6b9f89f0a11066af27834600e123";

    fn check(content_type: &str, body: &str, expect: &Result<(), Refusal>) {
        let request = HookRequest {
            method: "POST".to_owned(),
            url: "https://x.example/hooks/mg".to_owned(),
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.as_bytes().to_vec(),
            certificate: None,
        };
        let got = verify(&"signing-key".to_owned().into(), &request, NOW);
        assert_eq!(&got, expect, "{body}");
    }

    fn signed(timestamp: &str, token: &str) -> String {
        hmac::sign_hex(b"signing-key", &[timestamp.as_bytes(), token.as_bytes()])
    }

    fn check_json(signature: &Value, expect: &Result<(), Refusal>) {
        let body = json!({"signature": signature, "event-data": {}}).to_string();
        check("application/json", &body, expect);
    }

    #[test]
    fn proofs() {
        let good = signed("1772442000", TOKEN);
        let bad = Err(Refusal::BadSignature);
        let proof = |timestamp: Value, token: &str, signature: &str| json!({"timestamp": timestamp, "token": token, "signature": signature});
        check_json(&proof(json!("1772442000"), TOKEN, &good), &Ok(()));
        check_json(&proof(json!(1_772_442_000), TOKEN, &good), &Ok(()));
        check_json(
            &proof(json!("1772442000"), TOKEN, &good.to_uppercase()),
            &Ok(()),
        );
        check_json(&proof(json!("1772442001"), TOKEN, &good), &bad);
        check_json(&proof(json!("1772442000"), "other", &good), &bad);
        check_json(&json!({"timestamp": "1772442000", "token": TOKEN}), &bad);
        let mut by_parent = proof(json!("1772442000"), TOKEN, "00");
        by_parent["parent-signature"] = json!(good);
        check_json(&by_parent, &Ok(()));
        let old = signed("1772441000", TOKEN);
        check_json(
            &proof(json!("1772441000"), TOKEN, &old),
            &Err(Refusal::Stale {
                age_s: 1_000,
                tolerance_s: 300,
            }),
        );
    }

    #[test]
    fn nothing_moves_between_time_and_token() {
        let moved = signed("1772442000", "1abc");
        check_json(
            &json!({"timestamp": "17724420001", "token": "abc", "signature": moved}),
            &Err(Refusal::BadSignature),
        );
    }

    #[test]
    fn forms() {
        let good = signed("1772442000", TOKEN);
        let body = format!("recipient=a&timestamp=1772442000&token={TOKEN}&signature={good}");
        let form = "application/x-www-form-urlencoded";
        check(form, &body, &Ok(()));
        check(
            form,
            &body.replace("token=e", "token=f"),
            &Err(Refusal::BadSignature),
        );
        check("text/plain", &body, &Err(Refusal::BadSignature));
    }
}
