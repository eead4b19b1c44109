//! Mails whose sending was never answered: looked for where they may be, found, or left to a person.

use std::collections::HashMap;
use std::sync::Arc;

use followup::clock::Clock;
use followup::deliver::{Deliverer, Transport};
use followup::domain::connector::AskError;
use followup::domain::doubt::{DISTANCES_MS, LEASE_MS};
use followup::domain::http::{Failure, Method, Request, Response};
use followup::domain::instant::{MINUTE_MS, SECOND_MS};
use followup::domain::mail::{Mail, Outcome, Provider};
use followup::domain::{Instant, answer};
use followup::store::DEFAULT_TENANT;
use followup::store::ledger::MessageFacts;
use followup_tests::town::{Event, Town};
use followup_tests::{Answer, FakeProvider, Search, eventually};
use serde_json::{Value, json};

use super::{SEQUENCES, story};

const AMY: &str = "amy@north.example";

/// A provider that cannot be repeated, and can be searched where there is a place for it.
struct Searchable {
    sends: Arc<dyn Provider>,
    url: Option<String>,
}

impl Provider for Searchable {
    fn send_request(&self, mail: &Mail, now: Instant) -> Request {
        self.sends.send_request(mail, now)
    }

    fn outcome(&self, answer: &Result<Response, Failure>) -> Outcome {
        self.sends.outcome(answer)
    }

    fn repeatable_ms(&self) -> Option<i64> {
        None
    }

    fn lookup(&self, mail: &Mail, _since: Instant, _now: Instant) -> Option<Request> {
        let url = self.url.as_ref()?;
        Some(Request {
            method: Method::Get,
            url: format!("{url}/search/{}", mail.id),
            headers: Vec::new(),
            body: Vec::new(),
        })
    }

    fn looked_up(&self, _mail: &Mail, found: &Response) -> Result<Option<Outcome>, AskError> {
        if found.status != 200 {
            return Err(answer::ask_failure("the search", found, "", "check"));
        }
        let found: Value = serde_json::from_slice(&found.body).expect("JSON");
        let id = found["id"].as_str().map(str::to_owned);
        Ok(id.map(|id| Outcome::accepted(Some(id))))
    }
}

struct World {
    town: Town,
    provider: FakeProvider,
    deliverer: Deliverer,
}

impl World {
    /// The first mail to Amy was handed over, and `answer` is all that came of it.
    async fn with(answer: Answer) -> Self {
        let provider = FakeProvider::start().await;
        provider.order(AMY, [answer]);
        let mail = format!(
            "[connections.mail]\nkind = \"sendgrid\"\napi_key = \"file:key\"\nbase_url = \"{}\"\n",
            provider.url
        );
        let key = [("key".to_owned(), b"SG.123".to_vec())];
        let town = Town::found_with(story::begins_at(), &(mail + SEQUENCES), &key).await;
        let town = town.expect("starts");
        let deliverer = searching(&town, Some(&provider.url));
        let world = Self {
            town,
            provider,
            deliverer,
        };
        let data = json!({ "contact": { "first_name": "Amy" } });
        let event = Event::new("form-submitted", AMY, data);
        world.town.hear(event).await.expect("heard");
        assert!(world.town.decide().await.expect("decides"));
        world.tick().await;
        world
    }

    async fn tick(&self) -> usize {
        let clock: Arc<dyn Clock> = Arc::clone(&self.town.clock) as Arc<dyn Clock>;
        self.deliverer.tick(&clock).await.expect("delivers").due
    }

    /// The next thing that the deliver loop does, at its time. Returns how long it slept.
    async fn next(&self) -> i64 {
        let before = self.town.now();
        let at = self.town.daemon.store.next_message_at().await;
        let at = at.expect("read").expect("something is planned");
        self.town.clock.set(at);
        assert!(self.tick().await > 0, "something was due at {at}");
        at.since_ms(before)
    }

    async fn message(&self) -> MessageFacts {
        self.town
            .report(AMY)
            .await
            .expect("known")
            .messages
            .remove(0)
    }
}

/// The town's deliver loop, its provider's search beside it.
fn searching(town: &Town, url: Option<&str>) -> Deliverer {
    let mut deliverer = town.daemon.deliverer.clone();
    let transports = deliverer.transports.iter().map(|(name, transport)| {
        let transport = match transport {
            Transport::Http {
                provider: sends,
                reach,
            } => Transport::Http {
                provider: Arc::new(Searchable {
                    sends: Arc::clone(sends),
                    url: url.map(str::to_owned),
                }),
                reach: *reach,
            },
            other => other.clone(),
        };
        (name.clone(), transport)
    });
    deliverer.transports = Arc::new(transports.collect::<HashMap<_, _>>());
    deliverer
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_found_though_the_search_lags_and_fails() {
    let world = World::with(Answer::AcceptAndCut).await;
    assert_eq!(world.message().await.status, "uncertain");
    world
        .provider
        .order_searches([Search::Lag, Search::Refuse(429, 7)]);
    let mut slept = Vec::new();
    for _ in 0..3 {
        slept.push(world.next().await);
    }
    assert_eq!(slept, [DISTANCES_MS[0], DISTANCES_MS[1], 7 * SECOND_MS]);
    let message = world.message().await;
    assert_eq!(
        (message.status.as_str(), message.provider_id.as_deref()),
        ("sent", Some("provider-1"))
    );
    assert_eq!(world.provider.searched().len(), 3);
    assert_eq!(world.provider.accepted(), [message.id], "nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_never_found_is_a_persons_turn() {
    let world = World::with(Answer::Cut).await;
    let mut slept = Vec::new();
    while world
        .town
        .daemon
        .store
        .next_message_at()
        .await
        .expect("read")
        .is_some()
    {
        slept.push(world.next().await);
    }
    assert_eq!(slept, DISTANCES_MS);
    let message = world.message().await;
    assert_eq!(message.status, "uncertain");
    let store = &world.town.daemon.store;
    let told = store.why_message(DEFAULT_TENANT, &message.id).await;
    let told = told.expect("read").expect("there").story;
    let (reason, waits_for) = (told.reason.expect("told"), told.waits_for.expect("told"));
    assert!(
        reason.ends_with(&format!(
            "looked for last at {}: not found",
            world.town.now()
        )),
        "{reason}"
    );
    assert!(waits_for.contains("followup outbox release"), "{waits_for}");

    // Nobody has it: send it again. The same bytes, so that even two copies are one to a mail program.
    let now = world.town.now();
    let released = store.release(DEFAULT_TENANT, Some(&message.id), now).await;
    assert_eq!(released.expect("stored"), 1);
    while world.message().await.status == "queued" {
        world.next().await;
    }
    assert_eq!(world.message().await.status, "sent");
    let calls = world.provider.calls_to(AMY);
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].bytes, calls[1].bytes);
    assert_eq!(world.provider.accepted(), [message.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_in_the_middle_of_a_look_loses_nothing() {
    let world = World::with(Answer::AcceptAndCut).await;
    world.provider.order_searches([Search::Hang]);
    world
        .town
        .clock
        .set(world.town.now().plus_ms(DISTANCES_MS[0]));
    let asked = eventually("the provider is searched", || {
        match world.provider.searched().len() {
            0 => Err("no search"),
            _ => Ok(()),
        }
    });
    tokio::select! {
        _ = world.tick() => panic!("the provider thinks"),
        () = asked => {}
    }
    let World { town, provider, .. } = world;
    let town = town.crash().await.expect("starts again");
    let deliverer = searching(&town, Some(&provider.url));
    let world = World {
        town,
        provider,
        deliverer,
    };
    assert_eq!(world.next().await, LEASE_MS);
    assert_eq!(world.message().await.status, "sent");
    assert!(world.town.now().since_ms(story::begins_at()) < 10 * MINUTE_MS);
    assert_eq!(world.provider.searched().len(), 2);
}

/// Where there is no search, one look finds that out, and the event or a person tells.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_a_search_is_not_asked() {
    let world = World::with(Answer::AcceptAndCut).await;
    let plain = World {
        deliverer: searching(&world.town, None),
        ..world
    };
    plain.next().await;
    assert_eq!(
        plain
            .town
            .daemon
            .store
            .next_message_at()
            .await
            .expect("read"),
        None
    );
    assert_eq!(plain.message().await.status, "uncertain");
    assert!(plain.provider.searched().is_empty());
}
