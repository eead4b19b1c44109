//! From our spans to the library's, and to the collector.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::HttpClient;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor,
};
use secrecy::{ExposeSecret, SecretString};

use super::ids::Ids;
use super::{Sort, Span, install};
use crate::domain::Instant;

/// How long a stop waits for the spans that have not left yet.
const FLUSH_MAX: Duration = Duration::from_secs(5);
/// The longest reason of a failure that is told.
const FAILURE_MAX_CHARS: usize = 300;

/// Where traces go.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The whole address: `http://127.0.0.1:4318/v1/traces`.
    pub endpoint: String,
    /// `name=value,other=value`, as `OTEL_EXPORTER_OTLP_HEADERS` has it.
    pub headers: Option<SecretString>,
    /// The share of events that are traced.
    pub sample_ratio: f64,
    pub service_name: String,
    pub timeout_ms: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("traces cannot be exported: {0}")]
pub struct Error(#[from] ExporterBuildError);

/// Traces are collected from here on, until it is stopped.
pub struct Collecting(Arc<Recorder>);

/// Begins to collect, with a client that is ours.
pub fn start(settings: &Settings, client: impl HttpClient + 'static) -> Result<Collecting, Error> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(&settings.endpoint)
        .with_headers(headers(settings.headers.as_ref()))
        .with_timeout(Duration::from_millis(settings.timeout_ms))
        .build()?;
    // Queue and batches are limited by the library (2,048 and 512 spans), or by OTEL_BSP_*.
    let mut spans = BatchSpanProcessor::builder(exporter).build();
    let version = env!("CARGO_PKG_VERSION");
    let resource = Resource::builder()
        .with_service_name(settings.service_name.clone())
        .with_attribute(KeyValue::new("service.version", version))
        .build();
    spans.set_resource(&resource);
    let recorder = Arc::new(Recorder {
        spans,
        scope: InstrumentationScope::builder("followup")
            .with_version(version)
            .build(),
        below: threshold(settings.sample_ratio),
    });
    install(Some(Arc::clone(&recorder)));
    Ok(Collecting(recorder))
}

impl Collecting {
    /// Sends what is left, and waits for it: not for a thread that others need.
    pub fn stop(self) {
        install(None);
        if let Err(e) = self.0.spans.shutdown_with_timeout(FLUSH_MAX) {
            tracing::warn!(error = %e, "the last traces were not collected");
        }
    }
}

#[derive(Debug)]
pub(super) struct Recorder {
    spans: BatchSpanProcessor,
    scope: InstrumentationScope,
    /// Traces whose ids end in a smaller number are recorded.
    below: u128,
}

impl Recorder {
    /// By the id, so that every loop, host and process decides alike.
    pub(super) fn samples(&self, ids: &Ids) -> bool {
        let end: [u8; 8] = ids.trace[8..].try_into().expect("16 bytes have 8");
        u128::from(u64::from_be_bytes(end)) < self.below
    }

    pub(super) fn record(&self, ids: &Ids, span: Span) {
        let attributes = span.attributes.into_iter();
        let links = span.link.map(|remote| {
            let context = context(remote.trace, remote.span, true);
            Link::new(context, Vec::new(), 0)
        });
        let mut spans = SpanLinks::default();
        spans.links.extend(links);
        let start_time = time(span.began_at);
        self.spans.on_end(SpanData {
            span_context: context(TraceId::from_bytes(ids.trace), ids.span(&span.place), false),
            parent_span_id: ids.parent(&span.place),
            parent_span_is_remote: false,
            span_kind: match span.sort {
                Sort::Server => SpanKind::Server,
                Sort::Client => SpanKind::Client,
                Sort::Internal => SpanKind::Internal,
            },
            name: span.name.into(),
            start_time,
            end_time: start_time + span.took,
            attributes: attributes
                .map(|(key, value)| KeyValue::new(key, value))
                .collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: spans,
            status: span.failure.map_or(Status::Unset, |why| {
                Status::error(why.chars().take(FAILURE_MAX_CHARS).collect::<String>())
            }),
            instrumentation_scope: self.scope.clone(),
        });
    }
}

fn context(trace: TraceId, span: SpanId, is_remote: bool) -> SpanContext {
    SpanContext::new(
        trace,
        span,
        TraceFlags::SAMPLED,
        is_remote,
        TraceState::default(),
    )
}

fn time(at: Instant) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(at.0.max(0) as u64)
}

/// Of all 64-bit numbers, the share below it.
fn threshold(ratio: f64) -> u128 {
    (ratio.clamp(0.0, 1.0) * 2f64.powi(64)) as u128
}

fn headers(told: Option<&SecretString>) -> HashMap<String, String> {
    let told = told.map(ExposeSecret::expose_secret).unwrap_or_default();
    let pairs = told.split(',').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_written_as_in_the_environment() {
        let told = SecretString::from("authorization=Bearer a=b, x-team = 7");
        let read = headers(Some(&told));
        assert_eq!(read.len(), 2);
        assert_eq!(read["authorization"], "Bearer a=b");
        assert_eq!(read["x-team"], "7");
        assert!(headers(None).is_empty());
    }

    #[test]
    fn a_share_of_all_events_is_traced() {
        assert_eq!(threshold(0.0), 0);
        assert_eq!(threshold(1.0), 1 << 64);
        let below = threshold(0.25);
        let traced = (0..4_000)
            .filter(|number| {
                let ids = Ids::of(&format!("evt_{number}"));
                let end: [u8; 8] = ids.trace[8..].try_into().expect("8 bytes");
                u128::from(u64::from_be_bytes(end)) < below
            })
            .count();
        assert!((900..1_100).contains(&traced), "{traced}");
    }
}
