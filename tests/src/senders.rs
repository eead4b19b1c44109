//! Those who send webhooks: bodies in their words, signed, over real HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use followup::clock::Clock;
use followup::domain::Instant;
use followup::domain::http::{Failure, Method, Request, Response};
use followup::net::{Net, NetLimits, Reach};
use serde_json::{Value, json};

use crate::keys::{Headers, Keys};

/// All senders of a site.
#[derive(Clone)]
pub struct Senders {
    /// `http://ADDRESS:PORT` of the server.
    pub base: String,
    pub keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    net: Net,
    sent: Arc<AtomicU64>,
}

impl Senders {
    pub fn new(base: String, keys: Arc<Keys>, clock: Arc<dyn Clock>) -> Self {
        let net = Net::new(NetLimits {
            total_timeout_ms: 60_000,
            ..NetLimits::default()
        });
        Self {
            base,
            keys,
            clock,
            net: net.expect("an HTTP client"),
            sent: Arc::default(),
        }
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// An id that was not used before.
    fn fresh_id(&self) -> String {
        format!(
            "wh-{}-{}",
            self.clock.now().0,
            self.sent.fetch_add(1, Ordering::Relaxed)
        )
    }

    fn url(&self, connection: &str) -> String {
        format!("{}/hooks/{connection}", self.base)
    }

    /// A CloudEvent, or a batch of them.
    pub async fn crm(&self, body: &Value) -> Response {
        answered(self.try_crm(body).await)
    }

    /// The same, where the server may be gone.
    pub async fn try_crm(&self, body: &Value) -> Result<Response, Failure> {
        let body = body.to_string().into_bytes();
        let headers = self.sign("crm", self.now(), &body);
        self.try_post("crm", headers, body).await
    }

    /// A batch of HubSpot's.
    pub async fn hubspot(&self, body: &Value) -> Response {
        self.send("hubspot", body).await
    }

    /// A batch of SendGrid's.
    pub async fn sendgrid(&self, body: &Value) -> Response {
        self.send("sendgrid", body).await
    }

    /// One event of Resend's.
    pub async fn resend(&self, body: &Value) -> Response {
        self.send("resend", body).await
    }

    async fn send(&self, connection: &str, body: &Value) -> Response {
        let body = body.to_string().into_bytes();
        let headers = self.sign(connection, self.now(), &body);
        self.post(connection, headers, body).await
    }

    /// The headers of a webhook signed at a moment.
    pub fn sign(&self, connection: &str, at: Instant, body: &[u8]) -> Headers {
        let (id, url) = (self.fresh_id(), self.url(connection));
        self.keys.sign(connection, &id, &url, at, body)
    }

    pub async fn post(&self, connection: &str, headers: Headers, body: Vec<u8>) -> Response {
        answered(self.try_post(connection, headers, body).await)
    }

    async fn try_post(
        &self,
        connection: &str,
        mut headers: Headers,
        body: Vec<u8>,
    ) -> Result<Response, Failure> {
        headers.push(("content-type", "application/json".to_owned()));
        self.call(Method::Post, &format!("/hooks/{connection}"), headers, body)
            .await
    }

    pub async fn get(&self, path: &str) -> Response {
        answered(
            self.call(Method::Get, path, Headers::new(), Vec::new())
                .await,
        )
    }

    /// A form, as a browser or a mail program sends it.
    pub async fn form(&self, path: &str, content_type: &str, body: &str) -> Response {
        let headers = vec![("content-type", content_type.to_owned())];
        let body = body.as_bytes().to_vec();
        answered(self.call(Method::Post, path, headers, body).await)
    }

    /// A link that somebody followed with this program.
    pub async fn follow(&self, path: &str, user_agent: &str) -> Response {
        let headers = vec![("user-agent", user_agent.to_owned())];
        answered(self.call(Method::Get, path, headers, Vec::new()).await)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        headers: Headers,
        body: Vec<u8>,
    ) -> Result<Response, Failure> {
        let url = format!("{}{path}", self.base);
        let request = Request {
            method,
            url,
            headers,
            body,
        };
        self.net.call(&request, Reach::Configured).await
    }
}

fn answered(answer: Result<Response, Failure>) -> Response {
    answer.unwrap_or_else(|e| panic!("the server did not answer: {e}"))
}

/// The body of an answer.
pub fn body(answer: &Response) -> Value {
    let text = String::from_utf8_lossy(&answer.body);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{} {text:?}: {e}", answer.status))
}

/// A CloudEvent about somebody. Its id is its kind, its person and `id`.
pub fn event(kind: &str, email: &str, id: &str, data: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": format!("{kind}/{email}/{id}"),
        "source": "/tests",
        "type": kind,
        "subject": email,
        "data": data,
    })
}

/// Somebody filled in the form that a sequence of the test site waits for.
pub fn form(name: &str, email: &str) -> Value {
    event(
        "form-submitted",
        email,
        name,
        &json!({"form": name, "contact": {"first_name": "Zoë"}}),
    )
}
