//! Whether a component may be compiled: by its size, what it says of itself, what it imports and exports.
//!
//! In goes a file from anywhere; out comes its manifest, or a reason that its author can act upon.

use crate::domain::component::{Component, ComponentError};
use crate::domain::manifest::{Manifest, PluginKind};
use crate::domain::trigger::may_bring;

use super::Limits;

/// Interfaces any plugin may import, up to their version. All of WASI's are virtual here (`wasi.rs`).
const IMPORTS_ALLOWED: &[&str] = &[
    "followup:plugin/types@0.1.",
    "followup:plugin/log@0.1.",
    "followup:plugin/calendar@0.1.",
    "wasi:io/",
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:random/",
    "wasi:filesystem/",
    "wasi:sockets/",
];

/// WASI of another generation has the same interface names with other contents.
const WASI_VERSION: &str = "@0.2.";

/// What only a trigger may import.
const OF_TRIGGERS: &[&str] = &[
    "followup:plugin/trigger-types@0.1.",
    "followup:plugin/secrets@0.1.",
];

/// What a trigger may import once its manifest asks for hosts.
const OF_HTTP: &[&str] = &["wasi:http/types@0.2.", "wasi:http/outgoing-handler@0.2."];

const DECIDE: &str = "followup:plugin/policy-decide@0.1.";
const RECEIVE: &str = "followup:plugin/trigger-webhook@0.1.";
const POLL: &str = "followup:plugin/trigger-poll@0.1.";

/// How compiled code begins, whoever compiled it: wasmtime writes ELF.
const COMPILED: &[u8] = b"\x7fELF";

/// Why a file is no plugin that can run here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    #[error("the component is {bytes} bytes long; component_max_bytes is {allowed}")]
    TooLarge { bytes: usize, allowed: usize },
    #[error(transparent)]
    Component(#[from] ComponentError),
    #[error(
        "this is compiled code, which is never taken from outside: give the component it was compiled from"
    )]
    Precompiled,
    #[error(
        "the component imports {import}: a {} may import followup:plugin/log and /calendar of version 0.1{}, and WASI 0.2's io, cli, clocks, random, filesystem and sockets (all of them empty)",
        kind.as_str(),
        if *kind == PluginKind::Trigger { ", /secrets" } else { "" }
    )]
    Import { import: String, kind: PluginKind },
    #[error(
        "the component imports {0}, but its manifest asks for no host; add to plugin.toml\n[[grants.http]]\nhost = \"api.example.com\"\nreason = \"why\""
    )]
    HttpNotAskedFor(String),
    #[error(
        "plugin {0:?} is a policy, but its component does not export followup:plugin/policy-decide@0.1"
    )]
    NoDecide(String),
    #[error(
        "plugin {0:?} is a trigger, but its component exports neither followup:plugin/trigger-webhook@0.1 nor /trigger-poll@0.1"
    )]
    NoTrigger(String),
    #[error(
        "trigger {plugin:?} wants to bring {kind}: only the host itself tells that; choose another kind in plugin.toml, events"
    )]
    KindOfTheHost { plugin: String, kind: String },
    #[error(
        "plugin {plugin:?} asks for limits.{limit} = {asked}, this host allows {allowed}; an administrator allows it by\n[{section}]\n{limit} = {asked}"
    )]
    AsksTooMuch {
        plugin: String,
        limit: &'static str,
        asked: u64,
        allowed: u64,
        section: &'static str,
    },
    #[error("the component does not compile: {0}")]
    Compile(String),
    #[error("the component does not fit the contract: {0}")]
    Contract(String),
}

/// The manifest of a plugin that may be compiled.
pub(super) fn inspect(wasm: &[u8], limits: &Limits) -> Result<Manifest, LoadError> {
    if wasm.len() > limits.component_max_bytes {
        return Err(LoadError::TooLarge {
            bytes: wasm.len(),
            allowed: limits.component_max_bytes,
        });
    }
    if wasm.starts_with(COMPILED) {
        return Err(LoadError::Precompiled);
    }
    let Component {
        manifest,
        imports,
        exports,
        ..
    } = Component::read(wasm)?;
    for import in &imports {
        may_import(import, &manifest)?;
    }
    let exports = |wanted: &str| exports.iter().any(|name| name.starts_with(wanted));
    match manifest.kind {
        PluginKind::Policy if !exports(DECIDE) => return Err(LoadError::NoDecide(manifest.id)),
        PluginKind::Trigger if !exports(RECEIVE) && !exports(POLL) => {
            return Err(LoadError::NoTrigger(manifest.id));
        }
        PluginKind::Policy => {}
        PluginKind::Trigger => {
            if let Some(kind) = manifest.events.iter().find(|kind| !may_bring(kind)) {
                return Err(LoadError::KindOfTheHost {
                    kind: kind.clone(),
                    plugin: manifest.id,
                });
            }
        }
    }
    Ok(manifest)
}

fn may_import(import: &str, manifest: &Manifest) -> Result<(), LoadError> {
    let is_one_of = |names: &[&str]| names.iter().any(|name| import.starts_with(name));
    let version_fits = !import.starts_with("wasi:") || import.contains(WASI_VERSION);
    if is_one_of(IMPORTS_ALLOWED) && version_fits {
        return Ok(());
    }
    let kind = manifest.kind;
    if kind == PluginKind::Trigger && is_one_of(OF_TRIGGERS) {
        return Ok(());
    }
    if kind == PluginKind::Trigger && is_one_of(OF_HTTP) {
        if manifest.grants.http.is_empty() {
            return Err(LoadError::HttpNotAskedFor(import.to_owned()));
        }
        return Ok(());
    }
    Err(LoadError::Import {
        import: import.to_owned(),
        kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expect` is a part of the message, or "" for an import that may be.
    fn check(kind: &str, grants: &str, import: &str, expect: &str) {
        let text = format!(
            "id = \"test\"\nname = \"Test\"\nversion = \"0.1.0\"\nkind = \"{kind}\"\ndescription = \"\"\nevents = [\"acme.event\"]\n[config]\n{grants}"
        );
        let manifest = Manifest::parse(&text).expect("a manifest");
        match may_import(import, &manifest) {
            Ok(()) => assert_eq!(expect, "", "{kind} {import}"),
            Err(error) => {
                let told = error.to_string();
                assert!(
                    !expect.is_empty() && told.contains(expect),
                    "{import}: {told}"
                );
            }
        }
    }

    #[test]
    fn imports_of_a_policy() {
        let check = |import, expect| check("policy", "", import, expect);
        check("followup:plugin/log@0.1.0", "");
        check("followup:plugin/calendar@0.1.7", "");
        check("followup:plugin/calendar@0.2.0", "a policy may import");
        check("followup:plugin/secrets@0.1.0", "a policy may import");
        check("wasi:cli/environment@0.2.6", "");
        check("wasi:clocks/wall-clock@0.2.12", "");
        check("wasi:clocks/system-clock@0.3.0", "a policy may import");
        check("wasi:http/types@0.2.10", "a policy may import");
        check("wasi:http/outgoing-handler@0.2.10", "a policy may import");
        check("wasi:config/store@0.2.0-rc.1", "a policy may import");
        check("acme:spy/eyes@0.1.0", "a policy may import");
    }

    #[test]
    fn imports_of_a_trigger() {
        let grant = "[[grants.http]]\nhost = \"api.example.com\"\nreason = \"tests\"\n";
        check("trigger", "", "followup:plugin/secrets@0.1.0", "");
        check("trigger", "", "followup:plugin/trigger-types@0.1.0", "");
        check("trigger", "", "wasi:io/streams@0.2.6", "");
        check("trigger", grant, "wasi:http/types@0.2.4", "");
        check("trigger", grant, "wasi:http/outgoing-handler@0.2.4", "");
        check(
            "trigger",
            grant,
            "wasi:http/incoming-handler@0.2.4",
            "a trigger may import",
        );
        check(
            "trigger",
            grant,
            "wasi:http/handler@0.3.0",
            "a trigger may import",
        );
        check(
            "trigger",
            grant,
            "acme:spy/eyes@0.1.0",
            "a trigger may import",
        );
        check(
            "trigger",
            "",
            "wasi:http/outgoing-handler@0.2.4",
            "asks for no host; add to plugin.toml\n[[grants.http]]",
        );
    }
}
