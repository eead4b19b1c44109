//! Why a plugin gives no answer. What the host does next is in the variant.

use std::fmt;

use crate::Instant;

/// What a [`Policy`](crate::Policy) returns where it has no decision.
pub type PolicyError = PluginError;

/// What a [`Webhook`](crate::Webhook) or [`Poll`](crate::Poll) returns where it has no events.
pub type TriggerError = PluginError;

/// An answer that is none. `?` makes one of any text (`Err("...")?`), as [`PluginError::Permanent`].
#[derive(Debug, Clone, PartialEq)]
pub enum PluginError {
    /// The configuration is wrong in a way its schema cannot say: parked until it changes.
    InvalidConfig(Vec<FieldError>),
    /// The stored state (of a poll, the cursor) cannot be read: parked until the plugin changes.
    InvalidState(String),
    /// An event of a kind that `plugin.toml` lists but the plugin cannot handle: parked.
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

impl PluginError {
    /// One mistake in the configuration.
    pub fn config(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::InvalidConfig(vec![FieldError {
            path: path.into(),
            message: message.into(),
        }])
    }
}

impl fmt::Display for PluginError {
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

impl std::error::Error for PluginError {}

impl From<String> for PluginError {
    fn from(message: String) -> Self {
        Self::Permanent(message)
    }
}

impl From<&str> for PluginError {
    fn from(message: &str) -> Self {
        Self::Permanent(message.to_owned())
    }
}
