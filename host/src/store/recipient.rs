//! What the pages behind a mail's links ask: whom the mail went to, what was in it, and what the
//! person has chosen so far. Their choices are stored as events, by `Intake`.

use async_trait::async_trait;

use super::{Error, TenantId};
use crate::domain::{EmailAddress, Instant};

/// The connection that events from those pages come from. No connection of the configuration can
/// have this name.
pub const CONNECTION: &str = "@recipient";

#[async_trait]
pub trait Recipient {
    /// Who got a message of ours; none where there is no such message.
    async fn addressee(
        &self,
        tenant: TenantId,
        message_id: &str,
    ) -> Result<Option<Addressee>, Error>;
}

/// Who got a message, and what they have chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    pub message_id: String,
    /// Where the message went; where it never went, the contact's address.
    pub address: Option<EmailAddress>,
    /// The sequence that wrote it.
    pub sequence: String,
    /// What the links of the message stand for, in their order.
    pub links: Vec<String>,
    /// Wants no more of this sequence.
    pub opted_out: bool,
    /// Asked for a pause until then.
    pub paused_until: Option<Instant>,
    /// Why nothing may go to the address.
    pub suppressed: Option<Suppressed>,
    /// Whether the last that was heard from these pages about all mail was an unsubscription.
    pub unsubscribed_last: bool,
    /// Choices heard so far, from any message.
    pub choices: usize,
    /// Opens and clicks of this message recorded so far.
    pub recorded: usize,
}

/// An entry of the suppression list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    pub reason: String,
    /// The contact's own click brought it, so their own click may take it back.
    pub own: bool,
}

impl Addressee {
    /// Nothing is left to unsubscribe from.
    pub fn is_off(&self) -> bool {
        self.suppressed.is_some() && self.unsubscribed_last
    }

    /// Whether the person may ask for mail again: nothing stops it but their own word.
    pub fn may_return(&self) -> bool {
        match &self.suppressed {
            Some(suppressed) => suppressed.own,
            None => self.paused_until.is_some(),
        }
    }
}
