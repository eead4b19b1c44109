//! What brings a mail, what is in it, and what does not.

use followup_guest::testing::{Scenario, email_touch};
use followup_guest::{Value, json, kind, serde_json::Value as Json};

use super::*;

fn scenario() -> Scenario<Behavioral> {
    let on = |template: &str| json!({ "template": template });
    let mut s = Scenario::new(json!({
        "delay": "20m",
        "max_mails": 2,
        "on": {
            "email-opened": on("after-open"),
            "link-clicked": {"template": "after-click", "contains": "/PRICING"},
            "page-visited": on("after-visit"),
            "resource-downloaded": on("after-download"),
            "form-submitted": on("after-form"),
        },
    }));
    let now = s.cx.now;
    s.touch(email_touch("msg_a", now));
    s
}

fn click() -> Json {
    json!({"url": "https://example.com/pricing?id=7", "link": "our price list"})
}

#[test]
fn every_kind_is_answered_by_name() {
    let check = |kind: &str, data: Json, template: &str, what: &str| {
        let decision = scenario().event(kind, data);
        let mail = decision
            .emails()
            .next()
            .unwrap_or_else(|| panic!("{}", decision.reason));
        assert_eq!(mail.template, template);
        assert_eq!(
            mail.variables.get("what"),
            Some(&Value::from(what)),
            "{kind}"
        );
        assert_eq!(mail.when, When::after_minutes(20));
    };
    check(kind::LINK_CLICKED, click(), "after-click", "our price list");
    check(
        kind::EMAIL_OPENED,
        json!({"message_id": "msg_a"}),
        "after-open",
        "Subject of msg_a",
    );
    check(
        kind::PAGE_VISITED,
        json!({"url": "https://www.example.com/docs/"}),
        "after-visit",
        "example.com/docs",
    );
    check(
        kind::PAGE_VISITED,
        json!({"url": "https://x.example", "title": "Docs"}),
        "after-visit",
        "Docs",
    );
    check(
        kind::RESOURCE_DOWNLOADED,
        json!({"resource": "The guide"}),
        "after-download",
        "The guide",
    );
    check(
        kind::FORM_SUBMITTED,
        json!({"form": "Demo request"}),
        "after-form",
        "Demo request",
    );
}

#[test]
fn what_names_nothing_or_is_not_asked_for_brings_no_mail() {
    let check = |kind: &str, data: Json, reason: &str| {
        let mut s = scenario();
        let decision = s.event(kind, data);
        assert_eq!(decision.actions, [], "{kind}");
        assert_eq!(decision.reason, reason);
        assert_eq!(s.state(), Json::Null);
    };
    check(
        kind::LINK_CLICKED,
        json!({}),
        "link-clicked does not say what it was about",
    );
    check(
        kind::LINK_CLICKED,
        json!({"link": " "}),
        "link-clicked does not say what it was about",
    );
    check(
        kind::EMAIL_OPENED,
        json!({"message_id": "gone"}),
        "email-opened does not say what it was about",
    );
    check(
        kind::FORM_SUBMITTED,
        json!({"fields": {}}),
        "form-submitted does not say what it was about",
    );
    check(
        kind::LINK_CLICKED,
        json!({"link": "Imprint"}),
        "Imprint does not contain \"/PRICING\"",
    );
    check(kind::ENROLLED, json!({}), "enrolled is not answered");
    check(
        "acme.unheard-of",
        click(),
        "acme.unheard-of is not answered",
    );
}

#[test]
fn ten_clicks_bring_one_mail() {
    let mut s = scenario();
    let sent: usize = (0..10)
        .map(|_| s.event(kind::LINK_CLICKED, click()).emails().count())
        .sum();
    assert_eq!(sent, 1);
    s.wait(Span::days(3));
    assert_eq!(s.event(kind::LINK_CLICKED, click()).emails().count(), 1);
}

#[test]
fn late_reports_are_not_answered() {
    let mut s = scenario();
    s.cx.now = s.cx.now.plus_ms(Span::days(5).as_ms());
    let old = followup_guest::testing::event(kind::LINK_CLICKED, click());
    let decision = s.decide(old).expect("a decision");
    assert_eq!(decision.actions, []);
    assert_eq!(
        decision.reason,
        "link-clicked was reported more than 2d late"
    );
}

#[test]
fn after_the_last_mail_it_is_over() {
    let mut s = scenario();
    s.event(kind::LINK_CLICKED, click());
    s.wait(Span::days(4));
    s.mails_are("held");
    s.event(kind::RESOURCE_DOWNLOADED, json!({"resource": "The guide"}));
    s.wait(Span::days(1));
    assert_eq!(
        s.event(kind::LINK_CLICKED, click()).reason,
        "all 2 mails are sent"
    );
    assert_eq!(s.fire(DONE).outcome(), None, "the mail would be cancelled");
    s.mails_leave();
    assert_eq!(s.fire(DONE).outcome(), Some("completed"));
}
