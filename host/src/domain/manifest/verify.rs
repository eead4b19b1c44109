//! Schemes by which a sender proves a webhook: declared in the manifest, checked by the host before
//! the trigger runs.

use serde::{Deserialize, Serialize};

use super::grants::{Grants, SecretUse};

/// One scheme, and the secret it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    pub scheme: Scheme,
    /// One of `grants.secrets`, with the use `verify`.
    pub secret: String,
    /// The header that carries the proof, in lower case; each scheme's own where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Standard Webhooks 1.0 and Svix: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
    /// `t=SECONDS,v1=HEX`, HMAC-SHA256 over `SECONDS.BODY`: Stripe, Calendly. Names its header.
    TimestampedHmacSha256,
    /// HMAC-SHA256 of the body in hexadecimal, `sha256=` before it or not: GitHub. Names its header.
    HmacSha256Hex,
    /// HMAC-SHA256 of the body in base64: Shopify, Typeform. Names its header.
    HmacSha256Base64,
    /// The secret itself, as it is or behind `Bearer `; in `authorization` unless another is named.
    SharedToken,
}

impl Scheme {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StandardWebhooks => "standard-webhooks",
            Self::TimestampedHmacSha256 => "timestamped-hmac-sha256",
            Self::HmacSha256Hex => "hmac-sha256-hex",
            Self::HmacSha256Base64 => "hmac-sha256-base64",
            Self::SharedToken => "shared-token",
        }
    }

    fn needs_header(self) -> bool {
        !matches!(self, Self::StandardWebhooks | Self::SharedToken)
    }
}

impl Verify {
    pub(super) fn problems(&self, grants: &Grants) -> Vec<String> {
        let mut problems = Vec::new();
        if grants.secret(&self.secret, SecretUse::Verify).is_none() {
            problems.push(format!(
                "verify.secret {:?} is none of grants.secrets with uses = [\"verify\"]",
                self.secret
            ));
        }
        match &self.header {
            None if self.scheme.needs_header() => problems.push(format!(
                "verify: {} needs `header`: the one that carries the signature",
                self.scheme.as_str()
            )),
            Some(_) if self.scheme == Scheme::StandardWebhooks => {
                problems.push("verify: standard-webhooks names its headers itself".to_owned());
            }
            Some(header) if header.is_empty() || *header != header.to_ascii_lowercase() => {
                problems.push(format!("verify.header {header:?}: write it in lower case"));
            }
            _ => {}
        }
        problems
    }
}
