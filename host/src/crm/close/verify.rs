//! The signature of a webhook.
//!
//! hex(HMAC-SHA256(key, close-sig-timestamp + body)); the key is the subscription's `signature_key`, whose
//! hexadecimal digits are decoded first ("Webhook Signatures"). Close names no window; ours holds.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::Instant;
use crate::domain::connector::Unfit;
use crate::domain::hook::{HookRequest, Refusal, check_fresh};
use crate::domain::instant::SECOND_MS;
use crate::signatures::hmac;

use super::SIGNATURE_KEY;

pub const SIGNATURE_HEADER: &str = "close-sig-hash";
/// Unix seconds.
pub const TIMESTAMP_HEADER: &str = "close-sig-timestamp";

/// The decoded key of a subscription.
#[derive(Clone)]
pub(super) struct Key(Vec<u8>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

pub(super) fn key(digits: &SecretString) -> Result<Key, Unfit> {
    match HEXLOWER_PERMISSIVE.decode(digits.expose_secret().trim().as_bytes()) {
        Ok(bytes) if !bytes.is_empty() => Ok(Key(bytes)),
        _ => Err(Unfit::new(
            SIGNATURE_KEY,
            "is no signature key of Close",
            "write it as Close shows it: hexadecimal digits (0-9, a-f)",
        )),
    }
}

pub(super) fn verify(key: &Key, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
    let digits = request.header(SIGNATURE_HEADER)?;
    let timestamp = request.header(TIMESTAMP_HEADER)?;
    let seconds: i64 = timestamp
        .parse()
        .map_err(|_| Refusal::MalformedHeader(TIMESTAMP_HEADER.into()))?;
    check_fresh(Instant(seconds.saturating_mul(SECOND_MS)), now)?;
    if hmac::verify_hex(
        &key.0,
        &[timestamp.as_bytes(), &request.body],
        digits.trim(),
    ) {
        Ok(())
    } else {
        Err(Refusal::BadSignature)
    }
}

/// The signature header of a body, as Close writes it; none where the key is no hexadecimal text.
pub fn sign(signature_key: &str, timestamp_s: i64, body: &[u8]) -> Option<String> {
    let key = key(&signature_key.to_owned().into()).ok()?;
    let timestamp = timestamp_s.to_string();
    Some(hmac::sign_hex(&key.0, &[timestamp.as_bytes(), body]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with the Python of "Webhook Signatures", the key and the timestamp being those of its
    /// example, the body `{"event":{"id":"ev_1"}}`.
    #[test]
    fn known_answer() {
        let key = "058bfb6a3d8cfdc4da7c3be5901b16ae11da982b46a25fb2cd7016e97a140a1c";
        let signature = sign(key, 1_544_271_440, b"{\"event\":{\"id\":\"ev_1\"}}");
        assert_eq!(
            signature.as_deref(),
            Some("aea19239fa4bd879a385685780747a52b3fb688938840a1472d9abe71e410db6")
        );
    }

    #[test]
    fn a_key_is_hexadecimal() {
        for (text, good) in [("00ff", true), ("00FF ", true), ("", false), ("xyz", false)] {
            assert_eq!(key(&text.to_owned().into()).is_ok(), good, "{text}");
        }
    }
}
