//! HubSpot: thin events, completed through its API outside the request.

use followup_tests::senders::body;
use serde_json::{Value, json};

use crate::World;

/// An event as the app's webhook tells it: an object's id and little else.
fn thin(world: &World, subscription: &str, object: u64, more: &Value) -> Value {
    let mut event = json!({"eventId": object, "portalId": 62515, "subscriptionId": 5, "attemptNumber": 0,
        "occurredAt": world.server.now().0, "subscriptionType": subscription, "objectId": object});
    for (key, value) in more.as_object().expect("an object") {
        event[key] = value.clone();
    }
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_contact_is_asked_for_and_welcomed_and_a_won_deal_stops_it() {
    let world = World::start().await;
    world.hubspot.contact(501, "Zoe@X.example", "Zoë");
    // The API is busy at first; what it says about waiting is kept.
    world.hubspot.fail_next("contacts/501", 429);
    let answer = world
        .server
        .hubspot(&json!([thin(&world, "contact.creation", 501, &json!({}))]))
        .await;
    assert_eq!((answer.status, &body(&answer)["stored"]), (200, &json!(1)));

    let sent = world.until_message("zoe@x.example", "sent").await;
    assert_eq!(sent["subject"], "Hello Zoë");
    assert_eq!(world.hubspot.asked("contacts/501"), 2);
    let shown = world.server.site.contact("zoe@x.example").expect("known");
    assert_eq!(shown["contact"]["time_zone"], "Europe/Berlin");
    assert_eq!(shown["enrollments"][0]["sequence"], "new-leads");
    assert_eq!(shown["enrollments"][0]["status"], "active");

    // A deal names nobody; its contacts are asked for. The contact itself is known by now.
    world.hubspot.deal(
        900,
        &json!({"dealname": "Big", "dealstage": "closedwon", "hs_is_closed_won": "true"}),
        &[501],
    );
    let stage = json!({"propertyName": "dealstage", "propertyValue": "closedwon"});
    let answer = world
        .server
        .hubspot(&json!([thin(&world, "deal.propertyChange", 900, &stage)]))
        .await;
    assert_eq!(answer.status, 200);
    let shown = world
        .until("the deal ends the run", "zoe@x.example", |shown| {
            (shown["enrollments"][0]["status"] == "finished").then(|| shown.clone())
        })
        .await;
    assert_eq!(shown["enrollments"][0]["exit_reason"], "converted");
    let won = shown["events"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|event| event["kind"] == "deal-won");
    assert_eq!(
        won.map(|event| &event["data"]["deal_name"]),
        Some(&json!("Big"))
    );
    assert_eq!(world.hubspot.asked("deals/900"), 1);
    assert_eq!(
        world.hubspot.asked("contacts/501"),
        2,
        "a known contact is not asked for again"
    );
}

/// The copy of a sent mail stands in the contact's history, and is no touch when HubSpot tells of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_sent_mail_is_logged_and_does_not_come_back() {
    let world = World::start().await;
    world.hubspot.contact(501, "zoe@x.example", "Zoë");
    let created = thin(&world, "contact.creation", 501, &json!({}));
    world.server.hubspot(&json!([created])).await;
    world.until_message("zoe@x.example", "sent").await;
    followup_tests::eventually("the copy is written", || {
        let writes = world.ask(&["status"])["writebacks"]["counts"].clone();
        let done = writes[0]["status"] == "done" && writes[0]["connection"] == "hubspot";
        if done { Ok(()) } else { Err(writes) }
    })
    .await;
    let [logged] = world.hubspot.made("emails").try_into().expect("one copy");
    assert_eq!(logged["properties"]["hs_email_subject"], "Hello Zoë");
    assert_eq!(logged["associations"][0]["to"]["id"], "501");

    let echo = thin(
        &world,
        "object.creation",
        9_000,
        &json!({"objectTypeId": "0-49"}),
    );
    let answer = world.server.hubspot(&json!([echo])).await;
    assert_eq!(body(&answer)["stored"], json!(1));
    assert_eq!(
        world.hubspot.asked("emails/9000"),
        0,
        "nothing to ask: it is ours"
    );
    let status = world.ask(&["status"]);
    assert_eq!(status["events"]["thin"], Value::Null);
    assert_eq!(world.hubspot.made("emails").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_in_hubspot_counts() {
    let world = World::start().await;
    world.hubspot.contact(501, "zoe@x.example", "Zoë");
    world
        .server
        .hubspot(&json!([thin(&world, "contact.creation", 501, &json!({}))]))
        .await;
    world.until_message("zoe@x.example", "sent").await;
    let optout = json!({"propertyName": "hs_email_optout", "propertyValue": "true"});
    world
        .server
        .hubspot(&json!([thin(
            &world,
            "contact.propertyChange",
            501,
            &optout
        )]))
        .await;
    let shown = world.server.site.contact("zoe@x.example").expect("known");
    assert_eq!(
        shown["enrollments"][0]["exit_reason"], "unsubscribed",
        "{shown:#}"
    );
    assert_eq!(shown["contact"]["suppressed"]["reason"], "unsubscribed");
}

/// Kinds that nobody knows are stored, and a part that cannot be read takes no other with it.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_kinds_are_stored_and_half_a_batch_counts() {
    let world = World::start().await;
    world.hubspot.contact(501, "zoe@x.example", "Zoë");
    let batch = json!([
        thin(&world, "contact.sneeze", 501, &json!({})),
        thin(&world, "company.creation", 77, &json!({})),
        {"subscriptionType": "contact.creation"},
        7,
        thin(&world, "contact.creation", 501, &json!({})),
    ]);
    let answer = world.server.hubspot(&batch).await;
    assert_eq!(answer.status, 200);
    let told = body(&answer);
    assert_eq!(told["stored"], 3);
    let places: Vec<_> = told["rejected"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|part| &part["index"])
        .collect();
    assert_eq!(places, [2, 3]);
    world.until_message("zoe@x.example", "sent").await;
    let kinds = world
        .until("both events are known", "zoe@x.example", |shown| {
            let events = shown["events"].as_array()?;
            (events.len() == 2).then(|| {
                events
                    .iter()
                    .map(|event| event["kind"].clone())
                    .collect::<Vec<_>>()
            })
        })
        .await;
    assert!(
        kinds.contains(&json!("hubspot.contact.sneeze"))
            && kinds.contains(&json!("contact-created")),
        "{kinds:?}"
    );
}
