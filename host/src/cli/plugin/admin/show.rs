//! `followup plugin show`.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::desk::{Desk, split};
use super::{offer, switch};
use crate::cli::table::{second, table};
use crate::cli::{Common, block_on, print_json};
use crate::domain::component::Component;
use crate::domain::install::{Install, Status};
use crate::domain::manifest::Manifest;
use crate::domain::pause::{Pause, Scope};
use crate::embedded::EMBEDDED;
use crate::store::DEFAULT_TENANT;
use crate::store::installs::{Health, LogEntry, Percentiles};

/// Lines of the log that people are shown.
const LOG_SHOWN_MAX: usize = 20;

#[derive(Args)]
pub(in crate::cli) struct Show {
    /// The plugin's id.
    plugin: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Shown {
    manifest: Manifest,
    versions: Vec<Install>,
    /// Why it is not asked, where it is parked.
    parked: Option<Pause>,
    health: Vec<Health>,
    log: Vec<LogEntry>,
}

impl Show {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let desk = Desk::open(&self.common)?;
        let (id, _) = split(&self.plugin);
        let versions = desk.versions(id)?;
        let shown = Shown {
            manifest: manifest(&desk, id, &versions)?,
            parked: block_on(desk.store.pauses(DEFAULT_TENANT))??
                .into_iter()
                .find(|pause| pause.scope == Scope::Plugin && pause.name == id),
            health: block_on(desk.store.plugin_health(DEFAULT_TENANT, id))??,
            log: block_on(desk.store.install_log(DEFAULT_TENANT, id))??,
            versions,
        };
        if self.common.json {
            print_json(&shown)?;
        } else {
            show(&shown);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Of the active version, else of the newest.
fn manifest(desk: &Desk, id: &str, versions: &[Install]) -> anyhow::Result<Manifest> {
    if let Some((_, wasm)) = EMBEDDED.iter().find(|(built_in, _)| *built_in == id) {
        return Ok(Component::read(wasm)?.manifest);
    }
    for file in &desk.config.plugins.files {
        let manifest = Component::read(&std::fs::read(file)?)?.manifest;
        if manifest.id == id {
            return Ok(manifest);
        }
    }
    let active = versions.iter().find(|it| it.status == Status::Active);
    let install = active
        .or(versions.last())
        .with_context(|| format!("there is no plugin {id}: see `followup plugin list`"))?;
    switch::manifest_of(&desk.shelf, install)
}

fn show(shown: &Shown) {
    let manifest = &shown.manifest;
    println!("{}: {}\n", manifest.id, manifest.description);
    println!("{}", offer::powers(manifest));
    if let Some(pause) = &shown.parked {
        println!(
            "PARKED since {}: {}\n  `followup plugin resume {}` asks it again.\n",
            second(&pause.since.to_string()),
            pause.reason,
            manifest.id
        );
    }
    if !shown.versions.is_empty() {
        let mut versions = table([
            "version",
            "standing",
            "running enrollments",
            "signer",
            "from",
            "approved as",
        ]);
        for install in &shown.versions {
            versions.add_row([
                install.version.as_str(),
                install.status.as_str(),
                if install.status == Status::Active {
                    install.running.as_str()
                } else {
                    ""
                },
                install.signer.as_deref().unwrap_or("–"),
                &install.resolved,
                &install.asks_digest[..19],
            ]);
        }
        println!("{versions}\n");
    }
    if shown.health.is_empty() {
        println!("It was not called yet.");
    } else {
        println!("{}", health(&shown.health));
    }
    for health in &shown.health {
        if let Some(fault) = &health.last_fault {
            println!("  last failure of {}: {fault}", health.version);
        }
    }
    if !shown.log.is_empty() {
        let mut log = table(["when", "version", "what", "who", "how"]);
        for entry in shown.log.iter().take(LOG_SHOWN_MAX) {
            log.add_row([
                &second(&entry.at.to_string()),
                &entry.version,
                &entry.what,
                &entry.who,
                &entry.detail,
            ]);
        }
        println!("\n{log}");
    }
}

fn health(versions: &[Health]) -> comfy_table::Table {
    let mut rows = table([
        "version",
        "answered",
        "failures",
        "in a row",
        "enrollments",
        "parked",
        "fuel p50 / p95 / max",
        "memory p50 / p95 / max",
    ]);
    for version in versions {
        rows.add_row([
            version.version.clone(),
            version.decisions.to_string(),
            version.failures.to_string(),
            version.failures_in_a_row.to_string(),
            version.enrollments_running.to_string(),
            version.enrollments_parked.to_string(),
            percentiles(version.fuel, 1, ""),
            percentiles(version.memory, 1024, " KiB"),
        ]);
    }
    rows
}

fn percentiles(of: Percentiles, unit: u64, name: &str) -> String {
    let [p50, p95, max] = [of.p50, of.p95, of.max].map(|value| value.div_ceil(unit));
    format!("{p50} / {p95} / {max}{name}")
}
