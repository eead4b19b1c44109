//! Payloads as Calendly sends them: `golden/created.json`, and what the other events change in it.

use followup_guest::serde_json::{Value, from_str};
use followup_guest::testing::TriggerScenario;
use followup_guest::{ContactRef, Request, TriggerEvent, json, kind};

use super::Calendly;

fn created() -> Value {
    from_str(include_str!("../golden/created.json")).expect("JSON")
}

/// The delivery of another event, with some keys of the payload changed.
fn delivery(event: &str, changed: &Value) -> Value {
    let mut delivery = created();
    delivery["event"] = json!(event);
    for (key, value) in changed.as_object().expect("an object") {
        delivery["payload"][key] = value.clone();
    }
    delivery
}

fn told(config: Value, delivery: Value) -> Option<TriggerEvent> {
    let mut s = TriggerScenario::<Calendly>::new(config);
    let received = s.receive(Request::post(delivery)).expect("readable");
    assert!(received.events.len() <= 1 && received.response.is_none());
    received.events.into_iter().next()
}

#[test]
fn a_booking_says_who_and_when() {
    let config = json!({"fields": {"company": "What company are you with?", "size": "How many?"}});
    let event = told(config, created()).expect("an event");
    assert_eq!(event.kind, kind::MEETING_BOOKED);
    assert_eq!(event.dedupe_key, "meeting-booked/INV1");
    assert_eq!(
        event.occurred_at.expect("told").to_string(),
        "2026-03-02T09:00:05Z"
    );
    let address = ContactRef::Email("Ada@Example.com".to_owned());
    assert_eq!(event.contact, Some(address));
    assert_eq!(
        json!(event.data),
        json!({
            "meeting_id": "TYPE1", "title": "Product tour",
            "starts_at": "2026-03-05T10:00:00.000000Z", "ends_at": "2026-03-05T10:30:00.000000Z",
            "url": "https://meet.example/abc", "calendly_event": "EVT1",
            "reschedule_url": "https://calendly.com/reschedulings/INV1",
            "cancel_url": "https://calendly.com/cancellations/INV1",
        })
    );
    for (name, expect) in [
        ("first_name", Some("Ada")),
        ("last_name", Some("King Lovelace")),
        ("time_zone", Some("Europe/London")),
        ("company", Some("Analytical Engines Ltd")),
        ("size", None),
    ] {
        assert_eq!(event.fields.text(name), expect, "{name}");
    }
}

#[test]
fn words_become_kinds() {
    let old =
        json!({"old_invitee": "https://api.calendly.com/scheduled_events/EVT0/invitees/INV0"});
    let cancellation = json!({"cancellation": {"reason": "ill", "canceler_type": "invitee"}});
    let moved_away = json!({"rescheduled": true, "new_invitee": "https://api.calendly.com/x"});
    let missed = json!({"no_show": {"uri": "https://api.calendly.com/invitee_no_shows/NS1"}});
    for (word, changed, expect) in [
        (
            "invitee.created",
            &old,
            Some(("meeting-rescheduled", "INV1")),
        ),
        (
            "invitee.canceled",
            &cancellation,
            Some(("meeting-cancelled", "INV1")),
        ),
        ("invitee.canceled", &moved_away, None),
        (
            "invitee_no_show.created",
            &missed,
            Some(("meeting-no-show", "NS1")),
        ),
        ("invitee_no_show.deleted", &missed, None),
        ("event_type.created", &json!({}), None),
        ("something.new", &json!({}), None),
    ] {
        let event = told(json!({}), delivery(word, changed));
        let expect = expect.map(|(kind, id)| (kind.to_owned(), format!("{kind}/{id}")));
        assert_eq!(
            event.map(|e| (e.kind, e.dedupe_key)),
            expect,
            "{word} {changed}"
        );
    }
    let cancelled = told(json!({}), delivery("invitee.canceled", &cancellation)).expect("told");
    assert_eq!(cancelled.data["reason"], "ill");
    assert_eq!(cancelled.data["cancelled_by"], "invitee");
}

/// Moved twice, it is still the same meeting to whoever remembers it.
#[test]
fn a_meeting_keeps_its_id_when_it_is_moved() {
    let old =
        json!({"old_invitee": "https://api.calendly.com/scheduled_events/EVT0/invitees/INV0"});
    let mut moved = delivery("invitee.created", &old);
    moved["payload"]["scheduled_event"]["uri"] =
        json!("https://api.calendly.com/scheduled_events/EVT2");
    let moved = told(json!({}), moved).expect("told");
    let booked = told(json!({}), created()).expect("told");
    assert_eq!(moved.data["meeting_id"], booked.data["meeting_id"]);
    assert_ne!(moved.data["calendly_event"], booked.data["calendly_event"]);
}

#[test]
fn only_the_event_types_that_count() {
    assert!(told(json!({"event_types": ["Product tour"]}), created()).is_some());
    assert!(told(json!({"event_types": ["Pricing call"]}), created()).is_none());
}

#[test]
fn little_is_enough_and_too_little_is_told() {
    let bare =
        json!({"event": "invitee.created", "payload": {"uri": "u/INV9", "email": "a@b.example"}});
    let event = told(json!({}), bare).expect("told");
    assert_eq!((event.data.len(), event.fields.is_empty()), (0, true));
    let mut s = TriggerScenario::<Calendly>::new(json!({}));
    for body in [
        json!({"event": "invitee.created", "payload": {}}),
        json!([]),
    ] {
        let error = s.receive(Request::post(body)).expect_err("unreadable");
        assert!(error.to_string().contains("cannot be read"), "{error}");
    }
}
