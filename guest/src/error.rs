//! Why a policy gives no answer. What the host does next is in the variant.

use std::fmt;

use crate::Instant;

/// An answer that is none. `?` makes one of any text (`Err("...")?`), as [`PolicyError::Permanent`].
#[derive(Debug, Clone, PartialEq)]
pub enum PolicyError {
    /// The configuration is wrong in a way its schema cannot say: parked until it changes.
    InvalidConfig(Vec<FieldError>),
    /// The stored state cannot be read: parked until the plugin changes.
    InvalidState(String),
    /// An event of a kind that `plugin.toml` lists but the policy cannot handle: parked.
    UnsupportedEvent(String),
    /// Passing trouble: called again with the same input, after a backoff.
    Transient {
        message: String,
        not_before: Option<Instant>,
    },
    /// Will fail again with the same input: parked at once.
    Permanent(String),
}

/// A part of the configuration that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer into the configuration: `/steps/2/template`.
    pub path: String,
    pub message: String,
}

impl PolicyError {
    /// One mistake in the configuration.
    pub fn config(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::InvalidConfig(vec![FieldError {
            path: path.into(),
            message: message.into(),
        }])
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidConfig(fields) => {
                f.write_str("the configuration is wrong")?;
                fields
                    .iter()
                    .try_for_each(|field| write!(f, "; {:?}: {}", field.path, field.message))
            }
            Self::InvalidState(message) => write!(f, "the state cannot be read: {message}"),
            Self::UnsupportedEvent(message) => write!(f, "unsupported event: {message}"),
            Self::Transient { message, .. } => write!(f, "passing trouble: {message}"),
            Self::Permanent(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for PolicyError {}

impl From<String> for PolicyError {
    fn from(message: String) -> Self {
        Self::Permanent(message)
    }
}

impl From<&str> for PolicyError {
    fn from(message: &str) -> Self {
        Self::Permanent(message.to_owned())
    }
}
