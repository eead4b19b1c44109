//! Random histories, lived by both stores: whatever is asked, both answer the same.
//!
//! A history is events of all kinds about a few people, decisions, deliveries with every outcome, and what
//! people do by hand, in an order that dice choose. After each step what it answered is compared, and now
//! and then everything that a store tells.

use std::collections::BTreeMap;
use std::sync::Arc;

use followup::domain::event::kind;
use followup::domain::instant::{DAY_MS, HOUR_MS};
use followup::domain::mail::Outcome;
use followup::domain::pause::{Cause, Pause, Scope};
use followup::domain::{Instant, NewEvent};
use followup::store::controls::Which;
use followup::store::explain::OutboxFilter;
use followup::store::outbox::{Aside, Conclusion, Next, SetAside};
use followup::store::roster::Entry;
use followup::store::work::RegisteredSequence;
use followup::store::writebacks::Writer;
use followup::store::{DEFAULT_TENANT, Error, Shared};
use followup_tests::Dice;
use serde_json::{Value, json};

use super::bench::{
    DEPTH, LOOKBACK, NOW, address, arrival, claim_of, decided, event, fields, register, sends,
};

const HISTORIES: u64 = 8;
const STEPS: usize = 120;
/// Everything is compared after so many steps.
const LOOK_EVERY: usize = 15;
/// Characters shown around a difference.
const SHOWN: usize = 400;

const PEOPLE: [&str; 6] = [
    "ada@x.example",
    "bob@x.example",
    "cleo@y.example",
    "dan@gmail.com",
    "eve@z.example",
    "0x@z.example",
];

/// What somebody does, the same for both.
#[derive(Debug, Clone)]
enum Step {
    Hear(Vec<NewEvent>),
    /// Whether the first decision of a contact that has none queues a message, and holds it.
    Decide {
        held: bool,
    },
    Claim,
    SetAside(u64),
    Conclude(u64),
    Look,
    Pause(u64),
    Resume(u64),
    Suppress(&'static str),
    Unsuppress(&'static str),
    Release,
    Cancel(u64),
    Expire,
    Write,
}

#[tokio::test(flavor = "multi_thread")]
async fn both_stores_answer_alike() {
    let mut dice = Dice::seeded(20_260_301);
    for _ in 0..HISTORIES {
        let mut dice = dice.split();
        let (file, _folder) = super::sqlite();
        let server: Shared = Arc::new(followup_tests::cluster::store().await);
        let stores = [&file, &server];
        let mut sequences = Vec::new();
        for store in stores {
            sequences.push(register(store, "one").await);
            let writer = Writer {
                connection: "crm".to_owned(),
                log_mail: true,
            };
            let writers = store.register_writers(DEFAULT_TENANT, vec![writer], NOW);
            writers.await.expect("stored");
        }
        let (mut now, mut lived) = (NOW, Vec::new());
        for number in 0..STEPS {
            now = now.plus_ms(dice.below(3 * HOUR_MS as u64) as i64);
            let step = step(&mut dice, number, now);
            lived.push(format!("{step:?}"));
            let mut answers = Vec::new();
            for (store, sequence) in stores.into_iter().zip(&sequences) {
                answers.push(take(store, *sequence, &step, number, now).await);
            }
            assert_alike(&answers[0], &answers[1], "the step's answer", &lived);
            if number % LOOK_EVERY == 0 || number + 1 == STEPS {
                let told = [everything(&file, now).await, everything(&server, now).await];
                for (what, answer) in &told[0] {
                    let other = told[1][what].to_string();
                    assert_alike(&answer.to_string(), &other, what, &lived);
                }
            }
        }
    }
}

/// Shows where they part, and what was lived last.
fn assert_alike(sqlite: &str, postgres: &str, what: &str, lived: &[String]) {
    let same = sqlite.bytes().zip(postgres.bytes());
    let same = same.take_while(|(one, two)| one == two).count();
    let around = |text: &str| -> String {
        let from = text.floor_char_boundary(same.saturating_sub(SHOWN / 2));
        text[from..].chars().take(SHOWN).collect()
    };
    let last = lived.len().saturating_sub(LOOK_EVERY);
    assert!(
        sqlite == postgres,
        "{what} differs:\n{}\n{}\nafter {} steps, the last: {:#?}",
        around(sqlite),
        around(postgres),
        lived.len(),
        &lived[last..]
    );
}

fn step(dice: &mut Dice, number: usize, now: Instant) -> Step {
    let who = PEOPLE[dice.below(PEOPLE.len() as u64) as usize];
    match dice.below(20) {
        0..=7 => {
            let count = 1 + dice.below(3);
            let events = (0..count).map(|nth| heard(dice, &format!("{number}-{nth}"), now));
            Step::Hear(events.collect())
        }
        8..=10 => Step::Decide {
            held: dice.below(5) == 0,
        },
        11 | 12 => Step::Claim,
        13 => match dice.below(3) {
            0 => Step::SetAside(dice.below(4)),
            1 => Step::Look,
            _ => Step::Write,
        },
        14 | 15 => Step::Conclude(dice.below(5)),
        16 => Step::Pause(dice.below(4)),
        17 => Step::Resume(dice.below(4)),
        18 => match dice.below(3) {
            0 => Step::Suppress(who),
            1 => Step::Suppress("@z.example"),
            _ => Step::Unsuppress(who),
        },
        _ => match dice.below(3) {
            0 => Step::Release,
            1 => Step::Cancel(dice.below(2)),
            _ => Step::Expire,
        },
    }
}

fn heard(dice: &mut Dice, key: &str, now: Instant) -> NewEvent {
    let who = dice.below(PEOPLE.len() as u64) as usize;
    let kinds = [
        kind::FORM_SUBMITTED,
        kind::FORM_SUBMITTED,
        kind::FORM_SUBMITTED,
        kind::CONTACT_UPDATED,
        kind::CONTACT_UPDATED,
        kind::REPLIED,
        kind::AUTO_REPLIED,
        kind::SOFT_BOUNCED,
        kind::HARD_BOUNCED,
        kind::EMAIL_DELIVERED,
        kind::LINK_CLICKED,
        kind::EMAIL_OPENED,
        kind::EMAIL_SENT,
        kind::OPTED_OUT,
        kind::PAUSED_BY_CONTACT,
        kind::UNSUBSCRIBED,
        kind::CONTACT_DELETED,
        kind::CONTACT_CREATED,
        kind::CONTACT_MERGED,
        "order.paid",
    ];
    let kind = kinds[dice.below(kinds.len() as u64) as usize];
    // Some keys come again.
    let key = if dice.below(12) == 0 { "again" } else { key };
    let mut told = event(&format!("{kind} {key}"), kind, PEOPLE[who]);
    told.occurred_at = now.plus_ms(-(dice.below(2 * DAY_MS as u64) as i64));
    if dice.below(2) == 0 {
        told.contact.external_id = Some(format!("id-{}", dice.below(7)));
    }
    if told.contact.external_id.is_some() && dice.below(3) == 0 {
        told.contact.email = None;
    }
    match kind {
        kind::CONTACT_UPDATED => {
            let name = ["Zoë", "O'Hara\\", "\"quoted\""][dice.below(3) as usize];
            told.patch = fields(json!({
                "first_name": name,
                "score": dice.below(100),
            }));
            told.patch.time_zone = Some("Europe/Berlin".to_owned());
        }
        kind::EMAIL_DELIVERED | kind::LINK_CLICKED | kind::EMAIL_OPENED | kind::HARD_BOUNCED => {
            told.message_id = Some(message_id(PEOPLE[who]));
            told.data.insert(
                "url".to_owned(),
                json!(format!("https://a.example/{}", dice.below(4))),
            );
        }
        kind::OPTED_OUT => {
            told.data.insert("sequence".to_owned(), json!("pricing"));
        }
        kind::PAUSED_BY_CONTACT => {
            let until = now.plus_ms(DAY_MS).to_string();
            told.data.insert("until".to_owned(), json!(until));
        }
        kind::CONTACT_MERGED => {
            let ids = [
                format!("id-{}", dice.below(7)),
                format!("id-{}", dice.below(7)),
            ];
            told.data.insert("merged_ids".to_owned(), json!(ids));
        }
        kind::REPLIED => {
            told.answers = vec![format!("{}@acme.example", message_id(PEOPLE[who]))];
        }
        _ => {}
    }
    told
}

fn message_id(email: &str) -> String {
    format!("msg_{}", email.replace(['@', '.'], "_"))
}

/// What the store answered.
async fn take(
    store: &Shared,
    sequence: RegisteredSequence,
    step: &Step,
    number: usize,
    now: Instant,
) -> String {
    match step {
        Step::Hear(events) => {
            let mut arrival = arrival(events.clone());
            arrival.received_at = now;
            answer(store.ingest(arrival).await)
        }
        Step::Decide { held } => decide(store, sequence, *held, number, now).await,
        Step::Claim => {
            let due = store.due_messages(now, 3, LOOKBACK).await;
            let due = due.expect("read");
            let claims = due.iter().filter_map(|message| {
                let to = message.to.as_ref()?;
                Some(claim_of(message, to.as_str()))
            });
            let claimed = answer(store.claim(claims.collect(), now).await);
            format!("{due:?} {claimed}")
        }
        Step::SetAside(how) => {
            let due = store.due_messages(now, 2, LOOKBACK).await;
            let asides = due.expect("read").into_iter().map(|message| SetAside {
                seq: message.seq,
                version: message.version,
                rule: "stale",
                reason: "as the dice say".to_owned(),
                aside: match how {
                    0 => Aside::Held,
                    1 => Aside::Dropped,
                    2 => Aside::Task {
                        title: "Look".to_owned(),
                    },
                    _ => Aside::Later {
                        until: now.plus_ms(HOUR_MS),
                    },
                },
            });
            answer(store.set_aside(asides.collect(), now).await)
        }
        Step::Conclude(how) => conclude(store, *how, now).await,
        Step::Look => answer(store.take_doubtful(now, 5).await),
        Step::Pause(scope) => {
            let (scope, name) = place(*scope);
            let pause = Pause {
                scope,
                name: name.to_owned(),
                cause: Cause::Person,
                reason: "somebody said so".to_owned(),
                since: now,
                until: number.is_multiple_of(2).then(|| now.plus_ms(DAY_MS)),
            };
            answer(store.pause(DEFAULT_TENANT, pause).await)
        }
        Step::Resume(scope) => {
            let (scope, name) = place(*scope);
            answer(store.resume(DEFAULT_TENANT, scope, name, now).await)
        }
        Step::Suppress(what) => {
            let entry = Entry {
                address: (*what).to_owned(),
                reason: "unwanted".to_owned(),
                source: "a person".to_owned(),
                at: now,
            };
            answer(store.suppress(DEFAULT_TENANT, vec![entry], now).await)
        }
        Step::Unsuppress(what) => answer(store.unsuppress(DEFAULT_TENANT, what).await),
        Step::Release => answer(store.release(DEFAULT_TENANT, None, now).await),
        Step::Cancel(which) => {
            let which = match which {
                0 => Which::HeldBy("stale".to_owned()),
                _ => Which::Message(message_id(PEOPLE[0])),
            };
            answer(store.cancel(DEFAULT_TENANT, which, "by hand", now).await)
        }
        Step::Expire => answer(store.lift_expired(now).await),
        Step::Write => {
            let due = store.due_writes(now, 5).await.expect("read");
            let mut answers = format!("{due:?}");
            for write in due {
                answers += &answer(store.claim_write(write.id, now).await);
            }
            answers
        }
    }
}

fn answer<T: std::fmt::Debug>(answered: Result<T, Error>) -> String {
    match answered {
        Ok(answer) => format!("{answer:?}"),
        // Each says it in its own words.
        Err(Error::Invalid(_)) => "invalid".to_owned(),
        Err(Error::Unavailable(why)) => panic!("unavailable: {why}"),
    }
}

fn place(scope: u64) -> (Scope, &'static str) {
    match scope {
        0 => (Scope::Tenant, ""),
        1 => (Scope::Sequence, "pricing"),
        2 => (Scope::Identity, "sales"),
        _ => (Scope::Contact, "1"),
    }
}

async fn decide(
    store: &Shared,
    sequence: RegisteredSequence,
    held: bool,
    number: usize,
    now: Instant,
) -> String {
    let due = store.due_contacts(now, 3, DEPTH).await.expect("read");
    let mut turns = Vec::new();
    for contact in &due {
        let mut turn = decided(contact, sequence);
        turn.now = now;
        let known = contact.email.as_ref();
        let first = contact.enrollments.is_empty() && known.is_some();
        if first && !contact.events.is_empty() {
            let id = message_id(known.map_or("nobody", |email| email.as_str()));
            let reason = held.then_some("missing contact.name");
            let mut entry = sends(contact, sequence, &id, reason);
            entry.messages[0].due_at = now.plus_ms(1);
            turn.enrollments[0].ledger = vec![entry];
            turn.due_at = Some(now.plus_ms(DAY_MS));
        } else {
            turn.enrollments.clear();
            turn.due_at = None;
        }
        turn.remarks = turn
            .events
            .iter()
            .map(|seq| (*seq, format!("step {number}")))
            .collect();
        turns.push(turn);
    }
    let committed = store.commit(turns).await.into_iter().map(answer);
    let committed: Vec<_> = committed.collect();
    format!("{due:?} {committed:?}")
}

async fn conclude(store: &Shared, how: u64, now: Instant) -> String {
    let open = store.open_attempts().await.expect("read");
    let Some(attempt) = open.iter().min_by_key(|attempt| attempt.seq) else {
        return String::new();
    };
    let reason = "as the dice say".to_owned();
    let doubt = Outcome::InDoubt {
        reason: reason.clone(),
    };
    let retry = Outcome::Retry {
        reason: reason.clone(),
        after_ms: None,
    };
    let at = now.plus_ms(HOUR_MS);
    let (outcome, next) = match how {
        0 => (doubt, Next::Uncertain { reason }),
        1 => (
            retry,
            Next::Again {
                at,
                reason,
                certain: true,
            },
        ),
        2 => (
            doubt,
            Next::Again {
                at,
                reason,
                certain: false,
            },
        ),
        3 => (retry, Next::Failed { reason }),
        _ => (
            retry,
            Next::Sent {
                provider_id: Some(format!("provider-{}", attempt.id)),
                message_id: None,
            },
        ),
    };
    let conclusion = Conclusion {
        seq: attempt.seq,
        outcome,
        next,
        now,
    };
    let concluded = answer(store.conclude(conclusion).await);
    format!("{attempt:?} {concluded}")
}

/// Everything that a store tells people and loops.
async fn everything(store: &Shared, now: Instant) -> BTreeMap<String, Value> {
    let tenant = DEFAULT_TENANT;
    let mut told = BTreeMap::new();
    let mut tell = |what: String, answer: Value| told.insert(what, answer);
    for email in PEOPLE {
        let email = address(email);
        let report = store.contact(tenant, &email).await.expect("read");
        tell(format!("contact {email}"), json!(report));
        let why = store.why(tenant, &email, 50, now).await.expect("read");
        tell(format!("why {email}"), json!(why));
        let id = message_id(email.as_str());
        let message = store.why_message(tenant, &id).await.expect("read");
        tell(format!("message {id}"), json!(message));
        let addressee = store.addressee(tenant, &id).await.expect("read");
        tell(format!("addressee {id}"), json!(format!("{addressee:?}")));
    }
    let filter = || OutboxFilter {
        limit: 100,
        ..OutboxFilter::default()
    };
    let quiet = store.hindrances(tenant, now).await.expect("read");
    tell("hindrances".to_owned(), json!(quiet));
    let outbox = store.outbox(tenant, filter()).await.expect("read");
    tell("outbox".to_owned(), json!(outbox));
    tell(
        "status".to_owned(),
        json!(store.status(tenant).await.expect("read")),
    );
    let sequences = store.sequences(tenant).await.expect("read");
    tell("sequences".to_owned(), json!(sequences));
    let listed = store.suppressions(tenant, None, 100).await.expect("read");
    tell("suppressions".to_owned(), json!(format!("{listed:?}")));
    // What dice decide keeps no promise; both must find the same.
    let audit = store.audit(tenant).await.expect("read");
    tell("audit".to_owned(), json!(audit));
    let sample = store.sample(tenant, 7, 3).await.expect("read");
    tell("sample".to_owned(), json!(format!("{sample:?}")));
    let due = store.due_contacts(now.plus_ms(DAY_MS), 100, DEPTH).await;
    tell("due".to_owned(), json!(format!("{:?}", due.expect("read"))));
    let writes = store.write_facts(tenant).await.expect("read");
    tell("writes".to_owned(), json!(format!("{writes:?}")));
    let next = [
        store.next_due_at().await.expect("read"),
        store.next_message_at().await.expect("read"),
        store.next_write_at().await.expect("read"),
    ];
    tell("next".to_owned(), json!(format!("{next:?}")));
    told
}
