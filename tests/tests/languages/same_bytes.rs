//! The same component and the same input give the same bytes, a hundred times, whatever the language
//! does with clocks, dice and the order of its maps.

use serde_json::json;

use super::workshop::{MOODY, component, has_tools, moody, template};
use super::{Cell, input};

const TIMES: usize = 100;

async fn check(wasm: &[u8], config: &str) -> Vec<u8> {
    let cell = Cell::new(wasm);
    let first = cell.call("enrolled", config).await.expect("it decides");
    let bytes = serde_json::to_vec(&first.decision).expect("JSON");
    for time in 0..TIMES {
        let again = cell.call("enrolled", config).await.expect("it decides");
        // Fuel, memory and log included.
        assert_eq!(again, first, "time {time}");
        let again = serde_json::to_vec(&again.decision).expect("JSON");
        assert_eq!(again, bytes, "time {time}");
    }
    bytes
}

#[tokio::test]
async fn clocks_and_dice_repeat_themselves() {
    for (language, ..) in MOODY {
        if !has_tools(language) {
            continue;
        }
        let wasm = moody(language);
        let config = json!({"greeting": "dice"}).to_string();
        let bytes = check(&wasm, &config).await;
        let told = String::from_utf8_lossy(&bytes).into_owned();
        assert!(told.contains("at 1775030400"), "{language}: {told}");

        // The dice are thrown by the seed of the input, and not loaded when the plugin was built.
        let cell = Cell::new(&wasm);
        let mut other = input("enrolled", &config);
        other.seed = 8;
        let other = cell.sandbox.decide(&cell.policy, other, &cell.calendar);
        let other = serde_json::to_vec(&other.await.expect("it decides").decision);
        assert_ne!(other.expect("JSON"), bytes, "{language}");
    }
}

#[tokio::test]
async fn c_repeats_itself() {
    if has_tools("c") {
        check(&component(&template("c", "policy")), "{}").await;
    }
}

#[tokio::test]
async fn rust_repeats_itself() {
    let rogue = std::fs::read(env!("ROGUE_COMPONENT")).expect("the build script built it");
    for misdeed in ["random", "clock"] {
        check(&rogue, &json!({"misbehave": misdeed}).to_string()).await;
    }
}
