//! Any API: answers in the order in which they were written down, whatever is asked; the last one again
//! and again.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

#[derive(Clone)]
pub struct ScriptedApi {
    pub url: String,
    state: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    /// As in `golden/NAME/api`: `{"status", "headers", "body"}`. Turned around.
    answers: Vec<Value>,
    asked: Vec<String>,
}

impl ScriptedApi {
    pub async fn start(answers: &[Value]) -> Self {
        let script = Script {
            answers: answers.iter().rev().cloned().collect(),
            asked: Vec::new(),
        };
        let state = Arc::new(Mutex::new(script));
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&state));
        Self {
            url: super::serve(app).await,
            state,
        }
    }

    /// `GET /v3/account`, in order.
    pub fn asked(&self) -> Vec<String> {
        self.state.lock().expect("unpoisoned").asked.clone()
    }
}

async fn answer(State(state): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let mut state = state.lock().expect("unpoisoned");
    let asked = format!("{} {}", request.method(), request.uri().path());
    state.asked.push(asked);
    let said = match state.answers.len() {
        0 => Value::Null,
        1 => state.answers[0].clone(),
        _ => state.answers.pop().expect("there are several"),
    };
    drop(state);
    let status = said["status"].as_u64().map_or(404, |status| status as u16);
    let mut response = Response::builder().status(StatusCode::from_u16(status).expect("a status"));
    for (name, value) in said["headers"].as_object().into_iter().flatten() {
        response = response.header(name, value.as_str().expect("a text"));
    }
    let body = match &said["body"] {
        Value::Null => Bytes::new(),
        Value::String(text) => text.clone().into(),
        json => json.to_string().into(),
    };
    response.body(Body::from(body)).expect("a response")
}
