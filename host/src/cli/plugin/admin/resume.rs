//! `followup plugin resume`.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::desk::Desk;
use crate::cli::{Common, block_on, print_json};
use crate::clock::{Clock, SystemClock};
use crate::store::DEFAULT_TENANT;

#[derive(Args)]
pub(in crate::cli) struct Resume {
    /// The plugin's id.
    plugin: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Resumed {
    plugin: String,
    was_parked: bool,
    enrollments: usize,
}

impl Resume {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let desk = Desk::open(&self.common)?;
        let id = self.plugin;
        let done = desk
            .store
            .resume_plugin(DEFAULT_TENANT, &id, SystemClock.now());
        let resumed = block_on(done)??;
        if self.common.json {
            print_json(&Resumed {
                was_parked: resumed.is_some(),
                enrollments: resumed.unwrap_or(0),
                plugin: id,
            })?;
        } else if let Some(enrollments) = resumed {
            println!("{id} is asked again: {enrollments} parked enrollments go on");
        } else {
            println!("{id} is not parked, and no enrollment of it is");
        }
        Ok(ExitCode::SUCCESS)
    }
}
