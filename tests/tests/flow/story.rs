//! Three weeks of eight people, as their ledgers tell them.

use followup::domain::Instant;
use followup_tests::town::{Event, Town};
use serde_json::{Value, json};

use super::{SEQUENCES, at, audit};

pub(super) const ENDS_AT: &str = "2026-03-23T00:00:00+01:00";

pub(super) const PEOPLE: [&str; 8] = [
    "amy@north.example",
    "ben@harbour.example",
    "chloe@mill.example",
    "dan@forge.example",
    "eve@orchard.example",
    "finn@quarry.example",
    "grace@bridge.example",
    "hugo@lantern.example",
];

/// What happens, in order: the day of March 2026 and the time in Berlin, who, what.
pub(super) fn events() -> Vec<(Instant, Event)> {
    let [amy, ben, chloe, dan, eve, finn, grace, hugo] = PEOPLE;
    let none = || json!({});
    let link = |name: &str| json!({ "link": name, "url": "https://acme.example/pricing" });
    let meeting = |id: &str, day: u32, time: &str| json!({ "meeting_id": id, "title": "Product tour", "starts_at": format!("2026-03-{day:02}T{time}:00+01:00") });
    let proposal = json!({ "subject": "Our proposal", "message_id": "proposal-1@acme.example" });
    let checklist = json!({ "resource": "Migration checklist" });
    let mut told: Vec<(u32, &str, &str, &str, Value)> = vec![
        // Steps, and the ways out of them.
        (2, "10:05", amy, "form-submitted", none()),
        (5, "11:20", amy, "replied", none()),
        (2, "10:30", ben, "form-submitted", none()),
        (6, "16:00", ben, "deal-won", json!({ "deal_id": "D-7" })),
        (2, "11:00", chloe, "form-submitted", none()),
        (
            2,
            "11:02",
            chloe,
            "hard-bounced",
            json!({ "reason": "550 5.1.1 no such user" }),
        ),
        (10, "09:00", chloe, "link-clicked", link("Pricing")),
        // Nobody knows his first name, until somebody does.
        (2, "11:30", dan, "form-submitted", none()),
        (
            3,
            "15:00",
            dan,
            "contact-updated",
            json!({ "contact": { "first_name": "Dan" } }),
        ),
        (
            3,
            "09:10",
            eve,
            "link-clicked",
            link("Security white paper"),
        ),
        (3, "09:12", eve, "link-clicked", link("Pricing")),
        (9, "17:40", eve, "resource-downloaded", checklist),
        (3, "14:00", finn, "email-sent", proposal),
        (
            4,
            "09:00",
            grace,
            "meeting-booked",
            meeting("M-1", 6, "14:00"),
        ),
        (
            6,
            "15:00",
            grace,
            "meeting-held",
            meeting("M-1", 6, "14:00"),
        ),
        (
            4,
            "10:00",
            hugo,
            "meeting-booked",
            meeting("M-2", 7, "10:00"),
        ),
        (
            5,
            "08:00",
            hugo,
            "meeting-rescheduled",
            meeting("M-2", 10, "10:00"),
        ),
        (
            10,
            "11:00",
            hugo,
            "meeting-no-show",
            meeting("M-2", 10, "10:00"),
        ),
        (11, "12:00", hugo, "unsubscribed", none()),
        (
            12,
            "12:00",
            hugo,
            "meeting-booked",
            meeting("M-3", 17, "10:00"),
        ),
    ];
    told.sort_by_key(|(day, time, ..)| (*day, *time));
    told.into_iter()
        .enumerate()
        .map(|(number, (day, time, email, kind, mut data))| {
            let name = email.split('@').next().expect("a name");
            if data.get("contact").is_none() && email != dan {
                data["contact"] = json!({ "first_name": name[..1].to_uppercase() + &name[1..] });
            }
            let event = Event::new(kind, email, data).with_id(&format!("told-{number}"));
            (at(&format!("2026-03-{day:02}T{time}:00+01:00")), event)
        })
        .collect()
}

pub(super) fn begins_at() -> Instant {
    at("2026-03-02T00:00:00+01:00")
}

#[tokio::test]
async fn everybodys_ledger() {
    let town = Town::found(begins_at(), SEQUENCES).await.expect("starts");
    for (at, event) in events() {
        town.live_until(at).await.expect("lives");
        town.hear(event).await.expect("heard");
    }
    town.live_until(at(ENDS_AT)).await.expect("lives");

    for email in PEOPLE {
        let ledger = audit::ledger(&town, email).await.expect("known");
        let name = email.split('@').next().expect("a name");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_json_snapshot!(name, ledger);
        });
    }
    audit::every_message_was_decided(&town).expect("invariant 1");
    audit::every_mail_is_a_message(&town).expect("invariant 1");
    audit::every_promise_holds(&town)
        .await
        .expect("nothing is found");
    audit::numbers_are_gapless(&town).expect("gapless");
    let repeated = audit::decide_again(&town).await.expect("invariant 5");
    assert!(repeated >= 25, "only {repeated} decisions were repeated");
}
