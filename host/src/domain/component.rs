//! What a component shows of itself without being compiled or run: its manifest, and what it imports
//! and exports.
//!
//! Enough to pick a plugin out of a folder, to describe one to a registry and to show one to an
//! administrator. Whether it may run here is for the sandbox to say.

use wasmparser::{BinaryReaderError, Encoding, Parser, Payload};

use super::digest;
use super::manifest::{MANIFEST_MAX_BYTES, Manifest, ManifestError, SECTION};

/// A component, described.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    pub manifest: Manifest,
    /// `sha256:…` of the manifest's text.
    pub manifest_digest: String,
    pub imports: Vec<String>,
    pub exports: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComponentError {
    #[error("it is not a WebAssembly component: {0}; build it with `followup plugin build`")]
    NotAComponent(String),
    #[error(
        "it is a component without a manifest (custom section {SECTION}), so no plugin of Followup: build it with `followup plugin build`"
    )]
    NoManifest,
    #[error("it has {0} manifests (custom sections {SECTION}): keep one")]
    ManyManifests(usize),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

impl Component {
    pub fn read(wasm: &[u8]) -> Result<Self, ComponentError> {
        let mut found = Found::default();
        found.look_through(wasm)?;
        let text = match found.manifests[..] {
            [] => return Err(ComponentError::NoManifest),
            [text] => text,
            ref many => return Err(ComponentError::ManyManifests(many.len())),
        };
        // One byte more than allowed is enough for `parse` to refuse it.
        let head = &text[..text.len().min(MANIFEST_MAX_BYTES + 1)];
        let head = str::from_utf8(head)
            .map_err(|error| ManifestError(vec![format!("is not UTF-8: {error}")]))?;
        Ok(Self {
            manifest: Manifest::parse(head)?,
            manifest_digest: digest::of_bytes(text),
            imports: found.imports,
            exports: found.exports,
        })
    }
}

#[derive(Default)]
struct Found<'a> {
    /// Of the component and everything inside: a language's tools put the section into the module.
    manifests: Vec<&'a [u8]>,
    /// Of the component itself.
    imports: Vec<String>,
    exports: Vec<String>,
}

impl<'a> Found<'a> {
    fn look_through(&mut self, wasm: &'a [u8]) -> Result<(), ComponentError> {
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(broken)? {
                Payload::Version {
                    encoding: Encoding::Module,
                    ..
                } if depth == 0 => {
                    return Err(ComponentError::NotAComponent(
                        "it is a core module".to_owned(),
                    ));
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                // The end of the outermost component is no step up.
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        self.imports
                            .push(import.map_err(broken)?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        self.exports
                            .push(export.map_err(broken)?.name.name.to_owned());
                    }
                }
                Payload::CustomSection(section) if section.name() == SECTION => {
                    self.manifests.push(section.data());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn broken(error: BinaryReaderError) -> ComponentError {
    ComponentError::NotAComponent(error.to_string())
}

#[cfg(test)]
pub(crate) mod tests {
    use wasm_encoder::{Component as Encoder, CustomSection, Module};

    use super::*;

    /// The smallest component that is a plugin: a manifest and nothing else.
    pub(crate) fn plugin(id: &str, version: &str) -> Vec<u8> {
        with_manifests(&[&manifest(id, version)])
    }

    fn manifest(id: &str, version: &str) -> String {
        format!(
            "id = \"{id}\"\nname = \"{id}\"\nversion = \"{version}\"\nkind = \"policy\"\ndescription = \"For tests.\"\n\
             [config]\ntype = \"object\"\n"
        )
    }

    fn with_manifests(texts: &[&str]) -> Vec<u8> {
        let mut component = Encoder::new();
        for text in texts {
            component.section(&CustomSection {
                name: SECTION.into(),
                data: text.as_bytes().into(),
            });
        }
        component.finish()
    }

    #[test]
    fn what_a_file_says_of_itself() {
        let check = |wasm: &[u8], expect: Result<&str, &str>| match (Component::read(wasm), expect)
        {
            (Ok(component), Ok(id)) => assert_eq!(component.manifest.id, id),
            (Err(error), Err(part)) => {
                let told = error.to_string();
                assert!(told.contains(part), "{told:?} does not say {part:?}");
            }
            (other, _) => panic!("{expect:?}: {other:?}"),
        };
        let good = manifest("nudge", "1.0.0");
        check(&plugin("nudge", "1.0.0"), Ok("nudge"));
        check(b"", Err("not a WebAssembly component"));
        check(b"<html>", Err("not a WebAssembly component"));
        check(&Module::new().finish(), Err("a core module"));
        check(&with_manifests(&[]), Err("without a manifest"));
        check(&with_manifests(&[&good, &good]), Err("has 2 manifests"));
        check(&with_manifests(&["id = 1"]), Err("plugin.toml"));
    }
}
