//! HubSpot's CRM objects API, as far as thin events are hydrated with it, polls look through it and
//! write-backs go into it. What was made is found by searches, as soon as it is made.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use followup::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use super::provider::{Answer, cut};

/// Objects by `contacts/501`, and answers that come before them.
#[derive(Clone)]
pub struct FakeHubspot {
    pub url: String,
    state: Arc<Mutex<Objects>>,
}

#[derive(Default)]
struct Objects {
    by_name: HashMap<String, Value>,
    busy: HashMap<String, VecDeque<StatusCode>>,
    /// `contacts/501`, and who asked.
    asked: Vec<(String, String)>,
    /// What was made, by `tasks`, `emails`, ...
    made: Vec<(String, Value)>,
    /// The answers to the next calls that make something of a contact.
    orders: HashMap<String, VecDeque<Answer>>,
    /// What searches for modified records find, by `contacts`, ...
    modified: Vec<(String, Value)>,
    /// The kinds that were looked through, and those that were searched for one of ours.
    looked: Vec<String>,
    searched: Vec<String>,
}

impl FakeHubspot {
    pub async fn start() -> Self {
        let state = Arc::<Mutex<Objects>>::default();
        let app = Router::new()
            .route("/crm/v3/objects/{kind}/{id}", get(object).post(search))
            .route("/crm/v3/objects/{kind}", post(make))
            .with_state(Arc::clone(&state));
        Self {
            url: super::serve(app).await,
            state,
        }
    }

    /// Makes a contact known.
    pub fn contact(&self, id: u64, email: &str, first_name: &str) {
        let properties =
            json!({"email": email, "firstname": first_name, "hs_timezone": "europe_slash_berlin"});
        self.put(
            "contacts",
            id,
            json!({"id": id.to_string(), "properties": properties}),
        );
    }

    /// A search for modified contacts finds this one, whether or not a webhook tells of it.
    pub fn modify(&self, id: u64) {
        let mut state = self.state.lock().expect("unpoisoned");
        let mut contact = state.by_name[&format!("contacts/{id}")].clone();
        let at = SystemClock.now().to_string();
        contact["properties"]["createdate"] = json!(at);
        contact["properties"]["lastmodifieddate"] = json!(at);
        state.modified.push(("contacts".to_owned(), contact));
    }

    /// The answers to the next calls that make something of a contact; after them, all goes well. One that
    /// hangs does so after it made what it was asked to, and for ever.
    pub fn order(&self, contact: u64, answers: impl IntoIterator<Item = Answer>) {
        let mut state = self.state.lock().expect("unpoisoned");
        let orders = state.orders.entry(contact.to_string()).or_default();
        orders.extend(answers);
    }

    /// How often a kind was looked through for what was modified.
    pub fn looked(&self, kind: &str) -> usize {
        let state = self.state.lock().expect("unpoisoned");
        state.looked.iter().filter(|looked| *looked == kind).count()
    }

    /// How often one of ours was searched for.
    pub fn searched(&self) -> usize {
        self.state.lock().expect("unpoisoned").searched.len()
    }

    /// Makes a deal of some contacts known.
    pub fn deal(&self, id: u64, properties: &Value, contacts: &[u64]) {
        let results: Vec<_> = contacts
            .iter()
            .map(|id| json!({"id": id.to_string(), "type": "deal_to_contact"}))
            .collect();
        let deal = json!({"id": id.to_string(), "properties": properties,
            "associations": {"contacts": {"results": results}}});
        self.put("deals", id, deal);
    }

    /// Lets the next call for an object fail.
    pub fn fail_next(&self, object: &str, status: u16) {
        let status = StatusCode::from_u16(status).expect("a status");
        let mut state = self.state.lock().expect("unpoisoned");
        state
            .busy
            .entry(object.to_owned())
            .or_default()
            .push_back(status);
    }

    /// How often an object was asked for.
    pub fn asked(&self, object: &str) -> usize {
        let state = self.state.lock().expect("unpoisoned");
        state
            .asked
            .iter()
            .filter(|(asked, _)| asked == object)
            .count()
    }

    /// What was made of a kind, in order; its id is 9000 and its place among everything made.
    pub fn made(&self, kind: &str) -> Vec<Value> {
        let state = self.state.lock().expect("unpoisoned");
        let of_kind = state.made.iter().filter(|(made, _)| made == kind);
        of_kind.map(|(_, body)| body.clone()).collect()
    }

    /// The credentials that calls carried, each once.
    pub fn credentials(&self) -> Vec<String> {
        let state = self.state.lock().expect("unpoisoned");
        let mut all: Vec<_> = state.asked.iter().map(|(_, who)| who.clone()).collect();
        all.dedup();
        all
    }

    fn put(&self, kind: &str, id: u64, object: Value) {
        let mut state = self.state.lock().expect("unpoisoned");
        state.by_name.insert(format!("{kind}/{id}"), object);
    }
}

async fn object(
    State(state): State<Arc<Mutex<Objects>>>,
    Path((kind, id)): Path<(String, String)>,
    headers: HeaderMap,
    _: Bytes,
) -> Response {
    let mut state = state.lock().expect("unpoisoned");
    let name = format!("{kind}/{id}");
    let who = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    state
        .asked
        .push((name.clone(), who.unwrap_or_default().to_owned()));
    if let Some(status) = state.busy.get_mut(&name).and_then(VecDeque::pop_front) {
        // "policyName" tells which limit was hit (HubSpot docs, "API usage guidelines").
        return (
            status,
            [("retry-after", "1")],
            Json(json!({"policyName": "SECONDLY"})),
        )
            .into_response();
    }
    match state.by_name.get(&name) {
        Some(object) => Json(object.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Answers as the objects API does (HubSpot docs, "CRM objects": create).
async fn make(
    State(state): State<Arc<Mutex<Objects>>>,
    Path(kind): Path<String>,
    Json(body): Json<Value>,
) -> Response {
    let contact = text(&body, "/associations/0/to/id");
    let order = {
        let mut state = state.lock().expect("unpoisoned");
        let orders = state.orders.get_mut(&contact);
        orders
            .and_then(VecDeque::pop_front)
            .unwrap_or(Answer::Accept)
    };
    match order {
        Answer::Refuse(status, _, wait_s) => {
            let status = StatusCode::from_u16(status).expect("a status");
            let wait = wait_s.map(|seconds| ("retry-after", seconds.to_string()));
            return (status, AppendHeaders(wait), Json(json!({}))).into_response();
        }
        Answer::Cut => cut(),
        Answer::Accept | Answer::AcceptAndCut | Answer::Hang => {}
    }
    let made = {
        let mut state = state.lock().expect("unpoisoned");
        let id = 9_000 + state.made.len();
        let made = json!({"id": id.to_string(), "properties": body["properties"]});
        state.made.push((kind, body));
        made
    };
    match order {
        Answer::AcceptAndCut => cut(),
        Answer::Hang => std::future::pending().await,
        _ => (StatusCode::CREATED, Json(made)).into_response(),
    }
}

/// What was modified; or, where an associated contact is asked for, what was made for it.
async fn search(
    State(state): State<Arc<Mutex<Objects>>>,
    Path((kind, _)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Json<Value> {
    let mut state = state.lock().expect("unpoisoned");
    let property = text(&body, "/filterGroups/0/filters/0/propertyName");
    let results: Vec<_> = if property == "associations.contact" {
        let contact = text(&body, "/filterGroups/0/filters/0/value");
        state.searched.push(kind.clone());
        let made = state.made.iter().enumerate();
        let of_contact = made.filter(|(_, (made, body))| {
            *made == kind && text(body, "/associations/0/to/id") == contact
        });
        of_contact
            .map(|(place, (_, body))| {
                json!({"id": (9_000 + place).to_string(), "properties": body["properties"]})
            })
            .collect()
    } else {
        state.looked.push(kind.clone());
        let modified = state.modified.iter().filter(|(of, _)| *of == kind);
        modified.map(|(_, object)| object.clone()).collect()
    };
    Json(json!({"total": results.len(), "results": results}))
}

fn text(body: &Value, pointer: &str) -> String {
    let text = body.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}
