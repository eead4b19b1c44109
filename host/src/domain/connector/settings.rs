//! What an administrator wrote for one connection, read and resolved.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::Field;
use crate::domain::EmailAddress;

/// The values of a connection's fields. Its `Debug` shows no secret.
#[derive(Clone, Default)]
pub struct Settings {
    texts: BTreeMap<String, String>,
    secrets: BTreeMap<String, SecretString>,
}

/// A setting that will not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} {what}: {remedy}")]
pub struct Unfit {
    pub key: &'static str,
    /// After the key: "is no signing secret".
    pub what: String,
    /// What to do: "write it as the sender shows it".
    pub remedy: String,
}

impl Unfit {
    pub fn new(key: &'static str, what: impl ToString, remedy: impl ToString) -> Self {
        Self {
            key,
            what: what.to_string(),
            remedy: remedy.to_string(),
        }
    }
}

impl Settings {
    #[must_use]
    pub fn with_text(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.texts.insert(key.into(), value.into());
        self
    }

    #[must_use]
    pub fn with_secret(mut self, key: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.secrets.insert(key.into(), value.into());
        self
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    pub fn secret(&self, key: &str) -> Option<&SecretString> {
        self.secrets.get(key)
    }

    /// A field that the kind says is needed, or has a default.
    pub fn needed_text(&self, key: &'static str) -> Result<&str, Unfit> {
        self.text(key).ok_or_else(|| missing(key))
    }

    /// A field that the kind says is needed.
    pub fn needed_secret(&self, key: &'static str) -> Result<SecretString, Unfit> {
        self.secret(key).cloned().ok_or_else(|| missing(key))
    }

    /// `base_url`, without a slash at its end.
    pub fn base_url(&self) -> Result<String, Unfit> {
        let url = self.needed_text("base_url")?;
        Ok(url.trim_end_matches('/').to_owned())
    }

    /// The domain of the address that takes in replies, where there is one.
    pub fn inbound_domain(&self) -> Option<String> {
        let address = EmailAddress::parse(self.text(Field::INBOUND_ADDRESS.key)?).ok()?;
        Some(address.domain().to_owned())
    }

    /// A credential that both sides compare as it is: long enough not to be guessed.
    pub fn password(&self, key: &'static str) -> Result<Option<SecretString>, Unfit> {
        match self.secret(key) {
            Some(secret) if secret.expose_secret().trim().len() < PASSWORD_MIN_BYTES => {
                let remedy =
                    format!("write at least {PASSWORD_MIN_BYTES} random letters and digits");
                Err(Unfit::new(key, "is too short to be one", remedy))
            }
            secret => Ok(secret.cloned()),
        }
    }
}

/// The shortest secret that is compared as it is.
pub const PASSWORD_MIN_BYTES: usize = 16;

fn missing(key: &'static str) -> Unfit {
    Unfit::new(key, "is missing", format!("add {key}"))
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("texts", &self.texts)
            .field("secrets", &self.secrets.keys())
            .finish()
    }
}
