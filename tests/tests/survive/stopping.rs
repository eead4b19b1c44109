//! SIGTERM while providers work: what is answered in time is recorded; what is not is in doubt when the stated
//! time is over, and made up for at the next start. The stated time is 35 s.

use followup::clock::Stopwatch;
use followup_tests::senders::form;
use followup_tests::{Answer, FakeProvider, Options, Server, eventually};

use crate::{start, until_message};

/// As documented, and what a busy machine takes to end a process.
const STOP_MAX_S: u64 = 35 + 5;

async fn with_a_hanging_call(provider: &FakeProvider, sequence: &str, email: &str) -> Server {
    let server = start(
        provider,
        Options {
            deliver: "timeout_ms = 60_000",
            ..Options::default()
        },
    );
    provider.order(email, [Answer::Hang]);
    assert_eq!(server.crm(&form(sequence, email)).await.status, 200);
    provider.begun(email).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_answers_is_waited_for() {
    let (provider, email) = (FakeProvider::start().await, "in-time@x.example");
    let mut server = with_a_hanging_call(&provider, "grid", email).await;
    let address = server.base.trim_start_matches("http://").to_owned();
    let took = Stopwatch::start();
    let answers_late = async {
        eventually(
            "the door is closed",
            || match std::net::TcpStream::connect(&address) {
                Ok(_) => Err("it listens"),
                Err(_) => Ok(()),
            },
        )
        .await;
        provider.release(email);
    };
    let (status, ()) = tokio::join!(server.terminate(), answers_late);
    assert!(status.success(), "{status}");
    eprintln!("stopped within {:?}", took.took());
    assert!(took.took().as_secs() < STOP_MAX_S / 2);
    assert_eq!(
        server.site.contact(email).expect("known")["messages"][0]["status"],
        "sent"
    );
    assert_eq!(provider.calls_to(email).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_is_left_in_the_stated_time() {
    let (provider, email) = (FakeProvider::start().await, "hangs@x.example");
    let mut server = with_a_hanging_call(&provider, "welcome", email).await;
    let took = Stopwatch::start();
    let status = server.terminate().await;
    assert!(status.success(), "{status}");
    eprintln!("stopped within {:?}", took.took());
    assert!(took.took().as_secs() < STOP_MAX_S);
    provider.release(email);
    tokio::task::block_in_place(|| server.restart());
    until_message(&server, email, "sent").await;
    let calls = provider.calls_to(email);
    let keys: Vec<_> = calls.iter().map(|call| &call.idempotency_key).collect();
    assert!(keys.iter().all(|key| **key == calls[0].idempotency_key));
    assert_eq!(provider.accepted().len(), 1, "recognised by its key");
}
