//! The beacon: called by browsers, from pages of the site only.

use followup::domain::token::{Token, purpose};
use followup::store::sqlite::SqliteStore;
use followup::store::{DEFAULT_TENANT, Store};
use followup_tests::Server;
use followup_tests::raw::Raw;
use followup_tests::senders::form;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{events, serve, until};

const SITE: &str = "https://www.acme.example";
const SECTIONS: &str = "[connections.site]\nkind = \"trigger\"\nplugin = \"page-visit\"\n\
    creates_contacts = false\n\
    config = { origins = [\"https://www.acme.example\"], trust_emails = true }\n";

async fn visit(server: &Server, origin: &str, report: &Value) -> u16 {
    let headers = vec![
        ("origin", origin.to_owned()),
        ("user-agent", "Mozilla/5.0 Firefox/128.0".to_owned()),
    ];
    let body = report.to_string().into_bytes();
    server.post("site", headers, body).await.status
}

/// Somebody who got a mail.
async fn ada(server: &Server) -> Value {
    let ada = "ada@x.example";
    server.crm(&form("welcome", ada)).await;
    until(server, "the mail is sent", ada, |shown| {
        (shown["messages"][0]["status"] == "sent").then(|| shown.clone())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_is_told_of_whom_a_mail_brought() {
    let (server, _provider) = serve(SECTIONS).await;
    let shown = ada(&server).await;
    let message = shown["messages"][0]["id"].as_str().expect("an id");
    let store = SqliteStore::open_read_only(&server.site.path("followup.db")).expect("readable");
    let key = store.signing_key(DEFAULT_TENANT).await.expect("a key");
    let token = Token::sign(key.expose_secret(), purpose::VISIT, message);

    let page = format!("{SITE}/pricing?secret=1");
    let report = json!({"url": page, "title": "Pricing", "fu": token});
    for _ in 0..2 {
        assert_eq!(visit(&server, SITE, &report).await, 204);
    }
    let shown = server.site.contact("ada@x.example").expect("known");
    let visits = events(&shown, "page-visited");
    assert_eq!(visits.len(), 1, "the same page within a while is one visit");
    assert_eq!(visits[0]["data"]["url"], "https://www.acme.example/pricing");
    assert_eq!(visits[0]["data"]["message_id"], message);

    // Made up, and of another purpose: nobody is meant.
    let click = Token::sign(key.expose_secret(), purpose::CLICK, message);
    for token in [click, "a".repeat(46)] {
        let report = json!({"url": format!("{SITE}/about"), "fu": token});
        assert_eq!(visit(&server, SITE, &report).await, 204);
    }
    let shown = server.site.contact("ada@x.example").expect("known");
    assert_eq!(events(&shown, "page-visited").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_known_people_and_only_from_the_sites_own_pages() {
    let (server, _provider) = serve(SECTIONS).await;
    ada(&server).await;
    let by_email = |email: &str| json!({"url": format!("{SITE}/pricing"), "email": email});
    let evil = "https://evil.example";
    assert_eq!(visit(&server, evil, &by_email("ada@x.example")).await, 403);
    assert_eq!(visit(&server, SITE, &by_email("ada@x.example")).await, 204);
    let shown = server.site.contact("ada@x.example").expect("known");
    assert_eq!(events(&shown, "page-visited").len(), 1);

    assert_eq!(visit(&server, SITE, &by_email("eve@x.example")).await, 204);
    let stranger = server.site.contact("eve@x.example");
    assert_eq!(stranger, None, "a visit makes nobody known");
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_ask_first_and_get_the_script() {
    let (server, _provider) = serve(SECTIONS).await;
    for (origin, allowed) in [(SITE, true), ("https://evil.example", false)] {
        let mut raw = Raw::connect(&server.base).await;
        let head = format!(
            "OPTIONS /hooks/site HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\n\
             access-control-request-method: POST\r\nconnection: close\r\n\r\n"
        );
        raw.write(&head).await;
        let answer = raw.answer().await;
        let header = format!("access-control-allow-origin: {SITE}");
        assert_eq!(answer.contains(&header), allowed, "{answer}");
    }
    let script = server.get("/hooks/site/beacon.js").await;
    assert_eq!(script.status, 200);
    let kind = script.header("content-type");
    assert_eq!(kind, Some("text/javascript; charset=utf-8"));
    assert_eq!(script.header("x-content-type-options"), Some("nosniff"));
    assert!(String::from_utf8_lossy(&script.body).contains("sendBeacon"));
    // Only triggers have anything below their address.
    assert_eq!(server.get("/hooks/crm/beacon.js").await.status, 404);
}
