//! What stands in a scenario file.
//!
//! ```json
//! {
//!   "story": "What this shows, in a sentence.",
//!   "calendar": { "time_zone": "Europe/Berlin" },
//!   "sequences": { "welcome": { "policy": "cadence", "enrol": "...", "config": {} } },
//!   "contact": { "first_name": "Eve" },
//!   "steps": [
//!     { "at": "2026-03-02T10:00:00+01:00", "event": { "kind": "form-submitted", "data": {} } },
//!     { "until": "2026-03-20T00:00:00+01:00", "expect": { "mails": [] } }
//!   ]
//! }
//! ```
//! `calendar` and `sequences` are written as in followup.toml; `contact` is what the CRM tells of the
//! person with every event (an event's own `data.contact` goes before it). `expect.rs` says what can
//! be expected.

use std::path::Path;

use anyhow::{Context, bail};
use followup::domain::Instant;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::expect::Expect;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    story: String,
    #[serde(default)]
    calendar: Map<String, Value>,
    sequences: Map<String, Value>,
    /// Templates beside the policy's own, by name.
    #[serde(default)]
    templates: Map<String, Value>,
    #[serde(default)]
    contact: Map<String, Value>,
    pub(super) steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Step {
    Happens {
        at: String,
        event: Happening,
    },
    Passes {
        until: String,
        expect: Option<Expect>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Happening {
    pub(super) kind: String,
    #[serde(default)]
    data: Map<String, Value>,
    /// The CRM's id: the same one twice is one event.
    pub(super) id: Option<String>,
    /// Where it happened before it was reported.
    pub(super) occurred_at: Option<String>,
    /// The mail it is about: 1 is the first that was written.
    pub(super) about_mail: Option<usize>,
}

impl Scenario {
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let scenario: Self = serde_json::from_str(&std::fs::read_to_string(file)?)?;
        if scenario.story.trim().is_empty() {
            bail!("say in `story` what it shows");
        }
        let looks = |step: &Step| {
            matches!(
                step,
                Step::Passes {
                    expect: Some(_),
                    ..
                }
            )
        };
        if !scenario.steps.last().is_some_and(looks) {
            bail!("the last step must be an `until` with an `expect`, or nothing is shown");
        }
        Ok(scenario)
    }

    /// When the first step is.
    pub(super) fn begins_at(&self) -> anyhow::Result<Instant> {
        match self.steps.first().context("no steps")? {
            Step::Happens { at, .. } => instant(at),
            Step::Passes { until, .. } => instant(until),
        }
    }

    pub(super) fn toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(
            &json!({ "calendar": self.calendar, "sequences": self.sequences }),
        )?)
    }

    /// The templates, as files.
    pub(super) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let text = |text: &Value| text.as_str().unwrap_or_default().as_bytes().to_vec();
        self.templates
            .iter()
            .map(|(name, template)| (format!("templates/{name}.md"), text(template)))
            .collect()
    }

    #[expect(
        clippy::unused_self,
        reason = "a scenario is about one person; which, is its own affair"
    )]
    pub(super) fn email(&self) -> &'static str {
        "eve@orchard.example"
    }

    /// What the CRM sends with an event.
    pub(super) fn data(&self, event: &Happening) -> Value {
        let mut data = event.data.clone();
        let mut contact = self.contact.clone();
        if let Some(Value::Object(own)) = data.get("contact") {
            contact.extend(own.clone());
        }
        data.insert("contact".to_owned(), Value::Object(contact));
        Value::Object(data)
    }
}

pub(super) fn instant(text: &str) -> anyhow::Result<Instant> {
    Instant::parse_rfc3339(text)
        .with_context(|| format!("{text:?} is no time like 2026-03-02T10:00:00+01:00"))
}
