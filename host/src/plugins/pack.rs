//! Packing: makes of what a language's tools built the component that is published.
//!
//! In go a component (or a core module that carries its component type, as C tools make it) and the text
//! of `plugin.toml`; out comes a component with exactly that manifest and the metadata that other
//! tools show. The same in gives the same out, so that a digest can be rebuilt.

use std::borrow::Cow;

use wasm_encoder::{ComponentSection, CustomSection, Encode};
use wasm_metadata::{AddMetadata, AddMetadataField};
use wasmparser::{BinaryReader, BinaryReaderError};
use wit_component::ComponentEncoder;

use crate::domain::component::{Component, ComponentError};
use crate::domain::manifest::{Manifest, ManifestError, SECTION};

#[derive(Debug, thiserror::Error)]
pub enum PackError {
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("what was built is no WebAssembly: {0}")]
    NotWasm(#[from] BinaryReaderError),
    #[error("what was built is a core module, and no component can be made of it: {0}")]
    NotAComponent(String),
    #[error("the metadata cannot be written: {0}")]
    Metadata(String),
    #[error(transparent)]
    Component(#[from] ComponentError),
}

/// Packs a component; a manifest inside, of whatever age, is replaced.
pub fn pack(wasm: &[u8], manifest: &str) -> Result<Vec<u8>, PackError> {
    let described = Manifest::parse(manifest)?;
    let component = component(wasm)?;
    let mut metadata = AddMetadata::default();
    metadata.name = AddMetadataField::Set(described.id.clone());
    let tool = ("followup".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    metadata.processed_by = vec![tool];
    let mut packed = metadata
        .to_wasm(&without_ours(&component)?)
        .map_err(|e| PackError::Metadata(format!("{e:#}")))?;
    // Last, where packing again finds and replaces them in the same place.
    for (name, text) in sections(&described, manifest) {
        append(&mut packed, name, text);
    }
    Component::read(&packed)?;
    Ok(packed)
}

fn component(wasm: &[u8]) -> Result<Cow<'_, [u8]>, PackError> {
    if !wasmparser::Parser::is_core_wasm(wasm) {
        return Ok(Cow::Borrowed(wasm));
    }
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(wasm)
        .and_then(|mut encoder| encoder.encode());
    let encoded = encoded.map_err(|e| PackError::NotAComponent(format!("{e:#}")))?;
    Ok(Cow::Owned(encoded))
}

/// The manifest, and the annotations of the OCI image specification that wasm tools read from custom
/// sections of these names (tool-conventions, "Metadata").
fn sections<'a>(manifest: &'a Manifest, text: &'a str) -> Vec<(&'static str, &'a str)> {
    let optional = [
        ("authors", &manifest.publisher),
        ("licenses", &manifest.license),
        ("homepage", &manifest.homepage),
    ];
    let mut sections = vec![
        (SECTION, text),
        ("description", manifest.description.as_str()),
        ("version", manifest.version.as_str()),
    ];
    sections.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_deref()?))),
    );
    sections
}

const OURS: [&str; 6] = [
    SECTION,
    "authors",
    "licenses",
    "homepage",
    "description",
    "version",
];

fn append(component: &mut Vec<u8>, name: &str, text: &str) {
    let section = CustomSection {
        name: name.into(),
        data: text.as_bytes().into(),
    };
    component.push(ComponentSection::id(&section));
    section.encode(component);
}

/// Ids of sections, of modules and components alike ("Binary Format", component-model/Binary.md).
const CUSTOM: u8 = 0;
/// In a component: a module and a component inside.
const INNER: [u8; 2] = [1, 4];
const HEADER_BYTES: usize = 8;

/// The bytes without our sections, in the component and the modules and components in it: the SDK of
/// a language puts the manifest into the module.
fn without_ours(wasm: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let is_component = wasmparser::Parser::is_component(wasm);
    let mut reader = BinaryReader::new(wasm, 0);
    let mut kept = reader.read_bytes(HEADER_BYTES)?.to_vec();
    while !reader.eof() {
        let id = reader.read_u8()?;
        let size = reader.read_var_u32()? as usize;
        let body = reader.read_bytes(size)?;
        if id == CUSTOM && is_ours(body)? {
            continue;
        }
        kept.push(id);
        if is_component && INNER.contains(&id) {
            without_ours(body)?.as_slice().encode(&mut kept);
        } else {
            body.encode(&mut kept);
        }
    }
    Ok(kept)
}

fn is_ours(custom: &[u8]) -> Result<bool, BinaryReaderError> {
    let name = BinaryReader::new(custom, 0).read_string()?;
    Ok(OURS.contains(&name))
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{Component as Encoder, Module, ModuleSection};
    use wasmparser::{Parser, Payload};

    use super::*;

    const MANIFEST: &str = "id = \"nudge\"\nname = \"Nudge\"\nversion = \"1.2.0\"\nkind = \"policy\"\n\
        description = \"Nudges.\"\npublisher = \"Acme\"\n[config]\ntype = \"object\"\n";

    /// A component with an old manifest of its own and one in its module.
    fn built() -> Vec<u8> {
        let old = |text: &'static str| CustomSection {
            name: SECTION.into(),
            data: text.as_bytes().into(),
        };
        let mut module = Module::new();
        module.section(&old("in the module"));
        let mut component = Encoder::new();
        component.section(&ModuleSection(&module));
        component.section(&old("at the top"));
        component.finish()
    }

    /// Name and text of every custom section, wherever it lies.
    fn custom(wasm: &[u8]) -> Vec<(String, String)> {
        let payloads = Parser::new(0).parse_all(wasm);
        payloads
            .filter_map(|payload| match payload.expect("a component") {
                Payload::CustomSection(section) => {
                    let text = String::from_utf8_lossy(section.data()).into_owned();
                    Some((section.name().to_owned(), text))
                }
                _ => None,
            })
            .collect()
    }

    #[test]
    fn the_manifest_is_in_it_once_and_packing_twice_changes_nothing() {
        let packed = pack(&built(), MANIFEST).expect("a component");
        let sections = custom(&packed);
        let all = |name: &str| -> Vec<_> {
            let found = sections.iter().filter(|(n, _)| n == name);
            found.map(|(_, text)| text.as_str()).collect()
        };
        assert_eq!(all(SECTION), [MANIFEST]);
        assert_eq!(all("description"), ["Nudges."]);
        assert_eq!(all("version"), ["1.2.0"]);
        assert_eq!(all("authors"), ["Acme"]);
        assert_eq!(all("licenses"), [""; 0]);
        assert_eq!(pack(&packed, MANIFEST).expect("again"), packed);
        let read = Component::read(&packed).expect("a plugin");
        assert_eq!(read.manifest.id, "nudge");
    }

    #[test]
    fn what_cannot_be_packed_is_told() {
        let check = |wasm: &[u8], manifest: &str, part: &str| {
            let told = pack(wasm, manifest)
                .expect_err("nothing to pack")
                .to_string();
            assert!(told.contains(part), "{told:?} does not say {part:?}");
        };
        check(b"", MANIFEST, "no WebAssembly");
        check(b"<html></html>", MANIFEST, "no WebAssembly");
        check(&built(), "id = 1", "line 1");
    }
}
