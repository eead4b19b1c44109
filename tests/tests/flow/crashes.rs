//! Power cuts. Wherever one falls, the story ends as if there had been none.

use std::collections::BTreeMap;

use followup::domain::Instant;
use followup::domain::instant::HOUR_MS;
use followup_tests::town::{Eml, Event, Town};
use followup_tests::{Answer, Call, FakeProvider, eventually};
use serde_json::{Value, json};

use super::{SEQUENCES, at, audit, story};

/// Cuts the power after every so many beats. A beat is one half of a turn: a tick of the decide
/// loop, a tick of the deliver loop, or a webhook's acknowledgement.
struct Pulse {
    every: usize,
    beats: usize,
    cuts: usize,
}

impl Pulse {
    async fn beat(&mut self, town: Town) -> Town {
        self.beats += 1;
        if !self.beats.is_multiple_of(self.every) {
            return town;
        }
        self.cuts += 1;
        town.crash()
            .await
            .expect("starts on what the last one left")
    }
}

/// How a story ended: everybody's ledger, and the mails.
#[derive(PartialEq)]
struct Ending {
    ledgers: Vec<Value>,
    mails: BTreeMap<String, Eml>,
}

/// Lives the story with a cut after every `every` beats. Returns how many there were.
async fn live(every: usize) -> (Ending, usize) {
    let mut pulse = Pulse {
        every,
        beats: 0,
        cuts: 0,
    };
    let mut town = Town::found(story::begins_at(), SEQUENCES)
        .await
        .expect("starts");
    for (at, event) in story::events() {
        town = live_until(town, at, &mut pulse).await;
        town.hear(event).await.expect("heard");
        town = pulse.beat(town).await;
    }
    town = live_until(town, at(story::ENDS_AT), &mut pulse).await;
    audit::every_mail_is_a_message(&town).expect("nothing twice");
    audit::every_promise_holds(&town)
        .await
        .expect("nothing is found");
    audit::numbers_are_gapless(&town).expect("gapless");
    let mut ledgers = Vec::new();
    for email in story::PEOPLE {
        ledgers.push(audit::ledger(&town, email).await.expect("known"));
    }
    let mails = town.mails().expect("readable");
    (Ending { ledgers, mails }, pulse.cuts)
}

async fn live_until(mut town: Town, at: Instant, pulse: &mut Pulse) -> Town {
    loop {
        let decided = town.decide().await.expect("decides");
        town = pulse.beat(town).await;
        let delivered = town.deliver().await.expect("delivers");
        town = pulse.beat(town).await;
        if decided || delivered {
            continue;
        }
        match town.next_at().await.expect("readable") {
            Some(next) if next < at => town.clock.set(next.max(town.now())),
            _ => {
                town.clock.set(at);
                return town;
            }
        }
    }
}

#[tokio::test]
async fn a_story_with_power_cuts_ends_the_same() {
    let (calm, cuts) = live(usize::MAX).await;
    assert_eq!(cuts, 0);
    assert!(calm.mails.len() > 10, "{} mails", calm.mails.len());
    for every in [1, 2, 3, 7] {
        let (ending, cuts) = live(every).await;
        assert!(cuts > 10, "{cuts} cuts");
        for (ledger, calm) in ending.ledgers.iter().zip(&calm.ledgers) {
            assert_eq!(ledger, calm, "a cut after every {every}");
        }
        assert!(ending == calm, "other mails with a cut after every {every}");
    }
}

/// The one before still tidies up its file when the next one opens it.
#[tokio::test]
async fn a_start_waits_for_the_one_before() {
    let mut town = Town::found(story::begins_at(), SEQUENCES)
        .await
        .expect("starts");
    for restart in 0..20 {
        let restarted = town.restart_with(SEQUENCES).await;
        town = restarted.unwrap_or_else(|e| panic!("restart {restart}: {e:#}"));
    }
}

const AMY: &str = "amy@north.example";

/// Cuts the power while a provider holds the first mail, which it accepts afterwards. Returns what
/// became of the message after an hour, and the calls about it.
async fn cut_in_the_middle_of_a_call(kind: &str) -> (String, Vec<Call>) {
    let provider = FakeProvider::start().await;
    provider.order(AMY, [Answer::Hang]);
    let mail = format!(
        "[connections.mail]\nkind = \"{kind}\"\napi_key = \"file:key\"\nbase_url = \"{}\"\n",
        provider.url
    );
    let key = [("key".to_owned(), b"re_123".to_vec())];
    let town = Town::found_with(story::begins_at(), &(mail + SEQUENCES), &key).await;
    let town = town.expect("starts");
    let data = json!({ "contact": { "first_name": "Amy" } });
    let event = Event::new("form-submitted", AMY, data);
    town.hear(event).await.expect("heard");
    assert!(town.decide().await.expect("decides"));
    let called = eventually("the provider is called", || {
        match provider.calls_to(AMY).len() {
            0 => Err("no call"),
            _ => Ok(()),
        }
    });
    tokio::select! {
        _ = town.deliver() => panic!("the provider holds the mail"),
        () = called => {}
    }
    let town = town.crash().await.expect("starts again");
    provider.release(AMY);
    town.live_until(town.now().plus_ms(HOUR_MS))
        .await
        .expect("lives");
    let messages = town.report(AMY).await.expect("known").messages;
    assert_eq!(messages.len(), 1, "{messages:?}");
    // The call that hung ends in its own time.
    eventually("one mail, once", || match provider.accepted() {
        accepted if accepted == [messages[0].id.as_str()] => Ok(()),
        accepted => Err(format!("{accepted:?}")),
    })
    .await;
    (messages[0].status.clone(), provider.calls_to(AMY))
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_a_call_that_can_be_repeated() {
    let (status, calls) = cut_in_the_middle_of_a_call("resend").await;
    assert_eq!(status, "sent");
    assert!(calls.len() >= 2, "{} calls", calls.len());
    for call in &calls {
        assert_eq!(
            call.idempotency_key.as_deref(),
            Some(calls[0].message_id.as_str())
        );
        assert_eq!(
            call.bytes, calls[0].bytes,
            "the same bytes, or the key means nothing"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_a_call_that_cannot_be_repeated() {
    let (status, calls) = cut_in_the_middle_of_a_call("sendgrid").await;
    assert_eq!((status.as_str(), calls.len()), ("uncertain", 1));
}
