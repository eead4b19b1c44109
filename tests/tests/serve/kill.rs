//! kill -9 at random moments under load: what was acknowledged is decided, what is due is sent once.
//!
//! Senders do as real ones do: they send an event again until it is acknowledged, and never after.
//! The provider does as real ones do at their worst: it is busy, breaks connections before and after
//! it accepted, and takes its time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use followup::clock::{Clock, SystemClock};
use followup::domain::EmailAddress;
use followup::store::DEFAULT_TENANT;
use followup::store::ledger::{ContactReport, Ledger};
use followup::store::sqlite::SqliteStore;
use followup_tests::senders::{event, form};
use followup_tests::{Answer, Dice, FakeProvider, Options, Senders, eventually};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::World;

const KILLS: u64 = 24;
const SENDERS: u64 = 6;
/// People that turn up between two kills.
const PEOPLE_PER_KILL: u64 = 40;
/// The longest time between a start and its kill.
const LIFE_MAX_MS: u64 = 400;
/// A sender's pause before it tries again.
const AGAIN_MS: u64 = 10;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments() {
    let mut dice = Dice::seeded(SystemClock.now().0 as u64);
    let mut world = World::with(Options {
        deliver: "timeout_ms = 300\nretry_first_ms = 20\nretry_max_ms = 100\nattempts_max = 1000",
        ..Options::default()
    })
    .await;

    let (base, _) = watch::channel(world.server.base.clone());
    let people = Arc::new(Semaphore::new(PEOPLE_PER_KILL as usize));
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let crowd = Crowd {
            senders: world.server.senders.clone(),
            base: base.subscribe(),
            people: Arc::clone(&people),
            provider: world.provider.clone(),
            dice: dice.split(),
        };
        senders.spawn(crowd.turn_up(sender));
    }
    for _ in 0..KILLS {
        let now = SystemClock.now();
        SystemClock
            .sleep_until(now.plus_ms(dice.below(LIFE_MAX_MS) as i64))
            .await;
        // Sometimes the next life ends before it begins: while it picks up what the last one left.
        let stillborn = (dice.below(3) == 0).then(|| Duration::from_millis(dice.below(150)));
        tokio::task::block_in_place(|| {
            world.server.kill9();
            if let Some(after) = stillborn {
                world.server.start_and_kill9(after);
            }
            world.server.restart();
        });
        base.send_replace(world.server.base.clone());
        people.add_permits(PEOPLE_PER_KILL as usize);
    }
    eventually("everybody has turned up", || {
        match people.available_permits() {
            0 => Ok(()),
            waiting => Err(format!("{waiting} to come")),
        }
    })
    .await;
    people.close();
    let mut expected = HashMap::new();
    for crowd in senders.join_all().await {
        expected.extend(crowd);
    }
    assert_eq!(expected.len() as u64, (KILLS + 1) * PEOPLE_PER_KILL);

    let store = SqliteStore::open_read_only(&world.server.site.path("followup.db")).expect("opens");
    eventually("everything is decided and nothing is under way", || {
        settled(&world)
    })
    .await;
    let accepted = world.provider.accepted();
    let mut mails: HashMap<&str, usize> = HashMap::new();
    for id in &accepted {
        *mails.entry(id).or_default() += 1;
    }
    for (email, end) in &expected {
        let address = EmailAddress::parse(email).expect("an address");
        let report = store
            .contact(DEFAULT_TENANT, &address)
            .await
            .expect("reads");
        let report = report.unwrap_or_else(|| panic!("{email} was acknowledged and is unknown"));
        check(&report, *end, &mails);
    }
    let sent: usize = mails.values().sum();
    assert_eq!(sent, mails.len(), "no mail went out twice");
    let status: Value = world.server.site.status();
    assert_eq!(status["contacts"], expected.len(), "nobody else");
}

/// What somebody did last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    FilledInTheForm,
    Replied,
}

fn check(report: &ContactReport, end: End, mails: &HashMap<&str, usize>) {
    let shown = || json!(report);
    assert!(
        report.events.iter().all(|event| event.status == "decided"),
        "{:#}",
        shown()
    );
    let out: Vec<_> = report
        .messages
        .iter()
        .map(|message| mails.get(message.id.as_str()))
        .collect();
    match end {
        End::FilledInTheForm => {
            assert_eq!(report.events.len(), 1, "{:#}", shown());
            assert_eq!(report.messages.len(), 1, "{:#}", shown());
            assert_eq!(report.messages[0].status, "sent", "{:#}", shown());
            assert_eq!(out, [Some(&1)], "accepted once: {:#}", shown());
        }
        End::Replied => {
            assert_eq!(report.events.len(), 2, "{:#}", shown());
            for (message, out) in report.messages.iter().zip(out) {
                // Uncertain: it was with the provider when the host died, and was not repeated.
                let fits = match message.status.as_str() {
                    "sent" => out == Some(&1),
                    "cancelled" => out.is_none(),
                    "uncertain" => out.is_none_or(|out| *out == 1),
                    _ => false,
                };
                assert!(fits, "{out:?}: {:#}", shown());
            }
            let active = report
                .enrollments
                .iter()
                .any(|run| run.status != "finished");
            assert!(!active, "{:#}", shown());
        }
    }
}

fn settled(world: &World) -> Result<(), String> {
    let status = world.server.site.status();
    let waits = |group: &str, word: &str| status[group].get(word).is_some();
    let busy = status["retrying_decisions"] != 0
        || waits("events", "pending")
        || waits("messages", "queued")
        || waits("messages", "sending");
    if busy {
        Err(format!("{status:#}"))
    } else {
        Ok(())
    }
}

/// One sender, and the people it tells of.
struct Crowd {
    senders: Senders,
    /// Where the server listens in its present life.
    base: watch::Receiver<String>,
    people: Arc<Semaphore>,
    provider: FakeProvider,
    dice: Dice,
}

impl Crowd {
    /// Tells of people until there are no more; returns what became of each.
    async fn turn_up(mut self, sender: u64) -> HashMap<String, End> {
        let mut all = HashMap::new();
        let mut waiting: Vec<String> = Vec::new();
        loop {
            if self.dice.below(4) == 0 {
                self.release(&mut waiting);
            }
            let Ok(permit) = self.people.acquire().await else {
                self.release(&mut waiting);
                return all;
            };
            permit.forget();
            let others = self.dice.below(4) as u32;
            let others = self.people.try_acquire_many(others).map(|permits| {
                permits.forget();
                others
            });
            let number = 1 + others.unwrap_or(0);
            let emails: Vec<_> = (0..number)
                .map(|place| format!("p{}-{place}@s{sender}.example", all.len()))
                .collect();
            let forms: Vec<_> = emails.iter().map(|email| form("welcome", email)).collect();
            for email in &emails {
                self.trouble(email);
            }
            self.tell(&json!(forms)).await;
            for email in emails {
                let end = if self.dice.below(4) == 0 {
                    self.tell(&event("replied", &email, "1", &json!({}))).await;
                    End::Replied
                } else {
                    End::FilledInTheForm
                };
                waiting.push(email.clone());
                all.insert(email, end);
            }
        }
    }

    /// The provider goes on with what it kept waiting.
    fn release(&self, waiting: &mut Vec<String>) {
        for email in waiting.drain(..) {
            self.provider.release(&email);
        }
    }

    /// What the provider will do to the mails of this person before it accepts one.
    fn trouble(&mut self, email: &str) {
        let answers: &[Answer] = match self.dice.below(8) {
            0 => &[Answer::Refuse(429, "rate_limit_exceeded", None)],
            1 => &[
                Answer::Refuse(500, "application_error", None),
                Answer::AcceptAndCut,
            ],
            2 => &[Answer::Cut, Answer::Hang],
            3 => &[Answer::Hang],
            4 => &[Answer::AcceptAndCut],
            _ => &[],
        };
        self.provider.order(email, answers.iter().cloned());
    }

    /// Sends until it is acknowledged.
    async fn tell(&mut self, body: &Value) {
        let mut beat = tokio::time::interval(Duration::from_millis(AGAIN_MS));
        loop {
            beat.tick().await;
            self.senders.base.clone_from(&self.base.borrow_and_update());
            if let Ok(answer) = self.senders.try_crm(body).await {
                match answer.status {
                    200 => return,
                    503 => {}
                    other => panic!("{other}: {}", String::from_utf8_lossy(&answer.body)),
                }
            }
        }
    }
}
