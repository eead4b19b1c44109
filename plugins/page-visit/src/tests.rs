use followup_guest::serde_json::Value;
use followup_guest::testing::TriggerScenario;
use followup_guest::{ContactRef, Received, Request, Span, TriggerEvent, json, kind};

use super::PageVisit;

const TOKEN: &str = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmn";
const SITE: &str = "https://www.acme.example";

fn scenario(trust_emails: bool) -> TriggerScenario<PageVisit> {
    TriggerScenario::new(json!({"origins": [SITE], "trust_emails": trust_emails}))
}

/// A report of a browser on a page of the site.
fn report(body: Value) -> Request {
    Request::post(body).with_header("origin", SITE).with_header(
        "user-agent",
        "Mozilla/5.0 (X11; rv:128.0) Gecko/20100101 Firefox/128.0",
    )
}

fn visit(page: &str) -> Value {
    json!({"url": format!("{SITE}{page}"), "title": " Pricing ", "fu": TOKEN,
        "referrer": "https://news.example/a?q=secret"})
}

fn answer(received: &Received) -> (u16, Option<&str>) {
    let response = received.response.as_ref().expect("an answer");
    let mut headers = response.headers.iter();
    let allowed = headers.find(|(name, _)| name == "access-control-allow-origin");
    (response.status, allowed.map(|(_, value)| value.as_str()))
}

fn told(trust_emails: bool, request: Request) -> Vec<TriggerEvent> {
    let received = scenario(trust_emails).receive(request).expect("no error");
    assert_eq!(answer(&received), (204, Some(SITE)));
    received.events
}

#[test]
fn a_visit_names_the_page_and_whom_a_mail_brought() {
    let events = told(false, report(visit("/pricing?plan=pro&reset=secret#top")));
    let [event] = events.as_slice() else {
        panic!("one event: {events:?}");
    };
    assert_eq!(event.kind, kind::PAGE_VISITED);
    assert_eq!(event.contact, Some(ContactRef::Token(TOKEN.to_owned())));
    assert_eq!(
        json!(event.data),
        json!({"url": "https://www.acme.example/pricing", "title": "Pricing",
            "referrer": "https://news.example/a"})
    );
}

#[test]
fn a_page_counts_once_per_visitor_and_while() {
    let mut s = scenario(false);
    for (page, minutes, stored) in [
        ("/pricing", 0, 1),
        ("/pricing?again", 5, 1),
        ("/about", 0, 2),
        ("/pricing", 30, 3),
    ] {
        s.wait(Span::minutes(minutes));
        s.receive(report(visit(page))).expect("no error");
        assert_eq!(s.stored(), stored, "{page}");
    }
}

#[test]
fn only_who_is_known_and_does_not_mind() {
    let by_email = json!({"url": SITE, "email": "ada@example.com"});
    assert_eq!(told(true, report(by_email.clone())).len(), 1);
    for (what, trust, request) in [
        ("an address that nobody proved", false, report(by_email)),
        ("nobody", true, report(json!({"url": SITE}))),
        (
            "no address",
            true,
            report(json!({"url": SITE, "email": "ada"})),
        ),
        (
            "no token",
            false,
            report(json!({"url": SITE, "fu": "short"})),
        ),
        (
            "another site's page",
            false,
            report(json!({"url": "https://www.acme.example.evil", "fu": TOKEN})),
        ),
        ("no report", false, report(json!([1]))),
        (
            "privacy control",
            false,
            report(visit("/")).with_header("sec-gpc", "1"),
        ),
        (
            "do not track",
            false,
            report(visit("/")).with_header("dnt", "1"),
        ),
        (
            "looked ahead",
            false,
            report(visit("/")).with_header("sec-purpose", "prefetch"),
        ),
        (
            "no user agent",
            false,
            Request::post(visit("/")).with_header("origin", SITE),
        ),
        (
            "a robot",
            false,
            Request::post(visit("/"))
                .with_header("origin", SITE)
                .with_header("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)"),
        ),
    ] {
        assert!(told(trust, request).is_empty(), "{what}");
    }
}

#[test]
fn browsers_get_what_they_ask_for() {
    let from = |method: &str, origin: &str| Request::new(method).with_header("origin", origin);
    let evil = "https://evil.example";
    for (request, expect) in [
        (from("OPTIONS", SITE), (204, Some(SITE))),
        (from("OPTIONS", evil), (403, None)),
        (report(visit("/")), (204, Some(SITE))),
        (
            Request::post(visit("/")).with_header("origin", evil),
            (403, None),
        ),
        (Request::post(visit("/")), (403, None)),
        (from("DELETE", SITE), (405, None)),
    ] {
        let received = scenario(false).receive(request.clone()).expect("no error");
        assert_eq!(answer(&received), expect, "{request:?}");
        assert!(expect.0 == 204 || received.events.is_empty());
    }
    let mut script = Request::new("GET");
    script.path = "/beacon.js".to_owned();
    let served = scenario(false).receive(script).expect("no error");
    let response = served.response.expect("the script");
    assert_eq!(response.status, 200);
    assert!(String::from_utf8_lossy(&response.body).contains("sendBeacon"));
}
