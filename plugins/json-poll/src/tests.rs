use followup_guest::serde_json::Value;
use followup_guest::testing::TriggerScenario;
use followup_guest::{ContactRef, PluginError, json};

use super::JsonPoll;

const URL: &str = "https://api.shop.example/v1/orders";

fn config(more: &Value) -> Value {
    let mut config = json!({"url": URL, "items": "/data", "id": "/id", "email": "/who/email"});
    for (key, value) in more.as_object().expect("an object") {
        config[key] = value.clone();
    }
    config
}

fn order(id: u32) -> Value {
    json!({"id": id, "who": {"email": format!("p{id}@x.example"), "name": "Ada"}, "total": 7,
        "at": "2026-03-01T10:00:00Z"})
}

#[test]
fn an_item_is_an_event() {
    let config = config(
        &json!({"kind": "deal-won", "at": "/at", "data": {"amount": "/total", "none": "/no"},
        "fields": {"first_name": "/who/name"}}),
    );
    let mut s = TriggerScenario::<JsonPoll>::new(config);
    s.answers(
        "GET",
        URL,
        200,
        json!({"data": [order(1), {"id": 2}, {"who": {"email": "a@b.example"}}]}),
    );
    let page = s.poll().expect("a page");
    let [event] = page.events.as_slice() else {
        panic!("one event: {page:?}");
    };
    assert_eq!(
        (event.dedupe_key.as_str(), event.kind.as_str()),
        ("1", "deal-won")
    );
    assert_eq!(
        event.contact,
        Some(ContactRef::Email("p1@x.example".to_owned()))
    );
    assert_eq!(
        event.occurred_at.expect("told").to_string(),
        "2026-03-01T10:00:00Z"
    );
    assert_eq!(json!(event.data), json!({"amount": 7}));
    assert_eq!(event.fields.text("first_name"), Some("Ada"));
    assert_eq!((page.cursor, page.next_at), (None, None));
}

#[test]
fn pages_follow_each_other_until_there_is_nothing_new() {
    let cursor = json!({"param": "after", "next": "/next", "more": "/more", "start": "a b"});
    let mut s = TriggerScenario::<JsonPoll>::new(config(&json!({"cursor": cursor})));
    let page = |ids: &[u32], next: Value, more: bool| {
        let data: Vec<_> = ids.iter().map(|id| order(*id)).collect();
        json!({"data": data, "next": next, "more": more})
    };
    for (query, body, expect_cursor, expect_at_once, stored) in [
        (
            "after=a%20b",
            page(&[1, 2], json!("c2"), true),
            "c2",
            true,
            2,
        ),
        ("after=c2", page(&[3], json!("c3"), false), "c3", false, 3),
        ("after=c3", page(&[3], json!("c3"), true), "c3", false, 3),
        ("after=c3", page(&[], json!(null), true), "c3", false, 3),
    ] {
        s.answers("GET", &format!("{URL}?{query}"), 200, body);
        let page = s.poll().expect("a page");
        assert_eq!(page.next_at.is_some(), expect_at_once, "{query}");
        assert_eq!((s.cursor(), s.stored()), (json!(expect_cursor), stored));
    }
}

#[test]
fn the_last_item_may_be_the_cursor() {
    let cursor = json!({"param": "since", "item": "/id"});
    let mut s = TriggerScenario::<JsonPoll>::new(config(&json!({"cursor": cursor, "items": ""})));
    s.answers("GET", URL, 200, json!([order(1), order(9)]));
    assert_eq!(s.poll().expect("a page").cursor, Some(json!("9")));
    s.answers("GET", &format!("{URL}?since=9"), 200, json!([]));
    assert_eq!(s.poll().expect("a page").cursor, None);
    assert_eq!(s.cursor(), json!("9"));
}

#[test]
fn the_token_stands_in_its_header() {
    let auth = json!({"auth": {"header": "authorization", "prefix": "Bearer "}});
    let mut s = TriggerScenario::<JsonPoll>::new(config(&auth)).secret("token", "hunter2");
    s.answers("GET", URL, 200, json!({"data": []}));
    s.poll().expect("a page");
    let headers = &s.requests()[0].headers;
    let shown = headers.iter().find(|(name, _)| name == "authorization");
    assert_eq!(
        shown.map(|(_, value)| value.as_str()),
        Some("Bearer <secret token>")
    );
    let mut without = TriggerScenario::<JsonPoll>::new(config(&auth));
    assert!(without.poll().is_err(), "no such secret");
}

#[test]
fn what_is_wrong_is_told() {
    for (status, body, expect) in [
        (503, json!({}), "passing trouble: status 503"),
        (401, json!({}), "status 401"),
        (200, json!({"orders": []}), "/items"),
        (200, json!({"data": vec![1; 501]}), "501 items"),
    ] {
        let mut s = TriggerScenario::<JsonPoll>::new(config(&json!({})));
        s.answers("GET", URL, status, body);
        let error = s.poll().expect_err("no page");
        assert!(error.to_string().contains(expect), "{error}");
        assert_eq!(
            matches!(error, PluginError::Transient { .. }),
            status == 503
        );
    }
}
