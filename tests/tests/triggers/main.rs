//! Connections that plugins work for, on a real server with the shipped triggers: webhooks that are
//! checked before a plugin sees them, a beacon that browsers call, an API that is asked.

mod beacon;
mod calendly;
mod polls;

use followup_tests::{FakeProvider, Options, Server, Site, eventually};
use serde_json::Value;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_followup-under-test");

/// The site with more connections, served; and the fake that its mails go to.
async fn serve(sections: &str) -> (Server, FakeProvider) {
    let provider = FakeProvider::start().await;
    let options = Options {
        provider: provider.url.clone(),
        ..Options::default()
    };
    let site = Site::new(PROGRAM, &options);
    let config = site.read("followup.toml");
    site.write("followup.toml", &format!("{config}\n{sections}"));
    let server = tokio::task::block_in_place(|| Server::start(site));
    (server, provider)
}

/// Waits until `contact show` says what `look` looks for.
async fn until<T>(
    server: &Server,
    what: &str,
    email: &str,
    look: impl Fn(&Value) -> Option<T>,
) -> T {
    eventually(what, || match server.site.contact(email) {
        Some(shown) => look(&shown).ok_or_else(|| format!("{shown:#}")),
        None => Err(format!("nobody is known by {email}")),
    })
    .await
}

/// The events of this kind that the contact has.
fn events<'v>(shown: &'v Value, kind: &str) -> Vec<&'v Value> {
    let all = shown["events"].as_array().into_iter().flatten();
    all.filter(|event| event["kind"] == kind).collect()
}

/// What `status --json` says of a connection's trigger.
fn trigger(server: &Server, connection: &str) -> Option<Value> {
    let status = server.site.status();
    let all = status["triggers"].as_array()?;
    let mut named = all.iter().filter(|one| one["connection"] == connection);
    named.next().cloned()
}
