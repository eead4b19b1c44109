//! Secrets are named, never seen. A name must be asked for in `plugin.toml` (`[[grants.secrets]]`),
//! approved, and given a value by the administrator.
//!
//! Where a scheme of `[verify]` fits, declare it instead: the host then checks every request before
//! the trigger runs. Natively a test names the values (`TriggerScenario::secret`).

use crate::PluginError;

/// The hash of an HMAC (RFC 2104).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hmac {
    Sha1,
    Sha256,
    Sha512,
}

/// Whether `signature` is the HMAC of `message` under the named secret; compared in constant time.
/// The error says that no such secret was granted.
pub fn verify_hmac(
    secret: &str,
    hash: Hmac,
    message: &[u8],
    signature: &[u8],
) -> Result<bool, PluginError> {
    source::verify_hmac(secret, hash, message, signature).map_err(PluginError::Permanent)
}

/// The same for a signature in hexadecimal digits; what is none is no signature.
pub fn verify_hmac_hex(
    secret: &str,
    hash: Hmac,
    message: &[u8],
    signature: &str,
) -> Result<bool, PluginError> {
    verify_hmac(
        secret,
        hash,
        message,
        &from_hex(signature).unwrap_or_default(),
    )
}

/// A stand-in for the named secret, for a header of an outgoing request. The host swaps it on the
/// way to a host that the secret was granted for, and nowhere else.
pub fn placeholder(secret: &str) -> Result<String, PluginError> {
    source::placeholder(secret).map_err(PluginError::Permanent)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = text.trim().as_bytes().as_chunks::<2>();
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    if rest.is_empty() {
        bytes.collect()
    } else {
        None
    }
}

#[cfg(target_arch = "wasm32")]
mod source {
    use super::Hmac;
    use crate::bindings::webhook::followup::plugin::secrets as wire;

    pub(super) fn verify_hmac(
        secret: &str,
        hash: Hmac,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, String> {
        let hash = match hash {
            Hmac::Sha1 => wire::Hmac::Sha1,
            Hmac::Sha256 => wire::Hmac::Sha256,
            Hmac::Sha512 => wire::Hmac::Sha512,
        };
        wire::verify_hmac(secret, hash, message, signature)
    }

    pub(super) fn placeholder(secret: &str) -> Result<String, String> {
        wire::placeholder(secret)
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod source {
    use super::Hmac;
    use crate::testing::fake;

    pub(super) fn verify_hmac(
        secret: &str,
        hash: Hmac,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, String> {
        let key = fake::secret(secret)?;
        Ok(crate::testing::hmac(hash, &key, message) == signature)
    }

    pub(super) fn placeholder(secret: &str) -> Result<String, String> {
        fake::secret(secret)?;
        Ok(format!("<secret {secret}>"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_are_read() {
        let check = |text: &str, expect: Option<&[u8]>| {
            assert_eq!(from_hex(text).as_deref(), expect, "{text:?}");
        };
        check("00ff0A", Some(&[0, 255, 10]));
        check("", Some(&[]));
        for wrong in ["0", "0g", "+1", "é"] {
            check(wrong, None);
        }
    }
}
