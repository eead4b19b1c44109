//! Calendly: signed by its scheme, checked by the host, read by the plugin.

use base64::{Engine, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER;
use followup::domain::Instant;
use followup::domain::http::Response;
use followup::signatures::hmac;
use followup_tests::Server;
use followup_tests::senders::{body, form};
use serde_json::{Value, json};

use crate::{events, serve, trigger, until};

const KEY: &str = "hRYhoBRgRoXZcJQaMIhUVYBxZu8bhpAfXOnIlOnyqws";
const SECTIONS: &str = "[connections.calendly]\nkind = \"trigger\"\nplugin = \"calendly\"\n\
    secrets = { signing_key = \"hRYhoBRgRoXZcJQaMIhUVYBxZu8bhpAfXOnIlOnyqws\" }\n";
const GOLDEN: &str = include_str!("../../../plugins/calendly/golden/created.json");

/// `Calendly-Webhook-Signature: t=SECONDS,v1=HEX`.
fn signature(key: &str, at: Instant, body: &[u8]) -> String {
    let seconds = (at.0 / 1_000).to_string();
    let base64 = hmac::sign(key.as_bytes(), &[seconds.as_bytes(), b".", body]);
    let bytes = STANDARD.decode(base64).expect("base64");
    let digits = HEXLOWER.encode(&bytes);
    format!("t={seconds},v1={digits}")
}

async fn send(server: &Server, key: &str, delivery: &Value) -> Response {
    let body = delivery.to_string().into_bytes();
    let signature = signature(key, server.now(), &body);
    let headers = vec![("calendly-webhook-signature", signature)];
    server.post("calendly", headers, body).await
}

fn booking(email: &str) -> Value {
    let mut delivery: Value = serde_json::from_str(GOLDEN).expect("JSON");
    delivery["payload"]["email"] = json!(email);
    delivery
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booked_meeting_ends_a_sequence_and_a_stranger_becomes_a_contact() {
    let (server, _provider) = serve(SECTIONS).await;
    let (ada, zoe) = ("ada@x.example", "zoe@x.example");
    server.crm(&form("welcome", ada)).await;
    until(&server, "the mail is sent", ada, |shown| {
        (shown["messages"][0]["status"] == "sent").then_some(())
    })
    .await;

    let answer = send(&server, KEY, &booking(ada)).await;
    let told = json!({"stored": 1, "duplicates": 0, "rejected": []});
    assert_eq!((answer.status, body(&answer)), (202, told));
    let shown = server.site.contact(ada).expect("known");
    assert_eq!(shown["enrollments"][0]["exit_reason"], "meeting-booked");
    let booked = events(&shown, "meeting-booked");
    assert_eq!(booked[0]["connection"], "calendly");
    assert_eq!(
        booked[0]["data"]["starts_at"],
        "2026-03-05T10:00:00.000000Z"
    );
    assert_eq!(shown["contact"]["time_zone"], "Europe/London");

    // The sender repeats what it was answered already.
    let again = send(&server, KEY, &booking(ada)).await;
    assert_eq!(body(&again)["duplicates"], 1);
    let shown = server.site.contact(ada).expect("known");
    assert_eq!(events(&shown, "meeting-booked").len(), 1);

    let mut other = booking(zoe);
    other["payload"]["uri"] = json!("https://api.calendly.com/scheduled_events/E/invitees/INV2");
    send(&server, KEY, &other).await;
    let shown = server.site.contact(zoe).expect("a contact now");
    assert_eq!(shown["contact"]["attributes"]["first_name"], "Ada");

    let calls = trigger(&server, "calendly").expect("it was called");
    assert_eq!((&calls["calls"], &calls["faults"]), (&json!(3), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_never_runs_for_a_sender_that_is_not_believed() {
    let (server, _provider) = serve(SECTIONS).await;
    let delivery = booking("ada@x.example");
    let text = delivery.to_string().into_bytes();
    let good = signature(KEY, server.now(), &text);
    let stale = signature(KEY, server.now().plus_ms(-301_000), &text);
    let forged = signature("another key", server.now(), &text);
    for proof in [Some(stale), Some(forged), Some("t=1".to_owned()), None] {
        let headers: Vec<_> = proof
            .iter()
            .map(|proof| ("calendly-webhook-signature", proof.clone()))
            .collect();
        let answer = server.post("calendly", headers, text.clone()).await;
        assert_eq!(answer.status, 401, "{proof:?}");
    }
    let mut changed = text.clone();
    changed.push(b' ');
    let headers = vec![("calendly-webhook-signature", good)];
    assert_eq!(server.post("calendly", headers, changed).await.status, 401);
    assert_eq!(trigger(&server, "calendly"), None, "it was never called");
    assert_eq!(server.site.contact("ada@x.example"), None);
    assert!(!server.stderr().contains(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_plugin_cannot_read_is_refused_and_what_fails_is_repeated() {
    let (server, _provider) = serve(SECTIONS).await;
    let answer = send(&server, KEY, &json!([1])).await;
    assert_eq!(answer.status, 400);
    let told = body(&answer)["error"].to_string();
    assert!(told.contains("cannot be read"), "{told}");

    // A call that may use next to nothing fails, whatever it is sent.
    let starved = format!("{SECTIONS}\n[sandbox.triggers]\nfuel_max = 1_000\n");
    let (server, _provider) = serve(&starved).await;
    let answer = send(&server, KEY, &booking("ada@x.example")).await;
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
    let told = trigger(&server, "calendly").expect("it was called");
    let fault = told["last_fault"].as_str().expect("a fault");
    assert!(fault.starts_with("out of fuel"), "{fault}");
    assert_eq!(server.site.contact("ada@x.example"), None);
}
