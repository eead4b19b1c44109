//! The template's policy (`host/templates/policy/rust`) as an Extism plugin: the host's input as JSON,
//! the host's decision as JSON.

use extism_pdk::{FnResult, Json, plugin_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What a policy is given: all of it, as the SDK reads all of it.
#[derive(Deserialize)]
#[expect(dead_code, reason = "the template does not ask for everything")]
pub struct Input {
    now: i64,
    seed: u64,
    event: Event,
    contact: Contact,
    account: Option<Account>,
    enrollment: Enrollment,
    touches: Vec<Value>,
    history: Vec<Event>,
    state: Option<String>,
    config: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the template does not ask for everything")]
struct Event {
    id: String,
    kind: String,
    occurred_at: i64,
    data: Map<String, Value>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the template does not ask for everything")]
struct Contact {
    id: String,
    email: Option<String>,
    time_zone: String,
    locale: Option<String>,
    attributes: Map<String, Value>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the template does not ask for everything")]
struct Account {
    id: String,
    name: Option<String>,
    attributes: Map<String, Value>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the template does not ask for everything")]
struct Enrollment {
    id: String,
    sequence: String,
    enrolled_at: i64,
    decisions: u64,
    timers: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default = "greeting")]
    greeting: String,
}

fn greeting() -> String {
    "greeting".to_owned()
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    greeted: bool,
}

#[derive(Serialize)]
pub struct Decision {
    actions: Vec<Value>,
    state: Option<String>,
    reason: String,
}

#[plugin_fn]
pub fn decide(Json(input): Json<Input>) -> FnResult<Json<Decision>> {
    let config: Config = serde_json::from_str(&input.config)?;
    let state = input.state.as_deref().map(serde_json::from_str);
    let mut state: State = state.transpose()?.unwrap_or_default();
    let before = serde_json::to_string(&state)?;
    let (reason, actions) = answer(&config, &mut state, &input.event);
    let after = serde_json::to_string(&state)?;
    Ok(Json(Decision {
        actions,
        state: (after != before).then_some(after),
        reason,
    }))
}

fn answer(config: &Config, state: &mut State, event: &Event) -> (String, Vec<Value>) {
    if !state.greeted {
        state.greeted = true;
        let email = json!({ "action": "send-email", "template": config.greeting, "variables": {}, "when": "now", "reply_to": null });
        let when = json!({ "after-business-days": { "days": 5, "at": null } });
        let timer = json!({ "action": "set-timer", "name": "over", "when": when, "data": null });
        return ("greets a new contact".to_owned(), vec![email, timer]);
    }
    if event.kind == "timer-fired" && event.data.get("name") == Some(&json!("over")) {
        let exit = json!({ "action": "exit", "outcome": "completed" });
        return ("nothing happened for a week".to_owned(), vec![exit]);
    }
    if event.kind == "resource-downloaded" {
        let what = event.data.get("resource").and_then(Value::as_str);
        let what = what.unwrap_or("something");
        let task = json!({ "action": "create-task", "title": "Call {{ contact.first_name }}", "body": what, "due": "now" });
        return (format!("downloaded {what}"), vec![task]);
    }
    (format!("{} needs no answer", event.kind), Vec::new())
}
