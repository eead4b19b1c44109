use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::domain::{Instant, JsonMap};

fn manifest() -> Manifest {
    let text = "id = \"test\"\nname = \"Test\"\nversion = \"0.1.0\"\nkind = \"trigger\"\ndescription = \"\"\nevents = [\"acme.no-show\"]\n[config]\n";
    Manifest::parse(text).expect("manifest")
}

fn no_show() -> TriggerEvent {
    TriggerEvent {
        dedupe_key: "1".to_owned(),
        kind: "acme.no-show".to_owned(),
        occurred_at: Instant(1_790_000_000_000),
        contact: TriggerContact::Email("ada@example.com".to_owned()),
        fields: JsonMap::new(),
        data: JsonMap::new(),
    }
}

fn answer(status: u16, header: (&str, &str), body: usize) -> TriggerResponse {
    TriggerResponse {
        status,
        headers: BTreeMap::from([(header.0.to_owned(), header.1.to_owned())]),
        body: vec![b'x'; body],
    }
}

/// `expect` is a part of the message, or "" for what passes.
fn told<T>(got: Result<T, BadOutput>, expect: &str) {
    match got {
        Ok(_) => assert_eq!(expect, ""),
        Err(BadOutput(why)) => assert!(!expect.is_empty() && why.contains(expect), "{why}"),
    }
}

#[test]
fn events_that_break_the_contract() {
    let check = |change: &dyn Fn(&mut TriggerEvent), expect: &str| {
        let mut event = no_show();
        change(&mut event);
        let given = Received {
            events: vec![no_show(), event],
            response: None,
        };
        match received(given, &manifest(), &TriggerLimits::default()) {
            Ok(_) => assert_eq!(expect, ""),
            Err(BadOutput(why)) => {
                let told = why.starts_with("events[1]: ") && why.contains(expect);
                assert!(told && !expect.is_empty(), "{why}");
            }
        }
    };
    let field = |name: &str| JsonMap::from_iter([(name.to_owned(), json!("x"))]);
    check(&|_| {}, "");
    check(
        &|event| event.kind = "replied".to_owned(),
        "\"replied\" is not among",
    );
    check(&|event| event.dedupe_key.clear(), "the dedupe key is empty");
    check(
        &|event| event.dedupe_key = "k".repeat(201),
        "the dedupe key is 201 bytes",
    );
    check(
        &|event| event.occurred_at = Instant(-1),
        "lies outside the years",
    );
    check(
        &|event| event.occurred_at = Instant(i64::MAX),
        "lies outside the years",
    );
    check(
        &|event| event.contact = TriggerContact::External(" ".to_owned()),
        "the contact's id is empty",
    );
    check(
        &|event| event.contact = TriggerContact::Token("t".repeat(501)),
        "the contact's token is longer",
    );
    check(
        &|event| event.fields = field("owner_time_zone"),
        "owner_time_zone says where",
    );
    check(&|event| event.fields = field("title"), "");
    check(
        &|event| event.fields = field(""),
        "the name of a field is empty",
    );
    check(
        &|event| event.data = field(&"x".repeat(70 << 10)),
        "the event is",
    );
}

#[test]
fn too_many_events() {
    let given = Received {
        events: vec![no_show(); 501],
        response: None,
    };
    told(
        received(given, &manifest(), &TriggerLimits::default()),
        "501 events, events_max is 500",
    );
}

#[test]
fn answers_that_break_the_contract() {
    let check = |response: TriggerResponse, expect: &str| {
        let given = Received {
            events: Vec::new(),
            response: Some(response),
        };
        told(
            received(given, &manifest(), &TriggerLimits::default()),
            expect,
        );
    };
    check(answer(200, ("content-type", "text/plain"), 10), "");
    check(answer(100, ("a", "b"), 0), "100 is no status");
    check(answer(600, ("a", "b"), 0), "600 is no status");
    check(
        answer(200, ("set-cookie", "a=b"), 0),
        "set-cookie is the host's own",
    );
    check(
        answer(200, ("x-a", "b\r\nset-cookie: c"), 0),
        "x-a holds a character",
    );
    check(answer(200, ("a b", "c"), 0), "is no name of a header");
    check(
        answer(200, ("a", "b"), 65_536),
        "response_max_bytes is 65536",
    );
}

#[test]
fn pages_that_break_the_contract() {
    let check = |cursor: &str, next_at: Option<i64>, expect: &str| {
        let given = Page {
            events: vec![no_show()],
            cursor: Some(cursor.to_owned()),
            next_at: next_at.map(Instant),
        };
        told(page(given, &manifest(), &TriggerLimits::default()), expect);
    };
    check("{\"since\":7}", Some(1_790_000_000_000), "");
    check("{", None, "the cursor is no JSON");
    check(
        &format!("\"{}\"", "x".repeat(70 << 10)),
        None,
        "cursor_max_bytes is 65536",
    );
    check("1", Some(i64::MAX), "next-at");
}
