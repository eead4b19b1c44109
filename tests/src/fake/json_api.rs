//! A JSON API in pages: what a poll asks, and what it is told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;
use tokio::sync::Semaphore;

/// Pages by the cursor that asks for them; the first by "".
#[derive(Clone)]
pub struct FakeJsonApi {
    pub url: String,
    state: Arc<Mutex<Pages>>,
    /// One permit lets one held answer go.
    held: Arc<Semaphore>,
}

#[derive(Default)]
struct Pages {
    by_cursor: HashMap<String, Value>,
    hold: Option<String>,
    busy: usize,
    asked: Vec<Asked>,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub after: String,
    pub authorization: Option<String>,
}

impl FakeJsonApi {
    pub async fn start() -> Self {
        let mut api = Self {
            url: String::new(),
            state: Arc::default(),
            held: Arc::new(Semaphore::new(0)),
        };
        let app = Router::new()
            .route("/items", get(page))
            .with_state(api.clone());
        api.url = format!("{}/items", super::serve(app).await);
        api
    }

    pub fn page(&self, after: &str, body: Value) {
        let mut state = self.state.lock().expect("unpoisoned");
        state.by_cursor.insert(after.to_owned(), body);
    }

    /// The answer to this cursor waits until it is let go.
    pub fn hold(&self, after: &str) {
        self.state.lock().expect("unpoisoned").hold = Some(after.to_owned());
    }

    /// Nothing is held from here on.
    pub fn let_go(&self) {
        self.state.lock().expect("unpoisoned").hold = None;
        self.held.close();
    }

    /// So many requests are answered 503.
    pub fn fail(&self, times: usize) {
        self.state.lock().expect("unpoisoned").busy = times;
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.state.lock().expect("unpoisoned").asked.clone()
    }

    /// The cursors that were asked with.
    pub fn cursors(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.after).collect()
    }
}

async fn page(
    State(api): State<FakeJsonApi>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    // The cursors of tests need no decoding.
    let after = query
        .iter()
        .flat_map(|query| query.split('&'))
        .find_map(|part| part.strip_prefix("after="))
        .unwrap_or_default()
        .to_owned();
    let hold = {
        let mut state = api.state.lock().expect("unpoisoned");
        let authorization = headers.get("authorization").map(|value| {
            let text = value.to_str().expect("ASCII");
            text.to_owned()
        });
        state.asked.push(Asked {
            after: after.clone(),
            authorization,
        });
        if state.busy > 0 {
            state.busy -= 1;
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        state.hold.as_ref() == Some(&after)
    };
    if hold {
        // Closed where everything is let go.
        let _ = api.held.acquire().await;
    }
    let state = api.state.lock().expect("unpoisoned");
    match state.by_cursor.get(&after) {
        Some(body) => Json(body.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
