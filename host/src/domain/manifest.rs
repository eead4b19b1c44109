//! What a plugin says of itself before any of its code runs.
//!
//! Source of truth is the author's `plugin.toml`; its text travels inside the component as the
//! custom section `followup:manifest`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::decision::Action;

/// The name of the component's custom section.
pub const SECTION: &str = "followup:manifest";

/// The largest manifest, in bytes.
pub const MANIFEST_MAX_BYTES: usize = 256 * 1024;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// The name that sequences use: lower-case letters, digits and dashes.
    pub id: String,
    /// For people.
    pub name: String,
    /// Semantic version.
    pub version: String,
    pub kind: PluginKind,
    pub description: String,
    /// Event kinds it wants beside the one that enrols and its own timers.
    #[serde(default)]
    pub events: Vec<String>,
    /// Actions it may take; any other makes the decision a bad output.
    #[serde(default)]
    pub actions: Vec<String>,
    /// JSON Schema (2020-12) of its configuration, written as TOML. `format = "template"` marks a
    /// string that names a template.
    pub config: Value,
    /// Powers beyond the contract, with the author's reason. A policy has none.
    #[serde(default)]
    pub grants: Vec<Grant>,
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
}

/// Something a plugin asks to be allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Grant {
    /// `http` or `secret`.
    pub kind: String,
    /// The host or the secret's name.
    pub name: String,
    pub reason: String,
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
        let numbers: Vec<_> = self
            .version
            .split(['-', '+'])
            .next()
            .unwrap_or_default()
            .split('.')
            .collect();
        if numbers.len() != 3 || numbers.iter().any(|n| n.parse::<u32>().is_err()) {
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
        if self.kind == PluginKind::Policy && !self.grants.is_empty() {
            problems.push(
                "a policy cannot be granted anything: move the access to a trigger".to_owned(),
            );
        }
        for name in self.templates.keys().filter(|name| !slug(name)) {
            problems.push(format!(
                "template {name:?}: use 1 to 64 lower-case letters, digits and dashes"
            ));
        }
        problems
    }
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
    fn a_policy_asks_for_no_grants() {
        let bad = GOOD.replace(
            "[config]",
            "[[grants]]\nkind = \"http\"\nname = \"example.com\"\nreason = \"because\"\n[config]",
        );
        assert!(Manifest::parse(&bad).is_err());
    }
}
