//! No plugin gets around the guardrails: a rogue for every way that one might try, beside a good
//! sequence for the same person and for a colleague, through six weeks with a holiday and both
//! changes of the clocks.

use chrono::NaiveDate;
use chrono_tz::Tz;
use followup::domain::instant::{DAY_MS, HOUR_MS, MINUTE_MS};
use followup_tests::town::{Event, Town};
use serde_json::{Value, json};

use super::limits::{Limits, Span, Touch, sent};
use super::{at, audit};

/// Whom the rogue has, a colleague whom it has not, and somebody else.
const AMY: &str = "amy@north.example";
const BEN: &str = "ben@north.example";
const DAN: &str = "dan@forge.example";

const HOLIDAY: &str = "2026-03-10";
const WEEKS: i64 = 6;

fn toml(misdeed: &str, more: &str) -> String {
    format!(
        r#"
[calendar]
time_zone = "Europe/Berlin"
holidays = ["{HOLIDAY}"]
[plugins]
files = ["rogue.wasm"]
[identities.bob]
from = "Bob <bob@acme.example>"
caps = ["4/day"]
gap_ms = 60_000
jitter_ms = 60_000
[guardrails]
contact_caps = ["1/day", "3/7d"]
account_caps = ["4/week"]
gap_ms = 72_000_000
window = ["mon-fri 09:00-17:00"]
business_days_only = true
[sequences.good]
policy = "cadence"
identity = "bob"
priority = 10
enrol = 'event.kind == "form-submitted"'
config.steps = [
    {{ template = "step-1" }},
    {{ template = "step-2", after_business_days = 2, at = "09:30" }},
    {{ template = "step-3", after_business_days = 5, at = "16:59" }},
]
[sequences.rogue]
policy = "rogue"
identity = "bob"
enrol = 'event.kind == "page-visited" || event.kind == "rogue.again"'
re_enrol = "after-finish"
config.misbehave = "{misdeed}"
{more}
"#
    )
}

/// The same in the words of the tests.
fn limits() -> Limits {
    let holiday: NaiveDate = HOLIDAY.parse().expect("a date");
    Limits {
        contact_caps: vec![(1, Span::Day), (3, Span::Rolling(7 * DAY_MS))],
        account_caps: vec![(4, Span::Week)],
        gap_ms: 20 * HOUR_MS,
        window: Some(([0, 4], [9 * 60, 17 * 60])),
        holidays: Some(vec![holiday]),
        identity_caps: vec![(4, Span::Day)],
        identity_gap_ms: MINUTE_MS,
        absent: None,
    }
}

async fn found(toml: &str) -> Town {
    let rogue = std::fs::read(env!("ROGUE_COMPONENT")).expect("the build script built it");
    let files = [("rogue.wasm".to_owned(), rogue)];
    // A Monday; New York's clocks change on the 8th, Berlin's on the 29th.
    let town = Town::found_with(at("2026-03-02T07:00:00+01:00"), toml, &files).await;
    let town = town.expect("starts");
    for (kind, email) in [
        ("page-visited", AMY),
        ("form-submitted", AMY),
        ("form-submitted", BEN),
        ("form-submitted", DAN),
    ] {
        let zone = Some("America/New_York").filter(|_| email == AMY);
        let data =
            json!({ "contact": { "first_name": "Kim", "nickname": " ", "time_zone": zone } });
        tell(&town, kind, email, data).await;
    }
    town
}

async fn tell(town: &Town, kind: &str, email: &str, data: Value) {
    let event = Event::new(kind, email, data);
    town.hear(event).await.expect("heard");
}

async fn live(town: &Town, days: i64) {
    let until = town.now().plus_ms(days * DAY_MS);
    town.live_until(until).await.expect("lives");
}

/// Every limit held at every mail, and the good sequence got through. Returns what was sent.
fn within_limits(town: &Town) -> Vec<Touch> {
    let sent = sent(town).expect("each mail once");
    for (place, mail) in sent.iter().enumerate() {
        let zone = if mail.contact == AMY {
            Tz::America__New_York
        } else {
            Tz::Europe__Berlin
        };
        let kept = limits().check(mail, &sent[..place], zone, Tz::Europe__Berlin);
        kept.expect("within the limits");
    }
    audit::every_message_was_decided(town).expect("asked for");
    sent
}

fn count(sent: &[Touch], contact: &str, sequence: &str) -> usize {
    let of = |touch: &&Touch| {
        let mail = touch.mail.as_ref().expect("a mail");
        touch.contact == contact && mail.sequence == sequence
    };
    sent.iter().filter(of).count()
}

/// The good sequence's three mails reached all three.
fn neighbours_are_served(sent: &[Touch]) {
    for contact in [AMY, BEN, DAN] {
        assert_eq!(count(sent, contact, "good"), 3, "{contact}");
    }
}

/// What the host said to the rogue, by rule; each with a reason.
fn rules(town: &Town) -> std::collections::BTreeMap<String, usize> {
    let verdicts = audit::rows(
        town,
        "SELECT d.verdicts FROM decisions d JOIN plugins p ON p.id = d.plugin_id WHERE p.name = 'rogue'",
        |row| row.get::<_, String>(0),
    );
    let mut rules = std::collections::BTreeMap::new();
    for verdicts in verdicts.expect("readable") {
        let verdicts: Vec<Value> = serde_json::from_str(&verdicts).expect("JSON");
        for verdict in verdicts
            .iter()
            .filter(|verdict| verdict["rule"].is_string())
        {
            assert!(!verdict["reason"].as_str().expect("a reason").is_empty());
            let rule = verdict["rule"].as_str().expect("a rule").to_owned();
            *rules.entry(rule).or_default() += 1;
        }
    }
    rules
}

fn decisions(town: &Town) -> usize {
    let rows = audit::rows(town, "SELECT id FROM decisions", |row| row.get::<_, i64>(0));
    rows.expect("readable").len()
}

#[tokio::test]
async fn a_thousand_mails_are_a_few_a_week() {
    let town = found(&toml("flood", "")).await;
    live(&town, WEEKS * 7).await;
    let sent = within_limits(&town);
    neighbours_are_served(&sent);
    let rogue = count(&sent, AMY, "rogue");
    // Three in seven days, less what the good sequence and the colleague took of the account's four.
    assert!((8..=18).contains(&rogue), "{rogue} of a thousand");
    let asked = audit::rows(&town, "SELECT id FROM messages", |row| {
        row.get::<_, String>(0)
    });
    assert_eq!(
        asked.expect("readable").len(),
        1_000 + 9,
        "each is accounted for"
    );
    let rules = rules(&town);
    assert!(
        rules.keys().all(
            |rule| ["window", "contact-cap", "account-cap", "gap", "no-moment"]
                .contains(&rule.as_str())
        ),
        "{rules:?}"
    );
}

#[tokio::test]
async fn nothing_at_night_nor_on_days_off() {
    let town = found(&toml("night", "")).await;
    live(&town, WEEKS * 7).await;
    let sent = within_limits(&town);
    neighbours_are_served(&sent);
    assert!(count(&sent, AMY, "rogue") > 3, "what may go, goes");
}

/// The zone of the person's owner decides where nothing nearer does: it is not the plugin's to set.
#[tokio::test]
async fn no_plugin_moves_the_night_elsewhere() {
    let town = found(&toml("elsewhere", "")).await;
    tell(&town, "page-visited", DAN, json!({})).await;
    live(&town, WEEKS * 7).await;
    let sent = within_limits(&town);
    neighbours_are_served(&sent);
    assert!(count(&sent, DAN, "rogue") > 3);
    assert!(
        rules(&town).contains_key("host-field"),
        "{:?}",
        rules(&town)
    );
}

#[tokio::test]
async fn nothing_after_an_exit() {
    for exit in [
        "replied",
        "deal-won",
        "unsubscribed",
        "complained",
        "hard-bounced",
        "contact-deleted",
    ] {
        let town = found(&toml("after-exit", "")).await;
        live(&town, 8).await;
        let before = count(&within_limits(&town), AMY, "rogue");
        tell(&town, exit, AMY, json!({})).await;
        for kind in ["contact-updated", "email-sent", "auto-replied", exit] {
            tell(
                &town,
                kind,
                AMY,
                json!({ "contact": { "first_name": "Kim" } }),
            )
            .await;
            live(&town, 7).await;
        }
        let sent = within_limits(&town);
        assert_eq!(count(&sent, AMY, "rogue"), before, "{exit}");
        assert_eq!(count(&sent, BEN, "good"), 3, "{exit}");
        town.stop().await;
    }
}

/// Even where an administrator switched every exit off.
#[tokio::test]
async fn nothing_to_a_suppressed_address() {
    let deaf = "[sequences.rogue.exits]\nreplied = false\nconverted = false\nmeeting_booked = false\n\
                unsubscribed = false\nhard_bounce = false\ncomplaint = false\ncontact_deleted = false\n";
    for end in [
        "unsubscribed",
        "complained",
        "hard-bounced",
        "contact-deleted",
    ] {
        let town = found(&toml("suppressed", deaf)).await;
        live(&town, 8).await;
        let before = count(&within_limits(&town), AMY, "rogue");
        assert!(before > 0);
        tell(&town, end, AMY, json!({})).await;
        for _ in 0..3 {
            tell(&town, "page-visited", AMY, json!({})).await;
            live(&town, 3).await;
        }
        let sent = within_limits(&town);
        assert_eq!(count(&sent, AMY, "rogue"), before, "{end}");
        assert!(rules(&town)["suppressed"] > 3, "{end}: {:?}", rules(&town));
        town.stop().await;
    }
}

#[tokio::test]
async fn nothing_blank() {
    let town = found(&toml("blank", "")).await;
    live(&town, WEEKS * 7).await;
    let sent = within_limits(&town);
    neighbours_are_served(&sent);
    assert_eq!(count(&sent, AMY, "rogue"), 0, "{:?}", town.mails());
    assert_eq!(rules(&town), [("missing-field".to_owned(), 7)].into());
}

#[tokio::test]
async fn custom_actions_do_nothing() {
    let town = found(&toml("custom", "")).await;
    tell(&town, "unsubscribed", DAN, json!({})).await;
    tell(&town, "page-visited", DAN, json!({})).await;
    live(&town, WEEKS * 7).await;
    let sent = within_limits(&town);
    assert_eq!(count(&sent, AMY, "rogue"), 1, "the one that may go");
    assert_eq!(count(&sent, DAN, "rogue"), 0);
    for mail in town.mails().expect("readable").values() {
        assert!(!mail.as_str().contains("elsewhere.example"), "{mail:?}");
    }
    assert_eq!(rules(&town)["unknown-action"], 6);
}

#[tokio::test]
async fn again_and_again_is_within_limits_too() {
    let town = found(&toml("re-enrol", "")).await;
    live(&town, WEEKS * 7).await;
    let sent = within_limits(&town);
    neighbours_are_served(&sent);
    let runs = audit::rows(&town, "SELECT id FROM enrollments", |row| {
        row.get::<_, i64>(0)
    });
    assert_eq!(
        runs.expect("readable").len(),
        3 + 4,
        "emit-depth-max ends it"
    );
}

#[tokio::test]
async fn the_ends_of_time_are_moments_like_others() {
    let town = found(&toml("clock-ends", "")).await;
    live(&town, WEEKS * 7).await;
    let sent = within_limits(&town);
    neighbours_are_served(&sent);
    assert!(count(&sent, AMY, "rogue") > 3);
    let beyond = found(&toml("clock-wild", "")).await;
    live(&beyond, WEEKS * 7).await;
    let sent = within_limits(&beyond);
    neighbours_are_served(&sent);
    assert_eq!(count(&sent, AMY, "rogue"), 0);
}

/// Timers that set timers for now would turn for ever in one moment: nobody else would get a turn.
#[tokio::test]
async fn a_storm_of_timers_passes() {
    let town = found(&toml("timers", "")).await;
    // Ben's and Dan's first mails go at nine.
    let two_hours = town.now().plus_ms(2 * HOUR_MS + 10 * MINUTE_MS);
    town.live_until(two_hours).await.expect("lives");
    let made = decisions(&town);
    // As many timers as a run may have, each at most twice a minute.
    assert!(
        (3_000..=2 * 64 * 131).contains(&made),
        "{made} decisions in two hours"
    );
    let sent = within_limits(&town);
    assert_eq!(count(&sent, DAN, "good"), 1, "the others go on");
}

/// A colleague's answer stops what waits, also of a policy that left before its mail went.
#[tokio::test]
async fn leaving_first_does_not_outrun_a_colleagues_answer() {
    let stop = "account_stop = \"stop\"\n";
    let toml =
        toml("send-and-leave", "").replace("[guardrails]\n", &format!("[guardrails]\n{stop}"));
    let town = found(&toml).await;
    town.settle().await.expect("settles");
    assert_eq!(town.report(AMY).await.expect("known").messages.len(), 2);
    tell(&town, "replied", BEN, json!({})).await;
    live(&town, WEEKS * 7).await;
    let sent = within_limits(&town);
    assert_eq!(
        (count(&sent, AMY, "rogue"), count(&sent, AMY, "good")),
        (0, 0)
    );
    assert_eq!(count(&sent, DAN, "good"), 3);
}
