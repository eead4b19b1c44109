//! Tokens that lead a reply, a click or an opt-out back to our message, and that nobody can make up.
//!
//! `TOKEN` = the 26 characters of a `msg_` id and 20 of an HMAC over its purpose and the id, all of them
//! `[a-z2-7]`: a token stands in local parts (`reply+TOKEN@in.example.com`), which mail systems may
//! write in capitals (RFC 5321 2.4 lets them not, practice does), and in URLs without escaping.
//! A token of one purpose is worth nothing for another: who may read an open's token may not opt out.

use data_encoding::BASE32_NOPAD;
use ring::hmac::{self, HMAC_SHA256, Key};

/// What the ids of our messages begin with.
pub const MESSAGE_PREFIX: &str = "msg_";
/// The characters of an id behind its prefix: 128 bits.
const ID_CHARS: usize = 26;
/// The characters of the proof: 100 bits, more than anybody guesses.
const PROOF_CHARS: usize = 20;
/// The bytes of the HMAC that the proof is cut from.
const PROOF_BYTES: usize = 13;

/// What tokens are made for.
pub mod purpose {
    pub const REPLY: &str = "reply";
    pub const UNSUBSCRIBE: &str = "unsubscribe";
    pub const CLICK: &str = "click";
    pub const OPEN: &str = "open";
    /// Stands behind links to our own pages (`fu`), so that a page can tell who came from a mail.
    pub const VISIT: &str = "visit";
}

/// Makes and checks tokens.
#[derive(Debug)]
pub struct Token;

impl Token {
    /// The token of a message for one purpose. `message_id` is one of ours: `msg_` and 26 characters.
    pub fn sign(key: &[u8], purpose: &str, message_id: &str) -> String {
        let id = message_id
            .strip_prefix(MESSAGE_PREFIX)
            .unwrap_or(message_id);
        format!("{id}{}", proof(key, purpose, message_id))
    }

    /// The id of the message that the token was made for, or none where we did not make it.
    pub fn verify(key: &[u8], purpose: &str, token: &str) -> Option<String> {
        let token = token.to_ascii_lowercase();
        if token.len() != ID_CHARS + PROOF_CHARS || !token.bytes().all(is_base32) {
            return None;
        }
        let (id, given) = token.split_at(ID_CHARS);
        let message_id = format!("{MESSAGE_PREFIX}{id}");
        let expected = proof(key, purpose, &message_id);
        // ring compares whole HMACs in constant time, not pieces of them: so it gets two whole ones.
        let key = Key::new(HMAC_SHA256, key);
        let tag = hmac::sign(&key, expected.as_bytes());
        hmac::verify(&key, given.as_bytes(), tag.as_ref()).ok()?;
        Some(message_id)
    }
}

/// The id of our message in the left half of a Message-ID as we write them: `msg_…@sender.example`.
pub fn own_message_id(message_id: &str) -> Option<&str> {
    let (id, domain) = message_id.split_once('@')?;
    let tail = id.strip_prefix(MESSAGE_PREFIX)?;
    let ours = tail.len() == ID_CHARS && tail.bytes().all(is_base32) && !domain.is_empty();
    ours.then_some(id)
}

fn proof(key: &[u8], purpose: &str, message_id: &str) -> String {
    let mut context = hmac::Context::with_key(&Key::new(HMAC_SHA256, key));
    for part in [purpose.as_bytes(), &[0], message_id.as_bytes()] {
        context.update(part);
    }
    let tag = context.sign();
    let mut text = BASE32_NOPAD.encode(&tag.as_ref()[..PROOF_BYTES]);
    text.truncate(PROOF_CHARS);
    text.to_ascii_lowercase()
}

fn is_base32(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'2'..=b'7')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::digest;

    const KEY: &[u8] = b"a key of the store, 32 bytes long";

    #[test]
    fn a_token_proves_its_message_and_its_purpose() {
        let id = digest::id("msg", &[b"1"]);
        let token = Token::sign(KEY, purpose::REPLY, &id);
        assert_eq!(token.len(), 46);
        assert!(token.bytes().all(is_base32), "{token}");
        let verify = |key: &[u8], purpose: &str, token: &str| Token::verify(key, purpose, token);
        assert_eq!(verify(KEY, purpose::REPLY, &token), Some(id.clone()));
        assert_eq!(
            verify(KEY, purpose::REPLY, &token.to_uppercase()),
            Some(id),
            "mail systems fold case"
        );
        assert_eq!(verify(KEY, purpose::UNSUBSCRIBE, &token), None);
        assert_eq!(verify(b"another key", purpose::REPLY, &token), None);
        for wrong in ["", "x", &token[1..], &format!("{token}a"), &"ü".repeat(23)] {
            assert_eq!(verify(KEY, purpose::REPLY, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_changed_character_breaks_it() {
        let token = Token::sign(KEY, purpose::CLICK, &digest::id("msg", &[b"2"]));
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert_eq!(Token::verify(KEY, purpose::CLICK, &changed), None, "{at}");
        }
    }

    #[test]
    fn our_message_ids_are_known_by_their_form() {
        let id = digest::id("msg", &[b"3"]);
        for (text, expect) in [
            (format!("{id}@acme.example"), Some(id.as_str())),
            (id.clone(), None),
            (format!("{id}@"), None),
            (format!("{id}x@acme.example"), None),
            ("msg_short@acme.example".to_owned(), None),
            ("CAF+abc=x@mail.gmail.com".to_owned(), None),
        ] {
            assert_eq!(own_message_id(&text), expect, "{text}");
        }
    }
}
