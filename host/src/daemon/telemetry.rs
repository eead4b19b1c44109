//! Traces, where they are configured.

use crate::config::Config;
use crate::net::{Net, NetLimits};
use crate::traces::{self, Collecting, Settings};

/// Collected from here on; none where nobody asked for it.
pub(super) fn start(config: &Config) -> anyhow::Result<Option<Collecting>> {
    let told = &config.telemetry;
    let Some(endpoint) = &told.endpoint else {
        return Ok(None);
    };
    let net = Net::new(NetLimits {
        total_timeout_ms: told.timeout_ms,
        ..NetLimits::default()
    })?;
    let settings = Settings {
        endpoint: endpoint.clone(),
        headers: told.headers.clone(),
        sample_ratio: told.sample_ratio,
        service_name: told.service_name.clone(),
        timeout_ms: told.timeout_ms,
    };
    Ok(Some(traces::start(&settings, net.collector())?))
}

/// What was recorded last leaves; the library waits on the thread that asks it to.
pub(super) async fn stop(collecting: Option<Collecting>) {
    if let Some(collecting) = collecting {
        let stopped = tokio::task::spawn_blocking(move || collecting.stop());
        // It does not panic, and if it did the host stops all the same.
        let _ = stopped.await;
    }
}
