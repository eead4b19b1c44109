//! A server that goes on: another version takes over while webhooks keep coming in.

use followup_tests::senders::event;
use followup_tests::{Options, Server, Site, eventually};
use serde_json::json;

use super::town::{told, version};

const SEQUENCE: &str = "[sequences.pace]\npolicy = \"pacer\"\nidentity = \"ada\"\nenrol = 'event.kind == \"acme.pace\"'\n";

/// What pacer noted first about somebody.
fn first_note(site: &Site, email: &str) -> Result<String, String> {
    let contact = site.contact(email).ok_or("not known yet")?;
    let decisions = contact["decisions"].as_array().ok_or("no decisions")?;
    let note = decisions
        .iter()
        .find_map(|decision| decision["actions"][0]["text"].as_str())
        .ok_or("nothing decided yet")?;
    Ok(note.to_owned())
}

async fn enrol(server: &Server, email: &str) {
    let event = event("acme.pace", email, "1", &json!({}));
    let answer = server.crm(&event).await;
    assert_eq!(answer.status, 200, "{email}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_takes_another_version_over_without_closing_its_door() {
    let site = Site::new(
        env!("CARGO_BIN_EXE_followup-under-test"),
        &Options::default(),
    );
    std::fs::write(site.path("one.wasm"), version("0.1.0", '1')).expect("written");
    std::fs::write(site.path("two.wasm"), version("0.2.0", '2')).expect("written");
    let of = |name: &str| site.path(name).display().to_string();
    told(&site.run(&["plugin", "add", &of("one.wasm"), "--yes"]));
    let config = site.read("followup.toml");
    site.write("followup.toml", &format!("{config}\n{SEQUENCE}"));
    let two = of("two.wasm");

    let mut server = Server::start(site);
    enrol(&server, "ada@x.example").await;
    let note = eventually("0.1.0 decides", || {
        first_note(&server.site, "ada@x.example")
    })
    .await;
    assert_eq!(note, "step 1 by 1, from nobody");

    told(
        &server
            .site
            .run(&["plugin", "upgrade", "pacer", &two, "--yes"]),
    );
    // Whoever comes before, during and after is taken in: `crm` fails where the door is closed.
    let mut n = 0;
    eventually("0.2.0 decides", || {
        n += 1;
        let email = format!("q{n}@x.example");
        tokio::runtime::Handle::current().block_on(enrol(&server, &email));
        match first_note(&server.site, &email) {
            Ok(note) if note.contains("by 2") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert_eq!(server.stdout().len(), 1, "it said once that it listens");
    assert_eq!(server.terminate().await.code(), Some(0));
}
