//! What becomes of a mail when the provider is busy, slow, broken or gone.

use followup::domain::instant::SECOND_MS;
use followup_tests::senders::form;
use followup_tests::{Answer, FakeProvider, Options, eventually};
use serde_json::{Value, json};

use crate::World;

const ADA: &str = "ada@x.example";

/// Short waits, so that a retry comes within the test.
async fn impatient() -> World {
    World::with(Options {
        deliver: "timeout_ms = 300\nretry_first_ms = 20\nretry_max_ms = 100\nattempts_max = 1000",
        ..Options::default()
    })
    .await
}

fn reason(message: &Value) -> &str {
    message["status_reason"].as_str().unwrap_or_default()
}

/// Resend holds the request for longer than we wait, and tells repetitions that it still works on it:
/// the same bytes under the same key, until it is through.
#[tokio::test(flavor = "multi_thread")]
async fn resend_hangs_and_the_same_request_is_repeated() {
    let world = impatient().await;
    world.provider.order(ADA, [Answer::Hang]);
    world.server.crm(&form("welcome", ADA)).await;
    eventually("it is repeated while the first request runs", || {
        let calls = world.provider.calls_to(ADA).len();
        if calls >= 3 { Ok(()) } else { Err(calls) }
    })
    .await;
    assert!(world.provider.accepted().is_empty());
    world.provider.release(ADA);
    let sent = world.until_message(ADA, "sent").await;

    assert_eq!(
        world.provider.accepted(),
        [sent["id"].as_str().expect("text")]
    );
    assert_eq!(sent["provider_id"], "provider-1");
    same_each_time(&world.provider);
}

/// Resend took it, and its answer was lost: the repetition brings the answer and no second mail.
#[tokio::test(flavor = "multi_thread")]
async fn resend_breaks_off_and_one_mail_goes_out() {
    let world = impatient().await;
    let broken = Answer::Refuse(500, "application_error", None);
    world
        .provider
        .order(ADA, [Answer::Cut, broken, Answer::AcceptAndCut]);
    world.server.crm(&form("welcome", ADA)).await;
    let sent = world.until_message(ADA, "sent").await;
    assert_eq!(
        world.provider.accepted(),
        [sent["id"].as_str().expect("text")]
    );
    assert_eq!(sent["attempts"], 4);
    assert_eq!(world.provider.calls_to(ADA).len(), 4);
    same_each_time(&world.provider);
}

fn same_each_time(provider: &FakeProvider) {
    let calls = provider.calls_to(ADA);
    for call in &calls[1..] {
        assert_eq!(call.idempotency_key, calls[0].idempotency_key);
        assert_eq!(call.bytes, calls[0].bytes, "the same bytes");
    }
}

/// SendGrid knows no key: what it may have taken is not repeated, until its own event tells.
#[tokio::test(flavor = "multi_thread")]
async fn sendgrid_in_doubt_waits_for_proof() {
    let world = impatient().await;
    let rows = [
        (Answer::Hang, "processed", "sent"),
        (Answer::AcceptAndCut, "delivered", "delivered"),
        (Answer::Cut, "bounce", "bounced"),
        (Answer::Refuse(500, "", None), "dropped", "failed"),
    ];
    let email = |row: usize| format!("person-{row}@x.example");
    for (row, (trouble, ..)) in rows.iter().enumerate() {
        world.provider.order(&email(row), [trouble.clone()]);
    }
    let forms: Vec<_> = (0..rows.len())
        .map(|row| form("grid", &email(row)))
        .collect();
    world.server.crm(&json!(forms)).await;
    for (row, (trouble, word, expect)) in rows.into_iter().enumerate() {
        let email = email(row);
        let message = world.until_message(&email, "uncertain").await;
        assert!(!reason(&message).is_empty(), "{trouble:?}: {message}");
        let event = json!({"event": word, "email": email, "sg_event_id": row.to_string(), "type": "bounce",
            "followup_message_id": message["id"]});
        assert_eq!(world.server.sendgrid(&json!([event])).await.status, 200);
        let shown = world.server.site.contact(&email).expect("known");
        assert_eq!(
            shown["messages"][0]["status"], expect,
            "{trouble:?}: {shown:#}"
        );
        assert_eq!(
            world.provider.calls_to(&email).len(),
            1,
            "{trouble:?} was repeated"
        );
    }
}

/// The host dies with a call under way. Resend is asked again under the key, SendGrid is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_leaves_a_call_in_doubt() {
    let mut world = World::start().await;
    let grid = "grid@x.example";
    for (name, email) in [("welcome", ADA), ("grid", grid)] {
        world.provider.order(email, [Answer::Hang]);
        world.server.crm(&form(name, email)).await;
        world.provider.begun(email).await;
    }
    tokio::task::block_in_place(|| world.server.kill9());
    for email in [ADA, grid] {
        world.provider.release(email);
    }
    tokio::task::block_in_place(|| world.server.restart());
    world.until_message(ADA, "sent").await;
    assert_eq!(world.provider.calls_to(ADA).len(), 2);
    same_each_time(&world.provider);

    let message = world.until_message(grid, "uncertain").await;
    assert!(reason(&message).contains("the host stopped"), "{message}");
    let event = json!({"event": "processed", "email": grid, "sg_event_id": "1",
        "followup_message_id": message["id"]});
    world.server.sendgrid(&json!([event])).await;
    let shown = world.server.site.contact(grid).expect("known");
    assert_eq!(shown["messages"][0]["status"], "sent", "{shown:#}");
    assert_eq!(world.provider.accepted().len(), 2, "each went out once");
}

/// What a provider certainly did not take is tried again, and not before it said.
#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_kept() {
    let world = impatient().await;
    for (name, email) in [("welcome", ADA), ("grid", "grid@x.example")] {
        let busy = Answer::Refuse(429, "rate_limit_exceeded", Some(2));
        world.provider.order(email, [busy]);
        world.server.crm(&form(name, email)).await;
        world.until_message(email, "sent").await;
        let calls = world.provider.calls_to(email);
        assert_eq!(calls.len(), 2, "{name}");
        let waited_ms = calls[1].at.since_ms(calls[0].at);
        assert!(
            waited_ms >= 2 * SECOND_MS,
            "{name}: tried again after {waited_ms} ms"
        );
    }
    assert_eq!(world.provider.accepted().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_good_is_not_repeated() {
    let world = impatient().await;
    let rows = [
        ("welcome", ADA, "validation_error"),
        ("grid", "grid@x.example", "The from address"),
    ];
    for (name, email, says) in rows {
        world
            .provider
            .order(email, [Answer::Refuse(400, says, None)]);
        world.server.crm(&form(name, email)).await;
        let message = world.until_message(email, "failed").await;
        let reason = reason(&message);
        assert!(
            reason.contains("400") && reason.contains(says),
            "{name}: {reason}"
        );
        assert_eq!(world.provider.calls_to(email).len(), 1, "{name}");
    }
}

/// A key that is wrong is set right by an administrator; the mails wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_fails_no_mail() {
    let world = impatient().await;
    world.provider.order(
        ADA,
        vec![Answer::Refuse(401, "restricted_api_key", None); 3],
    );
    world.server.crm(&form("welcome", ADA)).await;
    let sent = world.until_message(ADA, "sent").await;
    assert_eq!(sent["attempts"], 4);
}

/// Nobody listens where the provider should be: nothing was sent, so it is tried until somebody does.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_is_tried_again() {
    let mut world = impatient().await;
    let there = world.server.site.read("followup.toml");
    // A port that was free a moment ago, and whose owner is gone.
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let nowhere = format!("http://{}", gone.local_addr().expect("an address"));
    drop(gone);
    let elsewhere = there.replace(&world.provider.url, &nowhere);
    world.server.site.write("followup.toml", &elsewhere);
    tokio::task::block_in_place(|| world.server.restart());

    let grid = "grid@x.example";
    world
        .server
        .crm(&json!([form("welcome", ADA), form("grid", grid)]))
        .await;
    for email in [ADA, grid] {
        let tried = |shown: &Value| {
            let message = &shown["messages"][0];
            (message["attempts"].as_u64() >= Some(3) && message["status"] == "queued")
                .then(|| message.clone())
        };
        let message = world.until("it is tried again", email, tried).await;
        assert!(reason(&message).contains("not sent"), "{message}");
    }
    world.server.site.write("followup.toml", &there);
    tokio::task::block_in_place(|| world.server.restart());
    for email in [ADA, grid] {
        world.until_message(email, "sent").await;
        assert_eq!(world.provider.calls_to(email).len(), 1);
    }
}

/// A stop by SIGTERM finishes the call under way rather than leaving it in doubt.
#[tokio::test(flavor = "multi_thread")]
async fn a_graceful_stop_finishes_the_call_under_way() {
    let mut world = World::start().await;
    let grid = "grid@x.example";
    world.provider.order(grid, [Answer::Hang]);
    world.server.crm(&form("grid", grid)).await;
    world.provider.begun(grid).await;
    let stopping = world.server.senders.clone();
    let provider = world.provider.clone();
    let released = tokio::spawn(async move {
        // The door closes first; what the loops hold is waited for.
        while stopping.try_crm(&form("welcome", ADA)).await.is_ok() {}
        provider.release("grid@x.example");
    });
    assert_eq!(world.server.terminate().await.code(), Some(0));
    released.await.expect("released");
    let shown = world.server.site.contact(grid).expect("known");
    assert_eq!(shown["messages"][0]["status"], "sent", "{shown:#}");
}

/// The address changed while the mail waited to be repeated: it must neither go to the old address
/// nor keep the host busy for ever.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_changes_between_attempts() {
    let world = impatient().await;
    world.provider.order(
        ADA,
        vec![Answer::Refuse(429, "rate_limit_exceeded", None); 1_000],
    );
    let mut filled_in = form("welcome", ADA);
    filled_in["data"]["contact"]["id"] = json!("c-1");
    world.server.crm(&filled_in).await;
    world.provider.begun(ADA).await;
    let moved = json!({"specversion": "1.0", "id": "moved", "source": "/tests", "type": "contact-updated",
        "data": {"contact": {"id": "c-1", "email": "new@x.example"}}});
    assert_eq!(world.server.crm(&moved).await.status, 200);
    let given_up = |shown: &Value| {
        let message = &shown["messages"][0];
        (message["status"] == "cancelled").then(|| message.clone())
    };
    let message = world
        .until("it is given up", "new@x.example", given_up)
        .await;
    assert!(reason(&message).contains("address changed"), "{message}");
    assert!(world.provider.calls_to("new@x.example").is_empty());
}
