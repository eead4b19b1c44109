//! `followup connections`: what is connected, and what it makes of a webhook.

mod list;
mod replay;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Common;

/// `followup connections` alone lists them.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Connections {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    common: Common,
}

#[derive(Subcommand)]
enum Command {
    /// Every connection: its kind, what its webhooks prove, what it can do.
    List(Common),
    /// What a connection makes of a captured webhook. Nothing is stored.
    Test(replay::Test),
}

impl Connections {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            None => list::run(&self.common),
            Some(Command::List(common)) => list::run(&common),
            Some(Command::Test(command)) => command.run(),
        }
    }
}
