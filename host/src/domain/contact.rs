//! Who an event is about, and what the sender told about them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::JsonMap;

/// The longest address SMTP can carry (RFC 5321 4.5.3.1.3: a path of 256 octets with its brackets).
pub const EMAIL_MAX_BYTES: usize = 254;

/// An e-mail address in the form contacts are known by: trimmed and lower-case.
///
/// Local parts are case-sensitive on paper (RFC 5321 2.4) and nowhere in practice; two spellings of
/// one mailbox must be one contact, or a reply from the second would not stop the first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// Why a text is no address we could write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("is empty")]
    Empty,
    #[error("is longer than {EMAIL_MAX_BYTES} bytes")]
    TooLong,
    #[error("needs exactly one @ with text on both sides and a domain like example.com")]
    Shape,
    #[error("contains a space, a control character or one of <>(),;:\"[]\\")]
    Character,
}

impl EmailAddress {
    /// Accepts the addresses that providers accept: one `@`, no quoting, no comments, a host name.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.len() > EMAIL_MAX_BYTES {
            return Err(AddressError::TooLong);
        }
        if text
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || "<>(),;:\"[]\\".contains(c))
        {
            return Err(AddressError::Character);
        }
        let mut parts = text.split('@');
        let (Some(local), Some(domain), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(AddressError::Shape);
        };
        let domain_ok = !domain.is_empty() && domain.split('.').all(|label| !label.is_empty());
        if local.is_empty() || !domain_ok {
            return Err(AddressError::Shape);
        }
        Ok(Self(text.to_lowercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit('@').next().unwrap_or_default()
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// How a sender names the person: by address, by its own id, by both, or (an event about one of
/// our messages) not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRef {
    pub email: Option<EmailAddress>,
    /// The sender's id of the person, unique within the connection.
    pub external_id: Option<String>,
}

impl ContactRef {
    pub fn email(address: EmailAddress) -> Self {
        Self {
            email: Some(address),
            external_id: None,
        }
    }

    pub fn external(id: impl Into<String>) -> Self {
        Self {
            email: None,
            external_id: Some(id.into()),
        }
    }
}

/// Fields of a contact that a sender told, to be merged into what is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactPatch {
    /// IANA zone. A name that is none is kept out, with a warning.
    pub time_zone: Option<String>,
    /// BCP 47 tag.
    pub locale: Option<String>,
    /// `first_name`, `last_name`, `company`, ... and the sender's own. Null or "" forgets a field.
    pub attributes: JsonMap,
    /// Further mailboxes of the person: what comes from them is theirs, nothing is sent there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_emails: Vec<EmailAddress>,
    /// `id` (required for account rules), `name`, and more.
    pub account: Option<JsonMap>,
}

impl ContactPatch {
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&str, AddressError>) {
        let got = EmailAddress::parse(text);
        assert_eq!(
            got.as_ref().map(EmailAddress::as_str),
            expect.as_ref().copied(),
            "{text:?}"
        );
    }

    #[test]
    fn addresses() {
        check(" Ada@Example.COM ", Ok("ada@example.com"));
        check("ada+tag@sub.example.co.uk", Ok("ada+tag@sub.example.co.uk"));
        check("müller@bücher.example", Ok("müller@bücher.example"));
        check("ada@localhost", Ok("ada@localhost"));
        check("", Err(AddressError::Empty));
        check("ada", Err(AddressError::Shape));
        check("a@b@c.example", Err(AddressError::Shape));
        check("@example.com", Err(AddressError::Shape));
        check("ada@example..com", Err(AddressError::Shape));
        check("ada@x.com\r\nBcc: b@x.com", Err(AddressError::Character));
        check("Ada <ada@example.com>", Err(AddressError::Character));
        check(
            &format!("{}@example.com", "a".repeat(250)),
            Err(AddressError::TooLong),
        );
    }
}
