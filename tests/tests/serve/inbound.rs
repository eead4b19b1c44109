//! Mail that comes in while `serve` runs: a reply finds its message, whoever sends it from where, and
//! machines that answer are left in peace.

use followup::domain::http::Response;
use followup_tests::senders::form;
use followup_tests::site::INBOUND_SECRET;
use serde_json::{Value, json};

use crate::World;

const ADA: &str = "ada@x.example";
const DATE: &str = "Mon, 02 Mar 2026 10:00:00 +0000";

/// A mail as a mail server hands it over.
async fn arrives(world: &World, mail: &str) -> Response {
    let authorization = format!("Bearer {INBOUND_SECRET}");
    post(world, &authorization, mail).await
}

async fn post(world: &World, authorization: &str, mail: &str) -> Response {
    let headers = vec![("authorization", authorization.to_owned())];
    let body = mail.replace('\n', "\r\n").into_bytes();
    world.server.senders.post("mail", headers, body).await
}

fn text(answer: &Response) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// Somebody who got the first mail of a sequence: its id, and what the provider was told.
async fn written_to(world: &World) -> (String, Value) {
    world.server.senders.crm(&form("welcome", ADA)).await;
    let message = world.until_message(ADA, "sent").await;
    let id = message["id"].as_str().expect("text").to_owned();
    let call = world.provider.calls_to(ADA).remove(0);
    (id, call.body)
}

async fn exit_reason(world: &World) -> Value {
    world
        .until("an end", ADA, |shown| {
            let reason = &shown["enrollments"][0]["exit_reason"];
            (!reason.is_null()).then(|| reason.clone())
        })
        .await
}

/// A provider that receives the replies hands them over in a form of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_through_a_provider_ends_the_sequence() {
    let world = World::start().await;
    let (id, _) = written_to(&world).await;
    let field = |name: &str, value: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let header = format!(
        "From: Ada <{ADA}>\r\nTo: ada@acme.example\r\nSubject: Re: Hello\r\nDate: {DATE}\r\nIn-Reply-To: <{id}@acme.example>\r\n"
    );
    let parts = [
        field("headers", &header),
        field("from", &format!("Ada <{ADA}>")),
        field("to", "ada@acme.example"),
        field("subject", "Re: Hello"),
        field("text", "Yes, let us talk."),
        field(
            "envelope",
            &json!({"to": ["ada@acme.example"], "from": ADA}).to_string(),
        ),
    ];
    let body = format!("{}--B--\r\n", parts.concat());
    let send = async |key: &str| {
        let path = format!("/hooks/sendgrid/inbound?key={key}");
        let form = "multipart/form-data; boundary=B";
        world.server.senders.form(&path, form, &body).await
    };
    assert_eq!(send("not-the-password-at-all").await.status, 401);
    let answer = send(INBOUND_SECRET).await;
    assert_eq!(answer.status, 200, "{}", text(&answer));
    assert_eq!(exit_reason(&world).await, "replied");
    let nowhere = world
        .server
        .senders
        .form("/hooks/resend/elsewhere", "text/plain", "x")
        .await;
    assert_eq!(nowhere.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_to_its_token_ends_the_sequence_whoever_sends_it() {
    let world = World::start().await;
    let (_, told) = written_to(&world).await;
    let reply_to = told["reply_to"].to_string();
    let start = reply_to.find("reply+").expect("an address of its own");
    let end = start
        + reply_to[start..]
            .find("@in.acme.example")
            .expect("its domain");
    // From another mailbox, without a header that names our mail, the address in capitals.
    let address = reply_to[start..end].to_uppercase();
    let answer = arrives(
        &world,
        &format!(
            "From: Ada at home <ada@home.example>\nTo: {address}@in.acme.example\n\
             Subject: Re: Hello\nMessage-ID: <1@home.example>\nDate: {DATE}\n\nYes, please call me.\n"
        ),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", text(&answer));
    assert_eq!(exit_reason(&world).await, "replied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_names_our_mail_ends_the_sequence_and_may_opt_out() {
    let world = World::start().await;
    let (id, _) = written_to(&world).await;
    let mail = format!(
        "From: Ada <{ADA}>\nTo: ada@acme.example\nSubject: Re: Hello\nMessage-ID: <2@x.example>\n\
         In-Reply-To: <{id}@acme.example>\nDate: {DATE}\n\nPlease remove me from your list.\n"
    );
    let answer = arrives(&world, &mail).await;
    assert_eq!(answer.status, 200, "{}", text(&answer));
    exit_reason(&world).await;
    let suppressed = world
        .until("an opt-out", ADA, |shown| {
            shown["contact"]["suppressed"]["reason"]
                .as_str()
                .map(str::to_owned)
        })
        .await;
    assert_eq!(suppressed, "unsubscribed");
    // The same mail handed over twice is one mail.
    let again = text(&arrives(&world, &mail).await);
    let again: Value = serde_json::from_str(&again).expect("JSON");
    assert_eq!(again["stored"], json!(0), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_without_being_asked_is_not_reminded() {
    let world = World::start().await;
    written_to(&world).await;
    let mail = format!(
        "From: Ada <{ADA}>\nTo: sales@acme.example\nSubject: A question\nMessage-ID: <6@x.example>\n\
         Date: {DATE}\n\nWhat does it cost?\n"
    );
    assert_eq!(arrives(&world, &mail).await.status, 200);
    assert_eq!(exit_reason(&world).await, "replied");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_pauses_and_does_not_end() {
    let world = World::start().await;
    let (id, _) = written_to(&world).await;
    let mail = format!(
        "From: Ada <{ADA}>\nTo: ada@acme.example\nSubject: Automatic reply: Hello\nAuto-Submitted: auto-replied\n\
         Message-ID: <3@x.example>\nIn-Reply-To: <{id}@acme.example>\n\nI am out of the office.\n"
    );
    assert_eq!(arrives(&world, &mail).await.status, 200);
    let quiet = world
        .until("a quiet time", ADA, |shown| {
            let quiet = &shown["contact"]["quiet"];
            (!quiet.is_null()).then(|| quiet.clone())
        })
        .await;
    assert_eq!(quiet["reason"], "out-of-office", "{quiet}");
    let shown = world.server.site.contact(ADA).expect("known");
    assert_eq!(shown["enrollments"][0]["status"], "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_that_comes_by_mail_suppresses() {
    let world = World::start().await;
    let (id, _) = written_to(&world).await;
    let mail = format!(
        "From: MAILER-DAEMON@mx.example\nTo: ada@acme.example\nSubject: Undelivered\nMessage-ID: <4@mx.example>\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nNo such user.\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; {ADA}\nAction: failed\nStatus: 5.1.1\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{id}@acme.example>\n\n--b--\n"
    );
    assert_eq!(arrives(&world, &mail).await.status, 200);
    assert_eq!(exit_reason(&world).await, "hard-bounce");
    assert_eq!(world.until_message(ADA, "bounced").await["id"], json!(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_not_believed_and_large_mails_are_read() {
    let world = World::start().await;
    let (id, _) = written_to(&world).await;
    let reply = |text: &str| {
        format!(
            "From: Ada <{ADA}>\nTo: ada@acme.example\nSubject: Re: Hello\nMessage-ID: <5@x.example>\n\
             In-Reply-To: <{id}@acme.example>\n\n{text}\n"
        )
    };
    for wrong in ["Bearer guessed", "Basic eDp5", "Digest x", ""] {
        let answer = post(&world, wrong, &reply("Hello")).await;
        assert_eq!(answer.status, 401, "{wrong:?}: {}", text(&answer));
    }
    let shown = world.server.site.contact(ADA).expect("known");
    assert_eq!(shown["enrollments"][0]["status"], "active");

    let attachment = "QUJD".repeat(18).repeat(60_000);
    let large = reply(&format!("See attached.\n\n{attachment}"));
    assert!(large.len() > 4_000_000);
    let answer = arrives(&world, &large).await;
    assert_eq!(answer.status, 200, "{}", text(&answer));
    assert_eq!(exit_reason(&world).await, "replied");
}
