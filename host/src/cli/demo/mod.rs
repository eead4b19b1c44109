//! `followup demo`: three weeks of follow-up in a few seconds.
//!
//! Everything is real: the server on loopback, signed webhooks over HTTP, the shipped plugins in
//! the sandbox, SQLite in a temporary folder. Only the clock is moved by hand, and mail goes to
//! files. What is printed comes from the ledger, not from the script.

mod journal;
mod script;
mod world;

use std::process::ExitCode;

use clap::Args;

use super::logs;
use journal::Journal;
use world::World;

#[derive(Args)]
pub(super) struct Demo {
    /// Print what happened as JSON: the ledger's report of every person.
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        // The demo's own faults are part of the show; they are in its tables.
        logs::start("off", logs::Format::Auto);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let mut world = World::start().await?;
            let journal = Journal::new(self.json);
            journal.open(&world);
            for day in script::days() {
                for scene in day.scenes {
                    world.live_until(scene.at).await?;
                    world.send(&scene).await?;
                }
                world.live_until(day.ends_at).await?;
                journal.day(&world, day.ends_at).await?;
            }
            journal.close(&world).await?;
            world.stop().await;
            Ok(ExitCode::SUCCESS)
        })
    }
}
