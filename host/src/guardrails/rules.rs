//! What an administrator set: the limits of a sequence and of an identity, resolved and ready to use.

use chrono::NaiveDate;

use super::cap::Cap;
use super::enrolment::ReEnrol;
use super::role_address::RolePolicy;
use crate::calendar::Windows;
use crate::domain::enrollment::AccountStop;

/// The limits of one sequence: its own where it has some, else those of `[guardrails]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Touches of one contact, over all sequences and people; by the calendar in the contact's zone.
    pub contact_caps: Vec<Cap>,
    /// Touches of all contacts of one account, likewise.
    pub account_caps: Vec<Cap>,
    /// Mails to one recipient domain; by the calendar in the tenant's zone.
    pub domain_caps: Vec<Cap>,
    pub over_cap: OverCap,
    /// The least time between two touches of a contact; 0 for none.
    pub gap_ms: i64,
    /// In the contact's zone.
    pub window: Windows,
    /// Only on working days of the tenant that are no holiday of the contact.
    pub business_days_only: bool,
    pub role_addresses: RolePolicy,
    /// Local parts that count as role addresses too.
    pub role_names: Vec<String>,
    /// How late a message may be before a person has to look; 0 for no limit.
    pub stale_after_ms: i64,
    /// Written to people who did not ask: nothing leaves without a postal address and a way out.
    pub cold: bool,
    /// Of two messages that compete for one slot, the higher goes first.
    pub priority: i64,
    /// A contact is in one exclusive sequence at a time.
    pub exclusive: bool,
    pub re_enrol: ReEnrol,
    pub account_stop: AccountStop,
}

/// What happens to a touch that is one too many for a contact or an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OverCap {
    /// It waits for room.
    #[default]
    Defer,
    /// It is left out; the sequence goes on.
    Skip,
    /// It is left out and the enrollment ends.
    Drop,
}

/// The limits of one identity; by the calendar in the tenant's zone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityRules {
    pub caps: Vec<Cap>,
    /// The least time between two mails, and how much more at random; 0 for none.
    pub gap_ms: i64,
    pub jitter_ms: i64,
    pub ramp: Option<Ramp>,
    pub absent: Vec<Absence>,
}

/// A young mailbox sends a little more every day, until a cap per day is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ramp {
    pub from: NaiveDate,
    /// Mails on the first day, and on any day before it.
    pub start: u32,
    /// So many more on each day after.
    pub step: u32,
}

/// Days on which nobody is there to read replies, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

impl Absence {
    /// `2026-12-24..2027-01-02`, or one date alone.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first <= last).then_some(Self { first, last })
    }
}
