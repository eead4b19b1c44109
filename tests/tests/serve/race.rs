//! A reply is acknowledged while its contact's next message is due: once the 2xx is there, no
//! request for that message begins at the provider, whatever came first.
//!
//! The server runs in this process under a clock of the test's, so that messages come due when the
//! test says; HTTP, sandbox, database and provider are real. One sequence numbers both what the
//! provider sees and the acknowledgements, which makes "after" a comparison.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use followup::clock::{Clock, ManualClock, SystemClock};
use followup::daemon::Daemon;
use followup::domain::instant::{HOUR_MS, MINUTE_MS};
use followup::domain::{EmailAddress, Instant};
use followup::store::DEFAULT_TENANT;
use followup_tests::senders::{event, form};
use followup_tests::{Answer, Call, Dice, FakeProvider, Options, Senders, Site, eventually};
use serde_json::json;
use tokio::task::JoinSet;

use crate::PROGRAM;

const ROUNDS: u64 = 64;
/// People whose message comes due in a round, and those who are only being decided.
const DUE: u64 = 40;
const DECIDING: u64 = 12;
/// 2026-03-02T09:00:00Z.
const BEGIN: Instant = Instant(1_772_442_000_000);
/// The `later` sequence of the test site waits so long.
const DELAY_MS: i64 = 20 * MINUTE_MS;
/// A round that takes so long hangs.
const ROUND_MAX: Duration = Duration::from_mins(2);

/// How long a reply waits at most for what others do.
const TURNS_MAX: u64 = 10_000;

/// When the reply comes.
#[derive(Debug, Clone, Copy)]
enum Reply {
    /// Before the message is due.
    Before,
    /// As it comes due, after so many turns of others.
    AsItIsDue { turns: u64 },
    /// When so many things have happened at the provider since the round began.
    AfterOthers { ticks: u64 },
    /// When the provider has its request.
    WithTheProvider { turns: u64 },
}

struct Race {
    senders: Senders,
    provider: FakeProvider,
    clock: Arc<ManualClock>,
    email: String,
    reply: Reply,
    /// Turns of others that the provider takes for it.
    latency: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn no_message_leaves_after_a_reply_was_acknowledged() {
    let mut dice = Dice::seeded(SystemClock.now().0 as u64);
    let provider = FakeProvider::start().await;
    let site = Site::new(
        PROGRAM,
        &Options {
            provider: provider.url.clone(),
            // The answer waits for a provider that takes its time, however busy this machine is.
            server: "exit_wait_ms = 60_000",
            deliver: "concurrent_max = 16\ntimeout_ms = 60_000\nretry_first_ms = 1\nretry_max_ms = 1",
            ..Options::default()
        },
    );
    let clock = Arc::new(ManualClock::new(BEGIN));
    let daemon = site.start(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let base = format!("http://{}", daemon.address);
    let senders = Senders::new(
        base,
        Arc::clone(&site.keys),
        Arc::clone(&clock) as Arc<dyn Clock>,
    );

    let mut acknowledged = BTreeMap::new();
    for number in 0..ROUNDS {
        let people = Round {
            number,
            daemon: &daemon,
            senders: &senders,
            provider: &provider,
            clock: &clock,
        };
        let orders = tokio::time::timeout(ROUND_MAX, people.run(&mut dice)).await;
        acknowledged.extend(orders.expect("a round comes to its end"));
    }
    // Whatever is left in some queue has every reason to go now.
    clock.advance_ms(HOUR_MS);
    senders.crm(&form("welcome", "last@x.example")).await;
    provider.begun("last@x.example").await;

    let mut ends = BTreeMap::<String, usize>::new();
    let calls = calls_by_person(&provider);
    let accepted: BTreeSet<_> = provider.accepted().into_iter().collect();
    for (email, order) in &acknowledged {
        let calls = calls.get(email).map(Vec::as_slice).unwrap_or_default();
        for call in calls {
            assert!(
                call.order < *order,
                "{email} was written to at {} after the reply was acknowledged at {order}",
                call.order
            );
        }
        let address = EmailAddress::parse(email).expect("an address");
        let report = daemon
            .store
            .contact(DEFAULT_TENANT, &address)
            .await
            .expect("reads");
        let messages = report.expect("known").messages;
        assert!(messages.len() <= 1, "{messages:?}");
        let end = messages
            .first()
            .map_or("never queued", |message| message.status.as_str());
        let fits = match end {
            "never queued" => calls.is_empty(),
            "sent" | "uncertain" => !calls.is_empty(),
            // With calls that the provider certainly did not take, or without any.
            end => end == "cancelled" && !accepted.contains(&messages[0].id),
        };
        assert!(fits, "{email}: {end} after {} requests", calls.len());
        *ends.entry(end.to_owned()).or_default() += 1;
    }
    assert_eq!(acknowledged.len() as u64, ROUNDS * (DUE + DECIDING));
    // Both sides won often enough for these to have been races.
    for end in ["cancelled", "sent"] {
        let count = ends.get(end).copied().unwrap_or_default();
        assert!(count > acknowledged.len() / 20, "{ends:?}");
    }
    eprintln!("{ends:?}");
    daemon.stop().await;
}

fn calls_by_person(provider: &FakeProvider) -> BTreeMap<String, Vec<Call>> {
    let mut calls = BTreeMap::<_, Vec<_>>::new();
    for call in provider.calls() {
        calls.entry(call.to.clone()).or_default().push(call);
    }
    calls
}

/// One moment at which many messages come due at once.
struct Round<'a> {
    number: u64,
    daemon: &'a Daemon,
    senders: &'a Senders,
    provider: &'a FakeProvider,
    clock: &'a Arc<ManualClock>,
}

impl Round<'_> {
    /// The place of each acknowledgement in the sequence of the provider's ticks.
    async fn run(&self, dice: &mut Dice) -> Vec<(String, u64)> {
        let due: Vec<_> = (0..DUE)
            .map(|place| format!("due-{place}@r{}.example", self.number))
            .collect();
        let forms: Vec<_> = due.iter().map(|email| form("later", email)).collect();
        assert_eq!(self.senders.crm(&json!(forms)).await.status, 200);
        eventually("all are queued", || self.queued()).await;

        let mut acknowledged = Vec::new();
        let mut races = Vec::new();
        for email in due {
            self.trouble(&email, dice);
            let race = self.race(email, dice);
            match race.reply {
                Reply::Before => acknowledged.push(race.run().await),
                _ => races.push(race),
            }
        }
        dice.shuffle(&mut races);
        let mut running = JoinSet::new();
        self.clock.advance_ms(DELAY_MS);
        for place in 0..DECIDING {
            let email = format!("deciding-{place}@r{}.example", self.number);
            running.spawn(self.race(email, dice).run_with_form());
        }
        for race in races {
            running.spawn(race.run());
        }
        acknowledged.extend(running.join_all().await);
        acknowledged
    }

    fn queued(&self) -> Result<(), String> {
        let status = self.daemon.store.status(DEFAULT_TENANT);
        let status = tokio::runtime::Handle::current()
            .block_on(status)
            .expect("reads");
        let queued = status.messages.get("queued").copied().unwrap_or_default();
        if queued == DUE {
            Ok(())
        } else {
            Err(format!("{:?}", status.messages))
        }
    }

    /// What the provider does before it accepts; a retry is due a millisecond later.
    fn trouble(&self, email: &str, dice: &mut Dice) {
        let answers: &[Answer] = match dice.below(8) {
            0 => &[Answer::Refuse(429, "rate_limit_exceeded", None)],
            1 => &[Answer::Cut, Answer::Hang],
            2 => &[Answer::AcceptAndCut],
            3..=5 => &[Answer::Hang],
            _ => &[],
        };
        self.provider.order(email, answers.iter().cloned());
    }

    fn race(&self, email: String, dice: &mut Dice) -> Race {
        let reply = match dice.below(10) {
            0 => Reply::Before,
            1..=4 => Reply::AsItIsDue {
                turns: dice.below(300),
            },
            5..=6 => Reply::AfterOthers {
                ticks: dice.below(DUE / 2),
            },
            _ => Reply::WithTheProvider {
                turns: dice.below(100),
            },
        };
        Race {
            senders: self.senders.clone(),
            provider: self.provider.clone(),
            clock: Arc::clone(self.clock),
            email,
            reply,
            latency: dice.below(2_000),
        }
    }
}

impl Race {
    /// The reply, at its time; returns the place of its acknowledgement.
    async fn run(self) -> (String, u64) {
        let (provider, email, latency) = (self.provider.clone(), self.email.clone(), self.latency);
        let gate = tokio::spawn(async move {
            provider.begun(&email).await;
            turns(latency).await;
            provider.release(&email);
        });
        match self.reply {
            Reply::Before => {}
            Reply::AsItIsDue { turns: count } => turns(count).await,
            Reply::AfterOthers { ticks } => {
                let until = self.provider.ticks() + ticks;
                // Bounded: the last one has nobody to wait for.
                for _ in 0..TURNS_MAX {
                    if self.provider.ticks() >= until {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            }
            Reply::WithTheProvider { turns: count } => {
                self.provider.begun(&self.email).await;
                turns(count).await;
            }
        }
        let acknowledged = self.acknowledged().await;
        gate.abort();
        // Nobody hangs for ever; and time goes on, so that retries come due in the midst of it.
        self.provider.release(&self.email);
        self.clock.advance_ms(1);
        (self.email, acknowledged)
    }

    /// The mail would go at once, and the reply comes while the form is being decided.
    async fn run_with_form(self) -> (String, u64) {
        let form = form("welcome", &self.email);
        assert_eq!(self.senders.crm(&form).await.status, 200);
        turns(self.latency / 4).await;
        let acknowledged = self.acknowledged().await;
        (self.email, acknowledged)
    }

    async fn acknowledged(&self) -> u64 {
        let reply = event("replied", &self.email, "1", &json!({}));
        let answer = self.senders.crm(&reply).await;
        assert_eq!(answer.status, 200);
        self.provider.tick()
    }
}

/// Lets others have their turn so many times: a delay without a clock.
async fn turns(count: u64) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}
