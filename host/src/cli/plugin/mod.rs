//! `followup plugin`: for those who write plugins, and for those who install them.

mod add;
mod approve;
mod candidate;
mod desk;
mod list;
mod offer;
mod preview;
mod remove;
mod resume;
mod rollback;
mod show;
mod switch;
mod sync;
mod upgrade;

use std::process::ExitCode;

use clap::Subcommand;

use super::Common;

#[derive(Subcommand)]
pub(super) enum Plugin {
    /// Fetch a plugin from a file, a folder or a registry, show what it asks for, and install it.
    Add(add::Add),
    /// Let a staged version do what it asks for.
    Approve(approve::Approve),
    /// Every plugin there is: built in, from files, installed.
    List(Common),
    /// One plugin: what it may do, its versions, how it fares, who did what.
    Show(show::Show),
    /// Go over to another version, and say what becomes of running enrollments.
    Upgrade(upgrade::Upgrade),
    /// Go back to the version before.
    Rollback(rollback::Rollback),
    /// Ask a parked plugin again.
    Resume(resume::Resume),
    /// Forget a version that runs nowhere.
    Remove(remove::Remove),
    /// Make this host agree with followup.lock.
    Sync(sync::Sync),
}

impl Plugin {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Add(command) => command.run(),
            Self::Approve(command) => command.run(),
            Self::List(common) => list::run(&common),
            Self::Show(command) => command.run(),
            Self::Upgrade(command) => command.run(),
            Self::Rollback(command) => command.run(),
            Self::Resume(command) => command.run(),
            Self::Remove(command) => command.run(),
            Self::Sync(command) => command.run(),
        }
    }
}
