//! What becomes of running enrollments when another version takes over, and when it is undone.

use super::town::{AMY, Admin, BOB, refused, told, version};

/// Amy is two steps along on 0.1.0 when 0.2.0 comes.
async fn upgraded(how: &str, mails: bool) -> Admin {
    let admin = Admin::begin(mails).await.expect("a town");
    admin.enrol(AMY).await;
    admin.days(1).await;
    admin.write("two.wasm", &version("0.2.0", '2'));
    let said = told(&admin.run(&["plugin", "upgrade", "pacer", "two.wasm", how, "--yes"]));
    assert!(said.contains("pacer 0.2.0 is active"), "{said}");
    admin.restart().await.expect("restarts")
}

#[tokio::test(flavor = "multi_thread")]
async fn enrollments_finish_on_the_version_they_began_with() {
    let admin = upgraded("--finish-on-old", false).await;
    admin.enrol(BOB).await;
    admin.days(1).await;
    assert_eq!(
        admin.notes(AMY).await,
        [
            "step 1 by 1, from nobody",
            "step 2 by 1, from nobody",
            "step 3 by 1, from nobody"
        ]
    );
    assert_eq!(
        admin.notes(BOB).await,
        ["step 1 by 2, from nobody", "step 2 by 2, from nobody"]
    );
    let shown = admin.json(&["plugin", "show", "pacer"]);
    assert_eq!(shown["versions"][0]["status"], "retired");
    assert_eq!(shown["versions"][1]["status"], "active");
    let health = &shown["health"];
    assert_eq!(health[0]["decisions"], 2, "{health}");
    assert_eq!(health[1]["enrollments_running"], 1, "{health}");
    assert!(health[0]["fuel"]["p95"].as_u64() > Some(1_000), "{health}");
    assert!(
        health[0]["memory"]["max"].as_u64() > Some(60_000),
        "{health}"
    );
    let refusal = refused(&admin.run(&["plugin", "remove", "pacer@0.1.0"]));
    assert!(
        refusal.contains("1 enrollments still run on it"),
        "{refusal}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_migrated_before_the_next_decision() {
    let admin = upgraded("--migrate", false).await;
    admin.days(1).await;
    assert_eq!(
        admin.notes(AMY).await,
        [
            "step 1 by 1, from nobody",
            "step 2 by 1, from nobody",
            "step 3 by 2, from 0.1.0"
        ]
    );
    let refusal = refused(&admin.run(&["plugin", "remove", "pacer@0.2.0"]));
    assert!(refusal.contains("[sequences.pace] uses it"), "{refusal}");
    told(&admin.run(&["plugin", "remove", "pacer@0.1.0"]));
    let admin = admin.restart().await.expect("restarts");
    admin.days(1).await;
    assert_eq!(admin.notes(AMY).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_begins_anew() {
    let admin = upgraded("--restart", false).await;
    admin.catch_up().await;
    admin.days(1).await;
    assert_eq!(
        admin.notes(AMY).await[2..],
        ["step 1 by 2, from nobody", "step 2 by 2, from nobody"]
    );
}

/// What 0.2.0 decided about Amy is undone; she is where she was, and is asked again.
#[tokio::test(flavor = "multi_thread")]
async fn going_back_undoes_what_nobody_noticed() {
    let admin = upgraded("--migrate", false).await;
    admin.days(1).await;
    let said = told(&admin.run(&["plugin", "rollback", "pacer", "--yes"]));
    assert!(
        said.contains("pacer 0.1.0 is active; of running enrollments, 1 are what they were"),
        "{said}"
    );
    let admin = admin.restart().await.expect("restarts");
    admin.catch_up().await;
    admin.days(1).await;
    assert_eq!(
        admin.notes(AMY).await[2..],
        [
            "step 3 by 2, from 0.1.0",
            "step 3 by 1, from nobody",
            "step 4 by 1, from nobody"
        ]
    );
}

/// It wrote to her: she finishes on it, and gets no mail twice.
#[tokio::test(flavor = "multi_thread")]
async fn going_back_leaves_what_was_written() {
    let admin = upgraded("--migrate", true).await;
    admin.days(3).await;
    let sent = admin.town.mails().expect("mails").len();
    let said = told(&admin.run(&["plugin", "rollback", "pacer", "--yes"]));
    assert!(said.contains("1 run on another version"), "{said}");
    let admin = admin.restart().await.expect("restarts");
    admin.days(3).await;
    let notes = admin.notes(AMY).await;
    assert!(
        notes.iter().skip(2).all(|note| note.contains("by 2")),
        "{notes:?}"
    );
    assert!(admin.town.mails().expect("mails").len() > sent);
}

/// A version that fails for everybody is parked as one; nothing is lost, and going back lets
/// everything go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_version_is_parked_and_undone() {
    let admin = Admin::begin(false).await.expect("a town");
    let people: Vec<_> = (0..5).map(|n| format!("p{n}@north.example")).collect();
    for person in &people {
        admin.enrol(person).await;
    }
    admin.write("three.wasm", &version("0.3.0", '3'));
    let said = told(&admin.run(&[
        "plugin",
        "upgrade",
        "pacer",
        "three.wasm",
        "--migrate",
        "--yes",
    ]));
    assert!(
        said.contains("5 decisions made again: 0 the same, 0 different, 5 failed"),
        "{said}"
    );
    assert!(said.contains("behaviour 3 is broken"), "{said}");
    let admin = admin.restart().await.expect("restarts");
    admin.days(2).await;
    let shown = admin.json(&["plugin", "show", "pacer"]);
    let why = shown["parked"]["reason"].as_str().expect("parked");
    assert!(
        why.contains("3 times in a row") && why.contains("behaviour 3"),
        "{why}"
    );
    let failures = shown["health"][0]["failures"].as_u64().expect("a number");
    assert!(
        failures < 10,
        "those after the third were not even asked: {failures}"
    );
    let status = admin.town.status().await.expect("status");
    assert_eq!(status.enrollments.get("paused"), Some(&5));

    let said = told(&admin.run(&["plugin", "resume", "pacer"]));
    assert!(said.contains("5 parked enrollments go on"), "{said}");
    told(&admin.run(&["plugin", "rollback", "pacer", "--yes"]));
    let admin = admin.restart().await.expect("restarts");
    admin.catch_up().await;
    admin.days(1).await;
    for person in &people {
        assert_eq!(
            admin.notes(person).await,
            [
                "step 1 by 1, from nobody",
                "step 2 by 1, from nobody",
                "step 3 by 1, from nobody"
            ],
            "{person}"
        );
    }
}
