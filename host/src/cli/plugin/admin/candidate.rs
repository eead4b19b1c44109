//! A plugin that was fetched and looked at: everything is known of it, and none of its code has run.

use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::ProgressBar;

use super::desk::Desk;
use crate::cli::{block_on, load};
use crate::clock::{Clock, SystemClock};
use crate::daemon;
use crate::domain::install::{Install, Running, Status};
use crate::domain::manifest::{Asks, Manifest};
use crate::embedded::EMBEDDED;
use crate::plugins::{Fetched, Source, fetch};

/// How often the line that says what is going on moves.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

pub(super) struct Candidate {
    pub(super) manifest: Manifest,
    pub(super) asks: Asks,
    pub(super) fetched: Fetched,
    /// As it was typed.
    pub(super) source: String,
}

impl Candidate {
    /// Fetches, checks the signature, and compiles in a process of its own.
    pub(super) fn get(desk: &Desk, source: &str) -> anyhow::Result<Self> {
        let folder = std::env::current_dir()?;
        let parsed = Source::parse(source, &folder)?;
        let typed = match &parsed {
            // Found again from any folder.
            Source::File(path)
            | Source::Folder {
                folder: path,
                pick: None,
            } => path.canonicalize()?.display().to_string(),
            Source::Folder {
                folder,
                pick: Some(pick),
            } => {
                format!("{}/{pick}", folder.canonicalize()?.display())
            }
            Source::Registry(reference) => reference.to_string(),
        };
        let line = progress(format!("fetching {parsed}"));
        let fetched = block_on(fetch(&parsed, &desk.config.plugins.supply))??;
        line.finish_and_clear();
        let candidate = Self::of(desk, fetched, typed)?;
        candidate.must_be_news(desk)?;
        Ok(candidate)
    }

    fn must_be_news(&self, desk: &Desk) -> anyhow::Result<()> {
        let Manifest { id, version, .. } = &self.manifest;
        let other = desk
            .versions(id)?
            .into_iter()
            .find(|install| install.version == *version && install.digest != self.fetched.digest);
        match other {
            Some(other) => bail!(
                "{id} {version} is installed already, as {}, and this is {}: a version is one component for ever; its author has to raise the version",
                other.digest,
                self.fetched.digest
            ),
            None => Ok(()),
        }
    }

    /// What was fetched already, its signature judged.
    pub(super) fn of(desk: &Desk, fetched: Fetched, source: String) -> anyhow::Result<Self> {
        let sandbox = daemon::open_sandbox(load::compiler()?, &desk.config)?;
        let kib = fetched.wasm.len().div_ceil(1024);
        let line = progress(format!("compiling {} ({kib} KiB)", fetched.resolved));
        let plugin = sandbox
            .load(&fetched.wasm)
            .with_context(|| fetched.resolved.clone())?;
        line.finish_and_clear();
        let manifest = plugin.manifest().clone();
        let id = &manifest.id;
        if EMBEDDED.iter().any(|(built_in, _)| built_in == id) {
            bail!("{id} is the id of a plugin that is built in: its author has to choose another");
        }
        Ok(Self {
            asks: Asks::of(&manifest),
            manifest,
            fetched,
            source,
        })
    }

    /// As it goes into the store.
    pub(super) fn install(&self, status: Status) -> Install {
        let now = SystemClock.now();
        Install {
            plugin: self.manifest.id.clone(),
            version: self.manifest.version.clone(),
            kind: self.manifest.kind,
            digest: self.fetched.digest.clone(),
            source: self.source.clone(),
            resolved: self.fetched.resolved.clone(),
            signer: self.fetched.signer.name().map(str::to_owned),
            asks: self.asks.clone(),
            asks_digest: self.asks.digest(),
            status,
            running: Running::FinishOnOld,
            added_at: now,
            approved_at: (status == Status::Approved).then_some(now),
            activated_at: None,
            retired_at: None,
        }
    }
}

/// A line on the terminal while something takes its time; nothing elsewhere.
fn progress(what: String) -> ProgressBar {
    let line = ProgressBar::new_spinner().with_message(what);
    line.enable_steady_tick(PROGRESS_EVERY);
    line
}
