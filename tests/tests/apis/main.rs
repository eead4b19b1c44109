//! One contract for every API that is called, run over the cases in `golden/NAME/api/`.
//!
//! A case is a JSON file: which `call`, what the other side answers, what is to be made of it. The
//! requests that leave and what the answers are read as are kept in `snapshots/` (after a wanted change:
//! `INSTA_UPDATE=always cargo test --workspace --test apis`). New kinds need no code here.

mod case;
mod documented;
mod network;
mod promises;

use serde_json::{Value, json};

use followup_tests::connectors::{Sample, samples};

use case::Case;

/// The cases of a kind, by file name.
fn cases(sample: &Sample) -> Vec<(String, Case)> {
    let read = |(name, bytes): (String, Vec<u8>)| {
        let case = serde_json::from_slice(&bytes);
        let case = case.unwrap_or_else(|e| panic!("{}/api/{name}: {e}", sample.name()));
        (name, case)
    };
    sample.golden_in("api").into_iter().map(read).collect()
}

/// Every request and every reading, as they were looked at and found right.
#[test]
fn calls_and_readings_are_as_they_were() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _guard = settings.bind_to_scope();
    for sample in samples() {
        let connector = sample.connector();
        let mut requests = case::requests(&connector);
        let mut readings = json!({});
        for (name, case) in cases(&sample) {
            let at = format!("{}/api/{name}", sample.name());
            requests.extend(case.requests(&connector, &at));
            let reading = case.read(&connector, &at);
            assert_eq!(
                reading,
                case.read(&connector, &at),
                "{at}: read twice, read the same"
            );
            case.check(&reading, &at);
            readings[name] = reading;
        }
        if requests.is_empty() {
            continue;
        }
        let seen = json!({"requests": Value::from_iter(requests), "readings": readings});
        insta::assert_json_snapshot!(sample.name(), seen);
    }
}

/// What an ability promises is tried by at least one case: a table of outcomes nobody wrote down is
/// none.
#[test]
fn every_ability_has_its_cases() {
    let mut lacking = Vec::new();
    for sample in samples() {
        let connector = sample.connector();
        let calls: Vec<String> = cases(&sample)
            .into_iter()
            .map(|(_, case)| case.call)
            .collect();
        for (ability, call) in [
            (connector.sends.is_some() && sample.name() != "smtp", "send"),
            (connector.hydrates.is_some(), "hydrate"),
            (connector.reconciles.is_some(), "reconcile"),
            (connector.writes.is_some(), "write"),
            (connector.probes.is_some(), "probe"),
            (connector.refreshes.is_some(), "token"),
            (connector.registers.is_some(), "register"),
            (connector.renews.is_some(), "renew"),
        ] {
            if ability && !calls.iter().any(|named| named == call) {
                lacking.push(format!("{}: no case of {call}", sample.name()));
            }
        }
    }
    assert_eq!(lacking, Vec::<String>::new());
}
