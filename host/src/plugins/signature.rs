//! Whose a component is: minisign's detached signatures over its bytes, and the publishers whose keys
//! the administrator wrote down.
//!
//! In: the component, the signature that came with it, if any. Out: who signed it, or a refusal that
//! says what to write where. The manifest travels inside the component, so it is signed with it. A
//! wrong signature is refused whatever the configuration says; only prehashed signatures are read
//! (minisign's own since 0.10; the old kind would let nobody check a stream).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign_verify::{PublicKey, Signature};

/// The largest signature file, in bytes. A signature has some 300.
pub const SIGNATURE_MAX_BYTES: usize = 16 * 1024;

/// What `X.wasm` is called with its signature: `X.wasm.minisig`.
pub const SIGNATURE_EXTENSION: &str = "minisig";

/// Whom the administrator trusts.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Whether what comes from a registry must be signed by one of the publishers.
    pub require_signature: bool,
    pub publishers: BTreeMap<String, PublisherKey>,
}

/// A publisher's public key: minisign's base64, `RW…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherKey {
    key: PublicKey,
    id: KeyId,
}

/// The number by which a signature names its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct KeyId(u64);

/// Who signed a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// One of `plugins.publishers`, by its name there; proven.
    Publisher(String),
    /// Somebody whose key is not known here, by its id; proves nothing.
    Stranger(String),
    Nobody,
}

impl Signer {
    /// The publisher, where there is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Publisher(name) => Some(name),
            Self::Stranger(_) | Self::Nobody => None,
        }
    }
}

/// Why a component is refused for its signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error(
        "it is not signed, and what comes from a registry must be (plugins.require_signature): ask the publisher to sign it (`followup plugin sign`) and push it anew, or get the file from them in a way you trust, and add that"
    )]
    Unsigned,
    #[error(
        "it is signed by key {key_id}, which is none of plugins.publishers: if you trust its publisher, get their public key from where you know it is theirs and add:\n[plugins.publishers]\nNAME = \"RW...\""
    )]
    UnknownKey { key_id: String },
    #[error(
        "its signature claims key {key_id} of {publisher:?} and is not by it: the component or the signature was changed on the way; fetch it anew, and tell the publisher if it stays so"
    )]
    Wrong { publisher: String, key_id: String },
    #[error(
        "its signature cannot be read ({0}): it must be the text that `followup plugin sign` or `minisign -S` writes"
    )]
    Unreadable(String),
}

impl Trust {
    /// Who signed it. `from_afar`: it comes from a registry, so that `require_signature` holds.
    pub fn judge(
        &self,
        wasm: &[u8],
        signature: Option<&str>,
        from_afar: bool,
    ) -> Result<Signer, SignatureError> {
        let required = self.require_signature && from_afar;
        let Some(text) = signature else {
            return if required {
                Err(SignatureError::Unsigned)
            } else {
                Ok(Signer::Nobody)
            };
        };
        let (signature, id) = read(text)?;
        let mut claimed = None;
        for (name, publisher) in &self.publishers {
            if publisher.id != id {
                continue;
            }
            // `false`: none of the old, unhashed kind.
            if publisher.key.verify(wasm, &signature, false).is_ok() {
                return Ok(Signer::Publisher(name.clone()));
            }
            claimed = Some(name.clone());
        }
        let key_id = id.to_string();
        match claimed {
            Some(publisher) => Err(SignatureError::Wrong { publisher, key_id }),
            None if required => Err(SignatureError::UnknownKey { key_id }),
            None => Ok(Signer::Stranger(key_id)),
        }
    }
}

impl PublisherKey {
    /// Reads `RW…`, the second line of a `.pub` file.
    pub fn parse(text: &str) -> Option<Self> {
        let key = PublicKey::from_base64(text.trim()).ok()?;
        Some(Self {
            key,
            id: KeyId::of(text.trim())?,
        })
    }
}

impl KeyId {
    /// A key and a signature begin alike: two bytes for the algorithm, eight for the key's number.
    fn of(base64: &str) -> Option<Self> {
        let bytes = STANDARD.decode(base64).ok()?;
        let id = bytes.get(2..10)?.try_into().ok()?;
        Some(Self(u64::from_le_bytes(id)))
    }
}

/// As minisign prints it.
impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

fn read(text: &str) -> Result<(Signature, KeyId), SignatureError> {
    if text.len() > SIGNATURE_MAX_BYTES {
        let bytes = text.len();
        return Err(SignatureError::Unreadable(format!(
            "{bytes} bytes, {SIGNATURE_MAX_BYTES} allowed"
        )));
    }
    let signature = Signature::decode(text)
        .map_err(|error| SignatureError::Unreadable(error.to_string().to_lowercase()))?;
    let id = text.lines().nth(1).and_then(KeyId::of);
    let id = id.ok_or_else(|| SignatureError::Unreadable("no key id".to_owned()))?;
    Ok((signature, id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::keys::{KeyPair, sign};

    const WASM: &[u8] = b"a component";

    /// From the documentation of minisign-verify: made by the `minisign` tool itself, over "test".
    const FOREIGN_KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const FOREIGN_HASHED: &str = "untrusted comment: signature from minisign secret key\n\
        RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n\
        trusted comment: timestamp:1556193335\tfile:test\n\
        y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==\n";
    const FOREIGN_UNHASHED: &str = "untrusted comment: signature from minisign secret key\n\
        RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=\n\
        trusted comment: timestamp:1555779966\tfile:test\n\
        QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==\n";

    fn trust(required: bool, keys: &[(&str, &str)]) -> Trust {
        let publisher = |(name, key): &(&str, &str)| {
            let key = PublisherKey::parse(key).expect("a key");
            ((*name).to_owned(), key)
        };
        Trust {
            require_signature: required,
            publishers: keys.iter().map(publisher).collect(),
        }
    }

    #[test]
    fn who_signed() {
        let acme = KeyPair::generate(None).expect("keys");
        let rival = KeyPair::generate(None).expect("keys");
        let signed = |keys: &KeyPair| sign(WASM, keys.secret(), None, "acme 1.0.0").expect("signs");
        let (ours, theirs) = (signed(&acme), signed(&rival));
        let forged = ours.replace("trusted comment: acme", "trusted comment: Acme");
        let acme = [("acme", acme.public.as_str())];
        let check = |wasm: &[u8],
                     signature: Option<&str>,
                     (required, afar): (bool, bool),
                     expect: Result<Option<&str>, &str>| {
            let found = trust(required, &acme).judge(wasm, signature, afar);
            match (&found, expect) {
                (Ok(signer), Ok(name)) => assert_eq!(signer.name(), name),
                (Err(error), Err(part)) => {
                    assert!(
                        error.to_string().contains(part),
                        "{error} does not say {part}"
                    );
                }
                _ => panic!("{found:?}, not {expect:?}"),
            }
        };
        let (strict, lax, near) = ((true, true), (false, true), (true, false));
        check(WASM, Some(&ours), strict, Ok(Some("acme")));
        check(WASM, Some(&ours), near, Ok(Some("acme")));
        check(WASM, None, strict, Err("it is not signed"));
        check(WASM, None, lax, Ok(None));
        check(WASM, None, near, Ok(None));
        check(WASM, Some(&theirs), strict, Err("[plugins.publishers]"));
        check(WASM, Some(&theirs), lax, Ok(None));
        check(WASM, Some(&theirs), near, Ok(None));
        for way in [strict, lax, near] {
            check(b"A component", Some(&ours), way, Err("is not by it"));
            check(WASM, Some(&forged), way, Err("is not by it"));
            check(WASM, Some("hello"), way, Err("cannot be read"));
            check(WASM, Some(""), way, Err("cannot be read"));
        }
        let long = format!("{ours}{}", " ".repeat(SIGNATURE_MAX_BYTES));
        check(WASM, Some(&long), strict, Err("16384 allowed"));
    }

    #[test]
    fn the_tool_of_that_name_makes_the_same() {
        let trust = trust(true, &[("foreign", FOREIGN_KEY)]);
        let by = trust.judge(b"test", Some(FOREIGN_HASHED), true);
        assert_eq!(by, Ok(Signer::Publisher("foreign".to_owned())));
        let old = trust.judge(b"test", Some(FOREIGN_UNHASHED), true);
        assert!(
            matches!(old, Err(SignatureError::Wrong { .. })),
            "unhashed signatures are not read: {old:?}"
        );
        let (_, id) = read(FOREIGN_HASHED).expect("a signature");
        assert_eq!(id.to_string(), "E7620F1842B4E81F", "as minisign prints it");
    }

    #[test]
    fn what_is_no_key() {
        for text in [
            "",
            "RW",
            "RWQf6LRCGA9i53",
            "AAAA6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
        ] {
            assert_eq!(PublisherKey::parse(text), None, "{text}");
        }
    }
}
