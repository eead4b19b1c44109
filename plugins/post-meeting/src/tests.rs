//! Meetings from booking to thanks, and everything that goes differently.

use followup_guest::testing::{Scenario, event};
use followup_guest::{Span, Value, json, kind, serde_json::Value as Json};

use super::meetings::MEETINGS_MAX;
use super::*;

/// Thursday, three days after the scenario starts.
const THURSDAY: &str = "2026-03-05T14:00:00Z";

fn all_mails() -> Scenario<PostMeeting> {
    let mails = [
        "confirmation",
        "reminder",
        "thanks",
        "no-show",
        "moved",
        "cancelled",
    ];
    Scenario::new(json!({ "mails": mails, "templates": {"thanks": "our-thanks"} }))
}

fn meeting(id: &str, starts_at: &str) -> Json {
    json!({"meeting_id": id, "title": "Demo", "starts_at": starts_at, "url": "https://meet.example/1"})
}

fn booked() -> Scenario<PostMeeting> {
    let mut s = all_mails();
    let decision = s.event(kind::MEETING_BOOKED, meeting("m1", THURSDAY));
    assert_eq!(templates(&decision), ["meeting-confirmation"]);
    s
}

fn templates(decision: &Decision) -> Vec<&str> {
    decision
        .emails()
        .map(|email| email.template.as_str())
        .collect()
}

#[test]
fn booked_reminded_held_thanked() {
    let mut s = all_mails();
    let decision = s.event(kind::MEETING_BOOKED, meeting("m1", THURSDAY));
    let mail = decision.emails().next().expect("a confirmation");
    for (name, value) in [
        ("title", "Demo"),
        ("when", "Thursday 5 March 2026, 14:00"),
        ("time_zone", "UTC"),
        ("url", "https://meet.example/1"),
        ("location", ""),
    ] {
        assert_eq!(
            mail.variables.get(name),
            Some(&Value::from(value)),
            "{name}"
        );
    }
    assert_eq!(
        s.timer_at("remind-1").as_deref(),
        Some("2026-03-04T16:00:00Z")
    );
    assert_eq!(templates(&s.fire("remind-1")), ["meeting-reminder"]);

    s.wait(Span::days(1));
    assert_eq!(
        templates(&s.event(kind::MEETING_HELD, json!({"meeting_id": "m1"}))),
        ["our-thanks"]
    );
    assert_eq!(
        s.event(kind::MEETING_HELD, json!({"meeting_id": "m1"}))
            .actions,
        [],
        "once"
    );
    assert_eq!(s.fire(IDLE).outcome(), Some("completed"));
}

#[test]
fn a_meeting_too_soon_has_no_reminder() {
    let mut s = all_mails();
    let decision = s.event(kind::MEETING_BOOKED, meeting("m1", "2026-03-03T08:00:00Z"));
    assert_eq!(
        s.timer_at("remind-1").as_deref(),
        Some("2026-03-02T16:00:00Z")
    );
    assert_eq!(templates(&decision), ["meeting-confirmation"]);

    let decision = s.event(
        kind::MEETING_RESCHEDULED,
        meeting("m1", "2026-03-02T12:00:00Z"),
    );
    assert_eq!(s.timer_at("remind-1"), None);
    assert_eq!(templates(&decision), ["meeting-moved"]);
}

#[test]
fn a_moved_meeting_moves_its_reminder() {
    let mut s = booked();
    let decision = s.event(
        kind::MEETING_RESCHEDULED,
        meeting("m1", "2026-03-11T10:00:00Z"),
    );
    assert_eq!(templates(&decision), ["meeting-moved"]);
    assert_eq!(
        s.timer_at("remind-1").as_deref(),
        Some("2026-03-10T16:00:00Z")
    );
    // The reminder of the time before, had it already been on its way.
    let stale = json!({"timer": "remind-1", "data": 1_772_719_200_000_i64});
    assert_eq!(s.event(kind::TIMER_FIRED, stale).actions, []);
    assert_eq!(templates(&s.fire("remind-1")), ["meeting-reminder"]);
}

#[test]
fn a_cancelled_meeting_has_no_reminder_and_can_be_booked_again() {
    let mut s = booked();
    let decision = s.event(kind::MEETING_CANCELLED, json!({"meeting_id": "m1"}));
    assert_eq!(templates(&decision), ["meeting-cancelled"]);
    assert_eq!(s.timer_at("remind-1"), None);
    assert!(s.timer_at(IDLE).is_some());

    let again = s.event(kind::MEETING_BOOKED, meeting("m1", THURSDAY));
    assert_eq!(templates(&again), ["meeting-confirmation"]);
    assert_eq!(s.timer_at(IDLE), None);
}

#[test]
fn a_no_show_is_offered_another_date() {
    let mut s = booked();
    let decision = s.event(kind::MEETING_NO_SHOW, json!({"meeting_id": "m1"}));
    assert_eq!(templates(&decision), ["meeting-no-show"]);
    let title = decision
        .emails()
        .next()
        .and_then(|email| email.variables.text("title"));
    assert_eq!(title, Some("Demo"), "remembered from the booking");
}

#[test]
fn meetings_do_not_mix() {
    let mut s = booked();
    s.event(kind::MEETING_BOOKED, meeting("m2", "2026-03-12T10:00:00Z"));
    s.event(kind::MEETING_CANCELLED, json!({"meeting_id": "m1"}));
    assert_eq!(s.timer_at(IDLE), None, "one is still to come");
    assert_eq!(templates(&s.fire("remind-2")), ["meeting-reminder"]);
}

#[test]
fn what_says_nothing_new_brings_no_mail() {
    let mut s = booked();
    let state = s.state();
    for (kind, data, reason) in [
        (
            kind::MEETING_BOOKED,
            meeting("m1", THURSDAY),
            "Demo is known already",
        ),
        (
            kind::MEETING_RESCHEDULED,
            meeting("m1", THURSDAY),
            "Demo is known already",
        ),
        (
            kind::MEETING_BOOKED,
            json!({"meeting_id": "m9"}),
            "meeting-booked does not say when the meeting is",
        ),
        (
            kind::LINK_CLICKED,
            json!({}),
            "link-clicked is about no meeting",
        ),
        (
            "acme.unheard-of",
            json!({}),
            "acme.unheard-of is about no meeting",
        ),
        (
            kind::TIMER_FIRED,
            json!({"timer": "remind-9"}),
            "the meeting of this reminder is moved or over",
        ),
    ] {
        let decision = s.event(kind, data);
        assert_eq!(
            (decision.actions.len(), decision.reason.as_str()),
            (0, reason),
            "{kind}"
        );
        assert_eq!(s.state(), state, "{kind}");
    }
}

#[test]
fn reports_out_of_order_bring_no_mail() {
    let mut s = booked();
    s.event(kind::MEETING_CANCELLED, json!({"meeting_id": "m1"}));
    let mut late = event(
        kind::MEETING_RESCHEDULED,
        meeting("m1", "2026-03-11T10:00:00Z"),
    );
    late.occurred_at = late.occurred_at.minus_ms(1);
    let decision = s.decide(late).expect("a decision");
    assert_eq!(decision.actions, []);

    // A booking that is heard of only after the meeting.
    let mut s = all_mails();
    s.event(kind::MEETING_HELD, json!({"meeting_id": "m1"}));
    let booking = s.event(kind::MEETING_BOOKED, meeting("m1", "2026-03-02T08:00:00Z"));
    assert_eq!(templates(&booking), [""; 0]);
    assert_eq!(
        s.event(kind::MEETING_HELD, json!({"meeting_id": "m1"}))
            .actions,
        []
    );
}

#[test]
fn a_mail_that_is_switched_off_is_not_sent() {
    let mut s = Scenario::<PostMeeting>::new(json!({"mails": ["reminder"]}));
    let decision = s.event(kind::MEETING_BOOKED, meeting("m1", THURSDAY));
    assert_eq!(templates(&decision), [""; 0]);
    assert!(
        decision.reason.ends_with("that mail is switched off"),
        "{}",
        decision.reason
    );
    assert_eq!(templates(&s.fire("remind-1")), ["meeting-reminder"]);
}

#[test]
fn only_so_many_meetings_are_remembered() {
    let mut s = all_mails();
    for n in 0..MEETINGS_MAX + 5 {
        s.event(kind::MEETING_BOOKED, meeting(&format!("m{n}"), THURSDAY));
    }
    let state = s.state();
    let ids: Vec<_> = state["meetings"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|m| &m["id"])
        .collect();
    assert_eq!(ids.len(), MEETINGS_MAX);
    assert_eq!(ids[0], "m5");
    assert_eq!(s.fire("remind-1").actions, [], "forgotten");
    assert_eq!(templates(&s.fire("remind-6")), ["meeting-reminder"]);
}
