//! Misbehaving policies beside a good one: they cost their own enrollment, nothing else.

use followup::domain::instant::{MINUTE_MS, SECOND_MS};
use followup_tests::town::{Event, Town};
use serde_json::json;

use super::{at, audit};

const AMY: &str = "amy@north.example";

/// What each of them does, and what its enrollment says about it in the end. All are ended by their
/// limits on fuel, memory, stack or output, never by the wall clock: a busy machine changes nothing.
const ROGUES: &[(&str, &str)] = &[
    ("loop", "fuel"),
    ("alloc", "memory"),
    ("panic", "step 7 has no template"),
    ("exit", "exit"),
    ("overrun", "memory"),
    ("no-reason", "reason"),
    ("bad-state", "state"),
    ("many-actions", "actions"),
    ("unlisted-action", "create-task"),
    ("transient", "the moon is full"),
];

/// A good sequence and one for every rogue; `cured` makes them behave.
fn toml(cured: bool) -> String {
    let mut toml = r#"
[calendar]
time_zone = "Europe/Berlin"
[plugins]
files = ["rogue.wasm"]
[decide]
attempts_max = 3
retry_first_ms = 60_000
# All of them are one plugin, which is to be asked to the end.
plugin_failures_max = 1_000

[sequences.good]
policy = "cadence"
enrol = 'event.kind == "form-submitted"'
config.steps = [{ template = "step-1" }, { template = "step-2", after_business_days = 1, at = "09:30" }]
"#
    .to_owned();
    for (misdeed, _) in ROGUES {
        let config = if cured { "none" } else { misdeed };
        toml += "[sequences.";
        toml += misdeed;
        toml += "]\npolicy = \"rogue\"\nenrol = 'event.kind == \"form-submitted\"'\nconfig.misbehave = \"";
        toml += config;
        toml += "\"\n";
    }
    toml
}

async fn town() -> Town {
    let rogue = std::fs::read(env!("ROGUE_COMPONENT")).expect("the build script built it");
    let files = [("rogue.wasm".to_owned(), rogue)];
    let town = Town::found_with(at("2026-03-02T10:00:00+01:00"), &toml(false), &files).await;
    town.expect("starts")
}

async fn tell(town: &Town, kind: &str) {
    let data = json!({ "contact": { "first_name": "Amy" }, "title": "Pricing" });
    town.hear(Event::new(kind, AMY, data)).await.expect("heard");
    town.settle().await.expect("settles");
}

/// How many calls wait for another try, and how many for a person.
async fn waiting(town: &Town) -> (u64, u64) {
    let status = town.status().await.expect("status");
    (status.retrying_decisions, status.parked_decisions)
}

/// (template, status) of the messages there are.
async fn mails(town: &Town) -> Vec<(String, String)> {
    let messages = town.report(AMY).await.expect("known").messages;
    messages
        .into_iter()
        .map(|message| (message.template, message.status))
        .collect()
}

fn sent(template: &str) -> (String, String) {
    (template.to_owned(), "sent".to_owned())
}

#[tokio::test]
async fn they_are_tried_again_then_parked_then_cured() {
    let all = ROGUES.len() as u64;
    let town = town().await;
    let start = town.now();
    tell(&town, "form-submitted").await;
    assert_eq!(
        mails(&town).await,
        [sent("step-1")],
        "the good one is not held up"
    );
    assert_eq!(waiting(&town).await, (all, 0));

    // Tried again after one minute and two more, not earlier.
    let report = town.report(AMY).await.expect("known");
    assert_eq!(
        report.contact.next_due_at,
        Some(start.plus_ms(MINUTE_MS).to_string())
    );
    town.live_until(start.plus_ms(MINUTE_MS + SECOND_MS))
        .await
        .expect("lives");
    assert_eq!(waiting(&town).await, (all, 0));
    let report = town.report(AMY).await.expect("known");
    assert_eq!(
        report.contact.next_due_at,
        Some(start.plus_ms(3 * MINUTE_MS).to_string())
    );
    // What is heard meanwhile waits its turn behind the failed call.
    tell(&town, "page-visited").await;
    assert_eq!(
        waiting(&town).await,
        (all, 0),
        "what waits behind has not failed"
    );

    town.live_until(start.plus_ms(3 * MINUTE_MS + SECOND_MS))
        .await
        .expect("lives");
    assert_eq!(waiting(&town).await, (0, all));
    let report = town.report(AMY).await.expect("known");
    for (misdeed, why) in ROGUES {
        let run = report
            .enrollments
            .iter()
            .find(|run| run.sequence == *misdeed)
            .expect(misdeed);
        assert_eq!(
            (run.status.as_str(), run.decisions),
            ("paused", 0),
            "{misdeed}"
        );
        let reason = run.pause_reason.as_deref().unwrap_or_default();
        assert!(
            reason.starts_with("plugin rogue failed 3 times: "),
            "{misdeed}: {reason}"
        );
        assert!(reason.contains(why), "{misdeed}: {reason}");
    }
    let status = town.status().await.expect("status");
    assert!(
        status
            .parked
            .iter()
            .all(|parked| parked.attempts == 3 && parked.event == "form-submitted")
    );

    // Parked is parked; the good one goes on.
    tell(&town, "page-visited").await;
    town.live_until(at("2026-03-04T00:00:00+01:00"))
        .await
        .expect("lives");
    assert_eq!(waiting(&town).await, (0, all));
    assert_eq!(mails(&town).await, [sent("step-1"), sent("step-2")]);

    // The same again is worth no new try.
    let town = town.restart_with(&toml(false)).await.expect("starts again");
    town.settle().await.expect("settles");
    assert_eq!(waiting(&town).await, (0, all));

    let town = town.restart_with(&toml(true)).await.expect("starts again");
    town.settle().await.expect("settles");
    assert_eq!(waiting(&town).await, (0, 0));
    let report = town.report(AMY).await.expect("known");
    for (misdeed, _) in ROGUES {
        let run = report
            .enrollments
            .iter()
            .find(|run| run.sequence == *misdeed)
            .expect(misdeed);
        assert_eq!(
            (run.status.as_str(), run.pause_reason.as_deref()),
            ("active", None),
            "{misdeed}"
        );
        let decisions = report
            .decisions
            .iter()
            .filter(|decision| decision.sequence == *misdeed);
        let heard: Vec<_> = decisions.map(|decision| decision.event.as_str()).collect();
        assert_eq!(
            heard,
            ["form-submitted", "page-visited", "page-visited"],
            "{misdeed}: in their order"
        );
    }
    audit::every_promise_holds(&town)
        .await
        .expect("nothing is found");
    audit::numbers_are_gapless(&town).expect("gapless");
    audit::every_mail_is_a_message(&town).expect("the good one's mails");
    audit::decide_again(&town).await.expect("invariant 5");
}

#[tokio::test]
async fn an_exit_ends_what_is_parked() {
    let town = town().await;
    tell(&town, "form-submitted").await;
    town.live_until(town.now().plus_ms(10 * MINUTE_MS))
        .await
        .expect("lives");
    tell(&town, "replied").await;
    assert_eq!(waiting(&town).await, (0, 0));
    let town = town.restart_with(&toml(true)).await.expect("starts again");
    town.settle().await.expect("settles");
    let report = town.report(AMY).await.expect("known");
    for run in report.enrollments {
        assert_eq!(
            (run.status.as_str(), run.exit_reason.as_deref()),
            ("finished", Some("replied"))
        );
    }
    assert_eq!(
        report.decisions.len(),
        1,
        "of the good one, before the reply"
    );
}
