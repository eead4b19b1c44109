//! An e-mail provider that speaks the send APIs of Resend, SendGrid and Brevo and does what a test tells it to.
//!
//! In: requests over HTTP, each recorded with its place in time before anything of its body is read.
//! Out: what the test ordered for the recipient (`order`), else acceptance. Resend's idempotency is
//! kept as documented (Resend documentation, "Idempotency Keys"): same key and payload, same answer
//! and no second mail; another payload, 409 `invalid_idempotent_request`; the first still running,
//! 409 `concurrent_idempotent_requests`. SendGrid has none, and Brevo's is not kept:
//! each acceptance is a mail. What went out is found
//! by our id (`/search/ID`), unless the test ordered otherwise (`order_searches`).

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{self, Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, http::StatusCode};
use followup::clock::{Clock, SystemClock};
use followup::domain::Instant;
use serde_json::{Value, json};
use tokio::sync::watch;

/// Far more than a mail of these tests.
const BODY_MAX_BYTES: usize = 1 << 20;

const BREVO: &str = "/smtp/email";

/// What a request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Accept,
    /// An error of the API's own: status, `name` where Resend has one, seconds of Retry-After.
    Refuse(u16, &'static str, Option<u64>),
    /// Works on it until `release`, then accepts, whether or not somebody still waits.
    Hang,
    /// Accepts, and the connection breaks before the answer.
    AcceptAndCut,
    /// The connection breaks; the mail is not accepted.
    Cut,
}

/// What a search is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// It lags: what went out is not there yet.
    Lag,
    /// An error of the API's own: status, and seconds of Retry-After.
    Refuse(u16, u64),
    /// No answer, ever.
    Hang,
}

/// A request that began.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its place among everything that `tick` numbered.
    pub order: u64,
    pub at: Instant,
    pub path: String,
    pub to: String,
    /// Our id, as it travels with the mail.
    pub message_id: String,
    pub idempotency_key: Option<String>,
    pub authorization: String,
    pub bytes: Bytes,
    pub body: Value,
}

/// The provider; clones are the same one.
#[derive(Clone)]
pub struct FakeProvider {
    pub url: String,
    state: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    now: AtomicU64,
    /// Told of every request.
    begun: watch::Sender<()>,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    calls: Vec<Call>,
    /// Message ids, one for each mail that went out.
    accepted: Vec<String>,
    orders: HashMap<String, VecDeque<Answer>>,
    gates: HashMap<String, watch::Sender<bool>>,
    keys: HashMap<String, Remembered>,
    /// The ids that were searched for, and the answers to the next searches.
    searched: Vec<String>,
    searches: VecDeque<Search>,
}

/// What Resend knows of an idempotency key; no answer while the first request still runs.
struct Remembered {
    bytes: Bytes,
    answer: Option<String>,
}

impl FakeProvider {
    pub async fn start() -> Self {
        let state = Arc::<Shared>::default();
        let app = Router::new()
            .route("/emails", post(receive))
            .route("/v3/mail/send", post(receive))
            .route(BREVO, post(receive))
            .route("/search/{id}", get(search))
            .with_state(Arc::clone(&state));
        Self {
            url: super::serve(app).await,
            state,
        }
    }

    /// The answers to the next requests for mails to this address; after them, acceptance.
    pub fn order(&self, to: &str, answers: impl IntoIterator<Item = Answer>) {
        self.state
            .books()
            .orders
            .entry(to.to_owned())
            .or_default()
            .extend(answers);
    }

    /// The answers to the next searches; after them, the truth.
    pub fn order_searches(&self, answers: impl IntoIterator<Item = Search>) {
        self.state.books().searches.extend(answers);
    }

    /// The ids that were searched for.
    pub fn searched(&self) -> Vec<String> {
        self.state.books().searched.clone()
    }

    /// Lets the requests for mails to this address go on that hang, now and later.
    pub fn release(&self, to: &str) {
        self.state.books().gate(to).send_replace(true);
    }

    /// The next number; requests get theirs from the same sequence.
    pub fn tick(&self) -> u64 {
        self.state.tick()
    }

    /// The number that comes next.
    pub fn ticks(&self) -> u64 {
        self.state.now.load(Ordering::SeqCst)
    }

    /// Returns when a request for a mail to this address has begun.
    pub async fn begun(&self, to: &str) {
        let mut begun = self.state.begun.subscribe();
        let known = |()| self.state.books().calls.iter().any(|call| call.to == to);
        let _ = begun.wait_for(|()| known(())).await;
    }

    pub fn calls(&self) -> Vec<Call> {
        self.state.books().calls.clone()
    }

    pub fn calls_to(&self, to: &str) -> Vec<Call> {
        self.state
            .books()
            .calls
            .iter()
            .filter(|call| call.to == to)
            .cloned()
            .collect()
    }

    /// The ids of the mails that went out; one that is there twice was sent twice.
    pub fn accepted(&self) -> Vec<String> {
        self.state.books().accepted.clone()
    }
}

impl Shared {
    fn tick(&self) -> u64 {
        self.now.fetch_add(1, Ordering::SeqCst)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("unpoisoned")
    }
}

impl Books {
    fn gate(&mut self, to: &str) -> &watch::Sender<bool> {
        self.gates
            .entry(to.to_owned())
            .or_insert_with(|| watch::Sender::new(false))
    }

    /// The answer to a request whose key is known.
    fn repeated(&self, call: &Call) -> Option<Response> {
        let known = self.keys.get(call.idempotency_key.as_ref()?)?;
        Some(match &known.answer {
            _ if known.bytes != call.bytes => error(409, "invalid_idempotent_request", None),
            None => error(409, "concurrent_idempotent_requests", None),
            Some(id) => Json(json!({"id": id})).into_response(),
        })
    }

    fn begin(&mut self, call: &Call) {
        if let Some(key) = &call.idempotency_key {
            let running = Remembered {
                bytes: call.bytes.clone(),
                answer: None,
            };
            self.keys.insert(key.clone(), running);
        }
    }

    /// The mail goes out.
    fn accept(&mut self, call: &Call) -> Response {
        self.accepted.push(call.message_id.clone());
        let id = format!("provider-{}", self.accepted.len());
        let key = call.idempotency_key.as_ref();
        if let Some(known) = key.and_then(|key| self.keys.get_mut(key)) {
            known.answer = Some(id.clone());
        }
        match call.path.as_str() {
            "/emails" => Json(json!({"id": id})).into_response(),
            BREVO => Json(json!({"messageId": format!("<{id}@brevo.example>")})).into_response(),
            _ => (StatusCode::ACCEPTED, [("x-message-id", id)]).into_response(),
        }
    }

    /// "Only a 2xx is remembered": what was refused may come again.
    fn forget(&mut self, call: &Call) {
        if let Some(key) = &call.idempotency_key {
            self.keys.remove(key);
        }
    }
}

async fn receive(State(state): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let (order, at) = (state.tick(), SystemClock.now());
    let (parts, body) = request.into_parts();
    // A body that breaks off is no request.
    let Ok(bytes) = body::to_bytes(body, BODY_MAX_BYTES).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let call = read(order, at, parts.uri.path(), &parts.headers, bytes);
    let (answer, mut gate) = {
        let mut books = state.books();
        books.calls.push(call.clone());
        if call.path == "/emails"
            && let Some(answer) = books.repeated(&call)
        {
            return answer;
        }
        let answer = books.orders.get_mut(&call.to).and_then(VecDeque::pop_front);
        books.begin(&call);
        (
            answer.unwrap_or(Answer::Accept),
            books.gate(&call.to).subscribe(),
        )
    };
    state.begun.send_replace(());
    match answer {
        Answer::Accept => state.books().accept(&call),
        Answer::Refuse(status, name, retry_after_s) => {
            state.books().forget(&call);
            error(status, name, retry_after_s)
        }
        Answer::Hang => {
            // A task of its own: a client that gives up does not stop the provider.
            let working = tokio::spawn(async move {
                let _ = gate.wait_for(|open| *open).await;
                state.books().accept(&call)
            });
            working.await.expect("accepts")
        }
        Answer::AcceptAndCut => {
            let _ = state.books().accept(&call);
            cut()
        }
        Answer::Cut => {
            state.books().forget(&call);
            cut()
        }
    }
}

/// The provider's id of a mail that went out, by ours.
async fn search(State(state): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let (answer, place) = {
        let mut books = state.books();
        let place = books.accepted.iter().position(|accepted| *accepted == id);
        books.searched.push(id);
        (books.searches.pop_front(), place)
    };
    match answer {
        None => Json(json!({ "id": place.map(|place| format!("provider-{}", place + 1)) }))
            .into_response(),
        Some(Search::Lag) => Json(json!({ "id": null })).into_response(),
        Some(Search::Refuse(status, retry_after_s)) => error(status, "", Some(retry_after_s)),
        Some(Search::Hang) => std::future::pending().await,
    }
}

/// Ends the connection's task, and with it the connection, without a byte of an answer.
pub(super) fn cut() -> ! {
    std::panic::resume_unwind(Box::new("the connection is cut"))
}

fn read(order: u64, at: Instant, path: &str, headers: &HeaderMap, bytes: Bytes) -> Call {
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let text = |pointer: &str| {
        body.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (to, message_id) = match path {
        "/emails" => (text("/to/0"), text("/tags/0/value")),
        BREVO => (text("/to/0/email"), text("/tags/0")),
        _ => {
            let custom = "/personalizations/0/custom_args/followup_message_id";
            (text("/personalizations/0/to/0/email"), text(custom))
        }
    };
    // `Name <address>` or the bare address.
    let to = to
        .rsplit_once('<')
        .map_or(to, |(_, rest)| rest.trim_end_matches('>'));
    Call {
        order,
        at,
        path: path.to_owned(),
        to: to.to_owned(),
        message_id: message_id.to_owned(),
        idempotency_key: header("idempotency-key"),
        authorization: header("authorization").unwrap_or_default(),
        bytes,
        body,
    }
}

fn error(status: u16, name: &str, retry_after_s: Option<u64>) -> Response {
    let body = json!({"statusCode": status, "name": name, "message": format!("said {name}"),
        "errors": [{"message": format!("said {name}")}]});
    let status = StatusCode::from_u16(status).expect("a status");
    let mut answer = (status, Json(body)).into_response();
    if let Some(seconds) = retry_after_s {
        answer.headers_mut().insert("retry-after", seconds.into());
    }
    answer
}
