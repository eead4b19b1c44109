//! `followup serve`.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{load, logs};
use crate::clock::SystemClock;
use crate::daemon::{Daemon, Loops};

#[derive(Args)]
pub(super) struct Serve {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "followup.toml")]
    config: std::path::PathBuf,
}

impl Serve {
    /// Prints one line to stdout when webhooks are taken in: `listening on http://ADDRESS`. Stops on
    /// SIGTERM and SIGINT, finishing what is under way.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        logs::start("info");
        let Some(setup) = load::setup(&self.config)? else {
            return Ok(ExitCode::FAILURE);
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            // Listened for before the line is printed: who reads it may send a signal at once.
            let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
            let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be heard")?;
            let daemon = Daemon::start(
                &setup.config,
                setup.validated,
                setup.plugins,
                Arc::new(SystemClock),
                Loops::Run,
            )
            .await?;
            println!("listening on http://{}", daemon.address);
            std::io::stdout().flush()?;
            tokio::select! {
                _ = terminate.recv() => tracing::info!("SIGTERM: stopping"),
                _ = interrupt.recv() => tracing::info!("SIGINT: stopping"),
            }
            daemon.stop().await;
            Ok(ExitCode::SUCCESS)
        })
    }
}
