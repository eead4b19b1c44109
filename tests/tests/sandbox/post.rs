//! A sandbox with the rogue trigger in it, and a small server for it to call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use followup::calendar::Calendar;
use followup::daemon::Gateway;
use followup::domain::manifest::HostPattern;
use followup::domain::trigger::{Page, Received, TriggerContext, TriggerRequest};
use followup::net::{Names, Net, NetLimits};
use followup::sandbox::{
    Authority, AuthoritySetup, Called, Limits, Plugin, Sandbox, TriggerLimits,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{NOW, shared_cache};

pub(crate) const TOKEN: &str = "tok_verysecret";
pub(crate) const SIGNING: &str = "whsec_signing";

/// The rogue trigger's component, as the build script built it.
pub(crate) fn rogue_trigger_wasm() -> Vec<u8> {
    std::fs::read(env!("ROGUE_TRIGGER_COMPONENT")).expect("the build script built it")
}

/// Limits that do not depend on how busy the machine is.
pub(crate) fn patient_triggers() -> TriggerLimits {
    TriggerLimits {
        deadline_ms: 60_000,
        http_timeout_ms: 50_000,
        ..TriggerLimits::default()
    }
}

/// One connection of the rogue trigger.
pub(crate) struct Post {
    pub(crate) sandbox: Sandbox,
    pub(crate) rogue: Plugin,
    pub(crate) authority: Arc<Authority>,
    calendar: Arc<Calendar>,
    /// Of the connection; `misbehave` comes with each call.
    config: Value,
}

/// What the connection's administrator wrote.
#[derive(Default)]
pub(crate) struct Allowed {
    pub(crate) config: Value,
    pub(crate) private: Vec<&'static str>,
    pub(crate) hosts: Option<Vec<&'static str>>,
    pub(crate) names: Option<Arc<dyn Names>>,
}

impl Post {
    pub(crate) fn new(limits: TriggerLimits, mut allowed: Allowed) -> Self {
        let limits = Limits {
            triggers: limits,
            ..super::patient()
        };
        let net = match allowed.names.take() {
            Some(names) => Net::with_names(NetLimits::default(), names),
            None => Net::new(NetLimits::default()),
        };
        let sandbox = Sandbox::open(limits, shared_cache())
            .expect("an engine")
            .with_outgoing(Arc::new(Gateway::of(net.expect("a client"))));
        let rogue = sandbox
            .load(&rogue_trigger_wasm())
            .expect("the rogue loads");
        let authority = authority(&rogue, &allowed);
        Self {
            sandbox,
            rogue,
            authority,
            calendar: Arc::new(Calendar::default()),
            config: allowed.config,
        }
    }

    /// The same sandbox for another connection.
    pub(crate) fn reconnect(&mut self, allowed: Allowed) {
        self.authority = authority(&self.rogue, &allowed);
        self.config = allowed.config;
    }

    /// Nobody to call.
    pub(crate) fn alone() -> Self {
        Self::new(
            patient_triggers(),
            Allowed {
                config: json!({}),
                ..Allowed::default()
            },
        )
    }

    pub(crate) async fn receive(&self, misdeed: &str) -> Called<Received> {
        self.receive_with(json!({ "misbehave": misdeed }), b"")
            .await
    }

    pub(crate) async fn receive_with(&self, more: Value, body: &[u8]) -> Called<Received> {
        let request = webhook(body);
        let context = self.context(more);
        self.sandbox
            .receive(
                &self.rogue,
                context,
                request,
                &self.calendar,
                &self.authority,
            )
            .await
    }

    /// A webhook to another connection of the same plugin.
    pub(crate) async fn receive_as(
        &self,
        authority: &Arc<Authority>,
        misdeed: &str,
    ) -> Called<Received> {
        let (context, request) = (self.context(json!({ "misbehave": misdeed })), webhook(b""));
        self.sandbox
            .receive(&self.rogue, context, request, &self.calendar, authority)
            .await
    }

    pub(crate) async fn poll(&self, misdeed: &str, cursor: Option<&str>) -> Called<Page> {
        let context = self.context(json!({ "misbehave": misdeed }));
        let cursor = cursor.map(str::to_owned);
        self.sandbox
            .poll(
                &self.rogue,
                context,
                cursor,
                &self.calendar,
                &self.authority,
            )
            .await
    }

    fn context(&self, more: Value) -> TriggerContext {
        let mut config = self.config.as_object().cloned().unwrap_or_default();
        config.extend(more.as_object().cloned().unwrap_or_default());
        TriggerContext {
            now: NOW,
            seed: 7,
            connection: "webinar".to_owned(),
            config: Value::Object(config).to_string(),
        }
    }

    /// What came of each request, and everything in the plugin's log, in one text.
    pub(crate) async fn fetch(&self, how: &str, requests: Value) -> String {
        let called = self
            .receive_with(json!({ "misbehave": how, "requests": requests }), b"")
            .await;
        let received = called
            .result
            .unwrap_or_else(|fault| panic!("{fault}: {}", fault.stderr_tail));
        let body = received.response.expect("it says what came of it").body;
        let mut told = vec![String::from_utf8(body).expect("text")];
        let log = called.log.into_iter();
        told.extend(log.map(|line| format!("{} {}", line.message, Value::Object(line.fields))));
        told.join("\n")
    }

    pub(crate) async fn assert_alive(&self, after: &str) {
        let called = self.receive("none").await;
        assert_eq!(
            called.result.map(|received| received.events.len()),
            Ok(1),
            "after {after}"
        );
    }
}

fn authority(rogue: &Plugin, allowed: &Allowed) -> Arc<Authority> {
    let secret = |name: &str, value: &str| (name.to_owned(), value.to_owned().into());
    let private = allowed.private.iter();
    let hosts = allowed.hosts.as_ref().map(|hosts| {
        let hosts = hosts.iter().map(|&host| HostPattern(host.to_owned()));
        hosts.collect()
    });
    let authority = Authority::new(AuthoritySetup {
        grants: rogue.manifest().grants.clone(),
        config: allowed.config.clone(),
        secrets: BTreeMap::from([secret("token", TOKEN), secret("signing", SIGNING)]),
        hosts,
        allow_private: private.map(|text| text.parse().expect("a range")).collect(),
    });
    authority.expect("an authority")
}

fn webhook(body: &[u8]) -> TriggerRequest {
    TriggerRequest {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: Vec::new(),
        headers: vec![("x-signature".to_owned(), b"00".to_vec())],
        body: body.to_vec(),
    }
}

/// A server on loopback, and what it was asked.
#[derive(Clone, Default)]
pub(crate) struct Hall {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: usize,
}

impl Hall {
    pub(crate) async fn start() -> Self {
        Self::on("127.0.0.1:0").await
    }

    pub(crate) async fn on(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let hall = Self {
            port,
            ..Self::default()
        };
        let router = Router::new().fallback(answer).with_state(hall.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        hall
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }
}

async fn answer(
    State(hall): State<Hall>,
    uri: Uri,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let told = headers.iter().map(|(name, value)| {
        let value = value.to_str().unwrap_or_default();
        (name.as_str().to_owned(), value.to_owned())
    });
    let seen = Seen {
        line: uri.to_string(),
        headers: told.collect(),
        body: body.len(),
    };
    let authorization = seen
        .headers
        .get("authorization")
        .cloned()
        .unwrap_or_default();
    hall.seen
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(seen);
    // Or the next request would find the connection open, and ask for no name.
    let close = [("connection", "close")];
    match uri.path() {
        "/v1/echo" => (close, [("x-told", authorization.clone())], authorization).into_response(),
        "/v1/elsewhere" => {
            let target = uri.query().unwrap_or_default().to_owned();
            (StatusCode::FOUND, close, [("location", target)]).into_response()
        }
        "/v1/huge" => (close, "x".repeat(2 << 20)).into_response(),
        "/v1/headers" => (close, [("x-long", "x".repeat(60 << 10))]).into_response(),
        "/v1/slow" => std::future::pending().await,
        _ => (close, "hello").into_response(),
    }
}
