//! What each kind of webhook leads to, from its signature to the mail, and every way to stop it.

use followup_tests::senders::{body, event, form};
use serde_json::{Value, json};

use crate::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_form_leads_to_a_mail_through_each_provider() {
    let world = World::start().await;
    let (ada, grid) = ("ada@x.example", "grid@x.example");
    world.server.crm(&form("welcome", ada)).await;
    world.server.crm(&form("grid", grid)).await;

    let message = world.until_message(ada, "sent").await;
    let [call] = world
        .provider
        .calls_to(ada)
        .try_into()
        .expect("one request");
    assert_eq!(call.path, "/emails");
    let id = message["id"].as_str().expect("text");
    assert_eq!(call.idempotency_key.as_deref(), Some(id));
    assert_eq!(
        call.body["tags"],
        json!([{"name": "followup_message_id", "value": id}, {"name": "sequence", "value": "welcome"}])
    );
    assert_eq!(call.body["from"], "Ada Lovelace <ada@acme.example>");
    assert_eq!(call.body["to"], json!([format!("Zoë <{ada}>")]));
    assert_eq!(call.body["subject"], "Hello Zoë");
    assert!(
        call.body["text"]
            .as_str()
            .is_some_and(|text| text.contains("Hi Zoë,"))
    );
    assert_eq!(message["provider"], "resend");

    let message = world.until_message(grid, "sent").await;
    let [call] = world
        .provider
        .calls_to(grid)
        .try_into()
        .expect("one request");
    assert_eq!(call.path, "/v3/mail/send");
    assert_eq!(
        call.body["personalizations"][0]["custom_args"]["followup_message_id"],
        message["id"]
    );
    assert_eq!(call.body["from"]["email"], "grace@acme.example");
    assert_eq!(call.body["subject"], "Hello Zoë");
    assert_eq!(message["provider"], "sendgrid");
    assert!(
        message["provider_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("provider-")),
        "{message}"
    );
}

/// A sender that got no answer sends again.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_twice_is_one() {
    let world = World::start().await;
    let sent = form("welcome", "ada@x.example");
    assert_eq!(body(&world.server.crm(&sent).await)["stored"], 1);
    world.until_message("ada@x.example", "sent").await;
    let again = body(&world.server.crm(&sent).await);
    assert_eq!(
        (&again["stored"], &again["duplicates"]),
        (&json!(0), &json!(1))
    );
    let shown = world.server.site.contact("ada@x.example").expect("known");
    assert_eq!(shown["events"].as_array().map(Vec::len), Some(1));
    assert_eq!(world.provider.accepted().len(), 1);
}

/// Each exit condition, as each sender that knows it says it: what waits is cancelled before the answer.
#[tokio::test(flavor = "multi_thread")]
async fn every_exit_condition_stops_what_waits() {
    let world = World::start().await;
    let server = &world.server;
    // Who says what, the person's name in the rows below, and why the run ends.
    let rows = [
        ("crm", "replied", "replied"),
        ("crm", "Email.Replied", "replied"),
        ("crm", "deal-won", "converted"),
        ("crm", "meeting-booked", "meeting-booked"),
        ("crm", "unsubscribed", "unsubscribed"),
        ("crm", "hard-bounced", "hard-bounce"),
        ("crm", "complained", "complaint"),
        ("crm", "contact-deleted", "contact-deleted"),
        ("sendgrid", "bounce", "hard-bounce"),
        ("sendgrid", "spamreport", "complaint"),
        ("sendgrid", "unsubscribe", "unsubscribed"),
        ("resend", "email.complained", "complaint"),
        ("resend", "email.bounced", "hard-bounce"),
    ];
    let email = |row: usize| format!("person-{row}@x.example");
    let forms: Vec<_> = (0..rows.len())
        .map(|row| form("later", &email(row)))
        .collect();
    assert_eq!(server.crm(&json!(forms)).await.status, 200);
    for row in 0..rows.len() {
        world.until_message(&email(row), "queued").await;
    }
    for (row, (sender, word, reason)) in rows.into_iter().enumerate() {
        let email = email(row);
        let answer = match sender {
            "crm" => server.crm(&event(word, &email, "1", &json!({}))).await,
            "sendgrid" => {
                let id = format!("sg-{row}");
                server.sendgrid(&json!([{"event": word, "email": email, "sg_event_id": id, "type": "bounce"}])).await
            }
            _ => {
                let data = json!({"to": [email], "bounce": {"type": "Permanent"}});
                server.resend(&json!({"type": word, "data": data})).await
            }
        };
        assert_eq!(answer.status, 200, "{sender} {word}");
        // At once: the answer promised it.
        let shown = server.site.contact(&email).expect("known");
        let case = format!("{sender} {word}: {shown:#}");
        assert_eq!(shown["enrollments"][0]["status"], "finished", "{case}");
        assert_eq!(shown["enrollments"][0]["exit_reason"], reason, "{case}");
        assert_eq!(shown["messages"][0]["status"], "cancelled", "{case}");
        let suppressed = ["unsubscribed", "hard-bounce", "complaint"].contains(&reason);
        assert_eq!(
            shown["contact"]["suppressed"].is_object(),
            suppressed,
            "{case}"
        );
    }
    assert_eq!(
        world.provider.calls().len(),
        0,
        "nothing was ever handed over"
    );
    assert_eq!(
        server.site.status()["enrollments"],
        json!({"finished": rows.len()})
    );
}

/// Nobody has been enrolled yet when the reply comes, and still nothing may be sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_and_a_reply_in_one_batch_lead_to_nothing() {
    let world = World::start().await;
    let ada = "ada@x.example";
    let batch = json!([form("welcome", ada), event("replied", ada, "1", &json!({}))]);
    assert_eq!(body(&world.server.crm(&batch).await)["stored"], 2);
    let shown = world
        .until("both events are decided", ada, |shown| {
            let events = shown["events"].as_array()?;
            events
                .iter()
                .all(|event| event["status"] == "decided")
                .then(|| shown.clone())
        })
        .await;
    assert_eq!(shown["messages"], json!([]));
    assert_eq!(world.provider.calls().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suppressed_person_is_not_mailed_again() {
    let world = World::start().await;
    let ada = "ada@x.example";
    let told = world
        .server
        .sendgrid(&json!([{"event": "spamreport", "email": ada, "sg_event_id": "1"}]))
        .await;
    assert_eq!(told.status, 200, "told of a person that nobody knows yet");
    world.server.crm(&form("welcome", ada)).await;
    let shown = world
        .until("the form is decided", ada, |shown| {
            (shown["events"][0]["status"] == "decided").then(|| shown.clone())
        })
        .await;
    assert_eq!(
        (&shown["enrollments"], &shown["messages"]),
        (&json!([]), &json!([])),
        "{shown:#}"
    );
    assert_eq!(shown["contact"]["suppressed"]["reason"], "complaint");
}

/// What the providers report of a mail that went out moves it on, whatever order it comes in.
#[tokio::test(flavor = "multi_thread")]
async fn provider_events_move_messages() {
    let world = World::start().await;
    let server = &world.server;
    let rows = [
        ("welcome", "email.delivered", json!({}), "delivered"),
        (
            "welcome",
            "email.bounced",
            json!({"bounce": {"type": "Permanent"}}),
            "bounced",
        ),
        (
            "welcome",
            "email.bounced",
            json!({"bounce": {"type": "Transient"}}),
            "sent",
        ),
        ("welcome", "email.complained", json!({}), "complained"),
        ("grid", "delivered", json!({}), "delivered"),
        ("grid", "bounce", json!({"type": "bounce"}), "bounced"),
        ("grid", "bounce", json!({"type": "blocked"}), "sent"),
        ("grid", "spamreport", json!({}), "complained"),
    ];
    let email = |row: usize| format!("person-{row}@x.example");
    let forms: Vec<_> = rows
        .iter()
        .enumerate()
        .map(|(row, (name, ..))| form(name, &email(row)))
        .collect();
    server.crm(&json!(forms)).await;
    for (row, (sequence, word, data, expect)) in rows.into_iter().enumerate() {
        let email = email(row);
        let sent = world.until_message(&email, "sent").await;
        let mut told: Value = data;
        let answer = if sequence == "welcome" {
            told["to"] = json!([email]);
            told["tags"] = json!({"followup_message_id": sent["id"]});
            server.resend(&json!({"type": word, "data": told})).await
        } else {
            told["event"] = json!(word);
            told["email"] = json!(email);
            told["sg_event_id"] = json!(format!("sg-{row}"));
            told["followup_message_id"] = sent["id"].clone();
            server.sendgrid(&json!([told])).await
        };
        assert_eq!(answer.status, 200, "{word}");
        let shown = server.site.contact(&email).expect("known");
        assert_eq!(
            shown["messages"][0]["status"], expect,
            "{sequence} {word}: {shown:#}"
        );
        let ended = ["bounced", "complained"].contains(&expect);
        assert_eq!(
            shown["enrollments"][0]["status"] == "finished",
            ended,
            "{sequence} {word}: {shown:#}"
        );
    }
    let unknown = server
        .sendgrid(&json!([{"event": "sneezed", "email": "person-0@x.example", "sg_event_id": "x"}]))
        .await;
    assert_eq!(
        (unknown.status, &body(&unknown)["stored"]),
        (200, &json!(1))
    );
    let unknown = server
        .resend(&json!({"type": "email.sneezed", "data": {"to": ["person-0@x.example"]}}))
        .await;
    assert_eq!(
        (unknown.status, &body(&unknown)["stored"]),
        (200, &json!(1))
    );
    let shown = server.site.contact("person-0@x.example").expect("known");
    let kinds: Vec<_> = shown["events"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|e| &e["kind"])
        .collect();
    assert!(
        kinds.contains(&&json!("sendgrid.sneezed"))
            && kinds.contains(&&json!("resend.email.sneezed")),
        "{kinds:?}"
    );
}
