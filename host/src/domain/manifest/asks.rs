//! What an administrator approves: everything that a plugin may do, in a form that two versions can
//! be compared by.
//!
//! Reasons, templates and texts are not part of it: they change nothing that a plugin may do. Nor are
//! the limits it asks for: the administrator's are the ceiling.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Manifest, PluginKind, SecretUse};
use crate::domain::digest;

/// All of it, as sorted lines: `calls GET https://api.example.com/v1/*`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asks {
    /// One line each; the same ask has the same line in every version.
    pub lines: BTreeSet<String>,
}

impl Asks {
    pub fn of(manifest: &Manifest) -> Self {
        let mut lines = BTreeSet::new();
        let kind = manifest.kind.as_str();
        lines.insert(format!("is a {kind}"));
        let hears = match manifest.kind {
            PluginKind::Policy => "hears",
            PluginKind::Trigger => "brings",
        };
        lines.extend(
            manifest
                .events
                .iter()
                .map(|event| format!("{hears} {event}")),
        );
        lines.extend(
            manifest
                .actions
                .iter()
                .map(|action| format!("does {action}")),
        );
        for grant in &manifest.grants.http {
            let host = &grant.host.0;
            let paths: &[String] = if grant.paths.is_empty() {
                &["/*".to_owned()]
            } else {
                &grant.paths
            };
            for method in &grant.methods {
                lines.extend(
                    paths
                        .iter()
                        .map(|path| format!("calls {method} {host}{path}")),
                );
            }
        }
        for secret in &manifest.grants.secrets {
            let name = &secret.name;
            for used_as in &secret.uses {
                match used_as {
                    SecretUse::Verify => {
                        lines.insert(format!("verifies with secret {name}"));
                    }
                    SecretUse::Header => lines.extend(
                        secret
                            .hosts
                            .iter()
                            .map(|host| format!("sends secret {name} to {}", host.0)),
                    ),
                }
            }
        }
        // A change of scheme is a change of whom the host believes.
        lines.extend(manifest.verify.iter().map(|verify| {
            let header = verify.header.as_deref().unwrap_or("its own headers");
            format!("is verified by {} in {header}", verify.scheme.as_str())
        }));
        Self { lines }
    }

    /// `sha256:…`: what an approval is of.
    pub fn digest(&self) -> String {
        let text = serde_json::to_vec(self).expect("lines and numbers are JSON");
        digest::of_bytes(&text)
    }

    /// What this asks for that `approved` does not hold, a line each.
    pub fn beyond(&self, approved: &Self) -> Vec<String> {
        let mut more: Vec<_> = self.lines.difference(&approved.lines).cloned().collect();
        // No check of the sender any more is more, too.
        let verified = |asks: &Self| {
            asks.lines
                .iter()
                .any(|line| line.starts_with("is verified by "))
        };
        if verified(approved) && !verified(self) {
            more.push("is no longer verified by the host".to_owned());
        }
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIGGER: &str = r#"
        id = "webinar"
        name = "Webinar"
        version = "0.1.0"
        kind = "trigger"
        description = "Who did not show up."
        events = ["acme.no-show"]
        [config]
        type = "object"
        [[grants.http]]
        host = "api.example.com"
        paths = ["/v1/*"]
        reason = "Asks who came."
        [[grants.secrets]]
        name = "api_key"
        uses = ["header"]
        hosts = ["api.example.com"]
        reason = "Logs in."
    "#;

    fn asks(text: &str) -> Asks {
        Asks::of(&Manifest::parse(text).expect("a manifest"))
    }

    #[test]
    fn more_is_told_and_less_is_not() {
        let check = |from: &str, to: &str, expect: &[&str]| {
            let changed = asks(&TRIGGER.replace(from, to));
            assert_eq!(changed.beyond(&asks(TRIGGER)), expect, "{from} -> {to}");
        };
        check("0.1.0", "0.2.0", &[]);
        check("Asks who came.", "Because.", &[]);
        check(
            "paths = [\"/v1/*\"]",
            "methods = [\"GET\", \"POST\"]\npaths = [\"/v1/*\"]",
            &["calls POST api.example.com/v1/*"],
        );
        check(
            "paths = [\"/v1/*\"]\n",
            "",
            &["calls GET api.example.com/*"],
        );
    }

    #[test]
    fn the_digest_is_of_what_may_be_done() {
        let digest = asks(TRIGGER).digest();
        assert_eq!(digest, asks(&TRIGGER.replace("0.1.0", "0.2.0")).digest());
        assert_ne!(
            digest,
            asks(&TRIGGER.replace("acme.no-show", "acme.came")).digest()
        );
    }
}
