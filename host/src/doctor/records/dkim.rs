//! `DomainKeys` Identified Mail (RFC 6376): the public key that a provider's signatures are checked with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::tags;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Good,
    /// "Signers MUST use RSA keys of at least 1024 bits for all keys. Signers SHOULD use RSA keys of at
    /// least 2048 bits" (RFC 8301, 3.2).
    Short,
    /// "t=y": "Verifiers MUST NOT treat messages from Signers in testing mode differently from unsigned
    /// email" (3.6.1).
    Testing,
    /// "An empty value means that this public key has been revoked" (3.6.1).
    Revoked,
}

/// A 2048-bit RSA key takes 294 bytes as a `SubjectPublicKeyInfo`, one of 1024 bits 162.
const RSA_2048_MIN_BYTES: usize = 270;

/// The error is why verifiers ignore the record.
pub fn read(record: &str) -> Result<Key, String> {
    let tags = tags(record);
    let value = |name: &str| {
        tags.iter()
            .find(|(found, _)| *found == name)
            .map(|(_, value)| *value)
    };
    // "If specified, this tag MUST be set to \"DKIM1\" [...] This tag MUST be the first tag in the record."
    if let Some(version) = value("v")
        && (version != "DKIM1" || tags[0].0 != "v")
    {
        return Err("it does not begin with v=DKIM1".to_owned());
    }
    let key: String = value("p")
        .ok_or("it has no key (p=)")?
        .split_whitespace()
        .collect();
    if key.is_empty() {
        return Ok(Key::Revoked);
    }
    let bytes = STANDARD
        .decode(&key)
        .map_err(|_| "its key (p=) is no base64: it may have been cut")?;
    if value("t").is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y")) {
        return Ok(Key::Testing);
    }
    let is_rsa = value("k").is_none_or(|kind| kind.eq_ignore_ascii_case("rsa"));
    if is_rsa && bytes.len() < RSA_2048_MIN_BYTES {
        return Ok(Key::Short);
    }
    Ok(Key::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let key = |bytes: usize| STANDARD.encode(vec![7; bytes]);
        let (long, short, ed25519) = (key(294), key(162), key(32));
        for (record, expect) in [
            (format!("v=DKIM1; k=rsa; p={long}"), Ok(Key::Good)),
            (format!("k=rsa; p={long}"), Ok(Key::Good)),
            (
                format!("p={} {}", &long[..100], &long[100..]),
                Ok(Key::Good),
            ),
            (format!("v=DKIM1; k=ed25519; p={ed25519}"), Ok(Key::Good)),
            (format!("v=DKIM1; p={short}"), Ok(Key::Short)),
            (format!("v=DKIM1; t=s:y; p={long}"), Ok(Key::Testing)),
            (format!("v=DKIM1; t=s; p={long}"), Ok(Key::Good)),
            ("v=DKIM1; p=".to_owned(), Ok(Key::Revoked)),
            ("v=DKIM1; k=rsa".to_owned(), Err("no key")),
            (format!("v=DKIM2; p={long}"), Err("v=DKIM1")),
            (format!("p={long}; v=DKIM1"), Err("v=DKIM1")),
            (format!("v=DKIM1; p={}", &long[..101]), Err("cut")),
        ] {
            match (read(&record), expect) {
                (Ok(key), Ok(expect)) => assert_eq!(key, expect, "{record}"),
                (Err(error), Err(part)) => assert!(error.contains(part), "{record}: {error}"),
                (got, _) => panic!("{record}: {got:?}"),
            }
        }
    }
}
