//! Everything that listens: the doors, and what an operator's machinery asks for.

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::store;
use crate::{ingest, recipient};

/// The routes of the whole server.
pub(super) fn app(
    door: ingest::Door,
    pages: recipient::Door,
    store: store::Shared,
) -> anyhow::Result<Router> {
    let metrics = recorder()?;
    let operations = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(store)
        .route(
            "/metrics",
            get(move || {
                let text = metrics.render();
                async move { ([("content-type", "text/plain; version=0.0.4")], text) }
            }),
        );
    Ok(ingest::router(door)
        .merge(recipient::router(pages))
        .merge(operations))
}

/// The process has one recorder of metrics, however many daemons (tests) it starts.
fn recorder() -> anyhow::Result<PrometheusHandle> {
    static RECORDER: std::sync::OnceLock<Result<PrometheusHandle, String>> =
        std::sync::OnceLock::new();
    RECORDER
        .get_or_init(|| {
            PrometheusBuilder::new()
                .install_recorder()
                .map_err(|e| e.to_string())
        })
        .clone()
        .map_err(anyhow::Error::msg)
        .context("no metrics")
}

/// 200 while the store answers and takes writes; 503 else, so that a load balancer looks elsewhere.
async fn ready(State(store): State<store::Shared>) -> (StatusCode, String) {
    match store.check().await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(e) => {
            tracing::error!(error = %e, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the store is unavailable\n".to_owned(),
            )
        }
    }
}
