//! Lists imported by another process while the host serves, and cut off halfway.

use std::collections::HashSet;
use std::fmt::Write;
use std::process::Stdio;

use followup::store::DEFAULT_TENANT;
use followup::store::ledger::Ledger;
use followup::store::sqlite::SqliteStore;
use followup_tests::eventually;
use serde_json::{Value, json};

use crate::World;

/// Several batches of the import's, so that a kill falls between two.
const PEOPLE: usize = 1_000;

fn import(world: &World, arguments: &[&str]) -> Value {
    let list = world.server.site.path("fair.csv").display().to_string();
    let mut all = vec!["leads", "import", &list, "--sequence", "welcome", "--json"];
    all.extend(arguments);
    let done = tokio::task::block_in_place(|| world.server.site.run(&all));
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{complaint}");
    serde_json::from_slice(&done.stdout).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_imported_while_the_host_serves() {
    let world = World::start().await;
    let (ada, zoe) = ("ada@x.example", "zoe@y.example");
    let site = &world.server.site;
    site.write(
        "fair.csv",
        "E-Mail;Vorname;Opt-in\nAda <ada@x.example>;Ada;ja\nzoe@y.example;Zoë;ja\nbob@x.example;Bob;nein\ninfo@x.example;;ja\nada@x.example;Ada;ja\n",
    );
    let done = site.run(&["suppress", "add", "@y.example", "--reason", "competitor"]);
    assert!(done.status.success());

    let dry = import(&world, &["--consent", "opt-in", "--dry-run"]);
    assert!(site.contact(ada).is_none(), "a dry run touches nothing");
    let report = site.path("report.csv").display().to_string();
    let wet = import(&world, &["--consent", "opt-in", "--report", &report]);
    let expect =
        json!({"enrolled": 1, "suppressed": 1, "no-consent": 1, "role": 1, "duplicate-in-file": 1});
    assert_eq!((&dry["outcomes"], &wet["outcomes"]), (&expect, &expect));
    assert_eq!(wet["rows"], 5);

    // Nobody tells the host: it notices.
    world.until_message(ada, "sent").await;
    assert_eq!(world.provider.calls_to(ada).len(), 1);
    assert!(site.contact(zoe).is_none());
    let report = site.read("report.csv");
    let lines: Vec<_> = report.lines().collect();
    assert_eq!(lines.len(), 6, "{report}");
    assert_eq!(lines[1], "2,ada@x.example,enrolled,new,");
    assert!(
        lines[2].starts_with("3,zoe@y.example,suppressed,,") && lines[2].contains("competitor")
    );

    let again = import(&world, &["--consent", "opt-in"]);
    assert_eq!(again["outcomes"]["imported-before"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_killed_is_run_again() {
    let mut world = World::start().await;
    tokio::task::block_in_place(|| world.server.kill9());
    let mut list = "email,first name\n".to_owned();
    for person in 0..PEOPLE {
        writeln!(list, "p{person}@x.example,P{person}").expect("memory");
    }
    let site = &world.server.site;
    site.write("fair.csv", &list);
    let mut cut_off = site
        .command()
        .args(["leads", "import", "--sequence", "welcome"])
        .arg(site.path("fair.csv"))
        .arg("--config")
        .arg(site.path("followup.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("starts");
    let store = SqliteStore::open_read_only(&site.path("followup.db")).expect("opens");
    let contacts = || {
        let status = tokio::runtime::Handle::current().block_on(store.status(DEFAULT_TENANT));
        status.expect("read").contacts
    };
    eventually("the first batch is in", || match contacts() {
        0 => Err("nobody"),
        _ => Ok(()),
    })
    .await;
    cut_off.kill().expect("runs");
    cut_off.wait().expect("a child");
    let halfway = tokio::task::block_in_place(contacts);
    assert!(halfway < PEOPLE as u64, "it was done before it was killed");

    tokio::task::block_in_place(|| world.server.restart());
    let done = import(&world, &[]);
    let expect = json!({"enrolled": PEOPLE as u64 - halfway, "imported-before": halfway});
    assert_eq!(done["outcomes"], expect);
    eventually("everybody has a mail", || {
        match world.provider.accepted().len() {
            PEOPLE => Ok(()),
            some => Err(format!("{some}")),
        }
    })
    .await;
    let accepted: HashSet<_> = world.provider.accepted().into_iter().collect();
    assert_eq!(accepted.len(), PEOPLE, "nobody has two");
    let status = world.server.site.status();
    assert_eq!(status["contacts"], PEOPLE);
    assert_eq!(status["enrollments"], json!({"active": PEOPLE}));
}
