//! The schemes that a trigger's manifest may declare: the host checks a webhook by one of them
//! before any of the plugin's code runs.
//!
//! In: what the manifest says, the secret's value, the request as it came. Out: nothing, or why the
//! sender is not believed. The trigger never sees the secret, nor a request that was refused.

use secrecy::{ExposeSecret, SecretString};

use super::{KeyError, credential, hmac, standard_webhooks};
use crate::domain::hook::{HookRequest, Refusal, check_fresh};
use crate::domain::instant::{Instant, SECOND_MS};
use crate::domain::manifest::{Scheme, Verify};

/// The header of a shared token where the manifest names none.
const TOKEN_HEADER: &str = "authorization";

/// Signatures of one header that are looked at: a sender that changes its key sends two.
const SIGNATURES_MAX: usize = 8;

/// A scheme with its secret, ready to check.
#[derive(Debug, Clone)]
pub enum Verifier {
    StandardWebhooks(standard_webhooks::Secret),
    /// All others read one header.
    Header {
        scheme: Scheme,
        header: String,
        secret: SecretString,
    },
}

impl Verifier {
    pub fn new(verify: &Verify, secret: &SecretString) -> Result<Self, KeyError> {
        let text = secret.expose_secret().trim();
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        if verify.scheme == Scheme::StandardWebhooks {
            return standard_webhooks::Secret::parse(secret).map(Self::StandardWebhooks);
        }
        let header = verify.header.as_deref().unwrap_or(TOKEN_HEADER);
        Ok(Self::Header {
            scheme: verify.scheme,
            header: header.to_owned(),
            secret: SecretString::from(text),
        })
    }

    /// The header that carries the secret itself, where the scheme has one: nobody behind the door
    /// may see it.
    pub fn secret_header(&self) -> Option<&str> {
        match self {
            Self::Header {
                scheme: Scheme::SharedToken,
                header,
                ..
            } => Some(header),
            _ => None,
        }
    }

    /// Whether the request is from who it says, over the raw bytes.
    pub fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        let (scheme, header, secret) = match self {
            Self::StandardWebhooks(secret) => {
                return standard_webhooks::verify(secret, request, now);
            }
            Self::Header {
                scheme,
                header,
                secret,
            } => (scheme, header, secret.expose_secret()),
        };
        let proof = request.header(header.clone())?.trim();
        let (key, body) = (secret.as_bytes(), request.body.as_slice());
        let proven = match scheme {
            Scheme::TimestampedHmacSha256 => {
                let malformed = || Refusal::MalformedHeader(header.clone().into());
                return timestamped(key, proof, body, now, malformed);
            }
            // GitHub, "Validating webhook deliveries": "The hash signature always starts with
            // sha256=".
            Scheme::HmacSha256Hex => {
                let digits = proof.strip_prefix("sha256=").unwrap_or(proof);
                hmac::verify_hex(key, &[body], digits)
            }
            // Typeform, "Secure your webhooks": "sha256=" before the base64; Shopify has none.
            Scheme::HmacSha256Base64 => {
                let base64 = proof.strip_prefix("sha256=").unwrap_or(proof);
                hmac::verify(key, &[body], base64)
            }
            Scheme::SharedToken => credential::same(secret, token(proof)),
            Scheme::StandardWebhooks => false,
        };
        if proven {
            Ok(())
        } else {
            Err(Refusal::BadSignature)
        }
    }
}

/// `t=SECONDS,v1=HEX` over `SECONDS.BODY`. Any one matching `v1` will do: senders that change their
/// key send one for each. Source: Stripe, "Verify webhook signatures manually"; Calendly, "Webhook
/// signatures", which takes the same form.
fn timestamped(
    key: &[u8],
    proof: &str,
    body: &[u8],
    now: Instant,
    malformed: impl Fn() -> Refusal,
) -> Result<(), Refusal> {
    let parts = || {
        proof
            .split(',')
            .filter_map(|part| part.trim().split_once('='))
    };
    let mut times = parts().filter(|(name, _)| *name == "t");
    // Two times could be read by two verifiers in two ways.
    let (Some((_, time)), None) = (times.next(), times.next()) else {
        return Err(malformed());
    };
    let seconds: i64 = time.parse().map_err(|_| malformed())?;
    check_fresh(Instant(seconds.saturating_mul(SECOND_MS)), now)?;
    let proven = parts()
        .filter(|(name, _)| *name == "v1")
        .take(SIGNATURES_MAX)
        .any(|(_, digits)| hmac::verify_hex(key, &[time.as_bytes(), b".", body], digits));
    if proven {
        Ok(())
    } else {
        Err(Refusal::BadSignature)
    }
}

/// A token as it is, or behind `Bearer` (RFC 6750 2.1; the name of a scheme is written in any case,
/// RFC 9110 11.1).
fn token(proof: &str) -> &str {
    match proof.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => proof,
    }
}

#[cfg(test)]
mod tests;
