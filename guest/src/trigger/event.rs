//! An event heard from a foreign system.

use serde_json::{Map, Value as Json};

use crate::{Attributes, Instant, Value};

/// How the foreign system names a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactRef {
    Email(String),
    /// The foreign system's id.
    External(String),
    /// What stood behind a link of one of our mails (`fu`), told by the page it led to.
    Token(String),
}

/// Something that happened to a person, as a trigger tells it.
///
/// ```
/// use followup_guest::{TriggerEvent, kind};
///
/// let event = TriggerEvent::new("visit-77", kind::PAGE_VISITED)
///     .email("ada@example.com")
///     .field("first_name", "Ada")
///     .data("url", "https://shop.example/pricing");
/// assert_eq!(event.data["url"], "https://shop.example/pricing");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TriggerEvent {
    /// Unique within the connection, 1 to 200 bytes: the same key twice is one event. Made of what
    /// the sender tells (its own id of the event), never of the clock or the seed.
    pub dedupe_key: String,
    /// One of [`kind`](crate::kind), or a dotted name of your own; listed in `plugin.toml`.
    pub kind: String,
    /// None: when the call was made.
    pub occurred_at: Option<Instant>,
    /// Needed by the time the event is handed over.
    pub contact: Option<ContactRef>,
    /// Fields of the contact that the sender told; they are merged into it.
    pub fields: Attributes,
    pub data: Map<String, Json>,
}

impl TriggerEvent {
    pub fn new(dedupe_key: impl Into<String>, kind: impl Into<String>) -> Self {
        Self {
            dedupe_key: dedupe_key.into(),
            kind: kind.into(),
            occurred_at: None,
            contact: None,
            fields: Attributes::default(),
            data: Map::new(),
        }
    }

    /// It happened to the person of this address.
    #[must_use]
    pub fn email(self, address: impl Into<String>) -> Self {
        self.contact(ContactRef::Email(address.into()))
    }

    /// It happened to the person whom the foreign system calls by this id.
    #[must_use]
    pub fn external(self, id: impl Into<String>) -> Self {
        self.contact(ContactRef::External(id.into()))
    }

    /// It happened to the person who followed the link that carried this token.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        self.contact(ContactRef::Token(token.into()))
    }

    #[must_use]
    pub fn contact(mut self, contact: ContactRef) -> Self {
        self.contact = Some(contact);
        self
    }

    /// When it happened, by the sender's account.
    #[must_use]
    pub fn at(mut self, occurred_at: impl Into<Option<Instant>>) -> Self {
        self.occurred_at = occurred_at.into();
        self
    }

    /// A field of the contact.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.set(name, value);
        self
    }

    /// A key of the event's data.
    #[must_use]
    pub fn data(mut self, key: impl Into<String>, value: impl Into<Json>) -> Self {
        self.data.insert(key.into(), value.into());
        self
    }
}
