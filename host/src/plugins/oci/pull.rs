//! Pulls a plugin and the signature that lies beside it.

use futures_util::StreamExt;
use oci_client::Reference;
use oci_client::manifest::{
    IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciDescriptor,
    OciImageManifest, OciManifest,
};

use super::super::Limits;
use super::super::registries::Registries;
use super::super::signature::SIGNATURE_MAX_BYTES;
use super::artifact::{SIGNATURE, WASM_LAYERS, signature_tag};
use super::error::RegistryError;
use super::link::Link;
use crate::domain::digest;

const MANIFESTS: &[&str] = &[
    OCI_IMAGE_MEDIA_TYPE,
    IMAGE_MANIFEST_MEDIA_TYPE,
    OCI_IMAGE_INDEX_MEDIA_TYPE,
];

/// How many media types a message lists.
const LISTED_MAX: usize = 5;

/// What lay in the registry.
pub(in crate::plugins) struct Pulled {
    pub wasm: Vec<u8>,
    /// `sha256:…` of the artifact's manifest: what the tag stood for.
    pub manifest_digest: String,
    /// The reference by that digest.
    pub resolved: String,
    pub signature: Option<String>,
}

pub(in crate::plugins) async fn pull(
    reference: &Reference,
    registries: &Registries,
    limits: &Limits,
) -> Result<Pulled, RegistryError> {
    let link = Link::open(reference, registries, limits).await?;
    link.in_time(pull_through(&link, limits.component_max_bytes))
        .await
}

async fn pull_through(link: &Link, allowed: usize) -> Result<Pulled, RegistryError> {
    let (manifest, manifest_digest) = manifest(link, &link.reference).await?;
    let layer = wasm_layer(link, &manifest)?;
    let bytes = u64::try_from(layer.size).unwrap_or(u64::MAX);
    if bytes > allowed as u64 {
        return Err(RegistryError::TooLarge {
            reference: link.reference.to_string(),
            bytes,
            allowed,
        });
    }
    let wasm = blob(link, layer).await?;
    let signature = signature(link, &manifest_digest).await?;
    Ok(Pulled {
        wasm,
        resolved: link
            .reference
            .clone_with_digest(manifest_digest.clone())
            .to_string(),
        manifest_digest,
        signature,
    })
}

/// The manifest and its digest. From here on everything is asked for by digest, so a tag that moves
/// meanwhile changes nothing.
async fn manifest(
    link: &Link,
    reference: &Reference,
) -> Result<(OciImageManifest, String), RegistryError> {
    let (body, _) = link
        .client
        .pull_manifest_raw(reference, &link.auth, MANIFESTS)
        .await
        .map_err(|told| link.explain(told))?;
    let not_wasm = |found: &str| RegistryError::NotWasm {
        reference: reference.to_string(),
        found: found.to_owned(),
    };
    match serde_json::from_slice(&body) {
        Ok(OciManifest::Image(manifest)) => Ok((manifest, digest::of_bytes(&body))),
        Ok(OciManifest::ImageIndex(_)) => Err(not_wasm("it is an index of several platforms")),
        Err(_) => Err(not_wasm("its manifest is none of OCI's")),
    }
}

/// The one layer that is a component. Others beside it (a readme, as `oras` puts it there) are not
/// looked at.
fn wasm_layer<'m>(
    link: &Link,
    manifest: &'m OciImageManifest,
) -> Result<&'m OciDescriptor, RegistryError> {
    let is_wasm = |layer: &&OciDescriptor| WASM_LAYERS.contains(&layer.media_type.as_str());
    let mut layers = manifest.layers.iter().filter(is_wasm);
    let found = match (layers.next(), layers.next()) {
        (Some(layer), None) => return Ok(layer),
        (Some(_), Some(_)) => "it has several layers of it".to_owned(),
        (None, _) if manifest.layers.is_empty() => "it has no layers".to_owned(),
        (None, _) => {
            let types = manifest.layers.iter().map(|it| it.media_type.as_str());
            let types: Vec<_> = types.take(LISTED_MAX).collect();
            format!("its layers are {}", types.join(", "))
        }
    };
    Err(RegistryError::NotWasm {
        reference: link.reference.to_string(),
        found,
    })
}

/// The bytes that the descriptor names: of its size and its digest. Never from `urls`, by which a
/// manifest could send us anywhere.
async fn blob(link: &Link, layer: &OciDescriptor) -> Result<Vec<u8>, RegistryError> {
    let tampered = |why: String| RegistryError::Tampered {
        reference: link.reference.to_string(),
        why,
    };
    let size = usize::try_from(layer.size).unwrap_or(usize::MAX);
    let mut stream = link
        .client
        .pull_blob_stream(&link.reference, layer.digest.as_str())
        .await
        .map_err(|told| link.explain(told))?;
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| broken_off(link, &error))?;
        if bytes.len() + chunk.len() > size {
            return Err(tampered(format!("more than {size} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    if bytes.len() < size {
        let came = bytes.len();
        return Err(tampered(format!("{came} bytes instead of {size}")));
    }
    Ok(bytes)
}

/// A stream ends in an error where its digest is wrong, or where the connection ends.
fn broken_off(link: &Link, error: &std::io::Error) -> RegistryError {
    let is_digest = error.get_ref().is_some_and(|inner| {
        inner
            .downcast_ref::<oci_client::errors::DigestError>()
            .is_some()
    });
    if is_digest {
        RegistryError::Tampered {
            reference: link.reference.to_string(),
            why: error.to_string(),
        }
    } else {
        RegistryError::Unreachable {
            host: link.reference.registry().to_owned(),
            why: error.to_string(),
        }
    }
}

/// The signature beside the artifact, if there is one.
async fn signature(link: &Link, manifest_digest: &str) -> Result<Option<String>, RegistryError> {
    let beside = link.tagged(signature_tag(manifest_digest));
    let manifest = match manifest(link, &beside).await {
        Ok((manifest, _)) => manifest,
        Err(RegistryError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let wrong = |why: &str| RegistryError::NoSignature {
        tag: beside.to_string(),
        why: why.to_owned(),
    };
    let [layer] = &manifest.layers[..] else {
        return Err(wrong("not one layer"));
    };
    if layer.media_type != SIGNATURE {
        return Err(wrong(&layer.media_type));
    }
    if usize::try_from(layer.size).is_ok_and(|size| size <= SIGNATURE_MAX_BYTES) {
        let text = String::from_utf8(blob(link, layer).await?);
        return text.map(Some).map_err(|_| wrong("no text"));
    }
    Err(wrong("too large"))
}
