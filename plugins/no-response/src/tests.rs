//! Silences, nudges, and what restarts the clock.

use followup_guest::testing::{Scenario, email_touch, instant};
use followup_guest::{Span, Value, json, kind, serde_json::Value as Json};

use super::*;

/// A rep wrote on Monday at 9:00, and the CRM reported it.
fn chasing(config: Json) -> Scenario<NoResponse> {
    let mut s = Scenario::new(config);
    let now = s.cx.now;
    s.touch(email_touch("evt_rep", now));
    let first = s.event(kind::EMAIL_SENT, json!({}));
    assert_eq!(first.emails().count(), 0);
    s
}

fn nudge(decision: &Decision) -> (&str, Option<&str>) {
    let email = decision.emails().next();
    let email = email.unwrap_or_else(|| panic!("no nudge: {}", decision.reason));
    (&email.template, email.reply_to.as_deref())
}

#[test]
fn two_nudges_in_the_thread_and_then_a_task() {
    let mut s = chasing(json!({"at": "09:30"}));
    assert_eq!(s.timer_at(SILENCE).as_deref(), Some("2026-03-05T09:30:00Z"));

    let first = s.fire(SILENCE);
    assert_eq!(nudge(&first), ("nudge-1", Some("evt_rep")));
    let variables = first.emails().next().map(|email| email.variables.clone());
    let subject = variables.and_then(|v| v.get("subject").cloned());
    assert_eq!(subject, Some(Value::from("Subject of evt_rep")));

    // The report of its delivery starts the clock of the nudge.
    let delivered = s.event(kind::EMAIL_DELIVERED, json!({"message_id": "msg_3"}));
    assert_eq!(delivered.emails().count(), 0);
    assert_eq!(
        s.timer_at(SILENCE).as_deref(),
        Some("2026-03-10T09:30:00Z"),
        "over the week-end"
    );
    assert_eq!(nudge(&s.fire(SILENCE)).0, "nudge-2");

    // Without a report the timer does: it finds the nudge as the newest message.
    assert_eq!(s.fire(SILENCE).actions.len(), 1);
    let last = s.fire(SILENCE);
    assert_eq!(last.emails().count(), 0);
    let task = last.tasks().next().expect("a task");
    assert_eq!(
        task.title,
        "Call {{ contact.first_name }}: no answer by e-mail"
    );
    assert_eq!(last.outcome(), Some("no-response"));
}

#[test]
fn calendar_days_are_a_choice() {
    let s = chasing(json!({"silence_days": 5, "business_days": false}));
    assert_eq!(s.timer_at(SILENCE).as_deref(), Some("2026-03-07T09:00:00Z"));
}

#[test]
fn a_newer_message_restarts_the_clock() {
    let mut s = chasing(json!({}));
    s.wait(Span::days(2));
    let now = s.cx.now;
    s.touch(email_touch("evt_rep2", now));
    s.event(kind::EMAIL_SENT, json!({}));
    assert_eq!(s.timer_at(SILENCE).as_deref(), Some("2026-03-09T09:00:00Z"));
    assert_eq!(nudge(&s.fire(SILENCE)), ("nudge-1", Some("evt_rep2")));
}

#[test]
fn a_message_nobody_reported_is_found_when_the_timer_rings() {
    let mut s = chasing(json!({}));
    s.touch(email_touch("msg_other", instant("2026-03-04T09:00:00Z")));
    assert_eq!(s.fire(SILENCE).emails().count(), 0);
    assert_eq!(s.timer_at(SILENCE).as_deref(), Some("2026-03-09T09:00:00Z"));
}

#[test]
fn repeated_and_foreign_events_change_nothing() {
    let mut s = chasing(json!({}));
    let (state, due) = (s.state(), s.timer_at(SILENCE));
    for kind in [
        kind::EMAIL_SENT,
        kind::EMAIL_DELIVERED,
        kind::ENROLLED,
        "acme.unheard-of",
    ] {
        assert_eq!(s.event(kind, json!({})).actions, [], "{kind}");
    }
    assert_eq!((s.state(), s.timer_at(SILENCE)), (state, due));
}

#[test]
fn a_held_nudge_is_waited_for_and_not_repeated() {
    let mut s = chasing(json!({}));
    s.mails_are("held");
    assert_eq!(nudge(&s.fire(SILENCE)).0, "nudge-1");
    for _ in 0..WAITS_MAX {
        assert_eq!(s.fire(SILENCE).emails().count(), 0);
    }
    assert_eq!(s.fire(SILENCE).outcome(), Some("stalled"));
}

#[test]
fn without_a_message_it_looks_again_but_not_for_ever() {
    let mut s = Scenario::<NoResponse>::new(json!({}));
    s.touch(email_touch("evt_old", instant("2025-03-02T09:00:00Z")));
    assert_eq!(s.event(kind::ENROLLED, json!({})).emails().count(), 0);
    for _ in 1..WAITS_MAX {
        assert_eq!(s.fire(SILENCE).emails().count(), 0);
    }
    assert_eq!(s.fire(SILENCE).outcome(), Some("nothing-sent"));
}

#[test]
fn subjects_lose_their_prefixes() {
    let check = |subject: Option<&str>, expect: &str| {
        let mut message = email_touch("evt_1", instant("2026-03-02T09:00:00Z"));
        message.subject = subject.map(str::to_owned);
        assert_eq!(plain_subject(&message), expect, "{subject:?}");
    };
    check(Some("Our offer"), "Our offer");
    check(Some("Re: RE:Our offer"), "Our offer");
    check(Some("Re"), "Re");
    check(Some("ré: Angebot"), "ré: Angebot");
    check(None, "my last message");
}
