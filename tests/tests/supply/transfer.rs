//! There and back again: what is pushed is what is pulled, or nothing is.

use std::fs;

use followup::domain::digest;
use followup::plugins::Signer;
use followup_tests::Registry;
use serde_json::json;

use crate::{get, keys, lax, plugin, publish, refused, supply};

#[tokio::test]
async fn what_is_pushed_is_pulled_by_tag_and_by_digest() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let acme = keys();
    let supply = supply(&registry.host, &[("acme", &acme)]);
    let wasm = plugin("one");
    let repository = format!("{}/acme/webinar", registry.host);
    let tagged = format!("{repository}:1.2");
    let pushed = publish(&supply, &tagged, &wasm, Some(&acme))
        .await
        .expect("pushed");
    assert_eq!(
        pushed.resolved,
        format!("{repository}@{}", pushed.manifest_digest)
    );
    for reference in [
        tagged.clone(),
        format!("oci://{tagged}"),
        pushed.resolved.clone(),
        format!("{tagged}@{}", pushed.manifest_digest),
    ] {
        let fetched = get(&supply, &reference).await.expect("fetched");
        assert_eq!(fetched.wasm, wasm, "{reference}");
        assert_eq!(fetched.digest, digest::of_bytes(&wasm));
        assert_eq!(fetched.resolved, pushed.resolved);
        assert_eq!(
            fetched.manifest_digest.as_ref(),
            Some(&pushed.manifest_digest)
        );
        assert_eq!(fetched.signer, Signer::Publisher("acme".to_owned()));
    }
    publish(&supply, &tagged, &wasm, Some(&acme))
        .await
        .expect("pushing twice is as good");
    let error = publish(&supply, &pushed.resolved, &wasm, None).await;
    crate::says(
        &error.expect_err("a digest"),
        &["names a digest", "/acme/webinar:1.2"],
    );
    let error = publish(&supply, &tagged, b"hello", None).await;
    crate::says(&error.expect_err("no plugin"), &["plugin build"]);
}

#[tokio::test]
async fn a_blob_that_was_changed_on_the_registrys_disk_is_refused() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let supply = lax(&registry.host);
    let wasm = plugin("one");
    let tagged = format!("{}/acme/webinar:1.2", registry.host);
    let pushed = publish(&supply, &tagged, &wasm, None)
        .await
        .expect("pushed");
    let tampered = ["what came for ", "is not what the registry listed"];

    let file = registry.blob(&digest::of_bytes(&wasm));
    let mut evil = wasm.clone();
    *evil.last_mut().expect("bytes") ^= 1;
    fs::write(&file, &evil).expect("written");
    refused(&supply, &tagged, &tampered).await;
    fs::write(&file, &wasm).expect("written");
    get(&supply, &tagged).await.expect("whole again");

    let file = registry.blob(&pushed.manifest_digest);
    let manifest = fs::read_to_string(&file).expect("there");
    let size = format!("\"size\":{}", wasm.len());
    assert!(manifest.contains(&size), "{manifest}");
    fs::write(&file, manifest.replace(&size, "\"size\":9999999")).expect("written");
    for reference in [&pushed.resolved, &tagged] {
        refused(&supply, reference, &tampered).await;
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_downloaded() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let mut supply = lax(&registry.host);
    let wasm = plugin("one");
    let tagged = format!("{}/acme/webinar:1.2", registry.host);
    publish(&supply, &tagged, &wasm, None)
        .await
        .expect("pushed");
    supply.limits.component_max_bytes = wasm.len();
    get(&supply, &tagged).await.expect("just fits");
    supply.limits.component_max_bytes = wasm.len() - 1;
    // What is not there any more cannot have been downloaded.
    fs::remove_file(registry.blob(&digest::of_bytes(&wasm))).expect("removed");
    refused(
        &supply,
        &tagged,
        &[
            &format!("has {} bytes, {} allowed", wasm.len(), wasm.len() - 1),
            "raise sandbox.component_max_bytes",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_manifest_that_lies_about_a_size_is_found_out() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let supply = lax(&registry.host);
    let wasm = plugin("one");
    let config = registry.push_blob("acme/liar", b"{}").await;
    let layer = registry.push_blob("acme/liar", &wasm).await;
    for (tag, size, expect) in [
        ("small", 10, "more than 10 bytes"),
        ("large", wasm.len() + 1, "bytes instead of"),
    ] {
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.wasm.config.v0+json", "digest": config, "size": 2,
            },
            "layers": [{ "mediaType": "application/wasm", "digest": layer, "size": size }],
        });
        registry.push_manifest("acme/liar", tag, &manifest).await;
        let reference = format!("{}/acme/liar:{tag}", registry.host);
        refused(&supply, &reference, &[expect]).await;
    }
}
