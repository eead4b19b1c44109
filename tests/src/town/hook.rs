//! A CRM that sends CloudEvents, signed as Standard Webhooks say.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::bail;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use followup::domain::Instant;
use followup::domain::http::{Method, Request};
use followup::net::{Net, NetLimits, Reach};
use followup::signatures::standard_webhooks::{self, Secret};
use serde_json::{Value, json};

/// Something that happens to somebody.
#[derive(Debug, Clone)]
pub struct Event {
    pub kind: String,
    pub email: String,
    pub data: Value,
    /// The sender's id; without one, every webhook is a new event.
    pub id: Option<String>,
    /// When it happened; without it, when it is sent.
    pub at: Option<Instant>,
}

impl Event {
    pub fn new(kind: &str, email: &str, data: Value) -> Self {
        Self {
            kind: kind.to_owned(),
            email: email.to_owned(),
            data,
            id: None,
            at: None,
        }
    }

    /// With an id of its own, so that it can be sent twice.
    #[must_use]
    pub fn with_id(self, id: &str) -> Self {
        Self {
            id: Some(id.to_owned()),
            ..self
        }
    }
}

pub struct Sender {
    connection: &'static str,
    secret: String,
    key: Secret,
    net: Net,
    sent: AtomicU64,
}

impl Sender {
    pub fn new(connection: &'static str) -> anyhow::Result<Self> {
        let secret = format!("whsec_{}", STANDARD.encode([7; 32]));
        Ok(Self {
            connection,
            key: Secret::parse(&secret.clone().into())?,
            secret,
            net: Net::new(NetLimits::default())?,
            sent: AtomicU64::new(0),
        })
    }

    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Sends events as one batch; the answer's body, once it is acknowledged.
    pub async fn send(
        &self,
        to: SocketAddr,
        now: Instant,
        events: &[Event],
    ) -> anyhow::Result<Value> {
        let batch: Vec<_> = events
            .iter()
            .map(|event| self.cloud_event(event, now))
            .collect();
        let body = serde_json::to_vec(&batch)?;
        let id = format!("msg_{}", self.sent.fetch_add(1, Ordering::Relaxed));
        let timestamp_s = now.0.div_euclid(1000);
        let request = Request {
            method: Method::Post,
            url: format!("http://{to}/hooks/{}", self.connection),
            headers: vec![
                (
                    "content-type",
                    "application/cloudevents-batch+json".to_owned(),
                ),
                (
                    "webhook-signature",
                    standard_webhooks::sign(&self.key, &id, timestamp_s, &body),
                ),
                ("webhook-id", id),
                ("webhook-timestamp", timestamp_s.to_string()),
            ],
            body,
        };
        let answer = self.net.call(&request, Reach::Configured).await?;
        if answer.status != 200 {
            bail!(
                "answered {}: {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            );
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    fn cloud_event(&self, event: &Event, now: Instant) -> Value {
        let id = event.id.clone();
        let id =
            id.unwrap_or_else(|| format!("event-{}", self.sent.fetch_add(1, Ordering::Relaxed)));
        json!({
            "specversion": "1.0",
            "id": id,
            "source": "https://crm.acme.example",
            "type": event.kind,
            "subject": event.email,
            "time": event.at.unwrap_or(now).to_string(),
            "data": event.data,
        })
    }
}
