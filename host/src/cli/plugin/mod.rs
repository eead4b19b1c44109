//! `followup plugin`: what authors of plugins do, from an empty folder to a registry, and what
//! administrators do with what comes out of it. One file per command.

mod bench;
mod build;
mod inspect;
mod list;
mod new;
mod replay;
pub mod scenario;
mod sdk;
mod sign;
mod stopwatch;
mod template;
mod test;
mod toolchain;

use std::process::ExitCode;

use clap::Subcommand;

use super::Common;

#[derive(Subcommand)]
pub(super) enum Plugin {
    /// Write a folder with a plugin that builds and passes its own test.
    New(new::New),
    /// Build a plugin's folder into the component that is published.
    Build(build::Build),
    /// Make that component of what a language's tools built already.
    Pack(build::Pack),
    /// What a component says of itself: what it asks for, imports, exports, and who signed it.
    Inspect(inspect::Inspect),
    /// Play a plugin's scenarios in the production sandbox.
    Test(test::Test),
    /// What each call of the scenarios takes: time, fuel, memory.
    Bench(bench::Bench),
    /// Make recorded decisions again with another component, and show what differs.
    Replay(replay::Replay),
    /// Make a publisher's key pair.
    Keygen(sign::Keygen),
    /// Sign a component.
    Sign(sign::Sign),
    /// Push a component to a registry, its signature with it.
    Push(sign::Push),
    /// The plugins in the binary and those the configuration names.
    List(Common),
}

impl Plugin {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::New(command) => command.run(),
            Self::Build(command) => command.run(),
            Self::Pack(command) => command.run(),
            Self::Inspect(command) => command.run(),
            Self::Test(command) => command.run(),
            Self::Bench(command) => command.run(),
            Self::Replay(command) => command.run(),
            Self::Keygen(command) => command.run(),
            Self::Sign(command) => command.run(),
            Self::Push(command) => command.run(),
            Self::List(common) => list::run(&common),
        }
    }
}
