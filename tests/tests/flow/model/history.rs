//! What may happen in a history: events of people, jumps of the clock, pauses, other configurations.

use followup::domain::instant::{DAY_MS, HOUR_MS, MINUTE_MS};
use proptest::prelude::*;

/// Who they are: address, zone that the CRM tells, the account's, the owner's, the account's id.
pub(super) const PEOPLE: [Person; 5] = [
    // Two colleagues by the CRM's word, with different domains.
    Person::new(
        "amy@north.example",
        Some("America/New_York"),
        None,
        None,
        Some("north"),
    ),
    Person::new(
        "ben@harbour.example",
        None,
        Some("America/Chicago"),
        None,
        Some("north"),
    ),
    // Two by their domain.
    Person::new(
        "chloe@mill.example",
        Some("Europe/Berlin"),
        None,
        None,
        None,
    ),
    Person::new("chris@mill.example", None, None, Some("Asia/Tokyo"), None),
    // Nobody's colleague.
    Person::new("dan@gmail.com", None, None, None, None),
];

#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) email: &'static str,
    pub(super) zone: Option<&'static str>,
    pub(super) account_zone: Option<&'static str>,
    pub(super) owner_zone: Option<&'static str>,
    pub(super) account: Option<&'static str>,
}

impl Person {
    const fn new(
        email: &'static str,
        zone: Option<&'static str>,
        account_zone: Option<&'static str>,
        owner_zone: Option<&'static str>,
        account: Option<&'static str>,
    ) -> Self {
        Self {
            email,
            zone,
            account_zone,
            owner_zone,
            account,
        }
    }

    /// The key by which colleagues are told: the CRM's word, else the domain unless it is free mail.
    pub(super) fn account_key(&self) -> Option<String> {
        let domain = self
            .email
            .split('@')
            .nth(1)
            .filter(|domain| *domain != "gmail.com");
        match self.account {
            Some(id) => Some(format!("id:{id}")),
            None => domain.map(|domain| format!("@{domain}")),
        }
    }
}

/// Zones that somebody may move to.
pub(super) const ZONES: [&str; 4] = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
];

#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Something is heard of somebody; `dice` picks its details.
    Event {
        who: usize,
        kind: &'static str,
        dice: u8,
    },
    /// Time passes.
    Live(i64),
    /// Nobody was there meanwhile: an outage, a clock that was wrong. Back where negative.
    Jump(i64),
    Pause {
        what: usize,
        /// It ends by itself after so many hours; 0 for never.
        hours: u8,
    },
    Resume {
        what: usize,
    },
    /// Another configuration.
    Restart(Regime),
    /// A person lets go what is stale.
    Release,
}

/// What may be paused: the tenant, a sequence, an identity, a person.
pub(super) const PAUSABLE: usize = 6;

/// A configuration, as picks among a few values of each option; all zero is the strictest.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Regime {
    pub(super) contact_caps: u8,
    pub(super) account_caps: u8,
    pub(super) gap: u8,
    pub(super) window: u8,
    pub(super) identity: u8,
    pub(super) over_cap: u8,
    pub(super) account_stop: u8,
    /// Which sequence is not there, and whose priority is high.
    pub(super) removed: u8,
    pub(super) favoured: u8,
    pub(super) absent: u8,
}

fn regime() -> impl Strategy<Value = Regime> {
    let picks = (0..3u8, 0..3u8, 0..3u8, 0..3u8, 0..3u8);
    let more = (0..4u8, 0..3u8, 0..9u8, 0..5u8, 0..6u8);
    (picks, more).prop_map(|(picks, more)| Regime {
        contact_caps: picks.0,
        account_caps: picks.1,
        gap: picks.2,
        window: picks.3,
        identity: picks.4,
        over_cap: more.0,
        account_stop: more.1,
        removed: more.2,
        favoured: more.3,
        absent: more.4,
    })
}

fn event() -> impl Strategy<Value = Step> {
    let begins = vec![
        "form-submitted",
        "link-clicked",
        "email-sent",
        "meeting-booked",
        "page-visited",
        "resource-downloaded",
    ];
    let goes_on = vec![
        "contact-updated",
        "auto-replied",
        "call-made",
        "soft-bounced",
        "email-delivered",
        "paused-by-contact",
        "meeting-held",
        "email-opened",
        "meeting-cancelled",
        "meeting-no-show",
        "machine-clicked",
    ];
    let ends = vec![
        "replied",
        "deal-won",
        "unsubscribed",
        "opted-out",
        "hard-bounced",
        "complained",
        "contact-deleted",
        "contact-created",
    ];
    let kind = prop_oneof![
        5 => prop::sample::select(begins),
        4 => prop::sample::select(goes_on),
        1 => prop::sample::select(ends),
    ];
    (0..PEOPLE.len(), kind, any::<u8>()).prop_map(|(who, kind, dice)| Step::Event {
        who,
        kind,
        dice,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let live = prop_oneof![
        2 => 1..10 * MINUTE_MS,
        3 => 1..10 * HOUR_MS,
        3 => HOUR_MS..5 * DAY_MS,
        1 => 5 * DAY_MS..60 * DAY_MS,
    ];
    let jump = prop_oneof![-6 * HOUR_MS..0, 1..10 * HOUR_MS, DAY_MS..20 * DAY_MS,];
    prop_oneof![
        12 => event(),
        7 => live.prop_map(Step::Live),
        1 => jump.prop_map(Step::Jump),
        1 => (0..PAUSABLE, 0..72u8).prop_map(|(what, hours)| Step::Pause { what, hours }),
        1 => (0..PAUSABLE).prop_map(|what| Step::Resume { what }),
        1 => regime().prop_map(Step::Restart),
        1 => Just(Step::Release),
    ]
}

/// How it begins, and what happens then.
pub(super) fn histories() -> impl Strategy<Value = (Regime, Vec<Step>)> {
    (regime(), prop::collection::vec(step(), 1..45))
}
