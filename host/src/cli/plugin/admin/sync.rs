//! `followup plugin sync`.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::candidate::Candidate;
use super::desk::{Desk, act, named};
use super::{offer, switch};
use crate::cli::{Common, block_on, print_json};
use crate::domain::install::{Running, Status};
use crate::plugins::{Lock, Locked, drift, fetch_locked};
use crate::store::DEFAULT_TENANT;

#[derive(Args)]
#[command(
    after_help = "followup.lock is the one that is believed: what it pins and is missing here is fetched again, by digest.
Where what is installed here is right and the lock is not, `--pin` writes the lock."
)]
pub(in crate::cli) struct Sync {
    /// Write the lock from what is installed and approved here.
    #[arg(long)]
    pin: bool,
    /// Approve what the lock pins without being asked.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Synced {
    differences: Vec<String>,
    fetched: Vec<String>,
}

impl Sync {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let desk = Desk::open(&self.common)?;
        if self.pin {
            desk.pin()?;
            println!("{} says what is installed here", desk.lock_file().display());
            return Ok(ExitCode::SUCCESS);
        }
        let lock = Lock::read(&desk.lock_file())?;
        let before: Vec<_> = drift(&lock, &desk.installs()?, &desk.shelf)
            .iter()
            .map(ToString::to_string)
            .collect();
        let mut fetched = Vec::new();
        for locked in lock.iter() {
            if self.bring(&desk, locked)? {
                fetched.push(format!("{} {}", locked.id, locked.version));
            }
        }
        let left: Vec<_> = drift(&lock, &desk.installs()?, &desk.shelf)
            .iter()
            .map(ToString::to_string)
            .collect();
        if self.common.json {
            print_json(&Synced {
                differences: left.clone(),
                fetched,
            })?;
        } else if before.is_empty() {
            println!("nothing differs");
        } else {
            for name in &fetched {
                println!("{name} is as the lock says");
            }
            for difference in &left {
                println!("{difference}");
            }
        }
        Ok(if left.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Makes this host have what is locked. Whether there was something to do.
    fn bring(&self, desk: &Desk, locked: &Locked) -> anyhow::Result<bool> {
        let (id, version) = (&locked.id, &locked.version);
        let here = desk.versions(id)?;
        let same = here
            .iter()
            .find(|it| it.version == *version && it.digest == locked.digest);
        let lies_here = desk.shelf.get(id, version, &locked.digest).is_ok();
        if same.is_some_and(|it| it.status != Status::Staged) && lies_here {
            return Ok(false);
        }
        let folder = std::env::current_dir()?;
        let supply = &desk.config.plugins.supply;
        let fetched = block_on(fetch_locked(locked, supply, &folder))??;
        let candidate = Candidate::of(desk, fetched, locked.source.clone())?;
        if candidate.asks.digest() != locked.approved {
            bail!(
                "{id} {version} asks for {}, and the lock says that {} was approved",
                candidate.asks.digest(),
                locked.approved
            );
        }
        let approved = same.is_some_and(|it| it.status != Status::Staged);
        if !approved {
            println!(
                "{}",
                offer::describe(&candidate.manifest, &candidate.fetched)
            );
            if !offer::agreed("The lock pins it. May it do this here?", self.yes)? {
                bail!("{id} {version} is not approved here");
            }
        }
        desk.shelf.put(
            id,
            version,
            &candidate.fetched.wasm,
            candidate.fetched.signature.as_deref(),
        )?;
        let install = candidate.install(Status::Approved);
        block_on(desk.store.stage(DEFAULT_TENANT, install.clone(), act()))??;
        let active = desk.active(id)?;
        if locked.active && active.is_none_or(|active| active.digest != locked.digest) {
            switch::check(desk, &candidate.manifest)?;
            switch::activate(desk, &install, Running::FinishOnOld)?;
        }
        // The same version with other bytes, which the lock does not know: gone, unless something
        // still runs on it, and then the difference stays and is told.
        for other in here
            .iter()
            .filter(|it| it.version == *version && it.digest != locked.digest)
        {
            let removed = block_on(desk.store.remove(DEFAULT_TENANT, named(other), act()))?;
            if removed.is_ok() {
                desk.shelf.remove(id, version, &other.digest)?;
            }
        }
        Ok(true)
    }
}
