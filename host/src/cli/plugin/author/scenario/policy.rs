//! The scenario of a policy: what stands in its file, and how it is played.
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

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::expect::Expect;
use super::stage::{Heard, Stage};
use super::{Played, Used, observe, parse};
use crate::daemon::Plugins;
use crate::domain::Instant;
use crate::sandbox::{Plugin, Sandbox};

/// Whom a scenario is about; who exactly is its own affair.
const EMAIL: &str = "eve@orchard.example";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    story: String,
    #[serde(default)]
    calendar: Map<String, Value>,
    sequences: Map<String, Value>,
    /// Templates beside the policy's own, by name.
    #[serde(default)]
    templates: Map<String, Value>,
    #[serde(default)]
    contact: Map<String, Value>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Step {
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
struct Happening {
    kind: String,
    #[serde(default)]
    data: Map<String, Value>,
    /// The CRM's id: the same one twice is one event.
    id: Option<String>,
    /// Where it happened before it was reported.
    occurred_at: Option<String>,
    /// The mail it is about: 1 is the first that was written.
    about_mail: Option<usize>,
}

/// Plays it. Only what the file expects is looked at.
pub(super) async fn play(
    text: &str,
    sandbox: &Arc<Sandbox>,
    plugin: &Plugin,
) -> anyhow::Result<Played> {
    let scenario = Scenario::read(text)?;
    let plugins = Plugins::under_test(Arc::clone(sandbox), plugin.clone(), &scenario.policies())?;
    let mut observed: Value = parse(text)?;
    let begins_at = scenario.begins_at()?;
    let mut stage = Stage::set(begins_at, &scenario.toml()?, &scenario.files(), &plugins).await?;
    let mut wrong = Vec::new();
    for (place, step) in scenario.steps.iter().enumerate() {
        let told = |e: anyhow::Error| e.context(format!("step {}", place + 1));
        match step {
            Step::Happens { at, event } => {
                stage.live_until(instant(at)?).await.map_err(told)?;
                scenario.hear(&mut stage, event).await.map_err(told)?;
            }
            Step::Passes { until, expect } => {
                stage.live_until(instant(until)?).await.map_err(told)?;
                let Some(expect) = expect else { continue };
                let (report, mails) = (stage.report(EMAIL).await.map_err(told)?, stage.mails()?);
                if let Err(e) = expect.check(&report, &mails) {
                    wrong.push(format!("step {}: {e:#}", place + 1));
                }
                let slot = &mut observed["steps"][place]["expect"];
                observe::fill(slot, &report, &mails);
            }
        }
    }
    let played = look_back(&stage, plugin, wrong, observed).await;
    stage.strike().await;
    played
}

/// What the calls took; a call that failed is wrong, whatever was expected.
async fn look_back(
    stage: &Stage,
    plugin: &Plugin,
    mut wrong: Vec<String>,
    observed: Value,
) -> anyhow::Result<Played> {
    if let Ok(report) = stage.report(EMAIL).await {
        let faults = report.faults.iter().map(|fault| {
            let said = fault.stderr_tail.trim_end();
            let said = said.lines().map(|line| format!("\n    {line}"));
            format!(
                "{} failed: {}{}",
                fault.event,
                fault.fault,
                said.collect::<String>()
            )
        });
        // A call is repeated before it is parked, and fails in the same way.
        wrong.extend(faults.collect::<BTreeSet<_>>());
    }
    let mut inputs = Vec::new();
    let mut calls = Vec::new();
    for row in stage.recorded(&plugin.manifest().id).await? {
        calls.push(Used {
            fuel: row.fuel,
            memory_bytes: row.memory_bytes,
        });
        inputs.push(row.input);
    }
    Ok(Played {
        wrong,
        calls,
        observed,
        inputs,
        ..Played::default()
    })
}

impl Scenario {
    fn read(text: &str) -> anyhow::Result<Self> {
        let scenario: Self = parse(text)?;
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
    fn begins_at(&self) -> anyhow::Result<Instant> {
        match self.steps.first().context("no steps")? {
            Step::Happens { at, .. } => instant(at),
            Step::Passes { until, .. } => instant(until),
        }
    }

    /// The policies its sequences use.
    fn policies(&self) -> BTreeSet<String> {
        let sequences = self.sequences.values();
        let policies = sequences.filter_map(|sequence| sequence.get("policy")?.as_str());
        policies.map(str::to_owned).collect()
    }

    fn toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(
            &json!({ "calendar": self.calendar, "sequences": self.sequences }),
        )?)
    }

    /// The templates, as files.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let text = |text: &Value| text.as_str().unwrap_or_default().as_bytes().to_vec();
        self.templates
            .iter()
            .map(|(name, template)| (format!("templates/{name}.md"), text(template)))
            .collect()
    }

    /// Tells the event, about the mail it names.
    async fn hear(&self, stage: &mut Stage, event: &Happening) -> anyhow::Result<()> {
        let mut data = self.data(event);
        if let Some(number) = event.about_mail {
            let messages = stage.report(EMAIL).await?.messages;
            let message = messages.get(number.wrapping_sub(1));
            data["message_id"] = message
                .context("about_mail: no such mail")?
                .id
                .clone()
                .into();
        }
        let heard = Heard {
            kind: &event.kind,
            email: EMAIL,
            data,
            id: event.id.as_deref(),
            at: event.occurred_at.as_deref().map(instant).transpose()?,
        };
        stage.hear(heard).await
    }

    /// What the CRM sends with an event.
    fn data(&self, event: &Happening) -> Value {
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
