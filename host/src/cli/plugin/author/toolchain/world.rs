//! The world of the contract that a plugin is built for: it follows from what the entry file exports, so
//! that an author never has to name it.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use crate::domain::manifest::{Manifest, PluginKind};

/// What a language calls the contract's exports; none where its SDK has no words for one.
pub(super) struct Exports {
    pub decide: &'static str,
    pub migrate: Option<&'static str>,
    pub webhook: &'static str,
    pub poll: Option<&'static str>,
}

/// The file that the tools start from, and the world.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// `policy` or `trigger`: the file's name without its ending.
    pub name: &'static str,
    pub world: &'static str,
}

/// The entry of a plugin's folder, whose language writes files that end in `ending`.
pub(super) fn entry(folder: &Path, ending: &str, exports: &Exports) -> anyhow::Result<Entry> {
    let (_, manifest) = super::super::build::manifest(folder)?;
    let file = folder.join(format!("{}.{ending}", name(&manifest)));
    let source = fs::read_to_string(&file).with_context(|| {
        format!(
            "{} cannot be read: a {}'s code begins there",
            file.display(),
            name(&manifest)
        )
    })?;
    let Some(world) = world(manifest.kind, &source, exports) else {
        bail!(
            "{} exports nothing that the host could call: it needs {}",
            file.display(),
            match manifest.kind {
                PluginKind::Policy => exports.decide.to_owned(),
                PluginKind::Trigger => [Some(exports.webhook), exports.poll]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(" or "),
            }
        );
    };
    Ok(Entry {
        name: name(&manifest),
        world,
    })
}

fn name(manifest: &Manifest) -> &'static str {
    manifest.kind.as_str()
}

fn world(kind: PluginKind, source: &str, exports: &Exports) -> Option<&'static str> {
    let has = |export: Option<&str>| export.is_some_and(|name| has_word(source, name));
    match kind {
        PluginKind::Policy if !has(Some(exports.decide)) => None,
        PluginKind::Policy if has(exports.migrate) => Some("policy-migrating"),
        PluginKind::Policy => Some("policy"),
        PluginKind::Trigger => match (has(Some(exports.webhook)), has(exports.poll)) {
            (true, true) => Some("trigger"),
            (true, false) => Some("trigger-webhook-only"),
            (false, true) => Some("trigger-poll-only"),
            (false, false) => None,
        },
    }
}

fn has_word(source: &str, word: &str) -> bool {
    source
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|found| found == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use PluginKind::{Policy, Trigger};

    #[test]
    fn the_world_follows_from_what_is_exported() {
        let exports = Exports {
            decide: "policyDecide",
            migrate: Some("policyMigrate"),
            webhook: "triggerWebhook",
            poll: Some("triggerPoll"),
        };
        let check = |kind, source: &str, expect: Option<&str>| {
            assert_eq!(world(kind, source, &exports), expect, "{source}");
        };
        check(
            Policy,
            "export const policyDecide = policy({})",
            Some("policy"),
        );
        check(
            Policy,
            "export { policyDecide, policyMigrate }",
            Some("policy-migrating"),
        );
        check(Policy, "const mypolicyDecide = 1", None);
        check(Trigger, "export const policyDecide = policy({})", None);
        check(
            Trigger,
            "triggerWebhook = webhook(f)",
            Some("trigger-webhook-only"),
        );
        check(Trigger, "triggerPoll=poll(f)", Some("trigger-poll-only"));
        check(Trigger, "triggerPoll triggerWebhook", Some("trigger"));
    }
}
