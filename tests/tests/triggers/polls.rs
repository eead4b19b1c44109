//! An API that is asked: pages, the cursor that is stored with their events, faults, the secret.

use std::sync::Arc;

use followup::clock::{Clock, ManualClock, SystemClock};
use followup_tests::{FakeJsonApi, Options, Site, eventually};
use serde_json::{Value, json};

use crate::{PROGRAM, events, serve, until};

const TOKEN: &str = "shop-token-f00d";

fn sections(api: &FakeJsonApi) -> String {
    format!(
        r#"
[connections.shop]
kind = "trigger"
plugin = "json-poll"
poll_every = "10s"
secrets = {{ token = "{TOKEN}" }}
allow_private = ["127.0.0.1/32"]

[connections.shop.config]
url = "{}"
items = "/data"
id = "/id"
email = "/email"
kind = "resource-downloaded"
data = {{ resource = "/file" }}
auth = {{ header = "authorization", prefix = "Bearer " }}
cursor = {{ param = "after", next = "/next", more = "/more" }}
"#,
        api.url
    )
}

fn page(people: &[&str], next: &str, more: bool) -> Value {
    let item = |name: &&str| json!({"id": name, "email": format!("{name}@x.example"), "file": "Price list"});
    let data: Vec<_> = people.iter().map(item).collect();
    json!({"data": data, "next": next, "more": more})
}

/// The power goes while the second page is on its way; the first and its cursor are kept, and the
/// second is asked for again.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_and_its_cursor_survive_together() {
    let api = FakeJsonApi::start().await;
    api.page("", page(&["ada", "bob"], "c2", true));
    api.page("c2", page(&["bob", "eve"], "c3", false));
    api.page("c3", page(&[], "c3", false));
    api.hold("c2");
    let (mut server, _provider) = serve(&sections(&api)).await;
    eventually("the second page is asked for", || match api.cursors() {
        cursors if cursors == ["", "c2"] => Ok(()),
        cursors => Err(format!("{cursors:?}")),
    })
    .await;
    assert!(server.site.contact("bob@x.example").is_some());
    assert!(server.site.contact("eve@x.example").is_none());
    tokio::task::block_in_place(|| {
        server.kill9();
        server.restart();
    });
    eventually("it is asked for again", || match api.cursors() {
        cursors if cursors == ["", "c2", "c2"] => Ok(()),
        cursors => Err(format!("{cursors:?}")),
    })
    .await;
    api.let_go();
    let eve = until(
        &server,
        "the second page is kept",
        "eve@x.example",
        |shown| {
            let downloads = events(shown, "resource-downloaded");
            downloads.first().map(|event| event["data"].clone())
        },
    )
    .await;
    assert_eq!(eve, json!({"resource": "Price list"}));
    let bob = server.site.contact("bob@x.example").expect("known");
    assert_eq!(events(&bob, "resource-downloaded").len(), 1, "{bob:#}");

    for asked in api.asked() {
        assert_eq!(asked.authorization, Some(format!("Bearer {TOKEN}")));
    }
    assert!(!server.stderr().contains(TOKEN), "the secret is in the log");
    assert!(!bob.to_string().contains(TOKEN));
}

/// Backs off while the API fails, and goes on from the same cursor.
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_api_is_asked_less_and_less_and_then_goes_on() {
    let api = FakeJsonApi::start().await;
    api.page("", page(&["ada"], "c2", false));
    api.page("c2", page(&["bob"], "c3", false));
    let site = Site::new(PROGRAM, &Options::default());
    let config = site.read("followup.toml");
    site.write("followup.toml", &format!("{config}\n{}", sections(&api)));
    let clock = ManualClock::new(SystemClock.now());
    let daemon = site.start(Arc::new(clock.clone())).await;
    let asked = |times: usize| {
        let api = api.clone();
        async move {
            eventually("it is asked", || match api.asked().len() {
                count if count == times => Ok(()),
                count => Err(format!("asked {count} times instead of {times}")),
            })
            .await;
        }
    };
    let failures = async |expect: u32| {
        eventually("the failures are counted", || {
            let status = site.status();
            let poll = &status["triggers"][0]["poll"];
            let told = poll["failures"] == expect && poll["fault"].is_null() == (expect == 0);
            if told { Ok(()) } else { Err(poll.to_string()) }
        })
        .await;
    };
    asked(1).await;
    until_contact(&site, "ada@x.example").await;

    api.fail(2);
    clock.advance_ms(10_000);
    asked(2).await;
    failures(1).await;
    clock.advance_ms(10_000);
    asked(3).await;
    failures(2).await;
    // The second pause is twice the first.
    clock.advance_ms(20_000);
    asked(4).await;
    until_contact(&site, "bob@x.example").await;
    failures(0).await;
    assert_eq!(api.cursors(), ["", "c2", "c2", "c2"]);
    daemon.stop().await;
}

async fn until_contact(site: &Site, email: &str) {
    eventually("the contact is known", || match site.contact(email) {
        Some(_) => Ok(()),
        None => Err(format!("nobody is known by {email}")),
    })
    .await;
}
