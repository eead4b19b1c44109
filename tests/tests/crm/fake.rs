//! A CRM that does what a test tells it to, and the mapping that speaks to it.
//!
//! `POST /records` makes a record, `GET /records?marker=` looks for one, `GET /changes?object=&page=` tells
//! what was modified. Orders are taken one by one by calls that make something; after them, all goes well.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response as Answered};
use axum::routing::get;
use axum::{Json, Router};
use followup::domain::answer::{ask_failure, written};
use followup::domain::connector::{
    AskError, Done, Found, Reconciles, Record, Renews, Write, WriteOutcome, WritesBack, marker,
};
use followup::domain::event::{About, kind};
use followup::domain::http::{Failure, Method, Request, Response};
use followup::domain::{ContactPatch, ContactRef, Instant, JsonMap, NewEvent};
use serde_json::{Value, json};

/// What becomes of a call that makes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Accept,
    /// Answers this status, with seconds of Retry-After, and makes nothing.
    Refuse(u16, Option<u64>),
    /// The connection breaks; nothing is made.
    Cut,
    /// It is made, and the connection breaks before the answer.
    MakeAndCut,
}

/// The CRM; clones are the same one.
#[derive(Clone)]
pub struct FakeCrm {
    pub url: String,
    books: Arc<Mutex<Books>>,
}

#[derive(Default)]
struct Books {
    orders: VecDeque<Order>,
    /// What was made, as it was posted.
    made: Vec<Value>,
    /// Records that searches do not find yet.
    unindexed: usize,
    pages: HashMap<(String, String), (u16, Value)>,
    asked: Vec<HashMap<String, String>>,
}

impl FakeCrm {
    pub async fn start() -> Self {
        let books = Arc::<Mutex<Books>>::default();
        let app = Router::new()
            .route("/records", get(search).post(make))
            .route("/changes", get(changes))
            .route("/watch", get(watch))
            .with_state(Arc::clone(&books));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, books }
    }

    pub fn order(&self, orders: impl IntoIterator<Item = Order>) {
        self.books().orders.extend(orders);
    }

    /// Searches do not find the latest so many records.
    pub fn lag(&self, records: usize) {
        self.books().unindexed = records;
    }

    pub fn made(&self) -> Vec<Value> {
        self.books().made.clone()
    }

    /// What `/changes` says; the first page of an object by "".
    pub fn page(&self, object: &str, page: &str, status: u16, body: Value) {
        let key = (object.to_owned(), page.to_owned());
        self.books().pages.insert(key, (status, body));
    }

    /// The questions for changes and watches, in order.
    pub fn asked(&self) -> Vec<HashMap<String, String>> {
        self.books().asked.clone()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("unpoisoned")
    }
}

async fn make(State(books): State<Arc<Mutex<Books>>>, Json(body): Json<Value>) -> Answered {
    let mut books = books.lock().expect("unpoisoned");
    let order = books.orders.pop_front().unwrap_or(Order::Accept);
    let id = match order {
        Order::Accept | Order::MakeAndCut => {
            books.made.push(body);
            books.made.len()
        }
        Order::Refuse(status, wait_s) => {
            let status = StatusCode::from_u16(status).expect("a status");
            let wait = wait_s.map(|seconds| [("retry-after", seconds.to_string())]);
            return match wait {
                Some(wait) => (status, wait).into_response(),
                None => status.into_response(),
            };
        }
        Order::Cut => return cut(),
    };
    match order {
        Order::MakeAndCut => cut(),
        _ => (StatusCode::CREATED, Json(json!({"id": id.to_string()}))).into_response(),
    }
}

/// A body that breaks off: the client gets no whole answer.
fn cut() -> Answered {
    let broken = futures::stream();
    axum::body::Body::from_stream(broken).into_response()
}

mod futures {
    //! One item, which is an error.
    use std::pin::Pin;
    use std::task::{Context, Poll};

    pub struct Broken;

    pub fn stream() -> Broken {
        Broken
    }

    impl futures_util::Stream for Broken {
        type Item = Result<axum::body::Bytes, std::io::Error>;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(Some(Err(std::io::Error::other("cut"))))
        }
    }
}

async fn search(State(books): State<Arc<Mutex<Books>>>, RawQuery(query): RawQuery) -> Json<Value> {
    let asked = parameters(query);
    let books = books.lock().expect("unpoisoned");
    let marker = asked.get("marker").cloned().unwrap_or_default();
    let indexed = books.made.len().saturating_sub(books.unindexed);
    let place = books.made[..indexed]
        .iter()
        .position(|made| made.to_string().contains(&marker));
    let found: Vec<_> = place
        .into_iter()
        .map(|at| json!({"id": (at + 1).to_string()}))
        .collect();
    Json(json!({ "results": found }))
}

async fn changes(State(books): State<Arc<Mutex<Books>>>, RawQuery(query): RawQuery) -> Answered {
    let asked = parameters(query);
    let mut books = books.lock().expect("unpoisoned");
    let of = |key: &str| asked.get(key).cloned().unwrap_or_default();
    let (object, page) = (of("object"), of("page"));
    books.asked.push(asked.clone());
    let answer = books.pages.get(&(object, page)).cloned();
    let (status, body) = answer.unwrap_or((200, json!({"records": []})));
    (StatusCode::from_u16(status).expect("a status"), Json(body)).into_response()
}

async fn watch(State(books): State<Arc<Mutex<Books>>>, RawQuery(query): RawQuery) -> Json<Value> {
    books
        .lock()
        .expect("unpoisoned")
        .asked
        .push(parameters(query));
    Json(json!({"watching": true}))
}

/// None of these needs escapes.
fn parameters(query: Option<String>) -> HashMap<String, String> {
    let query = query.unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The mapping of the fake CRM.
pub struct Mapping {
    pub url: String,
    /// Whether a write may simply be made again; and whether it can be searched for.
    pub repeatable: bool,
    pub searchable: bool,
}

impl Mapping {
    pub fn of(crm: &FakeCrm) -> Self {
        Self {
            url: crm.url.clone(),
            repeatable: false,
            searchable: true,
        }
    }

    fn get(&self, path: &str) -> Request {
        Request {
            method: Method::Get,
            url: format!("{}{path}", self.url),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

impl WritesBack for Mapping {
    fn check(&self, write: &Write) -> Result<(), String> {
        match write.kind.word() {
            "note" => Err("this CRM has no notes".to_owned()),
            _ => Ok(()),
        }
    }

    /// A task is two calls: itself, and the link to its contact.
    fn request(&self, write: &Write, done: &[Done]) -> Option<Request> {
        let calls = if write.kind.word() == "task" { 2 } else { 1 };
        (done.len() < calls).then(|| Request {
            method: Method::Post,
            url: format!("{}/records", self.url),
            headers: vec![("content-type", "application/json".to_owned())],
            body:
                json!({"kind": write.kind.word(), "step": done.len(), "contact": write.contact_id,
                "text": format!("{:?} {}/{}", write.kind, marker(write), done.len())})
                .to_string()
                .into_bytes(),
        })
    }

    fn outcome(
        &self,
        write: &Write,
        _: &[Done],
        answer: &Result<Response, Failure>,
    ) -> WriteOutcome {
        let object = write.kind.word();
        written(
            "CRM",
            answer,
            |_| String::new(),
            |answer| done(object, &body(answer)),
        )
    }

    fn is_repeatable(&self, _: &Write, _: &[Done]) -> bool {
        self.repeatable
    }

    fn search(&self, write: &Write, done: &[Done]) -> Option<Request> {
        let path = format!("/records?marker={}/{}", marker(write), done.len());
        self.searchable.then(|| self.get(&path))
    }

    fn found(
        &self,
        write: &Write,
        _: &[Done],
        answer: &Response,
    ) -> Result<Option<Done>, AskError> {
        if answer.status != 200 {
            return Err(ask_failure("CRM", answer, "", "check"));
        }
        Ok(done(write.kind.word(), &body(answer)["results"][0]))
    }
}

impl Reconciles for Mapping {
    fn objects(&self) -> &'static [&'static str] {
        &["contact", "deal"]
    }

    fn request(&self, object: &str, since: Instant, page: Option<&str>) -> Request {
        let page = page.unwrap_or_default();
        self.get(&format!(
            "/changes?object={object}&since={}&page={page}",
            since.0
        ))
    }

    fn read(&self, object: &str, answer: &Response) -> Result<Found, AskError> {
        if answer.status != 200 {
            return Err(ask_failure("CRM", answer, "", "check the token"));
        }
        let body = body(answer);
        let records = body["records"].as_array().cloned().unwrap_or_default();
        Ok(Found {
            records: records.iter().map(|item| record(object, item)).collect(),
            next_page: body["next"].as_str().map(str::to_owned),
        })
    }
}

impl Renews for Mapping {
    fn request(&self, url: &str, now: Instant) -> Request {
        self.get(&format!(
            "/watch?url={url}&until={}",
            now.plus_ms(7 * 86_400_000).0
        ))
    }

    fn read(&self, answer: &Response) -> Result<(), AskError> {
        match answer.status {
            200 => Ok(()),
            _ => Err(ask_failure("CRM", answer, "", "check")),
        }
    }

    fn every_ms(&self) -> i64 {
        86_400_000
    }
}

fn body(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

fn done(object: &str, made: &Value) -> Option<Done> {
    Some(Done {
        object: object.to_owned(),
        id: made["id"].as_str()?.to_owned(),
    })
}

/// `{"id", "at", "contact", "email", "kind"}`.
fn record(object: &str, item: &Value) -> Record {
    let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let (id, at) = (text("id"), Instant(item["at"].as_i64().unwrap_or_default()));
    Record {
        events: vec![changed(
            object,
            &id,
            at,
            &text("contact"),
            &text("kind"),
            item,
        )],
        id,
        modified_at: at,
    }
}

/// An event about a record, as a webhook or a poll tells it.
pub fn changed(
    object: &str,
    id: &str,
    at: Instant,
    contact: &str,
    word: &str,
    raw: &Value,
) -> NewEvent {
    let word = if word.is_empty() {
        kind::CONTACT_UPDATED
    } else {
        word
    };
    NewEvent {
        source_key: format!("{object}/{id}/{}/{word}", at.0),
        kind: word.to_owned(),
        occurred_at: at,
        contact: ContactRef {
            email: raw["email"]
                .as_str()
                .and_then(|text| followup::domain::EmailAddress::parse(text).ok()),
            external_id: Some(contact.to_owned()),
        },
        patch: ContactPatch {
            attributes: raw["fields"].as_object().cloned().unwrap_or_default(),
            ..ContactPatch::default()
        },
        message_id: None,
        answers: Vec::new(),
        data: JsonMap::new(),
        raw: raw.clone(),
        hydrate: None,
        about: Some(About::new(object, id)),
    }
}
