use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::decision::{AccountView, ContactView};
use crate::domain::{Event, Instant, JsonMap};

fn object(value: &serde_json::Value) -> JsonMap {
    value.as_object().expect("an object").clone()
}

fn subject() -> Subject {
    let event = Event {
        id: "evt_1".into(),
        kind: "page-visited".into(),
        occurred_at: Instant::parse_rfc3339("2026-03-02T09:00:00Z").expect("time"),
        data: object(&json!({
            "url": "https://x.example/pricing?a=1",
            "seconds": 42,
            "score": 0.5,
            "tags": ["hot", "new"],
            "many": vec![1; 5000],
        })),
    };
    let contact = ContactView {
        id: "c1".into(),
        email: Some("ada@acme.example".into()),
        time_zone: "Europe/London".into(),
        locale: None,
        attributes: object(&json!({
            "lifecyclestage": "lead",
            "employees": "250",
            "vip": true,
            "nothing": null,
            "id": "theirs",
        })),
    };
    let account = AccountView {
        id: "a1".into(),
        name: Some("Acme".into()),
        attributes: JsonMap::new(),
    };
    Subject::new(&event, &contact, Some(&account))
}

#[test]
fn rules_hold_or_not() {
    let subject = subject();
    for (source, expect) in [
        ("true", true),
        (
            "event.kind == 'page-visited' && event.data.url.contains('/pricing')",
            true,
        ),
        ("event.kind in ['form-submitted', 'page-visited']", true),
        (
            "contact.lifecyclestage == 'lead' && contact.attributes.lifecyclestage == 'lead'",
            true,
        ),
        (
            "contact.id == 'c1' && contact.attributes.id == 'theirs'",
            true,
        ),
        ("contact.vip", true),
        (
            "contact.email.endsWith('@acme.example') && contact.time_zone.startsWith('Europe/')",
            true,
        ),
        ("int(contact.employees) >= 200", true),
        (
            "event.data.seconds > 30 && event.data.seconds > -1 && event.data.score < 1",
            true,
        ),
        (
            "event.occurred_at > timestamp('2026-01-01T00:00:00Z')",
            true,
        ),
        ("event.occurred_at.getDayOfWeek('Europe/London') == 1", true),
        ("account.name == 'Acme'", true),
        ("event.data.tags.exists(tag, tag == 'hot')", true),
        (
            "event.data.tags.filter(tag, tag == 'hot').size() == 1",
            true,
        ),
        ("size(event.data.many) == 1000", true),
        ("event.data.url.matches('^https://x[.]')", true),
        (
            "has(contact.company) ? contact.company == 'Acme' : contact.vip",
            true,
        ),
        // A field that is not there says no, on both sides of a negation; the other side of an
        // `||` may still say yes.
        ("contact.company == 'Acme'", false),
        ("!(contact.company == 'Acme')", false),
        ("contact.company == 'Acme' || contact.vip", true),
        ("!has(contact.company)", true),
        ("contact.nothing == 'x'", false),
        ("contact.locale == 'de'", false),
        ("event.data.page.title == 'x'", false),
    ] {
        let rule = EnrolRule::compile(source).expect(source);
        assert_eq!(rule.matches(&subject), Ok(expect), "{source}");
    }
}

#[test]
fn without_an_account_its_fields_are_missing() {
    let event = Event {
        id: "e".into(),
        kind: "k".into(),
        occurred_at: Instant(0),
        data: JsonMap::new(),
    };
    let contact = ContactView {
        id: "c".into(),
        email: None,
        time_zone: "UTC".into(),
        locale: None,
        attributes: JsonMap::new(),
    };
    let subject = Subject::new(&event, &contact, None);
    for source in ["account.name == 'Acme'", "contact.email == 'x'"] {
        assert_eq!(
            EnrolRule::compile(source).expect(source).matches(&subject),
            Ok(false)
        );
    }
}

#[test]
fn nonsense_is_told_when_the_event_comes() {
    let subject = subject();
    for (source, expect) in [
        (
            "contact.lifecyclestage",
            "the rule gives a string, not true or false",
        ),
        ("contact.lifecyclestage > 5", "overload"),
        ("int(contact.lifecyclestage) > 5", "int"),
    ] {
        let error = EnrolRule::compile(source)
            .expect(source)
            .matches(&subject)
            .expect_err(source);
        assert!(error.contains(expect), "{source}: {error}");
    }
}

#[test]
fn mistakes_are_told_at_once_with_their_place() {
    for (source, line, column, message, remedy) in [
        (
            "evnt.kind == 'x'",
            1,
            1,
            "evnt is unknown",
            "did you mean \"event\"?",
        ),
        (
            "true &&\n event.knd == 'x'",
            2,
            2,
            "event.knd is unknown",
            "did you mean \"kind\"?",
        ),
        (
            "event.url == 'x'",
            1,
            1,
            "event.url is unknown",
            "what the event brought is in event.data.url",
        ),
        (
            "contact.email.endswith('x')",
            1,
            23,
            "there is no function endswith",
            "did you mean \"endsWith\"?",
        ),
        (
            "event.data.a.all(x, event.data.b.all(y, x == y))",
            1,
            37,
            "a loop inside a loop",
            "one of all",
        ),
        (
            "size(contact.tags)",
            1,
            1,
            "the rule gives a number, not true or false",
            "compare",
        ),
        (
            "contact",
            1,
            1,
            "the rule gives a map, not true or false",
            "compare",
        ),
        ("event.kind = 'x'", 1, 12, "", "write it like"),
        ("", 1, 1, "", "write it like"),
    ] {
        let error = EnrolRule::compile(source).expect_err(source);
        assert!(error.message.contains(message), "{source}: {error}");
        assert!(error.remedy.contains(remedy), "{source}: {error}");
        assert_eq!(
            (error.line, error.column),
            (line, column),
            "{source}: {error}"
        );
    }
    assert!(EnrolRule::compile(&"(".repeat(RULE_MAX_BYTES)).is_err());
    assert!(EnrolRule::compile(&" ".repeat(RULE_MAX_BYTES + 1)).is_err());
}

#[test]
fn rules_are_shared_between_workers() {
    fn shared<T: Send + Sync>() {}
    shared::<EnrolRule>();
}

proptest! {
    #[test]
    fn no_text_brings_the_compiler_down(source in "[a-z.()'\"\\[\\]{}&|!=<>0-9 +*,?:\\n\\\\]{0,60}") {
        if let Ok(rule) = EnrolRule::compile(&source) {
            let _ = rule.matches(&subject());
        }
    }
}
