//! A crowd that turns up, fills in forms and replies, while the host goes through something; and what must be
//! true of everybody afterwards.
//!
//! Senders do as real ones do: they send an event again until it is acknowledged, and never after. The
//! provider does as real ones do at their worst: it is busy, breaks connections before and after it accepted,
//! and takes its time. Through Resend a repetition is recognised by its key; through SendGrid it is not.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use followup::domain::EmailAddress;
use followup::store::ledger::{ContactReport, Ledger};
use followup::store::{DEFAULT_TENANT, Error};
use followup_tests::senders::{event, form};
use followup_tests::{Answer, Dice, FakeProvider, Senders, Site, eventually};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

const SENDERS: u64 = 6;
/// A sender's pause before it tries again.
const AGAIN_MS: u64 = 10;

/// What `deliver` is set to, so that troubles pass within the drill.
pub(crate) const IMPATIENT: &str =
    "timeout_ms = 300\nretry_first_ms = 20\nretry_max_ms = 100\nattempts_max = 1000";

/// The crowd, told where to find the hosts and how many people may turn up.
pub(crate) struct Crowd {
    hosts: watch::Sender<Vec<String>>,
    people: Arc<Semaphore>,
    invited: usize,
    senders: JoinSet<HashMap<String, End>>,
    provider: FakeProvider,
}

/// What somebody did last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    FilledInTheForm,
    /// With the provider's number that came next when the reply was acknowledged.
    Replied(u64),
}

impl Crowd {
    /// `senders` knows the keys.
    pub(crate) fn gather(senders: &Senders, provider: &FakeProvider, dice: &mut Dice) -> Self {
        let (hosts, _) = watch::channel(vec![senders.base.clone()]);
        let people = Arc::new(Semaphore::new(0));
        let mut tasks = JoinSet::new();
        for number in 0..SENDERS {
            let sender = Sender {
                senders: senders.clone(),
                hosts: hosts.subscribe(),
                people: Arc::clone(&people),
                provider: provider.clone(),
                dice: dice.split(),
            };
            tasks.spawn(sender.turn_up(number));
        }
        Self {
            hosts,
            people,
            invited: 0,
            senders: tasks,
            provider: provider.clone(),
        }
    }

    /// Where webhooks are taken in from now on.
    pub(crate) fn find(&self, hosts: &[&str]) {
        self.hosts
            .send_replace(hosts.iter().copied().map(str::to_owned).collect());
    }

    /// So many more turn up.
    pub(crate) fn invite(&mut self, people: usize) {
        self.invited += people;
        self.people.add_permits(people);
    }

    /// Waits until everybody was heard and all is done, and looks at everybody.
    pub(crate) async fn all_is_well(mut self, site: &Site, store: &impl Ledger) {
        eventually("everybody has turned up", || {
            match self.people.available_permits() {
                0 => Ok(()),
                waiting => Err(format!("{waiting} to come")),
            }
        })
        .await;
        self.people.close();
        let mut expected = HashMap::new();
        while let Some(told) = self.senders.join_next().await {
            expected.extend(told.expect("a sender that was answered"));
        }
        assert_eq!(expected.len(), self.invited);
        eventually("everything is decided and nothing is under way", || {
            settled(site)
        })
        .await;
        let accepted = self.provider.accepted();
        let mut mails: HashMap<&str, usize> = HashMap::new();
        for id in &accepted {
            *mails.entry(id).or_default() += 1;
        }
        let mut last_calls: HashMap<String, u64> = HashMap::new();
        for call in self.provider.calls() {
            last_calls.insert(call.to, call.order);
        }
        let mut in_doubt = 0;
        for (email, end) in &expected {
            let report = report(store, email).await.expect("reads");
            let report =
                report.unwrap_or_else(|| panic!("{email} was acknowledged and is unknown"));
            check(&report, *end, &mails);
            if let (End::Replied(next), Some(last)) = (end, last_calls.get(email)) {
                assert!(
                    last < next,
                    "a call after the reply of {email} was acknowledged"
                );
            }
            let uncertain = report.messages.iter();
            in_doubt += uncertain
                .filter(|message| message.status == "uncertain")
                .count();
        }
        let sent: usize = mails.values().sum();
        assert_eq!(sent, mails.len(), "no mail went out twice");
        let status = site.status();
        assert_eq!(status["contacts"], expected.len(), "nobody else");
        eprintln!(
            "{} people, {sent} mails, {in_doubt} shown as uncertain",
            expected.len()
        );
    }
}

async fn report(store: &impl Ledger, email: &str) -> Result<Option<ContactReport>, Error> {
    let address = EmailAddress::parse(email).expect("an address");
    store.contact(DEFAULT_TENANT, &address).await
}

fn check(report: &ContactReport, end: End, mails: &HashMap<&str, usize>) {
    let shown = || json!(report);
    assert!(
        report.events.iter().all(|event| event.status == "decided"),
        "{:#}",
        shown()
    );
    let heard = match end {
        End::FilledInTheForm => 1,
        End::Replied(_) => 2,
    };
    assert_eq!(report.events.len(), heard, "{:#}", shown());
    assert!(
        end != End::FilledInTheForm || report.messages.len() == 1,
        "{:#}",
        shown()
    );
    for message in &report.messages {
        let out = mails.get(message.id.as_str());
        let fits = match message.status.as_str() {
            "sent" => out == Some(&1),
            "cancelled" => out.is_none() && end != End::FilledInTheForm,
            // It was with the provider when something broke, and was not repeated: through Resend only
            // because of the reply.
            "uncertain" => {
                out.is_none_or(|out| *out == 1)
                    && (end != End::FilledInTheForm || message.sequence == "grid")
            }
            _ => false,
        };
        assert!(fits, "{out:?}: {:#}", shown());
    }
    let active = report
        .enrollments
        .iter()
        .any(|run| run.status != "finished");
    assert!(!active || end == End::FilledInTheForm, "{:#}", shown());
}

fn settled(site: &Site) -> Result<(), String> {
    let status = site.status();
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
struct Sender {
    senders: Senders,
    hosts: watch::Receiver<Vec<String>>,
    people: Arc<Semaphore>,
    provider: FakeProvider,
    dice: Dice,
}

impl Sender {
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
            let sequence = if self.dice.below(3) == 0 {
                "grid"
            } else {
                "welcome"
            };
            let forms: Vec<_> = emails.iter().map(|email| form(sequence, email)).collect();
            for email in &emails {
                self.trouble(email);
            }
            self.tell(&json!(forms)).await;
            for email in emails {
                let end = if self.dice.below(4) == 0 {
                    self.tell(&event("replied", &email, "1", &json!({}))).await;
                    End::Replied(self.provider.ticks())
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
            let hosts = self.hosts.borrow_and_update().clone();
            let place = self.dice.below(hosts.len() as u64) as usize;
            self.senders.base.clone_from(&hosts[place]);
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
