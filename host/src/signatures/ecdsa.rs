//! ECDSA over P-256 with SHA-256: SendGrid's event webhook.
//!
//! The public key is the base64 of a `SubjectPublicKeyInfo` in DER, without a PEM frame; the signature
//! is the base64 of a DER sequence. Source: SendGrid documentation, "Getting Started with the Event
//! Webhook Security Features".

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use super::KeyError;

/// What stands before the point in the `SubjectPublicKeyInfo` of every uncompressed P-256 key:
/// sequence, algorithm id-ecPublicKey, curve prime256v1, bit string of 66 bytes (RFC 5480).
const P256_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// An uncompressed point is a byte 4 and two coordinates of 32 bytes.
const POINT_BYTES: usize = 65;

#[derive(Debug, Clone)]
pub struct PublicKey(UnparsedPublicKey<Vec<u8>>);

impl PublicKey {
    /// Reads the key as SendGrid shows it; a PEM frame around it is forgiven.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let base64: String = text
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .flat_map(str::split_whitespace)
            .collect();
        if base64.is_empty() {
            return Err(KeyError::Empty);
        }
        let der = STANDARD.decode(base64).map_err(|_| KeyError::Base64)?;
        match der.strip_prefix(&P256_HEAD) {
            Some(point) if point.len() == POINT_BYTES && point[0] == 4 => Ok(Self(
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point.to_vec()),
            )),
            _ => Err(KeyError::NotP256),
        }
    }

    /// Whether `signature` is one over the parts, one after the other.
    pub fn verify(&self, parts: &[&[u8]], signature: &str) -> bool {
        STANDARD
            .decode(signature)
            .is_ok_and(|der| self.0.verify(&parts.concat(), &der).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    /// A fresh key pair, its public half written as SendGrid writes it.
    fn key_pair() -> (EcdsaKeyPair, String) {
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("generates");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("reads");
        let der = [&P256_HEAD[..], pair.public_key().as_ref()].concat();
        (pair, STANDARD.encode(der))
    }

    #[test]
    fn only_the_signed_bytes_verify() {
        let (pair, public) = key_pair();
        let signature = pair
            .sign(&SystemRandom::new(), b"1600112502[{}]\r\n")
            .expect("signs");
        let signature = STANDARD.encode(signature);
        let key = PublicKey::parse(&public).expect("valid");
        assert!(key.verify(&[b"1600112502", b"[{}]\r\n"], &signature));
        assert!(
            !key.verify(&[b"1600112502", b"[{}]"], &signature),
            "trimmed"
        );
        assert!(!key.verify(&[b"1600112503", b"[{}]\r\n"], &signature));
        assert!(!key.verify(&[b"1600112502", b"[{}]\r\n"], "MEUC"));
        assert!(!key.verify(&[b"1600112502", b"[{}]\r\n"], "no base64"));
        let other = PublicKey::parse(&key_pair().1).expect("valid");
        assert!(!other.verify(&[b"1600112502", b"[{}]\r\n"], &signature));
    }

    #[test]
    fn keys() {
        let (_, public) = key_pair();
        assert!(public.starts_with("MFkw"));
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{public}\n-----END PUBLIC KEY-----\n");
        assert!(PublicKey::parse(&pem).is_ok());
        for (text, expect) in [
            ("", KeyError::Empty),
            ("???", KeyError::Base64),
            ("MFkwEwYHKoZIzj0CAQYI", KeyError::NotP256),
            (&public[..60], KeyError::NotP256),
        ] {
            assert_eq!(PublicKey::parse(text).err(), Some(expect), "{text}");
        }
    }
}
