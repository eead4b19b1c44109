//! HMAC-SHA256: the primitive under HubSpot v3, Standard Webhooks and the schemes of triggers.

use base64::{Engine, engine::general_purpose::STANDARD};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::hmac::{self, Context, HMAC_SHA256, Key, Tag};

/// The signature over the parts, one after the other, in padded standard base64.
pub fn sign(key: &[u8], parts: &[&[u8]]) -> String {
    STANDARD.encode(tag(key, parts))
}

/// Whether `signature` is the one over the parts. Text that is no base64 is simply not.
pub fn verify(key: &[u8], parts: &[&[u8]], signature: &str) -> bool {
    STANDARD
        .decode(signature)
        .is_ok_and(|given| verify_bytes(key, parts, &given))
}

/// Whether the bytes of `signature` are those of the one over the parts.
pub fn verify_bytes(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    let message = parts.concat();
    hmac::verify(&Key::new(HMAC_SHA256, key), &message, signature).is_ok()
}

/// Whether `digits` are the hexadecimal digits, in either case, of the one over the parts.
pub fn verify_hex(key: &[u8], parts: &[&[u8]], digits: &str) -> bool {
    HEXLOWER_PERMISSIVE
        .decode(digits.as_bytes())
        .is_ok_and(|given| verify_bytes(key, parts, &given))
}

/// The signature over the parts, in hexadecimal digits.
pub fn sign_hex(key: &[u8], parts: &[&[u8]]) -> String {
    HEXLOWER.encode(tag(key, parts).as_ref())
}

fn tag(key: &[u8], parts: &[&[u8]]) -> Tag {
    let mut context = Context::with_key(&Key::new(HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    context.sign()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn known_answer() {
        let signature = sign(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(signature, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
        assert!(verify(
            b"Jefe",
            &[b"what do ya want for nothing?"],
            &signature
        ));
        assert!(!verify(
            b"jefe",
            &[b"what do ya want for nothing?"],
            &signature
        ));
        assert!(!verify(
            b"Jefe",
            &[b"what do ya want for nothing"],
            &signature
        ));
        assert!(!verify(
            b"Jefe",
            &[b"what do ya want for nothing?"],
            "no base64!"
        ));
        assert!(!verify(b"Jefe", &[b"what do ya want for nothing?"], ""));
    }
}
