//! HubSpot's CRM objects API, as far as thin events are hydrated with it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

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
    let mut state = state.lock().expect("unpoisoned");
    let id = 9_000 + state.made.len();
    state.made.push((kind, body.clone()));
    let made = json!({"id": id.to_string(), "properties": body["properties"]});
    (StatusCode::CREATED, Json(made)).into_response()
}

/// Nothing was modified, and nothing is found.
async fn search() -> Json<Value> {
    Json(json!({"total": 0, "results": []}))
}
