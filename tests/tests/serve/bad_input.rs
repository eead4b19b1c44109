//! What must not be taken in: each is answered with the status that its sender understands, changes
//! nothing, and kills nothing.

use std::sync::Arc;

use followup::domain::http::Response;
use followup_tests::raw::{Raw, head, status};
use followup_tests::senders::{body, event, form};
use followup_tests::{Keys, Options, Senders, eventually};
use serde_json::{Value, json};

use crate::World;

const CONNECTIONS: [&str; 4] = ["crm", "hubspot", "sendgrid", "resend"];

/// A body that each sender could have sent.
fn good_body(connection: &str) -> Vec<u8> {
    let good = match connection {
        "crm" => form("welcome", "mallory@x.example"),
        "hubspot" => json!([{"eventId": 1, "portalId": 1, "subscriptionId": 1, "objectId": 7,
            "occurredAt": 1, "subscriptionType": "contact.creation"}]),
        "sendgrid" => {
            json!([{"event": "spamreport", "email": "mallory@x.example", "sg_event_id": "1"}])
        }
        _ => json!({"type": "email.complained", "data": {"to": ["mallory@x.example"]}}),
    };
    good.to_string().into_bytes()
}

/// The world as a bad request finds it, and must leave it.
struct Quiet {
    world: World,
    before: Value,
}

impl Quiet {
    async fn start(options: Options) -> Self {
        let world = World::with(options).await;
        world.server.crm(&form("later", "first@x.example")).await;
        world.until_message("first@x.example", "queued").await;
        // The first round of the poll changes the status too.
        world.until_looked(1).await;
        let before = world.server.site.status();
        Self { world, before }
    }

    /// Nothing changed.
    fn unchanged(&self, after: &str) {
        assert_eq!(
            self.world.server.site.status(),
            self.before,
            "after {after}"
        );
    }

    /// Nothing changed, and a good webhook is still taken in and acted upon.
    async fn still_well(mut self) {
        self.unchanged("everything");
        let taken = self
            .world
            .server
            .crm(&form("welcome", "last@x.example"))
            .await;
        assert_eq!(taken.status, 200);
        self.world.until_message("last@x.example", "sent").await;
        assert_eq!(self.world.server.terminate().await.code(), Some(0));
    }
}

/// Refused with this status, and with words about it.
fn check(case: &str, answer: &Response, status: u16, says: &str) {
    assert_eq!(
        answer.status,
        status,
        "{case}: {}",
        String::from_utf8_lossy(&answer.body)
    );
    let error = body(answer)["error"].clone();
    assert!(
        error.as_str().is_some_and(|text| text.contains(says)),
        "{case}: {error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_believed() {
    let quiet = Quiet::start(Options::default()).await;
    let server = &quiet.world.server;
    for connection in CONNECTIONS {
        let body = good_body(connection);
        let good = server.sign(connection, server.now(), &body);
        let case = |what: &str| format!("{connection}: {what}");

        for missing in 0..good.len() {
            let mut headers = good.clone();
            headers.remove(missing);
            let answer = server.post(connection, headers, body.clone()).await;
            check(&case("a missing header"), &answer, 401, " is missing");

            let mut headers = good.clone();
            headers.push(good[missing].clone());
            let answer = server.post(connection, headers, body.clone()).await;
            check(
                &case("a repeated header"),
                &answer,
                401,
                " was sent more than once",
            );
        }

        let mut other = body.clone();
        other.push(b' ');
        let answer = server.post(connection, good.clone(), other).await;
        check(
            &case("another body"),
            &answer,
            401,
            "signature does not match",
        );

        let mut stranger = Senders::clone(server);
        stranger.keys = Arc::new(Keys::of_a_stranger());
        let wrong = stranger.sign(connection, server.now(), &body);
        let answer = server.post(connection, wrong, body.clone()).await;
        check(
            &case("another key"),
            &answer,
            401,
            "signature does not match",
        );

        for away_ms in [-310_000, 310_000] {
            let stale = server.sign(connection, server.now().plus_ms(away_ms), &body);
            let answer = server.post(connection, stale, body.clone()).await;
            check(&case("another time"), &answer, 401, "away from our clock");
        }
        quiet.unchanged(connection);
    }
    quiet.still_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read() {
    let quiet = Quiet::start(Options::default()).await;
    let server = &quiet.world.server;
    let good = good_body("crm");
    let answer = server
        .post("nobody", server.sign("crm", server.now(), &good), good)
        .await;
    check(
        "an unknown connection",
        &answer,
        404,
        "no connection \"nobody\"",
    );
    for connection in CONNECTIONS {
        let answer = server.get(&format!("/hooks/{connection}")).await;
        check(connection, &answer, 405, "POST");

        for (bytes, says) in [
            (&b""[..], "no JSON"),
            (b"{", "no JSON"),
            (b"\xff\xfe{}", "no JSON"),
            (b"7", ""),
        ] {
            let headers = server.sign(connection, server.now(), bytes);
            let answer = server.post(connection, headers, bytes.to_vec()).await;
            check(connection, &answer, 400, says);
        }
    }
    for (connection, nonsense) in [
        ("crm", json!([{"specversion": "1.0"}, 7])),
        (
            "hubspot",
            json!([{"subscriptionType": "contact.creation"}, 7]),
        ),
        ("sendgrid", json!([{"email": "x@x.example"}, 7])),
    ] {
        let nonsense = nonsense.to_string().into_bytes();
        let headers = server.sign(connection, server.now(), &nonsense);
        let answer = server.post(connection, headers, nonsense).await;
        check(connection, &answer, 400, "no part of the body");
        let rejected = body(&answer)["rejected"].clone();
        assert_eq!(
            rejected.as_array().map(Vec::len),
            Some(2),
            "{connection}: {rejected}"
        );
        assert!(
            rejected[0]["reason"]
                .as_str()
                .is_some_and(|why| why.starts_with("events[0]: `")),
            "{rejected}"
        );
    }
    quiet.still_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much() {
    let quiet = Quiet::start(Options {
        server: "body_max_bytes = 20_000\nbody_timeout_ms = 400\nconcurrent_max = 1",
        ..Options::default()
    })
    .await;
    let server = &quiet.world.server;

    // Signed and all: it is the size that is refused. One at the limit is taken in.
    let padded = |bytes: usize| {
        let mut body = form("nothing", "first@x.example").to_string();
        body.push_str(&" ".repeat(bytes - body.len()));
        body.into_bytes()
    };
    let too_large = padded(20_001);
    let headers = server.sign("crm", server.now(), &too_large);
    check(
        "too large",
        &server.post("crm", headers, too_large).await,
        413,
        "20000 bytes allowed",
    );

    // Without an announced length, it is noticed on the way; nothing of the rest is waited for.
    let mut chunked = Raw::connect(&server.base).await;
    chunked
        .write(&head("/hooks/crm", "transfer-encoding: chunked\r\n"))
        .await;
    let chunk = format!("2000\r\n{}\r\n", "x".repeat(0x2000));
    for _ in 0..3 {
        chunked.write(&chunk).await;
    }
    assert_eq!(status(&chunked.answer().await), 413);
    quiet.unchanged("a body that is too large");

    // A slow sender takes no turn before its body is here, and is let go. (Who finds none: the flood.)
    let mut slow = Raw::connect(&server.base).await;
    slow.write(&head("/hooks/crm", "content-length: 100\r\n"))
        .await;
    slow.write("{").await;
    let next = server.post("crm", Vec::new(), b"{}".to_vec()).await;
    assert_eq!(next.status, 401, "looked at, not turned away");
    let slow = slow.answer().await;
    assert_eq!(status(&slow), 408, "{slow}");

    // A body that breaks off.
    let mut broken = Raw::connect(&server.base).await;
    broken
        .write(&head("/hooks/crm", "content-length: 100\r\n"))
        .await;
    broken.write("{").await;
    drop(broken);
    quiet.unchanged("slow and broken bodies");

    let at_the_limit = padded(20_000);
    eventually("the place is free", || {
        let headers = server.sign("crm", server.now(), &at_the_limit);
        let sent = server.post("crm", headers, at_the_limit.clone());
        let answer = tokio::runtime::Handle::current().block_on(sent);
        if answer.status == 200 {
            Ok(())
        } else {
            Err(answer.status)
        }
    })
    .await;
    let welcome = server.crm(&form("welcome", "last@x.example")).await;
    assert_eq!(welcome.status, 200);
    quiet.world.until_message("last@x.example", "sent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_of_a_batch() {
    let world = World::start().await;
    let batch = json!([
        form("welcome", "one@x.example"),
        {"specversion": "1.0", "id": "2"},
        event("form-submitted", "nobody", "3", &json!({})),
        form("welcome", "four@x.example"),
    ]);
    let answer = world.server.crm(&batch).await;
    assert_eq!(answer.status, 200);
    let told = body(&answer);
    assert_eq!(
        (&told["stored"], &told["duplicates"]),
        (&json!(2), &json!(0))
    );
    let places: Vec<_> = told["rejected"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|part| &part["index"])
        .collect();
    assert_eq!(places, [1, 2], "{told}");
    assert!(
        told["rejected"][1]["reason"]
            .as_str()
            .is_some_and(|why| why.contains("`subject`")),
        "{told}"
    );
    let log = world.server.stderr();
    assert!(
        log.contains("a part of a webhook could not be read")
            && log.contains("`source` is missing"),
        "{log}"
    );
    for email in ["one@x.example", "four@x.example"] {
        world.until_message(email, "sent").await;
    }
    let again = body(&world.server.crm(&batch).await);
    assert_eq!(
        (&again["stored"], &again["duplicates"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(world.server.site.status()["contacts"], 2);
}
