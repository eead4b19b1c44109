//! `followup audit` over a store that a server wrote, beside it and after damage.

use followup_tests::senders::{event, form};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::World;

fn report(world: &World, arguments: &[&str], code: i32) -> Value {
    let told = [&["audit", "--json"], arguments].concat();
    let done = world.server.site.run(&told);
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(code), "{complaint} {done:?}");
    serde_json::from_slice(&done.stdout).expect("JSON")
}

/// Names of the checks that found something.
fn found(report: &Value) -> Vec<&str> {
    let checks = report["checks"].as_array().expect("checks").iter();
    checks
        .filter(|check| check["found"] != 0)
        .filter_map(|check| check["name"].as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_finds_nothing_and_then_the_damage() {
    let mut world = World::start().await;
    for email in ["ada@x.example", "bob@x.example", "cleo@x.example"] {
        world.server.crm(&form("welcome", email)).await;
        world.until_message(email, "sent").await;
    }
    let replied = event("replied", "bob@x.example", "1", &json!({}));
    world.server.crm(&replied).await;

    let done = world.server.site.run(&["audit", "--seed", "7"]);
    let shown = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{shown}");
    assert!(shown.contains("3 mails asked for in"), "{shown}");
    assert!(shown.contains("+ 3 sent"), "{shown}");
    assert!(shown.contains("drawn by --seed 7"), "{shown}");
    assert!(shown.contains("everything holds"), "{shown}");
    let sound = report(&world, &["--sample", "2", "--seed", "7"], 0);
    assert_eq!(sound["holds"], true);
    assert_eq!(sound["recomputed"]["drawn"], 2);
    assert_eq!(sound["recomputed"]["same"], 2);
    let again = report(&world, &["--sample", "2", "--seed", "7"], 0);
    assert_eq!(sound["recomputed"], again["recomputed"]);

    tokio::task::block_in_place(|| world.server.kill9());
    let store = Connection::open(world.server.site.path("followup.db")).expect("opens");
    let damage = |sql: &str| assert_ne!(store.execute(sql, []).expect("runs"), 0, "{sql}");
    damage("DELETE FROM touches WHERE message_seq = 1");
    damage(
        r#"UPDATE decisions SET output = replace(output, '"reason":"', '"reason":"x') WHERE id = 1"#,
    );
    let damaged = report(&world, &[], 1);
    assert_eq!(found(&damaged), ["touches"]);
    assert_eq!(damaged["recomputed"]["different"], 1);
    let row = damaged["recomputed"]["findings"][0]["row"].as_str();
    assert!(row.is_some_and(|row| row.starts_with("decision 1 by cadence")));

    damage("UPDATE plugins SET digest = 'sha256:gone' || id");
    let orphaned = report(&world, &[], 1);
    assert_eq!(orphaned["recomputed"]["same"], 0, "what is gone is said");
    let unknown = orphaned["recomputed"]["unknown"].as_object();
    assert_eq!(unknown.expect("versions").len(), 1);
    let told = world.server.site.run(&["audit"]);
    let told = String::from_utf8_lossy(&told.stdout);
    assert!(told.contains("which is not here any more"), "{told}");
}
