//! What a publisher does with minisign: makes a key pair, signs a component.
//!
//! The files are those of the `minisign` tool, so either can be used for the other. A secret key's
//! text and its password come in as secrets and are in no error and no log; nothing here asks at the
//! terminal.

use minisign::{SecretKey, SecretKeyBox};
use secrecy::{ExposeSecret, SecretString};

/// A fresh pair, as the texts of its two files.
#[derive(Debug)]
pub struct KeyPair {
    /// The line that administrators write into `plugins.publishers`: `RW…`.
    pub public: String,
    /// The text of the `.pub` file.
    pub public_file: String,
    secret_file: SecretString,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the secret key is protected by a password: give it")]
    PasswordNeeded,
    #[error("the secret key cannot be opened: {0}")]
    Unreadable(String),
    #[error("no key pair can be made: {0}")]
    Generate(String),
    #[error("cannot sign: {0}")]
    Sign(String),
}

impl KeyPair {
    /// With a password the secret key's file is of no use to who finds it; without one it is guarded by
    /// its permissions only.
    pub fn generate(password: Option<&SecretString>) -> Result<Self, KeyError> {
        let failed = |error: minisign::PError| KeyError::Generate(error.to_string());
        let pair = match password {
            Some(password) => minisign::KeyPair::generate_encrypted_keypair(Some(
                password.expose_secret().to_owned(),
            )),
            None => minisign::KeyPair::generate_unencrypted_keypair(),
        };
        let pair = pair.map_err(failed)?;
        Ok(Self {
            public: pair.pk.to_base64(),
            public_file: pair.pk.to_box().map_err(failed)?.into_string(),
            secret_file: pair.sk.to_box(None).map_err(failed)?.into_string().into(),
        })
    }

    /// The text of the secret key's file: for a file that only its owner reads.
    pub fn secret(&self) -> &SecretString {
        &self.secret_file
    }
}

/// The text of the `.minisig` file of these bytes. `comment` is signed too and shown by tools: the
/// plugin and its version.
pub fn sign(
    wasm: &[u8],
    secret_file: &SecretString,
    password: Option<&SecretString>,
    comment: &str,
) -> Result<String, KeyError> {
    let key = open(secret_file, password)?;
    // A comment of several lines would end the signature's third line early.
    let comment = comment.replace(['\r', '\n'], " ");
    let signature = minisign::sign(None, &key, wasm, Some(&comment), None)
        .map_err(|error| KeyError::Sign(error.to_string()))?;
    Ok(signature.into_string())
}

fn open(
    secret_file: &SecretString,
    password: Option<&SecretString>,
) -> Result<SecretKey, KeyError> {
    let text = || secret_file.expose_secret().to_owned();
    let unreadable = |error: minisign::PError| KeyError::Unreadable(error.to_string());
    let sealed = SecretKeyBox::from_string(&text()).map_err(unreadable)?;
    // The crate asks at the terminal where it lacks a password: it must not come to that.
    match (sealed.into_unencrypted_secret_key(), password) {
        (Ok(key), _) => Ok(key),
        (Err(_), Some(password)) => {
            let sealed = SecretKeyBox::from_string(&text()).map_err(unreadable)?;
            let password = password.expose_secret().to_owned();
            sealed.into_secret_key(Some(password)).map_err(unreadable)
        }
        (Err(error), None) if error.to_string().contains("might be encrypted") => {
            Err(KeyError::PasswordNeeded)
        }
        (Err(error), None) => Err(unreadable(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_with_its_password_only() {
        let password = SecretString::from("correct horse");
        let locked = KeyPair::generate(Some(&password)).expect("keys");
        let open = KeyPair::generate(None).expect("keys");
        let check = |secret: &SecretString,
                     password: Option<&str>,
                     expect: Result<(), fn(&KeyError) -> bool>| {
            let password = password.map(SecretString::from);
            let signed = sign(b"x", secret, password.as_ref(), "two\nlines");
            match (&signed, expect) {
                (Ok(text), Ok(())) => assert!(text.contains("trusted comment: two lines\n")),
                (Err(error), Err(is)) => assert!(is(error), "{error}"),
                _ => panic!("{signed:?}"),
            }
        };
        check(open.secret(), None, Ok(()));
        check(open.secret(), Some("of no use"), Ok(()));
        check(locked.secret(), Some("correct horse"), Ok(()));
        check(
            locked.secret(),
            None,
            Err(|e| *e == KeyError::PasswordNeeded),
        );
        check(
            locked.secret(),
            Some("wrong"),
            Err(|e| matches!(e, KeyError::Unreadable(_))),
        );
        check(
            &SecretString::from("no key"),
            None,
            Err(|e| matches!(e, KeyError::Unreadable(_))),
        );
        assert!(open.public_file.contains(&open.public));
        assert!(!format!("{locked:?}").contains(locked.secret().expose_secret()));
    }
}
