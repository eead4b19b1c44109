//! `followup plugin add`.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::candidate::Candidate;
use super::desk::{Desk, act};
use super::{offer, switch};
use crate::cli::{Common, block_on, print_json};
use crate::domain::install::{Running, Status};
use crate::domain::manifest::Asks;
use crate::store::DEFAULT_TENANT;

#[derive(Args)]
#[command(after_help = "Examples:
  followup plugin add ./webinar.wasm
  followup plugin add ghcr.io/acme/webinar-no-show:1.2
  followup plugin add ./catalogue/webinar@1.2.0 --yes")]
pub(in crate::cli) struct Add {
    /// A .wasm file, a folder, a plugin in a folder, or a registry's artifact.
    source: String,
    /// Approve what it asks for without being asked.
    #[arg(long)]
    yes: bool,
    /// Approve only if what it asks for has this digest: for scripts that were written by somebody who
    /// looked.
    #[arg(long, value_name = "DIGEST")]
    approve: Option<String>,
    /// Fetch, check and compile, and leave it at that: nothing runs before `followup plugin approve`.
    #[arg(long, conflicts_with_all = ["yes", "approve"])]
    stage: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Added {
    plugin: String,
    version: String,
    digest: String,
    signer: Option<String>,
    asks: Asks,
    asks_digest: String,
    status: Status,
}

impl Add {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let desk = Desk::open(&self.common)?;
        let candidate = Candidate::get(&desk, &self.source)?;
        let quiet = self.common.json;
        if !quiet {
            println!(
                "{}",
                offer::describe(&candidate.manifest, &candidate.fetched)
            );
            println!("  all of this has the digest {}\n", candidate.asks.digest());
        }
        let status = self.standing(&desk, &candidate)?;
        let install = candidate.install(status);
        let (id, version) = (install.plugin.clone(), install.version.clone());
        desk.shelf.put(
            &id,
            &version,
            &candidate.fetched.wasm,
            candidate.fetched.signature.as_deref(),
        )?;
        block_on(desk.store.stage(DEFAULT_TENANT, install.clone(), act()))??;
        // Before it is activated: a server that hears of it finds the lock written.
        desk.pin()?;
        let mut told = Added {
            plugin: id.clone(),
            version: version.clone(),
            digest: install.digest.clone(),
            signer: install.signer.clone(),
            asks: install.asks.clone(),
            asks_digest: install.asks_digest.clone(),
            status,
        };
        let active = desk.active(&id)?;
        if status == Status::Approved && active.is_none() {
            switch::check(&desk, &candidate.manifest)?;
            switch::activate(&desk, &install, Running::FinishOnOld)?;
            told.status = Status::Active;
        }
        desk.pin()?;
        if quiet {
            print_json(&told)?;
            return Ok(ExitCode::SUCCESS);
        }
        match (told.status, active) {
            (Status::Active, _) => println!("{id} {version} is installed and active"),
            (Status::Approved, Some(active)) => println!(
                "{id} {version} is approved; {} runs on until `followup plugin upgrade {id}@{version}`",
                active.version
            ),
            _ => println!(
                "{id} {version} is staged and does not run: approve it with `followup plugin approve {id}@{version}`"
            ),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What it asks for is approved by the administrator now, or was before.
    fn standing(&self, desk: &Desk, candidate: &Candidate) -> anyhow::Result<Status> {
        if self.stage {
            return Ok(Status::Staged);
        }
        let digest = candidate.asks.digest();
        let agreed = match &self.approve {
            Some(expected) if *expected != digest => bail!(
                "{} {} asks for what has the digest {digest}, not {expected}: look at it with `followup plugin add --stage`",
                candidate.manifest.id,
                candidate.manifest.version
            ),
            Some(_) => true,
            None => {
                switch::asks_no_more(desk, candidate)?
                    || offer::agreed("May it do this?", self.yes)?
            }
        };
        Ok(if agreed {
            Status::Approved
        } else {
            Status::Staged
        })
    }
}
