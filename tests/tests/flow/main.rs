//! Weeks of the whole system in milliseconds: real webhooks, real policies, a clock that is moved.
//!
//! `story` is read by people (a snapshot of everybody's ledger); `histories`, `crashes` and `rogues`
//! hold what must be true of every story; `audit` is how they look.

mod asked;
mod audit;
mod crashes;
mod doubt;
mod histories;
mod holds;
mod house_rules;
mod limits;
mod model;
mod races;
mod restored;
mod rogue_limits;
mod rogues;
mod story;
mod threads;

use followup::domain::Instant;

/// A company with one sequence of each kind.
const SEQUENCES: &str = r#"
[calendar]
time_zone = "Europe/Berlin"
holidays = ["2026-03-09"]

[sequences.pricing-page]
policy = "cadence"
enrol = 'event.kind == "form-submitted"'
config.steps = [
    { template = "step-1" },
    { template = "step-2", after_business_days = 2, at = "09:30" },
    { task = "Call {{ contact.first_name }} about pricing", after_business_days = 2, at = "14:00" },
    { template = "step-3", after_business_days = 2, at = "09:30" },
]

[sequences.warm-leads]
policy = "behavioral"
enrol = 'event.kind == "link-clicked" || event.kind == "resource-downloaded"'
re_enrol = "after-finish"
[sequences.warm-leads.config]
cooldown = "3d"
delay = "20m"
max_mails = 2
on.link-clicked = { template = "after-click" }
on.resource-downloaded = { template = "after-download" }

[sequences.after-proposal]
policy = "no-response"
enrol = 'event.kind == "email-sent"'
config = { silence_days = 3, at = "09:30", nudges = ["nudge-1", "nudge-2"] }

[sequences.meetings]
policy = "post-meeting"
enrol = 'event.kind == "meeting-booked"'
re_enrol = "after-finish"
exits.meeting_booked = false
config.booking_link = "https://cal.acme.example/ada"
"#;

fn at(text: &str) -> Instant {
    Instant::parse_rfc3339(text).expect("RFC 3339")
}
