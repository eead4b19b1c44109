//! Who is followed up.

use crate::Attributes;

/// The enrolled person. An e-mail always goes to them; there is no other recipient.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    pub id: String,
    /// For reading only (its domain, say).
    pub email: Option<String>,
    /// IANA zone: the contact's own, else its account's, else the tenant's. Never empty.
    pub time_zone: String,
    /// BCP 47 language tag, where known.
    pub locale: Option<String>,
    /// The CRM's own fields: `first_name`, `company`, ...
    pub attributes: Attributes,
}

/// The company a contact belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub id: String,
    pub name: Option<String>,
    pub attributes: Attributes,
}
