//! Contacts whose policy never ends, asked again and again: the others get their mails in time.

use std::time::Duration;

use followup::clock::Stopwatch;
use followup_tests::senders::form;
use followup_tests::{FakeProvider, Options};

use crate::{rounds, start};

const POISONED: u64 = 12;
const OTHERS: u64 = 24;
/// From the webhook to the provider, beside all that.
const LATE_MAX: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn poisoned_contacts_hold_nobody_up() {
    let provider = FakeProvider::start().await;
    // Asked again at once, for ever: the worst there is.
    let more = format!(
        "[plugins]\nfiles = [{:?}]\n[decide]\nattempts_max = 1_000\nretry_first_ms = 10\n\
         retry_max_ms = 10\nplugin_failures_max = 100_000\n[sequences.poison]\npolicy = \"rogue\"\n\
         identity = \"ada\"\nenrol = 'event.kind == \"form-submitted\" && event.data.form == \"poison\"'\n\
         config.misbehave = \"loop\"\n",
        env!("ROGUE_COMPONENT")
    );
    let server = start(
        &provider,
        Options {
            more: more.leak(),
            ..Options::default()
        },
    );
    for number in 0..POISONED {
        let told = form("poison", &format!("poisoned{number}@x.example"));
        assert_eq!(server.crm(&told).await.status, 200);
    }
    let mut slowest = Duration::ZERO;
    for number in 0..OTHERS * rounds() {
        let email = format!("p{number}@x.example");
        let took = Stopwatch::start();
        assert_eq!(server.crm(&form("welcome", &email)).await.status, 200);
        let begun = tokio::time::timeout(LATE_MAX, provider.begun(&email)).await;
        begun.unwrap_or_else(|_| panic!("{email} waits for more than {LATE_MAX:?}"));
        slowest = slowest.max(took.took());
    }
    eprintln!("the slowest mail beside {POISONED} poisoned contacts took {slowest:?}");
    let retrying = server.site.status()["retrying_decisions"].as_u64();
    assert_eq!(
        retrying,
        Some(POISONED),
        "they were asked again all the time"
    );
}
