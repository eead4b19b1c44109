//! The scenario of a trigger: what stands in its file, and how it is played.
//!
//! ```json
//! {
//!   "story": "What this shows, in a sentence.",
//!   "config": {},
//!   "secrets": { "api_key": "anything" },
//!   "steps": [
//!     { "at": "2026-03-02T10:00:00Z",
//!       "request": { "method": "POST", "path": "/", "query": {}, "headers": {}, "body": {} },
//!       "expect": { "events": [], "response": { "status": 200 } } },
//!     { "at": "2026-03-02T10:05:00Z",
//!       "poll": true,
//!       "http": [{ "request": "GET https://api.example.com/orders", "status": 200, "body": [] }],
//!       "expect": { "events": [], "cursor": 3 } }
//!   ]
//! }
//! ```
//! A `body` that is a string is sent as it is, anything else as JSON. Requests count as verified: the
//! schemes of `[verify]` are the host's. A poll is given the cursor of the one before; `http` is all
//! that the network answers, each once, and all of it must be asked for. `expect.error` stands for a
//! call that fails: words of its message.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::bail;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::network::{Answer, Network};
use super::policy::instant;
use super::{Played, Used, parse};
use crate::calendar::Calendar;
use crate::domain::fault::Fault;
use crate::domain::trigger::{
    Page, Received, TriggerContact, TriggerContext, TriggerEvent, TriggerRequest,
};
use crate::sandbox::{Authority, AuthoritySetup, Plugin, Sandbox};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    story: String,
    #[serde(default)]
    config: Map<String, Value>,
    #[serde(default)]
    secrets: BTreeMap<String, String>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: String,
    request: Option<Asked>,
    #[serde(default)]
    poll: bool,
    #[serde(default)]
    http: Vec<Answer>,
    expect: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default = "post")]
    method: String,
    #[serde(default = "root")]
    path: String,
    #[serde(default)]
    query: BTreeMap<String, String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
}

fn post() -> String {
    "POST".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

/// One call, so that it can be made again.
#[derive(Clone)]
pub struct TriggerCall {
    context: TriggerContext,
    what: What,
    authority: Arc<Authority>,
    answers: Vec<Answer>,
}

#[derive(Clone)]
enum What {
    Receive(TriggerRequest),
    Poll(Option<String>),
}

/// What came of a call: as an `expect` would say it, or the fault.
pub struct Answered {
    pub used: Used,
    pub result: Result<Map<String, Value>, Fault>,
    cursor: Option<String>,
    /// Requests that the network was to answer and that were not made.
    unasked: Vec<String>,
}

impl TriggerCall {
    pub async fn make(&self, sandbox: &Sandbox, plugin: &Plugin, network: &Network) -> Answered {
        network.answers(self.answers.clone());
        let calendar = Arc::new(Calendar::default());
        let context = self.context.clone();
        let (used, result, cursor) = match &self.what {
            What::Receive(request) => {
                let request = request.clone();
                let called = sandbox.receive(plugin, context, request, &calendar, &self.authority);
                let called = called.await;
                let used = (called.fuel_used, called.memory_bytes);
                (used, called.result.map(|received| said(&received)), None)
            }
            What::Poll(cursor) => {
                let cursor = cursor.clone();
                let called = sandbox.poll(plugin, context, cursor, &calendar, &self.authority);
                let called = called.await;
                let used = (called.fuel_used, called.memory_bytes);
                let next = called
                    .result
                    .as_ref()
                    .ok()
                    .and_then(|page| page.cursor.clone());
                (used, called.result.map(|page| told(&page)), next)
            }
        };
        Answered {
            used: Used {
                fuel: used.0,
                memory_bytes: used.1,
            },
            result,
            cursor,
            unasked: network.unasked(),
        }
    }
}

pub(super) async fn play(
    text: &str,
    sandbox: &Sandbox,
    plugin: &Plugin,
    network: &Network,
) -> anyhow::Result<Played> {
    let scenario: Scenario = parse(text)?;
    if scenario.story.trim().is_empty() {
        bail!("say in `story` what it shows");
    }
    let authority = authority(&scenario, plugin)?;
    let mut played = Played {
        observed: parse(text)?,
        ..Played::default()
    };
    let mut cursor = None;
    for (place, step) in scenario.steps.iter().enumerate() {
        let number = place + 1;
        let what = match (&step.request, step.poll) {
            (Some(request), false) => What::Receive(request.sent()),
            (None, true) => What::Poll(cursor.clone()),
            _ => bail!("step {number}: say either `request` or `poll`: true"),
        };
        let call = TriggerCall {
            context: TriggerContext {
                now: instant(&step.at)?,
                seed: 1,
                connection: "under-test".to_owned(),
                config: Value::Object(scenario.config.clone()).to_string(),
            },
            what,
            authority: Arc::clone(&authority),
            answers: step.http.clone(),
        };
        let answered = call.make(sandbox, plugin, network).await;
        let wrong = step.check(&answered);
        played
            .wrong
            .extend(wrong.map(|wrong| format!("step {number}: {wrong}")));
        played.calls.push(answered.used);
        played.trigger_calls.push(call);
        fill(&mut played.observed["steps"][place]["expect"], &answered);
        cursor = answered.cursor.or(cursor);
    }
    Ok(played)
}

fn authority(scenario: &Scenario, plugin: &Plugin) -> anyhow::Result<Arc<Authority>> {
    let secrets = scenario.secrets.iter();
    let secrets = secrets.map(|(name, value)| (name.clone(), SecretString::from(value.clone())));
    Authority::new(AuthoritySetup {
        grants: plugin.manifest().grants.clone(),
        config: Value::Object(scenario.config.clone()),
        secrets: secrets.collect(),
        hosts: None,
        allow_private: Vec::new(),
    })
    .map_err(|missing| anyhow::anyhow!("{missing}"))
}

impl Asked {
    fn sent(&self) -> TriggerRequest {
        let headers = self.headers.iter();
        let query = self.query.iter();
        TriggerRequest {
            method: self.method.clone(),
            path: self.path.clone(),
            query: query
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.clone().into_bytes()))
                .collect(),
            body: match &self.body {
                Value::Null => Vec::new(),
                Value::String(text) => text.clone().into_bytes(),
                json => json.to_string().into_bytes(),
            },
        }
    }
}

impl Step {
    /// What is not as expected, if anything.
    fn check(&self, answered: &Answered) -> Option<String> {
        let expected_error = self.expect.get("error").and_then(Value::as_str);
        let got = match (&answered.result, expected_error) {
            (Ok(got), None) => got,
            (Ok(got), Some(words)) => {
                let got = Value::Object(got.clone());
                return Some(format!(
                    "expected an error with {words:?}, but it answered {got}"
                ));
            }
            (Err(fault), Some(words)) if fault.to_string().contains(words) => return None,
            (Err(fault), _) => {
                let said = fault.stderr_tail.trim_end().lines();
                let said = said.map(|line| format!("\n    {line}"));
                return Some(format!("it failed: {fault}{}", said.collect::<String>()));
            }
        };
        let mut wrong = Vec::new();
        for (key, expected) in &self.expect {
            let got = got.get(key).unwrap_or(&Value::Null);
            if !holds(expected, got) {
                wrong.push(format!(
                    "{key}: expected\n  {expected:#}\nbut it is\n  {got:#}"
                ));
            }
        }
        let unasked = answered.unasked.iter();
        wrong.extend(unasked.map(|request| format!("it did not ask for {request}")));
        (!wrong.is_empty()).then(|| wrong.join("\n"))
    }
}

/// Whether all that is expected is there: keys of objects that are not named are not looked at.
fn holds(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => expected
            .iter()
            .all(|(key, value)| holds(value, got.get(key).unwrap_or(&Value::Null))),
        (Value::Array(expected), Value::Array(got)) => {
            expected.len() == got.len() && expected.iter().zip(got).all(|(e, g)| holds(e, g))
        }
        // Times are the same moment, however they are written.
        (Value::String(expected), Value::String(got)) => {
            expected == got || instant(expected).is_ok_and(|at| at.to_string() == *got)
        }
        _ => expected == got,
    }
}

/// Fills the keys that are written anew, or all where there are none.
fn fill(expect: &mut Value, answered: &Answered) {
    let Some(expect) = expect.as_object_mut() else {
        return;
    };
    let Ok(got) = &answered.result else { return };
    if expect.is_empty() {
        expect.clone_from(got);
    }
    for (key, slot) in expect.iter_mut() {
        *slot = got.get(key).cloned().unwrap_or(Value::Null);
    }
}

fn said(received: &Received) -> Map<String, Value> {
    let mut said = Map::from_iter([("events".to_owned(), events(&received.events))]);
    if let Some(response) = &received.response {
        let body = String::from_utf8_lossy(&response.body);
        let body = serde_json::from_str(&body).unwrap_or_else(|_| json!(body));
        let response = json!({
            "status": response.status,
            "headers": response.headers,
            "body": body,
        });
        said.insert("response".to_owned(), response);
    }
    said
}

fn told(page: &Page) -> Map<String, Value> {
    let cursor = page.cursor.as_deref().unwrap_or("null");
    let mut told = Map::from_iter([
        ("events".to_owned(), events(&page.events)),
        (
            "cursor".to_owned(),
            serde_json::from_str(cursor).unwrap_or_default(),
        ),
    ]);
    if let Some(at) = page.next_at {
        told.insert("next_at".to_owned(), json!(at.to_string()));
    }
    told
}

fn events(events: &[TriggerEvent]) -> Value {
    let event = |event: &TriggerEvent| {
        let contact = match &event.contact {
            TriggerContact::Email(address) => json!({ "email": address }),
            TriggerContact::External(id) => json!({ "external": id }),
            TriggerContact::Token(token) => json!({ "token": token }),
        };
        json!({
            "dedupe_key": event.dedupe_key,
            "kind": event.kind,
            "at": event.occurred_at.to_string(),
            "contact": contact,
            "fields": event.fields,
            "data": event.data,
        })
    };
    events.iter().map(event).collect()
}
