//! Ids that anybody can compute again: a hash of what they name.

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use ring::digest::{Context, SHA256};

/// SHA-256 over the parts, each preceded by its length, so that ("ab","c") differs from ("a","bc").
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context
        .finish()
        .as_ref()
        .try_into()
        .expect("SHA-256 is 32 bytes")
}

/// `prefix_` and 26 characters of lower-case base32: 128 bits of the hash of the parts.
/// Only `[a-z0-9_]`, so that it survives mail systems that fold case and providers' tag rules.
pub fn id(prefix: &str, parts: &[&[u8]]) -> String {
    let text = BASE32_NOPAD.encode(&sha256(parts)[..16]);
    format!("{prefix}_{}", text.to_ascii_lowercase())
}

/// `sha256:` and the plain SHA-256 of the bytes in hexadecimal, as OCI registries write it.
pub fn of_bytes(bytes: &[u8]) -> String {
    let mut stream = Stream::default();
    stream.update(bytes);
    stream.finish()
}

/// The same of bytes that come one after the other.
pub struct Stream(Context);

impl Default for Stream {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Stream {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(self) -> String {
        format!("sha256:{}", HEXLOWER.encode(self.0.finish().as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable_and_separate_their_parts() {
        let one = id("msg", &[b"ab", b"c"]);
        assert_eq!(one, id("msg", &[b"ab", b"c"]));
        assert_ne!(one, id("msg", &[b"a", b"bc"]));
        assert_eq!(one.len(), 4 + 26);
        assert!(
            one.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        );
    }

    #[test]
    fn digest_of_nothing_is_the_known_one() {
        assert_eq!(
            of_bytes(b""),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
