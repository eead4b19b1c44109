//! The configured sequences, ready to run: compiled rule, loaded plugin versions, resolved identity.

use std::collections::HashMap;
use std::sync::Arc;

use super::enrol::EnrolRule;
use crate::domain::digest;
use crate::domain::enrollment::ExitRules;
use crate::domain::install::Running;
use crate::guardrails::{Rules, Sender};
use crate::sandbox::Plugin;

/// A version of a policy, and its number in the store.
#[derive(Clone)]
pub struct Version {
    pub plugin: Plugin,
    pub plugin_id: i64,
}

impl Version {
    /// Whether the policy asked for events of this kind.
    pub fn wants(&self, kind: &str) -> bool {
        self.plugin
            .manifest()
            .events
            .iter()
            .any(|wanted| wanted == kind)
    }

    /// The plugin's, in its manifest.
    pub fn id(&self) -> &str {
        &self.plugin.manifest().id
    }
}

/// A sequence as the engine runs it.
#[derive(Clone)]
pub struct Sequence {
    pub name: String,
    /// Its number in the store.
    pub sequence_id: i64,
    /// Decides for new enrollments.
    pub active: Version,
    /// Versions that enrollments may still run on.
    pub older: Vec<Version>,
    /// What becomes of those enrollments.
    pub running: Running,
    /// The policy's configuration, JSON text valid against the manifest's schema.
    pub config: String,
    pub enrol: EnrolRule,
    pub exits: ExitRules,
    pub sender: Sender,
    pub rules: Arc<Rules>,
}

impl Sequence {
    /// What a failed call failed with: when it changes, the call is worth another try.
    pub fn fingerprint(plugin_digest: &str, config: &str) -> String {
        digest::id("fp", &[plugin_digest.as_bytes(), config.as_bytes()])
    }

    /// The version that decides next for an enrollment that `last` decided for.
    pub fn version_after(&self, last: Option<i64>) -> &Version {
        let stays = |version: &&Version| {
            self.running == Running::FinishOnOld && Some(version.plugin_id) == last
        };
        self.older.iter().find(stays).unwrap_or(&self.active)
    }
}

/// All sequences, found by their number in the store.
#[derive(Clone, Default)]
pub struct Sequences {
    by_id: HashMap<i64, usize>,
    all: Vec<Sequence>,
}

impl Sequences {
    pub fn new(all: Vec<Sequence>) -> Self {
        Self {
            by_id: all
                .iter()
                .enumerate()
                .map(|(place, s)| (s.sequence_id, place))
                .collect(),
            all,
        }
    }

    /// None for a sequence that is no longer configured.
    pub fn by_id(&self, sequence_id: i64) -> Option<&Sequence> {
        self.by_id.get(&sequence_id).map(|place| &self.all[*place])
    }

    /// In the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Sequence> {
        self.all.iter()
    }
}
