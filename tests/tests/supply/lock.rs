//! What was approved stays what runs: a tag that moves, a file that changes, a lock that is older.

use followup::domain::Instant;
use followup::domain::component::Component;
use followup::domain::install::{Install, Running, Status};
use followup::domain::manifest::Asks;
use followup::plugins::{Drift, Fetched, LOCK_FILE, Lock, Locked, Shelf, drift, fetch_locked};
use followup_tests::Registry;

use crate::{COMPONENT_MAX_BYTES, NOWHERE, get, keys, plugin, publish, says, signed, supply};

/// As `followup plugin add` and `approve` would record it.
fn approved(source: &str, fetched: &Fetched) -> Install {
    let manifest = Component::read(&fetched.wasm).expect("a plugin").manifest;
    let asks = Asks::of(&manifest);
    Install {
        plugin: manifest.id,
        version: manifest.version,
        kind: manifest.kind,
        digest: fetched.digest.clone(),
        source: source.to_owned(),
        resolved: fetched.resolved.clone(),
        signer: fetched.signer.name().map(str::to_owned),
        asks_digest: asks.digest(),
        asks,
        status: Status::Active,
        running: Running::FinishOnOld,
        added_at: Instant(0),
        approved_at: Some(Instant(0)),
        activated_at: Some(Instant(0)),
        retired_at: None,
    }
}

fn put(shelf: &Shelf, install: &Install, fetched: &Fetched) {
    let signature = fetched.signature.as_deref();
    shelf
        .put(&install.plugin, &install.version, &fetched.wasm, signature)
        .expect("put");
}

fn told(found: &[Drift]) -> String {
    let lines: Vec<_> = found.iter().map(Drift::to_string).collect();
    lines.join("\n")
}

#[tokio::test]
async fn a_tag_that_moved_is_drift_and_the_lock_still_leads_to_what_was_approved() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let acme = keys();
    let supply = supply(&registry.host, &[("acme", &acme)]);
    let tag = format!("{}/acme/webinar:1.2", registry.host);
    publish(&supply, &tag, &plugin("reviewed"), Some(&acme))
        .await
        .expect("pushed");
    let first = get(&supply, &tag).await.expect("fetched");
    let install = approved(&tag, &first);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shelf = Shelf::new(folder.path().join("plugins"), COMPONENT_MAX_BYTES);
    put(&shelf, &install, &first);
    let file = folder.path().join(LOCK_FILE);
    Lock::of(std::slice::from_ref(&install))
        .write(&file)
        .expect("written");
    let lock = Lock::read(&file).expect("read");
    let none = drift(&lock, std::slice::from_ref(&install), &shelf);
    assert!(none.is_empty(), "{}", told(&none));

    publish(&supply, &tag, &plugin("moved"), Some(&acme))
        .await
        .expect("pushed");
    let second = get(&supply, &tag).await.expect("fetched");
    assert_ne!(second.digest, first.digest);
    let moved = approved(&tag, &second);
    put(&shelf, &moved, &second);
    let found = told(&drift(&lock, std::slice::from_ref(&moved), &shelf));
    for part in [
        &first.digest,
        &second.digest,
        "changed under the same version",
        "plugin sync",
    ] {
        assert!(found.contains(part), "{found:?} does not say {part:?}");
    }

    let locked = lock.get(&install.plugin, &install.version).expect("locked");
    let again = fetch_locked(locked, &supply, NOWHERE.as_ref()).await;
    assert_eq!(again.expect("by digest").wasm, first.wasm);
}

#[tokio::test]
async fn what_is_locked_comes_back_as_it_was_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (acme, rival) = (keys(), keys());
    let supply = supply("r.example", &[("acme", &acme), ("rival", &rival)]);
    let file = folder.path().join("mine.wasm");
    let beside = folder.path().join("mine.wasm.minisig");
    let lay = |wasm: &[u8], signature: &str| {
        std::fs::write(&file, wasm).expect("written");
        std::fs::write(&beside, signature).expect("written");
    };
    let wasm = plugin("mine");
    lay(&wasm, &signed(&wasm, &acme));
    let fetched = get(&supply, &file.display().to_string())
        .await
        .expect("fetched");
    let locked = Locked::of(&approved("mine.wasm", &fetched));
    assert_eq!(locked.signer.as_deref(), Some("acme"));
    let again = || fetch_locked(&locked, &supply, folder.path());
    assert_eq!(again().await.expect("as it was"), fetched);

    lay(&wasm, &signed(&wasm, &rival));
    let error = again().await.expect_err("another signer");
    says(&error, &["is signed by rival, not acme"]);
    let other = plugin("other");
    lay(&other, &signed(&other, &acme));
    let error = again().await.expect_err("another component");
    says(
        &error,
        &["has the digest sha256:", "add and approve the plugin anew"],
    );
    std::fs::remove_file(&file).expect("removed");
    let error = again().await.expect_err("nothing there");
    says(&error, &["neither a file nor a folder"]);
}

#[tokio::test]
async fn a_component_changed_on_this_machine_is_drift() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("mine.wasm");
    std::fs::write(&file, plugin("mine")).expect("written");
    let source = file.display().to_string();
    let fetched = get(&supply("r.example", &[]), &source)
        .await
        .expect("a file needs no signature");
    let install = approved(&source, &fetched);
    let shelf = Shelf::new(folder.path().join("plugins"), COMPONENT_MAX_BYTES);
    put(&shelf, &install, &fetched);
    let lock = Lock::of(std::slice::from_ref(&install));
    let installs = [install];
    assert!(drift(&lock, &installs, &shelf).is_empty());
    let path = shelf.path(&installs[0].plugin, &installs[0].version, &fetched.digest);
    std::fs::write(&path, plugin("evil")).expect("written");
    let found = told(&drift(&lock, &installs, &shelf));
    assert!(
        found.contains("was changed") && found.contains("plugin sync"),
        "{found}"
    );
}
