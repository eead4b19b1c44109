//! What the people of the demo do, and when. What Followup does about it is up to Followup.

use serde_json::{Value, json};

use crate::domain::Instant;
use crate::domain::instant::{DAY_MS, HOUR_MS, MINUTE_MS};

/// Monday, 2 March 2026, midnight in Berlin.
const MONDAY: Instant = Instant(1_772_406_000_000);

/// Everybody, in the order of the closing table.
pub(super) const PEOPLE: &[&str] = &[
    "amy@north.example",
    "ben@harbour.example",
    "chloe@mill.example",
    "dan@forge.example",
    "eve@orchard.example",
    "finn@quarry.example",
    "grace@bridge.example",
    "hugo@lantern.example",
    "iris@maze.example",
];

pub(super) struct Day {
    pub(super) scenes: Vec<Scene>,
    pub(super) ends_at: Instant,
}

/// One webhook.
pub(super) struct Scene {
    pub(super) at: Instant,
    pub(super) event: Value,
}

/// The days of the story, in order.
pub(super) fn days() -> Vec<Day> {
    let mut scenes = scenes();
    scenes.sort_by_key(|scene| scene.at);
    let mut scenes = scenes.into_iter().peekable();
    (1..=18)
        .map(|day| {
            let ends_at = MONDAY.plus_ms(day * DAY_MS);
            let mut today = Vec::new();
            while let Some(scene) = scenes.next_if(|scene| scene.at < ends_at) {
                today.push(scene);
            }
            Day {
                scenes: today,
                ends_at,
            }
        })
        .collect()
}

fn scenes() -> Vec<Scene> {
    let pricing = json!({ "form": "Pricing request" });
    vec![
        // Kind 1, and the four ways out of it.
        scene(
            0,
            "10:05",
            "amy@north.example",
            "Amy",
            "form-submitted",
            pricing.clone(),
        ),
        scene(
            3,
            "11:20",
            "amy@north.example",
            "Amy",
            "replied",
            json!({ "subject": "Re: A quick question, Amy" }),
        ),
        scene(
            0,
            "10:30",
            "ben@harbour.example",
            "Ben",
            "form-submitted",
            pricing.clone(),
        ),
        scene(
            4,
            "16:00",
            "ben@harbour.example",
            "Ben",
            "deal-won",
            json!({ "deal_id": "D-7", "name": "Harbour, 40 seats" }),
        ),
        scene(
            0,
            "11:00",
            "chloe@mill.example",
            "Chloe",
            "form-submitted",
            pricing.clone(),
        ),
        scene(
            0,
            "11:02",
            "chloe@mill.example",
            "Chloe",
            "hard-bounced",
            json!({ "reason": "550 5.1.1 no such user" }),
        ),
        scene(
            8,
            "09:00",
            "chloe@mill.example",
            "Chloe",
            "link-clicked",
            json!({ "link": "Pricing", "url": "https://acme.example/pricing" }),
        ),
        // No first name: "Hi ," must never leave.
        scene(
            0,
            "11:30",
            "dan@forge.example",
            "",
            "form-submitted",
            pricing,
        ),
        scene(
            1,
            "15:00",
            "dan@forge.example",
            "Dan",
            "contact-updated",
            json!({}),
        ),
        // Kind 2: three clicks, one mail.
        scene(
            1,
            "09:10",
            "eve@orchard.example",
            "Eve",
            "link-clicked",
            json!({ "link": "Security white paper", "url": "https://acme.example/security" }),
        ),
        scene(
            1,
            "09:12",
            "eve@orchard.example",
            "Eve",
            "link-clicked",
            json!({ "link": "Pricing", "url": "https://acme.example/pricing" }),
        ),
        scene(
            1,
            "09:13",
            "eve@orchard.example",
            "Eve",
            "link-clicked",
            json!({ "link": "Pricing", "url": "https://acme.example/pricing" }),
        ),
        scene(
            7,
            "17:40",
            "eve@orchard.example",
            "Eve",
            "resource-downloaded",
            json!({ "resource": "Migration checklist", "url": "https://acme.example/checklist.pdf" }),
        ),
        // Kind 3: a rep wrote by hand; the CRM reported it.
        scene(
            1,
            "14:00",
            "finn@quarry.example",
            "Finn",
            "email-sent",
            json!({ "subject": "Our proposal", "message_id": "proposal-1@acme.example", "from": "ada@acme.example" }),
        ),
        // Kind 4: held, and missed.
        scene(
            2,
            "09:00",
            "grace@bridge.example",
            "Grace",
            "meeting-booked",
            meeting("M-1", 4, "14:00"),
        ),
        scene(
            4,
            "15:00",
            "grace@bridge.example",
            "Grace",
            "meeting-held",
            meeting("M-1", 4, "14:00"),
        ),
        scene(
            2,
            "10:00",
            "hugo@lantern.example",
            "Hugo",
            "meeting-booked",
            meeting("M-2", 5, "10:00"),
        ),
        scene(
            3,
            "08:00",
            "hugo@lantern.example",
            "Hugo",
            "meeting-rescheduled",
            meeting("M-2", 8, "10:00"),
        ),
        scene(
            8,
            "11:00",
            "hugo@lantern.example",
            "Hugo",
            "meeting-no-show",
            meeting("M-2", 8, "10:00"),
        ),
        // A plugin that never ends.
        scene(
            2,
            "12:00",
            "iris@maze.example",
            "Iris",
            "page-visited",
            json!({ "title": "Pricing", "url": "https://acme.example/pricing" }),
        ),
        scene(
            9,
            "12:00",
            "iris@maze.example",
            "Iris",
            "unsubscribed",
            json!({}),
        ),
    ]
}

fn scene(day: i64, at: &str, email: &str, first_name: &str, kind: &str, data: Value) -> Scene {
    let at = moment(day, at);
    let mut data = data;
    data["contact"] = if first_name.is_empty() {
        json!({})
    } else {
        json!({ "first_name": first_name })
    };
    Scene {
        at,
        event: json!({
            "specversion": "1.0",
            "id": format!("{email}/{kind}/{}", at.0),
            "source": "https://crm.acme.example",
            "type": kind,
            "subject": email,
            "time": at.to_string(),
            "data": data,
        }),
    }
}

fn meeting(id: &str, day: i64, at: &str) -> Value {
    let starts_at = moment(day, at);
    json!({
        "meeting_id": id,
        "title": "Product tour",
        "starts_at": starts_at.to_string(),
        "ends_at": starts_at.plus_ms(30 * MINUTE_MS).to_string(),
        "url": format!("https://meet.acme.example/{id}"),
    })
}

/// A wall-clock time, `HH:MM`, so many days after the first Monday. There is no clock change in
/// these weeks.
fn moment(day: i64, at: &str) -> Instant {
    let (hour, minute) = at.split_once(':').expect("HH:MM");
    let number = |text: &str| text.parse::<i64>().expect("HH:MM");
    MONDAY.plus_ms(day * DAY_MS + number(hour) * HOUR_MS + number(minute) * MINUTE_MS)
}

/// When the story begins.
pub(super) fn begins_at() -> Instant {
    moment(0, "08:00")
}
