//! `followup plugin approve`.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use super::desk::{Desk, act, named};
use super::{offer, switch};
use crate::cli::{Common, block_on, print_json};
use crate::domain::install::{Running, Status};
use crate::store::DEFAULT_TENANT;

#[derive(Args)]
pub(in crate::cli) struct Approve {
    /// `ID` or `ID@VERSION`; without a version, the newest that is staged.
    plugin: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Approve only if what it asks for has this digest.
    #[arg(long, value_name = "DIGEST")]
    digest: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Approve {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let desk = Desk::open(&self.common)?;
        let install = desk.version(&self.plugin, &[Status::Staged])?;
        let (id, version) = (&install.plugin, &install.version);
        if install.status != Status::Staged {
            bail!("{id} {version} is {} already", install.status.as_str());
        }
        let manifest = switch::manifest_of(&desk.shelf, &install)?;
        if !self.common.json {
            println!("{id} {version}\n{}", offer::powers(&manifest));
            if let Some(active) = desk.active(id)? {
                for more in install.asks.beyond(&active.asks) {
                    println!("  more than {}: {more}", active.version);
                }
            }
        }
        let agreed = match &self.digest {
            Some(digest) if *digest != install.asks_digest => bail!(
                "{id} {version} asks for what has the digest {}, not {digest}",
                install.asks_digest
            ),
            Some(_) => true,
            None => offer::agreed("May it do this?", self.yes)?,
        };
        if !agreed {
            println!("{id} {version} stays staged");
            return Ok(ExitCode::FAILURE);
        }
        block_on(desk.store.approve(DEFAULT_TENANT, named(&install), act()))??;
        desk.pin()?;
        let active = desk.active(id)?;
        if active.is_none() {
            switch::check(&desk, &manifest)?;
            switch::activate(&desk, &install, Running::FinishOnOld)?;
            desk.pin()?;
        }
        if self.common.json {
            print_json(&desk.version(&format!("{id}@{version}"), &[])?)?;
        } else if let Some(active) = active {
            println!(
                "{id} {version} is approved; {} runs on until `followup plugin upgrade {id}@{version}`",
                active.version
            );
        } else {
            println!("{id} {version} is approved and active");
        }
        Ok(ExitCode::SUCCESS)
    }
}
