//! One arm per misdeed; requests are in `fetch`.

use std::hint::black_box;
use std::time::Duration;

use serde_json::Value as Json;

use crate::bindings::followup::plugin::secrets::{self, Hmac};
use crate::bindings::followup::plugin::trigger_types::{ContactRef, TriggerContext, TriggerEvent};
use crate::bindings::followup::plugin::types::{Attribute, PluginError, Value};
use crate::fetch;

/// What becomes of a call.
pub(crate) struct Done {
    pub(crate) events: Vec<TriggerEvent>,
    pub(crate) says: Option<String>,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "what a guest must not do is what is under test"
)]
pub(crate) fn act(context: &TriggerContext, body: &[u8]) -> Result<Done, PluginError> {
    let config: Json =
        serde_json::from_str(&context.config).map_err(|e| PluginError::Permanent(e.to_string()))?;
    let done = match config["misbehave"].as_str().unwrap_or_default() {
        "none" => brings(vec![event(context, "1")]),
        "fetch" => says(&fetch::all(&config)),
        "fetch-at-once" => says(&fetch::at_once(&config)),
        "verify" => says(&verify(&config, body)),
        "placeholder" => says(&format!("{:?}", secrets::placeholder("signing"))),

        // Takes too much.
        "loop" => spin(),
        "alloc" => hoard(),
        "panic" => panic!("no webhook like this"),
        "sleep" => {
            std::thread::sleep(Duration::from_hours(1));
            says("woke up")
        }

        // Brings what may not be brought.
        "unlisted" => brings(vec![with(context, |event| {
            event.kind = "replied".to_owned()
        })]),
        "no-key" => brings(vec![with(context, |event| event.dedupe_key.clear())]),
        "long-key" => brings(vec![with(context, |event| {
            event.dedupe_key = "k".repeat(201);
        })]),
        "host-field" => brings(vec![with(context, |event| {
            event.fields.push(Attribute {
                name: "owner_time_zone".to_owned(),
                value: Value::Text("Pacific/Kiritimati".to_owned()),
            });
        })]),
        "bad-data" => brings(vec![with(context, |event| event.data = "[1]".to_owned())]),
        "many-events" => brings((0..501).map(|n| event(context, &n.to_string())).collect()),
        "gigantic" => brings(vec![with(context, |event| {
            event.data = format!("{{\"a\":\"{}\"}}", "x".repeat(8 << 20));
        })]),
        "cookie" => Done {
            headers: vec![("Set-Cookie".to_owned(), "session=stolen".to_owned())],
            ..says("logged in")
        },
        "bad-cursor" => says("{"),
        "huge-cursor" => says(&format!("\"{}\"", "c".repeat(70 << 10))),
        "transient" => {
            return Err(PluginError::Transient(
                crate::bindings::followup::plugin::types::Retry {
                    message: "the API is down".to_owned(),
                    not_before: None,
                },
            ));
        }
        other => {
            return Err(PluginError::Permanent(format!(
                "no misdeed is called {other:?}"
            )));
        }
    };
    Ok(done)
}

fn brings(events: Vec<TriggerEvent>) -> Done {
    Done {
        events,
        says: None,
        status: 200,
        headers: Vec::new(),
    }
}

fn says(text: &str) -> Done {
    Done {
        says: Some(text.to_owned()),
        ..brings(Vec::new())
    }
}

fn with(context: &TriggerContext, change: impl FnOnce(&mut TriggerEvent)) -> TriggerEvent {
    let mut event = event(context, "1");
    change(&mut event);
    event
}

fn event(context: &TriggerContext, key: &str) -> TriggerEvent {
    TriggerEvent {
        dedupe_key: key.to_owned(),
        kind: "rogue.event".to_owned(),
        occurred_at: context.now,
        contact: ContactRef::Email("ada@example.com".to_owned()),
        fields: Vec::new(),
        data: "{\"seen\":true}".to_owned(),
        extra: Vec::new(),
    }
}

/// By each algorithm, whether `config.signature` (hex) is that of the body under `config.secret`.
fn verify(config: &Json, body: &[u8]) -> String {
    let secret = config["secret"].as_str().unwrap_or_default();
    let hex = config["signature"].as_str().unwrap_or_default();
    let signature: Vec<_> = (0..hex.len() / 2)
        .filter_map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok())
        .collect();
    let all = [Hmac::Sha1, Hmac::Sha256, Hmac::Sha512];
    let told = all.map(|algorithm| secrets::verify_hmac(secret, algorithm, body, &signature));
    format!("{told:?}")
}

fn spin() -> ! {
    let mut n = 0_u64;
    loop {
        n = black_box(n.wrapping_add(1));
    }
}

fn hoard() -> ! {
    let mut all: Vec<Vec<u8>> = Vec::new();
    loop {
        all.push(Vec::with_capacity(1 << 20));
        black_box(&all);
    }
}
