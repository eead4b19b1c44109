//! What crosses the border: attributes in, the calendar out, fuel told.

use followup::domain::decision::DecideInput;
use serde_json::json;

use super::{Cell, input, patient};

#[tokio::test]
async fn attributes_reach_the_guest_sorted_and_typed() {
    let cell = Cell::new(patient());
    let mut asked = input("echo");
    let attributes = json!({
        "zip": "10115", "age": 41, "vip": true, "tags": ["a"], "none": null,
        "long_id": 9_007_199_254_740_993_u64,
    });
    asked.contact.attributes = attributes.as_object().expect("an object").clone();
    let told = cell
        .call_with(asked)
        .await
        .expect("decides")
        .decision
        .reason;
    let mut rest = told.as_str();
    for part in [
        r#"name: "age", value: Value::Number(41.0)"#,
        r#"name: "long_id", value: Value::Json("9007199254740993")"#,
        r#"name: "none", value: Value::Json("null")"#,
        r#"name: "tags", value: Value::Json("[\"a\"]")"#,
        r#"name: "vip", value: Value::Boolean(true)"#,
        r#"name: "zip", value: Value::Text("10115")"#,
    ] {
        let at = rest.find(part);
        rest = &rest[at.unwrap_or_else(|| panic!("{part} in {told}"))..];
    }
}

#[tokio::test]
async fn the_calendar_answers() {
    let cell = Cell::new(patient());
    let told = cell.reason("calendar").await;
    for part in [
        "year: 2026, month: 4, day: 1, hour: 10, minute: 0, second: 0, weekday: 3",
        // There and back.
        "Ok(1775030400000)",
        // Friday, 3 April.
        "Ok(1775203200000)",
        "Ok(true)",
        r#"UnknownZone("Mars/Olympus")"#,
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[tokio::test]
async fn fuel_is_told() {
    let cell = Cell::new(patient());
    let little = cell.call("none").await.expect("decides").fuel_used;
    let more = cell.call("log-flood").await.expect("decides").fuel_used;
    assert!(
        little > 0 && little < more && more < 50_000_000,
        "{little} {more}"
    );
}

#[tokio::test]
async fn an_input_larger_than_the_guest_is_a_fault() {
    let cell = Cell::new(patient());
    let asked = DecideInput {
        state: Some("x".repeat(80 << 20)),
        ..input("none")
    };
    let fault = cell.call_with(asked).await.expect_err("does not fit");
    assert_eq!(
        fault.kind,
        followup::domain::fault::FaultKind::OutOfMemory,
        "{fault:?}"
    );
    cell.assert_alive("a huge input").await;
}
