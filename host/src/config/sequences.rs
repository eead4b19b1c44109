//! `[sequences.NAME]`: what happens to whom.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use toml_edit::{Item, TableLike, Value};

use crate::calendar::{BLOCKS_MAX, Windows};
use crate::domain::enrollment::ExitRules;
use crate::domain::event::KIND_MAX_BYTES;
use crate::domain::spelling;
use crate::guardrails::enrolment::ReEnrol;
use crate::guardrails::{AccountStop, CAP_GRAMMAR, CAPS_MAX, Cap, OverCap};

use super::guardrails::{
    ACCOUNT_STOP, Guardrails, OVER_CAP, SPAN_MAX_MS, WINDOW, at_most, parse_account_stop,
    parse_block, parse_over_cap,
};
use super::identities::Identity;
use super::places::token;
use super::reader::Section;

#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    /// The plugin's id.
    pub policy: String,
    /// CEL; compiled by `validate`.
    pub enrol: String,
    /// The name of an identity.
    pub identity: String,
    pub re_enrol: ReEnrol,
    /// Where two messages compete for one slot, the higher goes first.
    pub priority: i64,
    pub exclusive: bool,
    /// Written to people who did not ask for it.
    pub cold: bool,
    /// What differs from `[guardrails]`.
    pub own: OwnRules,
    pub exits: ExitRules,
    /// Whether its mails have no HTML part.
    pub plain_text: bool,
    /// The policy's own options.
    pub config: Json,
}

/// The options of `[guardrails]` that a sequence may have its own of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnRules {
    pub contact_caps: Option<Vec<Cap>>,
    pub window: Option<Windows>,
    pub business_days_only: Option<bool>,
    pub over_cap: Option<OverCap>,
    pub account_stop: Option<AccountStop>,
    pub gap_ms: Option<i64>,
}

impl Sequence {
    pub(super) fn read_all(
        sections: &Section<'_>,
        identities: &BTreeMap<String, Identity>,
        guardrails: &Guardrails,
    ) -> BTreeMap<String, Self> {
        let read = |(name, section): (String, Section<'_>)| {
            Some((name, Self::read(&section, identities, guardrails)?))
        };
        sections
            .named(|_, _| "NAME".to_owned())
            .into_iter()
            .filter_map(read)
            .collect()
    }

    fn read(
        section: &Section<'_>,
        identities: &BTreeMap<String, Identity>,
        guardrails: &Guardrails,
    ) -> Option<Self> {
        let policy = section.required_text("policy", "\"cadence\"");
        let enrol = section.required_text("enrol", "'event.kind == \"form-submitted\"'");
        let identity = identity(section, identities);
        let re_enrol = section.parsed(
            "re_enrol",
            "use never, after-finish or a number of days like after-90-days",
            ReEnrol::parse,
        );
        let priority = section.number_in("priority", 0..=PRIORITY_MAX) as i64;
        let exclusive = section.boolean("exclusive");
        let cold = section.boolean("cold");
        let own = own_rules(section, guardrails);
        let exits = exits(&section.section("exits"));
        let plain_text = section.boolean("plain_text");
        let config = section
            .section("config")
            .table()
            .map_or_else(|| Json::Object(Map::new()), object);
        section.finish();
        Some(Self {
            policy: policy?,
            enrol: enrol?,
            identity: identity?,
            re_enrol,
            priority,
            exclusive,
            cold,
            own,
            exits,
            plain_text,
            config,
        })
    }
}

/// The highest priority.
const PRIORITY_MAX: u64 = 1_000;

fn own_rules(section: &Section<'_>, guardrails: &Guardrails) -> OwnRules {
    let window = section
        .optional_list("window", WINDOW, parse_block)
        .map(Windows::new);
    let blocks = window.as_ref().map_or(0, Windows::block_count);
    at_most(section, "window", blocks, BLOCKS_MAX);
    let contact_caps = section.optional_list("contact_caps", CAP_GRAMMAR, Cap::parse);
    let caps = contact_caps.as_ref().map_or(0, Vec::len);
    at_most(section, "contact_caps", caps, CAPS_MAX);
    OwnRules {
        contact_caps,
        window,
        business_days_only: section.optional_boolean("business_days_only"),
        over_cap: section.optional_parsed("over_cap", OVER_CAP, parse_over_cap),
        account_stop: section.optional_parsed("account_stop", ACCOUNT_STOP, |text| {
            parse_account_stop(text, guardrails.account_stop_delay_ms)
        }),
        gap_ms: section
            .optional_number_in("gap_ms", 0..=SPAN_MAX_MS)
            .map(|ms| ms as i64),
    }
}

fn identity(section: &Section<'_>, identities: &BTreeMap<String, Identity>) -> Option<String> {
    // One that is written but wrong was complained about where it stands.
    let written = |pointer: &str| section.reader.places.has(pointer);
    let names: Vec<&str> = identities.keys().map(String::as_str).collect();
    match (section.optional_text("identity"), names.as_slice()) {
        (Some(named), _) if identities.contains_key(&named) => return Some(named),
        (Some(named), _) if written(&format!("/identities/{}", token(&named))) => {}
        (Some(named), _) => {
            let message = format!("names {named:?}, which is no identity");
            section.problem("identity", &message, spelling::suggest(&named, names));
        }
        (None, [only]) => return Some((*only).to_owned()),
        (None, []) if written("/identities") => {}
        (None, []) => {
            let remedy = "add [identities.NAME] with from = \"Ada <ada@acme.example>\"";
            section.problem("identity", "is needed, and there is none", remedy);
        }
        (None, _) => {
            let remedy = format!("use one of: {}", names.join(", "));
            section.problem("identity", "is needed, since there are several", remedy);
        }
    }
    None
}

fn exits(section: &Section<'_>) -> ExitRules {
    let exits = ExitRules {
        replied: section.boolean("replied"),
        converted: section.boolean("converted"),
        meeting_booked: section.boolean("meeting_booked"),
        unsubscribed: section.boolean("unsubscribed"),
        hard_bounce: section.boolean("hard_bounce"),
        complaint: section.boolean("complaint"),
        contact_deleted: section.boolean("contact_deleted"),
        converted_events: section.list(
            "converted_events",
            "write event kinds like \"deal-won\"",
            |text| {
                (1..=KIND_MAX_BYTES)
                    .contains(&text.len())
                    .then(|| text.to_owned())
            },
        ),
    };
    section.finish();
    exits
}

/// A TOML table as JSON, in the order it was written.
pub(super) fn object(table: &dyn TableLike) -> Json {
    Json::Object(
        table
            .iter()
            .map(|(key, item)| (key.to_owned(), json(item)))
            .collect(),
    )
}

fn json(item: &Item) -> Json {
    if let Some(table) = item.as_table_like() {
        return object(table);
    }
    if let Some(tables) = item.as_array_of_tables() {
        return tables.iter().map(|table| object(table)).collect();
    }
    item.as_value().map_or(Json::Null, value)
}

fn value(toml: &Value) -> Json {
    match toml {
        Value::String(text) => Json::from(text.value().as_str()),
        Value::Integer(number) => Json::from(*number.value()),
        Value::Float(number) => Json::from(*number.value()),
        Value::Boolean(yes) => Json::from(*yes.value()),
        Value::Datetime(moment) => Json::from(moment.value().to_string()),
        Value::Array(items) => items.iter().map(value).collect(),
        Value::InlineTable(table) => object(table),
    }
}
