//! A backup is taken, more mails go out, the host dies, and the backup is put back: nothing is sent
//! twice, and what is in question is held and shown.

use std::fs;
use std::path::{Path, PathBuf};

use followup::domain::Instant;
use followup_tests::senders::form;
use followup_tests::{Options, eventually};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::World;

const SENT_BEFORE: &str = "ada@x.example";
/// Unknown to the backup; the CRM tells of it again.
const NEW: &str = "bob@x.example";
/// A message waits for its time when the backup is taken.
const QUEUED: &str = "cleo@x.example";
/// A pause holds it when the backup is taken.
const PAUSED: &str = "dan@x.example";

impl World {
    fn run(&self, arguments: &[&str]) -> String {
        let done = self.server.site.run(arguments);
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{arguments:?}: {told}{complaint}");
        told
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let done = self.server.site.run(arguments);
        assert!(!done.status.success(), "{arguments:?}");
        String::from_utf8_lossy(&done.stderr).into_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.server.site.path(name)
    }
}

/// So much time passes that what is queued is due.
fn fall_due(store: &Path, now: Instant) {
    let store = Connection::open(store).expect("opens");
    let sql = "UPDATE messages SET due_at = ?1 WHERE status = 'queued'";
    assert_eq!(store.execute(sql, [now.0]).expect("the host is down"), 1);
}

fn held(world: &World) -> Vec<String> {
    let told = world.run(&["outbox", "--rule", "restored", "--json"]);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let messages = told["messages"].as_array().expect("messages").iter();
    let mut people: Vec<_> = messages
        .filter_map(|message| message["to"].as_str().map(str::to_owned))
        .collect();
    people.sort();
    people
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_sends_nothing_twice() {
    let mut world = World::with(Options::default()).await;
    let backup = world.path("backup.db").display().to_string();

    world.server.crm(&form("welcome", SENT_BEFORE)).await;
    world.until_message(SENT_BEFORE, "sent").await;
    world.server.crm(&form("later", QUEUED)).await;
    world.until_message(QUEUED, "queued").await;
    world.run(&["pause", "--sequence", "welcome", "--reason", "a fair"]);
    world.server.crm(&form("welcome", PAUSED)).await;
    world.until_message(PAUSED, "held").await;

    world.run(&["backup", &backup]);
    let twice = world.refused(&["backup", &backup]);
    assert!(twice.contains("nothing is overwritten"), "{twice}");

    // What the backup does not know.
    world.run(&["resume", "--sequence", "welcome"]);
    world.until_message(PAUSED, "sent").await;
    let mut told = form("welcome", NEW);
    told["time"] = json!(world.server.now().to_string());
    world.server.crm(&told).await;
    world.until_message(NEW, "sent").await;
    tokio::task::block_in_place(|| {
        world.server.kill9();
        let now = world.server.now();
        fall_due(&world.path("followup.db"), now);
        world.server.restart();
    });
    world.until_message(QUEUED, "sent").await;
    let sent = world.provider.calls().len();
    assert_eq!(sent, 4);

    tokio::task::block_in_place(|| world.server.kill9());
    let there = world.refused(&["restore", &backup]);
    assert!(there.contains("move"), "{there}");
    let other = world.path("other.db");
    fs::copy(world.path("followup.db"), &other).expect("copied");
    for ending in ["", "-wal", "-shm"] {
        // A host that was killed leaves all three.
        let file = world.path(&format!("followup.db{ending}"));
        if file.exists() {
            fs::remove_file(file).expect("removed");
        }
    }
    let unmarked = world.refused(&["restore", &other.display().to_string()]);
    assert!(unmarked.contains("is no backup"), "{unmarked}");
    world.run(&["restore", &backup]);
    let now = world.server.now();
    fall_due(&world.path("followup.db"), now);
    tokio::task::block_in_place(|| world.server.restart());
    let log = world.server.stderr();
    assert!(log.contains("this is a restored backup"), "{log}");

    world.server.crm(&told).await;
    world.until_message(NEW, "held").await;
    world.until_message(QUEUED, "held").await;
    world.until_message(PAUSED, "held").await;
    world.run(&["resume", "--sequence", "welcome"]);
    assert_eq!(held(&world), [NEW, QUEUED, PAUSED]);
    // A start that comes later changes nothing, and neither does the end of a pause.
    tokio::task::block_in_place(|| world.server.restart());
    assert_eq!(held(&world), [NEW, QUEUED, PAUSED]);
    world.run(&["audit"]);

    // Who was not heard of before the restore is written to as always.
    world.server.crm(&form("welcome", "eve@x.example")).await;
    world.until_message("eve@x.example", "sent").await;
    assert_eq!(world.provider.calls().len(), sent + 1, "nothing twice");

    let message = world.until_message(QUEUED, "held").await;
    let id = message["id"].as_str().expect("an id").to_owned();
    world.run(&["outbox", "release", "--message", &id]);
    world.until_message(QUEUED, "sent").await;
    let reason = "the provider shows them";
    world.run(&["outbox", "cancel", "--rule", "restored", "--reason", reason]);
    eventually("nothing is in question any more", || {
        match held(&world).as_slice() {
            [] => Ok(()),
            people => Err(format!("{people:?}")),
        }
    })
    .await;
    // The same id to the provider that knows it: the person got one mail all the same.
    let accepted = world.provider.accepted();
    let of_it = accepted.iter().filter(|accepted| **accepted == id);
    assert_eq!(
        of_it.count(),
        1,
        "the id is the provider's key: {accepted:?}"
    );
    world.run(&["audit"]);
}
