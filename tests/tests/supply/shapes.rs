//! What lies in a registry: artifacts of other tools install here, ours install there, and what is no
//! plugin is told from one.

use followup::domain::digest;
use followup_tests::Registry;
use serde_json::{Value, json};

use crate::{get, lax, plugin, publish, refused};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

#[tokio::test]
async fn what_other_tools_push_installs_here() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let supply = lax(&registry.host);
    let wasm = plugin("theirs");
    let layer = registry.push_blob("acme/webinar", &wasm).await;
    // As `wkg oci push` writes it: CNCF TAG Runtime, "Wasm OCI Artifact layout".
    let config = json!({
        "created": "2026-11-23T09:00:00.123456789Z", "author": null, "architecture": "wasm",
        "os": "wasip2", "layerDigests": [layer],
        "component": {
            "exports": ["followup:plugin/policy-decide@0.1.0"], "imports": [], "target": null,
        },
    });
    let wkg = artifact(
        &registry,
        (
            "application/vnd.wasm.config.v0+json",
            config.to_string().as_bytes(),
        ),
        json!([{ "mediaType": "application/wasm", "digest": layer, "size": wasm.len() }]),
        json!({ "annotations": { "org.opencontainers.image.version": "1.2.0" } }),
    )
    .await;
    // As `oras push` writes it: its config is empty, its layers have titles, a readme lies beside.
    let readme = registry.push_blob("acme/webinar", b"# Webinar").await;
    let oras = artifact(
        &registry,
        ("application/vnd.oci.empty.v1+json", b"{}"),
        json!([
            {
                "mediaType": "application/wasm", "digest": layer, "size": wasm.len(),
                "annotations": { "org.opencontainers.image.title": "webinar.wasm" },
            },
            { "mediaType": "text/markdown", "digest": readme, "size": 9 },
        ]),
        json!({ "artifactType": "application/vnd.unknown.artifact.v1" }),
    )
    .await;
    // As tools wrote it before there was a standard.
    let old = artifact(
        &registry,
        ("application/vnd.wasm.config.v1+json", b"{}"),
        json!([{
            "mediaType": "application/vnd.wasm.content.layer.v1+wasm", "digest": layer,
            "size": wasm.len(),
        }]),
        json!({}),
    )
    .await;
    for (tag, manifest) in [("wkg", wkg), ("oras", oras), ("old", old)] {
        registry.push_manifest("acme/webinar", tag, &manifest).await;
        let reference = format!("{}/acme/webinar:{tag}", registry.host);
        let fetched = get(&supply, &reference).await.expect(tag);
        assert_eq!(fetched.wasm, wasm, "{tag}");
        assert_eq!(fetched.digest, layer);
    }
}

#[tokio::test]
async fn what_we_push_has_the_shape_that_other_tools_ask_for() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let reference = format!("{}/acme/webinar:1.2", registry.host);
    let wasm = plugin("ours");
    publish(&lax(&registry.host), &reference, &wasm, None)
        .await
        .expect("pushed");
    let manifest = registry.manifest("acme/webinar", "1.2").await;
    // What the crate oci-wasm, by which wkg and wash pull, insists on.
    assert_eq!(manifest["mediaType"], MANIFEST);
    assert_eq!(
        manifest["config"]["mediaType"],
        "application/vnd.wasm.config.v0+json"
    );
    let layers = manifest["layers"].as_array().expect("layers");
    assert_eq!(layers.len(), 1);
    assert_eq!(layers[0]["mediaType"], "application/wasm");
    assert_eq!(layers[0]["digest"], digest::of_bytes(&wasm));
    let config = manifest["config"]["digest"].as_str().expect("a digest");
    let config = std::fs::read(registry.blob(config)).expect("there");
    let config: Value = serde_json::from_slice(&config).expect("JSON");
    let created = config["created"].as_str().expect("a time");
    chrono::DateTime::parse_from_rfc3339(created).expect("RFC 3339");
    assert_eq!(
        (&config["os"], &config["architecture"]),
        (&json!("wasip2"), &json!("wasm"))
    );
    assert_eq!(config["layerDigests"], json!([digest::of_bytes(&wasm)]));
    let exports = config["component"]["exports"].as_array().expect("a list");
    assert!(
        exports
            .iter()
            .any(|it| it == "followup:plugin/policy-decide@0.1.0"),
        "{exports:?}"
    );
    let annotations = &manifest["annotations"];
    let manifest_digest = annotations["dev.followup.manifest.digest"].as_str();
    assert!(manifest_digest.is_some_and(|it| it.starts_with("sha256:")));
    assert!(annotations["org.opencontainers.image.version"].is_string());
}

#[tokio::test]
async fn what_is_no_plugin_is_told_from_one() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let supply = lax(&registry.host);
    let layer = registry.push_blob("acme/webinar", b"a tar").await;
    let tar = "application/vnd.oci.image.layer.v1.tar+gzip";
    let image = artifact(
        &registry,
        ("application/vnd.oci.image.config.v1+json", b"{}"),
        json!([{ "mediaType": tar, "digest": layer, "size": 5 }]),
        json!({}),
    )
    .await;
    registry
        .push_manifest("acme/webinar", "image", &image)
        .await;
    let wasm = json!({ "mediaType": "application/wasm", "digest": layer, "size": 5 });
    let two = artifact(
        &registry,
        ("application/vnd.wasm.config.v0+json", b"{}"),
        json!([wasm, wasm]),
        json!({}),
    )
    .await;
    registry.push_manifest("acme/webinar", "two", &two).await;
    let index = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [],
    });
    registry
        .push_manifest("acme/webinar", "index", &index)
        .await;
    let reference = |rest: &str| format!("{}/{rest}", registry.host);
    for (rest, expect) in [
        ("acme/webinar:image", [tar, "wkg oci push"]),
        (
            "acme/webinar:two",
            ["several layers", "followup plugin push"],
        ),
        (
            "acme/webinar:index",
            ["index of several platforms", "no WebAssembly artifact"],
        ),
        (
            "acme/webinar:9.9",
            [
                "acme/webinar:9.9 does not exist",
                "check repository and tag",
            ],
        ),
        (
            "acme/nothing:1.2",
            [
                "acme/nothing:1.2 does not exist",
                "check repository and tag",
            ],
        ),
    ] {
        refused(&supply, &reference(rest), &expect).await;
    }
    let digest = format!("acme/webinar@sha256:{}", "0".repeat(64));
    refused(&supply, &reference(&digest), &["does not exist"]).await;
}

/// An image manifest with its config pushed, and `more` of its keys.
async fn artifact(
    registry: &Registry,
    (config_type, config): (&str, &[u8]),
    layers: Value,
    more: Value,
) -> Value {
    let digest = registry.push_blob("acme/webinar", config).await;
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": { "mediaType": config_type, "digest": digest, "size": config.len() },
        "layers": layers,
    });
    let keys = more.as_object().expect("keys").clone();
    manifest.as_object_mut().expect("an object").extend(keys);
    manifest
}
