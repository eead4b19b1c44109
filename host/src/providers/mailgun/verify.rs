//! Whether a webhook or a forwarded mail is Mailgun's.
//!
//! "Concatenate timestamp and token values together with no separator. Encode the resulting string with
//! the HMAC algorithm, using your Webhook Signing Key as a key and SHA256 digest mode." The event or the
//! mail beside it is not signed: whoever read one request can forge others until its time is over.
//! Mailgun names no tolerance; ours for events is that of all senders.
//!
//! A repeated attempt is not signed anew: Mailgun does not say so, but its customers see the same `signature`
//! on every attempt (hookdeck/webhook-skills, "Mailgun Signature Verification"), and mails refused for good by
//! five minutes (beyondcode/laravel-mailbox, issue 93). An event that comes so late is refused, and look-ups
//! and the sender's own state have to tell. A mail is taken: a reply that is lost lets a sequence go on, while
//! a forged mail needs no signature, only the address that it is sent to. Source: Mailgun documentation,
//! "Securing Webhooks", "Automatic Retries".

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::domain::hook::{HookRequest, Refusal, TOLERANCE_MS, check_fresh, parse_json};
use crate::domain::instant::{HOUR_MS, SECOND_MS};
use crate::domain::{Instant, fields};
use crate::providers::form;
use crate::signatures::hmac;

/// "Number of seconds passed since January 1, 1970": ten digits until the year 2286. Because nothing
/// separates it from the token, another length would be another reading of the same signature.
const TIMESTAMP_DIGITS: usize = 10;

/// "Mailgun will automatically retry during 8 hours", and the mail waits its turn before.
const MAIL_LATE_MAX_MS: i64 = 9 * HOUR_MS;

/// Whether an event is Mailgun's, and of now.
pub(super) fn verify(
    key: &SecretString,
    request: &HookRequest,
    now: Instant,
) -> Result<(), Refusal> {
    check_fresh(signed_at(key, request)?, now)
}

/// Whether a forwarded mail is Mailgun's, and of one of its attempts.
pub(super) fn verify_mail(
    key: &SecretString,
    request: &HookRequest,
    now: Instant,
) -> Result<(), Refusal> {
    let age_ms = now.since_ms(signed_at(key, request)?);
    if (-TOLERANCE_MS..=MAIL_LATE_MAX_MS).contains(&age_ms) {
        return Ok(());
    }
    Err(Refusal::Stale {
        age_s: age_ms / SECOND_MS,
        tolerance_s: MAIL_LATE_MAX_MS / SECOND_MS,
    })
}

/// The moment that is signed.
fn signed_at(key: &SecretString, request: &HookRequest) -> Result<Instant, Refusal> {
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
    if is_signed {
        Ok(Instant(seconds.saturating_mul(SECOND_MS)))
    } else {
        Err(Refusal::BadSignature)
    }
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

    fn request(content_type: &str, body: &str) -> HookRequest {
        HookRequest {
            method: "POST".to_owned(),
            url: "https://x.example/hooks/mg".to_owned(),
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.as_bytes().to_vec(),
            certificate: None,
        }
    }

    fn check(content_type: &str, body: &str, expect: &Result<(), Refusal>) {
        let request = request(content_type, body);
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

    /// The proof of a mail is the same on each of its attempts, the last of which comes after hours.
    #[test]
    fn a_mail_may_be_late() {
        let form = |timestamp: i64| {
            let at = timestamp.to_string();
            let signature = signed(&at, TOKEN);
            let body = format!("timestamp={at}&token={TOKEN}&signature={signature}");
            request("application/x-www-form-urlencoded", &body)
        };
        let key = "signing-key".to_owned().into();
        let now_s = NOW.0 / 1_000;
        for (age_s, fresh, fresh_mail) in [
            (0, true, true),
            (301, false, true),
            (8 * 3_600, false, true),
            (9 * 3_600 + 1, false, false),
            (-301, false, false),
        ] {
            let request = form(now_s - age_s);
            assert_eq!(verify(&key, &request, NOW).is_ok(), fresh, "{age_s}");
            let got = verify_mail(&key, &request, NOW);
            assert_eq!(got.is_ok(), fresh_mail, "{age_s}");
        }
        let unsigned = request("application/x-www-form-urlencoded", "timestamp=1772442000");
        let got = verify_mail(&key, &unsigned, NOW);
        assert_eq!(got, Err(Refusal::BadSignature));
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
