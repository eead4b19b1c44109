//! How a plugin lies in a registry: the standard shape of WebAssembly there, so that it is `wkg`'s,
//! `oras`' and `wash`'s too, and beside it its signature.
//!
//! The shape is CNCF TAG Runtime's "Wasm OCI Artifact layout": "a specific Wasm config.mediaType of
//! application/vnd.wasm.config.v0+json" and "a single layer mediaType of application/wasm". A signature is
//! an artifact of its own whose `subject` is the plugin's (OCI image-spec 1.1); since registries without
//! the referrers API could not find it by that, it has a tag made of the plugin's digest as well.

use std::collections::BTreeMap;

use oci_client::annotations as standard;
use oci_client::client::{Config, ImageLayer};
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};
use serde_json::json;

use crate::domain::component::Component;
use crate::domain::{Instant, digest};

/// The layer that is the component, and the same as it was called before the standard.
pub(super) const WASM_LAYERS: [&str; 2] = [
    "application/wasm",
    "application/vnd.wasm.content.layer.v1+wasm",
];
const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// A signature's artifact, and its one layer.
pub(super) const SIGNATURE: &str = "application/vnd.followup.minisig";
/// A config that says nothing: `{}` (OCI image-spec, "Guidance for an Empty Descriptor").
const EMPTY_CONFIG: &str = "application/vnd.oci.empty.v1+json";
/// The digest of the plugin's manifest, so that two versions can be told apart without pulling them.
const MANIFEST_DIGEST: &str = "dev.followup.manifest.digest";

/// Everything that is pushed for one artifact.
pub(super) struct Artifact {
    pub layer: ImageLayer,
    pub config: Config,
    pub manifest: OciImageManifest,
}

impl Artifact {
    /// Of a component that was packed as a plugin.
    pub fn of_plugin(wasm: Vec<u8>, component: &Component, created: Instant) -> Self {
        let layer = ImageLayer::new(wasm, WASM_LAYERS[0].to_owned(), None);
        let config = json!({
            "created": created.to_string(),
            "author": component.manifest.publisher,
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [layer.sha256_digest()],
            "component": {
                "exports": component.exports,
                "imports": component.imports,
                "target": null,
            },
        });
        Self::new(layer, &config, WASM_CONFIG, annotations(component, created))
    }

    /// Of the signature of what `subject` describes.
    pub fn of_signature(text: &str, subject: OciDescriptor) -> Self {
        let layer = ImageLayer::new(text.to_owned(), SIGNATURE.to_owned(), None);
        let mut artifact = Self::new(layer, &json!({}), EMPTY_CONFIG, BTreeMap::new());
        artifact.manifest.artifact_type = Some(SIGNATURE.to_owned());
        artifact.manifest.subject = Some(subject);
        artifact
    }

    fn new(
        layer: ImageLayer,
        config: &serde_json::Value,
        config_type: &str,
        annotations: BTreeMap<String, String>,
    ) -> Self {
        let config = Config::new(config.to_string(), config_type.to_owned(), None);
        let annotations = (!annotations.is_empty()).then_some(annotations);
        let mut manifest =
            OciImageManifest::build(std::slice::from_ref(&layer), &config, annotations);
        manifest.media_type = Some(OCI_IMAGE_MEDIA_TYPE.to_owned());
        Self {
            layer,
            config,
            manifest,
        }
    }
}

/// The tag of the signature of the artifact with this digest: `sha256-….minisig`.
pub(super) fn signature_tag(manifest_digest: &str) -> String {
    format!("{}.minisig", manifest_digest.replace(':', "-"))
}

/// What names an image manifest of these bytes.
pub(super) fn descriptor(manifest: &[u8]) -> OciDescriptor {
    OciDescriptor {
        media_type: OCI_IMAGE_MEDIA_TYPE.to_owned(),
        digest: digest::of_bytes(manifest),
        size: manifest.len() as i64,
        ..OciDescriptor::default()
    }
}

fn annotations(component: &Component, created: Instant) -> BTreeMap<String, String> {
    let manifest = &component.manifest;
    let told = [
        (
            standard::ORG_OPENCONTAINERS_IMAGE_TITLE,
            Some(&manifest.name),
        ),
        (
            standard::ORG_OPENCONTAINERS_IMAGE_DESCRIPTION,
            Some(&manifest.description),
        ),
        (
            standard::ORG_OPENCONTAINERS_IMAGE_VERSION,
            Some(&manifest.version),
        ),
        (
            standard::ORG_OPENCONTAINERS_IMAGE_VENDOR,
            manifest.publisher.as_ref(),
        ),
        (
            standard::ORG_OPENCONTAINERS_IMAGE_LICENSES,
            manifest.license.as_ref(),
        ),
        (
            standard::ORG_OPENCONTAINERS_IMAGE_URL,
            manifest.homepage.as_ref(),
        ),
        (
            standard::ORG_OPENCONTAINERS_IMAGE_CREATED,
            Some(&created.to_string()),
        ),
        (MANIFEST_DIGEST, Some(&component.manifest_digest)),
    ];
    let told = told
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    told.map(|(key, value)| (key.to_owned(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::domain::component::tests::plugin;

    #[test]
    fn a_plugin_has_the_standard_shape() {
        let wasm = plugin("nudge", "1.2.0");
        let component = Component::read(&wasm).expect("a plugin");
        let artifact = Artifact::of_plugin(wasm.clone(), &component, Instant(0));
        let manifest = serde_json::to_value(&artifact.manifest).expect("JSON");
        let at = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str);
        assert_eq!(at("/mediaType"), Some(OCI_IMAGE_MEDIA_TYPE));
        assert_eq!(at("/config/mediaType"), Some(WASM_CONFIG));
        assert_eq!(at("/layers/0/mediaType"), Some("application/wasm"));
        assert_eq!(at("/layers/0/digest"), Some(&*digest::of_bytes(&wasm)));
        assert_eq!(manifest["layers"].as_array().map(Vec::len), Some(1));
        let annotation = |key: &str| manifest["annotations"][key].as_str();
        assert_eq!(
            annotation("org.opencontainers.image.version"),
            Some("1.2.0")
        );
        assert_eq!(annotation("org.opencontainers.image.vendor"), None);
        assert_eq!(
            annotation(MANIFEST_DIGEST),
            Some(&*component.manifest_digest)
        );
        let config: Value = serde_json::from_slice(&artifact.config.data).expect("JSON");
        assert_eq!(config["layerDigests"][0], digest::of_bytes(&wasm));
        assert_eq!(config["os"], "wasip2");
        assert_eq!(config["created"], "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_signature_refers_to_what_it_signs() {
        let artifact = Artifact::of_signature("signed", descriptor(b"{}"));
        let manifest = serde_json::to_value(&artifact.manifest).expect("JSON");
        assert_eq!(manifest["artifactType"], SIGNATURE);
        assert_eq!(manifest["subject"]["digest"], digest::of_bytes(b"{}"));
        assert_eq!(manifest["config"]["mediaType"], EMPTY_CONFIG);
        assert_eq!(&artifact.config.data[..], b"{}");
        let tag = signature_tag(&digest::of_bytes(b"{}"));
        assert!(
            tag.starts_with("sha256-44136fa3") && tag.ends_with(".minisig"),
            "{tag}"
        );
    }
}
