//! The machine's clock is set back and forth by hours: nobody gets two mails at once, and everybody gets all.

use std::collections::HashMap;
use std::sync::Arc;

use followup::clock::{Clock, ManualClock, SystemClock};
use followup::domain::Instant;
use followup::domain::instant::{HOUR_MS, MINUTE_MS};
use followup_tests::senders::form;
use followup_tests::town::{Event, Town};
use followup_tests::{Dice, FakeProvider, Options, Senders, Site, eventually};
use serde_json::json;

use crate::{PROGRAM, rounds};

const PEOPLE: u64 = 12;
const STEPS: usize = 3;
/// How far the clock may be off, either way.
const OFF_MAX_HOURS: u64 = 8;
const LONGEST_STEP_MIN: u64 = 240;
/// Four weeks hold three steps a business day apart, whatever the clock says.
const WEEKS: i64 = 4;

const SEQUENCE: &str = r#"
[sequences.steady]
policy = "cadence"
enrol = 'event.kind == "form-submitted"'
config.steps = [
    { template = "step-1" },
    { template = "step-2", after_business_days = 1, at = "09:30" },
    { template = "step-3", after_business_days = 1, at = "09:30" },
]
"#;

fn begins_at() -> Instant {
    Instant::parse_rfc3339("2026-03-02T10:00:00+01:00").expect("RFC 3339")
}

#[tokio::test(flavor = "multi_thread")]
async fn set_back_and_forth_by_hours() {
    let mut dice = Dice::seeded(SystemClock.now().0 as u64);
    for _ in 0..rounds() {
        live(&mut dice).await;
    }
}

async fn live(dice: &mut Dice) {
    let town = Town::found(begins_at(), SEQUENCE).await.expect("starts");
    let (mut time, ends_at) = (begins_at(), begins_at().plus_ms(WEEKS * 168 * HOUR_MS));
    let mut waiting: Vec<String> = (0..PEOPLE).map(|n| format!("p{n}@x.example")).collect();
    let (mut sent, mut steps) = (HashMap::<String, usize>::new(), 0);
    while time < ends_at {
        time = time.plus_ms(dice.below(LONGEST_STEP_MIN) as i64 * MINUTE_MS);
        let hours = dice.below(2 * OFF_MAX_HOURS + 1) as i64 - OFF_MAX_HOURS as i64;
        town.clock.set(time.plus_ms(hours * HOUR_MS));
        if let Some(email) = waiting.pop() {
            let data = json!({ "contact": { "first_name": "Zoë" } });
            let told = Event::new("form-submitted", &email, data);
            town.hear(told).await.expect("heard");
        }
        town.settle().await.expect("settles");
        steps += 1;
        let mut now = HashMap::<String, usize>::new();
        for mail in town.mails().expect("readable").values() {
            *now.entry(mail.header("To")).or_default() += 1;
        }
        for (email, count) in &now {
            let before = sent.get(email).copied().unwrap_or(0);
            assert!(count - before <= 1, "{email} got several at once at {time}");
        }
        sent = now;
    }
    town.clock.set(ends_at.plus_ms(72 * HOUR_MS));
    town.settle().await.expect("settles");
    for number in 0..PEOPLE {
        let report = town.report(&format!("p{number}@x.example")).await;
        let messages = report.expect("known").messages;
        let told: Vec<_> = messages
            .iter()
            .map(|message| (message.template.as_str(), message.status.as_str()))
            .collect();
        assert_eq!(
            told,
            [("step-1", "sent"), ("step-2", "sent"), ("step-3", "sent")],
            "p{number}"
        );
    }
    let mails = town.mails().expect("readable").len();
    assert_eq!(mails, STEPS * PEOPLE as usize);
    eprintln!("{steps} settings of the clock, {mails} mails");
}

/// The loops that run by themselves: one that sleeps until a moment that is far off now hears what comes.
#[tokio::test(flavor = "multi_thread")]
async fn the_loops_follow_a_clock_that_is_set() {
    let provider = FakeProvider::start().await;
    let site = Site::new(
        PROGRAM,
        &Options {
            provider: provider.url.clone(),
            ..Options::default()
        },
    );
    let clock = Arc::new(ManualClock::new(begins_at()));
    let daemon = site.start(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let base = format!("http://{}", daemon.address);
    let clocked = Arc::clone(&clock) as Arc<dyn Clock>;
    let senders = Senders::new(base, Arc::clone(&site.keys), clocked);
    let mails = |count: usize| {
        let provider = provider.clone();
        eventually("the mails", move || match provider.accepted().len() {
            sent if sent == count => Ok(()),
            sent => Err(format!("{sent} instead of {count}")),
        })
    };
    assert_eq!(
        senders.crm(&form("welcome", "a@x.example")).await.status,
        200
    );
    mails(1).await;
    // Hours back: who turns up then is welcomed then.
    clock.set(begins_at().plus_ms(-5 * HOUR_MS));
    assert_eq!(
        senders.crm(&form("welcome", "b@x.example")).await.status,
        200
    );
    mails(2).await;
    assert_eq!(senders.crm(&form("later", "c@x.example")).await.status, 200);
    assert_eq!(
        senders.crm(&form("welcome", "d@x.example")).await.status,
        200
    );
    mails(3).await;
    // Hours forth: what became due comes, once.
    clock.set(begins_at().plus_ms(5 * HOUR_MS));
    mails(4).await;
    assert_eq!(
        senders.crm(&form("welcome", "e@x.example")).await.status,
        200
    );
    mails(5).await;
    daemon.stop().await;
}
