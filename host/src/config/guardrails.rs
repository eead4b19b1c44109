//! `[guardrails]` and `[breaker]`: what keeps follow-up human, for every sequence.

use crate::calendar::{BLOCKS_MAX, Block, Windows};
use crate::domain::EmailAddress;
use crate::domain::event::KIND_MAX_BYTES;
use crate::guardrails::{AccountStop, Breaker, CAP_GRAMMAR, CAPS_MAX, Cap, OverCap, RolePolicy};

use super::reader::Section;

/// The longest time of any of these options: ten years.
pub(super) const SPAN_MAX_MS: u64 = 3_660 * 86_400_000;

/// The most entries of `role_names`, `free_mail_domains` and `touch_events`.
const NAMES_MAX: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardrails {
    pub contact_caps: Vec<Cap>,
    pub account_caps: Vec<Cap>,
    pub domain_caps: Vec<Cap>,
    pub over_cap: OverCap,
    pub gap_ms: i64,
    pub window: Windows,
    pub business_days_only: bool,
    pub role_addresses: RolePolicy,
    pub role_names: Vec<String>,
    pub stale_after_ms: i64,
    pub account_stop: AccountStop,
    /// What `delay` means, also for a sequence that says so itself.
    pub account_stop_delay_ms: i64,
    pub free_mail_domains: Vec<String>,
    /// The event kinds that count as touches: what people did outside Followup.
    pub touch_events: Vec<String>,
    pub auto_reply_pause_ms: i64,
    pub soft_bounces_max: u32,
}

impl Guardrails {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let account_stop_delay_ms = section.number("account_stop_delay_ms", SPAN_MAX_MS) as i64;
        let guardrails = Self {
            contact_caps: caps(section, "contact_caps"),
            account_caps: caps(section, "account_caps"),
            domain_caps: caps(section, "domain_caps"),
            over_cap: section.parsed("over_cap", OVER_CAP, parse_over_cap),
            gap_ms: section.number_in("gap_ms", 0..=SPAN_MAX_MS) as i64,
            window: Windows::new(section.list("window", WINDOW, parse_block)),
            business_days_only: section.boolean("business_days_only"),
            role_addresses: section.parsed("role_addresses", "use skip, allow or task", |text| {
                match text {
                    "skip" => Some(RolePolicy::Skip),
                    "allow" => Some(RolePolicy::Allow),
                    "task" => Some(RolePolicy::Task),
                    _ => None,
                }
            }),
            role_names: section.list(
                "role_names",
                "write the part before the @, like \"reception\"",
                |text| {
                    EmailAddress::parse(&format!("{text}@example.com")).ok()?;
                    Some(text.to_lowercase())
                },
            ),
            stale_after_ms: section.number_in("stale_after_ms", 0..=SPAN_MAX_MS) as i64,
            account_stop: section.parsed("account_stop", ACCOUNT_STOP, |text| {
                parse_account_stop(text, account_stop_delay_ms)
            }),
            account_stop_delay_ms,
            free_mail_domains: section.list(
                "free_mail_domains",
                "write a domain, like \"mail.example\"",
                |text| {
                    let address = EmailAddress::parse(&format!("x@{text}")).ok()?;
                    Some(address.domain().to_owned())
                },
            ),
            touch_events: section.list(
                "touch_events",
                "write event kinds like \"call-made\"",
                |text| {
                    (1..=KIND_MAX_BYTES)
                        .contains(&text.len())
                        .then(|| text.to_owned())
                },
            ),
            auto_reply_pause_ms: section.number("auto_reply_pause_ms", SPAN_MAX_MS) as i64,
            soft_bounces_max: section.number("soft_bounces_max", 1_000) as u32,
        };
        at_most(
            section,
            "window",
            guardrails.window.block_count(),
            BLOCKS_MAX,
        );
        for (key, length) in [
            ("role_names", guardrails.role_names.len()),
            ("free_mail_domains", guardrails.free_mail_domains.len()),
            ("touch_events", guardrails.touch_events.len()),
        ] {
            at_most(section, key, length, NAMES_MAX);
        }
        section.finish();
        guardrails
    }
}

pub(super) fn read_breaker(section: &Section<'_>) -> Breaker {
    let breaker = Breaker {
        sends_min: section.number("sends_min", 1_000_000),
        bounce_rate_max: section.rate("bounce_rate_max"),
        complaint_rate_max: section.rate("complaint_rate_max"),
        complaints_max: section.number("complaints_max", 1_000_000),
        window_ms: section.number("window_ms", SPAN_MAX_MS) as i64,
        pause_ms: section.number("pause_ms", SPAN_MAX_MS) as i64,
    };
    section.finish();
    breaker
}

pub(super) const OVER_CAP: &str = "use defer, skip or drop";
pub(super) const ACCOUNT_STOP: &str = "use nothing, stop or delay";
pub(super) const WINDOW: &str = "write blocks like \"mon-fri 09:00-17:30\"; one over midnight is two: \"fri 22:00-24:00\", \"sat 00:00-02:00\"";

pub(super) fn caps(section: &Section<'_>, key: &str) -> Vec<Cap> {
    let caps = section.list(key, CAP_GRAMMAR, Cap::parse);
    at_most(section, key, caps.len(), CAPS_MAX);
    caps
}

pub(super) fn parse_over_cap(text: &str) -> Option<OverCap> {
    match text {
        "defer" => Some(OverCap::Defer),
        "skip" => Some(OverCap::Skip),
        "drop" => Some(OverCap::Drop),
        _ => None,
    }
}

pub(super) fn parse_account_stop(text: &str, delay_ms: i64) -> Option<AccountStop> {
    match text {
        "nothing" => Some(AccountStop::Nothing),
        "stop" => Some(AccountStop::Stop),
        "delay" => Some(AccountStop::Delay { ms: delay_ms }),
        _ => None,
    }
}

pub(super) fn parse_block(text: &str) -> Option<Block> {
    Block::parse(text).ok()
}

pub(super) fn at_most(section: &Section<'_>, key: &str, length: usize, max: usize) {
    if length > max {
        section.problem(
            key,
            &format!("has {length} entries, {max} allowed"),
            "shorten it",
        );
    }
}
