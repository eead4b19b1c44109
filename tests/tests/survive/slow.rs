//! Clients that send a byte now and then, by the hundred: in the head of a request, in its body, or nothing at all.
//! Others are served meanwhile, and the slow ones are let go in their time.

use std::time::Duration;

use followup_tests::raw::Raw;
use followup_tests::senders::form;
use followup_tests::{FakeProvider, Options};
use tokio::task::JoinSet;

use crate::{rounds, start};

const SLOW: u64 = 240;
/// Requests under way at once: far fewer than there are slow ones.
const SERVER: &str = "concurrent_max = 16\nheader_timeout_ms = 2_000\nbody_timeout_ms = 2_000";
/// Between two bytes.
const BYTE_EVERY: Duration = Duration::from_millis(100);

/// What a slow one has sent before it begins to be slow.
const BEGINNINGS: [&str; 3] = [
    "",
    "POST /hooks/crm HTTP/1.1\r\nhost: followup\r\nx-slow: ",
    "POST /hooks/crm HTTP/1.1\r\nhost: followup\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n",
];

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_hold_nobody_up() {
    let provider = FakeProvider::start().await;
    let server = start(
        &provider,
        Options {
            server: SERVER,
            ..Options::default()
        },
    );
    let mut slow = JoinSet::new();
    for number in 0..SLOW * rounds() {
        let base = server.base.clone();
        let beginning = BEGINNINGS[number as usize % BEGINNINGS.len()];
        slow.spawn(async move {
            let mut connection = Raw::connect(&base).await;
            connection.write(beginning).await;
            connection.drip(BYTE_EVERY).await
        });
    }
    for number in 0..40 {
        let answer = server
            .crm(&form("nothing", &format!("p{number}@x.example")))
            .await;
        assert_eq!(answer.status, 200, "{number}");
        assert_eq!(server.get("/readyz").await.status, 200, "{number}");
    }
    let mut answers = std::collections::BTreeMap::<String, usize>::new();
    while let Some(ended) = slow.join_next().await {
        let answer = ended.expect("let go in its time");
        let first = answer.lines().next().unwrap_or("closed").to_owned();
        *answers.entry(first).or_default() += 1;
    }
    eprintln!("{answers:?}");
    let late = answers.get("HTTP/1.1 408 Request Timeout").copied();
    assert_eq!(late.unwrap_or(0) as u64, SLOW * rounds() / 3, "{answers:?}");
}

/// All places are taken by those that say nothing: the next one waits until their time is up, and is served.
#[tokio::test(flavor = "multi_thread")]
async fn places_that_are_taken_become_free() {
    let provider = FakeProvider::start().await;
    let server = start(
        &provider,
        Options {
            server: "connections_max = 8\nheader_timeout_ms = 1_000",
            ..Options::default()
        },
    );
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(Raw::connect(&server.base).await);
    }
    assert_eq!(server.get("/healthz").await.status, 200);
    for connection in idle {
        assert_eq!(connection.answer().await, "", "closed without a word");
    }
}
