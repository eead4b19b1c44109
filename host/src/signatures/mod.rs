//! The signature schemes of webhooks, shared by `crm`, `providers` and the door for triggers.
//!
//! Pure: keys, raw bytes and headers in, true or a refusal out. Nothing here parses a body, reads a
//! clock or keeps a key longer than its owner. Comparison is always ring's, in constant time.
//! Where a scheme has a `sign`, it is the exact mirror of its `verify`: tests and `followup demo`
//! send webhooks that are really signed.

pub mod credential;
pub mod ecdsa;
pub mod hmac;
pub mod scheme;
pub mod standard_webhooks;

/// Why a configured key cannot be used. Says what a right one looks like, never the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("must start with whsec_, as the sender shows it")]
    Prefix,
    #[error("is no base64: copy it again, whole")]
    Base64,
    #[error("is empty")]
    Empty,
    #[error(
        "is no P-256 public key: SendGrid shows it as one line of base64 that starts with MFkw"
    )]
    NotP256,
}
