//! What is stopped for the time being, and what that stops.

use serde::{Deserialize, Serialize};

use super::Instant;

/// How much a pause stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Everything.
    Tenant,
    Sequence,
    Contact,
    Identity,
    /// A policy that keeps failing is not asked: what it would have decided waits.
    Plugin,
}

impl Scope {
    pub const ALL: [Self; 5] = [
        Self::Tenant,
        Self::Sequence,
        Self::Contact,
        Self::Identity,
        Self::Plugin,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Sequence => "sequence",
            Self::Contact => "contact",
            Self::Identity => "identity",
            Self::Plugin => "plugin",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// Who paused. Each has a pause of its own: a breaker that recovers does not undo what a person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    Person,
    /// Too many bounces, complaints or failures.
    Breaker,
}

impl Cause {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Breaker => "breaker",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Person, Self::Breaker]
            .into_iter()
            .find(|cause| cause.as_str() == text)
    }
}

/// A pause that has not been lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pause {
    pub scope: Scope,
    /// Of the sequence, identity or plugin; the contact's number; empty for the tenant.
    pub name: String,
    pub cause: Cause,
    pub reason: String,
    pub since: Instant,
    /// When it lifts itself; none where somebody has to.
    pub until: Option<Instant>,
}

impl Pause {
    /// Whether it keeps this contact's mail of this sequence and identity from leaving.
    pub fn stops(&self, contact: i64, sequence: &str, identity: &str) -> bool {
        match self.scope {
            Scope::Tenant => true,
            Scope::Sequence => self.name == sequence,
            Scope::Contact => self.name == contact.to_string(),
            Scope::Identity => self.name == identity,
            // What it decided before was decided well.
            Scope::Plugin => false,
        }
    }

    /// `sequence welcome is paused: trade fair`.
    pub fn explain(&self) -> String {
        let what = match self.scope {
            Scope::Tenant => "everything is paused".to_owned(),
            Scope::Contact => "the contact is paused".to_owned(),
            scope => format!("{} {} is paused", scope.as_str(), self.name),
        };
        format!("{what}: {}", self.reason)
    }
}

/// All open pauses of a tenant.
#[derive(Debug, Clone, Default)]
pub struct Pauses(pub Vec<Pause>);

impl Pauses {
    /// Why nothing leaves for this contact, sequence and identity; none where nothing is paused.
    pub fn reason_for(&self, contact: i64, sequence: &str, identity: &str) -> Option<String> {
        self.stopping(contact, sequence, identity)
            .next()
            .map(Pause::explain)
    }

    /// Why this policy is not asked; none where it is.
    pub fn of_plugin(&self, plugin: &str) -> Option<String> {
        let found = self
            .0
            .iter()
            .find(|pause| pause.scope == Scope::Plugin && pause.name == plugin);
        found.map(Pause::explain)
    }

    /// Every pause that has to be lifted before mail of this contact, sequence and identity leaves.
    pub fn stopping<'a>(
        &'a self,
        contact: i64,
        sequence: &'a str,
        identity: &'a str,
    ) -> impl Iterator<Item = &'a Pause> {
        self.0
            .iter()
            .filter(move |pause| pause.stops(contact, sequence, identity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_stops_what_it_names_and_nothing_else() {
        let check = |scope: Scope, name: &str, expect: Option<&str>| {
            let pauses = Pauses(vec![Pause {
                scope,
                name: name.to_owned(),
                cause: Cause::Person,
                reason: "trade fair".to_owned(),
                since: Instant(0),
                until: None,
            }]);
            let reason = pauses.reason_for(7, "welcome", "ada");
            assert_eq!(reason.as_deref(), expect, "{scope:?} {name}");
        };
        check(Scope::Tenant, "", Some("everything is paused: trade fair"));
        check(
            Scope::Sequence,
            "welcome",
            Some("sequence welcome is paused: trade fair"),
        );
        check(Scope::Sequence, "other", None);
        check(
            Scope::Contact,
            "7",
            Some("the contact is paused: trade fair"),
        );
        check(Scope::Contact, "8", None);
        check(
            Scope::Identity,
            "ada",
            Some("identity ada is paused: trade fair"),
        );
        check(Scope::Identity, "bob", None);
        check(Scope::Plugin, "welcome", None);
    }
}
