//! What is made of an object, and of the event that named it.

use serde_json::json;

use super::*;
use crate::domain::Instant;

fn event(kind: &str, data: &Value) -> NewEvent {
    NewEvent {
        source_key: "hs_1".to_owned(),
        kind: kind.to_owned(),
        occurred_at: Instant(0),
        contact: ContactRef::default(),
        patch: ContactPatch::default(),
        message_id: None,
        answers: Vec::new(),
        data: data.as_object().expect("an object").clone(),
        raw: json!({}),
        hydrate: None,
        about: None,
    }
}

fn object(properties: &Value, contacts: &[u64]) -> Value {
    let results: Vec<_> = contacts
        .iter()
        .map(|id| json!({"id": id.to_string(), "type": "x"}))
        .collect();
    json!({"id": "9", "properties": properties, "associations": {"contacts": {"results": results}}})
}

#[test]
fn a_contact() {
    let body = json!({"id": "123", "properties": {
        "email": "Ada@Example.com", "firstname": "Ada", "lastname": null, "company": "Acme",
        "associatedcompanyid": "42", "hs_timezone": "europe_slash_berlin", "hs_language": "de",
        "hs_email_optout": "true", "createdate": "2026-01-01T00:00:00Z", "plan": "pro"}});
    let hydrated = contact("99", &body);
    let Hydrated::Contact { opted_out, .. } = &hydrated else {
        panic!("{hydrated:?}")
    };
    assert!(opted_out);
    let mut thin = event("contact-updated", &json!({}));
    thin.patch
        .attributes
        .insert("last_name".to_owned(), Value::Null);
    let [full, opt_out] = hydrated.complete(&thin).try_into().expect("two events");
    assert_eq!(
        (opt_out.kind.as_str(), &opt_out.contact),
        ("unsubscribed", &full.contact)
    );
    assert_eq!(full.contact.external_id.as_deref(), Some("123"));
    assert_eq!(
        full.contact.email.as_ref().map(EmailAddress::as_str),
        Some("ada@example.com")
    );
    assert_eq!(full.patch.time_zone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(full.patch.locale.as_deref(), Some("de"));
    assert_eq!(
        json!(full.patch.account),
        json!({"id": "42", "name": "Acme"})
    );
    assert_eq!(
        json!(full.patch.attributes),
        json!({"last_name": null, "first_name": "Ada", "company": "Acme",
            "hs_email_optout": "true", "plan": "pro"})
    );
}

fn check(kind: &str, told: &Value, object_type: &str, properties: &Value, expect: &str) {
    let hydrated = associated(object_type, &object(properties, &[7]));
    let [full] = hydrated
        .complete(&event(kind, told))
        .try_into()
        .expect("one event");
    assert_eq!(full.kind, expect, "{kind} {told} {properties}");
}

#[test]
fn the_state_of_an_object_settles_what_its_event_left_open() {
    let outcome = |word| json!({"hs_meeting_outcome": word});
    check(
        "meeting-booked",
        &json!({}),
        "meeting",
        &outcome("SCHEDULED"),
        "meeting-booked",
    );
    check(
        "meeting-booked",
        &json!({}),
        "meeting",
        &outcome("COMPLETED"),
        "meeting-held",
    );
    check(
        "meeting-no-show",
        &json!({}),
        "meeting",
        &outcome("COMPLETED"),
        "meeting-no-show",
    );

    let mail =
        |direction, status| json!({"hs_email_direction": direction, "hs_email_status": status});
    let open = "hubspot.email.creation";
    check(
        open,
        &json!({}),
        "email",
        &mail("INCOMING_EMAIL", "SENT"),
        "replied",
    );
    check(
        open,
        &json!({}),
        "email",
        &mail("EMAIL", "SENT"),
        "email-sent",
    );
    check(open, &json!({}), "email", &mail("EMAIL", "BOUNCED"), open);
    let ours = json!({"hs_email_direction": "EMAIL", "hs_email_text": "Hi\n\nfollowup:wb_a1"});
    check(open, &json!({}), "email", &ours, "hubspot.email.own");
    let quoted =
        json!({"hs_email_direction": "INCOMING_EMAIL", "hs_email_text": "> followup:wb_a1"});
    check(open, &json!({}), "email", &quoted, "replied");
    let task = json!({"hs_task_body": "followup:wb_a1"});
    check(
        "task-created",
        &json!({}),
        "task",
        &task,
        "hubspot.task.own",
    );
    let call = json!({"hs_call_status": "QUEUED"});
    check(
        "call-made",
        &json!({}),
        "call",
        &call,
        "hubspot.call.creation",
    );
    check(
        open,
        &json!({}),
        "email",
        &mail("FORWARDED_EMAIL", "SENT"),
        open,
    );

    let stage = json!({"stage": "2310"});
    let won = json!({"dealstage": "2310", "hs_is_closed": "true", "hs_is_closed_won": "true"});
    let lost = json!({"dealstage": "2310", "hs_is_closed": "true", "hs_is_closed_won": "false"});
    let moved_on = json!({"dealstage": "77", "hs_is_closed": "true", "hs_is_closed_won": "true"});
    check("deal-stage-changed", &stage, "deal", &won, "deal-won");
    check("deal-stage-changed", &stage, "deal", &lost, "deal-lost");
    check(
        "deal-stage-changed",
        &stage,
        "deal",
        &moved_on,
        "deal-stage-changed",
    );
    check("deal-created", &json!({}), "deal", &won, "deal-created");
}

#[test]
fn an_object_is_passed_to_each_of_its_contacts() {
    let body = object(&json!({"dealname": "Big", "amount": "10"}), &[7, 8, 7]);
    let events =
        associated("deal", &body).complete(&event("deal-created", &json!({"deal_id": "9"})));
    let seen: Vec<_> = events
        .iter()
        .map(|e| {
            (
                e.source_key.as_str(),
                e.contact.external_id.as_deref(),
                e.hydrate.is_some(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [("hs_1/7", Some("7"), true), ("hs_1/8", Some("8"), true)]
    );
    assert_eq!(
        json!(events[0].data),
        json!({"deal_id": "9", "deal_name": "Big", "amount": "10"})
    );
}

#[test]
fn a_reply_that_belongs_to_no_contact_is_known_by_its_sender() {
    let mail =
        json!({"hs_email_direction": "INCOMING_EMAIL", "hs_email_from_email": "Ada@example.com"});
    let events = associated("email", &object(&mail, &[]))
        .complete(&event("hubspot.email.creation", &json!({})));
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].kind, "replied");
    assert_eq!(
        events[0].contact.email.as_ref().map(EmailAddress::as_str),
        Some("ada@example.com")
    );
}
