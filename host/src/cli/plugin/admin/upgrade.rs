//! `followup plugin upgrade`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use super::candidate::Candidate;
use super::desk::{Desk, act, split};
use super::{offer, preview, switch};
use crate::cli::{Common, block_on, print_json};
use crate::domain::install::{Install, Running, Status};
use crate::store::DEFAULT_TENANT;

#[derive(Args)]
#[command(after_help = "Examples:
  followup plugin upgrade webinar                      looks again where it came from
  followup plugin upgrade webinar ghcr.io/acme/webinar:1.3 --migrate
  followup plugin upgrade webinar@1.3.0                one that is approved already

Before anything changes, the new version decides again what the old one decided lately, and what
would differ is shown. `followup plugin rollback` goes back.")]
pub(in crate::cli) struct Upgrade {
    /// `ID`, or `ID@VERSION` of one that is installed.
    plugin: String,
    /// Where the new version is; without it, where the old one came from.
    source: Option<String>,
    #[command(flatten)]
    running: How,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Decisions that the new version makes again, to compare.
    #[arg(long, value_name = "N", default_value_t = 200)]
    compare: usize,
    #[command(flatten)]
    common: Common,
}

/// What becomes of running enrollments.
#[derive(Args)]
#[group(multiple = false)]
struct How {
    /// They run to their end on the version they began with (the default).
    #[arg(long)]
    finish_on_old: bool,
    /// They take their state over to the new version, each before its next decision.
    #[arg(long)]
    migrate: bool,
    /// They begin anew: state, timers and unsent messages go.
    #[arg(long)]
    restart: bool,
}

impl How {
    fn running(&self) -> Running {
        match (self.migrate, self.restart) {
            (true, _) => Running::Migrate,
            (_, true) => Running::Restart,
            _ => Running::FinishOnOld,
        }
    }
}

impl Upgrade {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let desk = Desk::open(&self.common)?;
        let (id, version) = split(&self.plugin);
        let active = desk
            .active(id)?
            .with_context(|| format!("no version of {id} is active: see `followup plugin add`"))?;
        let next = if version.is_some() {
            Some(desk.version(&self.plugin, &[])?)
        } else {
            self.fetch(&desk, &active)?
        };
        let Some(next) = next else {
            println!("{id} {} is the newest there is", active.version);
            return Ok(ExitCode::SUCCESS);
        };
        let version = &next.version;
        match next.status {
            Status::Active => bail!("{id} {version} is active already"),
            Status::Staged => {
                println!(
                    "{id} {version} asks for more than {} and is staged; {} runs on. Look at it and approve it with\n  followup plugin approve {id}@{version}\n  followup plugin upgrade {id}@{version}",
                    active.version, active.version
                );
                return Ok(ExitCode::FAILURE);
            }
            Status::Approved | Status::Retired => {}
        }
        let manifest = switch::manifest_of(&desk.shelf, &next)?;
        switch::check(&desk, &manifest)?;
        if !self.common.json {
            preview::show(&desk, &active, &next, self.compare)?;
        }
        let running = self.running.running();
        let question = format!(
            "Go over from {} to {version} ({} running enrollments)?",
            active.version,
            running.as_str()
        );
        if !offer::agreed(&question, self.yes)? {
            return Ok(ExitCode::FAILURE);
        }
        let moved = switch::activate(&desk, &next, running)?;
        desk.pin()?;
        if self.common.json {
            print_json(&moved)?;
        } else {
            println!("{id} {version} is active; {}", switch::told(&moved));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What lies there now, brought in; none where that is what runs.
    fn fetch(&self, desk: &Desk, active: &Install) -> anyhow::Result<Option<Install>> {
        let source = self.source.as_ref().unwrap_or(&active.source);
        let candidate = Candidate::get(desk, source)?;
        let (manifest, fetched) = (&candidate.manifest, &candidate.fetched);
        if manifest.id != active.plugin {
            bail!(
                "{source} is the plugin {}, not {}",
                manifest.id,
                active.plugin
            );
        }
        if fetched.digest == active.digest {
            return Ok(None);
        }
        if !self.common.json {
            println!("{}", offer::describe(manifest, fetched));
        }
        let more = candidate.asks.beyond(&active.asks);
        for line in &more {
            println!("  more than {}: {line}", active.version);
        }
        // A signature that is gone is as good a reason to look as a new power.
        let trusted = active.signer.is_none() || active.signer.as_deref() == fetched.signer.name();
        if !trusted {
            println!(
                "  no longer signed by {}",
                active.signer.as_deref().unwrap_or_default()
            );
        }
        let status = if more.is_empty() && trusted {
            Status::Approved
        } else {
            Status::Staged
        };
        let install = candidate.install(status);
        desk.shelf.put(
            &install.plugin,
            &install.version,
            &fetched.wasm,
            fetched.signature.as_deref(),
        )?;
        block_on(desk.store.stage(DEFAULT_TENANT, install.clone(), act()))??;
        desk.pin()?;
        let known = format!("{}@{}", install.plugin, install.version);
        Ok(Some(desk.version(&known, &[])?))
    }
}
