//! `followup plugin`: what authors of plugins do, from an empty folder to a registry, and what
//! administrators do with what comes out of it. One file per command.

mod list;
mod new;
mod sdk;
mod template;

use std::process::ExitCode;

use clap::Subcommand;

use super::Common;

#[derive(Subcommand)]
pub(super) enum Plugin {
    /// Write a folder with a plugin that builds and passes its own test.
    New(new::New),
    /// The plugins in the binary and those the configuration names.
    List(Common),
}

impl Plugin {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::New(command) => command.run(),
            Self::List(common) => list::run(&common),
        }
    }
}
