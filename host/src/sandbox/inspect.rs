//! What a component says of itself, read from its bytes before anything is compiled or run.
//!
//! In goes a file from anywhere; out comes its manifest, or a reason that its author can act upon.

use wasmparser::{Encoding, Parser, Payload};

use crate::domain::manifest::{MANIFEST_MAX_BYTES, Manifest, ManifestError, PluginKind, SECTION};

use super::Limits;

/// Interfaces a policy may import, up to their version. All of WASI's are virtual here (`wasi.rs`).
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

const DECIDE: &str = "followup:plugin/policy-decide@0.1.";

/// Why a file is no plugin that can run here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    #[error("the component is {bytes} bytes long; component_max_bytes is {allowed}")]
    TooLarge { bytes: usize, allowed: usize },
    #[error("not a WebAssembly component: {0}; build it for wasm32-wasip2")]
    NotAComponent(String),
    #[error(
        "the component has no manifest: embed the text of plugin.toml as the custom section {SECTION}, as the guest SDK does"
    )]
    NoManifest,
    #[error("the component has {0} manifests (custom sections {SECTION}): keep one")]
    ManyManifests(usize),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("plugin {0:?} is a trigger; this version runs policies, and no triggers yet")]
    Trigger(String),
    #[error(
        "the component imports {0}: a policy may import followup:plugin/log and /calendar of version 0.1, and WASI 0.2's io, cli, clocks, random, filesystem and sockets (all of them empty)"
    )]
    Import(String),
    #[error(
        "plugin {0:?} is a policy, but its component does not export followup:plugin/policy-decide@0.1"
    )]
    NoDecide(String),
    #[error("the component does not compile: {0}")]
    Compile(String),
    #[error("the component does not fit the contract: {0}")]
    Contract(String),
}

/// The manifest of a policy that may be compiled.
pub(super) fn inspect(wasm: &[u8], limits: &Limits) -> Result<Manifest, LoadError> {
    if wasm.len() > limits.component_max_bytes {
        return Err(LoadError::TooLarge {
            bytes: wasm.len(),
            allowed: limits.component_max_bytes,
        });
    }
    let outline = outline(wasm)?;
    let manifest = manifest(&outline.manifests)?;
    if manifest.kind == PluginKind::Trigger {
        return Err(LoadError::Trigger(manifest.id));
    }
    if let Some(import) = outline.imports.iter().find(|name| !is_allowed(name)) {
        return Err(LoadError::Import((*import).to_owned()));
    }
    if !outline.exports.iter().any(|name| name.starts_with(DECIDE)) {
        return Err(LoadError::NoDecide(manifest.id));
    }
    Ok(manifest)
}

fn is_allowed(import: &str) -> bool {
    IMPORTS_ALLOWED
        .iter()
        .any(|allowed| import.starts_with(allowed))
        && (!import.starts_with("wasi:") || import.contains(WASI_VERSION))
}

fn manifest(sections: &[&[u8]]) -> Result<Manifest, LoadError> {
    let section = match sections {
        [] => return Err(LoadError::NoManifest),
        [section] => *section,
        many => return Err(LoadError::ManyManifests(many.len())),
    };
    // `Manifest::parse` checks the length too; this one spares decoding a section of megabytes.
    let head = &section[..section.len().min(MANIFEST_MAX_BYTES + 1)];
    let text =
        std::str::from_utf8(head).map_err(|e| ManifestError(vec![format!("is not UTF-8: {e}")]))?;
    Ok(Manifest::parse(text)?)
}

#[derive(Default)]
struct Outline<'a> {
    /// Of the component itself, not of the modules and components inside.
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
    /// Of the component and everything inside: a language's tools put the section into the module.
    manifests: Vec<&'a [u8]>,
}

fn outline(wasm: &[u8]) -> Result<Outline<'_>, LoadError> {
    let mut outline = Outline::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(broken)? {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } if depth == 0 => {
                return Err(LoadError::NotAComponent("it is a core module".to_owned()));
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            // The end of the outermost component is no step up.
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    outline.imports.push(import.map_err(broken)?.name.name);
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    outline.exports.push(export.map_err(broken)?.name.name);
                }
            }
            Payload::CustomSection(section) if section.name() == SECTION => {
                outline.manifests.push(section.data());
            }
            _ => {}
        }
    }
    Ok(outline)
}

#[expect(clippy::needless_pass_by_value, reason = "shaped for map_err")]
fn broken(error: wasmparser::BinaryReaderError) -> LoadError {
    LoadError::NotAComponent(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_of_a_policy() {
        let check = |name: &str, expect: bool| assert_eq!(is_allowed(name), expect, "{name}");
        check("followup:plugin/log@0.1.0", true);
        check("followup:plugin/calendar@0.1.7", true);
        check("followup:plugin/calendar@0.2.0", false);
        check("followup:plugin/secrets@0.1.0", false);
        check("wasi:cli/environment@0.2.6", true);
        check("wasi:clocks/wall-clock@0.2.12", true);
        check("wasi:clocks/system-clock@0.3.0", false);
        check("wasi:http/types@0.2.10", false);
        check("wasi:http/outgoing-handler@0.2.10", false);
        check("wasi:config/store@0.2.0-rc.1", false);
        check("acme:spy/eyes@0.1.0", false);
    }
}
