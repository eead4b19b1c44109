//! `followup plugin`: what authors of plugins do, from an empty folder to a registry, and what
//! administrators do with what comes out of it. One file per command.

mod admin;
mod author;
mod list;

use std::process::ExitCode;

use clap::Subcommand;

use super::Common;
use admin::{add, approve, remove, resume, rollback, show, sync, upgrade};
use author::{bench, build, inspect, new, replay, sign, test};

pub use author::scenario;

#[derive(Subcommand)]
pub(super) enum Plugin {
    /// Author: write a folder with a plugin that builds and passes its own test.
    New(new::New),
    /// Author: build a plugin's folder into the component that is published.
    Build(build::Build),
    /// Author: make that component of what a language's tools built already.
    Pack(build::Pack),
    /// What a component says of itself: what it asks for, imports, exports, and who signed it.
    Inspect(inspect::Inspect),
    /// Author: play a plugin's scenarios in the production sandbox.
    Test(test::Test),
    /// Author: what each call of the scenarios takes: time, fuel, memory.
    Bench(bench::Bench),
    /// Make recorded decisions again with another component, and show what differs.
    Replay(replay::Replay),
    /// Author: make a publisher's key pair.
    Keygen(sign::Keygen),
    /// Author: sign a component.
    Sign(sign::Sign),
    /// Author: push a component to a registry, its signature with it.
    Push(sign::Push),
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
