//! Where an administrator works: configuration, store, lock and shelf, looked at together.
//!
//! Each change goes to the shelf first, then to the store, then to the lock: a crash in between is
//! drift, which the next start names, and nothing that runs without having been approved.

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::cli::{Common, block_on, load};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::domain::install::{Install, Status};
use crate::plugins::{Lock, Shelf};
use crate::store::installs::{Act, Named};
use crate::store::{DEFAULT_TENANT, Shared};

pub(super) struct Desk {
    pub(super) config: Config,
    pub(super) store: Shared,
    pub(super) shelf: Shelf,
}

impl Desk {
    pub(super) fn open(common: &Common) -> anyhow::Result<Self> {
        let config = load::survey(&common.config)?;
        Ok(Self {
            store: load::write_store(&config)?,
            shelf: config.plugins.shelf(),
            config,
        })
    }

    pub(super) fn installs(&self) -> anyhow::Result<Vec<Install>> {
        Ok(block_on(self.store.installs(DEFAULT_TENANT))??)
    }

    /// The versions of a plugin, oldest first.
    pub(super) fn versions(&self, id: &str) -> anyhow::Result<Vec<Install>> {
        let mut installs = self.installs()?;
        installs.retain(|install| install.plugin == id);
        Ok(installs)
    }

    /// The one that `ID` or `ID@VERSION` means; without a version the newest with that standing.
    pub(super) fn version(&self, text: &str, standing: &[Status]) -> anyhow::Result<Install> {
        let (id, version) = split(text);
        let versions = self.versions(id)?;
        if versions.is_empty() {
            bail!("{id} is not installed: see `followup plugin list`");
        }
        let found = versions.iter().rev().find(|install| match version {
            Some(version) => install.version == version,
            None => standing.contains(&install.status),
        });
        found.cloned().with_context(|| {
            let known: Vec<_> = versions
                .iter()
                .map(|install| format!("{} ({})", install.version, install.status.as_str()))
                .collect();
            format!("{text}: there is none such among {}", known.join(", "))
        })
    }

    pub(super) fn active(&self, id: &str) -> anyhow::Result<Option<Install>> {
        let mut versions = self.versions(id)?;
        versions.retain(|install| install.status == Status::Active);
        Ok(versions.pop())
    }

    /// Writes down what is installed now.
    pub(super) fn pin(&self) -> anyhow::Result<()> {
        Ok(Lock::of(&self.installs()?).write(&self.lock_file())?)
    }

    pub(super) fn lock_file(&self) -> PathBuf {
        self.config.plugins.lock.clone()
    }
}

/// `ID` or `ID@VERSION`.
pub(super) fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once('@') {
        Some((id, version)) => (id, Some(version)),
        None => (text, None),
    }
}

pub(super) fn named(install: &Install) -> Named {
    Named {
        plugin: install.plugin.clone(),
        digest: install.digest.clone(),
    }
}

/// Whoever sits at the terminal, for the record.
pub(super) fn act() -> Act {
    let name = |key: &str| std::env::var(key).ok().filter(|name| !name.is_empty());
    Act {
        at: SystemClock.now(),
        who: name("SUDO_USER")
            .or_else(|| name("USER"))
            .unwrap_or_else(|| "unknown".to_owned()),
    }
}
