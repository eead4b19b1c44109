//! What the host must live through: killed, cut off from its database, out of room, out of time, flooded,
//! held up by slow clients and by providers that hang.
//!
//! Each drill is a test with a few rounds; `FOLLOWUP_ROUNDS=20` makes it as many times as long, for a night.
//! What came out is in `host/docs/operators.md`, "Drills". `crowd` is the load and the oracle of most.

mod clocks;
mod crash;
mod crowd;
mod database;
mod disk;
mod flood;
mod outage;
mod poison;
mod slow;
mod stopping;

use followup_tests::{FakeProvider, Options, Server, Site, eventually};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_followup-under-test");

/// How many times as long as by default.
fn rounds() -> u64 {
    let told = std::env::var("FOLLOWUP_ROUNDS").ok();
    told.and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// A server, in a folder of its own.
fn start(provider: &FakeProvider, options: Options) -> Server {
    let site = Site::new(
        PROGRAM,
        &Options {
            provider: provider.url.clone(),
            ..options
        },
    );
    tokio::task::block_in_place(|| Server::start(site))
}

/// Waits until the contact's first message has this status.
async fn until_message(server: &Server, email: &str, status: &str) {
    eventually(&format!("a message {status}"), || {
        match server.site.contact(email) {
            Some(shown) if shown["messages"][0]["status"] == status => Ok(()),
            shown => Err(format!("{shown:?}")),
        }
    })
    .await;
}
