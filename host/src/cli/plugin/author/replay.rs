//! `followup plugin replay`: recorded decisions, made again by another component.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use crate::cli::{Common, block_on, load, print_json};
use crate::daemon;
use crate::domain::component::Component;
use crate::simulate::{Comparison, compare};
use crate::store::DEFAULT_TENANT;
use crate::store::ledger::Whose;

/// Decisions that can be made again in one go.
const LAST_MAX: i64 = 100_000;

#[derive(clap::Args)]
pub(in crate::cli) struct Replay {
    /// The component that decides now.
    #[arg(long, value_name = "FILE")]
    plugin: PathBuf,
    /// Only this enrollment's decisions.
    #[arg(long, conflicts_with = "sequence")]
    enrollment: Option<String>,
    /// Only this sequence's decisions; else all that a plugin of the same id took.
    #[arg(long)]
    sequence: Option<String>,
    /// How many of the latest.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=LAST_MAX))]
    last: u32,
    #[command(flatten)]
    common: Common,
}

impl Replay {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let config = load::survey(&self.common.config)?;
        let store = load::read_store(&self.common.config)?;
        let shown = self.plugin.display().to_string();
        let wasm = fs::read(&self.plugin).with_context(|| format!("{shown} cannot be read"))?;
        let component = Component::read(&wasm).with_context(|| shown.clone())?;
        let whose = match (self.enrollment, self.sequence) {
            (Some(enrollment), _) => Whose::Enrollment(enrollment),
            (None, Some(sequence)) => Whose::Sequence(sequence),
            (None, None) => Whose::Plugin(component.manifest.id),
        };
        let sandbox = daemon::open_sandbox(load::compiler()?, &config)?;
        let plugin = sandbox.load(&wasm).context(shown)?;
        let comparison = block_on(async {
            let rows = store
                .recorded(DEFAULT_TENANT, whose, self.last as usize)
                .await?;
            let calendar = daemon::calendar(&config);
            anyhow::Ok(compare(&sandbox, &plugin, &calendar, rows).await)
        })??;
        if self.common.json {
            print_json(&comparison)?;
        } else {
            show(&comparison, usize::MAX);
        }
        let same = comparison.same == comparison.compared;
        Ok(if same {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// For people: the figures, and the first differences.
pub(in crate::cli::plugin) fn show(comparison: &Comparison, differences_max: usize) {
    println!(
        "{} decisions made again: {} the same, {} different, {} failed",
        comparison.compared, comparison.same, comparison.different, comparison.failed
    );
    for one in comparison.differences.iter().take(differences_max) {
        let contact = one
            .contact
            .as_deref()
            .unwrap_or("somebody without an address");
        println!("\n{} {contact} in {}: {}", one.at, one.sequence, one.event);
        for action in &one.was {
            println!("  - {action}");
        }
        for action in &one.now {
            println!("  + {action}");
        }
        if let Some(fault) = &one.fault {
            println!("  ! {fault}");
        }
    }
}
