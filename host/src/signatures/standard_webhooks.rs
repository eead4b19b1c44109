//! Standard Webhooks 1.0 and Svix, symmetric (`v1`).
//!
//! Signed bytes are `{id}.{timestamp}.{raw body}`, HMAC-SHA256, base64. Two families of header names
//! carry the same thing; where both are sent, `svix-` wins, as in Svix's own libraries.
//! Source: the Standard Webhooks specification, "Signature scheme" and "Verifying webhook
//! authenticity"; Svix documentation, "Verifying payloads manually".

use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::domain::connector::{Settings, Unfit};
use crate::domain::hook::{HookRequest, Refusal, check_fresh};
use crate::domain::instant::{Instant, SECOND_MS};

use super::{KeyError, hmac};

/// People lose the `=` at the end of a secret when they copy it.
const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A `whsec_` secret: the key is the decoded part.
#[derive(Debug, Clone)]
pub struct Secret(SecretSlice<u8>);

impl Secret {
    pub fn parse(text: &SecretString) -> Result<Self, KeyError> {
        let encoded = text
            .expose_secret()
            .trim()
            .strip_prefix("whsec_")
            .ok_or(KeyError::Prefix)?;
        let key = ANY_PADDING.decode(encoded).map_err(|_| KeyError::Base64)?;
        if key.is_empty() {
            return Err(KeyError::Empty);
        }
        Ok(Self(key.into()))
    }
}

/// The secret in a connection's settings. "Symmetric signatures": "base64 encoded, prefixed with
/// whsec_", "between 24 bytes (192 bits) and 64 bytes (512 bits)".
pub fn setting(settings: &Settings, key: &'static str) -> Result<Option<Secret>, Unfit> {
    let unfit = || {
        let remedy = "write whsec_ and the base64 of 24 to 64 random bytes, as the sender shows it";
        Unfit::new(key, "is no signing secret", remedy)
    };
    let Some(text) = settings.secret(key) else {
        return Ok(None);
    };
    let secret = Secret::parse(text).map_err(|_| unfit())?;
    if !(24..=64).contains(&secret.0.expose_secret().len()) {
        return Err(unfit());
    }
    Ok(Some(secret))
}

struct Names {
    id: &'static str,
    timestamp: &'static str,
    signature: &'static str,
}

const SVIX: Names = Names {
    id: "svix-id",
    timestamp: "svix-timestamp",
    signature: "svix-signature",
};

const STANDARD: Names = Names {
    id: "webhook-id",
    timestamp: "webhook-timestamp",
    signature: "webhook-signature",
};

fn names(request: &HookRequest) -> Names {
    let svix = request.headers.iter().any(|(name, _)| name == SVIX.id);
    if svix { SVIX } else { STANDARD }
}

/// Checks the request. Any one matching `v1` signature of the list will do (that is how senders
/// rotate keys); other versions are passed over.
pub fn verify(secret: &Secret, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
    let names = names(request);
    let id = request.header(names.id)?;
    let timestamp = request.header(names.timestamp)?;
    let signatures = request.header(names.signature)?;

    // With a dot inside, two different (id, timestamp, body) would be the same signed bytes.
    if id.is_empty() || id.contains('.') {
        return Err(Refusal::MalformedHeader(names.id.into()));
    }
    let seconds: i64 = timestamp
        .parse()
        .map_err(|_| Refusal::MalformedHeader(names.timestamp.into()))?;
    check_fresh(Instant(seconds.saturating_mul(SECOND_MS)), now)?;

    let message: [&[u8]; 5] = [
        id.as_bytes(),
        b".",
        timestamp.as_bytes(),
        b".",
        &request.body,
    ];
    let matches = signatures
        .split(' ')
        .filter_map(|entry| entry.strip_prefix("v1,"))
        .any(|signature| hmac::verify(secret.0.expose_secret(), &message, signature));
    if matches {
        Ok(())
    } else {
        Err(Refusal::BadSignature)
    }
}

/// The id of the message: the same on every attempt to deliver it.
pub fn message_id(request: &HookRequest) -> Result<&str, Refusal> {
    request.header(names(request).id)
}

/// The value of the signature header for a message.
pub fn sign(secret: &Secret, id: &str, timestamp_s: i64, body: &[u8]) -> String {
    let timestamp = timestamp_s.to_string();
    let message: [&[u8]; 5] = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    format!("v1,{}", hmac::sign(secret.0.expose_secret(), &message))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The vector of the specification's and Svix's own test suites.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT_S: i64 = 1_614_265_330;
    const BODY: &str = r#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn secret(text: &str) -> Result<Secret, KeyError> {
        Secret::parse(&text.to_owned().into())
    }

    fn check(headers: &[(&str, &str)], body: &str, expect: &Result<(), Refusal>) {
        let request = HookRequest {
            method: "POST".to_owned(),
            url: "https://example.com/hooks/x".to_owned(),
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            body: body.as_bytes().to_vec(),
            certificate: None,
        };
        let got = verify(
            &secret(SECRET).expect("valid"),
            &request,
            Instant(AT_S * SECOND_MS),
        );
        assert_eq!(&got, expect, "{headers:?}");
    }

    fn signed<'a>(id: &'a str, at: &'a str, signature: &'a str) -> [(&'a str, &'a str); 3] {
        [
            ("webhook-id", id),
            ("webhook-timestamp", at),
            ("webhook-signature", signature),
        ]
    }

    #[test]
    fn known_answer() {
        let secret = secret(SECRET).expect("valid");
        assert_eq!(sign(&secret, ID, AT_S, BODY.as_bytes()), SIGNATURE);
    }

    #[test]
    fn verification() {
        let at = AT_S.to_string();
        let rotated = format!("v1a,AAAA v1,AAAA v2,zzz {SIGNATURE}");
        let unversioned = SIGNATURE.trim_start_matches("v1,");
        let stale = (AT_S - 301).to_string();
        let bad = Err(Refusal::BadSignature);
        check(&signed(ID, &at, SIGNATURE), BODY, &Ok(()));
        check(&signed(ID, &at, &rotated), BODY, &Ok(()));
        check(&signed(ID, &at, unversioned), BODY, &bad);
        check(&signed(ID, &at, ""), BODY, &bad);
        check(&signed(ID, &at, SIGNATURE), r#"{"test":2432232314}"#, &bad);
        check(&signed("msg_other", &at, SIGNATURE), BODY, &bad);
        check(
            &signed("a.b", &at, SIGNATURE),
            BODY,
            &Err(Refusal::MalformedHeader("webhook-id".into())),
        );
        check(
            &signed(ID, "soon", SIGNATURE),
            BODY,
            &Err(Refusal::MalformedHeader("webhook-timestamp".into())),
        );
        let too_old = Refusal::Stale {
            age_s: 301,
            tolerance_s: 300,
        };
        check(&signed(ID, &stale, SIGNATURE), BODY, &Err(too_old));
        check(
            &signed(ID, "9223372036854775807", SIGNATURE),
            BODY,
            &Err(Refusal::Stale {
                age_s: (AT_S * SECOND_MS - i64::MAX) / 1000,
                tolerance_s: 300,
            }),
        );
    }

    #[test]
    fn svix_headers_win_over_standard_ones() {
        let at = AT_S.to_string();
        let svix = [
            ("svix-id", ID),
            ("svix-timestamp", at.as_str()),
            ("svix-signature", SIGNATURE),
        ];
        check(&svix, BODY, &Ok(()));
        let both: Vec<_> = svix
            .into_iter()
            .chain(signed("x", "1", "v1,AAAA"))
            .collect();
        check(&both, BODY, &Ok(()));
        let only_id: Vec<_> = [("svix-id", ID)]
            .into_iter()
            .chain(signed(ID, &at, SIGNATURE))
            .collect();
        check(
            &only_id,
            BODY,
            &Err(Refusal::MissingHeader("svix-timestamp".into())),
        );
    }

    #[test]
    fn secrets() {
        assert!(secret("whsec_c2VjcmV0LW9mLXRlc3Q").is_ok(), "padding lost");
        assert_eq!(secret("MfKQ9r8GKYqr").err(), Some(KeyError::Prefix));
        assert_eq!(secret("whsec_not base64").err(), Some(KeyError::Base64));
        assert_eq!(secret("whsec_").err(), Some(KeyError::Empty));
        let shown = format!("{:?}", secret(SECRET));
        assert!(!shown.contains("MfKQ") && !shown.contains("49"), "{shown}");
    }
}
