//! A collector of traces: OTLP over HTTP, in protobuf, as OpenTelemetry's own.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

#[derive(Clone)]
pub struct FakeCollector {
    pub url: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    spans: Vec<Collected>,
    headers: Vec<HeaderMap>,
}

/// A span, as it arrived.
#[derive(Debug, Clone)]
pub struct Collected {
    pub service: String,
    pub span: Span,
}

impl Collected {
    pub fn attribute(&self, key: &str) -> Option<String> {
        text(&self.span.attributes, key)
    }
}

impl FakeCollector {
    pub async fn start() -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let app = Router::new()
            .route("/v1/traces", post(take))
            .with_state(Arc::clone(&seen));
        Self {
            url: format!("{}/v1/traces", super::serve(app).await),
            seen,
        }
    }

    pub fn spans(&self) -> Vec<Collected> {
        self.seen.lock().expect("unpoisoned").spans.clone()
    }

    /// The values of a header, of all requests.
    pub fn header(&self, name: &str) -> Vec<String> {
        let seen = self.seen.lock().expect("unpoisoned");
        let values = seen.headers.iter().filter_map(|headers| headers.get(name));
        values
            .map(|value| value.to_str().expect("ASCII").to_owned())
            .collect()
    }
}

async fn take(State(seen): State<Arc<Mutex<Seen>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return StatusCode::BAD_REQUEST;
    };
    let mut seen = seen.lock().expect("unpoisoned");
    seen.headers.push(headers);
    for of_resource in request.resource_spans {
        let attributes = of_resource.resource.unwrap_or_default().attributes;
        let service = text(&attributes, "service.name").unwrap_or_default();
        let spans = of_resource
            .scope_spans
            .into_iter()
            .flat_map(|scope| scope.spans);
        seen.spans.extend(spans.map(|span| Collected {
            service: service.clone(),
            span,
        }));
    }
    StatusCode::OK
}

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}
