//! Signature v3.
//!
//! base64(HMAC-SHA256(client secret, method + uri + body + timestamp)), no separators, UTF-8.
//! "Reject the request if the timestamp is older than 5 minutes" (HubSpot docs, "Validating
//! requests"); far-future timestamps are refused too, or a captured request could be kept for later.

use std::borrow::Cow;

use crate::domain::Instant;
use crate::domain::hook::{HookRequest, Refusal, check_fresh};
use crate::signatures::hmac;

pub const SIGNATURE_HEADER: &str = "x-hubspot-signature-v3";
/// Unix milliseconds.
pub const TIMESTAMP_HEADER: &str = "x-hubspot-request-timestamp";

pub(super) fn verify(secret: &str, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
    let signature = request.header(SIGNATURE_HEADER)?;
    let timestamp = request.header(TIMESTAMP_HEADER)?;
    let ms: i64 = timestamp
        .parse()
        .map_err(|_| Refusal::MalformedHeader(TIMESTAMP_HEADER.into()))?;
    check_fresh(Instant(ms), now)?;

    let uri = decode_uri(&request.url);
    let message = [
        request.method.as_bytes(),
        uri.as_bytes(),
        &request.body,
        timestamp.as_bytes(),
    ];
    if hmac::verify(secret.as_bytes(), &message, signature) {
        Ok(())
    } else {
        Err(Refusal::BadSignature)
    }
}

/// The signature header of a request, as HubSpot writes it.
pub fn sign(secret: &str, method: &str, url: &str, body: &[u8], timestamp_ms: i64) -> String {
    let (uri, timestamp) = (decode_uri(url), timestamp_ms.to_string());
    let message = [
        method.as_bytes(),
        uri.as_bytes(),
        body,
        timestamp.as_bytes(),
    ];
    hmac::sign(secret.as_bytes(), &message)
}

/// The escapes that HubSpot decodes before it signs; all others (%20, %2B, %26, %25, UTF-8) stay.
const DECODED: [(&str, char); 12] = [
    ("%3A", ':'),
    ("%2F", '/'),
    ("%3F", '?'),
    ("%40", '@'),
    ("%21", '!'),
    ("%24", '$'),
    ("%27", '\''),
    ("%28", '('),
    ("%29", ')'),
    ("%2A", '*'),
    ("%2C", ','),
    ("%3B", ';'),
];

/// One pass from left to right, so that nothing is decoded twice.
fn decode_uri(uri: &str) -> Cow<'_, str> {
    if !uri.contains('%') {
        return Cow::Borrowed(uri);
    }
    let mut decoded = String::with_capacity(uri.len());
    let mut rest = uri;
    while let Some(at) = rest.find('%') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let escape = rest.get(..3).unwrap_or_default();
        let known = DECODED
            .iter()
            .find(|(code, _)| code.eq_ignore_ascii_case(escape));
        if let Some((code, sign)) = known {
            decoded.push(*sign);
            rest = &rest[code.len()..];
        } else {
            decoded.push('%');
            rest = &rest[1..];
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris() {
        for (uri, expect) in [
            (
                "https://x.example/hooks/crm?a=1",
                "https://x.example/hooks/crm?a=1",
            ),
            (
                "https://x.example/a%2fb%2Fc?q=%40me%3B",
                "https://x.example/a/b/c?q=@me;",
            ),
            ("/%21%24%27%28%29%2A%2C%3A%3F", "/!$'()*,:?"),
            ("/a%20b%2Bc%26d%25e%C3%BC", "/a%20b%2Bc%26d%25e%C3%BC"),
            // Decoded once only: %253A is an escaped percent sign and "3A".
            ("/%253A", "/%253A"),
            ("/%%3A%3", "/%:%3"),
            ("/%ü%", "/%ü%"),
        ] {
            assert_eq!(decode_uri(uri), expect, "{uri}");
        }
    }

    /// Computed with Python's hmac over
    /// `POST` + `https://hooks.example.com/hooks/hubspot?portal=a@b&x=%20y` + body + timestamp.
    #[test]
    fn known_answer() {
        let signature = sign(
            "client-secret-1",
            "POST",
            "https://hooks.example.com/hooks/hubspot?portal=a%40b&x=%20y",
            "[{\"eventId\":1,\"name\":\"Zoë\"}]".as_bytes(),
            1_772_442_000_000,
        );
        assert_eq!(signature, "UBXKhE8Vy7vUuwGDc1wH4QYV7mFWPi29aIBnihGclPA=");
    }
}
