//! Guardrails that show only over time or over many people: circuit breakers, restored backups, role
//! addresses, who goes first.

use followup::domain::Instant;
use followup::domain::instant::{DAY_MS, HOUR_MS};
use followup_tests::town::{Event, Town};
use serde_json::{Value, json};

use super::at;

const MONDAY: &str = "2026-03-02T10:00:00+01:00";

const TWO_STEPS: &str = r#"
[calendar]
time_zone = "Europe/Berlin"
[sequences.two-steps]
policy = "cadence"
identity = "ada"
enrol = 'event.kind == "form-submitted"'
config.steps = [{ template = "step-1" }, { template = "step-2", after_business_days = 2, at = "09:30" }]
"#;

async fn town(more: &str) -> Town {
    let town = Town::found(at(MONDAY), &format!("{TWO_STEPS}{more}")).await;
    town.expect("starts")
}

async fn tell(town: &Town, kind: &str, email: &str, data: Value) {
    town.hear(Event::new(kind, email, data))
        .await
        .expect("heard");
    town.settle().await.expect("settles");
}

async fn fills_in_a_form(town: &Town, email: &str) {
    let data = json!({ "contact": { "first_name": "Kim" } });
    tell(town, "form-submitted", email, data).await;
}

/// Of the contact's messages in order: template, status and the reason told.
async fn messages(town: &Town, email: &str) -> Vec<(String, String, String)> {
    let report = town.report(email).await.expect("known");
    report
        .messages
        .into_iter()
        .map(|message| {
            let why = message.held_reason.or(message.status_reason);
            (message.template, message.status, why.unwrap_or_default())
        })
        .collect()
}

async fn live(town: &Town, until: Instant) {
    town.live_until(until).await.expect("lives");
}

#[tokio::test]
async fn an_identity_whose_mail_bounces_stops_by_itself_and_goes_on_later() {
    let town = town("[breaker]\nsends_min = 4\nbounce_rate_max = 0.5\nwindow_ms = 86_400_000\npause_ms = 86_400_000\n").await;
    for number in 0..4 {
        let email = format!("p{number}@x{number}.example");
        fills_in_a_form(&town, &email).await;
        let message = town.report(&email).await.expect("known").messages.remove(0);
        assert_eq!(message.status, "sent");
        if number < 3 {
            let about = json!({ "message_id": message.id });
            tell(&town, "hard-bounced", &email, about).await;
        }
    }
    // Three of four bounced: nothing leaves, whoever it is for.
    fills_in_a_form(&town, "late@y.example").await;
    let (_, status, why) = messages(&town, "late@y.example").await.remove(0);
    assert_eq!(status, "held", "{why}");
    assert!(why.contains("3 of 4 mails bounced"), "{why}");

    live(&town, at(MONDAY).plus_ms(DAY_MS - HOUR_MS)).await;
    assert_eq!(messages(&town, "late@y.example").await[0].1, "held");
    live(&town, at(MONDAY).plus_ms(DAY_MS + HOUR_MS)).await;
    assert_eq!(messages(&town, "late@y.example").await[0].1, "sent");
    fills_in_a_form(&town, "later@y.example").await;
    assert_eq!(
        messages(&town, "later@y.example").await[0].1,
        "sent",
        "old bounces do not count again"
    );
}

/// As after a restored backup: the host wakes up and everything was due long ago.
#[tokio::test]
async fn what_was_due_long_ago_waits_for_a_person() {
    let town = town("").await;
    fills_in_a_form(&town, "kim@x.example").await;
    town.clock.set(at("2026-03-20T10:00:00+01:00"));
    town.settle().await.expect("settles");
    let all = messages(&town, "kim@x.example").await;
    let (template, status, why) = &all[1];
    assert_eq!(
        (template.as_str(), status.as_str()),
        ("step-2", "held"),
        "{why}"
    );
    assert_eq!(town.mails().expect("readable").len(), 1);

    let released = town
        .daemon
        .store
        .release(followup::store::DEFAULT_TENANT, None, town.now())
        .await;
    assert_eq!(released.expect("stored"), 1);
    town.settle().await.expect("settles");
    assert_eq!(messages(&town, "kim@x.example").await[1].1, "sent");
}

#[tokio::test]
async fn a_host_that_was_down_for_a_day_just_goes_on() {
    let town = town("").await;
    fills_in_a_form(&town, "kim@x.example").await;
    town.clock.set(at("2026-03-05T10:00:00+01:00"));
    town.settle().await.expect("settles");
    assert_eq!(messages(&town, "kim@x.example").await[1].1, "sent");
}

#[tokio::test]
async fn a_function_gets_a_call_instead_of_a_mail_where_asked() {
    let town = town("[guardrails]\nrole_addresses = \"task\"\n").await;
    fills_in_a_form(&town, "info@x.example").await;
    let report = town.report("info@x.example").await.expect("known");
    assert!(report.messages.is_empty(), "{:?}", report.messages);
    assert_eq!(
        report.tasks[0].title.as_deref(),
        Some("Reach out to info@x.example yourself (two-steps)")
    );
    assert!(town.mails().expect("readable").is_empty());
}

#[tokio::test]
async fn the_more_important_sequence_goes_first() {
    let town = town(
        "[guardrails]\ncontact_caps = [\"1/day\"]\nwindow = [\"mon-fri 14:00-15:00\"]\n\
         [sequences.important]\npolicy = \"cadence\"\npriority = 9\n\
         enrol = 'event.kind == \"page-visited\"'\nconfig.steps = [{ template = \"step-3\" }]\n",
    )
    .await;
    fills_in_a_form(&town, "kim@x.example").await;
    tell(&town, "page-visited", "kim@x.example", json!({})).await;
    live(&town, at("2026-03-02T18:00:00+01:00")).await;
    let sent = |all: &[(String, String, String)]| {
        all.iter()
            .filter(|(_, status, _)| status == "sent")
            .map(|(template, _, _)| template.clone())
            .collect::<Vec<_>>()
    };
    let all = messages(&town, "kim@x.example").await;
    assert_eq!(sent(&all), ["step-3"], "{all:?}");
    live(&town, at("2026-03-03T18:00:00+01:00")).await;
    let all = messages(&town, "kim@x.example").await;
    assert_eq!(sent(&all), ["step-1", "step-3"], "{all:?}");
    // The second step keeps its distance from the first, which left a day late.
    live(&town, at("2026-03-05T12:00:00+01:00")).await;
    let all = messages(&town, "kim@x.example").await;
    assert_eq!(all.len(), 3, "{all:?}");
}

#[tokio::test]
async fn cold_outreach_says_who_writes_and_how_to_make_it_stop() {
    let town = town(
        "[company]\npostal_address = \"1 Main Street, Springfield\"\n\
         [sequences.cold]\npolicy = \"cadence\"\ncold = true\nidentity = \"grace\"\n\
         enrol = 'event.kind == \"page-visited\"'\nconfig.steps = [{ template = \"step-1\" }]\n\
         [identities.grace]\nfrom = \"Grace <grace@acme.example>\"\nunsubscribe_mailto = \"out@acme.example\"\n",
    )
    .await;
    let data = json!({ "contact": { "first_name": "Kim" } });
    tell(&town, "page-visited", "kim@x.example", data).await;
    let mails = town.mails().expect("readable");
    let mail = mails.values().next().expect("one");
    assert_eq!(
        mail.header("List-Unsubscribe"),
        "<mailto:out@acme.example?subject=unsubscribe>"
    );
    assert!(mail.body().contains("1 Main Street"), "{}", mail.body());
}

#[tokio::test]
async fn a_touch_too_many_waits_is_left_out_or_ends_the_run() {
    for (over_cap, mails, exit_reason) in [
        ("defer", 2, "completed"),
        ("skip", 1, "completed"),
        ("drop", 1, "over-cap"),
    ] {
        let town = town(&format!(
            "[guardrails]\ncontact_caps = [\"1/7d\"]\nover_cap = \"{over_cap}\"\n"
        ))
        .await;
        fills_in_a_form(&town, "kim@x.example").await;
        live(&town, at("2026-03-08T10:00:00+01:00")).await;
        assert_eq!(town.mails().expect("readable").len(), 1, "{over_cap}");
        live(&town, at("2026-03-20T10:00:00+01:00")).await;
        assert_eq!(town.mails().expect("readable").len(), mails, "{over_cap}");
        let report = town.report("kim@x.example").await.expect("known");
        let reason = report.enrollments[0].exit_reason.as_deref();
        assert_eq!(reason, Some(exit_reason), "{over_cap}");
    }
}

#[tokio::test]
async fn one_mail_system_gets_so_many_a_day() {
    let town = town("[guardrails]\ndomain_caps = [\"2/day\"]\n").await;
    for number in 0..5 {
        fills_in_a_form(&town, &format!("p{number}@big.example")).await;
    }
    fills_in_a_form(&town, "kim@other.example").await;
    for (until, mails) in [
        ("2026-03-02T20:00:00+01:00", 3),
        ("2026-03-03T20:00:00+01:00", 5),
    ] {
        live(&town, at(until)).await;
        assert_eq!(town.mails().expect("readable").len(), mails, "{until}");
    }
}
