//! Thousands of webhooks at once: what there is no room for is answered 503 and comes again; nothing is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use followup::clock::Stopwatch;
use followup_tests::senders::form;
use followup_tests::{FakeProvider, Options, eventually};
use tokio::task::JoinSet;

use crate::{rounds, start};

/// Times the rounds: 40 rounds are 100,000.
const WEBHOOKS: u64 = 2_500;
const CONNECTIONS: u64 = 256;
/// One of so many gets a mail.
const MAIL_EVERY: u64 = 50;
/// Far less room than there are connections.
const SERVER: &str = "concurrent_max = 32";

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_taken_in_as_it_can_be() {
    let provider = FakeProvider::start().await;
    let server = start(
        &provider,
        Options {
            server: SERVER,
            ..Options::default()
        },
    );
    let (next, refused) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
    let (all, took) = (WEBHOOKS * rounds(), Stopwatch::start());
    let mut senders = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (sender, next, refused) = (
            server.senders.clone(),
            Arc::clone(&next),
            Arc::clone(&refused),
        );
        senders.spawn(async move {
            let mut beat = tokio::time::interval(Duration::from_millis(20));
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= all {
                    return;
                }
                let sequence = if number.is_multiple_of(MAIL_EVERY) {
                    "welcome"
                } else {
                    "nothing"
                };
                let told = form(sequence, &format!("p{number}@x{}.example", number % 97));
                loop {
                    let answer = sender.try_crm(&told).await.expect("an answer");
                    match answer.status {
                        200 => break,
                        503 => {
                            let wait = answer.header("retry-after");
                            assert!(wait.is_some_and(|wait| wait.parse::<u64>().is_ok()));
                            refused.fetch_add(1, Ordering::Relaxed)
                        }
                        other => panic!("{other}: {}", String::from_utf8_lossy(&answer.body)),
                    };
                    beat.tick().await;
                }
            }
        });
    }
    senders.join_all().await;
    let refused = refused.load(Ordering::Relaxed);
    eprintln!("{all} webhooks in {:?}, {refused} answers 503", took.took());
    assert!(refused > 0, "there was less room than senders");
    eventually("all is decided", || {
        let status = server.site.status();
        match status["events"].get("pending") {
            None => Ok(()),
            Some(pending) => Err(pending.clone()),
        }
    })
    .await;
    assert_eq!(server.site.status()["contacts"], all);
    let mails = (all / MAIL_EVERY) as usize;
    eventually("all mails are sent", || match provider.accepted().len() {
        sent if sent == mails => Ok(()),
        sent => Err(format!("{sent} of {mails}")),
    })
    .await;
}
