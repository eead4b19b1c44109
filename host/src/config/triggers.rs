//! `[connections.NAME]` of the kind `trigger`: which plugin it is, and what it is given.
//!
//! What the plugin's manifest says of secrets, options and hosts is held against this in `validate`;
//! here every value is only usable on its own.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::{Map, Value as Json};

use crate::domain::instant::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};
use crate::domain::manifest::{HostPattern, POLL_MAX_S, POLL_MIN_S};
use crate::domain::network::Network;

use super::reader::Section;
use super::sequences::object;

/// A trigger that is fed by webhooks, asks at an interval, or both.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// The plugin's id.
    pub plugin: String,
    /// By the names of its manifest.
    pub secrets: BTreeMap<String, SecretString>,
    /// The plugin's own options.
    pub config: Json,
    /// None where the manifest's own interval holds.
    pub poll_every_ms: Option<i64>,
    /// The only ones of the manifest's hosts that it may call; none: all of them.
    pub hosts: Option<Vec<HostPattern>>,
    /// Private addresses that it may call all the same.
    pub allow_private: Vec<Network>,
    /// Whether people it speaks of become contacts.
    pub creates_contacts: bool,
}

impl Trigger {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let plugin = section.required_text("plugin", "\"calendly\"");
        let trigger = Self {
            plugin: plugin.clone().unwrap_or_default(),
            secrets: secrets(&section.section("secrets")),
            config: section
                .section("config")
                .table()
                .map_or_else(|| Json::Object(Map::new()), object),
            poll_every_ms: section.optional_parsed("poll_every", EVERY, every_ms),
            hosts: section.optional_list("hosts", HOSTS, |text| {
                let pattern = HostPattern(text.to_owned());
                pattern.problem().is_none().then_some(pattern)
            }),
            allow_private: section.list("allow_private", PRIVATE, |text| text.parse().ok()),
            creates_contacts: section.boolean("creates_contacts"),
        };
        plugin.map(|_| trigger)
    }
}

const EVERY: &str = "write a time from 10s to 7d, like \"5m\"";
const HOSTS: &str = "write names like \"api.example.com\", as the plugin's manifest has them";
const PRIVATE: &str = "write networks like \"10.1.2.0/24\" or \"127.0.0.1/32\"";

/// Each under a name of the manifest's.
fn secrets(section: &Section<'_>) -> BTreeMap<String, SecretString> {
    let names = section.table().into_iter().flat_map(|table| table.iter());
    names
        .filter_map(|(name, _)| Some((name.to_owned(), section.secret(name)?)))
        .collect()
}

/// A duration within what a poll may take.
fn every_ms(text: &str) -> Option<i64> {
    let range = POLL_MIN_S as i64 * SECOND_MS..=POLL_MAX_S as i64 * SECOND_MS;
    duration(text).filter(|ms| range.contains(ms))
}

/// `30s`, `5m`, `2h`, `1d`, in milliseconds.
pub(super) fn duration(text: &str) -> Option<i64> {
    let (number, unit) = text
        .trim()
        .split_at_checked(text.trim().len().checked_sub(1)?)?;
    let unit_ms = match unit {
        "s" => SECOND_MS,
        "m" => MINUTE_MS,
        "h" => HOUR_MS,
        "d" => DAY_MS,
        _ => return None,
    };
    Some(i64::from(number.parse::<u32>().ok()?).saturating_mul(unit_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals() {
        for (text, expect) in [
            ("10s", Some(10_000)),
            ("5m", Some(300_000)),
            ("2h", Some(7_200_000)),
            ("7d", Some(604_800_000)),
            ("8d", None),
            ("9s", None),
            ("5", None),
            ("m", None),
            ("-5m", None),
            ("", None),
            ("5 min", None),
            ("5ü", None),
        ] {
            assert_eq!(every_ms(text), expect, "{text}");
        }
    }
}
