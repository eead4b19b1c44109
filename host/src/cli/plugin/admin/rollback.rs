//! `followup plugin rollback`.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::desk::{Desk, act};
use super::{offer, switch};
use crate::cli::{Common, block_on, print_json};
use crate::domain::install::Status;
use crate::store::DEFAULT_TENANT;

#[derive(Args)]
#[command(
    after_help = "Enrollments that the later version wrote to nobody for go back to what they were before it, and are
asked again. The others finish on the later version: what was sent is not sent twice."
)]
pub(in crate::cli) struct Rollback {
    /// The plugin's id.
    plugin: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    common: Common,
}

impl Rollback {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let desk = Desk::open(&self.common)?;
        let id = &self.plugin;
        let active = desk
            .active(id)?
            .with_context(|| format!("no version of {id} is active"))?;
        let before = desk
            .versions(id)?
            .into_iter()
            .filter(|install| install.status == Status::Retired)
            .max_by_key(|install| install.retired_at)
            .with_context(|| {
                format!("{id} has no version before: there is nothing to go back to")
            })?;
        switch::check(&desk, &switch::manifest_of(&desk.shelf, &before)?)?;
        let question = format!("Go back from {} to {}?", active.version, before.version);
        if !offer::agreed(&question, self.yes)? {
            return Ok(ExitCode::FAILURE);
        }
        let moved = block_on(desk.store.roll_back(DEFAULT_TENANT, id, act()))??;
        desk.pin()?;
        if self.common.json {
            print_json(&moved)?;
        } else {
            println!("{id} {} is active; {}", moved.version, switch::told(&moved));
        }
        Ok(ExitCode::SUCCESS)
    }
}
