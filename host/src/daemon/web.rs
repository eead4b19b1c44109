//! Everything that listens: the doors, and what an operator's machinery asks for.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::sync::watch;

use super::ready::Readiness;
use crate::clock::Clock;
use crate::domain::Instant;
use crate::figures::{self, FIGURES, Sort};
use crate::store;
use crate::store::backlog::Queue;
use crate::{ingest, recipient};

/// How often histograms are sorted into their buckets.
const UPKEEP_EVERY_MS: i64 = 5_000;

/// The routes of the whole server.
pub(super) fn app(
    door: ingest::Door,
    pages: recipient::Door,
    readiness: Readiness,
) -> anyhow::Result<Router> {
    let metrics = recorder()?;
    let figures = (Arc::clone(&readiness.store), Arc::clone(&readiness.clock));
    let operations = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(move || readiness.answer()))
        .route(
            "/metrics",
            get(move || {
                let ((store, clock), metrics) = (figures.clone(), metrics.clone());
                async move {
                    read_gauges(&store, clock.now()).await;
                    (
                        [("content-type", "text/plain; version=0.0.4")],
                        metrics.render(),
                    )
                }
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
            let mut builder = PrometheusBuilder::new();
            for figure in FIGURES {
                if let Sort::Histogram(ends) = figure.sort {
                    let name = Matcher::Full(figure.name.to_owned());
                    builder = builder
                        .set_buckets_for_metric(name, ends)
                        .map_err(|e| e.to_string())?;
                }
            }
            let handle = builder.install_recorder().map_err(|e| e.to_string())?;
            figures::describe();
            Ok(handle)
        })
        .clone()
        .map_err(anyhow::Error::msg)
        .context("no metrics")
}

/// Histograms gather what was recorded until somebody sorts it into buckets: asking for `/metrics` does, and
/// this where nobody asks.
pub(super) async fn keep_figures(clock: Arc<dyn Clock>, mut stopped: watch::Receiver<bool>) {
    let Ok(metrics) = recorder() else { return };
    while !*stopped.borrow() {
        metrics.run_upkeep();
        let next = clock.now().plus_ms(UPKEEP_EVERY_MS);
        tokio::select! {
            () = clock.sleep_until(next) => {}
            // An error means that the daemon is gone: stop as well.
            _ = stopped.wait_for(|stop| *stop) => {}
        }
    }
}

/// What waits, as it is now. Where the store cannot say, the figures stay as they were, and `/readyz` tells.
async fn read_gauges(store: &store::Shared, now: Instant) {
    let backlog = match store.backlog(now).await {
        Ok(backlog) => backlog,
        Err(e) => {
            tracing::warn!(error = %e, "the figures of what waits cannot be read");
            return;
        }
    };
    let age_s = |queue: Queue| queue.age_ms(now) as f64 / 1_000.0;
    let (undecided, contacts) = (backlog.undecided, backlog.contacts);
    metrics::gauge!("followup_events_undecided").set(undecided.length as f64);
    metrics::gauge!("followup_events_undecided_age_seconds").set(age_s(undecided));
    metrics::gauge!("followup_events_thin").set(backlog.thin.length as f64);
    metrics::gauge!("followup_contacts_due").set(contacts.length as f64);
    metrics::gauge!("followup_contacts_due_age_seconds").set(age_s(contacts));
    metrics::gauge!("followup_messages_due").set(backlog.messages.length as f64);
    metrics::gauge!("followup_messages_due_age_seconds").set(age_s(backlog.messages));
    metrics::gauge!("followup_messages_sending").set(backlog.sending as f64);
    metrics::gauge!("followup_messages_in_doubt").set(backlog.in_doubt as f64);
    metrics::gauge!("followup_messages_held").set(backlog.held as f64);
    metrics::gauge!("followup_writebacks_due").set(backlog.writebacks.length as f64);
    metrics::gauge!("followup_writebacks_due_age_seconds").set(age_s(backlog.writebacks));
    metrics::gauge!("followup_writebacks_troubled").set(backlog.troubled_writes as f64);
}
