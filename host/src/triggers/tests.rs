use serde_json::json;

use super::*;

const KEY: &[u8] = b"a key of the store, 32 bytes long";

fn brought(kind: &str, contact: TriggerContact, fields: Value) -> TriggerEvent {
    TriggerEvent {
        dedupe_key: "k-1".to_owned(),
        kind: kind.to_owned(),
        occurred_at: Instant(7),
        contact,
        fields: object(fields),
        data: object(json!({"url": "https://acme.example/pricing"})),
    }
}

fn object(value: Value) -> JsonMap {
    value.as_object().cloned().expect("an object")
}

fn ada() -> TriggerContact {
    TriggerContact::Email("Ada@Example.com".to_owned())
}

fn one(event: TriggerEvent) -> Result<NewEvent, String> {
    let mut batch = batch(vec![event], KEY);
    batch
        .events
        .pop()
        .ok_or_else(|| batch.rejected[0].reason.clone())
}

#[test]
fn an_event_keeps_what_it_says() {
    let fields = json!({"first_name": "Ada", "time_zone": "Europe/Berlin", "locale": "de",
        "account": {"id": "acme"}});
    let event = one(brought("page-visited", ada(), fields)).expect("kept");
    assert_eq!((event.source_key.as_str(), event.occurred_at.0), ("k-1", 7));
    assert_eq!(json!(event.contact.email), json!("ada@example.com"));
    assert_eq!(event.data["url"], "https://acme.example/pricing");
    assert_eq!(
        json!(event.patch),
        json!({"time_zone": "Europe/Berlin", "locale": "de",
            "attributes": {"first_name": "Ada"}, "account": {"id": "acme"}})
    );
}

#[test]
fn who_it_is_about() {
    let message = digest::id("msg", &[b"1"]);
    let token = Token::sign(KEY, purpose::VISIT, &message);
    let click = Token::sign(KEY, purpose::CLICK, &message);
    for (contact, expect) in [
        (TriggerContact::External("p-1".to_owned()), Ok(None)),
        (TriggerContact::Token(token), Ok(Some(message))),
        (TriggerContact::Token(click), Err("none of ours")),
        (TriggerContact::Token(String::new()), Err("none of ours")),
        (TriggerContact::External(" ".to_owned()), Err("id is empty")),
        (
            TriggerContact::Email("ada".to_owned()),
            Err("exactly one @"),
        ),
    ] {
        let got = one(brought("page-visited", contact.clone(), json!({})));
        match (got, expect) {
            (Ok(event), Ok(message)) => assert_eq!(event.message_id, message, "{contact:?}"),
            (Err(reason), Err(part)) => assert!(reason.contains(part), "{reason}"),
            (other, _) => panic!("{contact:?}: {other:?}"),
        }
    }
}

#[test]
fn the_same_call_has_the_same_dice() {
    let of = |name, now, input| seed(name, Instant(now), input);
    assert_eq!(of("a", 1, b"x"), of("a", 1, b"x"));
    let all = [
        of("a", 1, b"x"),
        of("b", 1, b"x"),
        of("a", 2, b"x"),
        of("a", 1, b"y"),
    ];
    assert!(all[1..].iter().all(|other| *other != all[0]));
}
