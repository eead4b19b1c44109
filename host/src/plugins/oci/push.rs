//! Pushes a plugin under a tag, and its signature beside it.

use oci_client::Reference;
use oci_client::client::ImageLayer;
use oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;

use super::super::Limits;
use super::super::registries::Registries;
use super::artifact::{Artifact, descriptor, signature_tag};
use super::error::RegistryError;
use super::link::Link;
use crate::domain::Instant;
use crate::domain::component::Component;

/// What is in the registry now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The reference by digest: what an administrator can install for good.
    pub resolved: String,
    pub manifest_digest: String,
    /// The reference of the signature.
    pub signature: Option<String>,
}

/// The signature comes first: nobody must find the plugin without it.
pub(in crate::plugins) async fn push(
    reference: &Reference,
    plugin: (Vec<u8>, &Component),
    signature: Option<&str>,
    created: Instant,
    registries: &Registries,
    limits: &Limits,
) -> Result<Pushed, RegistryError> {
    if reference.digest().is_some() {
        return Err(RegistryError::NoTag(format!(
            "{}/{}",
            reference.registry(),
            reference.repository()
        )));
    }
    let link = Link::open(reference, registries, limits).await?;
    let (wasm, component) = plugin;
    let artifact = Artifact::of_plugin(wasm, component, created);
    link.in_time(push_through(&link, artifact, signature)).await
}

async fn push_through(
    link: &Link,
    artifact: Artifact,
    signature: Option<&str>,
) -> Result<Pushed, RegistryError> {
    let body = body(&artifact);
    let subject = descriptor(&body);
    let manifest_digest = subject.digest.clone();
    let mut signed = None;
    if let Some(text) = signature {
        let beside = link.tagged(signature_tag(&manifest_digest));
        let signature = Artifact::of_signature(text, subject);
        let signature_body = self::body(&signature);
        bring(link, &beside, signature, signature_body).await?;
        signed = Some(beside.to_string());
    }
    bring(link, &link.reference, artifact, body).await?;
    Ok(Pushed {
        resolved: link
            .reference
            .clone_with_digest(manifest_digest.clone())
            .to_string(),
        manifest_digest,
        signature: signed,
    })
}

/// The manifest as it is stored: its digest is of these very bytes.
fn body(artifact: &Artifact) -> Vec<u8> {
    serde_json::to_vec(&artifact.manifest).expect("a manifest is JSON")
}

async fn bring(
    link: &Link,
    reference: &Reference,
    artifact: Artifact,
    body: Vec<u8>,
) -> Result<(), RegistryError> {
    let Artifact {
        layer: ImageLayer { data, .. },
        config,
        manifest,
    } = artifact;
    let client = &link.client;
    let blobs = [
        (data, &manifest.layers[0].digest),
        (config.data, &manifest.config.digest),
    ];
    for (data, digest) in blobs {
        client
            .push_blob(reference, data, digest)
            .await
            .map_err(|told| link.explain(told))?;
    }
    let content_type = OCI_IMAGE_MEDIA_TYPE.parse().expect("a header's value");
    client
        .push_manifest_raw(reference, body, content_type)
        .await
        .map_err(|told| link.explain(told))?;
    Ok(())
}
