//! `followup serve`.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
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

/// Held while the process lives, kill -9 included: two hosts on one file would each take the
/// other's calls for cut off.
fn lock(store: &Path) -> anyhow::Result<File> {
    let path = store.with_added_extension("lock");
    let shown = path.display();
    let file =
        File::create(&path).with_context(|| format!("{shown} cannot be written (store.url)"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!(
                "another `followup serve` uses {}: stop it first",
                store.display()
            )
        }
        Err(TryLockError::Error(e)) => Err(e).with_context(|| format!("{shown} cannot be locked")),
    }
}

impl Serve {
    /// Prints one line to stdout when webhooks are taken in: `listening on http://ADDRESS`. Stops on
    /// SIGTERM and SIGINT, finishing what is under way.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        logs::start("info");
        let Some(setup) = load::setup(&self.config)? else {
            return Ok(ExitCode::FAILURE);
        };
        let _lock = lock(&setup.config.store.path)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            // Listened for before the line is printed: who reads it may send a signal at once.
            let mut terminate =
                signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
            let mut interrupt =
                signal(SignalKind::interrupt()).context("SIGINT cannot be heard")?;
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
