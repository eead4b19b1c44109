//! Weeks of a cadence, step by step.

use followup_guest::testing::Scenario;
use followup_guest::{json, kind, serde_json::Value as Json};

use super::*;

fn config() -> Json {
    json!({
        "steps": [
            {"template": "step-1"},
            {"template": "step-2", "after_business_days": 2, "at": "09:30"},
            {"task": "Call {{ contact.first_name }}", "after_business_days": 3},
        ],
    })
}

fn enrolled(config: Json) -> (Scenario<Cadence>, Decision) {
    let mut s = Scenario::new(config);
    let first = s.event(kind::ENROLLED, json!({}));
    (s, first)
}

fn templates(decision: &Decision) -> Vec<&str> {
    decision
        .emails()
        .map(|email| email.template.as_str())
        .collect()
}

#[test]
fn the_steps_follow_each_other_to_the_end() {
    let (mut s, first) = enrolled(config());
    assert_eq!(templates(&first), ["step-1"]);
    assert_eq!(s.timer_at(NEXT).as_deref(), Some("2026-03-04T09:30:00Z"));

    let second = s.fire(NEXT);
    assert_eq!(templates(&second), ["step-2"]);
    assert_eq!(
        second.emails().next().and_then(|e| e.reply_to.as_deref()),
        Some("msg_2")
    );
    assert_eq!(
        s.timer_at(NEXT).as_deref(),
        Some("2026-03-09T09:30:00Z"),
        "over the week-end"
    );

    let third = s.fire(NEXT);
    assert_eq!(templates(&third), [""; 0]);
    assert_eq!(
        third.tasks().next().map(|task| task.title.as_str()),
        Some("Call {{ contact.first_name }}")
    );
    assert_eq!(
        s.timer_at(NEXT).as_deref(),
        Some("2026-03-12T09:30:00Z"),
        "the closing wait"
    );

    assert_eq!(s.fire(NEXT).outcome(), Some("completed"));
}

#[test]
fn a_first_step_with_a_time_waits_for_it() {
    let (mut s, first) = enrolled(json!({"steps": [{"template": "step-1", "at": "14:00"}]}));
    assert_eq!(templates(&first), [""; 0]);
    assert_eq!(s.timer_at(NEXT).as_deref(), Some("2026-03-02T14:00:00Z"));
    assert_eq!(templates(&s.fire(NEXT)), ["step-1"]);
}

#[test]
fn threads_are_a_choice() {
    let mut apart = config();
    apart["same_thread"] = json!(false);
    let (mut s, _) = enrolled(apart);
    assert_eq!(
        s.fire(NEXT)
            .emails()
            .next()
            .and_then(|e| e.reply_to.clone()),
        None
    );
}

#[test]
fn foreign_and_repeated_events_move_nothing() {
    let (mut s, _) = enrolled(config());
    let state = s.state();
    for (kind, data) in [
        (kind::ENROLLED, json!({})),
        (kind::LINK_CLICKED, json!({"url": "https://x.example"})),
        ("acme.unheard-of", json!({"timer": NEXT, "data": 1})),
        (kind::TIMER_FIRED, json!({"timer": "other", "data": 1})),
        (kind::TIMER_FIRED, json!({"timer": NEXT, "data": 0})),
        (kind::TIMER_FIRED, json!({"timer": NEXT})),
    ] {
        let decision = s.event(kind, data);
        assert_eq!(decision.actions, [], "{kind}");
        assert_eq!(s.state(), state, "{kind}");
    }
    // The timer itself counts once.
    assert_eq!(templates(&s.fire(NEXT)), ["step-2"]);
    let again = s.event(kind::TIMER_FIRED, json!({"timer": NEXT, "data": 1}));
    assert_eq!(again.actions, []);
}

#[test]
fn a_mail_held_back_shifts_the_rest() {
    let mut s = Scenario::<Cadence>::new(config());
    s.mails_are("queued");
    s.event(kind::ENROLLED, json!({}));
    let waits = s.fire(NEXT);
    assert_eq!(templates(&waits), [""; 0]);
    assert_eq!(s.timer_at(NEXT).as_deref(), Some("2026-03-05T09:30:00Z"));

    // Step 1 leaves on Thursday at 9:30, so step 2 comes two business days after that.
    s.wait("1d".parse().expect("a span"));
    s.mails_leave();
    assert_eq!(templates(&s.fire(NEXT)), [""; 0]);
    assert_eq!(s.timer_at(NEXT).as_deref(), Some("2026-03-09T09:30:00Z"));
    assert_eq!(templates(&s.fire(NEXT)), ["step-2"]);
}

#[test]
fn the_end_waits_for_the_last_mail_but_not_for_ever() {
    let mut s = Scenario::<Cadence>::new(json!({"steps": [{"template": "step-1"}]}));
    s.mails_are("held");
    s.event(kind::ENROLLED, json!({}));
    for _ in 0..WAITS_MAX {
        assert_eq!(s.fire(NEXT).outcome(), None);
    }
    assert_eq!(s.fire(NEXT).outcome(), Some("stalled"));
}
