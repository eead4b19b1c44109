//! What comes from afar is signed by somebody trusted, or refused with what to do.

use followup::domain::Instant;
use followup::plugins::{Signer, push};
use followup_tests::Registry;

use crate::{get, keys, lax, plugin, publish, refused, signed, supply};

#[tokio::test]
async fn unsigned_strange_and_wrong_signatures_are_refused() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let (acme, rival) = (keys(), keys());
    let supply = supply(&registry.host, &[("acme", &acme)]);
    let wasm = plugin("one");
    let reference = |tag: &str| format!("{}/acme/webinar:{tag}", registry.host);
    let lax = lax(&registry.host);

    let unsigned = reference("unsigned");
    publish(&supply, &unsigned, &plugin("unsigned"), None)
        .await
        .expect("pushed");
    let remedy = ["is refused: it is not signed", "plugins.require_signature"];
    refused(&supply, &unsigned, &remedy).await;
    let fetched = get(&lax, &unsigned).await.expect("nobody asks");
    assert_eq!((fetched.signer, fetched.signature), (Signer::Nobody, None));

    let strange = reference("strange");
    publish(&supply, &strange, &plugin("strange"), Some(&rival))
        .await
        .expect("pushed");
    let remedy = [
        "is signed by key ",
        "none of plugins.publishers",
        "[plugins.publishers]\nNAME = \"RW...\"",
    ];
    refused(&supply, &strange, &remedy).await;
    let fetched = get(&lax, &strange).await.expect("nobody asks");
    assert!(matches!(fetched.signer, Signer::Stranger(_)));
    let trusting = crate::supply(&registry.host, &[("rival", &rival)]);
    let fetched = get(&trusting, &strange).await.expect("trusted by then");
    assert_eq!(fetched.signer, Signer::Publisher("rival".to_owned()));

    // Of the right publisher, and over another component.
    let wrong = reference("wrong");
    let other = signed(&wasm, &acme);
    push(&wrong, plugin("wrong"), Some(&other), Instant(0), &supply)
        .await
        .expect("pushed");
    let mut known = lax.clone();
    known.trust.publishers = supply.trust.publishers.clone();
    for supply in [&supply, &known] {
        refused(supply, &wrong, &["of \"acme\" and is not by it"]).await;
    }

    let garbage = reference("garbage");
    push(
        &garbage,
        plugin("garbage"),
        Some("hello"),
        Instant(0),
        &supply,
    )
    .await
    .expect("pushed");
    refused(&lax, &garbage, &["its signature cannot be read"]).await;
}

#[tokio::test]
async fn a_signature_in_a_registry_refers_to_what_it_signs() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let acme = keys();
    let supply = supply(&registry.host, &[("acme", &acme)]);
    let reference = format!("{}/acme/webinar:1.2", registry.host);
    let pushed = publish(&supply, &reference, &plugin("one"), Some(&acme))
        .await
        .expect("pushed");
    let tag = format!("{}.minisig", pushed.manifest_digest.replace(':', "-"));
    let host = &registry.host;
    assert_eq!(pushed.signature, Some(format!("{host}/acme/webinar:{tag}")));
    let manifest = registry.manifest("acme/webinar", &tag).await;
    assert_eq!(manifest["artifactType"], "application/vnd.followup.minisig");
    assert_eq!(manifest["subject"]["digest"], pushed.manifest_digest);
    // What lies there must be a signature, not anything that bears its tag.
    let plain = registry.manifest("acme/webinar", "1.2").await;
    registry.push_manifest("acme/webinar", &tag, &plain).await;
    refused(&supply, &reference, &["is no signature of a plugin"]).await;
}
