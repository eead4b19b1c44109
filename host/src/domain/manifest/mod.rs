//! What a plugin says of itself before any of its code runs.
//!
//! Source of truth is the author's `plugin.toml`; its text travels inside the component as the
//! custom section `followup:manifest`. Powers beyond the contract are asked for in here, so that an
//! administrator can approve them before anything runs; see `asks`.

mod asks;
mod grants;
mod verify;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::decision::Action;
use super::event::KIND_MAX_BYTES;

pub use asks::Asks;
pub use grants::{Grants, HostPattern, HttpGrant, Secret, SecretUse};
pub use verify::{Scheme, Verify};

/// The name of the component's custom section.
pub const SECTION: &str = "followup:manifest";

/// The largest manifest, in bytes.
pub const MANIFEST_MAX_BYTES: usize = 256 * 1024;

/// The longest version, in bytes.
pub const VERSION_MAX_BYTES: usize = 64;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The name that sequences use: lower-case letters, digits and dashes.
    pub id: String,
    /// For people.
    pub name: String,
    /// Semantic version.
    pub version: String,
    pub kind: PluginKind,
    pub description: String,
    /// Who made it, for people; what proves it is the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// SPDX expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Of a policy, the event kinds it wants beside the one that enrols and its own timers; of a
    /// trigger, the kinds it may bring.
    #[serde(default)]
    pub events: Vec<String>,
    /// Actions it may take; any other makes the decision a bad output.
    #[serde(default)]
    pub actions: Vec<String>,
    /// JSON Schema (2020-12) of its configuration, written as TOML. `format = "template"` marks a
    /// string that names a template.
    pub config: Value,
    /// Powers beyond the contract, with the author's reasons. A policy has none.
    #[serde(default, skip_serializing_if = "Grants::is_empty")]
    pub grants: Grants,
    /// How the host checks a webhook before the trigger sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// How often a trigger wants to be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll: Option<Poll>,
    /// What one call may use, where that is less than the host's limits. A plugin that asks for more
    /// is refused when it is loaded, with the line that would allow it.
    #[serde(default, skip_serializing_if = "Needs::is_empty")]
    pub limits: Needs,
    /// Templates used where the administrator wrote none of that name.
    #[serde(default)]
    pub templates: BTreeMap<String, DefaultTemplate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PluginKind {
    Policy,
    Trigger,
}

impl PluginKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Trigger => "trigger",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Policy, Self::Trigger]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// The interval of a trigger that polls, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// Where the administrator sets none.
    pub every_s: u64,
}

/// The shortest and the longest interval of a poll.
pub const POLL_MIN_S: u64 = 10;
pub const POLL_MAX_S: u64 = 7 * 24 * 3600;

/// Limits of one call that a plugin asks for, by the names of `[sandbox]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Needs {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel_max: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_max_bytes: Option<usize>,
}

impl Needs {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A template as it would stand in a file: a subject and a Markdown body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultTemplate {
    pub subject: String,
    pub body: String,
}

/// What is wrong with a manifest, all of it at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("plugin.toml: {}", .0.join("; "))]
pub struct ManifestError(pub Vec<String>);

impl Manifest {
    /// Reads and checks the text of a `plugin.toml`.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MANIFEST_MAX_BYTES {
            return Err(ManifestError(vec![format!(
                "is {} bytes long, {MANIFEST_MAX_BYTES} allowed",
                text.len()
            )]));
        }
        let manifest: Self =
            toml::from_str(text).map_err(|e| ManifestError(vec![e.to_string()]))?;
        let problems = manifest.problems();
        if problems.is_empty() {
            Ok(manifest)
        } else {
            Err(ManifestError(problems))
        }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let slug = |text: &str| {
            !text.is_empty()
                && text.len() <= 64
                && text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if !slug(&self.id) {
            problems.push(format!(
                "id {:?}: use 1 to 64 lower-case letters, digits and dashes",
                self.id
            ));
        }
        if !is_version(&self.version) {
            problems.push(format!("version {:?}: use MAJOR.MINOR.PATCH", self.version));
        }
        for action in &self.actions {
            if !Action::WORDS.contains(&action.as_str()) {
                problems.push(format!(
                    "action {action:?} is none of {}",
                    Action::WORDS.join(", ")
                ));
            }
        }
        if !self.config.is_object() {
            problems.push("config must be a table: a JSON Schema".to_owned());
        }
        match self.kind {
            PluginKind::Policy => self.problems_of_a_policy(&mut problems),
            PluginKind::Trigger => self.problems_of_a_trigger(&mut problems),
        }
        for name in self.templates.keys().filter(|name| !slug(name)) {
            problems.push(format!(
                "template {name:?}: use 1 to 64 lower-case letters, digits and dashes"
            ));
        }
        problems
    }

    fn problems_of_a_policy(&self, problems: &mut Vec<String>) {
        if !self.grants.is_empty() {
            problems.push(
                "a policy cannot be granted anything: move the access to a trigger".to_owned(),
            );
        }
        if self.verify.is_some() || self.poll.is_some() {
            problems.push("verify and poll are for triggers: leave them out".to_owned());
        }
    }

    fn problems_of_a_trigger(&self, problems: &mut Vec<String>) {
        if !self.actions.is_empty() || !self.templates.is_empty() {
            problems.push("a trigger takes no actions and has no templates".to_owned());
        }
        if self.events.is_empty() {
            problems.push("events: list the kinds of events the trigger brings".to_owned());
        }
        for kind in &self.events {
            if kind.is_empty() || kind.len() > KIND_MAX_BYTES {
                problems.push(format!("event {kind:?}: use 1 to {KIND_MAX_BYTES} bytes"));
            }
        }
        problems.extend(self.grants.problems());
        if let Some(verify) = &self.verify {
            problems.extend(verify.problems(&self.grants));
        }
        if let Some(poll) = self.poll
            && !(POLL_MIN_S..=POLL_MAX_S).contains(&poll.every_s)
        {
            problems.push(format!(
                "poll.every_s {}: use {POLL_MIN_S} to {POLL_MAX_S}",
                poll.every_s
            ));
        }
    }
}

/// `1.2.3`, with a pre-release and a build behind it where need be (semver.org). Nothing else: versions
/// stand in file names and references.
fn is_version(text: &str) -> bool {
    let (numbers, rest) = match text.find(['-', '+']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let plain = |rest: &str| {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'+');
        !rest.is_empty() && rest.bytes().all(is_plain)
    };
    let numbers: Vec<_> = numbers.split('.').collect();
    text.len() <= VERSION_MAX_BYTES
        && numbers.len() == 3
        && numbers.iter().all(|n| n.parse::<u32>().is_ok())
        && rest.is_none_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        id = "nudge"
        name = "Nudge"
        version = "0.1.0"
        kind = "policy"
        description = "Sends one nudge."
        events = ["link-clicked"]
        actions = ["send-email", "exit"]
        [config]
        type = "object"
        [templates.nudge]
        subject = "Hello"
        body = "Hi"
    "#;

    #[test]
    fn a_good_manifest_is_read() {
        let manifest = Manifest::parse(GOOD).expect("good");
        assert_eq!(manifest.id, "nudge");
        assert_eq!(manifest.templates["nudge"].subject, "Hello");
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let bad = GOOD
            .replace("\"nudge\"\n", "\"Nudge!\"\n")
            .replace("0.1.0", "one")
            .replace("\"exit\"", "\"send-fax\"");
        let ManifestError(problems) = Manifest::parse(&bad).expect_err("bad");
        assert_eq!(problems.len(), 3, "{problems:?}");
    }

    #[test]
    fn a_version_is_semantic_to_its_end() {
        let check = |version: &str, expect: bool| {
            let text = GOOD.replace("0.1.0", version);
            assert_eq!(Manifest::parse(&text).is_ok(), expect, "{version}");
        };
        check("1.20.3", true);
        check("1.0.0-rc.1+build.7", true);
        check("1.0", false);
        check("1.0.0.0", false);
        check("1.0.x", false);
        check("+1.0.0", false);
        check("1.0.0-", false);
        check("1.0.0-a/../../b", false);
        check("1.0.0+a b", false);
        check(&format!("1.0.0-{}", "a".repeat(VERSION_MAX_BYTES)), false);
    }

    #[test]
    fn a_policy_asks_for_no_grants() {
        let bad = GOOD.replace(
            "[config]",
            "[[grants.http]]\nhost = \"example.com\"\nreason = \"because\"\n[config]",
        );
        assert!(Manifest::parse(&bad).is_err());
    }
}
