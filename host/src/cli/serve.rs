//! `followup serve`.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::load::{self, Setup};
use super::logs;
use crate::clock::SystemClock;
use crate::daemon::{Daemon, Listener, Loops};
use crate::store::place::Place;

#[derive(Args)]
pub(super) struct Serve {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "followup.toml")]
    config: std::path::PathBuf,
    /// How log lines are written to stderr.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = logs::Format::Auto)]
    log_format: logs::Format,
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
    /// SIGTERM and SIGINT, finishing what is under way. On SIGHUP, and when another version of a plugin
    /// is activated, it reads everything anew and goes on with that, unless something is wrong with it.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        logs::start("info", self.log_format);
        let Some(setup) = load::setup(&self.config)? else {
            return Ok(ExitCode::FAILURE);
        };
        let _lock = match &setup.config.store.place {
            Place::File(path, _) => Some(lock(path)?),
            // Any number of hosts share it.
            Place::Server(_) => None,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.serve(setup))
    }

    async fn serve(&self, mut setup: Setup) -> anyhow::Result<ExitCode> {
        // Listened for before the line is printed: who reads it may send a signal at once.
        let mut signals = Signals::new()?;
        let listener = Listener::bind(setup.config.server.listen)?;
        let mut told = false;
        loop {
            let (url, place) = (setup.config.server.listen, setup.config.store.place.clone());
            let daemon = Daemon::start_on(
                &listener,
                &setup.config,
                setup.validated,
                setup.plugins,
                Arc::new(SystemClock),
                Loops::Run,
            )
            .await?;
            if !told {
                println!("listening on http://{}", daemon.address);
                std::io::stdout().flush()?;
                told = true;
            }
            let next = loop {
                match signals.wait(&daemon).await {
                    Call::Stop => break None,
                    Call::Reload => {}
                }
                match tokio::task::block_in_place(|| load::setup(&self.config)) {
                    Ok(Some(next))
                        if next.config.server.listen != url
                            || !next.config.store.place.is_same(&place) =>
                    {
                        tracing::error!(
                            "server.listen and store.url change with a restart only: going on as before"
                        );
                    }
                    Ok(Some(next)) => break Some(next),
                    Ok(None) => {
                        tracing::error!("the new configuration is wrong: going on as before");
                    }
                    Err(e) => tracing::error!("going on as before: {e:#}"),
                }
            };
            let Some(next) = next else {
                // Whoever calls now is turned away at once, and not kept waiting until we are gone.
                drop(listener);
                daemon.stop().await;
                return Ok(ExitCode::SUCCESS);
            };
            daemon.stop().await;
            setup = next;
        }
    }
}

/// What somebody asks of a running server.
enum Call {
    Stop,
    Reload,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let hear =
            |kind, name: &str| signal(kind).with_context(|| format!("{name} cannot be heard"));
        Ok(Self {
            terminate: hear(SignalKind::terminate(), "SIGTERM")?,
            interrupt: hear(SignalKind::interrupt(), "SIGINT")?,
            hangup: hear(SignalKind::hangup(), "SIGHUP")?,
        })
    }

    async fn wait(&mut self, daemon: &Daemon) -> Call {
        let (call, why) = tokio::select! {
            _ = self.terminate.recv() => (Call::Stop, "SIGTERM: stopping"),
            _ = self.interrupt.recv() => (Call::Stop, "SIGINT: stopping"),
            _ = self.hangup.recv() => (Call::Reload, "SIGHUP: reading everything anew"),
            () = daemon.store.bells().plugins.notified() => {
                (Call::Reload, "another version of a plugin was activated: reading everything anew")
            }
        };
        tracing::info!("{why}");
        call
    }
}
