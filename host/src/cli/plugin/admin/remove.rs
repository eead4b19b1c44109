//! `followup plugin remove`.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use super::desk::{Desk, act, named};
use crate::cli::{Common, block_on, print_json};
use crate::domain::install::Status;
use crate::store::DEFAULT_TENANT;

#[derive(Args)]
pub(in crate::cli) struct Remove {
    /// `ID` or `ID@VERSION`; without a version, the newest that does not run.
    plugin: String,
    #[command(flatten)]
    common: Common,
}

impl Remove {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let desk = Desk::open(&self.common)?;
        let idle = [
            Status::Staged,
            Status::Approved,
            Status::Retired,
            Status::Active,
        ];
        let install = desk.version(&self.plugin, &idle)?;
        let id = &install.plugin;
        if install.status == Status::Active
            && let Some(user) = desk.config.user_of(id)
        {
            bail!(
                "{id} {} is active, and {user} uses it: take it out there first",
                install.version
            );
        }
        block_on(desk.store.remove(DEFAULT_TENANT, named(&install), act()))??;
        desk.shelf.remove(id, &install.version, &install.digest)?;
        desk.pin()?;
        if self.common.json {
            print_json(&install)?;
        } else {
            println!("{id} {} is removed", install.version);
        }
        Ok(ExitCode::SUCCESS)
    }
}
