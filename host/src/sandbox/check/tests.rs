use serde_json::json;

use super::*;
use crate::domain::JsonMap;
use crate::domain::decision::{CreateTask, SendEmail, SetTimer, TimeOfDay};

const NOW: Instant = Instant(1_790_000_000_000);

fn manifest(actions: &[&str]) -> Manifest {
    let text = format!(
        "id = \"test\"\nname = \"Test\"\nversion = \"0.1.0\"\nkind = \"policy\"\ndescription = \"\"\nactions = {actions:?}\n[config]\n"
    );
    Manifest::parse(&text).expect("manifest")
}

fn decided(actions: Vec<Action>) -> Decision {
    Decision {
        actions,
        state: None,
        reason: "because".to_owned(),
    }
}

fn timer(name: &str, when: When) -> Action {
    Action::SetTimer(SetTimer {
        name: name.to_owned(),
        when,
        data: Value::Null,
    })
}

fn email(template: &str, reply_to: Option<&str>) -> Action {
    Action::SendEmail(SendEmail {
        template: template.to_owned(),
        variables: JsonMap::new(),
        when: When::Now,
        reply_to: reply_to.map(str::to_owned),
    })
}

fn business(days: u32, hour: u8, minute: u8) -> When {
    let at = Some(TimeOfDay { hour, minute });
    When::AfterBusinessDays { days, at }
}

/// `expect` is a part of the message, or "" for a decision that passes.
fn check(given: Decision, expect: &str) {
    let got = decision(
        given.clone(),
        &manifest(Action::WORDS),
        &Limits::default(),
        NOW,
    );
    match got {
        Ok(passed) => assert_eq!((passed, ""), (given, expect)),
        Err(BadOutput(why)) => assert!(!expect.is_empty() && why.contains(expect), "{why}"),
    }
}

#[test]
fn whole_decisions() {
    let with_reason = |reason: String| Decision {
        reason,
        ..decided(vec![])
    };
    let with_state = |state: String| Decision {
        state: Some(state),
        ..decided(vec![])
    };
    check(decided(vec![]), "");
    check(with_reason(String::new()), "reason is empty");
    check(with_reason(" \n".to_owned()), "reason is empty");
    check(with_reason("r".repeat(1_000)), "");
    check(with_reason("r".repeat(1_001)), "reason_max_bytes");
    check(with_state("{\"step\":1}".to_owned()), "");
    check(with_state(String::new()), "state is no JSON");
    check(with_state("[".repeat(500)), "state is no JSON");
    check(
        with_state(format!("\"{}\"", "s".repeat((64 << 10) - 2))),
        "",
    );
    check(
        with_state(format!("\"{}\"", "s".repeat((64 << 10) - 1))),
        "state_max_bytes",
    );
    check(decided(vec![timer("t", When::Now); 32]), "");
    check(decided(vec![timer("t", When::Now); 33]), "actions_max");
    let note = Action::AddNote {
        text: "n".repeat(256 << 10),
    };
    check(decided(vec![note]), "output_max_bytes");
}

#[test]
fn single_actions() {
    let check = |action: Action, expect: &str| check(decided(vec![action]), expect);
    check(email("hello", Some("msg_1")), "");
    check(email("", None), "template is empty");
    check(email("hello", Some("")), "reply-to is empty");
    check(timer(&"t".repeat(100), When::Now), "");
    check(timer(&"t".repeat(101), When::Now), "101 bytes long");
    check(timer("", When::Now), "name is empty");
    check(
        Action::CancelTimer {
            name: String::new(),
        },
        "name is empty",
    );
    check(timer("t", When::At(NOW)), "");
    check(timer("t", When::At(Instant(-1))), "outside the years");
    check(timer("t", When::At(Instant(i64::MAX))), "outside the years");
    check(timer("t", When::AfterMs(86_400_000)), "");
    check(timer("t", When::AfterMs(u64::MAX)), "outside the years");
    check(timer("t", business(3, 23, 59)), "");
    check(timer("t", business(3, 24, 0)), "24:00 is no time of day");
    check(timer("t", business(3, 9, 60)), "9:60 is no time of day");
    check(timer("t", business(10_001, 9, 0)), "business days");
    check(
        Action::Exit {
            outcome: "completed".to_owned(),
        },
        "",
    );
    check(
        Action::Exit {
            outcome: String::new(),
        },
        "outcome is empty",
    );
    check(
        Action::AddNote {
            text: String::new(),
        },
        "note is empty",
    );
    let task = |title: &str| {
        Action::CreateTask(CreateTask {
            title: title.to_owned(),
            body: String::new(),
            due: When::Now,
        })
    };
    check(task("Call"), "");
    check(task(""), "title is empty");
    let property = |key: &str| {
        let properties = JsonMap::from_iter([(key.to_owned(), json!(1))]);
        Action::SetProperties { properties }
    };
    check(property("score"), "");
    check(property(""), "property's name is empty");
}

#[test]
fn kinds_of_a_plugins_own() {
    let check = |kind: &str, expect: &str| {
        let data = JsonMap::new();
        check(
            decided(vec![Action::EmitEvent {
                kind: kind.to_owned(),
                data,
            }]),
            expect,
        );
    };
    check("acme.lead-warm", "");
    check("replied", "host's own");
    check("warm", "dotted name");
    check(".warm", "dotted name");
    check("acme.", "dotted name");
    check(&format!("acme.{}", "x".repeat(100)), "dotted name");
}

#[test]
fn the_message_says_which_action() {
    let given = decided(vec![email("hello", None), timer("", When::Now)]);
    let got = decision(
        given.clone(),
        &manifest(Action::WORDS),
        &Limits::default(),
        NOW,
    );
    assert_eq!(
        got,
        Err(BadOutput(
            "actions[1] (set-timer): the name is empty".to_owned()
        ))
    );
    let got = decision(given, &manifest(&["send-email"]), &Limits::default(), NOW);
    let text = "actions[1]: set-timer is not among the manifest's actions: list it there";
    assert_eq!(got, Err(BadOutput(text.to_owned())));
}
