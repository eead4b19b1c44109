//! What an administrator is shown and asked before anything runs, and what a host refuses to start with.

use followup_tests::versions::patched;

use super::town::{AMY, Admin, refused, told, version};

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_asks_for_more_stays_staged() {
    let admin = Admin::begin(false).await.expect("a town");
    admin.enrol(AMY).await;
    admin.write("two.wasm", &version("0.2.0", '2'));
    let replayed = admin.run(&[
        "plugin",
        "replay",
        "--plugin",
        "two.wasm",
        "--sequence",
        "pace",
    ]);
    let replayed = refused(&replayed);
    assert!(replayed.contains("0 the same, 1 different"), "{replayed}");
    assert!(
        replayed.contains("+ {\"action\":\"add-note\",\"text\":\"step 1 by 2"),
        "{replayed}"
    );
    let more = patched(
        version("0.2.0", '2'),
        "\"link-clicked\"",
        "\"email-opened\"",
    );
    admin.write("more.wasm", &more);
    let said = refused(&admin.run(&["plugin", "upgrade", "pacer", "more.wasm", "--yes"]));
    assert!(
        said.contains("more than 0.1.0: hears email-opened"),
        "{said}"
    );
    assert!(
        said.contains("followup plugin approve pacer@0.2.0"),
        "{said}"
    );
    let admin = admin.restart().await.expect("restarts");
    admin.days(1).await;
    assert!(
        admin.notes(AMY).await[1].contains("by 1"),
        "the old one runs on"
    );

    let refusal =
        refused(&admin.run(&["plugin", "approve", "pacer@0.2.0", "--digest", "sha256:00"]));
    assert!(refusal.contains("not sha256:00"), "{refusal}");
    told(&admin.run(&["plugin", "approve", "pacer@0.2.0", "--yes"]));
    told(&admin.run(&["plugin", "upgrade", "pacer@0.2.0", "--migrate", "--yes"]));
    let admin = admin.restart().await.expect("restarts");
    admin.days(1).await;
    assert!(admin.notes(AMY).await[2].contains("by 2"));
    let shown = admin.json(&["plugin", "show", "pacer"]);
    let log = shown["log"].as_array().expect("a log");
    let done: Vec<_> = log
        .iter()
        .map(|entry| entry["what"].as_str().expect("a word"))
        .collect();
    assert_eq!(
        done,
        ["activated", "approved", "added", "activated", "added"]
    );
    assert!(log.iter().all(|entry| entry["who"] == "grace"), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_agrees_by_silence() {
    let admin = Admin::begin(false).await.expect("a town");
    let other = patched(version("0.2.0", '2'), "id = \"pacer\"", "id = \"paced\"");
    admin.write("paced.wasm", &other);
    let refusal = refused(&admin.run(&["plugin", "add", "paced.wasm"]));
    assert!(refusal.contains("say --yes if you agree"), "{refusal}");
    let said = told(&admin.run(&["plugin", "add", "paced.wasm", "--stage"]));
    assert!(said.contains("staged and does not run"), "{said}");
    let listed = admin.json(&["plugin", "list"]);
    let row = listed
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["id"] == "paced");
    assert_eq!(row.expect("listed")["standing"], "staged");
    let wrong = refused(&admin.run(&["plugin", "add", "paced.wasm", "--approve", "sha256:00"]));
    assert!(wrong.contains("has the digest"), "{wrong}");
}

/// A version is one component for ever.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_version_with_other_bytes_is_refused() {
    let admin = Admin::begin(false).await.expect("a town");
    admin.write("other.wasm", &version("0.1.0", '2'));
    let refusal = refused(&admin.run(&["plugin", "upgrade", "pacer", "other.wasm", "--yes"]));
    assert!(
        refusal.contains("its author has to raise the version"),
        "{refusal}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_with_drift_does_not_start() {
    let admin = Admin::begin(false).await.expect("a town");
    let component = std::fs::read_dir(admin.folder().join("plugins"))
        .expect("the shelf")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|kind| kind == "wasm"))
        .expect("a component");
    let lock = admin.folder().join("followup.lock");
    let good = std::fs::read_to_string(&lock).expect("a lock");
    let check = |what: &str, expect: &str| {
        let said = refused(&admin.run(&["check"]));
        assert!(said.contains(expect), "{what}: {said}");
    };
    std::fs::write(&component, version("0.1.0", '2')).expect("written");
    check("another component", "was changed");
    told(&admin.run(&["plugin", "sync", "--yes"]));
    told(&admin.run(&["check"]));
    std::fs::write(
        &lock,
        good.replace("approved = \"sha256:", "approved = \"sha256:0"),
    )
    .expect("written");
    check("something else was approved", "pacer@0.1.0");
    std::fs::write(&lock, "").expect("written");
    check("no lock", "followup.lock");
    std::fs::remove_file(&lock).expect("removed");
    check("no lock at all", "is installed here");
    told(&admin.run(&["plugin", "sync", "--pin"]));
    assert_eq!(std::fs::read_to_string(&lock).expect("a lock"), good);
    told(&admin.run(&["check"]));
}

/// A second host gets from the lock what the first one has.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_brings_the_plugins_of_another_host() {
    let admin = Admin::begin(false).await.expect("a town");
    let other = Admin::begin(false).await.expect("another town");
    let config = std::fs::read(admin.folder().join("followup.toml")).expect("readable");
    let lock = std::fs::read(admin.folder().join("followup.lock")).expect("readable");
    let fresh = other.folder().join("fresh");
    std::fs::create_dir(&fresh).expect("a folder");
    std::fs::write(fresh.join("followup.toml"), config).expect("written");
    std::fs::write(fresh.join("followup.lock"), lock).expect("written");
    let secret = std::fs::read(admin.folder().join("crm-secret")).expect("readable");
    std::fs::write(fresh.join("crm-secret"), secret).expect("written");
    let at = fresh.join("followup.toml").display().to_string();
    let said = refused(&other.run(&["check", "--config", &at]));
    assert!(said.contains("pacer 0.1.0"), "{said}");
    let said = told(&other.run(&["plugin", "sync", "--yes", "--config", &at]));
    assert!(said.contains("pacer 0.1.0 is as the lock says"), "{said}");
    told(&other.run(&["check", "--config", &at]));
}
